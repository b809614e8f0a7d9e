"""Extremely distant rows: low scores, valid probabilities, and never NaN."""

import copy

import numpy as np
import pyro
import pytest
import torch
from sklearn.datasets import load_wine

from pyrodgm.estimators import M1, DeepGenerativeClassifier
from pyrodgm.evaluate import anomaly_score, bayes_classifier, classification_error, match_clusters, row_bounds
from pyrodgm.models import M2
from pyrodgm.models.catalogue import has_classes, is_of_images
from tests.pairs import LIKELIHOODS, POSTERIORS, model_classes, name

X, Y = load_wine(return_X_y=True)
MEAN, SD = X.mean(0), X.std(0)
SETTINGS = {"z_size": 3, "hidden": (16, 16), "epochs": 2, "learning_rate": 2e-2, "random_state": 0}
SCALES = [0, 1, 10, 100, 1e3, 1e4, 1e6, 1e12, 1e20, 1e30]
CASES = [(c, "normal") for c in model_classes() if has_classes(c) and not is_of_images(c)] + [(M1, "normal")]
CASES += [(c, p) for c in model_classes() if c.__name__ in ("ADGM", "CaGeM") for p in POSTERIORS[1:]]


def far_rows(rows=8):
    """Rows ``(scales, rows, D)`` at so many standard deviations from the mean, each in a direction of its own."""
    direction = np.random.RandomState(0).randn(len(SCALES), rows, X.shape[1])
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    return MEAN + SD * direction * np.array(SCALES)[:, None, None]


def fitted(model_class, posterior="normal"):
    if model_class is M1:
        return M1(**SETTINGS).fit(X)
    model = (model_class, {"posterior": posterior})
    return DeepGenerativeClassifier(model, a_size=3, **SETTINGS).fit(X, np.where(np.arange(len(Y)) % 3, -1, Y))


@pytest.mark.parametrize(
    ("model_class", "posterior"), [pytest.param(c, p, id=f"{c.__name__}-{name(p)}") for c, p in CASES]
)
def test_far_rows_are_the_strangest_and_nothing_is_nan(model_class, posterior):
    estimator = fitted(model_class, posterior)
    far = far_rows()
    rows = far.reshape(-1, X.shape[1])
    for options in ({}, {"importance_samples": 5}):
        strangest = estimator.score_samples(X, **options).min()
        scores = estimator.score_samples(rows, **options).reshape(far.shape[:2])
        assert np.isfinite(scores).all()
        assert (scores[SCALES.index(100) :] < strangest).all()
    assert np.isfinite(estimator.transform(rows)).all()
    score = anomaly_score(estimator.model_, estimator.columns_.to_model(rows).float()).reshape(far.shape[:2])
    torch.manual_seed(0)
    far_score = anomaly_score(estimator.model_, (x := estimator.columns_.to_model(rows[-40:]).float()))
    torch.manual_seed(0)
    in_double = -row_bounds(copy.deepcopy(estimator.model_).double(), x.double())
    torch.testing.assert_close(far_score, in_double.float())
    usual = anomaly_score(estimator.model_, estimator.columns_.to_model(X).float())
    assert not score.isnan().any() and bool((score[SCALES.index(100) :] > usual.max()).all())
    if model_class is not M1:
        probabilities = estimator.predict_proba(rows)
        np.testing.assert_allclose(probabilities.sum(1), 1)
        assert set(estimator.predict(rows)) <= {0, 1, 2}


def test_samples_of_far_rows_are_numbers():
    assert np.isfinite(M1(features="samples", **SETTINGS).fit(X).transform(far_rows().reshape(-1, X.shape[1]))).all()


@pytest.mark.parametrize("likelihood", [kind for kind in LIKELIHOODS if kind != "normal"], ids=name)
def test_rows_that_the_likelihood_cannot_have_score_minus_infinity(likelihood):
    counts = np.random.RandomState(0).randint(0, 2 if likelihood == "bernoulli" else 5, (60, 6)).astype(float)
    settings = SETTINGS | {"likelihood": likelihood}
    classifier = DeepGenerativeClassifier("m2", **settings).fit(counts, np.arange(60) % 2)
    rows = np.concatenate([counts[:3], -counts[:1] - 1, counts[3:5] + 1e30, counts[5:6] * 0 + 6])
    for options in ({}, {"importance_samples": 5}):
        scores = classifier.score_samples(rows, **options)
        assert np.isfinite(scores[:3]).all() and (scores[3:] == -np.inf).all()
        np.testing.assert_allclose(scores[:3], classifier.score_samples(counts[:3], **options))
    assert np.isfinite(classifier.transform(rows)).all()
    np.testing.assert_allclose(classifier.predict_proba(rows).sum(1), 1)
    score = anomaly_score(classifier.model_, torch.from_numpy(rows).float())
    assert score.isfinite().tolist() == [True] * 3 + [False] * 4 and bool((score[3:] > 0).all())


@pytest.mark.parametrize("model", ["m2", "sdgm"])
def test_scores_in_single_precision_are_those_in_double_for_rows_near_and_far(model):
    X = np.random.RandomState(1).randn(60, 6) * [1, 2, 3, 4, 5, 6] + 100
    classifier = DeepGenerativeClassifier(model, **SETTINGS | {"likelihood": "normal"}).fit(X, np.arange(60) % 2)
    rows = np.concatenate([X, X[:3] + 1e6, X[:3] + 1e12])
    for options in ({}, {"num_samples": 1}, {"importance_samples": 5}):
        exact = classifier.score_samples(rows, **options)
        for size in (None, 7, 1000):
            single = classifier.score_samples(rows, batch_size=size, dtype="float32", **options)
            assert single.dtype == np.float64
            np.testing.assert_allclose(single[:60], exact[:60], rtol=1e-4)
            np.testing.assert_allclose(single[60:], exact[60:], rtol=1e-9)
            np.testing.assert_allclose(classifier.score_samples(rows, batch_size=size, **options), exact, rtol=1e-9)
    assert not np.array_equal(single[:60], exact[:60])
    few, many = classifier.score_samples(X, num_samples=1), classifier.score_samples(X, num_samples=400)
    assert np.abs(classifier.score_samples(X) - many).mean() < np.abs(few - many).mean()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_samples": 0}, "num_samples: got 0, want a positive int"),
        ({"batch_size": 2.5}, "batch_size: got 2.5, want a positive int"),
        ({"dtype": "float16"}, "dtype: got 'float16' .did you mean 'float64'.., want one of float32, float64"),
    ],
)
def test_bad_options_of_scores(options, message):
    classifier = DeepGenerativeClassifier("m2", **SETTINGS).fit(X, Y)
    with pytest.raises(ValueError, match=message):
        classifier.score_samples(X, **options)


class Lost(M2):
    """A pair that cannot bear rows far away."""

    def guide(self, x, y=None, size=1):
        super().guide(torch.where(x.abs() > 1e3, torch.inf, x), y, size)


def test_nan_is_told_with_its_site_and_never_becomes_a_class():
    classifier = DeepGenerativeClassifier(Lost, **SETTINGS).fit(X, Y)
    rows = far_rows()[SCALES.index(1e6)]
    told = "x: got 8 rows with a NaN result, the first is row 0 of its batch: site 'y' of the guide has a log-prob"
    for ask in (
        classifier.score_samples,
        lambda rows: classifier.score_samples(rows, importance_samples=3),
        classifier.transform,
    ):
        with pytest.raises(ValueError, match=told):
            ask(rows)
    classifier.model_.q_y.logits.bias.data[:] = torch.nan
    for ask in (classifier.predict, classifier.predict_proba):
        with pytest.raises(ValueError, match="classifier: got NaN for the probabilities of site 'y' in 8 rows"):
            ask(rows)
    model, y = M2(13, 3, z_size=2, hidden=(8,)), torch.zeros(8, dtype=torch.long)
    model.classifier = lambda x: torch.full((len(x), 3), torch.nan)
    for ask in (classification_error, match_clusters):
        with pytest.raises(ValueError, match="classifier: got NaN for the probabilities of site 'y' in 8 rows"):
            ask(model, torch.randn(8, 13), y)


def test_bayes_rule_refuses_a_row_that_no_class_can_have():
    model, x = M2(13, 3, z_size=2, hidden=(8,), likelihood="normal"), torch.randn(5, 13)
    x[3] = 1e25  # squares overflow single precision
    with pytest.raises(ValueError, match="x: got 1 rows"):
        bayes_classifier(model, x)


@pytest.mark.parametrize("validation", [True, False])
def test_an_anomaly_score_says_what_it_cannot_do_in_our_words(validation):
    model, x = Lost(13, 3, z_size=2, hidden=(8,), likelihood="normal"), torch.randn(5, 13)
    with pyro.validation_enabled(validation):
        assert anomaly_score(model, x).isfinite().all()
        with pytest.raises(ValueError, match="x: got 1 NaN or infinite values, want finite numbers"):
            anomaly_score(model, x.index_put((torch.tensor(1), torch.tensor(2)), torch.tensor(torch.nan)))
        with pytest.raises(
            ValueError, match="x: got 5 rows with a NaN result, the first is row 0 of its batch: site 'y'"
        ):
            anomaly_score(model, 1e5 * (x.abs() + 1))
        assert pyro.settings.get("validate_poutine") is validation
