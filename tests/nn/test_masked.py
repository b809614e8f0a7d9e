"""The masked network: dependencies, comparison with Pyro's, and no copies of enumerated inputs."""

import pytest
import torch
import torch.nn.functional as F
from pyro.nn import ConditionalAutoRegressiveNN

from pyrodgm.nn import MaskedNet


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("hidden", [(), (1,), (3,), (9,), (2, 7), (6, 6, 6)])
def test_an_output_reads_h_and_what_comes_before_its_unit(hidden, reverse):
    net = MaskedNet(4, (3, 2), hidden, reverse=reverse).double()
    z, h = torch.randn(4).double(), (torch.randn(3).double(), torch.randn(2).double())
    assert net.order == ((3, 2, 1, 0) if reverse else (0, 1, 2, 3))
    for jacobian in torch.autograd.functional.jacobian(lambda z: tuple(net(z, *h)), z):
        in_order = jacobian[list(net.order)][:, list(net.order)]
        assert not in_order.triu().any(), "an output reads its own unit or a later one"
        if hidden != (1,):  # whose one unit reads h alone
            assert bool(in_order.tril(-1).any(-1)[-1]), "the last output reads nothing of z"
        if not hidden or min(hidden) > 3:
            assert bool((in_order != 0).equal(torch.ones(4, 4).tril(-1) == 1)), "an output misses a unit before its own"
    for k in (0, 1):
        for jacobian in torch.autograd.functional.jacobian(lambda *h: tuple(net(z, *h)), h):
            assert bool(jacobian[k].any(-1).all()), "an output does not read h"


def of_pyro(net, size, features, hidden):
    """Pyro's network with the weights of one of ours."""
    theirs = ConditionalAutoRegressiveNN(
        size, features, list(hidden), permutation=torch.tensor(net.order), nonlinearity=F.elu
    ).to(net.layers[0].weight)
    with torch.no_grad():
        for ours, layer in zip(net.layers, theirs.layers, strict=True):
            weight = ours.weight
            if ours is net.layers[0]:
                weight = weight.roll(features, 1)  # theirs reads h before z
            layer.weight.copy_(weight)
            layer.bias.copy_(ours.bias)
    return theirs


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("hidden", [(5,), (7, 12)])
def test_it_is_pyros_network_where_there_is_one(hidden, reverse):
    net = MaskedNet(5, (3,), hidden, reverse=reverse).double()
    theirs = of_pyro(net, 5, 3, hidden)
    z, h = torch.randn(8, 5).double(), torch.randn(8, 3).double()
    for ours, output in zip(net(z, h), theirs(z, h), strict=True):
        torch.testing.assert_close(ours, output)


def test_nothing_of_h_is_copied(monkeypatch):
    seen, linear = [], F.linear

    def noted(value, *args):
        seen.append(tuple(value.shape))
        return linear(value, *args)

    net = MaskedNet(4, (9, 3), (8,))
    monkeypatch.setattr(F, "linear", noted)
    m, _ = net(torch.randn(10, 7, 5, 4), torch.randn(5, 9), torch.randn(7, 1, 3))
    assert m.shape == (10, 7, 5, 4)
    assert sorted(seen) == [(5, 9), (7, 1, 3), (10, 7, 5, 4), (10, 7, 5, 8)]


def test_a_single_unit_reads_h_alone():
    net = MaskedNet(1, (3,), (8,))
    h = torch.randn(5, 3)
    assert torch.equal(net(torch.randn(5, 1), h)[0], net(torch.randn(5, 1), h)[0])


def test_without_features():
    m, s = MaskedNet(4, (), (8,))(torch.randn(5, 4))
    assert m.shape == s.shape == (5, 4) and len(m[:, 0].unique()) == 1


def test_the_outputs_are_of_the_parameters_type():
    net, z, h = MaskedNet(4, (3,), (8,), precision="bfloat16"), torch.randn(5, 4), torch.randn(5, 3)
    m, s = net(z, h.bfloat16())
    assert m.dtype == s.dtype == torch.float32
    plain = MaskedNet(4, (3,), (8,))
    plain.load_state_dict(net.state_dict())
    torch.testing.assert_close(m, plain(z, h)[0], rtol=0.1, atol=0.1)
