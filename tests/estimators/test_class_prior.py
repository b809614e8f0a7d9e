"""The prior p(y) of the classifier's model: uniform, or given as an option."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import make_classification

from pyrodgm.estimators import DeepGenerativeClassifier

SETTINGS = {"z_size": 4, "a_size": 4, "hidden": (32,), "random_state": 0}


def test_a_rare_class_is_not_found_everywhere():
    """With a uniform prior, the rare class is predicted for far more rows than have it."""
    X, y = make_classification(1000, 12, n_informative=5, weights=[0.9], flip_y=0, random_state=32)
    few = np.where(np.arange(200) < 80, y[:200], -1)
    given = DeepGenerativeClassifier(("sdgm", {"class_prior": (0.9, 0.1)}), epochs=75, random_state=0)
    uniform = DeepGenerativeClassifier(epochs=75, random_state=0).fit(X[:200], few)
    given.fit(X[:200], few)
    X, y = X[200:], y[200:]
    excess, excess_of_uniform = (c.predict_proba(X)[:, 1].mean() - y.mean() for c in (given, uniform))
    assert abs(excess) < 0.5 * excess_of_uniform
    assert given.score(X, y) > uniform.score(X, y)


@pytest.mark.parametrize("model", ["sdgm", "adgm", "m2", "m1m2", "adversarialm2"])
def test_generated_classes_have_the_shares_of_the_prior(model):
    X, y = np.random.RandomState(0).randn(40, 6), np.arange(40) % 2
    for prior, share in (((0.9, 0.1), 0.1), (None, 0.5)):
        classifier = DeepGenerativeClassifier((model, {"class_prior": prior}), epochs=1, **SETTINGS).fit(X, y)
        for one in (classifier, pickle.loads(pickle.dumps(classifier))):
            assert one.model_.class_prior == prior
            assert one.sample(4000)[1].mean() == pytest.approx(share, abs=4 * (0.25 / 4000) ** 0.5)
