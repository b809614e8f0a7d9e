"""The training that the estimators share."""

from collections.abc import Callable
from numbers import Real
from typing import Any

import torch
from pyro.infer import ELBO, SVI

from pyrodgm.data.batches import Batches
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.train import fit, linear_decay

SHORT = 400  # steps that do not repay the seconds of tracing a graph


def check_settings(estimator: Any) -> None:
    """Raise ``ValueError`` for a setting that no training can have, naming it."""
    for name, least in (("epochs", 1), ("batch_size", 1), ("warm_up_epochs", 0), ("beta", 0), ("patience", 1)):
        if hasattr(estimator, name) and not getattr(estimator, name) >= least:
            raise ValueError(f"{name}: got {getattr(estimator, name)}, want at least {least}")
    share, automatic = estimator.validation_fraction, hasattr(estimator, "classes")
    if not (isinstance(share, Real) and 0 <= share < 1) and not (automatic and share == "auto"):
        also = "'auto', or " if automatic else ""
        raise ValueError(f"validation_fraction: got {share!r}, want {also}a number of at least 0 and below 1")
    if not estimator.learning_rate > 0:
        raise ValueError(f"learning_rate: got {estimator.learning_rate}, want a positive number")


def train(
    model: DeepGenerativeModel,
    objective: ELBO,
    batches: Batches,
    estimator: Any,
    measure: Callable[[int], dict[str, Any]] | None = None,
    monitor: str | None = None,
) -> list[dict[str, Any]]:
    """Train a model by an estimator's settings and leave it in evaluation mode.

    Adam; the learning rate falls linearly over the second half of the epochs.

    Args:
        model: a ``DeepGenerativeModel``.
        objective: an ELBO.
        batches: see ``Batches``.
        estimator: holds ``epochs``, ``learning_rate``, ``warm_up_epochs``, ``patience`` and ``verbose``.
        measure, monitor: see ``fit``. With a monitor the best epoch is kept, and the fit stops ``patience`` epochs
            after it.

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
        progress=bool(estimator.verbose),
        description=type(estimator).__name__,
    )
    model.eval()
    return history
