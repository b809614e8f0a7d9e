"""How the loop handles steps that CompiledSVI undoes."""

import contextvars

import pyro
import pytest
import torch
from pyro import poutine
from pyro.infer import Trace_ELBO
from pyro.optim import Adam

from pyrodgm.data import Batches
from pyrodgm.infer import CompiledSVI
from pyrodgm.infer.compiled import programs
from pyrodgm.models import VAE
from pyrodgm.train import fit, loop
from pyrodgm.train.ema import EMA
from tests.pairs import rows, small

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
    """Stands for a ``CompiledSVI`` that undoes, in a given step, all steps after the first so many."""

    optim = None

    def __init__(self, first):
        self.companions, self.steps, self.first = [], 0, first

    def step(self):
        self.steps += 1
        if self.steps in self.first:
            (run,) = self.companions
            run.load_state_dict(run.state_dict() | {"steps": self.first[self.steps]})
        return 1.0


def test_steps_that_are_undone_twice_are_lost_once():
    """Before step 8, all after the first 4 are undone; before step 13, all after the first 5, whose last was lost."""
    history = fit(Undoing({8: 4, 13: 5}), [{}] * 4, 4, progress=False)
    assert [row.get("lost steps") for row in history] == [None, 4, 4, None]


def test_an_epoch_whose_steps_are_undone_before_it_ends_says_so():
    history = fit(Undoing({8: 5}), [{}] * 4, 2, progress=False)
    assert [row.get("lost steps") for row in history] == [None, 2]
