"""ResNetVAE with odd sizes and several channels, both directions, compiled, free bits per map, and bad input."""

import pyro
import pytest
import torch
from pyro.infer import SVI, Trace_ELBO, TraceMeanField_ELBO
from pyro.optim import Adam
from torch.distributions import Normal

from pyrodgm import testing
from pyrodgm.distributions import log_prob_of_units
from pyrodgm.evaluate import active_units, elbo_parts, kl_per_unit, latent_means, log_likelihood
from pyrodgm.infer import CompiledSVI, FreeBits, Optimizer
from pyrodgm.models import ResNetVAE
from pyrodgm.models.resnet_vae import ResidualUnit, Upsampling
from pyrodgm.nn.convolution import Convolution
from tests.models.test_matrix import check_by_hand

IAF = ("iaf", {"made_hidden": (5,)})
IMAGES = {
    "7x5": {"image_shape": (7, 5), "likelihood": "bernoulli"},
    "4x3x2": {"image_shape": (4, 3, 2), "likelihood": ("discretized_logistic", {"num_levels": 7})},
}
PAIRS = {
    "bidirectional": {},
    "bottom up": {"inference": "bottom_up"},
    "bidirectional iaf": {"posterior": IAF},
    "bottom up iaf": {
        "inference": "bottom_up",
        "posterior": ("iaf", {"num_steps": 2, "step": "gated", "made_hidden": ()}),
    },
    "top-down context": {"posterior": ("iaf", {"context": "top_down", "step": "location", "made_hidden": (4, 3)})},
}


def made(image="7x5", **options):
    return ResNetVAE(**{"depth": 3, "maps": 4, "z_maps": 2} | IMAGES[image] | options)


def rows(model, count=5):
    return torch.randint(0, model.p_x.scale + 1, (count, model.x_size)).float()


def moved(model):
    """With lengths and biases that are no longer those of the start."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("name", PAIRS)
def test_it_is_a_pair_and_that_of_the_formulas(name, image):
    model = made(image, **PAIRS[name])
    x = rows(model)
    model.initialise(x)
    testing.check_pair(model, x)
    check_by_hand(moved(model).double(), num_rows=2)


@pytest.mark.parametrize("name", PAIRS)
def test_free_bits_by_map(name):
    """A floor between the maps' KLs: analytic where normals are drawn from the top down, else at the sample."""
    model = moved(made(**PAIRS[name])).double()
    x, kl = rows(model).double(), []
    pyro.set_rng_seed(3)
    guide = pyro.poutine.trace(model.guide).get_trace(x)
    pair = pyro.poutine.trace(pyro.poutine.replay(model.model, guide)).get_trace(x).nodes
    for site in ("z1", "z2", "z3"):
        q, p, z = guide.nodes[site]["fn"], pair[site]["fn"], guide.nodes[site]["value"]
        if "posterior" not in PAIRS[name] and (site == "z3" or name == "bidirectional"):
            mean, scale = p.base_dist.loc, p.base_dist.scale
            s, m = q.base_dist.scale / scale, (q.base_dist.loc - mean) / scale
            units = 0.5 * (s**2 + m**2 - 1) - s.log()
        else:
            units = log_prob_of_units(q, z) - p.base_dist.log_prob(z)
        kl += list(units.sum((0, 2, 3)))
    assert len(kl) == 6
    floor = float(torch.stack(kl).detach().sort().values[2:4].mean())  # of all five rows
    wanted = sum(group.clamp(min=max(floor, 0.01)) for group in kl) - pair["x"]["fn"].log_prob(x).sum()
    pyro.set_rng_seed(3)
    found = FreeBits(max(floor, 0.01) / 5, groups="map").differentiable_loss(model.model, model.guide, x)
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", ["bidirectional", "bottom up", "bidirectional iaf"])
def test_figures_by_unit_and_layer(name):
    model = moved(made(**PAIRS[name])).double().eval()
    x = rows(model, 100).double()
    parts = elbo_parts(model, x, num_samples=10)
    assert set(parts) == {"x", "z1", "z2", "z3"}
    for site in ("z1", "z2", "z3"):
        kl = kl_per_unit(model, x, site=site, num_samples=10)
        assert kl.shape == (2, 4, 3)
        assert float(kl.sum()) == pytest.approx(parts[site], rel=0.05, abs=0.3)
        assert latent_means(model, x, site=site).shape == (100, 2, 4, 3)
        assert active_units(model, x, site=site).shape == (2, 4, 3)


def test_the_divergences_of_a_ladder_are_analytic():
    """Guide and model draw in one order: Pyro's mean-field bound has the same mean and no noise of its KLs."""
    model = moved(made()).double()
    x = rows(model).double()
    pyro.set_rng_seed(3)
    wanted = FreeBits(0, groups="map").loss(model.model, model.guide, x)
    pyro.set_rng_seed(3)
    assert TraceMeanField_ELBO().loss(model.model, model.guide, x) == pytest.approx(float(wanted), rel=1e-12)


@pytest.mark.parametrize(("name", "objective"), [("bidirectional iaf", "free bits"), ("bottom up", "elbo")])
def test_a_compiled_step_is_the_plain_one(name, objective):
    losses = []
    elbo = Trace_ELBO() if objective == "elbo" else FreeBits(0.2, groups="map")
    for backend in ("off", "replay"):
        pyro.set_rng_seed(0)
        pyro.clear_param_store()
        model = made(depth=2, **PAIRS[name])
        x, adamax = rows(model, 7), Optimizer(torch.optim.Adamax, {"lr": 2e-3})
        svi = CompiledSVI(model.model, model.guide, adamax, elbo, backend=backend)
        with pyro.validation_enabled(False):
            losses.append([svi.step(x[:size]) for size in (7, 7, 5, 7)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_the_network_is_that_of_the_header():
    """Half the places, L layers of units, 5 x 5 at the ends, one log-scale a channel, all but the masks normalised.

    The model goes down one unit, below z1; the guide has done the others.
    """
    model, seen = ResNetVAE((32, 32, 3), posterior=IAF), []
    for module in model.modules():
        if isinstance(module, Convolution):
            module.register_forward_hook(
                lambda m, inputs, out: seen.append((m.kernel, inputs[0].shape[-1], len(inputs), m.size))
            )
    x = torch.randint(0, 256, (2, 3072)).float()
    Trace_ELBO().loss(model.model, model.guide, x)
    up, q, down, p = 2 * [(3, 16, 1, 64)], (3, 16, 2, 64), [(3, 16, 1, 64), (3, 16, 2, 64)], (3, 16, 1, 64)
    assert seen == [(5, 32, 1, 64), *3 * up, *3 * [q, *down], q, *4 * [p], *down, (5, 16, 1, 3)]
    assert model.p_x.log_scale.shape == (3, 1)
    assert all(m.gain is not None for m in model.modules() if isinstance(m, Convolution))


def test_the_number_of_log_scales_can_be_given():
    one = made("4x3x2", likelihood=("discretized_logistic", {"num_levels": 7, "num_channels": 1}))
    assert made("4x3x2").p_x.log_scale.shape == (2, 1) and one.p_x.log_scale.shape == (1, 1)


def test_the_start_is_rounded_as_the_units_are():
    assert made(precision="bfloat16")._start().dtype == torch.bfloat16 and made()._start().dtype == torch.float32


def test_the_activation_is_that_of_every_unit_and_head():
    """f of the header: in the units, before the last convolution, and of g and h before the moments."""
    model = made(activation="relu")
    units = [module for module in model.modules() if isinstance(module, (ResidualUnit, Upsampling))]
    assert [unit.activation for unit in units] == 6 * ["relu"]  # three down, two up, and the head
    check_by_hand(moved(model).double(), num_rows=2)


def test_the_bidirectional_guide_goes_down_the_models_own_path():
    """The guide's sample of a layer moves with the units and the start of the model; not so from the bottom up."""
    for name, depends in (("bidirectional", True), ("bottom up", False)):
        model = made(**PAIRS[name])
        q = pyro.poutine.trace(model.guide).get_trace(rows(model)).nodes["z1"]["value"]
        of_model = [model.start, *model.down[2].parameters()]
        gradients = torch.autograd.grad(q.sum(), of_model, allow_unused=True)
        assert [g is not None for g in gradients] == len(of_model) * [depends]


def test_the_first_draws_are_finite_and_near():
    """By data the units' outputs have mean 0 and variance 1; the heads a tenth of that, and the start keeps its g."""
    model = ResNetVAE((8, 8, 3), maps=16, z_maps=8)
    x = torch.randint(0, 256, (50, 192)).float()
    before = model.p_z[3].moments.gain.detach().clone(), model.down[3].inner.gain.detach().clone()
    pyro.set_rng_seed(1)
    model.initialise(x)
    pyro.set_rng_seed(1)
    nodes = pyro.poutine.trace(model.guide).get_trace(x).nodes
    for i in range(4):
        q = nodes[f"z{i + 1}"]["fn"].base_dist
        outputs = torch.cat([q.loc, 2 * q.scale.log()], 1).detach()
        torch.testing.assert_close(outputs.mean((0, 2, 3)), torch.zeros(16), atol=1e-4, rtol=0)
        torch.testing.assert_close(outputs.std((0, 2, 3), correction=0), torch.full((16,), 0.1), atol=1e-4, rtol=0)
    after = model.p_z[3].moments.gain, model.down[3].inner.gain
    assert all(torch.equal(*pair) for pair in zip(before, after, strict=True))
    bits = float(Trace_ELBO().loss(model.model, model.guide, x)) / x.numel() / 0.6931
    assert 7 < bits < 9


def test_the_top_layer_has_a_learned_prior():
    model = made()
    (z,) = (node for node in pyro.poutine.trace(model.model).get_trace(size=3).nodes.values() if node["name"] == "z3")
    prior = z["fn"].base_dist
    assert isinstance(prior, Normal) and prior.loc.shape == (3, 2, 4, 3)
    assert bool((model.start != 0).all())  # drawn, so that the maps differ from the first step on
    assert torch.autograd.grad(prior.loc.sum(), model.start)[0].abs().min() > 0


def test_it_learns_with_free_bits_and_reconstructs():
    model = made("4x3x2", depth=2, posterior=IAF, maps=8)
    x = torch.tensor([[0.0, 6.0], [6.0, 0.0], [3.0, 3.0]]).repeat(8, 12)
    model.initialise(x)
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-2}), FreeBits(0.25, groups="map"))
    losses = [svi.step(x) for _ in range(50)]
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])
    assert model.reconstruct(x).shape == x.shape
    assert log_likelihood(model, x[:3], num_samples=20).mean < 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (32,)}, r"image_shape: got \(32,\), want two or three positive ints, \(H, W\) or \(H, W, C\)"),
        ({"image_shape": (1, 8)}, r"image_shape: got \(1, 8\), want at least 2 x 2, for 1 strides of 2"),
        ({"depth": 0}, "depth: got 0, want a positive int"),
        ({"maps": 0}, "maps: got 0, want a positive int"),
        ({"z_maps": -1}, "z_maps: got -1, want a positive int"),
        ({"inference": "top_down"}, "inference: got 'top_down'.*, want one of bidirectional, bottom_up"),
        ({"posterior": "planar"}, "posterior: got 'planar', want one of iaf, normal"),
        (
            {"inference": "bottom_up", "posterior": ("iaf", {"context": "top_down"})},
            "context: got 'top_down' with 1 parent, want 'both' or 'bottom_up'",
        ),
        ({"activation": "swish"}, "activation: got 'swish', want one of elu"),
        ({"likelihood": "poisson"}, "likelihood: got 'poisson', want one of bernoulli"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        ResNetVAE(**{"image_shape": (8, 8)} | options)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(2, 34), r"x: got shape \(2, 34\), want \(B, 35\)"),
        (torch.full((2, 35), 0.5), "x: got .*, want integers from 0 to 255"),
        (torch.full((2, 35), 256.0), "x: got .*, want integers from 0 to 255"),
    ],
)
def test_bad_rows(x, message):
    with pytest.raises(ValueError, match=message):
        made(likelihood="discretized_logistic").guide(x)
