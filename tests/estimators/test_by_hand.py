"""What the estimators say of a row equals its formula in plain torch, in the units of the table."""

import math

import numpy as np
import pytest
import torch

from pyrodgm.estimators import M1, DeepGenerativeClassifier
from tests import by_hand
from tests.pairs import CLASSES, model_classes

SETTINGS = {"z_size": 2, "hidden": (8,), "epochs": 1, "validation_fraction": 0, "random_state": 0}
generator = np.random.RandomState(0)
MEASURED = generator.randn(30, 4) * [0.1, 1.0, 20.0, 3.0] + [5.0, 0.0, -7.0, 0.0]
COUNTS = generator.randint(0, 5, (30, 4))
Y = np.arange(30) % CLASSES
TABLES = {"measured": MEASURED, "counts": COUNTS}


def read(estimator, X):
    """The model in double precision, the rows as it takes them, and the log of what a unit of its density measures."""
    normal = estimator.likelihood_ == "normal"
    scaled = (X - X.mean(0)) / X.std(0) if normal else X
    volume = np.log(X.std(0)).sum() if normal else 0.0
    return estimator.model_.double(), torch.from_numpy(scaled).double(), volume


def shared(model, samples=1):
    """The noise of one row, for all."""
    return by_hand.Noise(samples, 1, model.num_classes)


def check_rows(estimator, X):
    """Scores by 10 samples and by importance weights, and posterior means by 10."""
    found = [estimator.score_samples(X), estimator.score_samples(X, importance_samples=6), estimator.transform(X)]
    model, x, volume = read(estimator, X)
    with torch.no_grad():
        torch.manual_seed(0)
        want = sum(by_hand.bounds(model, x, shared(model)).mean(0) for _ in range(10)) / 10
        np.testing.assert_allclose(found[0], want - volume, rtol=1e-9)
        torch.manual_seed(0)
        log_w = by_hand.log_weights(model, x, shared(model, 6))
        np.testing.assert_allclose(found[1], log_w.logsumexp(0) - math.log(6) - volume, rtol=1e-9)
        torch.manual_seed(0)
        means = [
            sum(by_hand.means(model, x, shared(model), site) for _ in range(10)) / 10
            for site in estimator.latent_sizes_
        ]
        np.testing.assert_allclose(found[2], torch.cat(means, 1), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("model_class", [c for c in model_classes() if hasattr(c, "classifier")])
def test_a_classifier(model_class, table):
    X = TABLES[table]
    estimator = DeepGenerativeClassifier(model_class, a_size=3, **SETTINGS).fit(X, Y)
    probabilities = estimator.predict_proba(X)
    check_rows(estimator, X)
    model, x, _ = read(estimator, X)
    with torch.no_grad():
        want = by_hand.classifier(model, x, 10)
    np.testing.assert_allclose(probabilities, want, rtol=1e-9)
    assert np.array_equal(estimator.predict(X), want.argmax(1))


@pytest.mark.parametrize("table", TABLES)
def test_m1(table):
    X = TABLES[table]
    m1 = M1(**SETTINGS).fit(X)
    features = m1.transform(X)
    check_rows(m1, X)
    model, x, _ = read(m1, X)
    with torch.no_grad():
        np.testing.assert_allclose(features, by_hand.moments(model.q_z, by_hand.read(model, x))[0], rtol=1e-9)
