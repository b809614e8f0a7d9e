"""FAME with its autoregressive decoder: by hand, brute force, compiled, in both modes, and bad input."""

import pyro
import pytest
import torch
import torch.nn.functional as F
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm import testing
from pyrodgm.evaluate import elbo_parts, log_likelihood, row_bounds
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.models import FAME, SemiSupervisedFAME
from pyrodgm.nn import BatchNorm, Convolution, Linear, NormalNet, Trunk
from pyrodgm.nn.feature_maps import Strided
from tests import by_hand
from tests.models.test_matrix import continuous, noise_of, record

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
PAPER = {"batch_norm": True, "scale_head": "softplus_sigma"}


def made(num_classes=(), image_shape=(5, 3), **options):
    sizes = {"z_sizes": (4, 3, 2), "hidden": (7,), "maps": (3, 4), "pixel_maps": 6}  # the last layer is dense
    model_class = SemiSupervisedFAME if num_classes else FAME
    return model_class(image_shape, *num_classes, **sizes | options)


def binary(rows=7):
    return torch.bernoulli(torch.full((rows, 15), 0.5))


@pytest.mark.parametrize("options", [{}, PAPER], ids=["plain", "paper"])
def test_loss_and_gradients_agree_with_the_formulas_by_hand(options):
    """With batch normalisation by the rows at hand, and by its running statistics."""
    model, x = made(**options).double(), binary().double()
    ELBO.loss(model.model, model.guide, x)
    for _ in range(2):
        loss, seen = record(model, x, ELBO)
        noise = {site: noise_of(node) for site, node in continuous(seen[0]).items()}
        expected = by_hand.unlabelled_loss(model, x, noise)
        torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)
        parameters = dict(model.named_parameters())
        got, want = (torch.autograd.grad(total, list(parameters.values())) for total in (loss, expected))
        for name, g, w in zip(parameters, got, want, strict=True):
            torch.testing.assert_close(g, w, rtol=1e-8, atol=1e-10, msg=lambda m, name=name: f"{name}: {m}")
        model.eval()


def test_it_is_a_pair():
    testing.check_pair(made(), binary())
    testing.check_pair(made(**PAPER).eval(), binary())


@pytest.mark.parametrize("training", [True, False])
def test_no_pixel_reads_a_later_one_whatever_is_normalised(training):
    model = made(**PAPER).double().train(training)
    z, x = torch.randn(5, 4).double(), torch.rand(5, 15).double()
    p_x = model.p_x(z)
    read = torch.autograd.functional.jacobian(p_x.mean_given, x)
    for row in range(5):
        for other in range(5):
            part = read[row, :, other]
            assert not part.any() if row != other else not part.triu().any()
    assert not any(isinstance(module, BatchNorm) for module in model.p_x.pixels.modules())


def test_figures_are_those_by_hand():
    model, x = made().double(), binary().double()
    torch.manual_seed(3)
    log_w = by_hand.log_weights(model, x, by_hand.fresh(model, x, 5)).detach()
    torch.manual_seed(3)
    found = log_likelihood(model, x, num_samples=5, backend="off").rows
    torch.testing.assert_close(found, by_hand.log_mean(log_w)[0], rtol=1e-9, atol=0)
    torch.manual_seed(3)
    want = by_hand.bounds(model, x, by_hand.fresh(model, x))[0].detach()
    torch.manual_seed(3)
    torch.testing.assert_close(row_bounds(model, x), want, rtol=1e-9, atol=0)
    assert set(elbo_parts(model, x)) == {"x", "z1", "z2", "z3"}


@pytest.mark.parametrize("particles", [1, 3])
def test_a_compiled_step_is_the_plain_one(particles):
    losses, x = [], binary()
    objective = Trace_ELBO(num_particles=particles, vectorize_particles=True, max_plate_nesting=1)
    for backend in ("off", "replay"):
        pyro.set_rng_seed(0)
        pyro.clear_param_store()
        model = made(**PAPER)
        svi = CompiledSVI(
            model.model, model.guide, Optimizer(torch.optim.Adam, {"lr": 1e-3}), objective, backend=backend
        )
        with pyro.validation_enabled(False):
            losses.append([svi.step(x) for _ in range(3)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_statistics_are_fed_once_a_step():
    model = made(batch_norm=True)
    SVI(model.model, model.guide, Adam({"lr": 1e-3}), ELBO).step(binary())
    counts = {name: int(value) for name, value in model.named_buffers() if name.endswith("num_batches_tracked")}
    assert counts and set(counts.values()) == {1}


def test_it_learns_and_reconstructs():
    model, x = made(), torch.eye(3).repeat(10, 5)
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-2}), ELBO)
    losses = [svi.step(x) for _ in range(60)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
    assert model.reconstruct(x).shape == x.shape


@pytest.mark.parametrize("num_classes", [(), (10,)], ids=["FAME", "SemiSupervisedFAME"])
def test_the_papers_sizes(num_classes):
    model_class = SemiSupervisedFAME if num_classes else FAME
    model = model_class((28, 28), *num_classes, **PAPER)
    assert model.h.sizes == [256, 256, 128, 64, 32] and model.z_sizes == (64, 32, 16, 8, 4)
    assert [p.trunk.sizes for p in model.p_z] == [(256,), (128,), (64,), (32,)]
    assert [p.trunk.maps.top for p in model.p_z[:2]] == [(64, 7, 7), (64, 4, 4)] and model.p_x.maps.top == (32, 14, 14)
    below = [trunk.maps.up.norm.num_features for trunk in (model.p_x, *(p.trunk for p in model.p_z[:2]))]
    assert below == [32, 32, 64]  # maps of x or of the layer below
    assert [len(model.p_x.pixels.blocks), *model.p_x.pixels.first.weight.shape] == [4, 64, 1, 7, 7]
    trunk = model_class((28, 28), *num_classes, **PAPER, concatenation=False).p_x.trunk  # the layers of the PixelCNN
    layers = (trunk.first, *trunk.blocks, *trunk.last, trunk.head(784))
    assert [layer.kernel for layer in layers] == [7, 3, 3, 3, 3, 1, 1, 1]


@pytest.mark.parametrize("num_classes", [(), (3,)], ids=["FAME", "SemiSupervisedFAME"])
def test_every_layer_has_the_options(num_classes):
    options = {"activation": "elu", "batch_norm": True, "init": 1e-3, "weight_norm": True}
    model = made(num_classes, concatenation=False, **options)
    for layer in model.modules():
        if isinstance(layer, (Linear, Convolution)):
            assert layer.gain is not None and float(layer.weight.detach().abs().max()) < 0.01
        if isinstance(layer, Trunk):
            assert layer.activation == "elu" and layer.norms is not None
        if isinstance(layer, Strided):
            assert layer.activation == "elu" and layer.norm is not None


def test_every_normal_has_the_scale_head():
    """p(z_i | z_{i+1}), the heads of the ladder, and p(x | z_1) without concatenation."""
    model = made(concatenation=False, likelihood="normal", scale_head="softplus_sigma")
    normals = [module for module in model.modules() if isinstance(module, NormalNet)]
    assert [net.scale_head for net in normals] == 6 * ["softplus_sigma"]  # p(x), two of p(z), three of q(z)


def test_a_strided_layer_ends_with_its_activation():
    h = torch.randn(2, 2, 4, 3)
    for layer in (Strided(2, 3, activation="elu"), Strided(2, 3, (7, 6), activation="elu")):
        torch.testing.assert_close(layer(h), F.elu(layer.layer(h)))


@pytest.mark.parametrize("num_classes", [(), (3,)], ids=["FAME", "SemiSupervisedFAME"])
def test_a_discretised_logistic_has_a_scale_of_each_channel(num_classes):
    levels = ("discretized_logistic", {"num_levels": 4})
    model = made(num_classes, (5, 3, 2), concatenation=False, likelihood=levels)
    assert model.p_x.log_scale.shape == (2, 1)


@pytest.mark.parametrize("num_classes", [(), (3,)], ids=["FAME", "SemiSupervisedFAME"])
def test_the_guide_reads_counts_as_shares(num_classes):
    """Counts from 0 to 16 are divided by 16, as in every guide, see ``scaled``."""
    counts, bits = torch.randint(17, (4, 15)).float(), ("binomial", {"total_count": 16})
    model, seen = made(num_classes, concatenation=False, likelihood=bits), []
    model.h.register_forward_hook(lambda _, inputs, out: seen.append(inputs[0]))
    model.guide(counts, *(torch.arange(4) % n for n in num_classes))
    if num_classes:
        model.classifier(counts)
    assert len(seen) == 1 + len(num_classes) and all(torch.equal(x, counts / 16) for x in seen)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (28,)}, r"image_shape: got \(28,\), want two or three positive ints"),
        ({"image_shape": (4, 8)}, r"image_shape: got \(4, 8\), want at least 5 x 5, for 3 strides of 2"),
        ({"maps": (4, 4, 4), "z_sizes": (3, 2)}, r"maps: got \(4, 4, 4\), want at most one for each of 2 layers"),
        ({"maps": ()}, r"maps: got \(\), want a tuple of positive ints"),
        ({"z_sizes": ()}, r"z_sizes: got \(\), want one positive int per layer"),
        ({"likelihood": "normal"}, "likelihood: got 'normal' with concatenation, want 'bernoulli'"),
        ({"likelihood": ("binomial", {"total_count": 2})}, "likelihood: got .'binomial', .* with concatenation, want"),
        ({"pixel_maps": 0}, "^pixel_maps: got 0, want a positive int"),
        ({"pixel_maps": 0, "concatenation": False}, "^pixel_maps: got 0, want a positive int"),
        ({"posterior": "full"}, "posterior: got 'full', want one of iaf, normal, planar, radial"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        FAME(**{"image_shape": (28, 28)} | options)


def test_grey_images_are_refused():
    with pytest.raises(ValueError, match="x: got .* want zeros and ones"):
        made().guide(torch.full((2, 15), 0.5))
