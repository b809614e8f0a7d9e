"""Undoes the changes of a trial run: in-place operations on tensors, and changes of Python objects."""

import collections
import functools
import io
import pickle
import random
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import CellType
from typing import Any, Self

import numpy as np
import pyro
import torch
from torch._subclasses.fake_tensor import unset_fake_temporarily
from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing
from torch.utils._python_dispatch import TorchDispatchMode


class Rollback(TorchDispatchMode):
    """Undoes in-place operations on tensors that existed before."""

    def __enter__(self) -> Self:
        self.before: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        return super().__enter__()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function._schema.is_mutable:
            for value in written(function._schema, args, kwargs or {}):
                if type(value) in (torch.Tensor, torch.nn.Parameter) and id(value) not in self.before:
                    with unset_fake_temporarily(), disable_proxy_modes_tracing():
                        self.before[id(value)] = (value, value.detach().clone())
        return function(*args, **(kwargs or {}))

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        with unset_fake_temporarily(), disable_proxy_modes_tracing(), torch.no_grad():
            for tensor, value in self.before.values():
                if tensor.shape == value.shape:
                    tensor.copy_(value)
                else:
                    tensor.data = value


def written(schema: torch.FunctionSchema, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
    """The arguments of a call that its operation writes to."""
    values = [*args, *(kwargs.get(argument.name) for argument in schema.arguments[len(args) :])]
    return [value for argument, value in zip(schema.arguments, values, strict=True) if argument.is_write]


MOST_ARRAY = 2**20  # entries of a NumPy array that is restored; a larger one is assumed to be data
_ABSENT = object()
_CONTAINERS = (list, dict, set, collections.deque)


def irreversible(objects: Iterable[Any]) -> str:
    """A description of the first object whose state cannot be restored; empty if there is none.

    Iterators, generators and queues return every item once, so a batch that a trial run takes would be lost.
    """
    for value in objects:
        taken = isinstance(value, Iterator) or type(value).__module__ in ("queue", "_queue", "multiprocessing.queues")
        written = isinstance(value, io.IOBase) and (value.closed or not value.readable())
        if taken and not written:
            return f"it reads a {type(value).__name__}, and items that a trial run takes from it cannot be put back"
    return ""


def generator_states(objects: Iterable[Any]) -> tuple[bytes, ...]:
    """The states of the random number generators among objects, as values that can be compared."""
    return tuple([pickle.dumps(_generator_state(value)) for value in objects if isinstance(value, _GENERATORS)])


class Remembered:
    """The current contents of Python objects, to be restored later.

    Objects that have not changed are not touched, so that other threads are not affected.

    Args:
        objects: containers, arrays, random number generators, classes, and objects with attributes; attributes that
            are containers are restored too.
        cells: cells of closures.
        tables: pairs of a dict and the names of its relevant entries, such as the globals that a function uses.
    """

    def __init__(
        self,
        objects: Iterable[Any],
        cells: Iterable[CellType] = (),
        tables: Iterable[tuple[dict[str, Any], Iterable[str]]] = (),
    ) -> None:
        self._undo: list[tuple[Callable[..., Any], Any, Any]] = []
        self._seen: dict[int, Any] = {id(vars(pyro.get_param_store())): None}  # the store is restored separately
        for value in objects:
            self._keep(value)
            held = getattr(value, "__dict__", None)
            if type(held) is dict and not isinstance(value, types.ModuleType) and id(held) not in self._seen:
                self._keep(held)
                for part in list(held.values()):
                    if isinstance(part, _CONTAINERS):
                        self._keep(part)
            for base in (value if isinstance(value, type) else type(value)).__mro__:
                self._keep_class(base, value)
        for cell in cells:
            self._undo.append((_put_cell_back, cell, _content(cell)))
        for table, names in tables:
            if isinstance(table, dict):
                self._undo.append((_put_entries_back, table, {name: table.get(name, _ABSENT) for name in names}))

    def put_back(self) -> None:
        for put_back, value, before in self._undo:
            put_back(value, before)

    def _keep(self, value):
        if id(value) in self._seen or isinstance(value, type):  # a class is kept by _keep_class
            return
        self._seen[id(value)] = value
        if isinstance(value, _CONTAINERS):
            self._undo.append((_put_items_back, value, value.copy()))
        elif isinstance(value, np.ndarray) and value.size <= MOST_ARRAY and value.flags.writeable:
            self._undo.append((np.copyto, value, value.copy()))
        elif isinstance(value, _GENERATORS):
            self._undo.append((_set_generator_state, value, _generator_state(value)))
        elif isinstance(value, type(functools.cache(len))):
            self._undo.append((_empty_cache, value, value.cache_info().misses))

    def _keep_class(self, base, value):
        """Remember the attributes of a class, and the slots that an object has from it."""
        slots = vars(base).get("__slots__", ())
        if base.__flags__ & _IMMUTABLE:
            return
        names = (slots,) if isinstance(slots, str) else tuple(slots)
        if names and not isinstance(value, type):
            self._undo.append((_put_attributes_back, value, {name: getattr(value, name, _ABSENT) for name in names}))
        if id(base) not in self._seen:
            self._seen[id(base)] = base
            held = {name: part for name, part in vars(base).items() if not name.startswith("__")}
            self._undo.append((_put_class_back, base, held))
            for part in held.values():
                if isinstance(part, _CONTAINERS):
                    self._keep(part)


_IMMUTABLE = 1 << 8  # of a class, as in C: Py_TPFLAGS_IMMUTABLETYPE
_GENERATORS = (random.Random, np.random.Generator, np.random.RandomState, np.random.BitGenerator, torch.Generator)


def _put_items_back(value, before):
    if isinstance(value, dict):
        if list(map(id, value)) == list(map(id, before)):
            _put_entries_back(value, before)
        else:
            value.clear()
            value.update(before)
    elif list(map(id, value)) != list(map(id, before)):
        value.clear()
        (value.update if isinstance(value, set) else value.extend)(before)


def _put_entries_back(table, before):
    for name, value in before.items():
        if table.get(name, _ABSENT) is not value:
            if value is _ABSENT:
                del table[name]
            else:
                table[name] = value


def _put_attributes_back(value, before):
    for name, held in before.items():
        if getattr(value, name, _ABSENT) is not held:
            if held is _ABSENT:
                delattr(value, name)
            else:
                setattr(value, name, held)


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:
        return _ABSENT


def _put_cell_back(cell, before):
    if before is not _content(cell):
        if before is _ABSENT:
            del cell.cell_contents
        else:
            cell.cell_contents = before


def _put_class_back(kind, before):
    added = {name: _ABSENT for name in vars(kind) if name not in before and not name.startswith("__")}
    for name, held in (before | added).items():
        if vars(kind).get(name, _ABSENT) is not held:
            if held is _ABSENT:
                delattr(kind, name)
            else:
                setattr(kind, name, held)


def _empty_cache(function, misses):
    """Clear the cache of a function if a trial run added entries to it."""
    if function.cache_info().misses > misses:
        function.cache_clear()


def _generator_state(generator):
    if isinstance(generator, random.Random):
        return None if isinstance(generator, random.SystemRandom) else generator.getstate()
    if isinstance(generator, np.random.RandomState):
        return generator.get_state()
    if isinstance(generator, torch.Generator):
        return generator.get_state().numpy().copy()
    return getattr(generator, "bit_generator", generator).state


def _set_generator_state(generator, state):
    if isinstance(generator, random.Random):
        if state is not None:
            generator.setstate(state)
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    elif isinstance(generator, torch.Generator):
        generator.set_state(torch.from_numpy(state))
    else:
        getattr(generator, "bit_generator", generator).state = state
