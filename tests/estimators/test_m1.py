"""M1 as a scikit-learn transformer."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
from sklearn.svm import SVC

from pyrodgm.estimators import M1

X, Y = load_iris(return_X_y=True)
SETTINGS = {"z_size": 2, "hidden": (16,), "learning_rate": 1e-2, "random_state": 0}


@pytest.fixture(scope="module")
def m1():
    return M1(epochs=40, **SETTINGS).fit(X)


def test_features_are_the_means_of_the_guide(m1):
    with torch.no_grad():
        want = m1.model_.q_z(m1.columns_.to_model(X).float()).mean
    np.testing.assert_allclose(m1.transform(X), want, atol=1e-5)


def test_samples_are_drawn_by_the_seed_round_the_means(m1):
    means, sampler = m1.transform(X), M1(epochs=40, features="samples", **SETTINGS).fit(X)
    samples = sampler.transform(X)
    assert np.array_equal(samples, sampler.transform(X))
    with torch.no_grad():
        sigma = m1.model_.q_z(m1.columns_.to_model(X).float()).stddev.numpy()
    noise = (samples - means) / sigma
    assert noise.shape == (150, 2) and 0.8 < noise.std() < 1.2 and abs(noise.mean()) < 0.3


@pytest.mark.parametrize(
    "classifier",
    [
        KNeighborsClassifier(),
        SVC(),
        LogisticRegression(),
        SelfTrainingClassifier(LogisticRegression()),
        LabelSpreading(kernel="knn"),
    ],
    ids=lambda classifier: type(classifier).__name__,
)
def test_any_classifier_stands_on_it(classifier):
    few = np.where(np.arange(len(Y)) % 3 == 0, Y, -1)
    rows = slice(None) if isinstance(classifier, (SelfTrainingClassifier, LabelSpreading)) else few >= 0
    pipeline = make_pipeline(M1(epochs=30, **SETTINGS), classifier).fit(X[rows], few[rows])
    assert pipeline.score(X, Y) > 0.8


def test_the_epoch_of_the_best_bound_on_rows_held_out_is_kept():
    m1 = M1(epochs=200, patience=3, **SETTINGS | {"learning_rate": 5e-2}).fit(X)
    losses = [row["validation loss"] for row in m1.history_]
    assert len(losses) < 200 and np.argmin(losses) == len(losses) - 4
    assert min(losses) < losses[0] - 0.5
    assert "validation loss" not in M1(epochs=1, validation_fraction=0, **SETTINGS).fit(X).history_[0]


def test_rows_held_out_are_not_learnt_from(monkeypatch):
    seen = []
    monkeypatch.setattr("pyrodgm.estimators.m1.train", lambda model, objective, batches, *rest: seen.append(batches.x))
    m1 = M1(epochs=1, validation_fraction=0.2, **SETTINGS)
    measured = []
    monkeypatch.setattr(m1, "_measure_of", lambda x: measured.append(x))
    m1.fit(X)
    assert len(seen[0]) == 120 and len(measured[0]) == 30
    rows = np.concatenate([m1.columns_.to_table(x) for x in (seen[0], measured[0])])
    np.testing.assert_allclose(np.sort(rows, 0), np.sort(X, 0), atol=1e-5)


def test_rows_held_out_are_drawn_from_the_whole_of_a_sorted_table(monkeypatch):
    monkeypatch.setattr("pyrodgm.estimators.m1.train", lambda *args: [])
    measured = []
    for seed in (0, 1):
        m1 = M1(z_size=1, hidden=(4,), validation_fraction=0.2, random_state=seed)
        monkeypatch.setattr(m1, "_measure_of", lambda x, m1=m1: measured.append(m1.columns_.to_table(x)[:, 0].round()))
        m1.fit(np.column_stack([np.arange(200.0), np.arange(200) % 7]))
    for rows in measured:
        assert len(rows) == 40 and rows.min() < 40 and rows.max() >= 160
    assert set(measured[0]) != set(measured[1])


def test_rows_held_out_have_the_same_noise_at_every_epoch(m1):
    measure, before = m1._measure_of(m1.columns_.to_model(X).float()), torch.get_rng_state()
    assert measure(1) == measure(2)
    assert torch.equal(torch.get_rng_state(), before)


def test_rows_are_generated_in_the_tables_units(m1):
    rows = m1.sample(500)
    np.testing.assert_allclose(rows.mean(0), X.mean(0), atol=0.6)
    counts = M1(epochs=1, **SETTINGS).fit(load_digits().data).sample(3)
    assert counts.shape == (3, 64) and np.array_equal(counts, counts.round())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": "mean"}, "'features' parameter of M1 must be a str among .* Got 'mean'"),
        ({"validation_fraction": -0.1}, "'validation_fraction' parameter of M1 must be a float .* Got -0.1"),
        ({"likelihood": "gamma"}, "likelihood: got 'gamma'"),
    ],
)
def test_bad_arguments_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        M1(epochs=1, **options).fit(X)


def test_one_row_at_least_is_learnt_from():
    m1 = M1(z_size=1, hidden=(4,), epochs=1, validation_fraction=0.999, random_state=0)
    assert m1.fit(np.random.RandomState(0).randn(20, 3)).n_iter_ == 1
