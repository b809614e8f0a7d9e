"""BayesianVAE: by hand, with given weights, in use, and bad input."""

import copy

import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, Predictive, Trace_ELBO, TraceMeanField_ELBO
from pyro.optim import SGD, Adam

from pyrodgm.evaluate import active_units, bound, elbo_parts, log_likelihood, row_bounds
from pyrodgm.handlers import local_reparameterisation
from pyrodgm.infer import CompiledSVI, FreeBits, ImportanceWeightedELBO
from pyrodgm.infer.traces import random_sites
from pyrodgm.models import VAE, BayesianVAE, DeepGenerativeModel
from tests import by_hand
from tests import by_hand_weights as by_hand_w
from tests.models.test_bayesian_mlp import check_gradients, drawn, recorded

KINDS = ("normal", "A", "B")
every_kind = pytest.mark.parametrize("weights", KINDS, ids=[f"BayesianVAE-{kind}" for kind in KINDS])
X = torch.rand(7, 6, generator=torch.Generator().manual_seed(0))
DATA_SIZE = 20


def small(weights="normal", **options):
    return BayesianVAE(6, z_size=2, hidden=(8, 5), data_size=DATA_SIZE, weights=weights, **options)


def expected_loss(model, x, noise, logits_of):
    """KL(q(w) || p(w)) + N/M sum_m [KL(q(z) || p(z)) - log p(x | z, w)] (eqs 2.86 and 2.89)."""
    mean, log_variance = by_hand.moments(model.q_z, x)
    z = mean + (0.5 * log_variance).exp() * noise
    rows = by_hand_w.normal_kl(mean, log_variance) - by_hand_w.log_bernoulli(logits_of(z), x)
    return by_hand_w.divergences(model.p_x) + DATA_SIZE / len(x) * rows.sum()


@every_kind
def test_loss_and_gradients_agree_with_the_formulas_by_hand(weights):
    model, x = small(weights).double(), X.double()
    loss, noise = recorded(model, x, None)
    values = by_hand_w.sampled(model.p_x, noise)
    check_gradients(model, loss, expected_loss(model, x, noise["z"], lambda z: by_hand_w.outputs(model.p_x, z, values)))


@every_kind
def test_the_local_reparameterisation_agrees_with_the_formulas_by_hand(weights, monkeypatch):
    model, x, noises = small(weights).double(), X.double(), drawn(monkeypatch)
    with local_reparameterisation():
        loss, noise = recorded(model, x, None)
    expected = expected_loss(model, x, noise["z"], lambda z: by_hand_w.outputs_by_row(model.p_x, z, noises[-3:]))
    check_gradients(model, loss, expected)


@pytest.mark.parametrize(
    "weights", [pytest.param(k, id=f"BayesianVAE-{k}", marks=[pytest.mark.slow] * (k != "normal")) for k in KINDS]
)
def test_compiled_steps_are_plain_ones_to_the_last_bit(weights):
    model, losses, x = small(weights), [], torch.rand(20, 6)
    for svi_class, own in ((SVI, model), (CompiledSVI, copy.deepcopy(model))):
        svi = svi_class(own.model, own.guide, SGD({"lr": 1e-4}), TraceMeanField_ELBO())
        torch.manual_seed(1)
        with local_reparameterisation():
            losses.append([svi.step(x[:n]) for n in (20, 20, 20, 7)])
    assert [row["backend"] for row in svi.explain()] == ["replay"]
    assert losses[0] == losses[1]
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), own.parameters(), strict=True))


@every_kind
@torch.no_grad()
def test_at_given_weights_it_is_the_vae_whose_decoder_has_them(weights):
    """The loss is that of the VAE at the guide's weights, N/M times, and the weights' log q - log p."""
    model, x = small(weights, likelihood="normal").double(), X.double()
    seen = []

    def guide(*args):
        with poutine.trace() as capture:
            model.guide(*args)
        seen.append(random_sites(capture.trace))

    loss = Trace_ELBO().differentiable_loss(model.model, guide, x).item()
    nodes = seen[0]
    values = {name: node["value"] for name, node in nodes.items() if name != "z"}
    state = torch.get_rng_state()
    vae = model.at(values)
    assert torch.equal(torch.get_rng_state(), state)
    assert type(vae) is VAE and vae.training
    at_z = poutine.condition(vae.guide, {"z": nodes["z"]["value"]})
    log_q_z = poutine.trace(at_z).get_trace(x).nodes["z"]["fn"].log_prob(nodes["z"]["value"]).sum()
    joint = poutine.trace(poutine.condition(vae.model, {"z": nodes["z"]["value"]})).get_trace(x).log_prob_sum()
    prior = poutine.trace(model.model).get_trace(x).nodes
    of_weights = sum(nodes[s]["fn"].log_prob(v) - prior[s]["fn"].log_prob(v) for s, v in values.items())
    assert loss == pytest.approx(float(of_weights + DATA_SIZE / len(x) * (log_q_z - joint)), rel=1e-9)
    vae.p_x.loc.weight.add_(1.0)
    assert not torch.equal(vae.p_x.loc.weight, model.at(values).p_x.loc.weight)


def test_drawn_weights_are_those_that_the_guide_draws():
    model = small()
    torch.manual_seed(3)
    weights = model.draw_weights()
    torch.manual_seed(3)
    nodes = random_sites(poutine.trace(model.guide).get_trace(X))
    drawn = {site: node["value"].detach() for site, node in nodes.items() if site != "z"}
    assert weights.keys() == drawn.keys()
    for site, value in weights.items():
        torch.testing.assert_close(value, drawn[site])


def test_a_vae_at_drawn_weights_is_evaluated_as_any_other():
    model = small().eval()
    vae = model.at(model.draw_weights())
    assert not vae.training
    assert row_bounds(vae, X).shape == (7,)
    assert abs(float(log_likelihood(vae, X, num_samples=50).mean)) < 10
    ImportanceWeightedELBO(3).loss(vae.model, vae.guide, X)
    FreeBits(0.1).loss(vae.model, vae.guide, X)


@pytest.mark.parametrize(
    "figure",
    [
        lambda m: row_bounds(m, X),
        lambda m: bound(m, X),
        lambda m: log_likelihood(m, X, num_samples=3),
        lambda m: elbo_parts(m, X),
        lambda m: active_units(m, X),
        lambda m: ImportanceWeightedELBO(3).loss(m.model, m.guide, X),
        lambda m: ImportanceWeightedELBO(3, gradient="doubly_reparameterised").loss(m.model, m.guide, X),
        lambda m: FreeBits(0.1).loss(m.model, m.guide, X),
    ],
    ids=["row_bounds", "bound", "log_likelihood", "elbo_parts", "active_units", "importance", "doubly", "free_bits"],
)
def test_figures_of_rows_refuse_weights_that_are_latents(figure):
    with pytest.raises(
        ValueError, match=r"got site 'w1' outside the plate over rows, .* for a BayesianVAE, want m.at\(weights\)"
    ):
        figure(small())


@every_kind
def test_every_parameter_moves_and_a_saved_model_comes_back(weights, tmp_path):
    model = small(weights)
    with local_reparameterisation():
        before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
        SVI(model.model, model.guide, Adam({"lr": 1e-2}), TraceMeanField_ELBO()).step(X)
    assert [n for n, parameter in model.named_parameters() if torch.equal(before[n], parameter)] == []
    model.eval().save_pretrained(tmp_path)
    again = DeepGenerativeModel.from_pretrained(tmp_path)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in model.state_dict().items())
    assert Predictive(again.model, num_samples=3)(size=4)["x"].shape == (3, 4, 6)
    assert again.reconstruct(X).shape == X.shape


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BayesianVAE(6), "data_size: got None, want the number of rows of the data set, a positive int"),
        (
            lambda: small(precision="bfloat16"),
            "precision: got 'bfloat16' with a posterior of the weights, want 'float32'",
        ),
        (lambda: small().guide(torch.rand(21, 6)), "data_size: got 20, want at least the 21 rows given"),
        (lambda: small().at({}), r"weights: got none for site 'w1', want shape \(8, 2\)"),
        (lambda: small().at({"w9": X}), "weights: got 'w9'"),
        (lambda: small().at({"w1": X}), r"weights: got shape \(7, 6\) for site 'w1', want shape \(8, 2\)"),
    ],
)
def test_bad_inputs(call, message):
    with pytest.raises(ValueError, match=message):
        call()
