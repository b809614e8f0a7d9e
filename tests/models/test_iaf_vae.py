"""IAFVAE with odd image sizes and several channels, at the paper's sizes, compiled, and the trunks alone."""

import pyro
import pytest
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.optim import Adam

from pyrodgm import testing
from pyrodgm.evaluate import log_likelihood
from pyrodgm.infer import CompiledSVI
from pyrodgm.infer.compiled import backends, programs
from pyrodgm.models import IAFVAE, DeepGenerativeModel
from pyrodgm.models.networks import ImageNetworks
from pyrodgm.nn import CategoricalNet, Convolution, ResidualDecoder, ResidualEncoder
from tests.models.test_matrix import check_by_hand

IAF = ("iaf", {"num_steps": 2, "made_hidden": (5, 4), "reverse_every": 2})
IMAGES = {
    "9x7": {"image_shape": (9, 7), "maps": (2, 3, 4), "posterior": IAF},
    "6x6x3": {"image_shape": (6, 6, 3), "maps": (3, 2), "hidden": (), "likelihood": ("categorical", {"num_levels": 4})},
}


def of_images(name, **options):
    return IAFVAE(**{"z_size": 3, "hidden": (6,)} | IMAGES[name] | options)


class ConvolutionalM2(DeepGenerativeModel):
    """M2 of images: y enters the encoder of z beside them."""

    def __init__(self, image_shape, num_classes=3, z_size=2):
        nets = ImageNetworks(image_shape, num_classes, (6,), (2, 3), activation="elu", weight_norm=True)
        super().__init__(nets.x_size, num_classes, z_size)
        self.p_x = nets.likelihood(z_size, num_classes)
        self.q_y = CategoricalNet(ResidualEncoder(image_shape, maps=(2,), hidden=(4,)), None, num_classes)
        self.q_z = nets.posterior(num_classes, size=z_size)

    def model(self, x=None, y=None, size=1):
        with self.batch(x, y, size) as y:
            z = pyro.sample("z", self.standard_normal(self.z_size))
            y = pyro.sample("y", self.uniform_one_hot(), obs=y)
            return pyro.sample("x", self.p_x(z, y), obs=x)

    def guide(self, x, y=None, size=1):
        with self.batch(x, y, size) as y:
            if y is None:
                y = self.sample_class(self.q_y(x))
            pyro.sample("z", self.q_z(x, y))


@pytest.mark.parametrize("name", IMAGES)
def test_images_of_any_size_and_channels(name):
    model = of_images(name)
    x = torch.randint(0, model.p_x.scale + 1, (5, model.x_size)).float()
    model.initialise(x)
    testing.check_pair(model, x)
    check_by_hand_at(model, x)


def check_by_hand_at(model, x):
    """By hand with lengths and biases that are no longer those of the start."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    check_by_hand(model.double(), len(x))


@pytest.mark.parametrize("image_shape", [(9, 7), (6, 6, 3)])
def test_a_model_of_your_own_with_classes(image_shape):
    model = ConvolutionalM2(image_shape)
    testing.check_pair(model, torch.rand(5, model.x_size), torch.tensor([0, 1, 2, 0, 1]))


def test_a_discretised_logistic_has_a_scale_of_each_channel():
    likelihood = ("discretized_logistic", {"num_levels": 4})
    assert of_images("6x6x3", likelihood=likelihood).p_x.log_scale.shape == (3, 1)
    assert of_images("9x7", likelihood=likelihood).p_x.log_scale.shape == (1, 1)


def test_an_enumerated_class_costs_no_convolutions_of_x(monkeypatch):
    model, rows, convolve = ConvolutionalM2((9, 7)), [], Convolution.convolve

    def counted(self, maps, *weight_and_bias):
        rows.append(len(maps))
        return convolve(self, maps, *weight_and_bias)

    monkeypatch.setattr(Convolution, "convolve", counted)
    q_z = model.q_z(torch.rand(5, 63), torch.eye(3)[:, None])
    assert q_z.batch_shape == (3, 5) and set(rows) == {5}


def test_an_enumerated_class_changes_q_of_z():
    means = ConvolutionalM2((9, 7)).q_z(torch.rand(5, 63), torch.eye(3)[:, None]).mean
    assert not torch.allclose(means[0], means[1]) and not torch.allclose(means[1], means[2])


def test_the_network_is_that_of_the_paper():
    """28, 14, 7 and 4 places, 16, 32 and 32 maps, 450 units; MADE of two layers of 320, all weights normalised."""
    steps = ("iaf", {"num_steps": 2, "made_hidden": (320, 320), "reverse_every": 2})
    model, seen = IAFVAE((28, 28), posterior=steps), []
    for module in model.modules():
        if isinstance(module, Convolution):
            module.register_forward_hook(
                lambda m, inputs, out: seen.append((m.size, out.shape[-2] if out.dim() > 3 else 28))
            )
    model.p_x(model.q_z(torch.rand(2, 784)).rsample())
    first = [(16, 14), (16, 14), (16, 14)]  # W_1, W_2 and W_s
    encoder = [*first, (16, 14), (16, 14), *3 * [(32, 7)], *2 * [(32, 7)], *3 * [(32, 4)]]
    decoder = [*3 * [(32, 7)], *2 * [(32, 7)], *3 * [(16, 14)], *2 * [(16, 14)], *3 * [(16, 28)]]
    assert seen == [*encoder, *decoder, (1, 28)]
    dense = {name: tuple(p.shape) for name, p in model.named_parameters() if p.dim() == 2 and name.endswith("weight")}
    flow = [(320, 32 + 450), (320, 320), (64, 320)]
    assert list(dense.values()) == [(450, 32), (512, 450), (450, 512), (32, 450), (32, 450), *flow, *flow]
    weights, gains = (
        {n.rpartition(".")[0] for n, _ in model.named_parameters() if n.endswith(e)} for e in ("weight", "gain")
    )
    assert weights == gains


def test_the_first_draws_are_finite_and_their_networks_normalised():
    model, x = IAFVAE((28, 28)), torch.rand(20, 784).bernoulli()
    pyro.set_rng_seed(1)
    model.initialise(x)
    pyro.set_rng_seed(1)
    q = model.q_z(x)
    logits = model.p_x.logits(*model.p_x.trunk(q.rsample()))
    for values, over in ((q.base_dist.loc, 0), (q.base_dist.scale.log() * 2, 0), (logits, (0, 1))):
        torch.testing.assert_close(values.mean(over), torch.zeros_like(values.mean(over)), atol=1e-4, rtol=0)
        torch.testing.assert_close(
            values.std(over, correction=0), torch.ones_like(values.mean(over)), atol=1e-3, rtol=0
        )


@pytest.mark.filterwarnings("ignore:compiling")
def test_one_graph_serves_every_batch_size_and_is_not_compiled_by_itself(monkeypatch):
    """Compiled code takes its convolutions from where torch does."""
    monkeypatch.setattr(programs, "COMPILE_AFTER", 2)
    monkeypatch.setitem(backends.BACKENDS, "inductor", lambda graph: pytest.fail("compiled"))

    def losses(make):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        model = of_images("9x7", maps=(2,), posterior="normal")
        svi = make(model.model, model.guide, Adam({"lr": 1e-3}), Trace_ELBO())
        x = torch.rand(7, 63)
        return [svi.step(x[:size]) for size in (4, 4, 7, 2, 5, 3, 6, 4)], svi

    expected, _ = losses(SVI)
    found, svi = losses(CompiledSVI)
    torch.testing.assert_close(torch.tensor(found), torch.tensor(expected), rtol=1e-6, atol=0)
    (slot,) = svi._steps.slots.values()
    assert slot.backend == "replay" and len(slot.programs) == 2  # for four rows, and for any number


def test_importance_weights_tighten_the_bound():
    model, x = of_images("9x7"), torch.rand(4, 63).bernoulli()
    pyro.set_rng_seed(0)
    elbo = Trace_ELBO(max_plate_nesting=1, num_particles=50, vectorize_particles=True)
    assert -elbo.loss(model.model, model.guide, x) / 4 < log_likelihood(model, x, num_samples=50).mean


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: IAFVAE((28,)), r"image_shape: got \(28,\), want two or three positive ints, \(H, W\) or \(H, W, C\)"),
        (lambda: IAFVAE(784), "image_shape: got 784, want two or three positive ints"),
        (lambda: IAFVAE((8, 4)), r"image_shape: got \(8, 4\), want at least 5 x 5, for 3 strides of 2"),
        (lambda: IAFVAE((8, 8), maps=()), r"maps: got \(\), want a tuple of positive ints, one for each stride"),
        (lambda: IAFVAE((8, 8), maps=(4, 0)), "maps: got 0, want a positive int"),
        (lambda: IAFVAE((8, 8), activation="swish"), "activation: got 'swish', want one of elu"),
        (lambda: IAFVAE((8, 8)).guide(torch.rand(2, 63)), r"x: got shape \(2, 63\), want \(B, 64\)"),
        (
            lambda: ResidualDecoder((2,), (8, 8)).head(100),
            "size: got 100, want a multiple of the 64 positions of a map",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
