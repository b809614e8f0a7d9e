"""PixelCNN: dependencies of a pixel, normalised density, by hand, naive sampling, and in a pair."""

import matplotlib
import numpy as np
import pyro
import pytest
import torch
import torch.nn.functional as F
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm import testing
from pyrodgm.evaluate import log_likelihood
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.models import M2, VAE
from pyrodgm.nn import PixelCNN
from pyrodgm.plot import reconstructions, samples

matplotlib.use("Agg")
SHAPES = [(2, 3), (1, 3, 2)]


def made(image_shape, seed=0, **options):
    """A network in double precision whose logits are far from zero."""
    torch.manual_seed(seed)
    net = PixelCNN(image_shape, **{"num_maps": 6, "num_blocks": 2, "kernel_size": 3} | options).double()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return net


def every_image(size):
    return torch.cartesian_prod(*[torch.arange(2.0, dtype=torch.float64)] * size)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("image_shape", [(4, 3), (5, 5), (2, 2, 3)])
def test_no_logit_depends_on_its_own_pixel_or_a_later_one(image_shape, training):
    net = made(image_shape, maps=(2,), vectors=(3,), num_maps=24).train(training)
    h, y = torch.randn(2, *image_shape[:2]).double(), torch.randn(3).double()
    x = torch.rand(3, net.size).double()  # among other rows: none reads another's

    def logits(x):
        return net.pixels(x, h.expand(3, *h.shape), y).logits

    read = torch.autograd.functional.jacobian(logits, x)  # (3, D, 3, D)
    for row in range(3):
        for other in range(3):
            part = read[row, :, other]
            assert not part.any() if row != other else not part.triu().any()
    assert bool((read[0, 1:, 0].abs().sum(-1) > 0).all()), "a pixel reads none before it"


@pytest.mark.parametrize("image_shape", SHAPES)
def test_probabilities_of_all_images_sum_to_one(image_shape):
    net = made(image_shape, maps=(2,))
    p = net(torch.randn(4, 1, 2, *image_shape[:2]).double())
    log_p = p.log_prob(every_image(6))  # (4, 64)
    torch.testing.assert_close(log_p.exp().sum(-1), torch.ones(4).double(), rtol=0, atol=1e-12)
    assert p.batch_shape == (4, 1) and p.event_shape == (6,)


def test_the_network_is_that_of_the_paper_by_hand():
    net, x = made((4, 3), maps=(2,)), torch.bernoulli(torch.full((5, 12), 0.5)).double()
    h = torch.randn(5, 2, 4, 3).double()
    a, b = torch.ones(3, 3).double(), torch.ones(3, 3).double()
    a[1, 1:] = a[2] = 0
    b[1, 2:] = b[2] = 0
    first = net.first
    out = F.conv2d(torch.cat([x.reshape(5, 1, 4, 3), h], 1),
                   torch.cat([first.weight * a, first.of_maps[0]], 1), first.bias, padding=1)  # fmt: skip
    for block in net.blocks:
        out = out + F.conv2d(F.relu(out), block.weight * b, block.bias, padding=1)
    for layer in net.last:
        out = F.conv2d(F.relu(out), layer.weight, layer.bias)
    assert len(net.blocks) == 2 and len(net.last) == 3 and len(PixelCNN((4, 3)).blocks) == 4
    pi = torch.sigmoid(out).reshape(5, 12)
    want = (x * pi.log() + (1 - x) * (1 - pi).log()).sum(-1)
    torch.testing.assert_close(net(h).log_prob(x), want, rtol=1e-12, atol=0)
    torch.testing.assert_close(net(h).mean_given(x), pi, rtol=1e-12, atol=0)


def naive(net, noise, *parents):
    """The image that noise makes, by a pass of the whole network for every pixel."""
    x = torch.zeros_like(noise)
    for i in range(net.size):
        x[..., i] = (noise[..., i] < net.pixels(x, *parents).probs[..., i]).to(x)
    return x


@pytest.mark.parametrize("kernel_size", [3, 7])
@pytest.mark.parametrize("image_shape", [(5, 4), (3, 3, 2), (1, 6), (6, 1)])
def test_samples_are_those_of_the_naive_loop(image_shape, kernel_size):
    torch.manual_seed(1)
    net = PixelCNN(image_shape, maps=(3,), vectors=(2,), num_maps=6, kernel_size=kernel_size).double()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    h, y = torch.randn(4, 3, *image_shape[:2]).double(), torch.randn(7, 1, 2).double()
    noise = torch.rand(2, 7, 4, net.size).double()
    drawn = net.draw(noise, h, y)
    assert torch.equal(drawn, naive(net, noise, h, y))
    assert 0.1 < float(drawn.mean()) < 0.9 and drawn.shape == (2, 7, 4, net.size)


def test_samples_come_as_often_as_their_probability_says():
    net, n = made((2, 2), maps=(1,)), 20_000
    p = net(torch.randn(1, 1, 2, 2).double())
    drawn = p.sample((n,))
    assert drawn.shape == (n, 1, 4)
    images = every_image(4)
    share = (drawn == images[:, None, None]).all(-1).double().mean((1, 2))
    chance = p.log_prob(images).exp()
    assert bool(((share - chance).abs() < 4.5 * (chance * (1 - chance) / n).sqrt()).all())


def test_shapes_of_parents_plates_and_rows():
    net = made((2, 3), maps=(2,), vectors=(3,))
    p = net(torch.randn(5, 2, 2, 3).double(), torch.eye(3).double()[:, None])
    assert p.batch_shape == (3, 5) and p.sample().shape == (3, 5, 6)
    wide = p.expand((4, 3, 5))
    x = wide.sample()
    assert x.shape == (4, 3, 5, 6) and wide.log_prob(x).shape == (4, 3, 5)
    assert wide.log_prob(x[0, 0, 0]).shape == (4, 3, 5)
    torch.testing.assert_close(wide.log_prob(x)[2], p.log_prob(x[2]))
    alone = made((2, 3))
    assert alone().batch_shape == () and alone().sample((2,)).shape == (2, 6)


def test_it_has_no_mean_and_says_why():
    p = made((2, 3), maps=(2,))(torch.randn(5, 2, 2, 3).double())
    with pytest.raises(NotImplementedError, match="variance: got a distribution that draws pixel by pixel"):
        _ = p.variance
    with pytest.raises(NotImplementedError, match="mean: got a distribution that draws pixel by pixel"):
        _ = p.mean
    p = type(p)(p.network, p.parents, p.batch_shape, validate_args=True)
    with pytest.raises(ValueError, match="within the support"):
        p.log_prob(torch.full((5, 6), 0.5).double())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (2,)}, r"image_shape: got \(2,\), want two or three positive ints"),
        ({"image_shape": 28}, "image_shape: got 28, want two or three positive ints"),
        ({"image_shape": (2, 0)}, r"image_shape: got \(2, 0\), want two or three positive ints"),
        ({"kernel_size": 6}, "kernel_size: got 6, want an odd number"),
        ({"num_maps": 0}, "num_maps: got 0, want a positive int"),
        ({"num_blocks": 0}, "num_blocks: got 0, want a positive int"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        PixelCNN(**{"image_shape": (2, 3)} | options)


class PixelVAE(VAE):
    """A VAE with a PixelCNN for its decoder, which reads z."""

    def __init__(self):
        super().__init__(6, z_size=2, hidden=(5,))
        self.p_x = PixelCNN((2, 3), vectors=(2,), num_maps=4, num_blocks=1)


class PixelM2(M2):
    """The same with a class."""

    def __init__(self):
        super().__init__(6, 3, z_size=2, hidden=(5,))
        self.p_x = PixelCNN((2, 3), vectors=(2, 3), num_maps=4, num_blocks=1)


X = torch.tensor([[1.0, 0, 0, 1, 0, 1], [0, 1, 1, 0, 0, 0], [1, 1, 1, 0, 1, 0], [0, 0, 0, 0, 1, 1]])


@pytest.mark.parametrize("model_class", [PixelVAE, PixelM2])
def test_a_pair_with_it_is_a_pair(model_class):
    model = model_class()
    testing.check_pair(model, X, None if model.num_classes is None else torch.tensor([0, 1, 2, 0]))
    log_p = log_likelihood(model, X, num_samples=4)
    assert log_p.rows.shape == (4,) and bool(log_p.rows.isfinite().all())
    with pytest.raises(ValueError, match="want zeros and ones"):
        model.guide(X / 2)


def test_a_compiled_step_is_the_plain_one():
    losses = []
    for backend in ("off", "replay"):
        pyro.set_rng_seed(0)
        pyro.clear_param_store()
        model, elbo = PixelVAE(), TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
        svi = CompiledSVI(model.model, model.guide, Optimizer(torch.optim.Adam, {"lr": 1e-2}), elbo, backend=backend)
        with pyro.validation_enabled(False):
            losses.append([svi.step(X) for _ in range(4)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_bfloat16_rounds_the_logits_but_not_the_layers_that_draw():
    torch.manual_seed(0)
    net = PixelCNN((2, 3), maps=(2,), num_maps=6, num_blocks=2, precision="bfloat16")
    h, noise = torch.randn(5, 2, 2, 3), torch.rand(5, 6)
    rounded, drawn = net.pixels(torch.ones(5, 6), h).logits, net.draw(noise, h)
    for layer in (net.first, *net.blocks, *net.last):
        layer.precision = "float32"
    exact = net.pixels(torch.ones(5, 6), h).logits
    assert rounded.dtype == drawn.dtype == torch.float32 and not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, rtol=0.05, atol=0.05)
    assert torch.equal(drawn, net.draw(noise, h))


def test_bfloat16_draws_with_a_first_kernel_of_one_place():
    net = PixelCNN((2, 3), maps=(2,), num_maps=6, num_blocks=1, kernel_size=1, precision="bfloat16")
    assert net.draw(torch.rand(5, 6), torch.randn(5, 2, 2, 3)).dtype == torch.float32


def test_it_learns_what_a_pixel_says_of_the_next():
    model = PixelVAE()
    x = torch.eye(2).repeat(20, 3)  # stripes, one way or the other
    svi = SVI(model.model, model.guide, Adam({"lr": 3e-2}), TraceEnum_ELBO(strict_enumeration_warning=False))
    losses = [svi.step(x) / 40 for _ in range(80)]
    assert sum(losses[:3]) / 3 > 3.5 and sum(losses[-10:]) / 10 < 1.2  # log 2 is all there is to know


def test_reconstructions_are_means_given_the_pixels_and_samples_are_drawn(monkeypatch):
    model = PixelVAE()
    seen = []
    draw = PixelCNN.draw
    monkeypatch.setattr(PixelCNN, "draw", lambda self, *args: seen.append(draw(self, *args)) or seen[-1])
    torch.manual_seed(0)
    z = model.q_z(X).rsample()
    torch.manual_seed(0)
    torch.testing.assert_close(model.reconstruct(X), model.p_x(z).mean_given(X).detach())
    reconstructions(model, X, (2, 3))
    assert not seen, "nothing is drawn for a reconstruction"
    grid = samples(model, 3, 3, (2, 3)).images[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(grid[1:3, 1:4], seen[0][0].reshape(2, 3))
