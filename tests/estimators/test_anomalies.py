"""Anomaly scores of the estimators."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.metrics import roc_auc_score

from pyrodgm.estimators import M1, DeepGenerativeClassifier, anomalies
from pyrodgm.estimators.anomalies import mean_distance

X, Y = load_iris(return_X_y=True)
SETTINGS = {"z_size": 2, "hidden": (16,), "epochs": 2, "random_state": 0}


@pytest.fixture(scope="module")
def m1():
    return M1(**SETTINGS).fit(X[:100])


@pytest.fixture(scope="module")
def sdgm():
    return DeepGenerativeClassifier("sdgm", a_size=3, **SETTINGS).fit(X[::2], Y[::2])


def test_the_distance_is_the_mean_over_the_nearest():
    random = np.random.RandomState(0)
    known, points = random.randn(20, 3), random.randn(7, 3)
    every = np.sqrt(((points[:, None] - known) ** 2).sum(-1))
    np.testing.assert_allclose(mean_distance(known, points), np.sort(every, 1)[:, :5].mean(1))
    np.testing.assert_allclose(mean_distance(known[:2], points), every[:, :2].mean(1))
    points[3] = np.inf
    assert np.isinf(mean_distance(known, points)).tolist() == [False] * 3 + [True] + [False] * 3


def test_neighbours_are_those_in_the_means_of_z(m1):
    z = m1.transform(X)
    np.testing.assert_allclose(m1.anomaly_score(X[100:]), mean_distance(z[:100], z[100:]), rtol=1e-6)


def test_every_continuous_latent_counts_and_no_class(sdgm):
    assert sdgm.kept_latents_.shape == (75, 3 + 2)
    model = sdgm._model_in(torch.float64)
    with torch.no_grad():
        a = model.q_a(model.scaled(sdgm.columns_.to_model(X[::2]))).mean
    np.testing.assert_allclose(sdgm.kept_latents_[:, :3], a, rtol=1e-9)


def test_a_row_has_the_same_score_alone_and_among_others(sdgm):
    scores = sdgm.anomaly_score(X)
    np.testing.assert_allclose(sdgm.anomaly_score(X[::-1])[::-1], scores, rtol=1e-9)
    np.testing.assert_allclose(sdgm.anomaly_score(X[7:8]), scores[7:8], rtol=1e-9)


def test_density_and_class_are_scores_known_from_elsewhere(sdgm, m1):
    assert np.array_equal(sdgm.anomaly_score(X, "density"), -sdgm.score_samples(X))
    assert np.array_equal(m1.anomaly_score(X, method="density"), -m1.score_samples(X))
    assert np.array_equal(sdgm.anomaly_score(X, "class"), 1 - sdgm.predict_proba(X).max(1))
    tighter = -m1.score_samples(X, importance_samples=anomalies.IMPORTANCE_SAMPLES)
    assert np.array_equal(m1.anomaly_score(X, "importance"), tighter)


def test_typicality_is_the_distance_to_the_mean_bound_of_the_training_rows(sdgm, m1, monkeypatch):
    mean = sdgm.score_samples(X[::2], num_samples=1).mean()
    assert sdgm.mean_bound_ == pytest.approx(mean, rel=1e-9)
    np.testing.assert_allclose(sdgm.anomaly_score(X, "typicality"), np.abs(sdgm.score_samples(X) - mean))
    monkeypatch.setattr(anomalies, "MOST_SCORED", 40)
    few = M1(**SETTINGS).fit(X[:100])
    assert few.mean_bound_ == pytest.approx(few.score_samples(X[:100:3], num_samples=1).mean(), abs=1)
    assert few.mean_bound_ != m1.mean_bound_


@pytest.mark.parametrize(("size", "every"), [(79, 2), (80, 2), (81, 3)])
def test_the_mean_bound_is_that_of_every_nth_row_as_many_as_allowed(monkeypatch, size, every):
    """At most 40 rows are scored: of 80 rows every second one, of 81 every third."""
    scored, original = [], M1._score_checked

    def noted(self, X, *args, **options):
        scored.append(X)
        return original(self, X, *args, **options)

    monkeypatch.setattr(anomalies, "MOST_SCORED", 40)
    monkeypatch.setattr(M1, "_score_checked", noted)
    M1(**SETTINGS | {"epochs": 1}).fit(X[:size])
    assert len(scored[-1]) == -(-size // every) <= 40


def test_conditional_is_the_density_over_that_of_the_given_columns(m1):
    given = np.where(np.isin(np.arange(4), [1, 3]), X, np.nan)
    joint, marginal = (m1.score_samples(rows, anomalies.IMPORTANCE_SAMPLES) for rows in (X, given))
    for columns in ([3, 1], [1, 3, 3, 1]):
        found = m1.anomaly_score(X, "conditional", given=columns)
        np.testing.assert_allclose(found, marginal - joint, rtol=1e-9)


def test_rows_outside_the_support_are_infinitely_strange():
    rows = np.random.RandomState(0).randint(0, 2, (40, 3)).astype(float)
    m1 = M1(**SETTINGS).fit(rows)
    strange = rows[:2].copy()
    strange[1, 1] = 5
    assert np.isposinf(m1.anomaly_score(strange)).tolist() == [False, True]
    assert np.isposinf(m1.anomaly_score(strange[1:])).tolist() == [True]
    for method in ("importance", "typicality"):
        assert np.isposinf(m1.anomaly_score(strange, method)).tolist() == [False, True]
    for given in ([0], [1]):  # whether or not the strange cell is conditioned on
        assert np.isposinf(m1.anomaly_score(strange, "conditional", given)).tolist() == [False, True]


@pytest.mark.parametrize(("limit", "value", "kept"), [("MOST_KEPT", 9, 9), ("MOST_CLASSES", 60, 20)])
def test_a_bounded_choice_of_the_rows_is_kept(monkeypatch, limit, value, kept):
    monkeypatch.setattr(anomalies, limit, value)
    classifier = DeepGenerativeClassifier("m2", **SETTINGS | {"epochs": 1}).fit(X, Y)
    assert classifier.kept_latents_.shape == (kept, 2)
    distance = mean_distance(classifier.transform(X), classifier.kept_latents_, nearest=1)
    assert distance.max() < 0.1  # each is that of a row
    spread = np.abs(np.subtract.outer(classifier.kept_latents_, classifier.kept_latents_)).max()
    assert spread > 0.5 * np.abs(classifier.transform(X).max() - classifier.transform(X).min())  # of all classes


def test_a_pass_over_more_rows_keeps_theirs():
    classifier = DeepGenerativeClassifier("m2", **SETTINGS).partial_fit(X, Y, classes=[0, 1, 2])
    assert len(classifier.kept_latents_) == 150
    assert len(classifier.partial_fit(X[::3], Y[::3]).kept_latents_) == 50


def test_a_class_left_out_is_strange():
    learn, left_out = Y != 0, Y == 0
    even = np.arange(150) % 2 == 0
    m1 = M1(**SETTINGS | {"epochs": 60, "learning_rate": 2e-2}).fit(X[learn & even])
    assert roc_auc_score(left_out[~even], m1.anomaly_score(X[~even])) > 0.95


def test_bad_input_is_refused(m1, sdgm):
    with pytest.raises(
        ValueError, match="method: got 'distance' .*, want one of class, conditional, density, importance"
    ):
        sdgm.anomaly_score(X, method="distance")
    with pytest.raises(ValueError, match="method: got 'class'.*, want one of conditional, density, importance"):
        m1.anomaly_score(X, method="class")
    for given in ([], [0, 1, 2, 3], [4], [-1], [True, False], ["a"], np.array([0, 99])):
        with pytest.raises(ValueError, match=r"given: got \[.*\], want some of the columns 0 to 3, not all"):
            m1.anomaly_score(X, "conditional", given)
    for method, columns in (("conditional", None), ("density", [0])):
        with pytest.raises(ValueError, match=f"given: got .* for the method '{method}', want columns"):
            m1.anomaly_score(X, method, columns)


def test_an_estimator_of_an_older_version_says_so(m1):
    state = {name: value for name, value in m1.__getstate__().items() if name not in ("kept_latents_", "mean_bound_")}
    older = M1.__new__(M1)
    older.__setstate__(state)
    with pytest.raises(ValueError, match="method: got 'neighbours' for a M1 without the latents of its training rows"):
        older.anomaly_score(X)
    with pytest.raises(ValueError, match="method: got 'typicality' for a M1 without the mean bound"):
        older.anomaly_score(X, "typicality")
    assert np.array_equal(older.anomaly_score(X, "density"), m1.anomaly_score(X, "density"))
