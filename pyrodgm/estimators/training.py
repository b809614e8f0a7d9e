"""The training that the estimators share."""

import torch
from pyro.infer import SVI

from pyrodgm.infer import CompiledSVI, Optimiser
from pyrodgm.train import fit, linear_decay

SHORT = 400  # steps that do not repay the seconds of tracing a graph


def train(model, objective, batches, estimator, measure=None, monitor=None):
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
    optim = Optimiser(torch.optim.Adam, {"lr": estimator.learning_rate}, schedule)
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
