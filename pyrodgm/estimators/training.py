"""The training that the estimators share."""

from collections.abc import Callable, Iterable
from functools import wraps
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import torch
from pyro.infer import ELBO, SVI
from sklearn.utils._param_validation import Interval, StrOptions

from pyrodgm.data.batches import Batches
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.train import Callback, fit, linear_decay

P = ParamSpec("P")
R = TypeVar("R")
SHORT = 200  # for fewer steps, tracing a graph takes longer than it saves

_SIZE = [Interval(Integral, 1, None, closed="left")]
_NUMBER = [Interval(Real, 0, None, closed="left")]
CONSTRAINTS: dict[
    str, list[Any]
] = {  # of the settings that the estimators share, as scikit-learn's estimators have them
    "z_size": _SIZE,
    "hidden": [tuple, list],
    "likelihood": [None, str, tuple],
    "scaling": [StrOptions({"standard", "robust"})],
    "epochs": _SIZE,
    "batch_size": _SIZE,
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "warm_up_epochs": _NUMBER,
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "patience": _SIZE,
    "device": [str, torch.device],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}


def all_or_nothing(fit: Callable[P, R]) -> Callable[P, R]:
    """Decorate a ``fit``: if it fails or is interrupted, the estimator keeps its previous attributes.

    Example::

        class Mean:
            @all_or_nothing
            def fit(self, X):
                self.n_, self.mean_ = len(X), sum(X) / len(X)       # ZeroDivisionError: n_ is what it was
    """

    @wraps(fit)
    def whole(*args: P.args, **kwargs: P.kwargs) -> R:
        attributes: dict[str, Any] = args[0].__dict__
        before = dict(attributes)
        try:
            return fit(*args, **kwargs)
        except BaseException:
            attributes.clear()
            attributes.update(before)
            raise

    return whole


def train(
    model: DeepGenerativeModel,
    objective: ELBO,
    batches: Batches,
    estimator: Any,
    measure: Callable[[int], dict[str, Any]] | None = None,
    monitor: str | None = None,
    callbacks: Iterable[Callback] = (),
) -> list[dict[str, Any]]:
    """Train a model by an estimator's settings and leave it in evaluation mode.

    The optimiser is Adam. Its learning rate falls linearly over the second half of the epochs.

    Args:
        model: a ``DeepGenerativeModel``.
        objective: an ELBO.
        batches: see ``Batches``.
        estimator: holds ``epochs``, ``learning_rate``, ``warm_up_epochs``, ``patience`` and ``verbose``.
        measure, monitor: see ``fit``. With a monitor, the best epoch is kept, and training stops ``patience`` epochs
            after it.
        callbacks: see ``fit``.

    Returns:
        The history, see ``fit``.
    """
    epochs = estimator.epochs
    schedule = linear_decay(epochs // 2, epochs) if epochs > 1 else None
    optim = Optimizer(torch.optim.Adam, {"lr": estimator.learning_rate}, schedule)
    if epochs * len(batches) < SHORT:
        svi = SVI(model.model, model.guide, optim, objective)
    else:
        backend = "replay" if next(model.parameters()).device.type == "cpu" else "auto"
        svi = CompiledSVI(model.model, model.guide, optim, objective, backend=backend)
    history = fit(
        svi,
        batches,
        epochs,
        warm_up_epochs=estimator.warm_up_epochs,
        measure=measure,
        monitor=monitor,
        patience=estimator.patience if monitor else None,
        callbacks=callbacks,
        progress=bool(estimator.verbose),
        description=type(estimator).__name__,
    )
    model.eval()
    return history
