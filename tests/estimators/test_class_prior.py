"""The prior p(y) of the classifier's model: learned from all rows, or given as an option."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs, make_classification

from pyrodgm.estimators import DeepGenerativeClassifier
from pyrodgm.estimators.class_prior import are_uneven
from pyrodgm.evaluate import evaluating

SETTINGS = {"z_size": 4, "a_size": 4, "hidden": (32,), "random_state": 0}


def with_labels(y, *counts):
    """The labels with the first so many of each class, and -1 for the others."""
    few = np.full(len(y), -1)
    for k, count in enumerate(counts):
        few[np.flatnonzero(y == k)[:count]] = k
    return few


def test_a_rare_class_is_not_found_everywhere():
    """With a uniform prior, the rare class is predicted for far more rows than have it."""
    X, y = make_classification(1000, 12, n_informative=5, weights=[0.9], flip_y=0, random_state=32)
    few = np.where(np.arange(200) < 80, y[:200], -1)
    uniform = DeepGenerativeClassifier(("sdgm", {"class_prior": None}), epochs=75, random_state=0).fit(X[:200], few)
    learned = DeepGenerativeClassifier(epochs=75, random_state=0).fit(X[:200], few)
    X, y = X[200:], y[200:]
    excess, excess_of_uniform = (c.predict_proba(X)[:, 1].mean() - y.mean() for c in (learned, uniform))
    assert abs(excess) < 0.5 * excess_of_uniform
    assert learned.score(X, y) > uniform.score(X, y)


@pytest.mark.parametrize("model", ["sdgm", "adgm", "m2", "m1m2", "adversarialm2"])
def test_the_prior_is_the_share_of_each_class_among_all_rows(model):
    """One row more of each class, the labels, and q(y | x) of the other rows: after five epochs, and after ten."""
    X, y = make_blobs([30, 20, 10], 5, random_state=0)
    few = with_labels(y, 16, 4, 2)
    for epochs in (5, 10):
        classifier = DeepGenerativeClassifier(model, epochs=epochs, batch_size=10, **SETTINGS).fit(X, few)
        x = classifier.columns_.to_model(X[few == -1]).float()
        with evaluating(classifier.model_), torch.no_grad():
            q = classifier.model_.classifier(x).sum(0).numpy()
        assert classifier.model_.class_prior == pytest.approx((1 + np.array([16, 4, 2]) + q) / 63, rel=1e-5)


def test_when_the_numbers_of_labels_are_uneven():
    """Chi-squared of 14 and 6 is 3.2, a probability of 7 %; of 17 and 3 it is 9.8, 0.2 %; of 9, 5 and 6, 1.3, 52 %."""
    assert [are_uneven(np.array(labels)) for labels in ([10, 10], [14, 6], [17, 3], [9, 5, 6], [90, 50, 60], [7])] == [
        False,
        False,
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("counts", [(10, 10, 10), (12, 9, 8)])
def test_about_equally_many_labels_keep_the_prior_uniform(counts):
    X, y = make_blobs([60, 20, 20], 4, random_state=0)
    assert DeepGenerativeClassifier(epochs=5, **SETTINGS).fit(X, with_labels(y, *counts)).model_.class_prior is None


def test_the_prior_of_rows_that_all_have_a_label_is_their_share():
    X, y = make_blobs([30, 15, 5], 4, random_state=0)
    classifier = DeepGenerativeClassifier(epochs=5, **SETTINGS).fit(X, y)
    assert classifier.model_.class_prior == pytest.approx([31 / 53, 16 / 53, 6 / 53])


def test_rows_of_held_out_labels_count_as_rows_without_a_label():
    X, y = make_blobs([40, 10], 4, random_state=0)
    classifier = DeepGenerativeClassifier(epochs=1, **SETTINGS).fit(X, y)
    learn, x = np.array([0, 1, 2, 3, 45]), classifier.columns_.to_model(X).float()
    prior = classifier._learned_prior(x, torch.from_numpy(y), learn)
    assert prior.labels.tolist() == np.bincount(y[learn]).tolist()
    others = np.setdiff1d(np.arange(50), learn)
    with evaluating(classifier.model_), torch.no_grad():
        torch.testing.assert_close(prior.probabilities(), classifier.model_.classifier(x[others]))


def test_labels_that_are_not_drawn_at_random_do_not_decide():
    X, y = make_blobs(400, 5, centers=2, cluster_std=3.0, random_state=3)
    classifier = DeepGenerativeClassifier(epochs=60, **SETTINGS).fit(X, with_labels(y, 36, 4))
    assert classifier.model_.class_prior[0] == pytest.approx(0.5, abs=0.1)


def test_without_labels_the_prior_is_uniform():
    X, _ = make_blobs(60, 5, centers=2, random_state=0)
    assert DeepGenerativeClassifier(num_classes=2, epochs=5, **SETTINGS).fit(X).model_.class_prior is None


@pytest.mark.parametrize("model", ["sdgm", "adgm", "m2", "m1m2", "adversarialm2"])
def test_a_given_prior_is_kept(model):
    X, y = np.random.RandomState(0).randn(40, 6), (np.arange(40) % 8 == 0).astype(int)
    for prior, share in (((0.9, 0.1), 0.1), (None, 0.5)):
        classifier = DeepGenerativeClassifier((model, {"class_prior": prior}), epochs=5, **SETTINGS).fit(X, y)
        for one in (classifier, pickle.loads(pickle.dumps(classifier))):
            assert one.model_.class_prior == (prior and pytest.approx(prior))
            assert one.sample(4000)[1].mean() == pytest.approx(share, abs=4 * (0.25 / 4000) ** 0.5)


def test_a_pickled_classifier_keeps_the_prior_that_it_learned():
    X, y = make_blobs([40, 10], 4, random_state=0)
    classifier = DeepGenerativeClassifier(epochs=5, **SETTINGS).fit(X, y)
    again = pickle.loads(pickle.dumps(classifier))
    assert again.model_.class_prior == pytest.approx([41 / 52, 11 / 52])
    np.testing.assert_array_equal(again.score_samples(X), classifier.score_samples(X))


def test_balanced_labels_find_a_class_that_has_few_of_them():
    """300 labels of two classes, and 6 of a third that overlaps with one of them but is as frequent as they are."""
    X, y = make_blobs([400, 400, 400], centers=[[0, 0, 0], [6, 0, 0], [7.5, 1.5, 0]], random_state=0)
    few, test = with_labels(y[:900], 150, 150, 6), slice(900, None)
    as_it_is = DeepGenerativeClassifier(epochs=20, **SETTINGS).fit(X[:900], few)
    balanced = DeepGenerativeClassifier(epochs=20, class_weight="balanced", **SETTINGS).fit(X[:900], few)
    recall, before = ((one.predict(X[test]) == y[test])[y[test] == 2].mean() for one in (balanced, as_it_is))
    assert recall > before + 0.2
    assert balanced.model_.class_prior is None and as_it_is.model_.class_prior is not None


def test_partial_fit_draws_balanced_labels_too():
    X, y = make_blobs([30, 6], 4, random_state=0)
    for class_weight, most in (("balanced", 4), (None, 0)):
        classifier = DeepGenerativeClassifier(class_weight=class_weight, batch_size=9, **SETTINGS)
        batches = classifier.partial_fit(X, y, classes=[0, 1])._batches(
            torch.from_numpy(X), torch.from_numpy(y), np.arange(36), 0
        )
        rare = [int(batch["labelled"][1].sum()) for batch in batches]
        assert max(rare) >= most and sum(rare) == (6 if class_weight is None else pytest.approx(18, abs=8))


def test_weights_of_classes_are_those_of_their_labels():
    """A label of words, and a class without a label in this call of partial_fit."""
    y = np.array(["b", "a", "b", None, "b"], dtype=object)
    for class_weight, wanted in (
        ({"a": 3.0, "b": 1.0, "c": 2.0}, [3, 1, 0]),
        ("balanced", [2, 2 / 3, 0]),
        (None, None),
    ):
        classifier = DeepGenerativeClassifier(class_weight=class_weight, **SETTINGS)
        classifier.partial_fit(np.random.rand(5, 3), y, classes=["a", "b", "c"])
        batches = classifier._batches(torch.rand(5, 3), torch.tensor([1, 0, 1, -1, 1]), np.array([0, 1, 2, 4]), 0)
        assert batches.class_weights == (wanted and pytest.approx(wanted))


@pytest.mark.parametrize("class_weight", ["even", {0: 1.0, 7: 2.0}, {0: -1.0, 1: 1.0}, {0: 0.0, 1: 0.0}])
def test_another_class_weight_is_refused(class_weight):
    with pytest.raises(ValueError, match=r"\bclass_weight\b"):
        DeepGenerativeClassifier(class_weight=class_weight).fit(np.random.rand(9, 2), np.arange(9) % 2)
