"""Interrupted runs: resuming them, and the files they leave."""

import csv
import math
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pyro
import pytest
import torch
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO
from pyro.infer.autoguide import AutoNormal
from pyro.optim import Adam
from safetensors.torch import save_file
from torch.utils.data import DataLoader

from pyrodgm.data import Batches
from pyrodgm.infer import CompiledSVI, Optimizer, SemiSupervisedELBO
from pyrodgm.models import M2, VAE
from pyrodgm.train import Callback, fit, step_decay
from pyrodgm.train.checkpoint import load_state, save_state
from pyrodgm.train.interrupt import Terminated, stop_requests
from pyrodgm.train.run_folder import CHECKPOINT, KIND, RunFolder
from pyrodgm.train.state import capture, restore
from tests.kills import killed_at
from tests.pairs import small


class Stopped:
    """Batches that ask for a stop, as Ctrl-C does, at one of them."""

    def __init__(self, batches, at):
        self.batches, self.at, self.count = batches, at, 0

    def __iter__(self):
        for batch in self.batches:
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGINT)
            yield batch


class Interrupted(Stopped):
    """The same, where the batches know their place."""

    def state_dict(self):
        return self.batches.state_dict()

    def load_state_dict(self, state):
        self.batches.load_state_dict(state)


def set_up(kind=SVI, model_class=M2):
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    model = small(model_class)
    x = torch.rand(40, 6).round()
    optim = Optimizer(torch.optim.Adam, {"lr": 1e-2}, schedule=step_decay(0.5, every=1))
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    labelled = None
    if model_class is M2:
        elbo, labelled = SemiSupervisedELBO(elbo, alpha=1.0), (x[:6], torch.arange(6) % 3)
    return model, kind(model.model, model.guide, optim, elbo), Batches(x, 10, labelled)


OPTIONS = {"epochs": 4, "warm_up_epochs": 2, "ema": 0.9, "progress": False}


@pytest.mark.parametrize(
    ("kind", "stopped_at"),
    [
        *((SVI, at) for at in (1, 6, 8, 16)),
        (CompiledSVI, 6),
        *(pytest.param(CompiledSVI, at, marks=pytest.mark.slow) for at in (1, 8, 16)),
    ],
)
def test_an_interrupted_run_ends_as_one_left_alone(kind, stopped_at, tmp_path):
    expected, svi, batches = set_up(kind)
    history = fit(svi, batches, **OPTIONS)
    model, svi, batches = set_up(kind)
    with pytest.raises(
        KeyboardInterrupt, match=f"stopped in epoch {(stopped_at - 1) // 4 + 1} and saved to {tmp_path}"
    ):
        fit(svi, Interrupted(batches, stopped_at), folder=tmp_path, **OPTIONS)
    model, svi, batches = set_up(kind)
    torch.manual_seed(99)
    resumed = fit(svi, batches, folder=tmp_path, **OPTIONS)
    for name, value in expected.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
    assert [row["loss"] for row in resumed] == [row["loss"] for row in history]


MONITORED = {"measure": lambda epoch: {"a": float(epoch), "b": float(epoch)}, "monitor": "a"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ema": 0.99}, "ema: got a run with 0.9, want 0.99; give another folder"),
        ({"monitor": "b"}, "monitor: got a run with 'a', want 'b'; give another folder"),
        ({"mode": "max"}, "mode: got a run with 'min', want 'max'; give another folder"),
    ],
)
def test_a_resumed_run_refuses_other_settings_that_its_state_depends_on(changes, message, tmp_path):
    _, svi, batches = set_up()
    fit(svi, batches, folder=tmp_path, **OPTIONS | MONITORED)
    _, svi, batches = set_up()
    with pytest.raises(ValueError, match=message):
        fit(svi, batches, folder=tmp_path, **OPTIONS | MONITORED | {"epochs": 6} | changes)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda x, labelled: Batches(x[:30], 10, labelled), "rows = 40, want 30"),
        (lambda x, labelled: Batches(x, 8, labelled), "batch_size = 10, want 8"),
        (lambda x, labelled: Batches(x, 10, (x[:3], torch.arange(3))), "labelled rows = 6, want 3"),
        (lambda x, labelled: Batches(x, 10, labelled, 4), "labelled_batch_size = None, want 4"),
        (lambda x, labelled: Batches(x, 10), "labelled rows = 6, want None"),
        (lambda x, labelled: Batches(x, 10, labelled, 6, class_weights=[1] * 6), "labelled_batch_size = None, want 6"),
    ],
)
def test_a_resumed_run_refuses_batches_of_other_sizes(other, message):
    _, _, batches = set_up()
    next(iter(batches))
    with pytest.raises(ValueError, match=f"batches: got a run with {message}; give another folder"):
        other(batches.x, batches.labelled).load_state_dict(batches.state_dict())


def worse_and_worse(epoch):
    return {"figure": float(epoch)}


def best_in_the_middle(epoch):
    return {"figure": -abs(epoch - 3.0)}


SETTINGS = {  # beside a schedule that halves the learning rate at every epoch: what a run has to remember besides
    "nothing": {"epochs": 4},
    "warm_up_steps": {"epochs": 4, "warm_up_steps": 13},
    "warm_up_epochs": {"epochs": 4, "warm_up_epochs": 4, "warm_up_start": 0.3},
    "the best was before": {"epochs": 9, "measure": worse_and_worse, "monitor": "figure", "patience": 3},
    "the best comes after": {"epochs": 5, "measure": best_in_the_middle, "monitor": "figure", "mode": "max"},
    "loss": {"epochs": 4, "monitor": "loss", "warm_up_steps": 13, "ema": 0.8},
}
LENGTH = {"the best was before": 4, "the best comes after": 5}
KINDS = {"plain": (SVI, M2), "replay": (partial(CompiledSVI, backend="replay"), VAE)}
REPLAYED = ("warm_up_steps", "the best was before")  # tracing takes its time


def rates_and_moments(svi):
    """The learning rate, the count of epochs and Adam's state of every parameter, by name."""
    found = {}
    for name, state in svi.optim.get_state().items():
        scheduler = svi.optim.optim_objs[pyro.get_param_store()._params[name]]
        (moments,) = scheduler.optimizer.state.values()
        found[name] = [*scheduler.get_last_lr(), scheduler.last_epoch, *(float(v.sum()) for v in moments.values())]
        assert state
    return found


@pytest.mark.parametrize(
    ("settings", "kind"), [*((name, "plain") for name in SETTINGS), *((name, "replay") for name in REPLAYED)]
)
def test_what_a_run_remembers_is_remembered_over_an_interruption(settings, kind, tmp_path):
    """Stopped in the middle of the second epoch, and, where steps are cheap, again in that of the third."""
    options, length = SETTINGS[settings] | {"progress": False}, LENGTH.get(settings, 4)
    expected, straight, batches = set_up(*KINDS[kind])
    history = fit(straight, batches, **options)
    wanted = rates_and_moments(straight)
    assert len(history) == length and {rate for rate, *_ in wanted.values()} == {0.01 * 0.5**length}
    for stopped_at in (6, 5) if kind == "plain" else (10,):  # batches of each call; an epoch has four
        _, svi, batches = set_up(*KINDS[kind])
        if (tmp_path / "checkpoint.safetensors").exists():
            torch.manual_seed(99)
        with pytest.raises(KeyboardInterrupt):
            fit(svi, Interrupted(batches, stopped_at), folder=tmp_path, **options)
    model, svi, batches = set_up(*KINDS[kind])
    torch.manual_seed(99)
    resumed = fit(svi, batches, folder=tmp_path, **options)
    for name, value in expected.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
    figures = ("epoch", "loss", "figure")
    assert [[row.get(f) for f in figures] for row in resumed] == [[row.get(f) for f in figures] for row in history]
    assert rates_and_moments(svi) == wanted


@pytest.mark.parametrize(
    ("backend", "kills"),
    [
        ("svi", 3),
        ("replay", 1),
        pytest.param("svi", 20, marks=pytest.mark.slow),
        pytest.param("replay", 20, marks=pytest.mark.slow),
        pytest.param("inductor", 20, marks=pytest.mark.slow),
    ],
)
def test_a_run_killed_again_and_again_ends_as_one_left_alone(backend, kills, tmp_path):
    command = [sys.executable, "-m", "tests.train.killed_runs", backend, str(kills), str(tmp_path)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    assert f"{kills} kills, the same to the last bit" in done.stdout


def test_a_run_saved_at_its_last_step_is_saved_at_its_end_too(tmp_path):
    _, svi, batches = set_up()
    fit(svi, batches, 2, folder=tmp_path, minutes=0.0, progress=False)
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 3


def test_a_finished_run_that_is_called_again_writes_nothing(tmp_path):
    written = []
    for _ in range(2):
        _, svi, batches = set_up()
        fit(svi, batches, 1, folder=tmp_path, progress=False)
        written.append({path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()})
    assert written[0] == written[1] and len(written[0]) == 2


@pytest.mark.parametrize("moment", [1, 2])
def test_a_kill_between_the_files_of_the_last_save_leaves_no_file_behind_the_other(moment, tmp_path):
    _, svi, batches = set_up()
    with killed_at(moment):
        fit(svi, batches, 2, folder=tmp_path, progress=False)
    _, svi, batches = set_up()
    history = fit(svi, batches, 2, folder=tmp_path, progress=False)
    assert (tmp_path / "history.csv").exists()
    with open(tmp_path / "history.csv", newline="") as file:
        assert [float(row["loss"]) for row in csv.DictReader(file)] == [row["loss"] for row in history]


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_while_the_last_epoch_is_measured_stops_too(number, error, tmp_path):
    def measure(epoch):
        if epoch == 2:
            os.kill(os.getpid(), number)
        return {}

    _, svi, batches = set_up()
    with pytest.raises(KeyboardInterrupt, match="stopped after epoch 2 and saved to .*; call again") as found:
        fit(svi, batches, 2, measure=measure, folder=tmp_path, progress=False)
    assert type(found.value) is error
    _, svi, batches = set_up()
    assert len(fit(svi, batches, 2, folder=tmp_path, progress=False)) == 2


def test_steps_are_checked_before_they_are_saved(tmp_path):
    seen = []

    class Checking(SVI):
        def step(self, **batch):
            seen.append("step")
            return super().step(**batch)

        def check(self):
            seen.append("check")

    _, svi, batches = set_up(Checking)
    fit(svi, batches, 1, folder=tmp_path, minutes=0.0, progress=False)
    assert seen[:8] == ["step", "check"] * 4


def test_every_process_resumes_with_the_random_numbers_of_the_first_on_its_own_gpu(monkeypatch):
    """The first process saves those of its own GPU, which all processes share."""
    states = {torch.device("cuda:0"): torch.tensor([7]), torch.device("cuda:1"): torch.tensor([0])}
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: states[torch.device(device)].clone())
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda new, device: states.update({torch.device(device): new}))
    run = set_up()
    run[1].step(**next(iter(run[2])))
    monkeypatch.setattr("pyrodgm.train.state._device", lambda module: torch.device("cuda:0"))
    saved = capture(*run)
    monkeypatch.setattr("pyrodgm.train.state._device", lambda module: torch.device("cuda:1"))
    restore(saved, *run)
    assert [state.item() for state in states.values()] == [7, 7]


def test_a_run_of_a_gpu_resumes_on_a_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda *_: pytest.fail("there is no GPU here"))
    run = set_up()
    run[1].step(**next(iter(run[2])))
    saved = capture(*run)
    assert saved["cuda"] == []
    restore(saved | {"cuda": [torch.tensor([7])]}, *run)


@pytest.mark.parametrize("reason", ["minutes", "Ctrl-C", "a callback"])
def test_a_loss_that_waits_on_a_gpu_is_looked_at_before_it_is_saved(reason, tmp_path):
    class Elsewhere(torch.Tensor):
        is_cuda = True

    class Diverging(SVI):
        count = 0

        def step(self, **batch):
            self.count += 1
            loss = super().step(**batch)
            return torch.tensor(math.inf if self.count == 6 else loss).as_subclass(Elsewhere)

    class Stop(Callback):
        def on_step(self, progress):
            if progress.steps == 6:
                progress.stop()

    options = {"minutes": {"minutes": 0.0}, "a callback": {"callbacks": [Stop()]}, "Ctrl-C": {}}[reason]
    _, svi, batches = set_up(Diverging)
    batches = Interrupted(batches, 6 if reason == "Ctrl-C" else 0)
    with pytest.raises((FloatingPointError, KeyboardInterrupt)) as error:
        fit(svi, batches, 2, folder=tmp_path, progress=False, **options)
    assert "the loss was not finite in epoch 2, but is when" in str(error.value)
    state = RunFolder(tmp_path, {}, 5).load()
    assert state is None or math.isfinite(state["run"]["total"])


def test_a_run_is_saved_after_minutes(tmp_path):
    folder = RunFolder(tmp_path, {}, minutes=2)
    now = folder.saved
    folder.saved = now - 110
    assert not folder.due()
    folder.saved = now - 121
    assert folder.due()
    folder.save({"module": {}}, [], last=False)
    assert not folder.due()  # and then after as many minutes again


def test_the_seconds_of_a_resumed_run_go_on(tmp_path):
    _, svi, batches = set_up()
    (row,) = fit(svi, batches, 1, folder=tmp_path, measure=lambda epoch: time.sleep(1) or {}, progress=False)
    _, svi, batches = set_up()
    _, row = fit(svi, batches, 2, folder=tmp_path, progress=False)
    assert row["seconds"] > 1


def test_figures_may_be_numbers_of_numpy(tmp_path):
    figures = {"error": np.float32(0.5), "count": np.int64(3), "done": np.bool_(True)}
    _, svi, batches = set_up()
    fit(svi, batches, 1, measure=lambda epoch: dict(figures), folder=tmp_path, progress=False)
    _, svi, batches = set_up()
    (row,) = fit(svi, batches, 1, folder=tmp_path, progress=False)
    assert {name: row[name] for name in figures} == {"error": 0.5, "count": 3, "done": True}


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("stopped_at", [6, 8])
def test_a_data_loader_deals_the_rest_of_its_epoch(shuffle, stopped_at, tmp_path):
    def loader():
        x = torch.rand(40, 6, generator=torch.Generator().manual_seed(0)).round()
        return DataLoader([{"x": row} for row in x], batch_size=10, shuffle=shuffle)

    expected, svi, _ = set_up(SVI, VAE)
    fit(svi, loader(), 3, progress=False)
    _, svi, _ = set_up(SVI, VAE)
    with pytest.raises(KeyboardInterrupt):
        fit(svi, Stopped(loader(), stopped_at), 3, folder=tmp_path, progress=False)
    model, svi, _ = set_up(SVI, VAE)
    torch.manual_seed(99)
    fit(svi, loader(), 3, folder=tmp_path, progress=False)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in expected.state_dict().items())


def test_a_data_loader_deals_every_epoch_as_it_would_without_the_loop():
    class Drawing:
        """Records its rows and draws noise."""

        optim = None

        def __init__(self):
            self.seen = []

        def step(self, x):
            self.seen.append([*x.tolist(), float(torch.rand(()))])
            return 1.0

    loader = DataLoader([{"x": float(row)} for row in range(12)], batch_size=4, shuffle=True)
    expected, svi = Drawing(), Drawing()
    torch.manual_seed(0)
    for _ in range(3):
        for batch in loader:
            expected.step(**batch)
    torch.manual_seed(0)
    fit(svi, loader, 3, progress=False)
    assert svi.seen == expected.seen and len({tuple(step) for step in svi.seen}) == 9


def test_a_state_can_be_restored_more_than_once():
    """Steps after the first time do not change it, although optimisers step their moments in place."""
    model, svi, batches = set_up(SVI, VAE)
    for batch in batches:
        svi.step(**batch)
    state, ends = capture(model, svi, batches), []
    for _ in range(2):
        restore(state, model, svi, batches)
        for batch in batches:
            svi.step(**batch)
        ends.append({name: value.clone() for name, value in model.state_dict().items()})
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())


def test_moments_that_were_loaded_and_not_yet_used_are_part_of_the_state():
    model, svi, batches = set_up(SVI, VAE)
    svi.step(**next(iter(batches)))
    expected, loaded = capture(model, svi, batches), svi.optim.get_state()
    svi.optim.optim_objs.clear()
    svi.optim.set_state(loaded)
    assert capture(model, svi, batches)["optimizer"].keys() == expected["optimizer"].keys() != set()


def test_a_state_has_no_moments_of_a_parameter_that_has_left_the_store():
    model, svi, batches = set_up(SVI, VAE)
    svi.step(**next(iter(batches)))
    expected = capture(model, svi, batches)["optimizer"].keys()
    pyro.param("gone", torch.zeros(1))
    svi.optim([pyro.get_param_store()._params["gone"]])
    del pyro.get_param_store()["gone"]
    try:
        state = capture(model, svi, batches)
    except AttributeError as error:
        pytest.fail(str(error))
    assert state["optimizer"].keys() == expected


def test_gradients_stay_while_a_state_is_restored():
    model, svi, batches = set_up(SVI, VAE)
    svi.step(**next(iter(batches)))
    gradients = [torch.ones_like(parameter) for parameter in model.parameters()]
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.grad = gradient
    restore(capture(model, svi, batches), model, svi, batches)
    assert all(parameter.grad is gradient for parameter, gradient in zip(model.parameters(), gradients, strict=True))


def test_a_state_has_no_parameters_of_another_model():
    _, svi, batches = set_up(SVI, VAE)
    other = small(VAE)
    other_svi = SVI(other.model, other.guide, Optimizer(torch.optim.Adam, {"lr": 1e-2}), Trace_ELBO())
    model = svi.model.__self__
    for batch in batches:
        svi.step(**batch)
        other_svi.step(**batch)
    state = capture(model, svi, batches)
    assert not state["others"] and len(state["optimizer"]) == len(list(model.parameters()))


def test_what_an_svi_remembers_is_saved_and_loaded(tmp_path):
    class Counting(SVI):
        count = 0

        def step(self, **batch):
            self.count += 1
            return super().step(**batch)

        def state_dict(self):
            return {"count": self.count}

        def load_state_dict(self, state):
            self.count = state["count"]

    for epochs in (1, 3):
        _, svi, batches = set_up(Counting)
        fit(svi, batches, epochs, folder=tmp_path, progress=False)
    assert svi.count == 12  # four steps an epoch


@pytest.mark.parametrize("hidden", [(4,), (4, 4, 4)])
def test_the_first_parameter_that_only_one_of_two_models_has_is_named(hidden):
    def trained(hidden):
        pyro.clear_param_store()
        model = small(VAE, hidden=hidden)
        svi = SVI(model.model, model.guide, Optimizer(torch.optim.Adam, {"lr": 1e-2}), Trace_ELBO())
        batches = Batches(torch.rand(10, 6).round(), 10)
        svi.step(**next(iter(batches)))
        return model, svi, batches

    state = capture(*trained((4, 4)))
    with pytest.raises((ValueError, RuntimeError)) as error:
        restore(state, *trained(hidden))
    assert re.search(
        r"checkpoint: got .*layers.*weight of shape .*none.*: it belongs to another model", str(error.value)
    )


def test_a_finished_run_goes_on_to_more_epochs(tmp_path):
    expected, svi, batches = set_up()
    fit(svi, batches, 3, progress=False)
    model, svi, batches = set_up()
    fit(svi, batches, 1, folder=tmp_path, progress=False)
    model, svi, batches = set_up()
    assert len(fit(svi, batches, 3, folder=tmp_path, progress=False)) == 3
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in expected.state_dict().items())
    written = (tmp_path / "history.csv").read_text().splitlines()
    assert written[0] == "epoch,loss,seconds" and len(written) == 4


@pytest.mark.parametrize("schedule", [None, step_decay(0.5, every=1)])
def test_a_resumed_run_warns_if_it_is_given_another_learning_rate(schedule, tmp_path):
    """Its own is the one that it began with, whatever a callback has made of it, and after each resumption."""

    class Halve(Callback):
        def on_epoch(self, progress):
            for adam in progress.svi.optim.optim_objs.values():
                getattr(adam, "optimizer", adam).param_groups[0]["lr"] *= 0.5

    def run(rate, epochs):
        _, svi, batches = set_up()
        svi.optim = Optimizer(torch.optim.Adam, {"lr": rate}, schedule) if schedule else Adam({"lr": rate})
        fit(svi, batches, epochs, folder=tmp_path, callbacks=[Halve()], progress=False)

    run(0.01, 1)
    run(0.01, 2)
    for epochs in (3, 4):
        with pytest.warns(UserWarning) as warned:
            run(0.02, epochs)
        (text,) = [str(warning.message) for warning in warned]
        assert text.startswith(f"learning rate: got 0.02, but the run in {tmp_path} began with 0.01 and keeps its own")
        assert warned[0].filename == __file__


@pytest.mark.parametrize(
    "options", [{"ema": 0.9}, {"measure": lambda e: {"figure": (0, 1, 2, 0)[e]}, "monitor": "figure"}]
)
def test_a_finished_run_goes_on_from_its_last_step_and_not_from_what_it_kept(options, tmp_path):
    """The average is of later steps too, and the best of two epochs is the first, of three the third."""
    expected, svi, batches = set_up()
    fit(svi, batches, 3, progress=False, **options)
    for epochs in (2, 3):
        model, svi, batches = set_up()
        fit(svi, batches, epochs, folder=tmp_path, progress=False, **options)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in expected.state_dict().items())


def test_the_bar_of_a_resumed_run_counts_its_earlier_steps(tmp_path, capsys):
    for epochs in (1, 2):
        _, svi, batches = set_up()
        fit(svi, batches, epochs, folder=tmp_path, progress=epochs == 2)
    assert "8/8" in capsys.readouterr().err  # four steps an epoch


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_run_is_not_taken_for_a_shorter_one(epochs, tmp_path):
    _, svi, batches = set_up()
    with pytest.raises(KeyboardInterrupt):
        fit(svi, Interrupted(batches, 10), 4, folder=tmp_path, progress=False)
    _, svi, batches = set_up()
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    with pytest.raises(ValueError, match=f"epochs: got {epochs}, want at least 3: the run in .* is past them"):
        fit(svi, batches, epochs, folder=tmp_path, progress=False)
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


@pytest.mark.parametrize("fresh", [True, False])
def test_a_guide_of_its_own_parameters_is_resumed(fresh, tmp_path):
    def train(epochs, folder, fresh=True):
        if fresh:
            pyro.clear_param_store()
        pyro.set_rng_seed(0)
        data = torch.randn(20) + 3

        def model(x):
            mean = pyro.sample("mean", pyro.distributions.Normal(0.0, 10.0))
            with pyro.plate("rows", 20):
                pyro.sample("x", pyro.distributions.Normal(mean, pyro.param("s", torch.tensor(1.0))), obs=x)

        guide = AutoNormal(model)
        svi = SVI(model, guide, Optimizer(torch.optim.Adam, {"lr": 0.1}), Trace_ELBO())
        fit(svi, [{"x": data}] * 5, epochs, module=guide, folder=folder, progress=False)
        return {name: value.detach().clone() for name, value in pyro.get_param_store()._params.items()}

    expected = train(4, None)
    train(2, tmp_path)
    found = train(4, tmp_path, fresh)
    assert expected.keys() == found.keys() and "s" in found
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_an_average_is_not_taken_up_later(tmp_path):
    _, svi, batches = set_up()
    fit(svi, batches, 1, folder=tmp_path, progress=False)
    _, svi, batches = set_up()
    with pytest.raises(ValueError, match="ema: got a run with no average, want one with the same settings"):
        fit(svi, batches, 2, folder=tmp_path, ema=0.9, progress=False)


def test_a_signal_that_is_ignored_stays_ignored(tmp_path):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _, svi, batches = set_up()
        assert len(fit(svi, Interrupted(batches, 2), 1, folder=tmp_path, progress=False)) == 1
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


class TestStopRequests:
    def test_a_second_ctrl_c_interrupts_immediately(self):
        with stop_requests() as stopping:
            assert not stopping()
            os.kill(os.getpid(), signal.SIGINT)
            assert stopping()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_signals_are_noted_within_and_handled_as_before_afterwards(self, number):
        seen = []
        before = signal.signal(number, lambda *args: seen.append("before"))
        try:
            with stop_requests():
                os.kill(os.getpid(), number)
            assert not seen
            with stop_requests():
                pass
            os.kill(os.getpid(), number)
            assert seen == ["before"]
        finally:
            signal.signal(number, before)

    def test_a_thread_has_no_signals(self):
        found = []

        def ask():
            try:
                with stop_requests() as stopping:
                    found.append(stopping())
            except ValueError as error:  # signals are for the main thread alone
                found.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        assert found == [False]


class TestCheckpointsOfOthers:
    @pytest.fixture
    def folder(self, tmp_path):
        _, svi, batches = set_up()
        fit(svi, batches, 1, folder=tmp_path, about={"beta": 1.0}, progress=False)
        return tmp_path

    def resume(self, folder, model_class=M2, about=None):
        _, svi, batches = set_up(model_class=model_class)
        fit(svi, batches, 2, folder=folder, about=about or {"beta": 1.0}, progress=False)

    def test_other_settings(self, folder):
        with pytest.raises(ValueError, match=r"got a run with beta = 1.0, want 2.0; give another folder"):
            self.resume(folder, about={"beta": 2.0})

    @pytest.mark.parametrize(("before", "now"), [({"beta": 1.0, "ema": 0.9}, {"beta": 1.0}), ({}, {"beta": 1.0})])
    def test_a_setting_more(self, before, now, tmp_path):
        _, svi, batches = set_up()
        fit(svi, batches, 1, folder=tmp_path, about=before, progress=False)
        with pytest.raises(ValueError, match=r"got a run with (ema = 0.9, want nothing|beta = nothing, want 1.0)"):
            self.resume(tmp_path, about=now)

    @pytest.mark.parametrize("part", ["about", "module", "optimizer", "run", "best", "average"])
    def test_a_part_is_missing(self, part, folder):
        state, _ = load_state(folder / CHECKPOINT, KIND)
        del state[part]
        save_state(folder / CHECKPOINT, KIND, state)
        with pytest.raises((ValueError, KeyError)) as error:
            self.resume(folder)
        assert f"got no {part}, want a whole checkpoint" in str(error.value)

    def test_another_model(self, folder):
        with pytest.raises(ValueError, match="checkpoint: got .* of shape .*, want .*: it belongs to another model"):
            self.resume(folder, VAE)

    @pytest.mark.parametrize("length", [0, 5, 200, -1])
    def test_a_truncated_one(self, folder, length):
        path = folder / "checkpoint.safetensors"
        path.write_bytes(path.read_bytes()[:length])
        with pytest.raises(ValueError, match=r"got a damaged file .*, want a whole checkpoint"):
            self.resume(folder)

    def test_one_of_a_newer_version(self, folder):
        header = {"kind": "pyrodgm training run", "format": "3", "state": "written in ways to come"}
        save_file({"a": torch.zeros(1)}, folder / "checkpoint.safetensors", header)
        with pytest.raises(ValueError, match="got format 3, want at most 2: it was written by a newer pyrodgm"):
            self.resume(folder)

    def test_another_file(self, folder):
        save_file({"a": torch.zeros(1)}, folder / "checkpoint.safetensors")
        with pytest.raises(ValueError, match="got another safetensors file, want pyrodgm training run"):
            self.resume(folder)

    @pytest.mark.parametrize(
        "header",
        [
            {},
            {"format": "1"},
            {"format": "x", "state": "{}"},
            {"format": "1", "state": '{"dict": []}'},
            {"format": "2", "state": "7"},
        ],
    )
    def test_one_of_another_make(self, header, folder):
        save_file({"a": torch.zeros(1)}, folder / "checkpoint.safetensors", header | {"kind": "pyrodgm training run"})
        with pytest.raises(ValueError, match="want a whole checkpoint"):
            self.resume(folder)

    def test_one_made_to_run_code(self, folder):
        class Payload:
            def __reduce__(self):
                return (Path.touch, (folder / "executed",))

        for dump in (lambda file: pickle.dump(Payload(), file), lambda file: torch.save(Payload(), file)):
            with open(folder / "checkpoint.safetensors", "wb") as file:
                dump(file)
            with pytest.raises(ValueError, match="got a damaged file"):
                self.resume(folder)
        assert not (folder / "executed").exists()


class TestDisks:
    def test_a_folder_that_cannot_be_written_is_reported_before_training(self, tmp_path):
        model, svi, batches = set_up()
        (tmp_path / "file").write_text("")
        before = next(model.parameters()).detach().clone()
        with pytest.raises(ValueError, match="folder: got .*file, want a folder that can be written"):
            fit(svi, batches, 1, folder=tmp_path / "file", progress=False)
        assert torch.equal(before, next(model.parameters()))

    def test_a_disk_without_room_is_reported_before_training(self, tmp_path, monkeypatch):
        _, svi, batches = set_up()
        monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 100}))
        with pytest.raises(ValueError, match="folder: got 0 MB free"):
            fit(svi, batches, 1, folder=tmp_path, progress=False)

    def test_room_is_two_checkpoints_with_moments_average_and_best_epoch(self, tmp_path, monkeypatch):
        module, free = torch.nn.Linear(9, 10), []
        monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": free[-1]}))
        free.append(2 * 5 * 100 * 4)
        RunFolder(tmp_path, {}, 5).check_room(module)
        free.append(2 * 5 * 100 * 4 - 1)
        with pytest.raises(ValueError, match="folder: got 0 MB free"):
            RunFolder(tmp_path, {}, 5).check_room(module)

    @pytest.mark.parametrize("failing", ["fsync", "replace"])
    def test_a_disk_that_fills_up_leaves_the_checkpoint_before(self, failing, tmp_path, monkeypatch):
        _, svi, batches = set_up()
        fit(svi, batches, 1, folder=tmp_path, progress=False)
        before = (tmp_path / "checkpoint.safetensors").read_bytes()

        def full(*args):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(f"os.{failing}", full)
        with (
            pytest.warns(UserWarning, match="the run was not saved .*No space.*; the previous checkpoint is kept"),
            pytest.raises(OSError, match="No space left"),
        ):
            fit(svi, batches, 2, folder=tmp_path, minutes=0.0, progress=False)
        assert (tmp_path / "checkpoint.safetensors").read_bytes() == before
        assert {path.name for path in tmp_path.iterdir()} == {"checkpoint.safetensors", "history.csv"}

    def test_a_run_that_cannot_be_saved_on_ctrl_c_says_so(self, tmp_path, monkeypatch):
        _, svi, batches = set_up()

        def full(*args):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.replace", full)
        with pytest.raises((OSError, UserWarning)) as error:
            fit(svi, Interrupted(batches, 2), 1, folder=tmp_path, progress=False)
        assert isinstance(error.value, OSError)

    def test_only_the_first_process_writes(self, tmp_path, monkeypatch):
        monkeypatch.setattr("pyrodgm.train.run_folder.is_first", lambda: False)
        RunFolder(tmp_path, {}, 5).save({}, [], last=True)
        assert not list(tmp_path.iterdir())
