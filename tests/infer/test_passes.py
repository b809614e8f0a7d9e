"""What the passes over a new graph remove, and what they must leave."""

import pytest
import torch

from pyrodgm.infer.compiled.backends import _draws_first, _separate_biases
from pyrodgm.infer.compiled.graph import trace
from pyrodgm.infer.compiled.nodes import acts, written_arguments


def twice(x):
    return x.exp() + x.exp(), (x + 1).sin() * (x + 1).sin()


def views_of_the_same_shape(x):
    return x.expand(3, 3).reshape(3, 3).permute(0, 1) + 1


def alike_but_different(x):
    return (
        x.mul(0.0),
        x.mul(-0.0),
        torch.full((2,), 1),
        torch.full((2,), 1.0),
        x.permute(1, 0),
        x[:1].expand(3, 3),
        x.sum(0),
        x.sum(1),
    )


def written_in_between(x):
    y = x * 1.5
    before = y.neg()
    y.add_(1)
    return before, y.neg()


def written_by_keyword(x):
    y = x * 1.5
    before = y.neg()
    torch.mul(y, 2, out=y)
    return before, y.neg()


def written_through_a_part(x):
    y = x * 1.5
    part, _ = y.split([1, 2])
    before = y.neg()
    part.add_(1)
    return before, y.neg()


def written_through_a_view_of_the_same_shape(x):
    y = x * 1.5
    y.expand(3, 3).add_(1)
    return y.neg()


def drawn_twice(x):
    return torch.randn_like(x), torch.randn_like(x), torch.bernoulli(x.sigmoid()), torch.bernoulli(x.sigmoid())


CASES = [
    (twice, {"exp": 1, "sin": 1, "add": 2}),
    (views_of_the_same_shape, {"add": 1, "expand": 0, "reshape": 0, "permute": 0}),
    (alike_but_different, {"mul": 2, "full": 2, "permute": 1, "expand": 1, "sum": 2}),
    (written_in_between, {"neg": 2}),
    (written_by_keyword, {"neg": 2}),
    (written_through_a_part, {"neg": 2}),
    (written_through_a_view_of_the_same_shape, {"neg": 1}),
    (drawn_twice, {"sigmoid": 1, "bernoulli": 2}),
]


@pytest.mark.parametrize("symbolic", [False, True], ids=["sizes", "symbolic"])
@pytest.mark.parametrize(("function", "counts"), CASES, ids=[function.__name__ for function, _ in CASES])
def test_repeated_operations_are_merged_and_the_values_stay(function, counts, symbolic):
    x = torch.arange(-4.0, 5).reshape(3, 3)
    graph = trace(function, [x], symbolic)
    targets = [str(node.target).removeprefix("aten.").split(".")[0] for node in graph.module.graph.nodes]
    assert {name: targets.count(name) for name in counts} == counts
    torch.manual_seed(0)
    found = graph.module(x, *graph.captured)
    torch.manual_seed(0)
    expected = function(x)
    for a, b in zip(found, expected if isinstance(expected, tuple) else [expected], strict=True):
        assert a.dtype == b.dtype and torch.equal(a, b) and torch.equal(a.signbit(), b.signbit())


@pytest.mark.parametrize("symbolic", [False, True], ids=["sizes", "symbolic"])
def test_dropout_keeps_its_share_its_scale_and_its_mask(symbolic):
    def function(x):
        dropped = torch.nn.functional.dropout(x, 0.3)
        (gradient,) = torch.autograd.grad(dropped.square().sum(), x)
        masked, mask = torch.native_dropout(x, 0.3, True)
        return dropped, gradient, masked, mask, torch.native_dropout(x, 0.3, False)[0]

    x = torch.rand(40, 3).add_(1).requires_grad_()
    graph = trace(function, [x], symbolic)
    assert any("bernoulli_" in str(node.target) for node in graph.module.graph.nodes)
    torch.manual_seed(0)
    found = graph.module(x, *graph.captured)
    torch.manual_seed(0)
    for a, b in zip(found, function(x), strict=True):
        torch.testing.assert_close(a, b)


def test_biases_are_separated_from_products_that_are_not_scaled():
    bias, x, weight = torch.randn(2), torch.randn(4, 3), torch.randn(3, 2)

    def function(bias, x, weight):
        return torch.addmm(bias, x, weight), torch.addmm(bias, x, weight, beta=2, alpha=3)

    module = _draws_first(trace(function, [bias, x, weight], symbolic=False).module)
    _separate_biases(module)
    for found, expected in zip(module(bias, x, weight), function(bias, x, weight), strict=True):
        torch.testing.assert_close(found, expected)
    targets = [str(node.target) for part in module.children() for node in part.graph.nodes]
    assert (targets.count("aten.addmm.default"), targets.count("aten.mm.default")) == (1, 1)


def test_a_write_to_a_part_of_an_argument_is_seen():
    def function(x):
        x.split([1, 2])[0].add_(1)
        return x

    assert trace(function, [torch.zeros(3, 3)]).writes_arguments


def test_a_tensor_replaced_by_another_is_the_difference_of_two_traces():
    first, equal, other = (
        trace(lambda x, captured=captured: x + captured, [torch.zeros(3, 2)])
        for captured in (torch.ones(2), torch.ones(2), torch.zeros(2))
    )
    assert first.difference(equal) == ""
    assert first.difference(other) == "a tensor of shape (2,) was replaced by another; update it in place"


@pytest.mark.parametrize("operation", ["native_batch_norm", "cudnn_batch_norm"])
def test_batch_normalisation_writes_its_running_statistics(operation):
    """That of a GPU too."""
    graph = torch.fx.Graph()
    x, weight, bias, mean, variance = map(graph.placeholder, ("x", "weight", "bias", "mean", "variance"))
    arguments = x, weight, bias, mean, variance, True, 0.1, 1e-5
    node = graph.call_function(getattr(torch.ops.aten, operation).default, arguments)
    assert written_arguments(node) == [mean, variance]
    assert acts(node)  # also where nothing reads its output, as with importance weights that sum all classes
