import math

import pyro
import pytest
import torch
from pyro.infer import TraceEnum_ELBO

from pyrodgm.evaluate import (
    bound,
    classification_error,
    elbo_parts,
    evaluating,
    kl_per_unit,
    latent_means,
    latents,
    log_likelihood,
    match_clusters,
    row_bounds,
    to_inference_data,
)
from pyrodgm.models import ADGM, M2, VAE
from tests.pairs import rows, small


class Threshold(torch.nn.Module):
    """A classifier with a known answer: class 1 where the first feature exceeds one half."""

    num_classes = 2

    def classifier(self, x, shift=0.0):
        return torch.stack([0.5 - x[:, 0], x[:, 0] - 0.5 + shift], -1)


def test_error_is_the_share_of_wrong_rows_in_per_cent():
    x = torch.linspace(0, 0.99, 100)[:, None]
    y = (torch.arange(100) >= 60).long()
    assert classification_error(Threshold(), x, y, batch_size=7) == pytest.approx(9.0)
    assert classification_error(Threshold(), x, y, shift=10.0) == pytest.approx(60.0)


def test_clusters_are_matched_by_the_classifier_with_its_options():
    x, y = torch.linspace(0, 0.99, 100)[:, None], (torch.arange(100) >= 60).long()
    assert match_clusters(Threshold(), x, y).tolist() == [0, 1]
    assert match_clusters(Threshold(), x, y, shift=10.0).tolist() == [1, 0]


@pytest.mark.parametrize("function", [bound, row_bounds, elbo_parts, latent_means])
def test_more_labels_than_rows_are_refused(function):
    model = small(M2)
    with pytest.raises(ValueError, match="y: got 8 labels, want 7, one for each row of x"):
        function(model, rows(model)[0], torch.zeros(8).long(), batch_size=7)  # the last label is a batch of its own


@pytest.mark.parametrize("number", [0, -1])
@pytest.mark.parametrize("function", [bound, row_bounds, elbo_parts, log_likelihood, latent_means, kl_per_unit])
def test_an_average_over_no_samples_is_refused(function, number):
    model = small(M2)
    with pytest.raises(ValueError, match=f"num_samples: got {number}, want a positive int"):
        function(model, rows(model)[0], num_samples=number)


@pytest.mark.parametrize("number", [0, -1, 2.0])
@pytest.mark.parametrize("function", [bound, elbo_parts, latent_means, kl_per_unit])
def test_batches_without_rows_are_refused(function, number):
    model = small(M2)
    with pytest.raises(ValueError, match=f"batch_size: got {number}, want a positive int"):
        function(model, rows(model)[0], batch_size=number)


@pytest.mark.filterwarnings("ignore:Encountered NaN")
@pytest.mark.parametrize("function", [bound, row_bounds, elbo_parts, log_likelihood, latent_means, kl_per_unit])
def test_a_single_row_whose_result_is_nan_is_refused(function):
    model = small(M2)
    x, y = rows(model)
    x[4] = torch.nan
    labels = () if function is kl_per_unit else (y,)
    with pyro.validation_enabled(False), pytest.raises(ValueError, match="x: got 1 rows with a NaN result, the first"):
        function(model, x, *labels)


class Indices(VAE):
    """A pair whose class y is an index, which has no mean."""

    def model(self, x=None, y=None, size=1):
        with self.batch(x, None, size):
            pyro.sample("y", pyro.distributions.Categorical(torch.ones(3)))
            z = pyro.sample("z", self.standard_normal(2))
            return pyro.sample("x", self.p_x(z), obs=x)

    def guide(self, x, y=None, size=1):
        with self.batch(x, None, size):
            pyro.sample("y", pyro.distributions.Categorical(torch.ones(3)), infer={"enumerate": "parallel"})
            pyro.sample("z", self.q_z(self.scaled(x)))


def test_the_mean_of_indices_is_refused_by_the_name_of_the_site():
    model = small(Indices)
    with pytest.raises(ValueError, match="site: got 'y', a Categorical, whose indices have no mean, want a OneHotCat"):
        latent_means(model, torch.rand(7, 6), site="y")
    assert latent_means(model, torch.rand(7, 6)).shape == (7, 2)


def test_error_refuses_labels_of_another_length():
    with pytest.raises(ValueError, match="y: got 3 labels, want 4"):
        classification_error(Threshold(), torch.rand(4, 1), torch.zeros(3).long())


@pytest.mark.parametrize("matching", [None, torch.tensor([1, 0])])
def test_rows_without_a_label_are_no_errors_and_no_class(matching):
    x, y = torch.rand(4, 1), torch.tensor([0, 1, -1, 0])
    with pytest.raises(ValueError, match="y: got labels from -1 to 1, want 0 to 1"):
        classification_error(Threshold(), x, y, matching=matching)
    with pytest.raises(ValueError, match="y: got labels from -1 to 1, want 0 to 1"):
        match_clusters(Threshold(), x, y)


@pytest.mark.parametrize("labelled", [False, True])
def test_bound_is_the_mean_elbo_in_nats_a_row(labelled):
    model = small(M2)
    x, y = rows(model)
    y = y if labelled else None
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    torch.manual_seed(5)
    want = -sum(elbo.loss(model.model, model.guide, x, y) for _ in range(3)) / 3 / len(x)
    torch.manual_seed(5)
    assert bound(model, x, y, num_samples=3) == pytest.approx(want, rel=1e-6)


def test_bound_does_not_depend_on_the_batch_size_but_by_noise():
    model = small(VAE)
    x = torch.rand(50, 6)
    values = [bound(model, x, num_samples=300, batch_size=size) for size in (7, 50)]
    assert values[0] == pytest.approx(values[1], abs=0.1)


def test_a_model_that_says_nothing_has_the_bound_of_a_fair_coin():
    model = small(VAE)
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    assert bound(model, torch.rand(5, 6).round()) == pytest.approx(-6 * math.log(2), rel=1e-5)


def test_latents_are_one_draw_of_every_site_of_the_guide():
    model = small(ADGM)
    x, y = rows(model)
    values = latents(model, x)
    assert {site: tuple(v.shape) for site, v in values.items()} == {"a": (7, 3), "y": (7, 3), "z": (7, 2)}
    assert set(latents(model, x, y)) == {"a", "z"}


def test_latents_are_drawn_in_evaluation_mode():
    model = small(VAE, batch_norm=True)
    x, before = rows(model)[0], {name: value.clone() for name, value in model.state_dict().items()}
    latents(model, x)
    assert model.training and all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


FUNCTIONS = {
    "row_bounds": row_bounds,
    "elbo_parts": lambda m, x, y: [torch.tensor(part) for part in elbo_parts(m, x, y).values()],
    "kl_per_unit": lambda m, x, y: kl_per_unit(m, x),
    "latent_means": latent_means,
    "classification_error": lambda m, x, y: torch.tensor([classification_error(m, x, y)]),
    "match_clusters": match_clusters,
    "to_inference_data": lambda m, x, y: torch.tensor(
        to_inference_data(m, x, y, num_samples=2)["posterior"]["z"].values
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_model_in_training_is_measured_in_evaluation_mode(name):
    """By its running statistics, which stay as they are, and without dropout; its figures carry no gradients."""
    model = small(M2, batch_norm=True, dropout=0.5)
    x, y = rows(model)
    for _ in range(3):
        model.classifier(x + 1)  # statistics that are not those of x
    before = {key: value.clone() for key, value in model.state_dict().items()}
    found = []
    for mode in (False, True):
        model.train(mode)
        torch.manual_seed(5)
        found.append(FUNCTIONS[name](model, x, y))
        assert all(part.training == mode for part in model.modules())
    torch.testing.assert_close(found[1], found[0], rtol=0, atol=0)
    assert not any(value.requires_grad for value in found[1])
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_evaluation_puts_the_training_mode_back():
    model = small(M2, batch_norm=True)
    model.q_y.eval()
    with evaluating(model):
        assert not any(part.training for part in model.modules()) and not torch.is_grad_enabled()
    assert model.training and model.p_x.training and not model.q_y.training
    with pytest.raises(RuntimeError), evaluating(model):
        raise RuntimeError
    assert model.training and not model.q_y.trunk.training
