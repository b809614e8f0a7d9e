"""Held-out rows do not change training by a single bit, except for the choice of the epoch."""

import numpy as np
import pytest
import torch

from pyrodgm.estimators import M1, DeepGenerativeClassifier
from tests import by_hand

generator = np.random.RandomState(0)
X = (generator.rand(60, 6) < generator.rand(60, 1)).astype(float)
Y = np.where(np.arange(60) % 4 == 3, -1, np.arange(60) % 3)  # a quarter without a label
SETTINGS = {"z_size": 2, "hidden": (8,), "epochs": 3, "batch_size": 20, "learning_rate": 3e-2, "random_state": 0}
MODELS = ["m2", "sdgm", "cagem", "latentclassifiervae"]


def check_same_parameters(run, other):
    """The state at the end of every epoch, bit for bit."""
    assert len(run.states) == len(other.states) == 3
    for epoch, (state, poisoned) in enumerate(zip(run.states, other.states, strict=True), start=1):
        for name, value in state.items():
            assert torch.equal(value, poisoned[name]), f"{name} at the end of epoch {epoch}"


def check_best_is_kept(run):
    losses = [row["validation loss"] for row in run.history]
    assert all(torch.equal(value, run.kept[name]) for name, value in run.states[int(np.argmin(losses))].items())


def classifier(model="m2", **options):
    return DeepGenerativeClassifier(model, a_size=2, validation_fraction=0.3, **SETTINGS | options)


@pytest.fixture
def split(monkeypatch):
    """The labels held out in a first fit, which later ones hold out too, whatever they are."""
    from pyrodgm.estimators.classifier import hold_out

    found = []

    def once(*args, **options):
        found.extend([] if found else hold_out(*args, **options))
        return found

    monkeypatch.setattr("pyrodgm.estimators.classifier.hold_out", once)
    return found


@pytest.mark.parametrize("model", MODELS)
def test_labels_held_out_choose_an_epoch_and_teach_nothing(model, watched, split):
    classifier(model).fit(X, Y)
    learn, stop = split
    assert np.bincount(Y[stop]).tolist() == [4, 4, 4]
    assert sorted([*learn, *stop]) == np.flatnonzero(Y >= 0).tolist()
    poisoned = Y.copy()
    poisoned[stop] = (Y[stop] + 1) % 3
    classifier(model).fit(X, poisoned)
    run, other = watched
    check_same_parameters(run, other)
    losses = [[row["validation loss"] for row in r.history] for r in watched]
    assert all(a != b for a, b in zip(*losses, strict=True))
    assert [row["loss"] for row in run.history] == [row["loss"] for row in other.history]
    for each in watched:
        check_best_is_kept(each)


def test_labels_learnt_from_are_those_given_and_their_rows_go_unlabelled_too(watched, split):
    classifier().fit(X, Y)
    (run,), (learn, _) = watched, split
    assert torch.equal(run.batches.x, torch.from_numpy(X).float())
    for found, wanted in zip(run.batches.labelled, (X, Y), strict=True):
        assert np.array_equal(found.numpy(), wanted[learn])


def test_the_validation_loss_is_the_cross_entropy_of_the_labels_held_out(watched, split):
    estimator = classifier("sdgm").fit(X, Y)
    (run,), (_, stop) = watched, split
    for row, state in zip(run.history, run.states, strict=True):
        estimator.model_.load_state_dict(state)
        with torch.no_grad():
            p = by_hand.classifier(estimator.model_, torch.from_numpy(X[stop]).float(), 10)
        assert row["validation loss"] == pytest.approx(-float(p[torch.arange(len(stop)), Y[stop]].log().mean()))


@pytest.mark.parametrize("missing", [None, np.nan], ids=str)
def test_rows_without_a_label_are_the_same_however_that_is_said(missing, watched):
    classifier().fit(X, Y)
    labels = Y.astype(object)
    labels[Y < 0] = missing
    classifier().fit(X, labels)
    check_same_parameters(*watched)


def test_m1_does_not_look_at_labels(watched):
    for y in (None, Y, np.full(60, np.nan)):
        M1(**SETTINGS).fit(X, y)
    for other in watched[1:]:
        check_same_parameters(watched[0], other)
        assert [row["validation loss"] for row in other.history] == [
            row["validation loss"] for row in watched[0].history
        ]


def test_m1s_rows_held_out_choose_an_epoch_and_teach_nothing(watched):
    distinct = np.array([[i >> bit & 1 for bit in range(6)] for i in range(1, 61)], dtype=float)
    M1(**SETTINGS).fit(distinct)
    rows = {tuple(row) for row in watched[0].batches.x.numpy()}
    held = np.array([tuple(row) not in rows for row in distinct])
    assert held.sum() == 6 and len(rows) == 54
    poisoned = distinct.copy()
    poisoned[held] = 1 - poisoned[held]
    M1(**SETTINGS).fit(poisoned)
    run, other = watched
    check_same_parameters(run, other)
    assert [row["validation loss"] for row in run.history] != [row["validation loss"] for row in other.history]
    for each in watched:
        check_best_is_kept(each)
    held_rows = torch.from_numpy(distinct[held])
    model = M1(**SETTINGS).fit(distinct).model_.double()
    for row, state in zip(run.history, run.states, strict=True):
        model.load_state_dict(state)
        torch.manual_seed(0)
        with torch.no_grad():
            draws = [by_hand.bounds(model, held_rows, by_hand.fresh(model, held_rows)) for _ in range(300)]
        spread = torch.stack(draws).mean((1, 2)).std()
        assert row["validation loss"] == pytest.approx(-float(torch.stack(draws).mean()), abs=5 * float(spread))
