"""A graph of recorded operations repeats the run, and what a graph cannot repeat is refused."""

import copy
import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pyrodgm.infer.compiled.compiled_function import CompiledFunction
from pyrodgm.infer.compiled.graph import trace
from pyrodgm.infer.compiled.recorder import Recorder, Value
from tests.infer.test_compiled_svi import needs_compiler

weight = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
offset = torch.tensor([0.25, 0.5])


def parts_and_gradients(x, other):
    first, second = (x @ weight).exp().split(1, dim=1)
    loss = (first * second.log() - other.square()).sum()
    return {"loss": loss, "gradients": torch.autograd.grad(loss, [weight])}


def a_constant_that_changes(x, other):
    total = torch.tensor(0.0)
    total += x.sum()
    return total, torch.tensor([1.0, 2.0]).mul_(other.sum())


def what_is_captured(x, other):
    return x + offset, None, other - offset.mean(), offset


def draws_of_another_layout(x, other):
    return torch.randn_like(x.t()), torch.rand_like(other.repeat(2, 2).t()), x.t().clone().bernoulli_(0.5)


def rows_by_index(x, other):
    return x[torch.tensor([2, 0])], other[:, torch.tensor([1])].sum()


def classes_as_one_hot_rows(x, other):
    rows = F.one_hot(x.argmax(1), num_classes=2)
    return rows, rows * other


def is_recorded(graph):
    return all(isinstance(node.meta["val"], Value) for node in graph.module.graph.nodes if node.op == "placeholder")


FUNCTIONS = [
    classes_as_one_hot_rows,
    rows_by_index,
    parts_and_gradients,
    a_constant_that_changes,
    what_is_captured,
    draws_of_another_layout,
]


def assert_equal(found, expected):
    for a, b in zip(found, expected, strict=True):
        assert a is b is None or (a.dtype == b.dtype and torch.equal(a, b))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_recorded_graph_repeats_the_run_for_other_values(function):
    x = torch.tensor([[0.1, -0.3], [1.5, 0.7], [-1.0, 0.2]])
    graph = trace(function, [x, x], symbolic=False)  # the same tensor twice
    assert is_recorded(graph)
    for _ in range(2):
        given = torch.randn(3, 2), torch.randn(3, 2)
        torch.manual_seed(0)
        found = graph.module(*given, *graph.captured)
        torch.manual_seed(0)
        assert_equal(found, torch.utils._pytree.tree_leaves(function(*given), is_leaf=lambda part: part is None))


def test_recording_leaves_what_it_writes_to_as_it_was():
    x, state = torch.ones(3), torch.zeros(3)

    def function(x):
        state.add_(x)
        return x.mul_(2)

    graph = trace(function, [x], symbolic=False)
    assert is_recorded(graph) and graph.writes_arguments
    assert torch.equal(x, torch.ones(3)) and torch.equal(state, torch.zeros(3))
    assert [tensor is state for tensor in graph.written] == [True]
    (found,) = graph.module(torch.ones(3), *graph.captured)
    assert torch.equal(found, 2 * torch.ones(3)) and torch.equal(state, torch.ones(3))


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda x: x.nonzero(), "nonzero"),
        (lambda x: x[x > 0], "index.Tensor depends on values"),
        (lambda x: x[None, x > 0], "index.Tensor depends on values"),
        (lambda x: x.sum().item(), "turns a tensor into a Python number"),
        (lambda x: torch.equal(x, -x), "turns a tensor into a Python number"),
        (lambda x: torch.empty(3).normal_(generator=torch.Generator()), "takes a Generator"),
    ],
    ids=["nonzero", "mask", "second mask", "item", "equal", "generator"],
)
def test_what_a_graph_cannot_repeat_is_refused(run, message):
    x = torch.tensor([1.0, -1.0])
    with pytest.raises(ValueError, match=message), Recorder([x]):
        run(x)


def test_a_number_of_classes_that_is_read_from_values_makes_no_graph():
    with pytest.raises(ValueError, match="reads it from values"):
        trace(lambda x: F.one_hot(x), [torch.tensor([0, 2])], symbolic=False)


@pytest.mark.parametrize(
    "read",
    [
        lambda x: torch.from_numpy(np.asarray(x.detach())),
        lambda x: copy.deepcopy(x.detach()),
        lambda x: pickle.loads(pickle.dumps(x.detach())),
        lambda x: torch.from_dlpack(x.detach()),
    ],
    ids=["NumPy", "deepcopy", "pickle", "dlpack"],
)
@pytest.mark.filterwarnings("ignore:compiling")
def test_values_that_are_read_past_torch_are_no_constants(read):
    compiled = CompiledFunction(lambda x: 2 * read(x), backend="replay")
    for _ in range(3):
        x = torch.randn(3, 2)
        assert torch.equal(compiled(x), 2 * x)


@needs_compiler
def test_a_function_that_refuses_symbolic_sizes_is_compiled():
    def function(x):
        if isinstance(x.shape[0], torch.SymInt):
            raise TypeError("want a size")
        return (x * offset).exp().sum(0) + torch.tensor(1.0)

    compiled = CompiledFunction(function, backend="inductor")
    for _ in range(4):
        x = torch.randn(3, 2)
        torch.testing.assert_close(compiled(x), function(x))
    assert [row["backend"] for row in compiled.explain()] == ["inductor"]
