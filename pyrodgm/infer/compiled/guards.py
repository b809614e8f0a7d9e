"""The state outside a graph: what a function reads besides its arguments, and how a trial run leaves it as it was."""

import functools
import random
import threading
import weakref
from contextlib import contextmanager

import numpy as np
import pyro
import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from pyrodgm.infer.compiled.rollback import Rollback
from pyrodgm.infer.compiled.signature import frozen

_PLAIN = {bool, int, float, str, type(None)}
_INTERNAL = set(vars(torch.nn.Module())) - {"training"}
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class Guards:
    """The modules and the variables that a function uses.

    Modules are found from the function itself (its owner, closure and globals), and as they are called.

    Attributes:
        modules: all of them, submodules included, each once.
    """

    def __init__(self, *roots):
        self.modules, self._tables, self._attributes, self._variables = [], [], [], []
        self._seen, self._followed = set(), {}
        for root in roots:
            self.follow(root)

    def add(self, module):
        for part in module.modules():
            if id(part) not in self._seen:
                self._seen.add(id(part))
                self.modules.append(part)
                self._tables += _tables(part) + [getattr(part, name) for name in _HOOKS]
                watched = [name for name in vars(part) if _is_watched(part, name)]
                self._attributes += [(vars(part), name) for name in watched]
                for name in watched:
                    if callable(vars(part)[name]) and not _is_library(vars(part)[name]):
                        self.follow(vars(part)[name], 2)

    def follow(self, value, depth=4):
        """Add the modules that a callable reaches, and watch the numbers and tensors that it reads by name."""
        if isinstance(value, torch.nn.Module):
            self.add(value)
        elif isinstance(value, functools.partial):
            for part in (value.func, *value.args, *value.keywords.values()):
                self.follow(part, depth)
        elif depth and callable(value) and id(value) not in self._followed:
            self._followed[id(value)] = value
            owner = getattr(value, "__self__", None)
            if owner is not None:
                self.follow(owner, depth - 1)
                if not isinstance(owner, torch.nn.Module) and hasattr(owner, "__dict__"):
                    self._watch([(vars(owner), name) for name in vars(owner)], depth)
            function = getattr(value, "__func__", value)
            if hasattr(function, "__wrapped__"):
                self.follow(function.__wrapped__, depth - 1)
            if hasattr(function, "__code__"):
                used = function.__code__.co_names
                self._watch([(function.__globals__, name) for name in used if name in function.__globals__], depth)
                self._watch([(cell, None) for cell in function.__closure__ or ()], depth)

    def _watch(self, places, depth):
        for place in places:
            value = _read(place)
            if type(value) in _PLAIN or isinstance(value, torch.Tensor) or _is_small(value):
                self._variables.append(place)
            elif isinstance(value, (torch.nn.Module, functools.partial)) or (
                callable(value) and not isinstance(value, type) and not _is_library(value)
            ):
                self.follow(value, depth - 1)
                self._variables.append(place)

    @contextmanager
    def watched(self):
        """A context in which every module that is called is added, if it outlives the call."""
        called, here = [], threading.get_ident()

        def note(module, args):
            if threading.get_ident() == here:
                called.append(weakref.ref(module))

        handle = register_module_forward_pre_hook(note)
        try:
            yield
        finally:
            handle.remove()
            for module in (reference() for reference in called):
                if module is not None:
                    self.add(module)

    def attributes(self):
        """The values that a graph holds fixed: the modules' attributes, training flags among them, and variables."""
        places = [_read(place) for place in self._attributes + self._variables]
        return tuple([v if type(v) in _PLAIN else frozen(v) for v in places]), tuple(map(type, places))

    def changed(self, before):
        """What is no longer as in ``before``, the value of ``attributes()`` then, in words; empty if all is."""
        places = self._attributes + self._variables
        for i, (old, new) in enumerate(zip(before[0], self.attributes()[0], strict=False)):
            if old != new:
                return f"its attribute {places[i][1]!r}" if i < len(self._attributes) else "a variable outside"
        return ""

    def structure(self):
        """What the modules hold, by identity: parameters, buffers, submodules and hooks."""
        return [tuple(map(id, held.values())) if held else None for held in self._tables]

    def buffers(self):
        """Every buffer of every module, each once."""
        found = {id(buffer): buffer for module in self.modules for buffer in module._buffers.values()}
        return [buffer for buffer in found.values() if buffer is not None]

    @contextmanager
    def undone(self, written=(), keep_parameters=False):
        """A context that leaves things as they were: random numbers, tensors, attributes of modules, Pyro's store.

        Args:
            written: tensors that compiled code writes to; what is written by operations of torch is seen.
            keep_parameters: keep what was added to Pyro's store.
        """
        states, device_states = pyro.util.get_rng_state(), _device_states()
        store = vars(pyro.get_param_store())
        stored = {name: dict(table) for name, table in store.items()}
        values = [(tensor, tensor.detach().clone()) for tensor in [*written, *self.buffers()]]
        attributes = [(module, dict(vars(module)), [dict(d) for d in _tables(module)]) for module in self.modules]
        held = [_read(place) for place in self._attributes + self._variables]
        containers = [(value, value.copy()) for value in held if isinstance(value, (list, dict))]
        try:
            with Rollback():
                yield
        finally:
            for module, before, entries in attributes:
                vars(module).clear()
                vars(module).update(before)
                for table, entry in zip(_tables(module), entries, strict=True):
                    table.clear()
                    table.update(entry)
            for container, value in containers:
                container.clear()
                container.extend(value) if isinstance(container, list) else container.update(value)
            with torch.no_grad():
                for tensor, value in values:
                    tensor.copy_(value)
            for name, before in stored.items():  # which a module with parameters of its own makes anew
                store[name] = {**store[name], **before} if keep_parameters else before
            pyro.util.set_rng_state(states)
            for device, state in device_states:
                torch.cuda.set_rng_state(state, device)


def random_states():
    """The states of all random number generators, to compare: torch's, and those that a graph cannot draw from."""
    return [torch.get_rng_state(), *(state for _, state in _device_states())], (
        random.getstate(),
        np.random.get_state()[1].tobytes(),
        np.random.get_state()[2:],
    )


def _tables(module):
    return [module._parameters, module._buffers, module._modules]


def _is_watched(module, name):
    """Whether an attribute is the user's; the weights that weight and spectral norm set anew are none."""
    derived = any(f"{name}{suffix}" in module._parameters for suffix in ("_orig", "_g"))
    private = name.startswith("_") and type(vars(module)[name]) not in _PLAIN  # caches, such as those of flows
    return name not in _INTERNAL and not derived and not private and not name.startswith("_pyro")


def _is_small(value):
    return isinstance(value, (dict, list, tuple)) and len(value) <= 32


def _is_library(value):
    return (getattr(value, "__module__", None) or "").split(".")[0] in ("torch", "pyro", "numpy", "builtins")


def _read(place):
    held, name = place
    if name is not None:
        return held.get(name)
    try:
        return held.cell_contents
    except ValueError:
        return None


def _device_states():
    if not torch.cuda.is_initialized():
        return []
    return [(device, torch.cuda.get_rng_state(device)) for device in range(torch.cuda.device_count())]
