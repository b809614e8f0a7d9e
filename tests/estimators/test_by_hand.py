"""The estimators' densities and probabilities equal their formulas in plain torch, in the units of the table."""

import math

import numpy as np
import pytest
import torch

from pyrodgm.data import Batches
from pyrodgm.estimators import M1, DeepGenerativeClassifier
from pyrodgm.models import M2, CaGeM
from pyrodgm.models.catalogue import is_of_images
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
@pytest.mark.parametrize(
    "model_class", [c for c in model_classes() if hasattr(c, "classifier") and not is_of_images(c)]
)
def test_a_classifier(model_class, table):
    X = TABLES[table]
    estimator = DeepGenerativeClassifier(model_class, a_size=3, **SETTINGS).fit(X, Y)
    probabilities = estimator.predict_proba(X)
    check_rows(estimator, X)
    model, x, _ = read(estimator, X)
    options = {"network": "inference"} if model_class is CaGeM else {}
    with torch.no_grad():
        want = by_hand.classifier(model, x, 10, **options) ** (1 / 2.5)  # at the temperature of few labels
        want = want / want.sum(-1, keepdim=True)
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


def loss_by_hand(model, labelled, unlabelled, alpha):
    """- sum_l log p(x, y) - alpha sum_l log q(y | x) - sum_u log p(x), the bounds at the generator's next noise."""
    x, y = labelled
    bound = by_hand.bounds(model, x, by_hand.fresh(model, x), y).sum()
    classes = by_hand.log_class(model.q_y, torch.eye(CLASSES)[y], x).sum()
    return -bound - alpha * classes - by_hand.bounds(model, unlabelled, by_hand.fresh(model, unlabelled)).sum()


@pytest.mark.parametrize("restarted", [False, True])
def test_partial_fit_keeps_adams_moments(restarted):
    """Two calls are two epochs of one Adam in plain torch, and are not those of one that begins anew."""
    torch.set_default_dtype(torch.float64)
    X = (COUNTS > 2).astype(float)
    labels = np.where(np.arange(30) < 12, Y, -1)
    estimator = DeepGenerativeClassifier("m2", batch_size=10, learning_rate=0.01, beta=2.0, **SETTINGS)
    for _ in range(2):
        estimator.partial_fit(X, labels, classes=range(CLASSES))

    seed = np.random.RandomState(0).randint(2**31 - 1)
    torch.manual_seed(seed)
    model = M2(4, CLASSES, z_size=2, hidden=(8,))
    x, losses = torch.from_numpy(X), []
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(2):
        if epoch == 1:
            torch.manual_seed(seed + 1)
            adam = torch.optim.Adam(model.parameters(), lr=0.01) if restarted else adam
        for batch in Batches(x, 10, (x[:12], torch.from_numpy(labels[:12])), 10, seed=seed + epoch):
            adam.zero_grad()
            loss = loss_by_hand(model, **batch, alpha=2.0 * 30 / 12)
            loss.backward()
            adam.step()
            losses.append(float(loss.detach()))
    found = torch.cat([p.detach().flatten() for p in estimator.model_.parameters()])
    wanted = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert torch.allclose(found, wanted, rtol=1e-8, atol=1e-10) != restarted
    means = [sum(losses[:3]) / 3, sum(losses[3:]) / 3]
    assert ([row["loss"] for row in estimator.history_] == pytest.approx(means, rel=1e-9)) != restarted
