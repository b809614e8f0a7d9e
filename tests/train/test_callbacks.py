"""Callbacks of the training loop: what they see, what they change, and when they are called."""

import math

import pyro
import pytest
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.optim import Adam

from pyrodgm.data import Batches
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.models import VAE
from pyrodgm.train import Callback, TensorBoard, fit, step_decay


class Recorder(Callback):
    """Writes down every call: its name, epoch, step and loss."""

    def __init__(self):
        self.calls = []

    def on_step(self, progress):
        self.calls.append(("step", progress.epoch, progress.steps, progress.loss))

    def on_epoch(self, progress):
        self.calls.append(("epoch", progress.epoch, progress.steps, progress.history[-1]["loss"]))

    def on_end(self, progress):
        self.calls.append(("end", progress.epoch, progress.steps, len(progress.history)))


class StopAt(Recorder):
    """Stops after a number of steps, or of epochs."""

    def __init__(self, steps=None, epoch=None):
        super().__init__()
        self.last_step, self.last_epoch = steps, epoch

    def on_step(self, progress):
        super().on_step(progress)
        if progress.steps == self.last_step:
            progress.stop()

    def on_epoch(self, progress):
        super().on_epoch(progress)
        if progress.epoch == self.last_epoch:
            progress.stop()


def make(optim=None, seed=0, svi=SVI):
    """A VAE, its SVI and its batches: two steps an epoch."""
    rows = torch.arange(80.0).view(20, 4).sin().gt(0).float()
    pyro.clear_param_store()
    pyro.set_rng_seed(seed)
    model = VAE(4, z_size=2, hidden=(5,))
    svi = svi(model.model, model.guide, optim or Adam({"lr": 1e-2}), Trace_ELBO())
    return model, svi, Batches(rows, 10)


def parameters(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_calls_in_order():
    _, svi, batches = make()
    recorder = Recorder()
    history = fit(svi, batches, 2, callbacks=[recorder], progress=False)
    assert [call[:3] for call in recorder.calls] == [
        ("step", 0, 1), ("step", 0, 2), ("epoch", 1, 2), ("step", 1, 3), ("step", 1, 4), ("epoch", 2, 4), ("end", 2, 4),
    ]  # fmt: skip
    losses = [call[3] for call in recorder.calls if call[0] == "step"]
    assert [row["loss"] for row in history] == pytest.approx([sum(losses[:2]) / 2, sum(losses[2:]) / 2])


def test_callbacks_that_only_look_change_nothing():
    model, svi, batches = make()
    fit(svi, batches, 2, progress=False)
    expected = parameters(model)
    model, svi, batches = make()
    fit(svi, batches, 2, callbacks=[Recorder()], log=lambda row: None, progress=False)
    assert torch.equal(parameters(model), expected)


def test_stop_after_an_epoch():
    _, svi, batches = make()
    stop = StopAt(epoch=2)
    history = fit(svi, batches, 9, callbacks=[stop], progress=False)
    assert [row.get("epoch") for row in history] == [1, 2]
    assert stop.calls[-1] == ("end", 2, 4, 2)


def test_stop_within_an_epoch_is_saved_and_goes_on(tmp_path):
    model, svi, batches = make()
    fit(svi, batches, 2, progress=False)
    expected = parameters(model)
    model, svi, batches = make()
    stop = StopAt(steps=3)
    history = fit(svi, batches, 2, callbacks=[stop], folder=tmp_path, progress=False)
    assert [row["epoch"] for row in history] == [1]
    assert stop.calls[-1] == ("end", 1, 3, 1)
    model, svi, batches = make(seed=1)
    history = fit(svi, batches, 2, folder=tmp_path, progress=False)
    assert [row.get("epoch") for row in history] == [1, 2]
    assert torch.equal(parameters(model), expected)


@pytest.mark.parametrize("svi", [SVI, CompiledSVI])
def test_the_learning_rate_of_every_parameter_can_be_changed(svi):
    class Freeze(Callback):
        def on_epoch(self, progress):
            if progress.epoch > 1:
                return
            self.after = parameters(progress.module)
            assert len(list(progress.param_groups)) == len(list(progress.module.parameters()))
            for group in progress.param_groups:
                assert group["lr"] == 1e-2
                group["lr"] = 0.0

    model, svi, batches = make(svi=svi)
    freeze = Freeze()
    fit(svi, batches, 3, callbacks=[freeze], progress=False)
    assert torch.equal(parameters(model), freeze.after)


def test_a_schedule_sets_the_learning_rate_after_an_epoch():
    rates = []

    class Change(Callback):
        def on_epoch(self, progress):
            groups = list(progress.param_groups)
            rates.append(groups[0]["lr"])
            for group in groups:
                group["lr"] = 7.0

    _, svi, batches = make(Optimizer(torch.optim.Adam, {"lr": 1e-2}, schedule=step_decay(0.5, every=1)))
    fit(svi, batches, 2, callbacks=[Change()], progress=False)
    assert rates == pytest.approx([5e-3, 2.5e-3])


def test_the_end_is_told_after_an_error():
    class Fail(Recorder):
        def on_step(self, progress):
            raise RuntimeError("mine")

    _, svi, batches = make()
    fail = Fail()
    with pytest.raises(RuntimeError, match="mine"):
        fit(svi, batches, 1, callbacks=[fail], progress=False)
    assert [call[0] for call in fail.calls] == ["end"]


def test_the_end_is_told_to_every_callback():
    """As if the connection to a tracker broke."""
    ended = []

    class Broken(Callback):
        def on_end(self, progress):
            raise RuntimeError("the end")

    class End(Callback):
        def on_end(self, progress):
            ended.append(progress.epoch)

    def fail(row):
        raise RuntimeError("the log")

    _, svi, batches = make()
    with pytest.raises(RuntimeError, match="the end") as error:
        fit(svi, batches, 2, callbacks=[Broken(), End()], log=fail, progress=False)
    assert ended == [1] and str(error.value.__context__) == "the log"


def test_log_gets_every_row():
    _, svi, batches = make()
    rows = []
    history = fit(svi, batches, 2, measure=lambda epoch: {"figure": epoch / 2}, log=rows.append, progress=False)
    assert rows == history
    assert [row["figure"] for row in rows] == [0.5, 1.0]


def test_a_log_that_changes_its_row_leaves_the_history():
    _, svi, batches = make()
    history = fit(svi, batches, 2, log=dict.clear, progress=False)
    assert [row.get("epoch") for row in history] == [1, 2]


def test_only_the_first_process_logs(monkeypatch, tmp_path):
    monkeypatch.setattr("pyrodgm.train.callbacks.is_first", lambda: False)
    _, svi, batches = make()
    rows = []
    fit(svi, batches, 1, log=rows.append, callbacks=[TensorBoard(tmp_path)], progress=False)
    assert not rows and not list(tmp_path.iterdir())


def test_no_loss_before_the_first_step():
    seen = []

    class First(Callback):
        def on_end(self, progress):
            seen.append((progress.loss, progress.steps, list(progress.param_groups)))

    _, svi, batches = make()
    fit(svi, batches, 0, callbacks=[First()], progress=False)
    assert math.isnan(seen[0][0]) and seen[0][1:] == (0, [])


def test_what_is_no_callback_is_refused():
    _, svi, batches = make()
    with pytest.raises(ValueError, match=r"callbacks: got <built-in function print>, want .*Callback; give .* as log"):
        fit(svi, batches, 1, callbacks=[print], progress=False)


def test_tensorboard_is_asked_for_by_name(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(ValueError, match=r"tensorboard: got no such package, want it: pip install pyrodgm\[log\]"):
        TensorBoard(tmp_path)


def test_a_history_in_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    _, svi, batches = make()
    measure = lambda epoch: {"figure": torch.ones(3), "error": 2.0 * epoch}  # noqa: E731
    history = fit(svi, batches, 2, measure=measure, callbacks=[TensorBoard(tmp_path)], progress=False)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert sorted(events.Tags()["scalars"]) == ["error", "loss", "seconds"]
    assert [(e.step, e.value) for e in events.Scalars("error")] == [(1, 2.0), (2, 4.0)]
    assert [e.value for e in events.Scalars("loss")] == pytest.approx([row["loss"] for row in history])


def test_an_epoch_is_in_tensorboard_while_the_next_one_is_trained(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = []

    class Reader(Callback):
        def on_epoch(self, progress):
            events = EventAccumulator(str(tmp_path)).Reload()
            found.append("loss" in events.Tags()["scalars"] and [e.step for e in events.Scalars("loss")])

    _, svi, batches = make()
    fit(svi, batches, 8, callbacks=[TensorBoard(tmp_path), Reader()], progress=False)
    assert found == [list(range(1, epoch + 1)) for epoch in range(1, 9)]


def test_epochs_that_are_trained_again_are_in_tensorboard_once(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def run(epochs, value):
        _, svi, batches = make()
        options = {"folder": tmp_path / "run", "progress": False}
        fit(svi, batches, epochs, measure=lambda epoch: {"error": value}, callbacks=[TensorBoard(tmp_path)], **options)

    run(2, 1.0)
    kept = (tmp_path / "run" / "checkpoint.safetensors").read_bytes()
    run(4, 2.0)
    (tmp_path / "run" / "checkpoint.safetensors").write_bytes(kept)  # a kill lost what came after
    run(5, 3.0)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(e.step, e.value) for e in events.Scalars("error")] == [(1, 1.0), (2, 1.0), (3, 3.0), (4, 3.0), (5, 3.0)]
