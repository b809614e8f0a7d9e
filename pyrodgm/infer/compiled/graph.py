"""Traces a function of tensors into a graph; captured tensors become inputs."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from pyrodgm.infer.compiled.nodes import constants, source_of, written_arguments
from pyrodgm.infer.compiled.passes import lift, simplify
from pyrodgm.infer.compiled.pyro_patches import patched_pyro
from pyrodgm.infer.compiled.recorder import Recorder
from pyrodgm.infer.compiled.rollback import Rollback

aten = torch.ops.aten


@dataclass
class Graph:
    """The result of a trace.

    Attributes:
        module: the graph; it takes the arguments and then ``captured``, and returns a list.
        captured: every tensor that the function used and that is not an argument: parameters, buffers, constants.
        output: the structure of the function's result, for ``tree_unflatten``.
        fakes: the arguments of the trace, without values.
    """

    module: torch.fx.GraphModule
    captured: list[torch.Tensor]
    output: pytree.TreeSpec
    fakes: list[Any]

    @property
    def symbolic(self) -> bool:
        """Whether leading sizes are symbolic, so that the graph may work for other batch sizes."""
        return any(isinstance(size, torch.SymInt) for fake in self.fakes for size in fake.shape)

    @cached_property
    def precision(self) -> float:
        """The relative difference between two runs of the graph that rounding may cause."""
        dtypes = {node.meta["val"].dtype for node in self.module.graph.nodes if hasattr(node.meta.get("val"), "dtype")}
        if torch.bfloat16 in dtypes or torch.float16 in dtypes:
            return 1e-3
        return 1e-5 if torch.float32 in dtypes else 1e-11

    @property
    def gains_by_compiling(self) -> bool:
        """Whether compiling would make it faster. Convolutions on a CPU do not gain: torch's own run in both cases."""
        values = [node.meta["val"] for node in self.module.graph.nodes if node.target is aten.convolution.default]
        return not any(value.is_cpu for value in values)

    @cached_property
    def written(self) -> list[torch.Tensor]:
        """The captured tensors that the graph writes to, such as running statistics."""
        inputs = [node for node in self.module.graph.nodes if node.op == "placeholder"]
        sources = self._written_sources()
        captured = zip(inputs[len(self.fakes) :], self.captured, strict=True)
        return [tensor for node, tensor in captured if node in sources]

    @property
    def writes_arguments(self) -> bool:
        """Whether the graph writes to an argument."""
        inputs = [node for node in self.module.graph.nodes if node.op == "placeholder"]
        return not self._written_sources().isdisjoint(inputs[: len(self.fakes)])

    def _written_sources(self):
        return {source_of(value) for node in self.module.graph.nodes for value in written_arguments(node)}

    def difference(self, other: "Graph") -> str:
        """A description of the first difference from another trace of the same function; empty if there is none."""
        for ours, theirs in zip(self.module.graph.nodes, other.module.graph.nodes, strict=False):
            if ours.target != theirs.target and ours.op == "call_function":
                return f"the operations changed: {ours.target} was traced, but {theirs.target} runs now"
            for before, now in zip(constants(ours), constants(theirs), strict=False):
                if before != now:
                    return (
                        f"a Python value that is constant in the graph, an argument of {ours.target}, was {before} "
                        f"and is {now}; make it a tensor that is updated in place"
                    )
        for before, now in zip(self.captured, other.captured, strict=False):
            if before is not now and not (before.shape == now.shape and torch.equal(before, now)):
                return f"a tensor of shape {tuple(before.shape)} was replaced by another; update it in place"
        if len(self.module.graph.nodes) != len(other.module.graph.nodes):
            return "the number of operations changed"
        return ""

    def accepts(self, inputs: Sequence[torch.Tensor]) -> bool:
        """Whether the graph is valid for arguments of these sizes: every decision taken while tracing still holds."""
        sizes = {}
        for fake, tensor in zip(self.fakes, inputs, strict=True):
            for symbolic, size in zip(fake.shape, tensor.shape, strict=True):
                if isinstance(symbolic, torch.SymInt):
                    sizes[symbolic.node._expr] = size
                elif symbolic != size:
                    return False
        guards = self.fakes[0].fake_mode.shape_env.guards if self.symbolic else []
        return all(bool(guard.expr.subs(sizes)) for guard in guards)


def trace(function: Callable[..., Any], inputs: Sequence[torch.Tensor], symbolic: bool = True) -> Graph:
    """Trace a function of tensors. Python values that it uses become constants.

    With symbolic sizes, the leading sizes of two or more are variables, so that one graph works for every batch size of
    at least two. Decisions of the function that depend on them are recorded and checked by ``Graph.accepts``. The
    operations are not executed, and the state of the random number generators does not change.

    With actual sizes, the operations are executed and recorded, which takes about a tenth of the time. The caller has
    to restore the state of the random number generators.

    Some operations of torch do not support symbolic sizes, and some need them. Others cannot be recorded, such as those
    that check values. If a trace of one kind fails, the others are tried.

    Args:
        function: a function that returns nested tensors and Nones; may call ``torch.autograd.grad``.
        inputs: its arguments, tensors.
        symbolic: whether to try symbolic sizes first, or actual ones.

    Returns:
        A ``Graph``.
    """
    if not symbolic:
        with suppress(Exception):
            return _record(function, inputs)
    try:
        return _trace(function, inputs, symbolic)
    except Exception:
        return _trace(function, inputs, not symbolic)


def _trace(function, inputs, symbolic):
    mode = FakeTensorMode(shape_env=ShapeEnv(duck_shape=False) if symbolic else None, allow_non_fake_inputs=True)
    fakes = [_fake(mode, tensor, symbolic) for tensor in inputs]
    output = None

    def flat(*tensors):
        nonlocal output
        with Rollback(), _RefuseNumbers():
            result, output = pytree.tree_flatten(function(*tensors))
        return result

    with patched_pyro(), _no_autocast_cache():
        tracing_mode = "symbolic" if symbolic else "fake"
        module = make_fx(flat, tracing_mode=tracing_mode, _allow_non_fake_inputs=True)(*fakes)
    captured = lift(module)
    simplify(module)
    return Graph(module, captured, output, fakes)


def _record(function, inputs):
    """A graph with actual sizes."""
    inputs = [tensor.detach().requires_grad_(tensor.requires_grad) for tensor in inputs]  # one may be given twice
    with patched_pyro(), _no_autocast_cache(), Rollback(), Recorder(inputs) as recorder, _RefuseNumbers():
        result, output = pytree.tree_flatten(function(*inputs))
    recorder.graph.output([recorder.node_of(part) for part in result])
    module = torch.fx.GraphModule(torch.nn.Module(), recorder.graph)
    simplify(module)
    mode = FakeTensorMode()
    return Graph(module, recorder.captured, output, [mode.from_tensor(tensor) for tensor in inputs])


def _fake(mode, tensor, symbolic):
    if not symbolic:
        return mode.from_tensor(tensor)
    sizes = [DimDynamic.STATIC] * tensor.dim()
    if tensor.dim() and len(tensor) > 1:
        sizes[0] = DimDynamic.DYNAMIC
    return mode.from_tensor(tensor, symbolic_context=StatelessSymbolicContext(dynamic_sizes=sizes))


_CONVERSIONS = ("__float__", "__int__", "__index__", "__bool__", "__complex__", "tolist", "numpy", "__array__")
_COPIES = ("__deepcopy__", "__reduce_ex__", "__dlpack__", "data_ptr", "untyped_storage")  # past torch's operations
_READS = {getattr(torch.Tensor, name): name for name in (*_CONVERSIONS, *_COPIES)}


class _RefuseNumbers(TorchFunctionMode):
    """Refuses to read values past torch's operations, which would be constant in the graph; ``.item()`` detaches."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is torch.Tensor.item:
            return args[0].detach()
        if function in _READS:
            raise ValueError(f"a tensor is read as a Python value by {_READS[function]}")
        return function(*args, **(kwargs or {}))


@contextmanager
def _no_autocast_cache():
    before = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        yield
    finally:
        torch.set_autocast_cache_enabled(before)
