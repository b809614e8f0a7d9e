"""SDGM, the skip deep generative model. Maaløe et al. 2016, sec. 2.4.

    p(x, a, y, z) = p(y) p(z) p(a | z, y) p(x | a, z, y)          eq. 22
    q(a, y, z | x) = q(a | x) q(y | a, x) q(z | a, y, x)          eqs 9-11, see auxiliary.py

    log p(x, y) >= E_q(a,z|x,y)[log p(x, a, y, z) - log q(a | x) q(z | a, y, x)]                          eq. 12
    log p(x) >= E_q(a,y,z|x)[log p(x, a, y, z) - log q(a | x) q(y | a, x) q(z | a, y, x)]                 eq. 13

SDGM is ADGM with the arrow between a and x reversed: a is a second stochastic layer of the generative model. The
bounds are those of ADGM with this p. The thesis (app. A, eq. 25) prints p(a | x, y, z), which would be circular.
Sec. 2.4 has p(a | z, y), which is used here.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch

from pyrodgm.models.auxiliary import AuxiliaryModel
from pyrodgm.models.networks import Networks
from pyrodgm.types import Option


class SDGM(AuxiliaryModel):
    """Skip deep generative model with a class y and two stochastic layers z and a.

    Args:
        x_size: number of features D.
        num_classes: number of classes K.
        z_size: number of units of the upper layer z.
        a_size: number of units of the lower layer a.
        hidden: sizes of the hidden layers, the same in every network.
        classes: ``"enumerated"``, or ``"sampled"`` or ``"relaxed"`` if there are many, see ``DeepGenerativeModel``.
        class_prior: p(y), K probabilities; None for a uniform one.
        options: ``likelihood``, ``posterior`` and the options of every network, see ``Networks``.

    Example::

        m = SDGM(x_size=784, num_classes=10, z_size=100, a_size=100, hidden=(500, 500))
        m.classifier(x, num_samples=100)                            # (B, 10)
    """

    def __init__(
        self,
        x_size: int,
        num_classes: int,
        z_size: int = 100,
        a_size: int = 100,
        hidden: Sequence[int] = (500, 500),
        classes: Option = "enumerated",
        class_prior: Sequence[float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(x_size, num_classes, z_size, a_size, hidden, classes, **options)
        self.set_class_prior(class_prior)
        nets = Networks(x_size, num_classes, hidden, **options)
        self.p_a = nets.normal(z_size, num_classes, size=a_size)
        self.p_x = nets.likelihood(a_size, z_size, num_classes)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size) as y:
            z = pyro.sample("z", self.standard_normal(self.z_size))  # (B, z) or (K, B, z)
            y = pyro.sample("y", self.prior_one_hot(), obs=y)  # (B, K) or (K, 1, K) enumerated
            a = pyro.sample("a", self.p_a(z, y))  # (B, a)
            return pyro.sample("x", self.p_x(a, z, y), obs=x)  # (B, x) or (K, B, x)
