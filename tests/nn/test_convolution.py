"""Convolutions over several parents, compared with torch's over their concatenation and with sums by hand."""

import math

import pytest
import torch
import torch.nn.functional as F

from pyrodgm.models.resnet_vae import UpsamplingHead
from pyrodgm.nn import Convolution, MapBatchNorm, TransposedConvolution, paused_statistics
from pyrodgm.nn.convolution import check_image_shape, halved, maps_of, rows_of
from pyrodgm.nn.residual import MapHead, ResidualBlock, ResidualDecoder, ResidualEncoder
from pyrodgm.nn.weight_norm import initialised_by_data

SHAPES = [  # before the maps, and before the vector
    ((5,), (5,)),
    ((5,), (3, 1)),  # y enumerated
    ((2, 5), (3, 1, 1)),  # particles, and y enumerated
    ((), (7,)),
]
PLACES = [(7, 5), (4, 6), (2, 3), (1, 4)]


def by_hand(layer, x):
    """The layer on one map ``(c, H, W)`` by sums over taps, with the weight ``(out, in, k, k)``."""
    weight, (h, w), reach = layer.weight, x.shape[1:], layer.kernel // 2
    transposed = isinstance(layer, TransposedConvolution)
    if transposed:
        weight, (height, width) = weight.transpose(0, 1), layer.shape
    else:
        height, width = (-(-size // layer.stride) for size in (h, w))
    assert layer.gain.numel() == len(weight)
    weight = torch.stack([v * g / (v**2).sum().sqrt() for v, g in zip(weight, layer.gain.flatten(), strict=True)])
    rows = []
    for i in range(height):
        for j in range(width):
            total = layer.bias
            for a in range(layer.kernel):
                for b in range(layer.kernel):
                    if transposed:  # input (r, c) reaches output (2 r + a - reach, 2 c + b - reach)
                        (r, odd_r), (c, odd_c) = divmod(i + reach - a, 2), divmod(j + reach - b, 2)
                        there = not odd_r and not odd_c
                    else:
                        r, c, there = layer.stride * i + a - reach, layer.stride * j + b - reach, True
                    if there and 0 <= r < h and 0 <= c < w:
                        total = total + weight[:, :, a, b] @ x[:, r, c]
            rows.append(total)
    return torch.stack(rows, 1).reshape(-1, height, width)


def layers(places, **options):
    yield Convolution((2,), 4, vectors=(3,), **options), places
    yield Convolution((2,), 4, vectors=(3,), stride=2, **options), places
    yield TransposedConvolution((2,), 4, places, vectors=(3,), **options), halved(places)


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_each_convolution_is_a_sum_over_taps(places, kernel):
    for layer, shape in layers(places, kernel=kernel, weight_norm=True):
        layer.double()
        torch.nn.init.normal_(layer.bias)
        torch.nn.init.normal_(layer.gain)
        maps, vector = torch.randn(3, 2, *shape).double(), torch.randn(3, 3).double()
        joint = torch.cat([maps, vector[..., None, None].expand(3, 3, *shape)], 1)
        want = torch.stack([by_hand(layer, x) for x in joint])
        torch.testing.assert_close(layer(maps, vector), want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("of_maps", "of_vector"), SHAPES)
def test_split_convolutions_equal_the_concatenated_ones(of_maps, of_vector):
    for layer, shape in layers((5, 4)):
        layer.double()
        torch.nn.init.normal_(layer.bias)
        maps = torch.randn(*of_maps, 2, *shape, dtype=torch.float64)
        vector = torch.randn(*of_vector, 3, dtype=torch.float64)
        lead = torch.broadcast_shapes(of_maps, of_vector)
        joint = [maps.expand(*lead, 2, *shape), vector[..., None, None].expand(*lead, 3, *shape)]
        flat = torch.cat(joint, -3).reshape(-1, 5, *shape)
        want = layer.convolve(flat, layer.weight) + layer.bias[:, None, None]
        torch.testing.assert_close(
            layer(maps, vector), want.reshape(*lead, 4, *want.shape[-2:]), rtol=1e-12, atol=1e-12
        )


def test_each_parent_is_convolved_at_its_own_shape_and_the_bias_added_once(monkeypatch):
    rows, plain = [], F.conv2d

    def conv2d(maps, *args, **options):
        rows.append(len(maps))
        return plain(maps, *args, **options)

    monkeypatch.setattr("pyrodgm.nn.convolution.F.conv2d", conv2d)
    layer = Convolution((2, 3), 4, vectors=(10,))
    maps = torch.randn(20, 2, 6, 6), torch.randn(10, 1, 3, 6, 6)
    torch.nn.init.normal_(layer.bias)
    out = layer(*maps, torch.eye(10)[:, None])
    assert out.shape == (10, 20, 4, 6, 6)
    assert sorted(rows) == [1, 10, 20]  # not 200; the one row says which taps count
    joint = Convolution((5,), 4, vectors=(10,))
    joint.load_state_dict(layer.state_dict())
    copied = torch.cat([part.expand(10, 20, *part.shape[-3:]) for part in maps], -3)
    torch.testing.assert_close(out, joint(copied, torch.eye(10)[:, None]), rtol=1e-4, atol=1e-5)


def test_four_strides_of_an_mnist_image_and_a_frey_face_and_back():
    for places in ((28, 28), (28, 20)):
        down = [places]
        for _ in range(4):
            down.append(tuple(Convolution((1,), 1, stride=2)(torch.zeros(2, 1, *down[-1])).shape[-2:]))
        if places == (28, 28):
            assert down == [(28, 28), (14, 14), (7, 7), (4, 4), (2, 2)]
        maps = torch.zeros(2, 1, *down[-1])
        for shape in reversed(down[:-1]):
            maps = TransposedConvolution((1,), 1, shape)(maps)
            assert maps.shape[-2:] == shape


@pytest.mark.parametrize("stride", [1, 2])
def test_outputs_of_the_first_call_have_mean_0_and_variance_1_over_rows_and_places(stride):
    for layer in (
        Convolution((2,), 4, stride=stride, weight_norm=True),
        TransposedConvolution((2,), 4, (7, 6), weight_norm=True),
    ):
        layer.double()
        maps = 5 + torch.randn(6, 2, 4, 3).double()
        with initialised_by_data():
            first = layer(maps)
        flat = first.movedim(1, -1).reshape(-1, 4)
        torch.testing.assert_close(flat.mean(0), torch.zeros(4).double(), atol=1e-12, rtol=0)
        torch.testing.assert_close(flat.var(0, correction=0), torch.ones(4).double())
        torch.testing.assert_close(layer(maps), first)


def test_rows_and_maps_of_images():
    row = torch.arange(2 * 3 * 4).float()  # of 2 x 3 pixels with 4 values side by side
    maps = maps_of(row.expand(5, 7, -1), (2, 3, 4))
    assert maps.shape == (5, 7, 4, 2, 3)
    assert maps[0, 0, 1, 1, 2] == (1 * 3 + 2) * 4 + 1
    assert torch.equal(rows_of(maps)[2, 3], row)


class TestBatchNorm:
    def test_places_are_rows(self):
        norm, plain, maps = MapBatchNorm(4), torch.nn.BatchNorm2d(4), torch.randn(3, 5, 4, 2, 4) + 2
        torch.testing.assert_close(norm(maps).flatten(0, 1), plain(maps.flatten(0, 1)))
        torch.testing.assert_close(norm.running_mean, plain.running_mean)
        torch.testing.assert_close(norm.running_var, plain.running_var)
        torch.testing.assert_close(norm.eval()(maps).flatten(0, 1), plain.eval()(maps.flatten(0, 1)))

    def test_paused_statistics_stay(self):
        norm = MapBatchNorm(4)
        with paused_statistics():
            out = norm(torch.randn(5, 4, 2, 3) + 3)
        assert not norm.running_mean.any()
        torch.testing.assert_close(out.mean((0, 2, 3)), torch.zeros(4), atol=1e-5, rtol=0)

    def test_a_single_place_is_refused_in_training_alone(self):
        with pytest.raises(ValueError, match="x: got a single position of a single row while training"):
            MapBatchNorm(4)(torch.randn(1, 4, 1, 1))
        assert MapBatchNorm(4).eval()(torch.randn(1, 4, 1, 1)).shape == (1, 4, 1, 1)


def test_bfloat16_rounds_the_products():
    for layer, shape in layers((5, 4), precision="bfloat16"):
        maps, vector = torch.randn(3, 2, *shape), torch.randn(3, 3)
        out = layer(maps, vector)
        layer.precision = "float32"
        assert out.dtype == torch.bfloat16 and layer.weight.dtype == torch.float32
        torch.testing.assert_close(out.float(), layer(maps, vector), rtol=0.05, atol=0.05)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Convolution((), 4), "parents: got none, want at least one with feature maps"),
        (lambda: Convolution((2,), 0), "size: got 0, want a positive int"),
        (lambda: Convolution((2,), 4, kernel=4), "kernel: got 4, want an odd number"),
        (lambda: Convolution((2,), 4, stride=3), "stride: got 3, want 1 or 2"),
        (lambda: Convolution((2,), 4, init="he"), "init: got 'he', want one of a positive standard deviation, glorot"),
        (lambda: Convolution((2,), 4, precision="half"), "precision: got 'half', want one of bfloat16, float32"),
        (
            lambda: Convolution((2,), 4, vectors=(3,))(torch.zeros(1, 2, 4, 4)),
            r"parents: got 1 tensors, want 2 of sizes \(2, 3\)",
        ),
        (
            lambda: TransposedConvolution((2,), 4, (7, 5))(torch.zeros(1, 2, 4, 4)),
            r"parents: got maps of size \(4, 4\), want \(4, 3\)",
        ),
        (lambda: check_image_shape((28,)), r"image_shape: got \(28,\), want two or three positive ints"),
        (lambda: check_image_shape(784), "image_shape: got 784, want two or three positive ints"),
        (lambda: check_image_shape((28, 0)), r"image_shape: got \(28, 0\), want two or three positive ints"),
        (lambda: check_image_shape((8, 4), 3), r"image_shape: got \(8, 4\), want at least 5 x 5, for 3 strides of 2"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_image_shapes():
    assert check_image_shape((28, 20)) == (28, 20, 1) and check_image_shape([8, 9, 3], 3) == (8, 9, 3)
    assert check_image_shape((5, 5), 3) == (5, 5, 1) and check_image_shape((1, 1)) == (1, 1, 1)


@pytest.mark.parametrize(("size", "stride"), [(3, 1), (5, 1), (3, 2)])
def test_a_residual_block_adds_its_input_as_it_is_where_the_shape_stays(size, stride):
    block, h = ResidualBlock(3, size, stride=stride), torch.randn(2, 3, 4, 4)
    assert (block.skip is None) == (size == 3 and stride == 1)
    inner = block.layers[1](F.elu(block.layers[0](h)))
    torch.testing.assert_close(block(h), F.elu(inner + (h if block.skip is None else block.skip(h))))


@torch.no_grad()
def test_a_residual_block_normalises_each_convolution_by_its_own_scale():
    block, h = ResidualBlock(3, 3, batch_norm=True), torch.randn(2, 3, 4, 4)
    for norm in block.norms:
        torch.nn.init.normal_(norm.weight)
        torch.nn.init.normal_(norm.bias)
    inner = h
    for i, (layer, norm) in enumerate(zip(block.layers, block.norms, strict=True)):
        inner = F.batch_norm(layer(F.elu(inner) if i else inner), None, None, norm.weight, norm.bias, training=True)
    torch.testing.assert_close(block(h), F.elu(inner + h))


def test_normalised_heads_of_images_include_normalised_blocks():
    encoder, decoder = (made(batch_norm="heads") for made in (image_encoder, image_decoder))
    assert all(block.norms is not None for block in (*encoder.blocks, *decoder.blocks))
    assert encoder.moment_head(2).norm is not None and encoder.head(2).norm is None


def image_encoder(**options):
    return ResidualEncoder((6, 5), maps=(2, 3), hidden=(4,), **options)


def image_decoder(**options):
    return ResidualDecoder((4,), (6, 5), maps=(2, 3), hidden=(4,), **options)


@pytest.mark.parametrize(("head", "shape"), [(MapHead, (4, 5)), (UpsamplingHead, (8, 10))])
def test_a_head_of_maps_returns_the_parameters_dtype(head, shape):
    maps = torch.randn(2, 3, 4, 5)
    rounded = head(3, 2 * math.prod(shape), shape, precision="bfloat16")(maps)
    assert rounded.dtype == torch.float32 and torch.equal(rounded, rounded.bfloat16().float())
    assert rounded.shape == (2, 2 * math.prod(shape))
