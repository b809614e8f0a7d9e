"""M2, the semi-supervised VAE. Kingma 2017, ch. 3 (Kingma et al. 2014).

    p(x, y, z) = p(y) p(z) p(x | z, y)              eq. 3.2
    q(y, z | x) = q(y | x) q(z | x, y)              eqs 3.4-3.5

    log p(x, y) >= E_q(z|x,y)[log p(x|y,z) + log p(y) + log p(z) - log q(z|x,y)] = L(x, y)        eq. 3.7
    log p(x) >= sum_y q(y|x) L(x, y) + H(q(y|x)) = U(x)                                            eq. 3.8

The objective with labels, eqs 3.9-3.10, is ``pyrodgm.infer.SemiSupervisedELBO``. Section 3.3.1 also writes
q(z | x) q(y | x). Here the posterior of z depends on y, as in eq. 3.4. The prior of y is uniform unless another one is
given.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch

from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.networks import Networks
from pyrodgm.types import Option


class M2(DeepGenerativeModel):
    """Semi-supervised VAE with a class y and a style z.

    Args:
        x_size: number of features D.
        num_classes: number of classes K.
        z_size: number of style units.
        hidden: sizes of the hidden layers.
        classes: ``"enumerated"``, or ``"sampled"`` or ``"relaxed"`` if there are many, see ``DeepGenerativeModel``.
        classifier_hidden: sizes of the hidden layers of q(y | x), if they differ from ``hidden``.
        class_prior: p(y), K probabilities; None for a uniform one.
        options: ``likelihood``, ``posterior`` and the options of every network, see ``Networks``.

    Example::

        m = M2(x_size=784, num_classes=10, z_size=50, hidden=(500,), activation="softplus")
        m.classifier(x)                                             # (B, 10)
        Predictive(m.model, num_samples=64)(y=torch.arange(10))     # "x": (64, 10, 784)
    """

    def __init__(
        self,
        x_size: int,
        num_classes: int,
        z_size: int = 50,
        hidden: Sequence[int] = (500,),
        classes: Option = "enumerated",
        classifier_hidden: Sequence[int] | None = None,
        class_prior: Sequence[float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(x_size, num_classes, z_size, classes)
        self.set_class_prior(class_prior)
        nets = Networks(x_size, num_classes, hidden, **options)
        self.p_x = nets.likelihood(z_size, num_classes)
        self.q_y = nets.having(classifier_hidden).categorical(nets.input_size)
        self.q_z = nets.posterior(nets.input_size, num_classes, size=z_size)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size) as y:
            z = pyro.sample("z", self.standard_normal(self.z_size))  # (B, z) or (K, B, z)
            y = pyro.sample("y", self.prior_one_hot(), obs=y)  # (B, K) or (K, 1, K) enumerated
            return pyro.sample("x", self.p_x(z, y), obs=x)  # (B, x) or (K, B, x)

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size) as y:
            x = self.scaled(x)
            if y is None:
                y = self.sample_class(self.q_y(x))  # (K, 1, K)
            pyro.sample("z", self.q_z(x, y))

    def classifier(self, x: torch.Tensor) -> torch.Tensor:
        """Class probabilities q(y | x), eq. 3.5, of rows ``(B, D)``: ``(B, K)``."""
        return self.q_y(self.scaled(x)).probs
