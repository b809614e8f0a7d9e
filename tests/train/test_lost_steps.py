"""How the loop handles steps that CompiledSVI undoes."""

import contextvars
import math

import pyro
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, Trace_ELBO
from pyro.optim import Adam

from pyrodgm.data import Batches
from pyrodgm.infer import CompiledSVI
from pyrodgm.infer.compiled import programs
from pyrodgm.models import VAE
from pyrodgm.train import fit, loop
from pyrodgm.train.checkpoint import load_state, save_state
from pyrodgm.train.ema import EMA
from pyrodgm.train.run_folder import CHECKPOINT, KIND
from tests.pairs import rows, small
from tests.train.test_resume import Interrupted

FIGURES = {1: 2.0, 2: 3.0, 3: 0.0, 4: 5.0, 5: 6.0, 6: 7.0}
unseen = contextvars.ContextVar("unseen", default=1.0)


def parameters(model):
    return [parameter.detach().clone() for parameter in model.parameters()]


def trained(change_after, batch_size, **options):
    """Six epochs of seven rows, with a value changed after one of them that no guard sees; and what is seen of them."""
    pyro.set_rng_seed(0)
    model, seen = small(VAE), {}

    def scaled(x):
        with poutine.scale(scale=unseen.get()):
            model.model(x)

    def measure(epoch):
        seen[epoch] = parameters(model)
        if epoch == change_after:
            unseen.set(3.0)
        return {"figure": FIGURES[epoch]}

    svi = CompiledSVI(scaled, model.guide, Adam({"lr": 1e-2}), Trace_ELBO(), backend="replay")
    try:
        with pytest.warns(UserWarning, match=r"steps \d* to \d* may have been wrong and are undone"):
            history = fit(
                svi, Batches(rows(model)[0], batch_size), 6, module=model, measure=measure, progress=False, **options
            )
    finally:
        unseen.set(1.0)
    return svi, model, history, seen


def test_average_and_best_epoch_go_back_and_the_history_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "_interval", lambda program: 8)
    sums, restored = [], []

    class Watched(EMA):
        def update(self):
            super().update()
            sums.append([each.clone() for each in self.sums])

        def load_state_dict(self, state):
            super().load_state_dict(state)
            restored.append((self.steps, [each.clone() for each in self.sums]))

    monkeypatch.setattr(loop, "EMA", Watched)
    svi, model, history, seen = trained(3, 2, ema=0.9, monitor="figure", folder=tmp_path)
    assert svi.undone == [(8, 15)]
    assert [row.get("lost steps") for row in history] == [None, None, 2, 3, 3, None]
    ((steps, found),) = restored
    assert steps == 7
    assert all(map(torch.equal, found, sums[6]))
    assert all(map(torch.equal, parameters(model), seen[1]))  # epoch 3 was better, and is lost
    assert "lost steps" in (tmp_path / "history.csv").read_text().splitlines()[0]
    assert svi.companions == []


def test_the_last_steps_are_checked_before_they_are_kept():
    svi, model, history, seen = trained(5, 1)
    assert svi.undone == [(32, 42)]
    assert [row.get("lost steps") for row in history] == [None, None, None, None, 4, 7]
    assert not all(map(torch.equal, parameters(model), seen[6]))


class Undoing:
    """Stands for a ``CompiledSVI`` that undoes, in a given step, all steps after the first so many.

    None stands for steps from before the run.
    """

    optim = None

    def __init__(self, first):
        self.companions, self.steps, self.first = [], 0, first

    def step(self):
        self.steps += 1
        if self.steps in self.first:
            (run,) = self.companions
            first = self.first[self.steps]
            run.load_state_dict(None if first is None else run.state_dict() | {"steps": first})
        return 1.0


def test_steps_that_are_undone_twice_are_lost_once():
    """Before step 8, all after the first 4 are undone; before step 13, all after the first 5, whose last was lost."""
    history = fit(Undoing({8: 4, 13: 5}), [{}] * 4, 4, progress=False)
    assert [row.get("lost steps") for row in history] == [None, 4, 4, None]


def test_an_epoch_whose_steps_are_undone_before_it_ends_says_so():
    history = fit(Undoing({8: 5}), [{}] * 4, 2, progress=False)
    assert [row.get("lost steps") for row in history] == [None, 2]


def test_steps_are_undone_to_the_beginning_of_the_run_if_that_came_later():
    history = fit(Undoing({3: None}), [{}] * 4, 2, progress=False)
    assert [row.get("lost steps") for row in history] == [2, None]


class Returning(SVI):
    """In its fourth step, goes back to its parameters before the second one, as a ``CompiledSVI`` does."""

    def __init__(self, module):
        super().__init__(module.model, module.guide, Adam({"lr": 1e-2}), Trace_ELBO(max_plate_nesting=1))
        self.module, self.companions, self.before = module, [], []

    def step(self, x):
        (run,) = self.companions
        if len(self.before) == 1:
            self.remembered = run.state_dict()
        if len(self.before) == 3:
            self.module.load_state_dict(self.before[1])
            run.load_state_dict(self.remembered)
        self.before.append({name: tensor.clone() for name, tensor in self.module.state_dict().items()})
        return super().step(x)


@pytest.mark.filterwarnings("ignore:Encountered NaN")
def test_a_run_that_diverges_does_not_go_back_to_undone_steps():
    """The beginning of the second epoch, two steps before, is undone; so it starts again after the fourth step."""

    class Epochs:
        def __init__(self, *epochs):
            self.epochs = iter(epochs)

        def __iter__(self):
            return iter([{"x": x} for x in next(self.epochs)])

    pyro.set_rng_seed(0)
    model = small(VAE, likelihood="normal")
    x, svi = torch.randn(7, 6), Returning(model)
    spoiled = [x, x, torch.full_like(x, math.nan)]
    batches = Epochs([x, x], spoiled, spoiled)  # the second epoch begins twice, to find the site
    with (
        pyro.validation_enabled(False),
        pytest.raises(FloatingPointError, match="epoch 2, batch 3: the value of .* 'z'"),
    ):
        fit(svi, batches, 2, progress=False)
    assert torch.equal(svi.before[3]["p_x.loc.weight"], svi.before[1]["p_x.loc.weight"])
    assert all(torch.equal(value, svi.before[4][name]) for name, value in model.state_dict().items())


def test_a_resumed_run_still_says_which_steps_are_lost(tmp_path):
    """Interrupted in the fifth of six steps, after the second and the third were undone."""
    pyro.set_rng_seed(0)
    model = small(VAE)
    x = rows(model)[0].repeat(6, 1)
    with pytest.raises(KeyboardInterrupt):
        fit(Returning(model), Interrupted(Batches(x, 7), 5), 1, folder=tmp_path, progress=False)
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-2}), Trace_ELBO(max_plate_nesting=1))
    (row,) = fit(svi, Batches(x, 7), 1, folder=tmp_path, progress=False)
    assert row.get("lost steps") == 2


def test_a_run_saved_by_an_older_version_had_epochs_of_one_length(tmp_path):
    """Of four steps each; after the fifth step it goes on, and steps 4 and 5 are undone."""

    class UndoingOnce(SVI):
        def step(self, x):
            if self.undoes:
                (run,) = self.companions
                run.load_state_dict(run.state_dict() | {"steps": 3})
            self.undoes = False
            return super().step(x)

    model, x = small(VAE), torch.rand(28, 6).round()
    svi = UndoingOnce(model.model, model.guide, Adam({"lr": 1e-2}), Trace_ELBO(max_plate_nesting=1))
    svi.companions, svi.undoes = [], False
    with pytest.raises(KeyboardInterrupt):
        fit(svi, Interrupted(Batches(x, 7), 5), 2, folder=tmp_path, progress=False)
    state, _ = load_state(tmp_path / CHECKPOINT, KIND)
    del state["run"]["ends"], state["run"]["lost"]
    save_state(tmp_path / CHECKPOINT, KIND, state)
    svi.undoes = True
    history = fit(svi, Batches(x, 7), 2, folder=tmp_path, progress=False)
    assert [row.get("lost steps") for row in history] == [1, 1]
