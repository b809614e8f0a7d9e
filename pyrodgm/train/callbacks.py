"""Callbacks: user functions that the training loop calls."""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from pyrodgm.train.parallel import is_first


class Progress:
    """The state of a training run, as a callback sees it.

    Attributes:
        epoch: number of epochs completed.
        steps: number of steps taken, in all epochs.
        history: the history so far, one dict per epoch, see ``fit``.
        svi, module: the objects that are trained, as given to ``fit``.
    """

    def __init__(self, svi: Any, module: torch.nn.Module | None) -> None:
        self.svi, self.module = svi, module
        self.stopped = False
        self.update(0, 0, [], math.nan)

    def update(self, epoch: int, steps: int, history: list[dict[str, Any]], loss: float | torch.Tensor) -> None:
        """Set the state; called by the loop."""
        self.epoch, self.steps, self.history, self._loss = epoch, steps, history, loss

    @property
    def loss(self) -> float:
        """The loss of the last step. On a GPU, reading it waits for the step to finish."""
        return float(self._loss)

    @property
    def param_groups(self) -> Iterator[dict[str, Any]]:
        """The parameter groups of the torch optimisers, one optimiser per parameter, empty before the first step.

        Set ``group["lr"]`` to change the learning rate. A schedule of the optimiser sets it again after every epoch.
        """
        for optimiser in self.svi.optim.optim_objs.values():
            yield from getattr(optimiser, "optimizer", optimiser).param_groups

    def stop(self) -> None:
        """Ask the loop to stop after the current step or epoch.

        An epoch that is stopped at a step gets no history row, even if it was the last step.
        """
        self.stopped = True


class Callback:
    """Base class of callbacks. Override the methods that are needed.

    The methods are called in every process, if there are several. They see the parameters of the last step, not their
    moving average. ``CompiledSVI`` may later undo recent steps, see ``"lost steps"`` of ``fit``.

    Example::

        class HalveRate(Callback):
            def on_epoch(self, progress):
                losses = [row["loss"] for row in progress.history[-2:]]
                if len(losses) == 2 and losses[1] > losses[0]:
                    for group in progress.param_groups:
                        group["lr"] /= 2

        fit(svi, Batches(x, 50), epochs=3, callbacks=[HalveRate()])
    """

    def on_step(self, progress: Progress) -> None:
        """Called after every step."""

    def on_epoch(self, progress: Progress) -> None:
        """Called after every epoch, when its row is in the history."""

    def on_end(self, progress: Progress) -> None:
        """Called once when training ends, even if it ends with an error or Ctrl-C."""


class Log(Callback):
    """Calls a function with the row of every epoch, in the first process only.

    Args:
        function: such as ``print``, or the ``log`` of an experiment tracker.
    """

    def __init__(self, function: Callable[[dict[str, Any]], Any]) -> None:
        self.function = function

    def on_epoch(self, progress: Progress) -> None:
        if is_first():
            self.function(dict(progress.history[-1]))


class TensorBoard(Callback):
    """Writes the numbers of every epoch to a TensorBoard log, in the first process only.

    A run that is resumed continues its curves. Epochs after its checkpoint, which it trains again, are not shown twice.

    Args:
        folder: where the log is written.

    Raises:
        ValueError: if the package ``tensorboard`` is not installed.

    Example::

        callback = TensorBoard("runs/mine")     # then: tensorboard --logdir runs
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ValueError("tensorboard: got no such package, want it: pip install pyrodgm[log]") from error
        self.make_writer = partial(SummaryWriter, folder) if is_first() else None
        self.writer: Any = None

    def on_epoch(self, progress: Progress) -> None:
        if self.make_writer is None:
            return
        row = progress.history[-1]
        if self.writer is None:
            self.writer = self.make_writer(purge_step=row["epoch"])
        for name, value in row.items():
            if name != "epoch" and isinstance(value, (int, float)):
                self.writer.add_scalar(name, value, row["epoch"])
        self.writer.flush()

    def on_end(self, progress: Progress) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None  # another run opens a new one


def check_callbacks(callbacks: Iterable[Callback]) -> list[Callback]:
    """The callbacks as a list.

    Raises:
        ValueError: if one of them is not a ``Callback``.
    """
    checked = list(callbacks)
    for each in checked:
        if not isinstance(each, Callback):
            raise ValueError(f"callbacks: got {each!r}, want instances of Callback; give a function as log")
    return checked
