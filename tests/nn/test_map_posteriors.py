"""Posteriors of maps: densities, inverses, the order of a flow, initial values, and bad input."""

import pytest
import torch

from pyrodgm.distributions import log_prob_of_units
from pyrodgm.nn import map_posterior_net
from pyrodgm.nn.map_posteriors import INITIAL_SCALE, order_of_maps

FLOWS = {
    "linear": {"made_hidden": ()},
    "one layer": {"made_hidden": (5,)},
    "two layers": {"made_hidden": (5, 1), "step": "gated"},
    "two steps": {"num_steps": 2, "step": "location"},
}


def made(parents=(4, 3), **options):
    """A flow of 2 maps of 3 x 2 places, with weights as large as those of training, and its parents."""
    net = map_posterior_net(("iaf", options), parents, 2).double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return net, [torch.randn(5, size, 3, 2).double() for size in parents]


def step_as_function(q, t, row):
    """Step t of a flow as a function of the flattened value of a row, others at zero."""

    def value(z):
        rows = torch.zeros(q.batch_shape + z.shape, dtype=z.dtype).index_copy(0, torch.tensor([row]), z[None])
        return q.transforms[t](rows.unflatten(-1, q.event_shape)).flatten(1)[row]

    return value


@pytest.mark.parametrize("name", FLOWS)
def test_the_jacobian_is_strictly_triangular_in_the_order_of_places_and_maps(name):
    net, h = made(**FLOWS[name])
    q = net(*h)
    place_by_place = [c * 6 + place for place in range(6) for c in range(2)]
    for t, step in enumerate(q.transforms):
        order = place_by_place[::-1] if t == 1 else place_by_place
        assert list(step.order) == order
        jacobian = torch.autograd.functional.jacobian(step_as_function(q, t, 1), torch.randn(12).double())
        ordered = jacobian[order][:, order]
        assert torch.equal(ordered.triu(1), torch.zeros_like(ordered))
        assert bool((ordered.diagonal() > 0).all()) and bool(ordered.tril(-1).any())
        if net.step == "location":
            torch.testing.assert_close(ordered.diagonal(), torch.ones(12).double(), rtol=0, atol=0)


@pytest.mark.parametrize("step", ["location", "affine", "gated"])
def test_a_linear_network_gives_a_normal_if_a_step_only_shifts(step):
    net, h = made(made_hidden=(), step=step)
    move = step_as_function(net(*h), 0, 1)
    z = torch.randn(12).double()
    curvature = (move(z) + move(-z) - 2 * move(torch.zeros_like(z))).abs().max()  # 0 for a map that is linear in z
    assert (curvature < 1e-12) == (step == "location")


@pytest.mark.parametrize("name", FLOWS)
def test_a_value_from_elsewhere_is_scored_as_the_sample_that_it_was(name):
    net, h = made(**FLOWS[name])
    q = net(*h)
    z = q.rsample()
    log_q, units = q.log_prob(z), log_prob_of_units(q, z)
    assert log_q.shape == (5,) and units.shape == (5, 2, 3, 2)
    torch.testing.assert_close(units.flatten(1).sum(1), log_q, rtol=1e-12, atol=0)
    again = net(*h)
    torch.testing.assert_close(again.log_prob(z.clone()), log_q, rtol=1e-9, atol=1e-9)
    value, log_sigma = z.clone(), 0.0
    for t in reversed(range(len(q.transforms))):
        value = again.transforms[t].inv(value)
        pairs = [(step_as_function(q, t, row), value[row].flatten()) for row in range(5)]
        scales = [torch.autograd.functional.jacobian(*pair).diagonal() for pair in pairs]
        log_sigma = log_sigma + torch.stack(scales).log().unflatten(1, (2, 3, 2))
    by_unit = net.base(*h).base_dist.log_prob(value) - log_sigma
    torch.testing.assert_close(units, by_unit, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("context", "read"), [("both", (True, True)), ("bottom_up", (True, False)), ("top_down", (False, True))]
)
def test_the_context_is_what_it_says(context, read):
    net, h = made(context=context)
    z = net(*h).rsample()
    for i, reads in enumerate(read):
        changed = [maps + (j == i) for j, maps in enumerate(h)]
        before, after = (net(*each).transforms[0].forward_and_log_det(z)[0] for each in (h, changed))
        assert torch.equal(before, after) != reads


def test_parents_of_more_dimensions_broadcast():
    net, (g, h) = made()
    q = net(g, torch.stack([h, h + 1, h]))
    assert q.batch_shape == (3, 5) and q.rsample().shape == (3, 5, 2, 3, 2)


@pytest.mark.parametrize("weight_norm", [False, True])
@torch.no_grad()
def test_it_begins_near_the_standard_normal_and_the_identity(weight_norm):
    torch.manual_seed(1)
    h = [torch.randn(50, 16, 6, 6)]
    net = map_posterior_net(("iaf", {"made_hidden": (16,)}), (16,), 8, weight_norm=weight_norm)
    assert (net.base.moments.gain is not None) == weight_norm
    q = net(*h)
    assert 0.02 < float(q.base_dist.base_dist.loc.std()) < 3 * INITIAL_SCALE
    assert 0.02 < float(q.base_dist.base_dist.scale.log().std() * 2) < 3 * INITIAL_SCALE
    z = torch.randn(50, 8, 6, 6)
    moved, log_sigma = q.transforms[0].forward_and_log_det(z)
    assert 0.01 < float((moved - z).std()) < 3 * INITIAL_SCALE and float(log_sigma.std()) < 3 * INITIAL_SCALE


@pytest.mark.parametrize("hidden", [(5,), ()])
def test_the_last_layer_of_a_step_alone_starts_at_a_tenth(hidden, monkeypatch):
    """Without hidden layers it is also the first, and its weights for the context are a tenth too."""

    def weights():
        torch.manual_seed(1)
        net = map_posterior_net(("iaf", {"num_steps": 2, "made_hidden": hidden}), (4, 3), 2)
        return {name: p.detach() for name, p in net.steps.named_parameters() if "bias" not in name}

    found = weights()
    monkeypatch.setattr("pyrodgm.nn.map_posteriors.INITIAL_SCALE", 1.0)
    for name, usual in weights().items():
        torch.testing.assert_close(found[name], INITIAL_SCALE * usual if f".layers.{len(hidden)}." in name else usual)


@pytest.mark.parametrize(("parents", "size", "width"), [((4, 3), 2, 3), ((4, 3), 6, 6)])
def test_by_default_a_step_has_one_layer_as_wide_as_the_last_parent_and_as_z(parents, size, width):
    (net,) = map_posterior_net("iaf", parents, size).steps
    assert [layer.weight.shape[0] for layer in net.layers] == [width, 2 * size]


def test_the_order():
    assert order_of_maps((2, 1, 3)) == [0, 3, 1, 4, 2, 5]
    assert order_of_maps((2, 1, 3), backward=True) == [5, 2, 4, 1, 3, 0]


@pytest.mark.parametrize(
    ("posterior", "parents", "message"),
    [
        ("full", (4, 3), "posterior: got 'full', want one of iaf, normal"),
        (("normal", {"num_steps": 2}), (4, 3), "posterior 'normal': option: got 'num_steps', want one of "),
        (("iaf", {"num_step": 2}), (4, 3), r"posterior 'iaf': option: got 'num_step' \(did you mean 'num_steps'\?\)"),
        (("iaf", {"num_steps": 0}), (4, 3), "num_steps: got 0, want a positive int"),
        (("iaf", {"step": "scale"}), (4, 3), "step: got 'scale', want one of affine, gated, location"),
        (("iaf", {"made_hidden": 5}), (4, 3), "made_hidden: got 5, want a tuple of positive ints"),
        (("iaf", {"made_hidden": (0,)}), (4, 3), "hidden: got 0, want a positive int"),
        (("iaf", {"made_activation": "swish"}), (4, 3), "activation: got 'swish', want one of elu"),
        (("iaf", {"reverse_every": 0}), (4, 3), "reverse_every: got 0, want a positive int"),
        (("iaf", {"gate_bias": float("nan")}), (4, 3), "gate_bias: got nan, want a finite number"),
        (("iaf", {"gate_bias": float("inf")}), (4, 3), "gate_bias: got inf, want a finite number"),
        (("iaf", {"context": "up"}), (4, 3), "context: got 'up'.*, want one of both, bottom_up, top_down"),
        (("iaf", {"context": "top_down"}), (4,), "context: got 'top_down' with 1 parent, want 'both' or 'bottom_up'"),
    ],
)
def test_bad_arguments(posterior, parents, message):
    with pytest.raises(ValueError, match=message):
        map_posterior_net(posterior, parents, 2)
