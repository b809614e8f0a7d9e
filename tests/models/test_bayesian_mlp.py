"""BayesianMLP: by hand, in use, and bad input."""

import copy
import io
import math
from contextlib import nullcontext

import pyro
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, Predictive, Trace_ELBO, TraceMeanField_ELBO
from pyro.optim import SGD, Adam

from pyrodgm.evaluate import classification_error
from pyrodgm.handlers import local_reparameterisation, warm_up
from pyrodgm.infer import CompiledSVI
from pyrodgm.infer.traces import random_sites
from pyrodgm.models import BayesianMLP, DeepGenerativeModel, Model
from pyrodgm.nn import CategoricalNet
from pyrodgm.nn.weights import Alpha, give_posteriors, layers_with_posteriors, posteriors_of
from tests import by_hand_weights as by_hand

KINDS = {
    "normal": "normal",
    "A": "A",
    "B": "B",
    "B-layer": ("B", {"alpha": "layer"}),
    "B-weight": ("B", {"alpha": "weight"}),
    "A-layer": ("A", {"alpha": "layer"}),
    "A-fixed": ("A", {"alpha": (0.25, 1.0)}),
    "B-fixed": ("B", {"alpha": 0.5}),
}
QUICK = ("normal", "A", "B")
thorough = pytest.mark.parametrize(
    "weights",
    [pytest.param(v, id=f"BayesianMLP-{k}", marks=[] if k in QUICK else [pytest.mark.slow]) for k, v in KINDS.items()],
)
every_kind = pytest.mark.parametrize("weights", KINDS.values(), ids=[f"BayesianMLP-{kind}" for kind in KINDS])
ELBO = TraceMeanField_ELBO()
X, Y = torch.rand(7, 6, generator=torch.Generator().manual_seed(0)), torch.arange(7) % 3
DATA_SIZE = 20


def small(weights="normal", **options):
    """A model whose parameters, learned rates among them, are none of those it begins with."""
    model = BayesianMLP(
        **({"x_size": 6, "num_classes": 3, "hidden": (8, 5), "data_size": DATA_SIZE} | options), weights=weights
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.add_(0.3 * torch.randn_like(parameter) if "posterior" in name else 0)
            if name.endswith("bias"):
                parameter.add_(0.2 * torch.randn_like(parameter))
    return model


@every_kind
def test_the_weights_of_many_draws_are_those_of_each(weights):
    for layer in layers_with_posteriors(small(weights).p_y).values():
        posteriors = layer.posterior.posteriors(layer)
        draws = [{site: q.sample() for site, q in posteriors.items()} for _ in layer.bias]
        many = layer.posterior.at(layer, {site: torch.stack([draw[site] for draw in draws]) for site in posteriors})
        each = zip(*(layer.posterior.at(layer, draw) for draw in draws), strict=True)
        for got, want in zip(many, map(torch.stack, each), strict=True):
            assert got.dim() < want.dim() or torch.equal(got, want)
            assert torch.equal(got.expand_as(want), want)


def recorded(model, x, y, elbo=ELBO):
    """The loss, and the noise of every site of the guide in the run that made it."""
    seen = []

    def guide(*args):
        with poutine.trace() as capture:
            model.guide(*args)
        seen.append(capture.trace)

    loss = elbo.differentiable_loss(model.model, guide, x, y)
    normals = {name: (node["fn"].base_dist, node["value"]) for name, node in random_sites(seen[0]).items()}
    return loss, {name: ((value - q.loc) / q.scale).detach() for name, (q, value) in normals.items()}


def drawn(monkeypatch):
    """A list of all standard normal noise that is drawn from now on."""
    noises = []

    def draw(shape, dtype, device):
        noises.append(torch.randn(shape, dtype=dtype, device=device))
        return noises[-1]

    monkeypatch.setattr("torch.distributions.normal._standard_normal", draw)
    return noises


def check_gradients(model, loss, expected):
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)
    names = [name for name, _ in model.named_parameters()]
    got, want = (
        torch.autograd.grad(value, list(model.parameters()), materialize_grads=True) for value in (loss, expected)
    )
    for name, g, w in zip(names, got, want, strict=True):
        torch.testing.assert_close(g, w, rtol=1e-8, atol=1e-10, msg=lambda m, name=name: f"gradient of {name}: {m}")


@every_kind
def test_loss_and_gradients_agree_with_the_formulas_by_hand(weights):
    model, x = small(weights).double(), X.double()
    loss, noise = recorded(model, x, Y)
    logits = by_hand.outputs(model.p_y, x, by_hand.sampled(model.p_y, noise))
    expected = by_hand.divergences(model.p_y) - DATA_SIZE / len(x) * by_hand.log_class(logits, Y).sum()
    check_gradients(model, loss, expected)


@every_kind
def test_the_local_reparameterisation_agrees_with_the_formulas_by_hand(weights, monkeypatch):
    model, x, noises = small(weights).double(), X.double(), drawn(monkeypatch)
    with local_reparameterisation():
        loss, _ = recorded(model, x, Y)
    assert all(len(noise) == len(x) for noise in noises[-3:])  # every row has its own
    logits = by_hand.outputs_by_row(model.p_y, x, noises[-3:])
    expected = by_hand.divergences(model.p_y) - DATA_SIZE / len(x) * by_hand.log_class(logits, Y).sum()
    check_gradients(model, loss, expected)


def test_a_downscaled_divergence_is_a_warm_up_s():
    """A2 of figure 6.1: KL / 3."""
    model, x = small("A").double(), X.double()
    with warm_up(torch.tensor(1 / 3, dtype=torch.float64)):
        loss, noise = recorded(model, x, Y)
    logits = by_hand.outputs(model.p_y, x, by_hand.sampled(model.p_y, noise))
    expected = by_hand.divergences(model.p_y) / 3 - DATA_SIZE / len(x) * by_hand.log_class(logits, Y).sum()
    check_gradients(model, loss, expected)


@every_kind
def test_vectorised_particles_are_the_mean_of_single_ones(weights):
    model, x = small(weights).double(), X.double()
    elbo = TraceMeanField_ELBO(num_particles=3, vectorize_particles=True, max_plate_nesting=1)
    loss, noise = recorded(model, x, Y, elbo)
    singles = []
    for p in range(3):
        values = by_hand.sampled(model.p_y, {site: value[p, 0] for site, value in noise.items()})
        singles.append(by_hand.log_class(by_hand.outputs(model.p_y, x, values), Y).sum())
    expected = by_hand.divergences(model.p_y) - DATA_SIZE / len(x) * sum(singles) / 3
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)


def gradients(model, x, y, local, groups, samples):
    """Means of the gradient over ``samples`` draws, ``(groups, parameters)``."""
    elbo = TraceMeanField_ELBO(num_particles=samples, vectorize_particles=True, max_plate_nesting=1)
    means = []
    for _ in range(groups):
        with local_reparameterisation() if local else torch.enable_grad():
            loss = elbo.differentiable_loss(model.model, model.guide, x, y)
        grads = torch.autograd.grad(loss, list(model.parameters()), materialize_grads=True)
        means.append(torch.cat([grad.flatten() for grad in grads]))
    return torch.stack(means)


@thorough
def test_the_local_gradient_has_the_same_mean_and_less_variance(weights):
    model, x, y = BayesianMLP(6, 3, (8, 5), 100, weights), torch.rand(100, 6), torch.arange(100) % 3
    pyro.enable_validation(False)
    batch, local = (gradients(model, x, y, local, groups=30, samples=50) for local in (False, True))
    error = ((batch.var(0) + local.var(0)) / 30).sqrt()
    noisy = error > 1e-6 * batch.abs().amax(0)
    z = ((batch.mean(0) - local.mean(0)) / error)[noisy]
    assert float(noisy.float().mean()) > 0.9
    assert float(z.abs().max()) < 5 and float(z.square().mean()) < 3
    assert float(local.var(0).sum()) < 0.5 * float(batch.var(0).sum())


@pytest.mark.parametrize("local", [pytest.param(False, marks=pytest.mark.slow), True], ids=["drawn", "local"])
@thorough
def test_compiled_steps_are_plain_ones_to_the_last_bit(weights, local):
    """Of every batch size, with the loss and the gradients of plain steps, by which plain descent moves."""
    model, losses = small(weights), []
    x, y = torch.rand(20, 6), torch.arange(20) % 3
    for svi_class, own in ((SVI, model), (CompiledSVI, copy.deepcopy(model))):
        svi = svi_class(own.model, own.guide, SGD({"lr": 1e-3}), TraceMeanField_ELBO())
        torch.manual_seed(1)
        with local_reparameterisation() if local else torch.enable_grad():
            losses.append([svi.step(x[:n], y[:n]) for n in (20, 20, 20, 7, 13, 2)])
    assert [row["backend"] for row in svi.explain()] == ["replay"]
    assert losses[0] == losses[1]
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), own.parameters(), strict=True))


@every_kind
def test_every_parameter_moves_in_copies_and_pickles_too(weights):
    model = small(weights)
    for local in (False, True):
        SVI(model.model, model.guide, Adam({"lr": 0.0}), ELBO).step(X, Y)
        buffer = io.BytesIO()
        torch.save(model, buffer)
        buffer.seek(0)
        for other in (model, copy.deepcopy(model), torch.load(buffer, weights_only=False)):
            before = {name: parameter.detach().clone() for name, parameter in other.named_parameters()}
            with local_reparameterisation() if local else torch.enable_grad():
                SVI(other.model, other.guide, Adam({"lr": 1e-2}), ELBO).step(X, Y)
            assert [n for n, parameter in other.named_parameters() if torch.equal(before[n], parameter)] == []


@every_kind
def test_a_saved_model_comes_back(weights, tmp_path):
    model = small(weights).eval()
    model.save_pretrained(tmp_path)
    for again in (BayesianMLP.from_pretrained(tmp_path), Model.from_pretrained(tmp_path)):
        assert torch.equal(again.predict(X, num_samples=3), model.predict(X, num_samples=3))
        assert again.arguments == model.arguments
    with pytest.raises(ValueError, match="model: got 'BayesianMLP'"):
        DeepGenerativeModel.from_pretrained(tmp_path)


@every_kind
def test_predictive_generates(weights):
    model = small(weights)
    prior = Predictive(model.model, num_samples=3)(X)
    assert prior["y"].shape == (3, 7, 3) and prior[next(iter(prior))].shape[0] == 3
    posterior = Predictive(model.model, guide=model.guide, num_samples=4)(X)
    assert posterior["y"].shape == (4, 7, 3) and bool((posterior["y"].sum(-1) == 1).all())


def test_a_row_alone_is_refused_by_its_shape():
    model = BayesianMLP(6, y_size=2, hidden=(4,), data_size=DATA_SIZE)
    with pytest.raises(ValueError, match=r"x: got shape \(6,\), want \(B, 6\)"):
        model.model(X[0], torch.rand(7, 2))


@every_kind
def test_parallel_predictions_are_those_one_by_one(weights):
    """With as many draws of the weights as rows, so that mixing them up would broadcast."""
    near = ("normal", {"variance": 1e-12})
    model = BayesianMLP(6, y_size=2, hidden=(4, 5), data_size=DATA_SIZE, weights=weights, likelihood=near).eval()
    draws = Predictive(model.guide, num_samples=len(X), parallel=True)(X)
    one_by_one, parallel = (
        Predictive(model.model, posterior_samples=draws, parallel=parallel)(X)["y"] for parallel in (False, True)
    )
    assert one_by_one.shape == (7, 7, 2)
    torch.testing.assert_close(parallel, one_by_one, rtol=1e-4, atol=1e-4)


@every_kind
def test_a_prediction_is_the_mean_over_weights_that_all_rows_share(weights):
    model = small(weights).double().eval()
    x = X.double()
    together = model.predict(x, num_samples=5, seed=3)
    torch.testing.assert_close(together, torch.cat([model.predict(row[None], 5, seed=3) for row in x]))
    assert not torch.equal(together, model.predict(x, 5, seed=4))
    torch.manual_seed(3)
    draws = [
        {name: n["value"] for name, n in poutine.trace(model.guide).get_trace().nodes.items() if n["type"] == "sample"}
        for _ in range(5)
    ]
    expected = sum(by_hand.outputs(model.p_y, x, values).softmax(-1) for values in draws) / 5
    torch.testing.assert_close(together, expected, rtol=1e-9, atol=0)
    mean = by_hand.outputs(model.p_y, x, by_hand.sampled(model.p_y, dict.fromkeys(draws[0], 0.0)))
    torch.testing.assert_close(model.classifier(x), mean.softmax(-1), rtol=1e-9, atol=0)


TARGETS = {
    "fixed": ("normal", {"variance": 0.25}),
    "learned": ("normal", {}),
    "bernoulli": ("bernoulli", {}),
}
every_target = pytest.mark.parametrize("target", TARGETS)


def regression(target, weights="normal"):
    return small(weights, num_classes=None, y_size=2, likelihood=TARGETS[target])


def values_of(target, rows=7):
    y = torch.rand(rows, 2, generator=torch.Generator().manual_seed(1)).double()
    return y.round() if target == "bernoulli" else 2 * y - 1


def log_p_by_hand(model, target, y, out, log_variance=None):
    """log p(y | x, w) of every row, from the outputs of the network."""
    if target == "bernoulli":
        return by_hand.log_bernoulli(out, y)
    return by_hand.log_normal(y, out, torch.full_like(out, math.log(0.25)) if target == "fixed" else log_variance)


def both_heads(model, x, values):
    """Mean and log-variance from the last hidden layer."""
    *hidden, loc, log_variance = by_hand.layers(model.p_y)
    for number, layer in enumerate(hidden, 1):
        weight, bias = by_hand.at(layer, number, values)
        x = torch.where(x @ weight.T + bias > 0, x @ weight.T + bias, 0.0)
    heads = [by_hand.at(layer, len(hidden) + i, values) for i, layer in ((1, loc), (2, log_variance))]
    return [x @ weight.T + bias for weight, bias in heads]


@pytest.mark.parametrize("weights", QUICK)
@every_target
def test_loss_and_gradients_of_a_regression_agree_with_the_formulas_by_hand(target, weights):
    model, x, y = regression(target, weights).double(), X.double(), values_of(target)
    loss, noise = recorded(model, x, y)
    values = by_hand.sampled(model.p_y, noise)
    outs = both_heads(model, x, values) if target == "learned" else [by_hand.outputs(model.p_y, x, values)]
    log_p = log_p_by_hand(model, target, y, *outs)
    check_gradients(model, loss, by_hand.divergences(model.p_y) - DATA_SIZE / len(x) * log_p.sum())


@pytest.mark.parametrize("weights", QUICK)
def test_the_local_reparameterisation_of_a_regression_agrees_with_the_formulas_by_hand(weights, monkeypatch):
    model, x, y = regression("fixed", weights).double(), X.double(), values_of("fixed")
    noises = drawn(monkeypatch)
    with local_reparameterisation():
        loss, _ = recorded(model, x, y)
    log_p = log_p_by_hand(model, "fixed", y, by_hand.outputs_by_row(model.p_y, x, noises[-3:]))
    check_gradients(model, loss, by_hand.divergences(model.p_y) - DATA_SIZE / len(x) * log_p.sum())


@every_target
def test_predictions_of_a_regression_are_means_and_their_draws(target):
    model, x = regression(target).double().eval(), X.double()
    draws = model.predict_draws(x, num_samples=5, seed=3)
    torch.manual_seed(3)
    for draw in draws:
        nodes = poutine.trace(model.guide).get_trace().nodes
        values = {name: node["value"] for name, node in nodes.items() if node["type"] == "sample"}
        out = both_heads(model, x, values)[0] if target == "learned" else by_hand.outputs(model.p_y, x, values)
        torch.testing.assert_close(draw, out.sigmoid() if target == "bernoulli" else out, rtol=1e-9, atol=0)
    torch.testing.assert_close(model.predict(x, 5, seed=3), draws.mean(0), rtol=1e-9, atol=0)
    assert Predictive(model.model, guide=model.guide, num_samples=4)(x)["y"].shape == (4, 7, 2)


def test_draws_of_a_classifier_are_probabilities():
    model = small()
    draws = model.predict_draws(X, num_samples=4, seed=1)
    assert draws.shape == (4, 7, 3)
    torch.testing.assert_close(draws.sum(-1), torch.ones(4, 7))
    torch.testing.assert_close(draws.mean(0), model.predict(X, 4, seed=1))
    assert bool((draws.std(0) > 0).all())


def test_a_regression_is_surer_where_the_data_are_and_comes_back(tmp_path):
    x = torch.linspace(-1, 1, 40)[:, None]
    model = BayesianMLP(1, y_size=1, hidden=(20,), data_size=40, likelihood=("normal", {"variance": 0.01}))
    svi = SVI(model.model, model.guide, Adam({"lr": 5e-2}), ELBO)
    with local_reparameterisation(), pyro.validation_enabled(False):
        for _ in range(120):
            svi.step(x, x.sin())
    near, far = torch.tensor([[-0.5], [0.5]]), torch.tensor([[-5.0], [5.0]])
    assert float((model.predict(near, 100) - near.sin()).abs().max()) < 0.15
    assert float(model.predict_draws(far, 100).std(0).min()) > 5 * float(model.predict_draws(near, 100).std(0).max())
    model.eval().save_pretrained(tmp_path)
    again = Model.from_pretrained(tmp_path)
    assert again.arguments == model.arguments and torch.equal(again.predict(far), model.predict(far))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BayesianMLP(6, data_size=5), "y_size: got None with num_classes=None, want exactly one of the two"),
        (lambda: BayesianMLP(6, 3, data_size=5, y_size=1), "y_size: got 1 with num_classes=3, want exactly one"),
        (lambda: BayesianMLP(6, data_size=5, y_size=0), "y_size: got 0, want a positive int"),
        (lambda: BayesianMLP(6, data_size=5, y_size=1, likelihood="norm"), "likelihood: got 'norm' .did you mean"),
        (lambda: regression("fixed").model(X, X[:, 0]), r"y: got shape \(7,\), want \(B, 2\)"),
        (lambda: regression("fixed").model(X, X[:4, :2]), "y: got 4 rows, want 7, one for each row of x"),
        (lambda: regression("fixed").model(X, X[:, :2].log() - torch.inf), "y: got 14 NaN or infinite values"),
        (
            lambda: regression("bernoulli").model(X, 2 + X[:, :2]),
            r"y: got values from 2.* to .*, want values in \[0, 1\]",
        ),
        (
            lambda: regression("fixed").classifier(X),
            "num_classes: got None, a regression of 2 values, want a classifier",
        ),
    ],
)
def test_what_a_regression_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@thorough
def test_it_learns_a_separable_problem(weights):
    y = torch.arange(60) % 3
    x = torch.eye(3)[y].repeat(1, 2) + 0.1 * torch.randn(60, 6)
    model = BayesianMLP(6, 3, hidden=(16,), data_size=60, weights=weights)
    svi = SVI(model.model, model.guide, Adam({"lr": 2e-2}), ELBO)
    with local_reparameterisation(), pyro.validation_enabled(False):
        for _ in range(100):
            svi.step(x, y)
    assert classification_error(model, x, y) == 0
    assert bool((model.predict(x, 20).argmax(-1) == y).all())


def test_indices_and_one_hot_rows_are_the_same_labels():
    model, losses = small("B"), []
    for labels in (Y, torch.eye(3)[Y], torch.eye(3, dtype=torch.long)[Y]):
        torch.manual_seed(1)
        losses.append(Trace_ELBO().loss(model.model, model.guide, X, labels))
    assert losses[0] == losses[1] == losses[2]


def test_weights_without_a_posterior_are_parameters():
    """With binary dropout, which ends with the training mode."""
    model = small("point", dropout=(0.2, 0.5))
    assert list(Predictive(model.model, num_samples=1)(X)) == ["y"]
    losses = {ELBO.loss(model.model, model.guide, X, Y) for _ in range(3)}
    assert len(losses) == 3
    model.eval()
    weights = {f"w{number}": layer.weight for number, layer in enumerate(by_hand.layers(model.p_y), 1)}
    expected = -DATA_SIZE / len(X) * by_hand.log_class(by_hand.outputs(model.p_y, X, weights), Y).sum().detach()
    assert ELBO.loss(model.model, model.guide, X, Y) == pytest.approx(float(expected), rel=1e-5)
    torch.testing.assert_close(model.predict(X, 1), model.classifier(X))


def test_a_normal_posterior_begins_with_a_hundredth_of_the_weights_mean_square():
    layers = by_hand.layers(BayesianMLP(6, 3, hidden=(8, 5), data_size=DATA_SIZE, weights="normal").p_y)
    assert len(layers) == 3
    for number, layer in enumerate(layers):
        for mean, variance in by_hand.posterior(layer, number).values():
            expected = 0.01 * layer.weight.square().mean()
            torch.testing.assert_close(variance, expected.expand(mean.shape))


@torch.no_grad()
def test_alpha_stays_below_one_and_rates_are_the_layers():
    model = small(("B", {"alpha": "unit"}))
    for layer in by_hand.layers(model.p_y):
        layer.posterior.alpha.logit.fill_(30.0)
    assert all(float(layer.posterior.alpha().max()) <= 1 for layer in by_hand.layers(model.p_y))
    assert torch.isfinite(torch.tensor(ELBO.loss(model.model, model.guide, X, Y)))
    fixed = small(("A", {"alpha": (0.25, 1.0)}))
    assert [float(layer.posterior.alpha()) for layer in by_hand.layers(fixed.p_y)] == [0.25, 1.0, 1.0]
    shapes = {"layer": (1, 1), "unit": (1, 6), "weight": (8, 6)}
    for name, shape in shapes.items():
        assert by_hand.layers(small(("B", {"alpha": name})).p_y)[0].posterior.alpha().shape == shape
    for name, shape in {"layer": (1,), "unit": (6,)}.items():
        assert by_hand.layers(small(("A", {"alpha": name})).p_y)[0].posterior.alpha().shape == shape
    assert Alpha("unit", {"unit": (3,)}, 1)().tolist() == [0.5] * 3  # at first


@pytest.mark.parametrize("local", [False, True], ids=["drawn", "local"])
def test_a_pruned_weight_is_a_weight_of_zero(local):
    m = small("B")
    weight = m.p_y.trunk.layers[0].weight
    with torch.no_grad():
        weight[:, 0] = 0.0
    with local_reparameterisation() if local else nullcontext():
        ELBO.differentiable_loss(m.model, m.guide, X, Y).backward()
    assert all(bool(parameter.grad.isfinite().all()) for parameter in m.parameters())
    assert posteriors_of(m.p_y)["w1"].sample()[:, 0].abs().max() < 1e-18


def test_rows_of_zeros_have_finite_gradients_by_the_local_reparameterisation():
    model = small("B")
    with local_reparameterisation(), pyro.validation_enabled(False):
        loss = ELBO.differentiable_loss(model.model, model.guide, torch.zeros(3, 6), Y[:3])
    assert all(bool(torch.isfinite(g).all()) for g in torch.autograd.grad(loss, list(model.parameters())))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data_size": None}, "data_size: got None, want the number of rows of the data set, a positive int"),
        ({"data_size": 0}, "data_size: got 0, want the number of rows of the data set, a positive int"),
        ({"weights": "C"}, "weights: got 'C', want one of A, B, normal, point"),
        ({"weights": ("B", {"rate": 0.5})}, "weights: B: got 'rate', want one of alpha"),
        ({"weights": ("normal", {"alpha": 0.5})}, "weights: normal: got 'alpha', want one of"),
        ({"weights": ("B", {"alpha": 2})}, "alpha: got 2, want a number above 0 and at most 1, or two of them"),
        ({"weights": ("A", {"alpha": 0.0})}, "alpha: got 0.0, want a number above 0 and at most 1, or two of them"),
        ({"weights": ("A", {"alpha": (0.2, 1.5)})}, r"alpha: got \(0.2, 1.5\), want a number above 0 and at most 1"),
        ({"weights": ("A", {"alpha": (0.2, 0.3, 0.4)})}, r"alpha: got \(0.2, 0.3, 0.4\), want a number above 0"),
        ({"weights": ("A", {"alpha": "weight"})}, "alpha: got 'weight', want one of layer, unit"),
        ({"weights": ("B", {"alpha": "neuron"})}, "alpha: got 'neuron', want one of layer, unit, weight"),
        ({"dropout": 1.0}, "dropout: got 1.0, want a rate of at least 0 and below 1, or two of them"),
        ({"dropout": (0.2, -0.5)}, r"dropout: got \(0.2, -0.5\), want a rate"),
        ({"x_size": 0}, "x_size: got 0, want a positive int"),
    ],
)
def test_arguments_that_it_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        BayesianMLP(**{"x_size": 6, "num_classes": 3, "data_size": 5} | options)


def test_a_data_set_may_have_one_row():
    model = small(data_size=1)
    assert math.isfinite(Trace_ELBO().loss(model.model, model.guide, X[:1], Y[:1]))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (torch.rand(21, 6), torch.arange(21) % 3, "data_size: got 20, want at least the 21 rows given"),
        (torch.rand(5, 7), None, r"x: got shape \(5, 7\), want \(B, 6\)"),
        (X, Y[:4], "y: got 4 labels, want 7, one for each row of x"),
        (X, Y + 1, "y: got labels from 1 to 3, want 0 to 2"),
        (X.log() - torch.inf, Y, "x: got 42 NaN or infinite values"),
    ],
)
def test_a_step_refuses(x, y, message):
    model = small()
    with pytest.raises(ValueError, match=message):
        SVI(model.model, model.guide, Adam({"lr": 0.1}), ELBO).step(x, y)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((X[:, :5],), r"x: got shape \(7, 5\), want \(B, 6\)"),
        ((X, 0), "num_samples: got 0, want a positive int"),
    ],
)
def test_a_prediction_refuses(args, message):
    with pytest.raises(ValueError, match=message):
        small().predict(*args)


@pytest.mark.parametrize("target", [{"num_classes": 3}, {"y_size": 2}], ids=["classes", "values"])
def test_every_layer_has_the_options(target):
    net = BayesianMLP(6, **target, hidden=(8, 5), data_size=20, activation="tanh", init=1e-3, dropout=(0.2, 0.5)).p_y
    assert net.trunk.activation == "tanh" and net.trunk.dropout == (0.2, 0.5)
    assert all(float(layer.weight.detach().abs().max()) < 0.01 for layer in (*net.trunk.layers, *heads_of(net)))


def heads_of(net):
    return [getattr(net, head) for head in ("logits", "loc", "log_variance") if hasattr(net, head)]


def test_a_posterior_is_of_layers_with_one_parent():
    with pytest.raises(ValueError, match=r"weights: got a layer of parents \(4, 3\), want one parent"):
        give_posteriors(CategoricalNet((4, 3), (5,), 2), "B")


def test_a_fixed_alpha_is_an_argument_and_no_state():
    model = BayesianMLP(6, 3, (5,), 20, weights=("B", {"alpha": 0.3}))
    assert not [name for name in model.state_dict() if "fixed" in name]
