"""Latent-space classifiers: tests in addition to the matrix."""

import copy
import math

import pytest
import torch
from pyro import poutine
from pyro.infer import TraceEnum_ELBO
from torch.distributions import Normal, kl_divergence

from pyrodgm import testing
from pyrodgm.evaluate import elbo_parts, kl_per_unit, log_likelihood, row_bounds
from pyrodgm.handlers import warm_up
from pyrodgm.infer import SemiSupervisedELBO
from pyrodgm.models import VAE, LatentClassifierVAE, SplitLatentClassifierVAE
from tests import by_hand
from tests.pairs import POSTERIORS, rows, small

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)


def same_noise(function, *args, **kwargs):
    torch.manual_seed(5)
    return function(*args, **kwargs)


def both_bounds(**options):
    """The same parameters under each bound, in float64."""
    exact, jensen = (small(LatentClassifierVAE, bound=bound, **options).double() for bound in ("exact", "jensen"))
    jensen.load_state_dict(exact.state_dict())
    return exact, jensen


def test_the_exact_sum_is_tighter_than_jensens_bound_and_both_are_bounds():
    exact, jensen = both_bounds(hidden=(), likelihood="normal")
    with torch.no_grad():
        exact.p_x.log_variance.weight.zero_()
    x = torch.randn(7, 6).double()
    gap = same_noise(row_bounds, exact, x) - same_noise(row_bounds, jensen, x)
    assert bool((gap > 1e-3).all())
    means = [row_bounds(model, x, num_samples=200).mean() for model in (jensen, exact)]
    assert means[0] < means[1] < by_hand.latent_classifier_evidence(exact, x).mean()


def test_the_bounds_meet_where_x_says_nothing_of_y():
    exact, jensen = both_bounds()
    with torch.no_grad():
        exact.p_x.trunk.layers[0].weight[:, 2:] = 0.0
    jensen.load_state_dict(exact.state_dict())
    x = rows(exact)[0].double()
    torch.testing.assert_close(same_noise(row_bounds, exact, x), same_noise(row_bounds, jensen, x))


@pytest.mark.parametrize("posterior", POSTERIORS, ids=str)
def test_both_bounds_have_one_evidence_and_one_labelled_bound(posterior):
    exact, jensen = both_bounds(posterior=posterior)
    x, y = rows(exact)
    x = x.double()
    weights = [same_noise(log_likelihood, m, x, num_samples=20, classes="all").rows for m in (exact, jensen)]
    torch.testing.assert_close(*weights, rtol=1e-9, atol=0)
    torch.testing.assert_close(*(same_noise(row_bounds, m, x, y) for m in (exact, jensen)), rtol=1e-9, atol=0)


@pytest.mark.parametrize("model_class", [LatentClassifierVAE, SplitLatentClassifierVAE])
def test_generated_rows_have_a_class_that_x_does_not_read(model_class):
    model = small(model_class, **{"x_reads_y": False} if model_class is LatentClassifierVAE else {})
    generated = poutine.trace(model.model).get_trace(size=4).nodes
    assert "y" in generated and generated["y"]["value"].shape == (4, 3)
    assert "y" not in poutine.trace(model.model).get_trace(rows(model)[0]).nodes


@pytest.mark.parametrize("options", [{}, {"bound": "jensen"}, {"x_reads_y": False}], ids=str)
def test_the_objective_is_lambda_times_the_labelled_bound_and_the_unlabelled_one(options):
    model = small(LatentClassifierVAE, **options).double()
    x, y = rows(model)
    x = x.double()
    noise = same_noise(torch.randn, 7, 2, dtype=torch.float64)
    mu, log_variance = by_hand.moments(model.q_z, x)
    z = mu + (0.5 * log_variance).exp() * noise
    zero, one_hot = torch.zeros_like(z), torch.eye(3, dtype=x.dtype)[y]
    parents = (z, one_hot) if model.x_reads_y else (z,)
    labelled = by_hand.log_bernoulli(model.p_x, x, *parents) + by_hand.log_q_y(model.p_y, z)[torch.arange(7), y]
    labelled = labelled + by_hand.log_normal(z, zero, zero) - by_hand.log_normal(z, mu, log_variance)

    log_q = by_hand.log_q_y(model.p_y, z)[torch.arange(7), y]
    for alpha in (0.0, 100.0):
        class_term = alpha * log_q.sum().item() if model.guide_has_class else 0.0
        objective = SemiSupervisedELBO.of(model, ELBO, alpha, labelled_weight=0.3)
        loss = same_noise(objective.loss, model.model, model.guide, labelled=(x, y))
        assert loss == pytest.approx(-0.3 * labelled.sum().item() - class_term, rel=1e-9)
        both = same_noise(objective.loss, model.model, model.guide, labelled=(x, y), unlabelled=x[:3])
        torch.manual_seed(5)
        torch.randn(7, 2, dtype=torch.float64)  # the labelled rows' noise
        assert both - loss == pytest.approx(ELBO.loss(model.model, model.guide, x[:3]), rel=1e-9)


@pytest.mark.parametrize(
    ("model_class", "options"), [(LatentClassifierVAE, {"x_reads_y": False}), (SplitLatentClassifierVAE, {})]
)
def test_where_x_reads_no_y_the_unlabelled_bound_is_a_vaes(model_class, options):
    model = small(model_class, **options).double()
    x = rows(model)[0].double()
    assert set(elbo_parts(model, x)) == {"x", "z"} | ({"z_y"} if model_class is SplitLatentClassifierVAE else set())
    if model_class is LatentClassifierVAE:
        vae = small(VAE).double()
        vae.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("p_y")})
        torch.testing.assert_close(same_noise(row_bounds, model, x), same_noise(row_bounds, vae, x))


def test_a_class_summed_in_the_model_has_its_part_in_that_of_x():
    exact, jensen = both_bounds()
    x = rows(exact)[0].double()
    parts, looser = same_noise(elbo_parts, exact, x), same_noise(elbo_parts, jensen, x)
    assert set(parts) == {"x", "z"} and set(looser) == {"x", "y", "z"}
    assert looser["y"] == pytest.approx(0.0, abs=1e-12) and parts["z"] == pytest.approx(looser["z"], rel=1e-9)
    assert parts["x"] > looser["x"]
    q = Normal(*(lambda mu, log_variance: (mu, (0.5 * log_variance).exp()))(*by_hand.moments(exact.q_z, x)))
    units = kl_divergence(q, Normal(torch.zeros(2), torch.ones(2))).mean(0)
    torch.testing.assert_close(kl_per_unit(exact, x), units)


def test_warm_up_leaves_the_class_as_it_is():
    for model in both_bounds():
        x = rows(model)[0].double()
        z = same_noise(elbo_parts, model, x)["z"] * len(x)
        with warm_up(torch.tensor(0.25).double()):
            scaled = same_noise(ELBO.loss, model.model, model.guide, x)
        assert scaled == pytest.approx(same_noise(ELBO.loss, model.model, model.guide, x) - 0.75 * z, rel=1e-9)


@pytest.mark.parametrize("posterior", POSTERIORS, ids=str)
@pytest.mark.parametrize("model_class", [LatentClassifierVAE, SplitLatentClassifierVAE])
def test_the_classifier_averages_over_the_latent(model_class, posterior):
    model = small(model_class, posterior=posterior)
    x, _ = rows(model)
    q = model.q_z if model_class is LatentClassifierVAE else model.q_z_y
    with torch.no_grad():
        sampled = model.p_y(q(x).expand((20_000, 7)).sample()).probs
        probabilities = model.classifier(x, num_samples=20_000)
    error = 2**0.5 * sampled.std(0) / math.sqrt(20_000)
    assert bool(((sampled.mean(0) - probabilities).abs() < 4.5 * error).all())


def opposed(nats, dtype):
    """A model whose p(y | z) and p(x | y, z) disagree by so many nats about the class, and rows."""
    torch.manual_seed(3)
    model = small(LatentClassifierVAE, hidden=(8,)).to(dtype)
    with torch.no_grad():
        model.p_y.logits.bias.copy_(torch.tensor([nats, 0.0, nats / 2]))
        model.p_x.trunk.layers[0].weight[0, 2:] = torch.tensor([1.0, 0.0, 0.0])
        model.p_x.logits.weight[:, 0] = (
            -2 * nats / 3
        )  # of the six features, half of which are seen, under the first class
    return model, (torch.arange(6) % 2).to(dtype).expand(7, 6)


def of_log_sum(model, x, noise):
    """The loss by hand, with logits."""
    mu, log_variance = by_hand.moments(model.q_z, x)
    z = mu + (0.5 * log_variance).exp() * noise
    zero, log_x = torch.zeros_like(z), []
    for y in torch.eye(3).to(x):
        logits = by_hand.linear(model.p_x.logits, by_hand.mlp(model.p_x.trunk, z, y.expand(len(x), 3)))
        log_x.append((x * logits - torch.nn.functional.softplus(logits)).sum(-1))
    bound = (by_hand.log_q_y(model.p_y, z) + torch.stack(log_x, -1)).logsumexp(-1)
    return -(bound + by_hand.log_normal(z, zero, zero) - by_hand.log_normal(z, mu, log_variance)).sum()


@pytest.mark.parametrize("nats", [50.0, 120.0, 1000.0, 5000.0])
def test_the_exact_sum_bears_factors_that_disagree(nats):
    """Taken out of their logarithms one by one they leave nothing, from 103 nats on in single precision."""
    model, x = opposed(nats, torch.float32)
    torch.manual_seed(5)
    loss = ELBO.differentiable_loss(model.model, model.guide, x)
    double = copy.deepcopy(model).double()
    want = of_log_sum(double, x.double(), same_noise(torch.randn, 7, 2).double())
    assert float(loss.detach()) == pytest.approx(float(want.detach()), rel=1e-5)
    got, expected = (
        torch.autograd.grad(of, list(m.parameters()), allow_unused=True) for of, m in ((loss, model), (want, double))
    )
    for (name, _), g, w in zip(model.named_parameters(), got, expected, strict=True):
        scale = float(w.abs().max())
        torch.testing.assert_close(
            g.double(), w, rtol=1e-4, atol=1e-5 * scale + 1e-6, msg=lambda m, n=name: f"{n}: {m}"
        )


def test_the_class_is_drawn_from_p_of_y_given_x_and_z_where_nothing_sums_it():
    model, x = small(LatentClassifierVAE).double(), rows(small(LatentClassifierVAE))[0].double()
    values = {"z": torch.randn(7, 2, dtype=torch.float64)}
    joint = []
    for y in torch.eye(3, dtype=torch.float64):
        trace = poutine.trace(poutine.condition(model.model, values | {"y": y.expand(7, 3)})).get_trace(x)
        given = poutine.trace(poutine.condition(model.model, values)).get_trace(x, y.expand(7, 3))
        joint.append(testing.row_log_prob(trace))
        torch.testing.assert_close(joint[-1], testing.row_log_prob(given))
    free = poutine.trace(poutine.condition(model.model, values)).get_trace(x).nodes
    torch.testing.assert_close(free["y"]["fn"].probs, torch.stack(joint, -1).softmax(-1))


def test_bad_bound():
    with pytest.raises(ValueError, match="bound: got 'tight', want one of exact, jensen"):
        LatentClassifierVAE(6, 3, bound="tight")
