"""A program: a graph with its backend and the state in which it was traced."""

import math
import time
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Self

import pyro
import torch
from pyro.poutine.messenger import Messenger
from torch.utils import _pytree as pytree

from pyrodgm.infer.compiled import backends
from pyrodgm.infer.compiled.graph import Graph
from pyrodgm.infer.compiled.guards import Guards


class Program:
    """A graph with its backend and the state that it was traced in.

    Attributes:
        seconds: time of its fastest run.
        check_seconds: time of its last check; infinite before the first.
        checked, last: numbers of the calls of its last good check and its last run, counted over all programs.
        next_check: the call of its signature at which the next check is due.
        given: the arguments of its last run.
    """

    def __init__(self, graph: Graph, guards: Guards, parameters: dict[str, torch.Tensor], backend: str) -> None:
        self.graph, self.guards, self.parameters, self.backend = graph, guards, parameters, backend
        store = pyro.get_param_store()._params
        self.stored = {name: held for name, held in parameters.items() if store.get(name) is held}
        self.structure = guards.structure()
        self.tensors = _properties(graph.captured)
        self.accepted: dict[tuple[torch.Size, ...], bool] = {}
        self.seconds, self.check_seconds = math.inf, math.inf
        self.checked = self.last = self.next_check = 0
        self.given: Any = None
        self.run = backends.BACKENDS[backend](graph)

    def accepts(self, inputs: Sequence[torch.Tensor]) -> bool:
        """Whether the graph is valid for the sizes of these inputs."""
        sizes = tuple([tensor.shape[:1] for tensor in inputs])
        if sizes not in self.accepted:
            self.accepted[sizes] = self.graph.accepts(inputs)
        return self.accepted[sizes]

    def holds(self) -> bool:
        """Whether all modules, parameters and tensors that were read are the same objects with the same properties."""
        store = pyro.get_param_store()._params
        return (
            all(store.get(name) is held for name, held in self.stored.items())
            and _properties(self.graph.captured) == self.tensors
            and self.guards.structure() == self.structure
        )

    def __call__(self, inputs: Sequence[torch.Tensor]) -> list[torch.Tensor | None]:
        """The graph's outputs as a list; ``graph.output`` is their structure."""
        start = time.perf_counter()
        with torch.no_grad():
            outputs = self.run(*inputs, *self.graph.captured)
        self.seconds = min(self.seconds, time.perf_counter() - start)
        return outputs

    def nest(self, outputs: Sequence[torch.Tensor | None]) -> Any:
        """The outputs in the structure that the function returns."""
        return pytree.tree_unflatten(outputs, self.graph.output)


_fixed = attrgetter("dtype", "device", "shape", "requires_grad")
_hooks = attrgetter("_backward_hooks", "_post_accumulate_grad_hooks")


def _properties(tensors):
    """The properties of the captured tensors that are constant in a graph."""
    hooked = any(map(any, map(_hooks, tensors))) and list(map(is_hooked, tensors))
    return list(map(_fixed, tensors)), list(map(torch.Tensor.stride, tensors)), hooked


def is_hooked(tensor: torch.Tensor) -> bool:
    return bool(tensor._backward_hooks or tensor._post_accumulate_grad_hooks)


class ParameterSites(Messenger):
    """Collects the parameters that a run uses, each once.

    A Pyro trace keeps only one parameter per name, but with ``module_local_params`` model and guide may use the same
    names.

    Attributes:
        parameters: dict from a name to the unconstrained parameter that is optimised.
    """

    def __enter__(self) -> Self:
        self.parameters: dict[str, torch.Tensor] = {}
        return super().__enter__()

    def _pyro_post_param(self, msg):
        value, name = msg["value"], msg["name"]
        if hasattr(value, "unconstrained"):
            parameter = value.unconstrained()
        elif isinstance(value, torch.nn.Parameter):  # of a module
            parameter = value
        else:
            return  # part of a parameter of a module
        if not any(parameter is other for other in self.parameters.values()):
            while name in self.parameters:
                name += "'"
            self.parameters[name] = parameter
