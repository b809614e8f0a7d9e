"""A graph, what it was traced from, and what runs it."""

import math
import time
from operator import attrgetter

import pyro
import torch
from pyro.poutine.messenger import Messenger
from torch.utils import _pytree as pytree

from pyrodgm.infer.compiled import backends


class Program:
    """A graph, what it was traced from, and what runs it.

    Attributes:
        seconds: of its quickest run.
        check_seconds: of its last check; infinite before one.
        checked, last: numbers of the calls of its last good check and its last run, among those of all programs.
        next_check: at which call of its signature it is due.
        given: the arguments of its last run.
    """

    def __init__(self, graph, guards, parameters, backend):
        self.graph, self.guards, self.parameters, self.backend = graph, guards, parameters, backend
        store = pyro.get_param_store()._params
        self.stored = {name: held for name, held in parameters.items() if store.get(name) is held}
        self.structure = guards.structure()
        self.tensors = _properties(graph.captured)
        self.accepted = {}
        self.seconds, self.check_seconds = math.inf, math.inf
        self.checked = self.last = self.next_check = 0
        self.given = None
        self.run = backends.BACKENDS[backend](graph)

    def accepts(self, inputs):
        """Whether the graph holds for the sizes of these inputs."""
        sizes = tuple([tensor.shape[:1] for tensor in inputs])
        if sizes not in self.accepted:
            self.accepted[sizes] = self.graph.accepts(inputs)
        return self.accepted[sizes]

    def holds(self):
        """Whether every module, parameter and tensor that was read is still the same object, of the same kind."""
        store = pyro.get_param_store()._params
        return (
            all(store.get(name) is held for name, held in self.stored.items())
            and _properties(self.graph.captured) == self.tensors
            and self.guards.structure() == self.structure
        )

    def __call__(self, inputs):
        """The graph's outputs as a list; ``graph.output`` is their structure."""
        start = time.perf_counter()
        with torch.no_grad():
            outputs = self.run(*inputs, *self.graph.captured)
        self.seconds = min(self.seconds, time.perf_counter() - start)
        return outputs

    def nest(self, outputs):
        """The outputs as the function returns them."""
        return pytree.tree_unflatten(outputs, self.graph.output)


_fixed = attrgetter("dtype", "device", "shape", "requires_grad")
_hooks = attrgetter("_backward_hooks", "_post_accumulate_grad_hooks")


def _properties(tensors):
    """What a graph holds fixed of the tensors that it reads."""
    hooked = any(map(any, map(_hooks, tensors))) and list(map(is_hooked, tensors))
    return list(map(_fixed, tensors)), list(map(torch.Tensor.stride, tensors)), hooked


def is_hooked(tensor):
    return bool(tensor._backward_hooks or tensor._post_accumulate_grad_hooks)


class ParameterSites(Messenger):
    """Keeps the parameters that a run meets, each once.

    A trace of Pyro's keeps one of each name: under ``module_local_params`` model and guide may use the same names.

    Attributes:
        parameters: dict from a name to the parameter as it is optimised, unconstrained.
    """

    def __enter__(self):
        self.parameters = {}
        return super().__enter__()

    def _pyro_post_param(self, msg):
        value, name = msg["value"], msg["name"]
        if hasattr(value, "unconstrained"):
            parameter = value.unconstrained()
        elif isinstance(value, torch.nn.Parameter):  # a module's own
            parameter = value
        else:
            return  # what a module's own is made of
        if not any(parameter is other for other in self.parameters.values()):
            while name in self.parameters:
                name += "'"
            self.parameters[name] = parameter
