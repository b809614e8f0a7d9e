"""AdversarialM2, an M2 with an adversary that removes class information from the style z. Jurasiński 2019, app. E.

    min_psi max_theta,phi J(theta, phi) + E_q(z|x,y)[-log f_psi(y | z)]

    log p(x, y) >= E_q(z|x,y)[log p(x|y,z) + log p(y) + log p(z) - log q(z|x,y)] = L(x, y)        as M2's
    log p(x) >= sum_y q(y|x) L(x, y) + H(q(y|x)) = U(x)                                            as M2's

J is M2's objective, made of these two bounds and the class term. Model and guide are those of M2. The adversary f
predicts y from a draw of z, and the encoder q(z | x, y) works against f. One optimiser trains both: the gradient is
reversed between z and f. A step that lowers the cross-entropy for f therefore raises it for the encoder (Ganin and
Lempitsky 2015). The adversarial loss needs y, so it covers the labelled rows only. Its weight is 1. The author found
no difference in the error.
"""

from collections.abc import Sequence
from typing import Any

import torch

from pyrodgm.models.m2 import M2
from pyrodgm.models.networks import Networks
from pyrodgm.types import Option


class AdversarialM2(M2):
    """M2 with an adversary f(y | z), ``f_y``. ``SemiSupervisedELBO.of`` trains it; an ordinary ELBO does not.

    Arguments as for ``M2``. The adversary has the hidden layers of ``hidden``.

    Example::

        m = AdversarialM2(x_size=784, num_classes=10, z_size=50, hidden=(500,))
        elbo = TraceEnum_ELBO(max_plate_nesting=1)
        svi = SVI(m.model, m.guide, Adam({"lr": 1e-3}), SemiSupervisedELBO.of(m, elbo, alpha=1.0))
        svi.step(labelled=(x[:100], y), unlabelled=x)
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
        super().__init__(x_size, num_classes, z_size, hidden, classes, classifier_hidden, class_prior, **options)
        self.f_y = Networks(x_size, num_classes, hidden, **options).categorical(z_size)

    def adversarial_loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Sum of -log f(y | z) over the rows, z drawn from q(z | x, y): f minimises it, q(z | x, y) maximises it."""
        with self.batch(x, y) as y:
            z = self.q_z(self.scaled(x), y).rsample()
            return -self.f_y(_reversed(z)).log_prob(y).sum()


def _reversed(z):
    """z with its gradient reversed."""
    return 2 * z.detach() - z
