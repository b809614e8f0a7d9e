"""Masked convolutions: exact dependencies, and no repeated computation."""

import pytest
import torch
import torch.nn.functional as F

from pyrodgm.nn import MaskedConv, MaskedConvNet
from pyrodgm.nn.masked_conv import spread_degrees


def jacobian(net, z, *parents):
    """By output, ``(H W C, H W C)``: place by place, map by map within a place."""
    outputs = torch.autograd.functional.jacobian(lambda z: tuple(net(z, *parents)), z)
    size = z.numel()
    return [read.permute(1, 2, 0, 4, 5, 3).reshape(size, size) for read in outputs]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("kernel_size", "hidden"), [(1, (9,)), (3, ()), (3, (6,)), (3, (5, 9)), (5, (3,))])
def test_nothing_reads_its_own_value_or_a_later_one(kernel_size, hidden, training):
    net = MaskedConvNet(3, maps=(2,), vectors=(4,), hidden=hidden, kernel_size=kernel_size).double().train(training)
    z, h, y = torch.randn(3, 3, 4).double(), torch.randn(2, 3, 4).double(), torch.randn(4).double()
    for read in jacobian(net, z, h, y):
        assert not read.triu().any(), "a value reads itself or a later one"
        assert bool((read[1:].abs().sum(-1) > 0).all() or kernel_size == 1)


@pytest.mark.parametrize(("kernel_size", "reach"), [(3, 1), (5, 2)])
def test_everything_before_is_read_within_the_reach_of_a_kernel(kernel_size, reach):
    net = MaskedConvNet(2, kernel_size=kernel_size, num_outputs=1).double()
    (read,) = jacobian(net, torch.randn(2, 5, 5).double())
    for i in range(50):
        for j in range(50):
            (row, column), (other_row, other_column) = divmod(i // 2, 5), divmod(j // 2, 5)
            near = abs(row - other_row) <= reach and abs(column - other_column) <= reach
            assert bool(read[i, j] != 0) == (j < i and near), (i, j)


def test_glorot_takes_the_fans_of_the_whole_kernel():
    conv = MaskedConv(20, 30, 5, torch.ones(30, 20, dtype=torch.bool), maps=(40,), vectors=(700,))
    for weight, fans in ((conv.weight, 50 * 25), (conv.of_maps[0], 70 * 25), (conv.of_vectors[0], 730)):
        assert float(weight.detach().std()) == pytest.approx((2 / fans) ** 0.5, rel=0.03)
    assert not conv.bias.any()


def test_hidden_layers_leave_nothing_before_unread():
    """Kernels of three by three never reach a place further to the right than above; those of five here do."""
    net = MaskedConvNet(2, hidden=(8, 8), kernel_size=5, num_outputs=1).double()
    (read,) = jacobian(net, torch.randn(2, 3, 3).double())
    assert bool((read != 0).equal(torch.ones(18, 18).tril(-1) == 1))


def test_as_many_hidden_maps_have_each_degree():
    assert spread_degrees(3, 9).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert spread_degrees(4, 4).tolist() == [0, 1, 2, 3]


def test_parents_are_read_whole_and_at_their_own_shape(monkeypatch):
    net = MaskedConvNet(2, maps=(3,), vectors=(4,), hidden=(5,)).double()
    z, h, y = torch.randn(7, 6, 2, 3, 4).double(), torch.randn(6, 3, 3, 4).double(), torch.randn(2, 1, 1, 4).double()
    weight = net.layers[0]
    copied = y[..., None, None].expand(2, 7, 6, 4, 3, 4)
    inner = sum(
        F.conv2d(part.reshape(-1, *part.shape[-3:]), w, padding=w.shape[-1] // 2).reshape(2, 7, 6, 5, 3, 4)
        for part, w in (
            (z.expand(2, *z.shape), weight.masked_weight()),
            (h.expand(2, 7, *h.shape), weight.of_maps[0]),
            (copied, weight.of_vectors[0][..., None, None]),
        )
    )
    last = net.layers[1]
    want = F.conv2d(F.elu(inner + weight.bias[:, None, None]).flatten(0, 2), last.masked_weight(), last.bias, padding=1)
    seen, convolve = [], F.conv2d

    def noted(maps, *args, **options):
        seen.append(tuple(maps.shape))
        return convolve(maps, *args, **options)

    monkeypatch.setattr(F, "conv2d", noted)
    m, s = net(z, h, y)
    torch.testing.assert_close(torch.cat([m, s], -3).flatten(0, 2), want)
    assert sorted(seen) == [(6, 3, 3, 4), (42, 2, 4, 4), (84, 5, 4, 4)]  # z with a row of zeros above
    read = torch.autograd.functional.jacobian(lambda h: net(z[0, 0], h, y[0, 0, 0])[0], h[0])
    assert bool((read[0, 0, 0, :, :2, :2] != 0).all()), "the first value does not read what is below it in h"


def test_bfloat16_rounds_every_product_and_returns_the_parameters_dtype(monkeypatch):
    torch.manual_seed(0)
    net = MaskedConvNet(2, maps=(3,), vectors=(4,), hidden=(5,), precision="bfloat16")
    z, h, y = torch.randn(6, 2, 3, 4), torch.randn(6, 3, 3, 4), torch.randn(6, 4)
    seen = []
    for name in ("conv2d", "linear"):
        original = getattr(F, name)

        def noted(*args, original=original, **options):
            seen.extend(arg.dtype for arg in args[:2])
            return original(*args, **options)

        monkeypatch.setattr(F, name, noted)
    rounded = torch.cat(net(z, h, y))
    assert seen == [torch.bfloat16] * 8 and rounded.dtype == torch.float32
    assert net.layers[0](z, h, y).dtype == net.layers[0].of_parents(h, y).dtype == torch.bfloat16
    for layer in net.layers:
        layer.precision = "float32"
    exact = torch.cat(net(z, h, y))
    torch.testing.assert_close(rounded, exact, rtol=0.05, atol=0.05)
    assert not torch.equal(rounded, exact) and torch.equal(rounded, rounded.bfloat16().float())


NOTHING = torch.zeros(4, 1, dtype=torch.bool)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MaskedConv(1, 4, 2, NOTHING), "kernel_size: got 2, want an odd number: a mask needs a centre"),
        (lambda: MaskedConvNet(2, kernel_size=4), "kernel_size: got 4, want an odd number: a mask needs a centre"),
        (lambda: MaskedConvNet(2, kernel_size=0), "kernel_size: got 0, want a positive int"),
        (lambda: MaskedConvNet(0), "size: got 0, want a positive int"),
        (lambda: MaskedConvNet(2, hidden=(0,)), "hidden: got 0, want a positive int"),
        (lambda: MaskedConvNet(2, activation="sine"), "activation: got 'sine', want one of"),
        (
            lambda: MaskedConv(1, 4, 3, NOTHING, precision="half"),
            "precision: got 'half', want one of bfloat16, float32",
        ),
        (lambda: MaskedConv(1, 4, 3, NOTHING, maps=(2,))(torch.zeros(1, 3, 3)), "parents: got 0 tensors, want 1"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
