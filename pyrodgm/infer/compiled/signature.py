"""The signature of a call: everything about the call and its surroundings that is constant in a graph."""

import collections
import functools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyro
import torch
from pyro.infer import ELBO
from pyro.poutine.messenger import Messenger
from pyro.poutine.runtime import _PYRO_STACK
from pyro.poutine.trace_messenger import TraceMessenger

from pyrodgm.infer.compiled.reads import is_library, reads

PLAIN = {bool, int, float, complex, str, bytes, type(None), torch.device, torch.dtype}
_CALLED = (type, types.FunctionType, types.MethodType, torch.nn.Module)  # compared by identity alone
MOST_ENTRIES = 4096  # a list, dict or array up to this size is compared by its entries, else by identity and length


class Same:
    """Wraps an object that cannot be compared by value. It is equal only to itself, and is kept alive for that."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self):
        return id(self.value)

    def __repr__(self):
        return type(self.value).__qualname__


def split(value: Any, tensors: list[torch.Tensor]) -> Any:
    """The signature of an argument; appends its tensors to ``tensors``.

    A leading size of two or more is written as ``"B"``, because one graph works for all of them.
    """
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        shape = value.shape
        if len(shape) and shape[0] > 1:
            shape = ("B", *shape[1:])
        layout = () if value.layout is torch.strided else (value.layout,)
        return ("tensor", tuple(shape), str(value.dtype), str(value.device), value.requires_grad, *layout)
    if isinstance(value, (tuple, list)):
        return (type(value).__name__, *(split(item, tensors) for item in value))
    if isinstance(value, dict):
        return (type(value).__name__, *((key, split(item, tensors)) for key, item in value.items()))
    return frozen(value)


def join(value: Any, tensors: Iterator[torch.Tensor]) -> Any:
    """``value`` with its tensors replaced by those of the iterator ``tensors``, in the order of ``split``."""
    if isinstance(value, torch.Tensor):
        return next(tensors)
    if isinstance(value, (tuple, list)):
        items = [join(item, tensors) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        return {key: join(item, tensors) for key, item in value.items()}
    return value


def frozen(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """A Python value in a form that compares by value if possible, else by identity.

    Objects that compare by identity are also compared by their attributes, and functions by what they read, each once,
    up to ``MOST_ENTRIES`` in all.
    """
    if isinstance(value, np.generic) or is_small(value):
        return (type(value).__name__, value.dtype.str, value.shape, value.tobytes())
    if type(value) is float and value != value:
        return ("float", "nan")
    if type(value) in PLAIN or isinstance(value, (int, float, str)):
        return (type(value).__name__, value)
    if type(value) is tuple and all(type(item) in (int, str) for item in value):  # a float may equal an int
        return value
    seen = {} if seen is None else seen
    if id(value) in seen:
        return ("again", seen[id(value)][0])
    if len(seen) > MOST_ENTRIES:
        return Same(value)
    seen[id(value)] = len(seen), value
    if isinstance(value, (tuple, list, collections.deque)):
        return (type(value).__name__, *(frozen(item, seen) for item in value))
    if isinstance(value, (set, frozenset)):
        return (type(value).__name__, frozenset(frozen(item, seen) for item in value))
    if isinstance(value, dict):
        return ("dict", *((str(key), frozen(item, seen)) for key, item in value.items()))
    if isinstance(value, (ELBO, Messenger)):
        return (type(value).__name__, frozen(vars(value), seen))
    if isinstance(getattr(value, "__self__", None), ELBO):
        return ("method", value.__func__.__qualname__, frozen(value.__self__, seen))
    if isinstance(value, types.MethodType):
        return ("method", frozen(value.__func__, seen), frozen(value.__self__, seen))
    if isinstance(value, functools.partial):
        return ("partial", *(frozen(part, seen) for part in (value.func, value.args, value.keywords)))
    if isinstance(value, types.FunctionType) and not is_library(value):
        return (Same(value), *_read_by(value, seen))
    if isinstance(value, _CALLED) or type(value).__module__.startswith(("torch", "pyro.")):
        return Same(value)
    held = dict(getattr(value, "__dict__", {})) | _slots(value)
    return (Same(value), frozen(held, seen)) if held or hasattr(value, "__dict__") else Same(value)


def _slots(value):
    """The attributes of an object that are slots of its class."""
    if is_library(type(value)):
        return {}
    members = [kind for base in type(value).__mro__ for kind in vars(base).items()]
    slots = [name for name, member in members if isinstance(member, types.MemberDescriptorType)]
    return {slot: getattr(value, slot) for slot in slots if hasattr(value, slot)}


def _read_by(function, seen):
    """What a function reads: defaults, closure and globals. Of the globals, objects are compared by identity alone."""
    yield frozen((function.__defaults__, function.__kwdefaults__), seen)
    for cell in function.__closure__ or ():
        try:
            yield frozen(cell.cell_contents, seen)
        except ValueError:  # it is empty
            yield None
    for name, *links in reads(function.__code__).chains:
        held = function.__globals__.get(name)
        for link in links:
            held = getattr(held, link, None) if isinstance(held, types.ModuleType) else held
        yield frozen(held, seen) if type(held) in PLAIN or isinstance(held, types.FunctionType) else Same(held)


def is_small(value: object) -> bool:
    """Whether a value is a NumPy array that is compared by its entries."""
    return isinstance(value, np.ndarray) and value.size <= MOST_ENTRIES and value.dtype != object


def describe(signature: Any) -> str:
    """The signature of the arguments in readable form: ``float32[B, 784], y=int64[B]``."""
    _, args, kwargs = signature
    named = [f"{name}={_described(value)}" for name, value in kwargs[1:]]
    return ", ".join([_described(value) for value in args[1:]] + named)


def _described(value):
    if not isinstance(value, tuple):
        return repr(value)
    kind, *rest = value
    if isinstance(kind, Same):
        return repr(kind)
    if kind == "tensor":
        shape, dtype, device, *_ = rest
        place = "" if device == "cpu" else f" {device}"
        return f"{dtype.removeprefix('torch.')}[{', '.join(map(str, shape))}]{place}"
    if rest and isinstance(rest[-1], bytes):  # the entries of a NumPy array or number
        return f"{kind}[{', '.join(map(str, rest[1]))}]"
    if kind == "dict":
        return "{" + ", ".join(f"{name}: {_described(item)}" for name, item in rest) + "}"
    if len(rest) == 1 and not isinstance(rest[0], (tuple, Same)):
        return repr(rest[0])
    return "(" + ", ".join(map(_described, rest)) + ")"


def surroundings() -> tuple[Any, ...]:
    """The handlers in which a call runs, and the settings of torch and Pyro that it depends on."""
    autocast = [
        (device, str(torch.get_autocast_dtype(device)))
        for device in ("cpu", "cuda")
        if torch.is_autocast_enabled(device)
    ]
    return (
        tuple(frozen(handler) for handler in _PYRO_STACK),
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        tuple(autocast),
        pyro.settings.get("module_local_params"),
    )


def is_observed() -> bool:
    """Whether a handler may need the sites of this call, which a graph lacks: a trace, or a handler of the user."""
    return any(
        isinstance(handler, TraceMessenger) or type(handler).__module__.split(".")[0] not in ("pyro", "pyrodgm")
        for handler in _PYRO_STACK
    )
