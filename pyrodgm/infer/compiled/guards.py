"""Watches the state that a function reads in addition to its arguments, and restores this state after a trial run."""

import abc
import argparse
import collections
import functools
import gc
import random
import sys
import threading
import types
import typing
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import chain, repeat
from operator import attrgetter, is_
from typing import Any

import numpy as np
import pyro
import torch
from pyro.infer import ELBO
from pyro.nn import PyroModule
from pyro.poutine.condition_messenger import ConditionMessenger
from pyro.poutine.mask_messenger import MaskMessenger
from pyro.poutine.scale_messenger import ScaleMessenger
from torch.distributions import Distribution
from torch.nn.modules.module import register_module_forward_pre_hook

from pyrodgm.infer.compiled.reads import is_library, reads
from pyrodgm.infer.compiled.rollback import Remembered, Rollback, generator_states, irreversible
from pyrodgm.infer.compiled.signature import MOST_ENTRIES, PLAIN, Same, frozen, is_small

MOST_VALUES = 20_000  # values that are compared before a step, and
MOST_BYTES = 2**20  # bytes of NumPy arrays; changes beyond these limits are found only by the checks

_ABSENT = Same("nothing")  # stands for a missing attribute
_INTERNAL = set(vars(torch.nn.Module())) - {"training"}
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_NEUTRAL = (object, torch.nn.Module, PyroModule, abc.ABC, typing.Generic, typing.Protocol)  # read no attributes
_NAMESPACES = (types.SimpleNamespace, argparse.Namespace, collections.UserDict, collections.UserList, partial)
_TRANSPARENT = (*_NAMESPACES, ELBO, Distribution, ScaleMessenger, MaskMessenger, ConditionMessenger)
_WRAPPERS = (property, classmethod, staticmethod, functools.cached_property, type(functools.cache(len)))
_PARTS = ("__code__", "__defaults__", "__kwdefaults__")  # of a function
_UNCALLED = {"__init__", "__new__", "__repr__", "__str__", "__reduce__", "__getstate__", "__setstate__"}


class State:
    """The values that a function reads at one moment, to be compared.

    Attributes:
        values: all values, in the order in which they were found.
        names: the name of each value, for messages.
    """

    def __init__(self, values: Iterable[Any], names: Sequence[str]) -> None:
        self.values, self.names, self._hash = tuple(values), names, hash(tuple(values))

    def __hash__(self):
        return self._hash

    def __eq__(self, other):
        return self is other or (self._hash == other._hash and self.values == other.values)

    def __repr__(self):
        return repr(self.values)

    def difference(self, other: "State") -> str:
        """The name of the first value that differs in ``other``; empty if all are equal."""
        for i, (old, new) in enumerate(zip(self.values, other.values, strict=False)):
            if old != new:
                return self.names[i]
        longer = max(self, other, key=lambda state: len(state.values))
        return "" if self == other else longer.names[min(len(self.values), len(other.values))]


class Guards:
    """Everything that a function reads besides its arguments, as far as it can be found.

    Starting from the callables of a function, all user code is followed through globals, closures, defaults, ``self``
    of methods, attributes, classes and containers, and through the modules that are called. The bytecode shows which
    globals and attributes are read. Code of this package, torch, Pyro, NumPy and Python itself is not followed. See
    ``_Walk`` for what is watched for each kind of object.

    Args:
        roots: a function that returns the callables and objects to start from.

    Attributes:
        modules: all ``torch`` modules that were found, submodules included, each once.
    """

    def __init__(self, roots: Callable[[], Sequence[Any]]) -> None:
        self._roots = roots
        self._called: dict[int, torch.nn.Module] = {}
        self._attributes: set[str] = set()
        self._look()

    def state(self) -> State:
        """The current ``State``; searched again only if an object that was found before has been replaced."""
        if not _same(self._walk.read(), self._held):
            self._look()
        return self._state

    def _look(self):
        known = -1
        while known < len(self._attributes):  # code found late may read attributes of objects found early
            known = len(self._attributes)
            self._walk = _Walk(self._roots, self._called.values(), self._attributes)
        self._held, self._state = self._walk.read(), State(self._walk.values, self._walk.names)
        self.modules = self._walk.modules
        self._tables = [table for part in self.modules for table in _tables(part)]

    @contextmanager
    def watched(self) -> Iterator[None]:
        """A context that adds every module that is called, if it is still alive after the call."""
        called, here = [], threading.get_ident()

        def note(module, args):
            if threading.get_ident() == here:
                called.append(weakref.ref(module))

        handle = register_module_forward_pre_hook(note)
        try:
            yield
        finally:
            handle.remove()
            known = {id(module) for module in self.modules}
            for module in (reference() for reference in called):
                if module is not None and id(module) not in known:
                    self._called[id(module)] = module
            if any(id(module) not in known for module in self._called.values()):
                self._look()

    def structure(self) -> list[tuple[int, ...] | None]:
        """The ids of all parameters, buffers and submodules of the modules. Hooks are part of ``state()``."""
        return [tuple(map(id, held.values())) if held else None for held in self._tables]

    def frozen_parameters(self) -> tuple[int, ...]:
        """The numbers of the modules' parameters that do not require gradients, because they are frozen."""
        parts = chain.from_iterable([module._parameters.values() for module in self.modules])
        return tuple([i for i, part in enumerate(parts) if part is not None and not part.requires_grad])

    def buffers(self) -> list[torch.Tensor]:
        """Every buffer of every module, each once."""
        found = {id(buffer): buffer for module in self.modules for buffer in module._buffers.values()}
        return [buffer for buffer in found.values() if buffer is not None]

    @contextmanager
    def undone(
        self,
        written: Iterable[torch.Tensor] = (),
        keep_parameters: bool = False,
        given: Sequence[Any] = (),
        detect: bool = True,
    ) -> Iterator[None]:
        """A context that undoes all changes: to random numbers, tensors, Pyro's store and Python objects.

        Python objects are restored if they can be reached from the function or its arguments. Garbage collection is off
        inside: if an older model died there, its parameters would leave Pyro's store, and would be restored as if the
        function had removed them.

        Args:
            written: tensors that compiled code writes to.
            keep_parameters: whether to keep parameters that were added to Pyro's store.
            given: the arguments of the function.
            detect: whether to detect the writes of torch's operations too, which makes every operation slower.
        """
        self.state()
        states, device_states = pyro.util.get_rng_state(), _device_states()
        store = vars(pyro.get_param_store())
        stored = {name: dict(table) for name, table in store.items()}
        values = [(tensor, tensor.detach().clone()) for tensor in [*written, *self.buffers()]]
        objects = [walk.remembered() for walk in (self._walk, self._walk_of(given))]
        collecting = gc.isenabled()
        gc.disable()
        try:
            with Rollback() if detect else nullcontext():
                yield
        finally:
            if collecting:
                gc.enable()
            for remembered in objects:
                remembered.put_back()
            with torch.no_grad():
                for tensor, value in values:
                    tensor.copy_(value)
            for name, before in stored.items():  # a module with local parameters creates them again
                store[name] = {**store[name], **before} if keep_parameters else before
            pyro.util.set_rng_state(states)
            for device, state in device_states:
                torch.cuda.set_rng_state(state, device)

    def irreversible(self, given: Sequence[Any]) -> str:
        """A description of the first object read by the function that cannot be restored; empty if there is none."""
        self.state()
        return irreversible([*self._walk.kept, *self._walk_of(given).kept])

    def other_random_states(self, given: Sequence[Any]) -> tuple[Any, ...]:
        """The states of the random number generators that a graph cannot use, to be compared."""
        found = generator_states([*self._walk.kept, *self._walk_of(given).kept])
        state: Any = np.random.get_state()
        return random.getstate(), state[1].tobytes(), state[2:], found

    def _walk_of(self, given):
        return _Walk(lambda: given, (), set(self._attributes))


class _Walk:
    """One pass over all objects that can be reached.

    Plain values, NumPy values and containers are compared by value; modules, functions, tensors and other objects by
    identity. In addition, these are watched:

    - of a function: code, defaults, closure, attributes, and the globals that it reads;
    - of an imported module of the user: the names that are read from it;
    - of an object and its classes: the attributes whose names occur in some code, including properties and methods; all
      attributes of an object without user code, such as a namespace, and of an object whose code reads attributes by
      names that are not in the code;
    - of a list, tuple, set, deque, dict or small array: every entry.

    Args:
        roots: a function that returns the objects to start from.
        called: modules to follow next.
        attributes: set of the names of attributes that code reads; names that are found are added to it.

    Attributes:
        values, names: see ``State``.
        modules: the ``torch`` modules.
    """

    def __init__(self, roots, called, attributes):
        self.attributes, self.values, self.names, self.modules = attributes, [], [], []
        self._readers, self._tables, self._classes, self._seen, self.kept = [roots], {}, {}, {}, []
        self._functions, self._cells, self._sized, self._held, self._bytes = [], [], [], [], 0
        self._waiting = collections.deque()
        for root in roots():
            self._meet(root, getattr(root, "__qualname__", type(root).__qualname__))
        for module in called:
            self._meet(module, type(module).__qualname__)
        while self._waiting and len(self.values) < MOST_VALUES:
            self._visit(*self._waiting.popleft())
        self._readers += [partial(map, attrgetter(part), self._functions) for part in _PARTS]
        self._readers += [partial(map, len, self._sized), partial(map, _content, self._cells)]
        self._readers.append(lambda: [part for table in self._held if table for part in table.values()])
        for table, entries in self._tables.values():
            self._readers.append(partial(map, table.get, list(entries), repeat(_ABSENT)))

    def read(self):
        """The current contents of all watched places, as a flat list of objects."""
        return list(chain.from_iterable([reader() for reader in self._readers]))

    def remembered(self):
        """A ``Remembered`` of all objects that were found, to restore them."""
        return Remembered(self.kept, self._cells, self._tables.values())

    def _meet(self, value, name, whole=False):
        self._waiting.append((value, name, whole))

    def _emit(self, value, name):
        self.values.append(value)
        self.names.append(name)

    def _place(self, table, entry, name, whole=False, key=None):
        """Watch an entry of a dict; returns its value."""
        _, entries = self._tables.setdefault(key or id(table), (table, {}))
        value = table.get(entry, _ABSENT)
        if entry not in entries:
            entries[entry] = None
            self._emit(entry, name)
            if not isinstance(value, types.ModuleType):
                self._meet(value, name, whole)
        return value

    def _visit(self, value, name, whole):
        kind = type(value)
        if kind in PLAIN or isinstance(value, np.generic) or value is _ABSENT:
            self._emit(frozen(value), name)
            return
        for seen in ((id(value), True), (id(value), whole)):
            if seen in self._seen:
                self._emit(self._seen[seen], name)
                return
        self._seen[id(value), whole] = len(self.values)
        self.kept.append(value)
        if isinstance(value, (list, tuple, set, frozenset, dict, collections.deque)):
            self._container(value, name, whole)
        elif isinstance(value, types.MethodType):
            self._emit(kind.__name__, name)
            self._meet(value.__func__, name)
            self._meet(value.__self__, name.rpartition(".")[0] or name, _is_dynamic(value))
        elif is_small(value) and self._bytes + value.nbytes <= MOST_BYTES:
            self._bytes += value.nbytes
            self._emit(frozen(value), name)
            self._readers.append(lambda: (value.tobytes(), *value.shape))
        else:
            self._emit(kind.__qualname__ if isinstance(value, ELBO) else Same(value), name)
            self._into(value, name, whole)

    def _into(self, value, name, whole):
        """Follow the contents of an object that is compared by identity."""
        if isinstance(value, torch.nn.Module):
            self._module(value, name, whole)
        elif isinstance(value, types.FunctionType):
            self._function(value, name)
        elif isinstance(value, types.ModuleType):
            self._imported(value, name, whole)
        elif isinstance(value, _WRAPPERS):
            for part in ("fget", "__func__", "func", "__wrapped__"):
                self._meet(getattr(value, part, None), name)
        elif isinstance(value, (types.BuiltinMethodType, types.MethodWrapperType)):
            if not isinstance(value.__self__, (types.ModuleType, type)):
                self._meet(value.__self__, name)
        elif isinstance(value, type):
            self._class(value, made=name != "__class__")  # "__class__" is the cell of super()
        elif isinstance(value, _TRANSPARENT):
            if isinstance(value, partial):
                self._meet((value.func, value.args, value.keywords), name)
            self._object(value, name, whole=True)
        elif not isinstance(value, torch.Tensor) and not is_library(type(value)):
            self._object(value, name, whole)

    def _container(self, value, name, whole):
        self._emit((type(value).__name__, len(value)), name)
        self._sized.append(value)
        if len(value) > MOST_ENTRIES:
            self._emit(Same(value), name)
            return
        if isinstance(value, dict):
            self._readers += [value.__iter__, value.values]
            for key, entry in value.items():
                self._meet(key, name, whole)
                self._meet(entry, f"{name}[{key!r}]", whole)
        else:
            self._readers.append(value.__iter__)
            unordered = isinstance(value, (set, frozenset))
            for i, entry in enumerate(sorted(value, key=repr) if unordered else value):
                self._meet(entry, name if unordered else f"{name}[{i}]", whole)
        if hasattr(value, "__dict__"):
            self._object(value, name, whole)

    def _function(self, function, name):
        if is_library(function) and not hasattr(function, "__wrapped__"):
            return
        self._functions.append(function)
        found, table = reads(function.__code__), function.__globals__
        self.attributes |= found.attributes
        self._emit(Same(function.__code__), name)
        cells = function.__closure__ or ()
        self._cells += cells
        for variable, cell in zip(function.__code__.co_freevars, cells, strict=True):
            self._meet(_content(cell), variable, found.dynamic)
        for links in found.chains:
            self._chain(table, links, found.dynamic)
        for imported in found.imports:
            module = sys.modules.get(imported) or sys.modules.get(f"{table.get('__package__')}.{imported}")
            self._meet(module, imported)
        for part in (function.__defaults__, function.__kwdefaults__):
            self._meet(part, f"a default of {name}")
        self._object(function, name, found.dynamic)
        if hasattr(function, "__wrapped__"):
            self._meet(function.__wrapped__, name)

    def _chain(self, table, links, whole):
        """Watch a global; of a module, watch only the attributes that are read directly from it."""
        for i, link in enumerate(links, 1):
            name = ".".join(links[:i])
            value = self._place(table, link, name, whole)
            if not isinstance(value, types.ModuleType) or is_library(value):
                return
            table = vars(value)
        self._meet(value, name, whole)

    def _imported(self, module, name, whole):
        """Watch the names that code may read from a module that is passed on as a value."""
        if not is_library(module):
            self._sized.append(vars(module))
            for entry in list(vars(module)):
                if entry in self.attributes or (whole and not entry.startswith("__")):
                    self._meet(self._place(vars(module), entry, f"{name}.{entry}", whole), f"{name}.{entry}")

    def _object(self, value, name, whole):
        whole = (self._class(type(value)) and not is_library(type(value))) or whole
        held = getattr(value, "__dict__", None)
        if held is not None:
            self._sized.append(held)
            for attribute in list(held):
                if attribute in self.attributes or whole:
                    self._place(held, attribute, f"{name}.{attribute}", whole)
        slots = [
            slot
            for base in type(value).__mro__
            for slot, kind in vars(base).items()
            if isinstance(kind, types.MemberDescriptorType) and (slot in self.attributes or whole)
        ]
        if slots and not is_library(type(value)):
            self._readers.append(partial(map, getattr, repeat(value), slots, repeat(_ABSENT)))
            for slot in slots:
                self._meet(getattr(value, slot, _ABSENT), f"{name}.{slot}", whole)

    def _module(self, module, name, whole):
        if all(module is not other for other in self.modules):
            self.modules.append(module)
        library = is_library(type(module))
        whole = self._class(type(module)) or whole or library
        held = vars(module)
        self._sized.append(held)
        for attribute in list(held):
            private = attribute.startswith("_") and type(held[attribute]) not in PLAIN  # a cache, as of a flow
            read = attribute in self.attributes or (whole and not private)
            if attribute == "training" or (read and _is_own(module, attribute)):
                self._place(held, attribute, f"{name}.{attribute}")
        for table in (*(held[hooks] for hooks in _HOOKS), module._modules):
            self._held.append(table)
            for child, part in list(table.items()):
                self._meet(part, f"{name}.{child}")

    def _class(self, kind, made=False):
        """Watch the attributes of a class that code reads, and all methods that a library may call.

        Returns:
            Whether all attributes of its objects have to be watched, because a base class of a library, or code that
            reads attributes dynamically, may read any of them.
        """
        if (kind, made) in self._classes:
            return self._classes[kind, made]
        bases = [base for base in kind.__mro__ if is_library(base)]
        whole = any(base not in _NEUTRAL for base in bases)
        for base in (base for base in kind.__mro__ if base not in bases):
            held = vars(base)
            self._sized.append(held)
            for attribute, value in list(held.items()):
                is_code = isinstance(value, (types.FunctionType, *_WRAPPERS))
                special = attribute.startswith("__") and (made or attribute not in _UNCALLED)
                named = not attribute.startswith("__") and any(attribute in vars(base) for base in bases)
                called = is_code and (special or named)
                if called or attribute in self.attributes or attribute == "forward":
                    self._place(held, attribute, f"{base.__qualname__}.{attribute}", key=id(base))
                    whole = whole or _is_dynamic(value)
        self._classes[kind, made] = whole
        return whole


def random_states() -> list[torch.Tensor]:
    """The states of torch's random number generators, to be compared."""
    return [torch.get_rng_state(), *(state for _, state in _device_states())]


def _same(now, before):
    """Whether two lists hold the same objects, or equal plain values."""
    if len(now) != len(before):
        return False
    return all(map(is_, now, before)) or all(
        a is b or (type(a) is type(b) and (type(a) in PLAIN or isinstance(a, np.generic)) and a == b)
        for a, b in zip(now, before, strict=True)
    )


def _tables(module):
    return [module._parameters, module._buffers, module._modules]


def _is_own(module, name):
    """Whether an attribute is the user's, and neither internal nor a weight that weight or spectral norm recomputes."""
    derived = any(f"{name}{suffix}" in module._parameters for suffix in ("_orig", "_g"))
    return name not in _INTERNAL and not derived and not name.startswith("_pyro")


def _is_dynamic(value):
    code = getattr(getattr(value, "__func__", value), "__code__", None)
    return code is not None and reads(code).dynamic


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:
        return _ABSENT


def _device_states():
    if not torch.cuda.is_initialized():
        return []
    return [(device, torch.cuda.get_rng_state(device)) for device in range(torch.cuda.device_count())]
