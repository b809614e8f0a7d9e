"""Records the operations of torch that a run executes."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Graph
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

aten = torch.ops.aten
_PLAIN = (bool, int, float, complex, str, type(None), torch.dtype, torch.device, torch.layout, torch.memory_format)


@dataclass(frozen=True)
class Value:
    """What a pass over a recorded graph needs to know about a tensor."""

    shape: torch.Size
    dtype: torch.dtype
    device: torch.device
    contiguous: bool

    @property
    def is_cpu(self) -> bool:
        return self.device.type == "cpu"

    def is_contiguous(self) -> bool:
        return self.contiguous


class Recorder(TorchDispatchMode):
    """Records every operation inside, including those of ``torch.autograd.grad``. They are executed as usual.

    Sizes and Python values are constants in the graph.

    Args:
        inputs: tensors that become the first inputs of the graph; no object twice.

    Attributes:
        graph: the graph so far, without an output.
        captured: tensors that operations used, but that are neither inputs nor results; they are further inputs.
    """

    def __init__(self, inputs: Sequence[torch.Tensor]) -> None:
        super().__init__()
        self.graph = Graph()
        self.captured: list[torch.Tensor] = []
        self._nodes, self._last = WeakTensorKeyDictionary(), None
        for i, tensor in enumerate(inputs):
            self._input(f"argument_{i}", tensor)

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if _depends_on_values(function, args):
            raise ValueError(f"the size of the result of {function} depends on values")
        node_args, node_kwargs = pytree.tree_map(self.node_of, (list(args), kwargs or {}))
        result = function(*args, **(kwargs or {}))
        if any(isinstance(part, (int, float, complex)) for part in pytree.tree_leaves(result)):
            raise ValueError(f"{function} turns a tensor into a Python number")
        if function is aten.lift_fresh.default:  # a new constant, which later operations may change in place
            function = aten.lift_fresh_copy.default
        node = self.graph.call_function(function, tuple(node_args), node_kwargs)
        node.meta["val"] = pytree.tree_map(_value, result)
        if isinstance(result, torch.Tensor):
            self._nodes[result] = node
        elif isinstance(result, (tuple, list)):
            for i, part in enumerate(result):
                if isinstance(part, torch.Tensor):
                    self._nodes[part] = self.graph.call_function(operator.getitem, (node, i))
                    self._nodes[part].meta["val"] = _value(part)
        return result

    def node_of(self, value: Any) -> Any:
        """The node of a tensor, or a Python value itself.

        Raises:
            ValueError: for a value that a graph cannot hold, such as a generator of random numbers.
        """
        if isinstance(value, torch.Tensor):
            if value not in self._nodes:
                self._input(f"captured_{len(self.captured)}", value)
                self.captured.append(value)
            return self._nodes[value]
        if not isinstance(value, _PLAIN):
            raise ValueError(f"an operation takes a {type(value).__name__}")
        return value

    def _input(self, name, tensor):
        with self.graph.inserting_after(self._last):
            self._last = self._nodes[tensor] = self.graph.placeholder(name)
        self._last.meta["val"] = _value(tensor)


def _depends_on_values(function, args):
    """Whether the size of a result depends on the values of the arguments."""
    if function is aten.index.Tensor:  # that of x[mask] does, that of x[indices] does not
        return any(index is not None and index.dtype in (torch.bool, torch.uint8) for index in args[1])
    return torch.Tag.dynamic_output_shape in function.tags


def _value(result):
    if isinstance(result, torch.Tensor):
        return Value(result.shape, result.dtype, result.device, result.is_contiguous())
    return result
