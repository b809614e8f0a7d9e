"""Class information in the latents and in the generative model."""

from typing import ClassVar

import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier

from pyrodgm.data import Rows
from pyrodgm.evaluate import bayes_classifier, classification_error, match_clusters, probe
from pyrodgm.models import M2, SDGM, VAE
from tests.evaluate.known_evidence import Discrete
from tests.pairs import rows, small


def test_bayes_rule_is_exact_where_the_bound_is():
    """q(c | x, y) = p(c | x, y) makes the bound of log p(x, y) exact, whatever c is drawn."""
    model = Discrete()
    model.p_x = model.p_x[:, :1].expand(-1, 2, -1)  # x does not read c, so that p(c | x, y) = p(c | y)
    model.q_c = model.p_c
    x = model.data()
    torch.testing.assert_close(bayes_classifier(model, x, batch_size=5), model.joint(x).softmax(-1))
    y = model.joint(x).argmax(-1)
    assert classification_error(model, x, y, classifier=bayes_classifier) == 0
    assert classification_error(model, x, (y + 1) % 3, batch_size=3, classifier=bayes_classifier, num_samples=2) == 100


def test_bayes_classifier_gives_probabilities():
    model = small(M2)
    probs = bayes_classifier(model, rows(model)[0], num_samples=2)
    torch.testing.assert_close(probs.sum(-1), torch.ones(7))


def test_a_class_that_is_impossible_has_probability_zero():
    model = Discrete()
    model.p_y[1] = -torch.inf
    probs = bayes_classifier(model, model.data())
    assert not probs[:, 1].any()
    torch.testing.assert_close(probs.sum(-1), torch.ones(len(probs)).double())


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_that_is_no_class_is_refused(label):
    model = small(M2)
    x, y = rows(model)
    y[2] = label
    with pytest.raises(ValueError, match=r"y: got labels from .*, want 0 to 2"):
        classification_error(model, x, y)


class Clusters(torch.nn.Module):
    """Cluster k where feature k is the largest."""

    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes

    def classifier(self, x):
        return x[:, : self.num_classes]


def test_clusters_are_matched_one_to_one_so_that_most_rows_agree():
    clusters = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2])
    y = torch.tensor([2, 2, 2, 1, 2, 2, 1, 0, 0])  # cluster 1 has more of class 2, which cluster 0 has more of still
    model, x = Clusters(3), torch.eye(4)[clusters]
    matching = match_clusters(model, x, y, batch_size=4)
    assert matching.tolist() == [2, 1, 0]
    error = classification_error(model, x, y, matching=matching, batch_size=4)
    assert error == pytest.approx(100 * 3 / 9)
    assert classification_error(model, x, torch.eye(3)[y].long(), matching=matching) == error
    assert match_clusters(model, x, torch.eye(3)[y].long(), batch_size=4).tolist() == [2, 1, 0]


def test_clusters_left_over_stand_for_the_class_that_most_of_their_rows_have():
    clusters = torch.tensor([0, 0, 0, 1, 1, 2, 3, 3])
    y = torch.tensor([0, 0, 0, 0, 0, 1, 1, 0])
    matching = match_clusters(Clusters(4), torch.eye(4)[clusters], y)
    assert matching.tolist() == [0, 0, 1, 0]


def test_fewer_clusters_than_classes_leave_classes_unmatched():
    matching = match_clusters(Clusters(2), torch.eye(4)[torch.tensor([0, 0, 1])], torch.tensor([4, 4, 1]))
    assert matching.tolist() == [4, 1]


def test_matching_wants_labels():
    with pytest.raises(ValueError, match="y: got 2 labels, want 3"):
        match_clusters(Clusters(2), torch.eye(4)[:3], torch.tensor([0, 1]))


@pytest.mark.parametrize("function", [classification_error, match_clusters, bayes_classifier])
def test_a_model_without_classes_is_refused(function):
    model, labels = small(VAE), () if function is bayes_classifier else (torch.zeros(7).long(),)
    with pytest.raises(ValueError, match="model: got VAE, which has no classes, want a model with num_classes"):
        function(model, rows(model)[0], *labels)


@pytest.mark.parametrize("function", [classification_error, match_clusters])
def test_a_row_with_nan_for_one_class_is_refused(function):
    x = torch.eye(3)
    x[1, 2] = torch.nan
    with pytest.raises(ValueError, match="classifier: got NaN for the probabilities of site 'y' in 1 rows"):
        function(Clusters(3), x, torch.tensor([0, 1, 2]))


def separable(model, count=120):
    """A VAE whose z is the first two features, and rows whose class is read off the first."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.q_z.loc.weight[:, :2] = torch.eye(2)
        model.q_z.log_variance.bias.fill_(-8.0)
    x = torch.rand(count, 6)
    x[:, 0] = torch.arange(count) % 2
    return Rows(x, torch.arange(count) % 2)


@pytest.mark.parametrize("means", [True, False])
def test_probe_reads_the_class_where_the_latent_holds_it(means):
    model = small(VAE, hidden=())
    data = separable(model)
    assert probe(model, data, data, means=means, batch_size=50) == 0
    wrong = Rows(data.x, 1 - data.y)
    assert probe(model, data, wrong, means=means) == 100
    classifier = KNeighborsClassifier(1)
    assert probe(model, data, data, classifier=classifier, means=means) == 0
    assert not hasattr(classifier, "classes_")


@pytest.mark.parametrize("means", [True, False])
def test_probe_keeps_a_row_and_its_class_together_with_every_label(means):
    model = small(M2, hidden=())
    data = separable(model)
    assert probe(model, data, data, means=means, batch_size=50) == 0


def test_probe_of_draws_has_their_noise():
    model = small(VAE, hidden=())
    data = separable(model)
    with torch.no_grad():
        model.q_z.log_variance.bias.fill_(4.0)
    assert probe(model, data, data) == 0 < 10 < probe(model, data, data, means=False)


@pytest.mark.parametrize("means", [True, False])
def test_probe_does_not_see_the_label_through_the_guide(means):
    """z says which y the guide was given, and x nothing: the probe is to do no better than chance."""
    model = small(M2, hidden=())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.q_z.loc.weight[0, 6:] = torch.tensor([-5.0, 0.0, 5.0])
        model.q_y.logits.weight[:, :3] = 50 * torch.eye(3)
    y = torch.arange(90) % 3
    data = Rows(torch.eye(3)[y].repeat(1, 2), y)
    assert classification_error(model, *data) == 0
    assert probe(model, data, data, means=means) == pytest.approx(100 * 2 / 3, abs=0 if means else 10)


class Recorder(BaseEstimator, ClassifierMixin):
    """Remembers what it was fitted to, and always says 0."""

    seen: ClassVar[list] = []

    def fit(self, features, y):
        self.seen.append(torch.as_tensor(features))
        return self

    def predict(self, features):
        return [0] * len(features)


@pytest.mark.parametrize("means", [True, False])
def test_probe_reads_the_latent_asked_for(means):
    model = small(SDGM, a_size=4, z_size=2)
    data = Rows(*rows(model))
    for site, size in (("a", 4), ("z", 2)):
        probe(model, data, data, site=site, classifier=Recorder(), means=means)
        assert Recorder.seen.pop().shape[1] == size and not Recorder.seen


def test_probe_refuses_labels_of_another_length():
    model = small(VAE)
    data = Rows(torch.rand(4, 6), torch.zeros(3).long())
    with pytest.raises(ValueError, match="y: got 3 labels, want 4"):
        probe(model, data, data)
