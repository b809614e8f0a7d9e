"""The semi-supervised objective: labelled bound, unlabelled bound and class term in one loss."""

import copy
from collections.abc import Callable
from typing import Any, Self

import torch
from pyro.infer import ELBO

from pyrodgm.handlers import ObserveClass
from pyrodgm.infer.objective import Objective
from pyrodgm.infer.wake_sleep import WakeSleep
from pyrodgm.nn import paused_statistics


def alpha(beta: float, num_labelled: int, num_unlabelled: int) -> float:
    """The weight of the class term: alpha = beta (N_l + N_u) / N_l (Maaløe et al. 2016, sec. 2.3).

    Args:
        beta: the paper's scaling constant, 0.1 to 2.
        num_labelled: number N_l of labelled rows of the data set.
        num_unlabelled: number N_u of its unlabelled rows.

    Raises:
        ValueError: if ``num_labelled`` is not positive.

    Example::

        alpha(0.1, num_labelled=100, num_unlabelled=59_900)      # 60.0
    """
    if num_labelled < 1:
        raise ValueError(f"num_labelled: got {num_labelled}, want at least 1")
    return beta * (num_labelled + num_unlabelled) / num_labelled


class SemiSupervisedELBO(Objective):
    """The semi-supervised objective, a loss: J = w sum_l L(x_l, y_l) + alpha sum_l -log q(y_l | x_l) + sum_u U(x_u).

    Kingma 2017, eqs 3.9-3.10; Maaløe et al. 2016, eqs 14-15; sums over the rows given. L and U are the losses of
    ``elbo`` with and without y. The class term is -log q(y | ...) at the site ``y`` of the guide, with the label
    observed there. It works for any pair with such a site, and one run of the guide gives it and the labelled bound.
    With several particles it is -log of the mean over them, -log E_a[q(y | a, x)], as in Maaløe et al. 2016, eq. 14.
    (The thesis has E_a[-log q(y | a, x)], an upper bound of it.) Eqs 3.10 and 14 print the class term with the opposite
    sign: the J of 3.10 is maximised, and the loss of 14 is minimised. A guide without a site ``y`` has no class term.
    Only unlabelled rows update the running statistics of batch normalisation.

    Args:
        elbo: the ELBO of both bounds; for a model with a y, ``TraceEnum_ELBO(max_plate_nesting=1, ...)``.
        alpha: weight of the class term, see ``alpha``.
        labelled_weight: weight w of the labelled bound; 0 skips it.
        classification_loss: a function of (x, y) that returns a scalar tensor, used instead of the class term.
        adversarial_loss: a function of (x, y) that returns a scalar tensor, added with weight 1. It is for a paper with
            an adversary, and has to reverse gradients itself.

    Call with ``labelled=(x, y)`` and ``unlabelled=x``, either of which may be None.

    Raises:
        ValueError: if ``alpha`` or ``labelled_weight`` is negative, if the ELBO is ``WakeSleep`` or has no
            differentiable loss, as Pyro's ``RenyiELBO``, if neither labelled nor unlabelled rows are given, or if
            ``labelled`` is not a pair of rows and labels of classes.

    Example::

        elbo = TraceEnum_ELBO(max_plate_nesting=1)
        svi = SVI(m.model, m.guide, Adam({"lr": 3e-4}), SemiSupervisedELBO(elbo, alpha=10.0))
        svi.step(labelled=(x[:100], y), unlabelled=x)
    """

    def __init__(
        self,
        elbo: ELBO,
        alpha: float,
        labelled_weight: float = 1.0,
        classification_loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
        adversarial_loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
    ) -> None:
        for argument, value in (("alpha", alpha), ("labelled_weight", labelled_weight)):
            if not value >= 0:
                raise ValueError(f"{argument}: got {value!r}, want a number of at least zero")
        if isinstance(elbo, WakeSleep):
            raise ValueError("elbo: got WakeSleep, want a bound: its guide also gets generated rows without labels")
        if not hasattr(elbo, "differentiable_loss"):
            raise ValueError(f"elbo: got {type(elbo).__name__}, want one with a differentiable loss, as TraceEnum_ELBO")
        super().__init__(num_particles=elbo.num_particles, max_plate_nesting=elbo.max_plate_nesting)
        self.elbo, self.alpha, self.labelled_weight = elbo, alpha, labelled_weight
        self.classification_loss, self.adversarial_loss = classification_loss, adversarial_loss
        self._labelled_elbo = copy.copy(elbo)
        self._labelled_elbo.strict_enumeration_warning = False  # nothing to enumerate if y is observed

    @classmethod
    def of(cls, model: object, elbo: ELBO, alpha: float, labelled_weight: float | None = None) -> Self:
        """The objective of a model's paper: its class term, weight of the labelled bound and adversarial loss.

        Args:
            model: a ``DeepGenerativeModel``, or any object. Attributes that it lacks are as in ``SemiSupervisedELBO``.
            elbo, alpha: as for ``SemiSupervisedELBO``.
            labelled_weight: replaces that of the model, if given.

        Example::

            SVI(m.model, m.guide, Adam({"lr": 3e-4}), SemiSupervisedELBO.of(m, elbo, alpha=10.0))
        """
        weight = getattr(model, "labelled_weight", 1.0) if labelled_weight is None else labelled_weight
        terms = (getattr(model, name, None) for name in ("classification_loss", "adversarial_loss"))
        return cls(elbo, alpha, weight, *terms)

    def differentiable_loss(
        self,
        model: Callable[..., Any],
        guide: Callable[..., Any],
        labelled: tuple[torch.Tensor, torch.Tensor] | None = None,
        unlabelled: torch.Tensor | None = None,
    ) -> torch.Tensor:
        if labelled is None and unlabelled is None:
            raise ValueError("labelled, unlabelled: got None for both, want (x, y), x, or both")
        loss: Any = 0.0  # a tensor from the first bound on
        if labelled is not None:
            _check_pair(labelled)
            with paused_statistics():
                loss = self._labelled_loss(model, guide, *labelled)
        if unlabelled is not None:
            loss = loss + _bound(self.elbo, model, guide, unlabelled)
        return loss

    def _labelled_loss(self, model, guide, x, y):
        observed = ObserveClass(y)

        def labelled_guide(x, y):
            with observed:
                guide(x)

        loss = 0.0 if self.adversarial_loss is None else self.adversarial_loss(x, y)
        if self.labelled_weight:
            loss = loss + self.labelled_weight * _bound(self._labelled_elbo, model, labelled_guide, x, y)
        elif self.classification_loss is None:
            for _ in range(self.num_particles):
                labelled_guide(x, y)
        if self.classification_loss is not None:
            return loss + self.alpha * self.classification_loss(x, y)
        return loss - self.alpha * observed.log_q(len(x))

    def _get_trace(self, model, guide, args, kwargs):
        return self.elbo._get_trace(model, guide, args, kwargs)


def _check_pair(labelled):
    if not (isinstance(labelled, (tuple, list)) and len(labelled) == 2):
        raise ValueError(f"labelled: got {type(labelled).__name__}, want a pair (x, y) of rows and labels")
    x, y = labelled
    if not isinstance(y, torch.Tensor):
        raise ValueError(f"labelled: got y of type {type(y).__name__}, want a torch.Tensor of labels")
    if y.dim() and isinstance(x, torch.Tensor) and len(x) != len(y):
        raise ValueError(f"y: got {len(y)} labels, want {len(x)}, one for each row of x")


def _bound(elbo, *args):
    """The loss of ``elbo``. Pyro refuses to compute a differentiable loss if gradients are disabled."""
    return elbo.differentiable_loss(*args) if torch.is_grad_enabled() else elbo.loss(*args)
