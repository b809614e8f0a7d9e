"""The ladder VAE with a class or cluster y. Proposed in Maaløe 2018, sec. 5.1.2; no published experiment is known.

    p(x, y, z) = p(z_L) p(y | z_L) p(z_{L-1} | z_L, y) prod_{i=1}^{L-2} p(z_i | z_{i+1}) p(x | z_1)

    d_i = MLP(d_{i-1}),  d_0 = x                                                        as LadderVAE's
    q(y, z | x) = q(z_L | d_L) q(y | z_L, x) q(z_{L-1} | z_L, y, d_{L-1}) prod_{i=1}^{L-2} q(z_i | z_{i+1}, d_i)
    q(z_i | z_{i+1}, ...) ∝ N(mu_i, sigma_i^2) p(z_i | z_{i+1}, ...)                  normalised

    log p(x) >= E_q(z_L|x) sum_y q(y | z_L, x) E_q(z_<L|...)[log p(x, y, z) - log q(y, z | x)]

where mu_i and sigma_i^2 are linear heads on d_i; the top layer has no merge. The thesis only says that "the discrete
latent variable y from CaGeM can also be applied to the generative and inference model" of the ladder.

The rest is chosen here. CaGeM infers y from the lower layer z_1. A ladder draws z_L first, so y is inferred from z_L,
its parent in the generative model: q(y | z_L, x). Here y acts on x only through z_{L-1}, while CaGeM's p(x | y, z_1)
also depends on y directly. Labels enter as in Kingma 2017, eqs 3.7-3.10: by a labelled bound and the class term
-log q(y | z_L, x). The cross-entropies of CaGeM's cascade are not needed: q(y | x) = E_q(z_L|x)[q(y | z_L, x)].
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch
from torch.nn import ModuleList

from pyrodgm.distributions import reparameterise
from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.ladder import LadderPosterior, UpwardPass, prior_for_the_guide
from pyrodgm.models.layers import networks_by_layer
from pyrodgm.types import Option


class ClusterLadderVAE(DeepGenerativeModel):
    """Ladder VAE: latents z1, ..., zL, with a class or cluster y between the top two.

    Args:
        x_size: number of features D.
        num_classes: number of classes or clusters K.
        z_sizes: number of units of z1, ..., zL, at least two.
        hidden: sizes of the hidden layers, the same in every network; or a tuple per layer, the first for p(x | z1),
            d1 and q(y | zL, x), the next for p(z1 | z2) and d2, ..., the last also for p(y | zL).
        classes: ``"enumerated"``, or ``"sampled"`` or ``"relaxed"`` if there are many, see ``DeepGenerativeModel``.
        posterior: the posterior of every z, as in ``LadderVAE``.
        options: ``likelihood`` and the options of every network, see ``Networks``.

    Raises:
        ValueError: for fewer than two layers.

    Example::

        m = ClusterLadderVAE(784, 10, z_sizes=(64, 32), hidden=((512, 512), (256, 256)))
        SVI(m.model, m.guide, Adam({"lr": 1e-3}), SemiSupervisedELBO.of(m, elbo, alpha=10.0))
        Predictive(m.model, num_samples=64)(y=torch.arange(10))     # y given, "x": (64, 10, 784)
    """

    def __init__(
        self,
        x_size: int,
        num_classes: int,
        z_sizes: Sequence[int] = (64, 32),
        hidden: Sequence[int] | Sequence[Sequence[int]] = (512, 512),
        classes: Option = "enumerated",
        posterior: Option = "normal",
        **options: Any,
    ) -> None:
        nets = networks_by_layer(x_size, num_classes, z_sizes, hidden, **options)
        if len(z_sizes) < 2:
            raise ValueError(f"z_sizes: got {z_sizes!r}, want at least two layers, with y between them")
        super().__init__(x_size, num_classes, z_sizes[-1], classes)
        self.z_sizes, self.top, below = z_sizes, f"z{len(z_sizes)}", range(len(z_sizes) - 1)
        self.p_x = nets[0].likelihood(z_sizes[0])
        parents = [*((size,) for size in z_sizes[1:-1]), (z_sizes[-1], num_classes)]
        self.p_z = ModuleList(nets[i + 1].normal(*parents[i], size=z_sizes[i]) for i in below)
        self.p_y = nets[-1].categorical(z_sizes[-1])
        self.d = UpwardPass(nets)
        self.q_z = ModuleList(
            LadderPosterior(net, (d,), size=z, posterior=posterior)
            for net, d, z in zip(nets, self.d.sizes, z_sizes, strict=True)
        )
        self.q_y = nets[0].categorical(z_sizes[-1], nets[0].input_size)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size) as y:
            z = pyro.sample(self.top, self.standard_normal(self.z_size))  # (B, z_L)
            y = pyro.sample("y", self.categorical(self.p_y(z)), obs=y)  # (B, K) or (K, 1, K) enumerated
            above = (z, y)
            for i in reversed(range(len(self.p_z))):
                above = (pyro.sample(f"z{i + 1}", self.p_z[i](*above)),)  # (B, z_i) or (K, B, z_i)
            return pyro.sample("x", self.p_x(*above), obs=x)  # (B, x) or (K, B, x)

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size) as y:
            x = self.scaled(x)
            d = self.d(x)
            z = pyro.sample(self.top, self.q_z[-1](d[-1]))  # (B, z_L)
            if y is None:
                y = self.sample_class(self.q_y(z, x))  # (K, 1, K)
            above = (z, y)
            for i in reversed(range(len(self.p_z))):
                prior = prior_for_the_guide(self.p_z[i], *above)
                above = (pyro.sample(f"z{i + 1}", self.q_z[i](d[i], prior=prior)),)  # (B, z_i) or (K, B, z_i)

    def classifier(self, x: torch.Tensor, num_samples: int = 10, seed: int = 0) -> torch.Tensor:
        """Class probabilities E_q(z_L|x)[q(y | z_L, x)].

        The noise of z_L is fixed by ``seed`` and shared by all rows, so that the result for a row does not depend on
        the other rows.

        Args:
            x: rows ``(B, D)``.
            num_samples: number of samples of z_L.

        Returns:
            ``(B, K)``.
        """
        x = self.scaled(x)
        z = reparameterise(
            self.q_z[-1](self.d(x)[-1]), self.shared_noise(num_samples, seed, self.z_size)
        )  # (S, B, z_L)
        return self.q_y(z, x).probs.mean(0)
