"""M1+M2, the stacked semi-supervised VAE. Kingma 2017, sec. 3.2.3 (Kingma et al. 2014).

    p(x, y, z1, z2) = p(y) p(z2) p(z1 | y, z2) p(x | z1)
    q(y, z1, z2 | x) = q(z1 | x) q(y | z1) q(z2 | z1, y)

    log p(x, y) >= E_q(z1,z2|x,y)[log p(x, y, z1, z2) - log q(z1 | x) q(z2 | z1, y)]
    log p(x) >= E_q(z1|x)[log p(x | z1) - log q(z1 | x) + U(z1)]                 with U(x) of M2, eq. 3.8, at z1

M1 is a VAE, p(x | z1) and q(z1 | x), whose prior N(0, I) is replaced by an M2 over z1. M1 is trained first and then
fixed. M2 learns from samples of z1, drawn afresh at every call; the bound is that of the whole model. Trained end to
end, with ``joint=True``, the same pair "failed to converge" (Maaløe et al. 2016, sec. 2.4).

The thesis states no inference model for the stack. This one is M2's, eqs 3.4-3.5, on z1. The class probabilities are
E_q(z1|x)[q(y | z1)].
"""

from collections.abc import Sequence
from typing import Any, Self

import pyro
import torch

from pyrodgm.checks import check_size
from pyrodgm.distributions import reparameterise
from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.networks import Networks, hidden_by_layer
from pyrodgm.models.vae import VAE
from pyrodgm.types import Option


class M1M2(DeepGenerativeModel):
    """Stacked semi-supervised VAE: a class y and a style z2 over the features z1 of a VAE.

    Args:
        x_size: number of features D.
        num_classes: number of classes K.
        z_size: number of units of z2, the style.
        z1_size: number of units of z1, the features.
        hidden: sizes of the hidden layers, the same in every network; or a tuple for M1 and a tuple for M2.
        joint: whether to train M1 too, instead of keeping it fixed.
        classes: ``"enumerated"``, or ``"sampled"`` or ``"relaxed"`` if there are many, see ``DeepGenerativeModel``.
        class_prior: p(y), K probabilities; None for a uniform one.
        options: ``likelihood``, ``posterior`` and the options of every network, see ``Networks``.

    Example::

        vae = VAE(x_size=784, z_size=50, hidden=(600, 600), activation="softplus")
        ...                                                         # trained
        m = M1M2(784, num_classes=10, hidden=((600, 600), (500,)), activation="softplus")
        m.load_m1(vae)
        m.classifier(x)                                             # (B, 10)
    """

    top = "z2"

    def __init__(
        self,
        x_size: int,
        num_classes: int,
        z_size: int = 50,
        z1_size: int = 50,
        hidden: Sequence[int] | Sequence[Sequence[int]] = ((600, 600), (500,)),
        joint: bool = False,
        classes: Option = "enumerated",
        class_prior: Sequence[float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(x_size, num_classes, z_size, classes)
        self.set_class_prior(class_prior)
        check_size("z1_size", z1_size)
        m1, m2 = (Networks(x_size, num_classes, sizes, **options) for sizes in hidden_by_layer(hidden, 2))
        self.z1_size, self.joint = z1_size, joint
        self.p_x = m1.likelihood(z1_size)
        self.q_z1 = m1.posterior(m1.input_size, size=z1_size)
        self.p_z1 = m2.normal(z_size, num_classes, size=z1_size)
        self.q_y = m2.categorical(z1_size)
        self.q_z2 = m2.posterior(z1_size, num_classes, size=z_size)
        for net in (self.p_x, self.q_z1):
            net.requires_grad_(joint)
        self.train()

    def load_m1(self, vae: VAE) -> None:
        """Copy the weights of a trained ``VAE`` into p(x | z1) and q(z1 | x).

        Raises:
            ValueError: if the networks of the VAE have another shape or kind.
        """
        pairs = ((self.p_x, vae.p_x), (self.q_z1, vae.q_z))
        try:
            for net, trained in pairs:
                if _kind(net) != _kind(trained):
                    raise RuntimeError(f"{_kind(trained)} in place of {_kind(net)}")
                net.load_state_dict(trained.state_dict())
        except RuntimeError as error:
            raise ValueError(f"vae: got other networks than those of M1, want the same: {error}") from error

    def train(self, mode: bool = True) -> Self:
        """Set the training mode; a fixed M1 stays in evaluation mode, so that its running statistics do not change."""
        super().train(mode)
        if not self.joint:
            self.p_x.eval()
            self.q_z1.eval()
        return self

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size) as y:
            z2 = pyro.sample("z2", self.standard_normal(self.z_size))  # (B, z2) or (K, B, z2)
            y = pyro.sample("y", self.prior_one_hot(), obs=y)  # (B, K) or (K, 1, K) enumerated
            z1 = pyro.sample("z1", self.p_z1(z2, y))  # (B, z1), with log-density (K, B)
            return pyro.sample("x", self.p_x(z1), obs=x)  # (B, x)

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size) as y:
            z1 = pyro.sample("z1", self.q_z1(self.scaled(x)))  # (B, z1)
            if y is None:
                y = self.sample_class(self.q_y(z1))  # (K, 1, K)
            pyro.sample("z2", self.q_z2(z1, y))  # (B, z2) or (K, B, z2)

    def classifier(self, x: torch.Tensor, num_samples: int = 10, seed: int = 0) -> torch.Tensor:
        """Class probabilities E_q(z1|x)[q(y | z1)].

        The noise of z1 is fixed by ``seed`` and shared by all rows, so that the result for a row does not depend on
        the other rows.

        Args:
            x: rows ``(B, D)``.
            num_samples: number of samples of z1.

        Returns:
            ``(B, K)``.
        """
        q_z1 = self.q_z1(self.scaled(x))
        z1 = reparameterise(q_z1, self.shared_noise(num_samples, seed, self.z1_size))  # (S, B, z1)
        return self.q_y(z1).probs.mean(0)


def _kind(net):
    """The properties of a network that its parameters do not show."""
    return type(net).__name__, net.trunk.activation, getattr(net, "scale", 1), getattr(net, "missing", None)
