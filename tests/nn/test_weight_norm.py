"""Weight normalisation, and its data-dependent initialisation."""

from dataclasses import replace

import pytest
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.optim import Adam

from pyrodgm import testing
from pyrodgm.models import M2, VAE, BayesianVAE
from pyrodgm.nn import MLP, Linear, MaskedNet, ResidualEncoder
from pyrodgm.nn.weight_norm import initialised_by_data, normalised_layers
from pyrodgm.zoo import RECIPES, train
from tests.pairs import rows, small

IAF = ("iaf", {"num_steps": 2})


def test_the_weight_is_a_length_times_a_direction():
    layer = Linear((4, 3), 5, weight_norm=True).double()
    plain = Linear((4, 3), 5).double()
    plain.weight.data, parents = layer.weight.data, (torch.randn(2, 4).double(), torch.randn(6, 1, 3).double())
    torch.testing.assert_close(layer(*parents), plain(*parents))  # v itself at first
    torch.nn.init.uniform_(layer.gain, 0.5, 2.0)
    torch.nn.init.normal_(layer.bias)
    joint = torch.cat([parents[0].expand(6, 2, 4), parents[1].expand(6, 2, 3)], -1)
    weights = torch.stack([g * v / (v**2).sum().sqrt() for v, g in zip(layer.weight, layer.gain, strict=True)])
    want = joint @ weights.T + layer.bias
    torch.testing.assert_close(layer(*parents), want)


def test_a_mask_is_no_part_of_the_length():
    net, plain = (MaskedNet(3, (2,), (4,), weight_norm=norm).double() for norm in (True, False))
    for layer, other in zip(net.layers, plain.layers, strict=True):
        other.weight.data = layer.weight.data
    z, h = torch.randn(5, 3).double(), torch.randn(5, 2).double()
    torch.testing.assert_close(net(z, h), plain(z, h))
    for layer in net.layers:
        layer.gain.data.fill_(2.0)
        layer.weight.data[layer.mask == 0] = 100.0
        norms = (layer.normalised_weight(layer.mask) ** 2).sum(1).sqrt()
        torch.testing.assert_close(norms, 2 * torch.ones_like(norms))


def test_weights_that_are_all_masked_stay_at_zero():
    layer = MaskedNet(3, (), (), weight_norm=True).layers[0]  # the first output reads nothing
    out = layer(torch.randn(5, 3))
    out.sum().backward()
    assert not out[:, 0].any() and all(bool(p.grad.isfinite().all()) for p in layer.parameters())


def test_outputs_of_the_first_call_have_mean_0_and_variance_1():
    net, x = MLP((4, 3), (6, 5), 2, weight_norm=True).double(), 3 + 2 * torch.randn(50, 4).double()
    y = torch.eye(3).double()[:, None]
    with initialised_by_data():
        with initialised_by_data():
            pass
        first = net(x, y)
        second = net(2 * x, y)
    flat = first.reshape(-1, 2)
    torch.testing.assert_close(flat.mean(0), torch.zeros(2).double(), atol=1e-12, rtol=0)
    torch.testing.assert_close((flat**2).mean(0), torch.ones(2).double())
    torch.testing.assert_close(net(x, y), first)  # by g and b
    torch.testing.assert_close(net(2 * x, y), second)  # which the second call leaves


@pytest.mark.parametrize("value", [0.0, 0.37])
def test_where_nothing_spreads_the_length_stays(value):
    layer = Linear((7,), 5, weight_norm=True)
    before = layer.gain.clone()
    with initialised_by_data():
        out = layer(torch.full((100, 7), value))
    assert torch.equal(layer.gain, before)
    torch.testing.assert_close(out, torch.zeros_like(out), atol=1e-6, rtol=0)


@pytest.mark.parametrize("count", [3, 100])
@pytest.mark.parametrize("kind", ["dense", "maps"])
def test_above_layers_where_nothing_spreads_the_length_stays_too(kind, count):
    """Centred, their outputs are rounding errors, of which one may be many times as large as another."""
    torch.manual_seed(0)
    if kind == "dense":
        net, row = MLP((7,), (8, 8), 3, weight_norm=True), torch.rand(7)
    else:
        net, row = ResidualEncoder((5, 5), maps=(2,), hidden=(4, 4), weight_norm=True), torch.rand(25)
    before = [layer.gain.clone() for layer in normalised_layers(net)]
    with initialised_by_data():
        net(row.expand(count, -1).clone())
    assert all(map(torch.equal, before, (layer.gain for layer in normalised_layers(net))))


def test_a_spread_is_measured_against_the_largest_output():
    """1e-4 beside 1000 is a rounding error in single precision; 1e-6 beside 1e-6 is not."""
    layer = Linear((7,), 5, weight_norm=True)
    before, x = layer.gain.clone(), torch.full((100, 7), 1000.0)
    x[::2] += 1e-4
    with initialised_by_data():
        layer(x)
    assert torch.equal(layer.gain, before)
    layer = Linear((7,), 5, weight_norm=True)
    with initialised_by_data():
        out = layer(1e-6 * torch.randn(100, 7))
    torch.testing.assert_close(out.std(0, correction=0), torch.ones(5))


def test_outputs_that_are_all_below_that_of_the_first_row_have_variance_1_too():
    layer, x = Linear((1,), 1, weight_norm=True).double(), torch.tensor([[9.0], [2.0], [1.0], [4.0]]).double()
    torch.nn.init.ones_(layer.weight)
    with initialised_by_data():
        out = layer(x)
    torch.testing.assert_close(out, (x - 4.0) / x.std(correction=0))


class TestModels:
    @pytest.mark.parametrize("model_class", [VAE, M2])
    def test_every_layer_is_normalised_and_trains(self, model_class):
        model = small(model_class, weight_norm=True, posterior=IAF)
        linear = [m for m in model.modules() if isinstance(m, Linear)]
        assert normalised_layers(model) == linear and len(linear) > 8
        x, y = rows(model)
        model.initialise(x)
        assert all(bool(layer.bias.any()) for layer in linear)
        testing.check_pair(model, x, y)

    def test_both_networks_are_initialised_at_their_own_inputs(self):
        model, x = small(VAE, weight_norm=True).double(), torch.rand(40, 6).double()
        torch.manual_seed(3)
        model.initialise(x)
        torch.manual_seed(3)
        q = model.q_z(x)
        for moment in (q.base_dist.loc, 2 * q.base_dist.scale.log(), model.p_x.logits(*model.p_x.trunk(q.rsample()))):
            torch.testing.assert_close(moment.mean(0), torch.zeros_like(moment[0]), atol=1e-9, rtol=0)
            torch.testing.assert_close(moment.var(0, correction=0), torch.ones_like(moment[0]))

    @pytest.mark.parametrize("count", [0, 1])
    def test_fewer_than_two_rows_are_refused(self, count):
        model, x = small(VAE, weight_norm=True), torch.rand(2, 6)
        with pytest.raises(ValueError, match=f"x: got {count} rows, want at least two for a variance"):
            model.initialise(x[:count])
        assert not any(bool(layer.bias.any()) for layer in normalised_layers(model))
        model.initialise(x)
        small(VAE).initialise(x[:count])  # nothing to initialise

    def test_statistics_of_batches_stay(self):
        model = small(VAE, weight_norm=True, batch_norm=True)
        model.initialise(torch.rand(7, 6))
        assert not any(int(b) for name, b in model.named_buffers() if name.endswith("tracked"))

    def test_once_training_began_it_is_refused(self):
        message = "initialise: got a model that is trained or initialised already, want a new one"
        x = torch.rand(7, 6)
        trained, initialised = small(VAE, weight_norm=True), small(VAE, weight_norm=True)
        SVI(trained.model, trained.guide, Adam({"lr": 1e-3}), Trace_ELBO()).step(x)
        initialised.initialise(x)
        resumed = small(VAE, weight_norm=True)
        resumed.load_state_dict(initialised.state_dict())
        for model in (trained, initialised, resumed):
            with pytest.raises(ValueError, match=message):
                model.initialise(x)

    def test_without_such_layers_nothing_is_run(self):
        model = small(VAE)
        model.guide = None
        state = torch.get_rng_state()
        model.initialise(torch.rand(7, 6, generator=torch.Generator().manual_seed(0)))
        assert torch.equal(torch.get_rng_state(), state)

    def test_not_with_weights_that_have_a_posterior(self):
        with pytest.raises(ValueError, match="weight_norm: got True with a posterior of the weights, want False"):
            BayesianVAE(6, hidden=(4,), data_size=7, weight_norm=True)


@pytest.mark.usefixtures("plain_svi")
def test_a_recipe_initialises_at_the_start_of_a_run_alone(tmp_path, monkeypatch):
    seen, plainly = [], VAE.initialise

    def initialise(model, x, y=None):
        plainly(model, x, y)
        seen.append(x)

    monkeypatch.setattr(VAE, "initialise", initialise)
    recipe = RECIPES["digits-m1"]
    options = recipe.model[1] | {"weight_norm": True, "hidden": (8,)}
    recipe = replace(recipe, model=(VAE, options), epochs=1, feature_classifiers=())
    whole = train(replace(recipe, epochs=2), seed=1, progress=False)[2]
    assert (
        len(seen) == 1 and seen[0].shape == (100, 64) and set(seen[0].unique().tolist()) <= {0.0, 4.0, 8.0, 12.0, 16.0}
    )
    train(recipe, seed=1, folder=tmp_path, progress=False)
    resumed = train(replace(recipe, epochs=2), seed=1, folder=tmp_path, progress=False)[2]
    assert len(seen) == 2
    for name, parameter in whole.named_parameters():
        assert torch.equal(parameter, resumed.get_parameter(name))
    train(replace(RECIPES["digits-m1"], epochs=1, feature_classifiers=()), seed=1, progress=False)
    assert len(seen) == 2
