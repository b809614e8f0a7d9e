"""The training loop: epochs of steps, a progress bar, warm-up, a schedule, and a history."""

import math
import time
from contextlib import nullcontext

import torch
from pyro.optim import PyroLRScheduler
from tqdm.auto import tqdm

from pyrodgm.infer import warm_up


def fit(svi, batches, epochs, warm_up_epochs=0, measure=None, progress=True, description=""):
    """Train for some epochs and return what was seen.

    The temperature of the continuous latents rises linearly from 1 / warm_up_epochs to 1 over ``warm_up_epochs``,
    whereupon the loop leaves the warm-up context. An optimiser that is a Pyro scheduler is stepped once an epoch.

    Args:
        svi: anything with ``step(**batch)`` that returns the loss, and ``optim``.
        batches: anything that yields an epoch of batches at every iteration, see ``Batches``.
        epochs: how many.
        warm_up_epochs: length of the KL warm-up; 0 for none.
        measure: a function of the epoch, called at its end, that returns a dict of figures; or None.
        progress: show a bar.
        description: the bar's title.

    Returns:
        The history, a list with a dict for each epoch: ``"epoch"`` from 1, ``"loss"`` (the mean over its batches),
        ``"seconds"`` since the start, and the figures.

    Raises:
        FloatingPointError: at the first loss that is not finite, naming the epoch and the batch.

    Example::

        history = fit(svi, Batches(x, 100), epochs=10, measure=lambda epoch: {"bound": bound(m, x_validation)})
    """
    history, start = [], time.monotonic()
    beta = torch.tensor(1.0 / max(warm_up_epochs, 1))
    bar = tqdm(range(1, epochs + 1), desc=description, disable=not progress, unit="epoch", dynamic_ncols=True)
    for epoch in bar:
        total, count = 0.0, 0
        beta.fill_(min(epoch / max(warm_up_epochs, 1), 1.0))
        with warm_up(beta) if epoch < warm_up_epochs else nullcontext():
            for batch in batches:
                loss = svi.step(**batch)
                if not math.isfinite(loss):
                    raise FloatingPointError(f"the loss is {loss} at epoch {epoch}, batch {count + 1}")
                total, count = total + loss, count + 1
        if isinstance(svi.optim, PyroLRScheduler):
            svi.optim.step()
        row = {"epoch": epoch, "loss": total / count, "seconds": time.monotonic() - start}
        if measure is not None:
            row |= measure(epoch)
        history.append(row)
        shown = {key: f"{value:.2f}" for key, value in row.items() if key not in ("epoch", "seconds")}
        bar.set_postfix(shown, refresh=False)
    return history
