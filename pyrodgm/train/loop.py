"""The training loop round ``svi.step``, with checkpoints and resuming."""

import copy
import math
import signal
import time
import warnings
from collections.abc import Callable, Iterable
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pyro
import torch
from pyro.optim import PyroLRScheduler
from pyro.util import get_rng_state, set_rng_state
from tqdm.auto import tqdm

from pyrodgm.train.callbacks import Callback, Log, Progress, check_callbacks
from pyrodgm.train.class_schedule import ClassSchedule
from pyrodgm.train.early_stopping import EarlyStopping
from pyrodgm.train.ema import EMA
from pyrodgm.train.interrupt import Terminated, stop_requests
from pyrodgm.train.kl_schedule import KLSchedule
from pyrodgm.train.nan_report import non_finite_site, not_finite
from pyrodgm.train.parallel import check_alike, joint_any, joint_noise, joint_sum, share
from pyrodgm.train.run_folder import RunFolder
from pyrodgm.train.state import capture, restore
from pyrodgm.types import Option

CHECK_EVERY = 100  # batches between two checks of the summed loss, each of which waits for the GPU
REFUSED = "Expected parameter"  # how torch's error about invalid arguments of a distribution begins


def fit(
    svi: Any,
    batches: Iterable[dict[str, Any]],
    epochs: int,
    *,
    module: torch.nn.Module | None = None,
    warm_up_epochs: int = 0,
    warm_up_steps: int = 0,
    warm_up_start: float = 0.0,
    warm_up_discrete: bool = False,
    classes_by_epoch: Iterable[tuple[int, Option]] = (),
    ema: float | None = None,
    measure: Callable[[int], dict[str, Any]] | None = None,
    monitor: str | None = None,
    mode: str = "min",
    patience: int | None = None,
    folder: str | Path | None = None,
    minutes: float = 5.0,
    about: dict[str, Any] | None = None,
    callbacks: Iterable[Callback] = (),
    log: Callable[[dict[str, Any]], Any] | None = None,
    progress: bool = True,
    description: str = "",
) -> list[dict[str, Any]]:
    """Train for a number of epochs and return the history.

    The weight of the KL terms of the latents moves linearly from ``warm_up_start`` to 1, see ``KLSchedule``. It changes
    once per epoch over ``warm_up_epochs``, or at every step over ``warm_up_steps``. Then the loop leaves the warm-up
    context. An optimiser that is a Pyro scheduler is stepped once per epoch. With a ``folder`` the run is saved there
    every few minutes, at the end and on Ctrl-C. The same call then resumes it and reaches the same numbers, bit for bit
    on one CPU.

    Args:
        svi: anything with ``step(**batch)`` that returns the loss, such as ``CompiledSVI``; its ``model`` and ``optim``
            are read where the arguments below need them.
        batches: anything that yields an epoch of batches at every iteration, see ``Batches``. A run can be resumed
            within an epoch if ``batches`` has a ``state_dict``. If it has none, like a ``DataLoader``, it must yield
            the same batches from the same random numbers, and draw all of these before its first batch.
        epochs: the total number, including the epochs of an earlier call that is resumed.
        module: the module that holds the parameters; None for the object that ``svi.model`` is a method of.
        warm_up_epochs, warm_up_steps: length of the KL warm-up; 0 for none.
        warm_up_start: the weight to start from. The first epoch, or step, is already one increment closer to 1.
        warm_up_discrete: whether the warm-up also scales the KL term of a discrete latent, such as y, see ``warm_up``.
        classes_by_epoch: pairs of an epoch, counted from 0, and the value of the model's ``classes`` from that epoch
            on, such as ``((0, "enumerated"), (8, ("sampled", {"top": 2})))``, see ``ClassSchedule``. After training,
            the model has its own value again.
        ema: decay of the averaged parameters, see ``EMA``. The averages are used by ``measure``, and kept after
            training.
        measure: a function of the epoch, called at its end, that returns a dict of numbers or tensors; or None.
        monitor: name of a measured figure, or ``"loss"``. After training, the parameters are those of the epoch where
            it was best.
        mode: ``"min"`` or ``"max"``: which ``monitor`` is best.
        patience: number of measurements without improvement before training stops; or None.
        folder: where ``checkpoint.safetensors`` and ``history.csv`` are written; or None. A run that is resumed keeps
            the learning rate of its checkpoint; a warning names both if the optimiser is given another. A callback can
            change it. Another ``ema``, ``monitor``, ``mode`` or size of ``Batches`` is refused; other settings are
            compared only if they are in ``about``. A ``monitor`` that is new looks at the epochs from then on.
        minutes: time between two saves.
        about: dict of plain values, such as settings, which must be the same when a run is resumed.
        callbacks: called after every step, after every epoch and at the end, see ``Callback``; they can stop the
            training and change the learning rate.
        log: a function called with the row of every epoch, such as ``print`` or the ``log`` of an experiment tracker.
        progress: show a bar.
        description: the bar's title.

    Returns:
        The history, a list with a dict for each epoch: ``"epoch"`` from 1, ``"loss"`` (the mean over its batches),
        ``"seconds"`` of training so far, and the figures. If ``CompiledSVI`` undid steps of an epoch, ``"lost steps"``
        is their number. The average and the best epoch are then also restored to their state before these steps.

    Raises:
        FloatingPointError: if a loss is not finite, or if Pyro's validation refuses the arguments of a distribution for
            that reason. The message names the epoch, the batch and the site. The parameters are those before that step,
            and the last checkpoint is kept.
        KeyboardInterrupt: on Ctrl-C or SIGTERM, once the step is done and the run is saved, if there is a folder.
        ValueError: if a module is needed and not given; if there are no batches, or if their number or sizes differ
            between processes; if the folder cannot be written, or holds a damaged checkpoint, a run with other settings
            or another model, or a run that has passed ``epochs``.

    Example::

        history = fit(svi, Batches(x, 100), epochs=10, measure=lambda epoch: {"bound": bound(m, x_validation)},
                      monitor="bound", mode="max", folder="runs/mine")
    """
    module = module if module is not None else _owner(svi)
    if module is None and (ema, monitor, folder) != (None, None, None):
        raise ValueError("module: got None, want the module with the parameters, for an average, a monitor or a folder")
    callbacks = check_callbacks(callbacks) + ([] if log is None else [Log(log)])
    early_stopping = EarlyStopping(monitor, mode, patience)
    if share()[1] > 1:
        check_alike("batches", _sizes(batches))
    kl_schedule = KLSchedule(warm_up_epochs, warm_up_steps, warm_up_start, warm_up_discrete)
    class_schedule = ClassSchedule(module, classes_by_epoch)
    run = _Run(svi, batches, module, measure, ema, early_stopping, kl_schedule, class_schedule, callbacks)
    if folder is not None:
        run.folder = RunFolder(folder, about or {}, minutes)
        if (state := run.folder.load()) is not None:
            run.load(state)
            run.check_reach(epochs)
            run.check_learning_rate()
        run.folder.check_room(run.module)
    stop_requested = stop_requests() if folder is not None else nullcontext(lambda: 0)
    bar = tqdm(desc=description, disable=not progress, unit="step", dynamic_ncols=True)
    with stop_requested as stopping, bar as run.bar, run.companion(), class_schedule.undone(), run.called_back():
        run.train(epochs, stopping)
    return run.history


class _Run:
    """A run: its place in the epochs, and its steps."""

    def __init__(self, svi, batches, module, measure, ema, early_stopping, kl_schedule, class_schedule, callbacks):
        self.module, self.svi, self.batches, self.measure = module, svi, batches, measure
        self.early_stopping, self.kl_schedule, self.class_schedule = early_stopping, kl_schedule, class_schedule
        self.take_step = getattr(svi, "step_async", svi.step)
        self.ema = None if ema is None else EMA(self.module, ema)
        self.epoch, self.steps, self.history, self.seconds = 0, 0, [], 0.0
        self.ends, self.lost = [0], []  # the steps at the end of every epoch; first and last of the steps undone
        self.total, self.count, self.loss = 0.0, 0, math.nan  # of the losses of the epoch; the last loss
        self.dealt = None  # the random numbers that the epoch's batches began with
        self.folder = self.place = None
        self.callbacks, self.progress, self.bar = callbacks, Progress(svi, module), None
        self.noise, self.surroundings = joint_noise(), nullcontext()
        self.learning_rate = _learning_rate(svi)  # that the run began with

    def train(self, epochs, stopping):
        self.begun = time.monotonic() - self.seconds
        self.bar.total = epochs * len(self.batches) if hasattr(self.batches, "__len__") else None
        self.bar.update(self.steps)
        saved = self.epoch, self.steps
        while self.epoch < epochs and not self.early_stopping.out_of_patience() and not self.progress.stopped:
            if self.class_schedule.changes(self.epoch):
                self._check_steps()
                self.class_schedule.begin(self.epoch)
            self._check()
            for batch in self._batches_left():
                self._step(batch)
                self._call("on_step")
                due = self.folder is not None and self.folder.due()
                forgotten = self.module is not None and self.place is None  # after steps that were undone
                flags = stopping() > 0, due, _is_broken(self.total) or forgotten, self.progress.stopped
                stop, due, look, self.progress.stopped = joint_any(*flags)
                if stop or due:
                    self._check_steps()
                if self.steps % CHECK_EVERY == 0 or look or stop or due or self.progress.stopped:
                    self._check()
                if stop or due:
                    if self.folder.save(self.state(), self.history, last=stop):
                        saved = self.epoch, self.steps
                    if stop:
                        self._stop(f"in epoch {self.epoch + 1}", stopping())
                if self.progress.stopped:
                    break
            else:
                self._end_epoch()
                self._call("on_epoch")
                (self.progress.stopped,) = joint_any(self.progress.stopped)
        self._check_steps()
        if self.folder is not None and (self.epoch, self.steps) != saved:
            self.folder.save(self.state(), self.history, last=True)
        if joint_any(stopping() > 0)[0]:  # while the last epoch was measured
            self._stop(f"after epoch {self.epoch}", stopping())
        self._keep()

    def _stop(self, place, number):
        """Raise the interruption of a signal, after the run is saved."""
        interruption = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        raise interruption(f"stopped {place} and saved to {self.folder.path}; call again to resume")

    def check_reach(self, epochs):
        """Raise ``ValueError`` if the run has already passed these epochs."""
        reached = self.epoch + (self.count > 0)
        if reached > epochs:
            raise ValueError(
                f"epochs: got {epochs}, want at least {reached}: the run in {self.folder.path} is past them; "
                "give another folder"
            )

    def check_learning_rate(self):
        """Warn if the optimiser is given another learning rate than the run began with, which has no effect."""
        given = _learning_rate(self.svi)
        if given is not None and self.learning_rate is not None and given != self.learning_rate:
            warnings.warn(
                f"learning rate: got {given}, but the run in {self.folder.path} began with {self.learning_rate} and "
                "keeps its own; change it in a callback, or give another folder",
                stacklevel=3,
            )

    def _batches_left(self):
        """The batches of the epoch that are left. Those already used are drawn again and skipped."""
        if hasattr(self.batches, "load_state_dict"):
            return iter(self.batches)
        now = get_rng_state()
        if self.count == 0:
            self.dealt = now
        elif self.dealt is not None:
            set_rng_state(self.dealt)
        left = iter(self.batches)
        for _ in range(self.count):
            next(left, None)
        if self.count > 0:
            set_rng_state(now)
        return left

    def _step(self, batch):
        self.surroundings = self.kl_schedule.of_step(self.epoch, self.steps)
        try:
            with self.noise, self.surroundings:
                loss = self.take_step(**batch)
        except ValueError as error:
            if self.place is not None and share()[1] == 1 and str(error).startswith(REFUSED):
                with pyro.validation_enabled(False):
                    self._repeat(self.steps + 1)
            raise
        if isinstance(loss, torch.Tensor):
            loss = loss.double() if loss.is_cuda else loss.item()
        self.total, self.count, self.steps = self.total + loss, self.count + 1, self.steps + 1
        self.loss = loss
        if self.ema is not None:
            self.ema.update()
        self.bar.update()

    def _end_epoch(self):
        if self.count == 0:
            raise ValueError(f"batches: got none in epoch {self.epoch + 1}, want some at every iteration")
        self._check(remember=False)
        self.epoch += 1
        if isinstance(self.svi.optim, PyroLRScheduler):
            self.svi.optim.step()
        loss = joint_sum(float(self.total)) / self.count
        row = {"epoch": self.epoch, "loss": loss, "seconds": time.monotonic() - self.begun}
        with self.ema.in_place() if self.ema is not None else nullcontext():
            if self.measure is not None:
                row |= self.measure(self.epoch)
            self.early_stopping.note(row, self.module)
        self.ends.append(self.steps)
        self.history.append(row)
        self._mark()
        self.total, self.count = 0.0, 0
        numbers = {key: value for key, value in row.items() if isinstance(value, (int, float))}
        shown = {key: f"{value:.2f}" for key, value in numbers.items() if key not in ("epoch", "seconds")}
        self.bar.set_postfix({"epoch": self.epoch} | shown, refresh=False)

    def _call(self, name):
        """Call this method of every callback."""
        self._update_progress()
        for callback in self.callbacks:
            getattr(callback, name)(self.progress)

    def _update_progress(self):
        """Bring what the callbacks see up to date."""
        self.progress.update(self.epoch, self.steps, self.history, self.loss)

    @contextmanager
    def called_back(self):
        """A context that calls ``on_end`` of every callback when training ends, also after an error."""
        with ExitStack() as ends:
            for callback in reversed(self.callbacks):
                ends.callback(callback.on_end, self.progress)
            ends.callback(self._update_progress)
            yield

    @contextmanager
    def companion(self):
        """A context in which average and best epoch are undone together with steps that a ``CompiledSVI`` undoes."""
        companions = getattr(self.svi, "companions", [])
        companions.append(_Companion(self))
        try:
            yield
        finally:
            companions.pop()

    def _check_steps(self):
        """Have a ``CompiledSVI`` check the steps since its last check, under the handlers of the last step."""
        if hasattr(self.svi, "check"):
            with self.noise, self.surroundings:
                self.svi.check()

    def go_back(self, steps):
        """Record that all steps after the first ``steps`` are undone."""
        self.lost = [[first, min(last, steps)] for first, last in self.lost if first <= steps]
        self.lost.append([steps + 1, self.steps])
        self.place = None
        self._mark()

    def _mark(self):
        """Write into the rows of the history how many of their steps are lost."""
        ends = dict(enumerate(self.ends))
        for row in self.history if self.lost else []:
            begin, end = ends[row["epoch"] - 1], ends[row["epoch"]]
            lost = sum(max(0, min(last, end) - max(first - 1, begin)) for first, last in self.lost)
            if lost:
                row["lost steps"] = lost

    def _keep(self):
        """Set the parameters of the module to those of the best epoch, or to the average."""
        if self.early_stopping.parameters is not None:
            self.module.load_state_dict(self.early_stopping.parameters)
            return
        if self.early_stopping.monitor is not None and self.history:
            monitor = self.early_stopping.monitor
            warnings.warn(
                f"monitor: got {monitor!r}, which was never measured or finite; the last epoch is kept", stacklevel=3
            )
        if self.ema is not None:
            self.ema.copy_to_parameters()

    def _check(self, remember=True):
        """Remember this place if everything is finite, else raise."""
        broken = _is_broken(float(self.total)) or (self.module is not None and bool(not_finite(self.module)))
        if not joint_any(broken)[0]:
            if remember:
                self.place = None if self.module is None else self.state()
        elif self.module is None or self.place is None:
            raise FloatingPointError(f"the loss is {float(self.total)} at epoch {self.epoch + 1}, batch {self.count}")
        else:
            self._repeat()

    def _repeat(self, last=None):
        """Repeat the steps since the remembered place up to the one that failed, and raise an error that names it.

        If a step is given as the last one and is finite too, go back to before it and raise nothing.
        """
        place, self.place = self.place, None
        self.load(place)
        for batch in self._batches_left():
            before, total = self.state(), joint_sum(float(self.total))
            self._step(batch)
            where = f"at epoch {self.epoch + 1}, batch {self.count}"
            loss, broken = joint_sum(float(self.total)) - total, not_finite(self.module)
            elsewhere = math.isfinite(float(self.total))
            if not math.isfinite(loss):
                self.load(before)
                with self.noise:
                    found = "in the rows of another process" if elsewhere else non_finite_site(self.svi, batch)
                raise FloatingPointError(f"the loss is {loss} {where}: {found}")
            if broken:
                self.load(before)
                raise FloatingPointError(f"the gradient is not finite {where}: of {', '.join(broken)}")
            if self.steps == last:
                return self.load(before)
        if last is None:
            raise FloatingPointError(
                f"the loss was not finite in epoch {self.epoch + 1}, but is when its steps are repeated"
            )

    def state(self):
        own = {key: vars(self)[key] for key in ("epoch", "steps", "count", "dealt", "learning_rate")}
        own |= {"ends": list(self.ends), "lost": list(self.lost)}
        own |= {"total": float(self.total), "history": list(self.history), "seconds": time.monotonic() - self.begun}
        average = None if self.ema is None else self.ema.state_dict()
        return capture(self.module, self.svi, self.batches) | {
            "run": own,
            "average": average,
            "best": self.early_stopping.state_dict(),
        }

    def load(self, state):
        restore(state, self.module, self.svi, self.batches)
        vars(self).update(state["run"])
        self.history = list(self.history)
        if "ends" not in state["run"]:  # an older run has epochs of one length
            before = self.steps - self.count
            self.ends = [epoch * before // max(self.epoch, 1) for epoch in range(self.epoch + 1)]
        self.ends, self.lost = list(self.ends), list(self.lost)
        self.early_stopping.load_state_dict(state["best"])
        if (self.ema is None) != (state["average"] is None):
            got = "no average" if state["average"] is None else "an average"
            raise ValueError(f"ema: got a run with {got}, want one with the same settings; give another folder")
        if self.ema is not None:
            self.ema.load_state_dict(state["average"])


class _Companion:
    """What a run undoes together with the parameters."""

    def __init__(self, run):
        self.run = run
        self.begin = self.state_dict()

    def state_dict(self):
        average = self.run.ema and copy.deepcopy(self.run.ema.state_dict())
        return {"steps": self.run.steps, "average": average, "best": self.run.early_stopping.state_dict()}

    def load_state_dict(self, state):
        state = state or self.begin
        self.run.early_stopping.load_state_dict(state["best"])
        if state["average"] is not None:
            self.run.ema.load_state_dict(state["average"])
        self.run.go_back(state["steps"])


def _owner(svi):
    """The module that ``svi.model`` is a method of, or ``svi.model`` itself if it is a module; or None."""
    model = getattr(svi, "model", None)
    owner = getattr(model, "__self__", model)
    return owner if isinstance(owner, torch.nn.Module) else None


def _learning_rate(svi):
    """The learning rate that the optimiser is given for all parameters, or None if it is not one number."""
    options = getattr(getattr(svi, "optim", None), "pt_optim_args", None)
    return float(options["lr"]) if isinstance(options, dict) and "lr" in options else None


def _sizes(batches):
    """The sizes of the batches, or their number, or None if neither is known."""
    state = batches.state_dict() if hasattr(batches, "state_dict") else {}
    sizes = state.get("sizes") if isinstance(state, dict) else None
    return sizes or (len(batches) if hasattr(batches, "__len__") else None)


def _is_broken(total):
    return isinstance(total, float) and not math.isfinite(total)
