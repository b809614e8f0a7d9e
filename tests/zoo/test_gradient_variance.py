import copy
import json

import pyro
import pytest
import torch
from pyro.infer import SVI, TraceMeanField_ELBO
from pyro.optim import Adam

from pyrodgm.data import Dataset, Rows
from pyrodgm.handlers import local_reparameterisation
from pyrodgm.models import BayesianMLP
from pyrodgm.zoo.experiment import reproduce
from pyrodgm.zoo.experiments import gradient_variance
from pyrodgm.zoo.experiments.gradient_variance import ESTIMATORS, gradients, mean_weights, variances, weights_by_row
from tests import by_hand_weights as by_hand

X, Y = torch.rand(60, 6, generator=torch.Generator().manual_seed(0)), torch.arange(60) % 3


def small(rows=60):
    return BayesianMLP(6, 3, (8, 5), rows, weights="B")


def test_a_weight_for_every_row_has_the_outputs_of_the_local_reparameterisation():
    """Mean and variance of a layer's outputs; by the means there is no noise."""
    model = small()
    layer = by_hand.layers(model.p_y)[0]
    posteriors = {site: q.base_dist for site, q in layer.posterior.posteriors(layer).items()}
    x = X[:1].expand(20_000, -1)
    with torch.no_grad():
        local, by_row = (ESTIMATORS[name]().outputs(layer, x, posteriors) for name in list(ESTIMATORS)[:2])
        error = (local.var(0) * 2 / len(x)).sqrt()
        assert float(((local.mean(0) - by_row.mean(0)) / error).abs().max()) < 5
        torch.testing.assert_close(local.var(0), by_row.var(0), rtol=5 * (4 / len(x)) ** 0.5, atol=0)
        assert torch.equal(mean_weights().outputs(layer, x, posteriors), x @ layer.weight.T + layer.bias)


def test_gradients_are_of_the_bound_of_the_data_set(monkeypatch):
    model, x = small().double(), X.double()
    monkeypatch.setattr(gradient_variance, "AT_ONCE", 7)
    monkeypatch.setattr(gradient_variance, "weights_by_row", mean_weights)
    top, bottom = gradients(model, x[:20], Y[:20], mean_weights)
    values = by_hand.sampled(model.p_y, dict.fromkeys(("w1", "w2", "w3"), 0.0))
    loss = -60 / 20 * by_hand.log_class(by_hand.outputs(model.p_y, x[:20], values), Y[:20]).sum()
    layers = by_hand.layers(model.p_y)
    for got, want in zip((top, bottom), torch.autograd.grad(loss, [layers[-1].weight, layers[0].weight]), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-12)


def test_variances_are_those_of_gradients_in_the_order_of_the_table(monkeypatch):
    monkeypatch.setattr(gradient_variance, "ROWS", 30)
    model = small()
    measured = [variances(model, X, Y, handler, 100) for handler in ESTIMATORS.values()]
    local, by_row, by_batch, none = torch.tensor(measured).unbind(0)
    assert bool((none < local).all()) and none.sum() < local.sum() < by_row.sum() < by_batch.sum()
    seen = []

    def record(*args):
        seen.append(gradients(*args))
        return seen[-1]

    monkeypatch.setattr(gradient_variance, "gradients", record)
    again = variances(model, X, Y, weights_by_row, 20)
    for layer, value in enumerate(again):
        assert value == pytest.approx(float(torch.stack([g[layer].double() for g in seen]).var(0).mean()), rel=1e-6)


def test_every_figure_is_of_its_estimator_layer_and_number_of_gradients(monkeypatch):
    """The numbers of gradients are those of the settings, and the model is one that the local noise trained."""
    x, y = X.repeat(5, 1), Y.repeat(5)
    monkeypatch.setattr(gradient_variance, "load", lambda name: Dataset(name, *[Rows(x, y)] * 3, num_classes=10))
    monkeypatch.setattr(gradient_variance, "CompiledSVI", SVI)
    seen = []

    def stub(model, x, y, handler, count):
        seen.append((model.data_size, copy.deepcopy(model.state_dict())))
        return 10 * list(ESTIMATORS.values()).index(handler) + count, -count

    monkeypatch.setattr(gradient_variance, "variances", stub)
    settings = {"epochs": (1, 2), "batches": 3, "by_row": 2, "hidden": (8, 5)}
    found = gradient_variance.measure("all estimators", 4, **settings).figures
    tops = {"local reparameterisation": 3, "weight sample per datum": 12, "weight sample per minibatch": 23}
    for name, top in (tops | {"no noise": 33}).items():
        for epoch in (1, 2):
            begin = f"gradient variance, {name}"
            assert found[f"{begin}, top layer, epoch {epoch}"] == top
            assert found[f"{begin}, bottom layer, epoch {epoch}"] == -(top % 10)

    pyro.clear_param_store()
    pyro.set_rng_seed(4)
    model = BayesianMLP(6, 10, (8, 5), 300, weights="B")
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), TraceMeanField_ELBO())
    for epoch in (0, 1):
        for rows in torch.randperm(300).split(100):
            with local_reparameterisation():
                svi.step(x[rows], y[rows])
        size, state = seen[4 * epoch]
        assert size == 300
        for name, value in model.state_dict().items():
            torch.testing.assert_close(state[name], value, rtol=1e-5, atol=1e-6)


def test_the_table_is_written(monkeypatch, tmp_path):
    parts = (Rows(X.repeat(5, 1), Y.repeat(5)),) * 3
    monkeypatch.setattr(gradient_variance, "load", lambda name: Dataset(name, *parts, num_classes=10))
    monkeypatch.setattr(gradient_variance, "CompiledSVI", SVI)
    (experiment,) = gradient_variance.experiments()
    changed = experiment.with_settings(["epochs=1,2", "batches=3", "by_row=2", "hidden=[8, 5]"])
    (path,) = reproduce(changed[0], tmp_path, 1, changed[1])
    written = json.loads(path.read_text())
    assert len(written["figures"]["0"]) == 16 and written["changed"] == changed[1]
    assert changed[1] == ["epochs=1,2", "batches=3", "by_row=2", "hidden=8,5"]
    assert "Layers of (8, 5) units" in written["deviations"] and "3 gradients of 1,000 rows" in written["deviations"]
    assert "gradient variance, no noise, top layer, epoch 2" in written["figures"]["0"]
    assert "table-6.1" in (tmp_path / "README.md").read_text()
