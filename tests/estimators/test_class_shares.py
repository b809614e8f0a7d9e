"""The prior of the classes in the classifier: their shares among the labels."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import make_classification

from pyrodgm.estimators import DeepGenerativeClassifier
from pyrodgm.estimators.targets import class_shares

SETTINGS = {"z_size": 4, "a_size": 4, "hidden": (32,), "random_state": 0}


def rare(share, num_rows, seed):
    """Two normal classes, one of them rare."""
    random = np.random.RandomState(seed)
    y = (random.rand(num_rows) < share).astype(int)
    return random.randn(num_rows, 6) + 1.5 * y[:, None] * np.array([1, 1, 0, 0, 0, 0]), y


def test_shares_are_smoothed_and_none_if_they_are_equal():
    assert class_shares(np.array([0, 0, 0, 1, -1]), 2) == pytest.approx((4 / 6, 2 / 6))
    assert class_shares(np.array([0, 0, -1]), 2) == pytest.approx((3 / 4, 1 / 4))
    assert class_shares(np.array([0, 1, -1, 1, 0]), 2) is None
    assert class_shares(np.array([-1, -1]), 2) is None


def test_a_rare_class_is_not_found_everywhere():
    """With a uniform prior, the rare class is predicted for far more rows than have it."""
    X, y = make_classification(1000, 12, n_informative=5, weights=[0.9], flip_y=0, random_state=32)
    few = np.where(np.arange(200) < 80, y[:200], -1)
    by_shares = DeepGenerativeClassifier(epochs=75, random_state=0).fit(X[:200], few)
    uniform = DeepGenerativeClassifier(("sdgm", {"class_prior": None}), epochs=75, random_state=0).fit(X[:200], few)
    X, y = X[200:], y[200:]
    excess, excess_of_uniform = (c.predict_proba(X)[:, 1].mean() - y.mean() for c in (by_shares, uniform))
    assert abs(excess) < 0.5 * excess_of_uniform  # 0.05 and 0.18
    assert by_shares.score(X, y) > uniform.score(X, y)


@pytest.mark.parametrize("model", ["sdgm", "adgm", "m2", "m1m2", "adversarialm2", "cagem"])
def test_generated_classes_have_the_shares_of_the_labels(model):
    X, y = rare(0.1, 200, seed=1)
    classifier = DeepGenerativeClassifier(model, epochs=1, **SETTINGS).fit(X, y)
    prior = class_shares(y, 2)
    if model == "cagem":  # its p(y | z2) is learned
        assert not hasattr(classifier.model_, "log_class_prior")
        return
    assert classifier.model_.class_prior == prior
    again = pickle.loads(pickle.dumps(classifier))
    for one in (classifier, again):
        assert one.sample(4000)[1].mean() == pytest.approx(prior[1], abs=4 * (0.1 * 0.9 / 4000) ** 0.5)


def test_equally_many_labels_keep_the_uniform_prior():
    X, _ = rare(0.1, 40, seed=2)
    classifier = DeepGenerativeClassifier("m2", epochs=1, **SETTINGS).fit(X, np.arange(40) % 2)
    assert classifier.model_.class_prior is None
