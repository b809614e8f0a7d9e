"""CaGeM, the cluster-aware generative model. Maaløe, Fraccaro and Winther 2017.

    p(x, y, z1, z2) = p(z2) p(y | z2) p(z1 | y, z2) p(x | y, z1)                            sec. 3
    q(y, z1, z2 | x) = q(z1 | x) q(y | z1, x) q(z2 | x, y, z1)                              sec. 3.1

    log p(x) >= E_q(z1|x) sum_y q(y | z1, x) E_q(z2|x,y,z1)[log p(x, y, z1, z2) - log q(y, z1, z2 | x)] = F(x)

With labels, the objective is I = sum_u F(x_u) - alpha sum_l [H_p(x_l, y_l) + H_q(x_l, y_l)] (sec. 4), with the
cross-entropies of two classifiers

    q(y | x) = E_q(z1|x)[q(y | z1, x)]
    p(y | x) = E_q(z1|x) sum_c q(c | z1, x) E_q(z2|x,c,z1)[p(y | z2)]

H_p and H_q train only the networks of q(y | z1, x) and p(y | z2). There is no labelled bound. Without labels, K is the
number of clusters.

Deviations: heads give log sigma^2 where sec. 5 has log sigma. "respectively 1024 and 512 units in each layer" is read
as the sizes of the two hidden layers of every network.
"""

from collections.abc import Sequence
from typing import Any, Literal

import pyro
import torch

from pyrodgm.checks import check_choice, check_size
from pyrodgm.distributions import Plated, reparameterise
from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.networks import Networks
from pyrodgm.types import Option


class CaGeM(DeepGenerativeModel):
    """Cluster-aware generative model with a class or cluster y between two layers z2 and z1.

    Args:
        x_size: number of features D.
        num_classes: number of classes or clusters K.
        z_size: number of units of z2, the top layer.
        z1_size: number of units of z1.
        hidden: sizes of the hidden layers, the same in every network.
        skip: whether q(z2 | ...) depends on x, the skip connection of sec. 3.1; if not, it is q(z2 | y, z1).
        classes: ``"enumerated"``, or ``"sampled"`` or ``"relaxed"`` if there are many, see ``DeepGenerativeModel``.
        options: ``likelihood``, ``posterior`` and the options of every network, see ``Networks``.

    Example::

        m = CaGeM(x_size=784, num_classes=10, z_size=32, z1_size=64, hidden=(1024, 512), batch_norm=True)
        SVI(m.model, m.guide, Adam({"lr": 1e-3}), SemiSupervisedELBO.of(m, elbo, alpha=10.0))
        m.eval()                                                    # batch normalisation uses running statistics
        Predictive(m.model, num_samples=64)()                       # y ~ p(y | z2), "x": (64, 1, 784)
        Predictive(m.model, num_samples=64)(y=torch.arange(10))     # y given, "x": (64, 10, 784)
    """

    top = "z2"
    labelled_weight = 0.0

    def __init__(
        self,
        x_size: int,
        num_classes: int,
        z_size: int = 32,
        z1_size: int = 64,
        hidden: Sequence[int] = (1024, 512),
        skip: bool = True,
        classes: Option = "enumerated",
        **options: Any,
    ) -> None:
        super().__init__(x_size, num_classes, z_size, classes)
        check_size("z1_size", z1_size)
        self.z1_size, self.skip = z1_size, skip
        nets = Networks(x_size, num_classes, hidden, **options)
        read = nets.input_size
        self.p_y = nets.categorical(z_size)
        self.p_z1 = nets.normal(z_size, num_classes, size=z1_size)
        self.p_x = nets.likelihood(z1_size, num_classes)
        self.q_z1 = nets.posterior(read, size=z1_size)
        self.q_y = nets.categorical(z1_size, read)
        parents = (read, num_classes, z1_size) if skip else (num_classes, z1_size)
        self.q_z2 = nets.posterior(*parents, size=z_size)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size) as y:
            z2 = pyro.sample("z2", self.standard_normal(self.z_size))  # (B, z2) or (K, B, z2)
            y = pyro.sample("y", Plated(self.categorical(self.p_y(z2))), obs=y)  # (B, K) or (K, 1, K) enumerated
            z1 = pyro.sample("z1", self.p_z1(z2, y))  # (B, z1), with log-density (K, B)
            return pyro.sample("x", self.p_x(z1, y), obs=x)  # (B, x) or (K, B, x)

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size) as y:
            x = self.scaled(x)
            z1 = pyro.sample("z1", self.q_z1(x))  # (B, z1)
            if y is None:
                y = self.sample_class(self.q_y(z1, x))  # (K, 1, K)
            pyro.sample("z2", self._q_z2(x, y, z1))  # (B, z2) or (K, B, z2)

    def _q_z2(self, x, y, z1):
        return self.q_z2(x, y, z1) if self.skip else self.q_z2(y, z1)

    def classifier(
        self,
        x: torch.Tensor,
        network: Literal["generative", "inference"] = "generative",
        num_samples: int = 10,
        seed: int = 0,
    ) -> torch.Tensor:
        """Class probabilities (sec. 4): p(y | x), the cascade used for the paper's error rates, or q(y | x).

        The noise of z1 and z2 is fixed by ``seed`` and shared by all rows, so that the result for a row does not depend
        on the other rows.

        Args:
            x: rows ``(B, D)``.
            network: ``"generative"`` for p(y | x), computed from q(y | z1, x), q(z2 | x, y, z1) and p(y | z2);
                or ``"inference"`` for q(y | x).
            num_samples: number of samples of z1 and z2.

        Returns:
            ``(B, K)``.
        """
        check_choice("network", network, ("generative", "inference"))
        x = self.scaled(x)
        z1 = reparameterise(self.q_z1(x), self.shared_noise(num_samples, seed, self.z1_size))  # (S, B, z1)
        q_y = self.q_y(z1, x)
        if network == "inference":
            return q_y.probs.mean(0)
        if not self.relaxed:
            c = self._every_class(z1)  # (K, 1, 1, K)
        else:
            c = reparameterise(self.categorical(q_y), self.shared_noise(num_samples, seed + 2, self.num_classes))
        noise = self.shared_noise(num_samples, seed + 1, self.z_size)
        p_y = self.p_y(reparameterise(self._q_z2(x, c, z1), noise))
        return self._cascade(q_y, p_y).exp().mean(0)

    def classification_loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """H_p + H_q of labelled rows (sec. 4), at one sample of z1 and of every z2; only the class networks learn.

        If y is relaxed, one class is drawn for the cascade instead of the sum, and H_p trains p(y | z2) only.

        Args:
            x: rows ``(B, D)``.
            y: class indices ``(B,)`` or one-hot rows ``(B, K)``.

        Returns:
            The sum over the rows, a scalar tensor.
        """
        with self.batch(x, y) as y:
            x = self.scaled(x)
            with torch.no_grad():
                z1 = self.q_z1(x).rsample()  # (B, z1)
            q_y = self.q_y(z1, x)
            with torch.no_grad():
                c = self._every_class(z1) if not self.relaxed else self.categorical(q_y).rsample()
                z2 = self._q_z2(x, c, z1).rsample()  # (K, B, z2) or (B, z2)
            log_p = self._cascade(q_y, self.p_y(z2))
            return -(y * (log_p + q_y.logits.log_softmax(-1))).sum()

    def _every_class(self, z1):
        """One-hot rows of every class, ``(K, 1, ..., 1, K)``, which broadcast against z1 ``(..., z1)``."""
        return torch.eye(self.num_classes).to(z1).reshape(self.num_classes, *[1] * (z1.dim() - 1), self.num_classes)

    def _cascade(self, q_y, p_y):
        """log sum_c q(c | z1, x) p(y | z2_c) for p_y ``(K, ..., K)``; log p(y | z2) if one class was drawn."""
        log_q, log_p = (p.logits.log_softmax(-1) for p in (q_y, p_y))
        return log_p if log_p.dim() == log_q.dim() else (log_q.movedim(-1, 0)[..., None] + log_p).logsumexp(0)
