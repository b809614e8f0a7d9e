"""The ladder VAE with auxiliary variables. Proposed in Maaløe 2018, sec. 5.1.2; no published experiment is known.

    p(x, a, z) = p(x | z_1) p(z_L) prod_{i=1}^{L-1} p(z_i | z_{i+1}) prod_{i=1}^L p(a_i | z_i, ..., z_L)    as AVAE's

    d_i = MLP(d_{i-1}),  d_0 = x                                                        as LadderVAE's
    q(a, z | x) = prod_{i=1}^L q(a_i | d_i) q(z_L | d_L, a_L) prod_{i=1}^{L-1} q(z_i | z_{i+1}, d_i, a_i)
    q(z_i | z_{i+1}, d_i, a_i) ∝ N(mu_i, sigma_i^2) p(z_i | z_{i+1})                    normalised

    log p(x) >= E_q(a,z|x)[log p(x, a, z) - log q(a, z | x)]

where mu_i and sigma_i^2 are linear heads on (d_i, a_i); the top layer has no merge. Integrating every a_i out of p
gives the generative model of the ladder. The posterior of z becomes a mixture over a.

The thesis only says that the ladder "could easily be using an auxiliary variables a_i for each z_i". The rest is from
the papers of AVAE and of the ladder: p(a_i | ...) from AVAE (app. A, eq. 20), everything else from the ladder (app. B,
sec. 2.2). One difference: AVAE's q(a_i | ...) has a_{i-1} as a parent. Here q(a_i | d_i) does not depend on a_{i-1}, so
that the upward pass stays deterministic.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch
from torch.nn import ModuleList

from pyrodgm.models.ladder import LadderPosterior, UpwardPass, prior_for_the_guide
from pyrodgm.models.layers import LayeredModel, networks_by_layer
from pyrodgm.models.networks import check_layer_sizes
from pyrodgm.types import Option


class AuxiliaryLadderVAE(LayeredModel):
    """Ladder VAE: latents z1, ..., zL, each with an auxiliary variable a1, ..., aL.

    Args:
        x_size: number of features D.
        z_sizes: number of units of z1, ..., zL.
        a_sizes: number of units of a1, ..., aL.
        hidden: sizes of the hidden layers, the same in every network; or a tuple per layer, the first for p(x | z1),
            p(a1 | ...) and d1, the next for p(z1 | z2), p(a2 | ...) and d2, ...
        posterior: the posterior of every z and a, as in ``LadderVAE``.
        options: ``likelihood`` and the options of every network, see ``Networks``.

    Example::

        m = AuxiliaryLadderVAE(784, z_sizes=(64, 32), a_sizes=(64, 32), hidden=((512, 512), (256, 256)))
        with warm_up(beta):
            SVI(m.model, m.guide, Adam({"lr": 1e-3}), Trace_ELBO()).step(x)
    """

    def __init__(
        self,
        x_size: int,
        z_sizes: Sequence[int] = (64, 32),
        a_sizes: Sequence[int] = (64, 32),
        hidden: Sequence[int] | Sequence[Sequence[int]] = (512, 512),
        posterior: Option = "normal",
        **options: Any,
    ) -> None:
        nets = networks_by_layer(x_size, None, z_sizes, hidden, posterior=posterior, **options)
        check_layer_sizes("a_sizes", a_sizes, len(z_sizes))
        super().__init__(x_size, z_sizes, nets)
        self.a_sizes = a_sizes
        self.d = UpwardPass(nets)
        self.p_a = ModuleList(net.normal(*z_sizes[i:], size=a_sizes[i]) for i, net in enumerate(nets))
        of_layers = list(zip(nets, self.d.sizes, a_sizes, z_sizes, strict=True))
        self.q_z = ModuleList(LadderPosterior(net, (d, a), size=z, posterior=posterior) for net, d, a, z in of_layers)
        self.q_a = ModuleList(net.having(()).posterior(d, size=a) for net, d, a, _ in of_layers)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size):
            z = self.sample_layers()
            x = pyro.sample("x", self.p_x(z[0]), obs=x)  # (B, x)
            for i, p_a in enumerate(self.p_a):
                pyro.sample(f"a{i + 1}", p_a(*z[i:]))  # (B, a_i)
            return x

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size):
            d, z = self.d(self.scaled(x)), None
            a = [pyro.sample(f"a{i + 1}", q_a(d[i])) for i, q_a in enumerate(self.q_a)]  # (B, a_i)
            for i in reversed(range(len(d))):
                prior = None if z is None else prior_for_the_guide(self.p_z[i], z)
                z = pyro.sample(f"z{i + 1}", self.q_z[i](d[i], a[i], prior=prior))  # (B, z_i)
