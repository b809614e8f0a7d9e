"""Temperature scaling: known temperatures are found, and the estimator uses them where labels were held out."""

import numpy as np
import pytest
import torch

from pyrodgm.estimators import DeepGenerativeClassifier
from pyrodgm.estimators.temperature import FEW_LABELS, fit_temperature, temper


def sure_by(factor, num_rows=20_000):
    """Probabilities whose logits are ``factor`` times those of the labels."""
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(num_rows, 3, generator=generator, dtype=torch.float64)
    y = logits.softmax(-1).multinomial(1, generator=generator)[:, 0]
    return (factor * logits).softmax(-1), y


def test_probabilities_at_a_temperature_are_their_powers():
    probabilities, _ = sure_by(1.0, 50)
    expected = probabilities ** (1 / 2.5)
    torch.testing.assert_close(temper(probabilities, 2.5), expected / expected.sum(-1, keepdim=True))
    assert temper(probabilities, 1.0) is probabilities
    assert torch.equal(temper(torch.tensor([[1.0, 0.0]]), 3.0), torch.tensor([[1.0, 0.0]]))


@pytest.mark.parametrize("factor", [1.5, 3.0])
def test_too_sure_a_classifier_gets_its_temperature(factor):
    probabilities, y = sure_by(factor)
    assert fit_temperature(probabilities, y) == pytest.approx(factor, rel=0.05)
    probabilities[0] = 0.0
    probabilities[0, (y[0] + 1) % 3] = 1.0  # of which no temperature makes anything
    assert fit_temperature(probabilities, y) == pytest.approx(factor, rel=0.05)


def test_no_classifier_is_made_surer():
    assert fit_temperature(*sure_by(0.5)) == 1
    certain, y = torch.eye(3)[torch.arange(60) % 3], torch.arange(60) % 3
    assert fit_temperature(certain, y) == 1


@pytest.fixture(scope="module")
def noisy():
    """Two far blobs whose labels are wrong in a fifth of the rows."""
    random = np.random.RandomState(0)
    y = np.arange(400) % 2
    X = random.randn(400, 2) + 6 * y[:, None]
    return X, np.where(random.rand(400) < 0.2, 1 - y, y)


def fitted(noisy, share):
    settings = {"z_size": 2, "hidden": (64,), "learning_rate": 2e-2, "epochs": 40, "patience": 40}
    return DeepGenerativeClassifier("m2", validation_fraction=share, random_state=0, **settings).fit(*noisy)


def test_the_estimator_scales_by_fifty_labels_held_out(noisy):
    X, _ = noisy
    classifier = fitted(noisy, 0.5)
    scaled = classifier.predict_proba(X)
    assert classifier.temperature_ > 1.05
    streamed, _ = classifier.predict_and_score(X, dtype="float64")
    np.testing.assert_allclose(streamed, scaled)
    found, classifier.temperature_ = classifier.temperature_, 1.0
    raw = torch.from_numpy(classifier.predict_proba(X))
    np.testing.assert_allclose(scaled, temper(raw, found))
    assert np.array_equal(scaled.argmax(1), raw.argmax(1))


@pytest.mark.parametrize(("labels", "temperature"), [(0, 1), (20, FEW_LABELS), (499, FEW_LABELS), (500, 1)])
def test_without_fifty_it_depends_on_the_number_of_labels(labels, temperature):
    y = np.arange(500) % 2
    X = np.random.RandomState(0).randn(500, 2) + 6 * y[:, None]
    y[labels:] = -1
    settings = {"z_size": 2, "hidden": (8,), "epochs": 1, "num_classes": 2}
    classifier = DeepGenerativeClassifier("m2", validation_fraction=0, random_state=0, **settings).fit(X, y)
    assert classifier.temperature_ == temperature


def test_a_second_fit_forgets_the_temperature_of_the_first(noisy):
    X, y = noisy
    classifier = fitted(noisy, 0.5)
    first = classifier.temperature_
    assert classifier.fit(X, y).temperature_ == first
    assert classifier.set_params(num_classes=2, epochs=1).fit(X).temperature_ == 1


def test_partial_fit_starts_without_one(noisy):
    X, y = noisy
    classifier = fitted(noisy, 0.5)
    assert classifier.partial_fit(X, y).temperature_ == 1
