"""Checks that class and arguments rebuild a model. Only such a model can be saved as class, arguments and tensors."""

import functools
import types
import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch

from pyrodgm.isolation import seeded

if TYPE_CHECKING:
    from pyrodgm.models.base import Model


def dtype_of(tensors: dict[str, torch.Tensor]) -> torch.dtype:
    """The dtype of a model whose state dict is ``tensors``."""
    return next((tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()), torch.float32)


def check_rebuilds(model: "Model") -> None:
    """Raise ``ValueError`` unless a model's class and arguments rebuild the same modules, shapes and plain attributes.

    Training mode and ``requires_grad`` may differ. The state of the random number generators is left unchanged.
    """
    tensors = model.state_dict()
    with seeded(0), torch.device("cpu"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # already shown when the model was made
        try:
            rebuilt = type(model)(**model.arguments).to(dtype_of(tensors))
        except TypeError as error:
            raise ValueError(f"model: got arguments that cannot rebuild it ({error}), want named arguments") from error
    for what, got, want in _differences(model, rebuilt, tensors):
        raise ValueError(
            f"model: got {what} {got}, want {want}, as {type(model).__name__} builds it from its arguments: "
            "a model that was changed after that cannot be restored"
        )


def _differences(model, rebuilt, tensors):
    """Yield every difference in words: what differs, the value found and the value wanted."""
    ours, theirs = (dict(m.named_modules(remove_duplicate=False)) for m in (model, rebuilt))
    for path in ours | theirs:
        got, want = (type(modules[path]).__qualname__ if path in modules else "none" for modules in (ours, theirs))
        if type(ours.get(path)) is not type(theirs.get(path)):
            yield f"module {path!r}:", got, want
    for path, module in ours.items():
        for kind in ("_forward_hooks", "_forward_pre_hooks"):
            if len(getattr(module, kind)) != len(getattr(theirs[path], kind)):
                yield f"module {path!r} with", f"{len(getattr(module, kind))} {kind[1:].replace('_', ' ')}", "none"
    expected = rebuilt.state_dict()
    for name in tensors | expected:
        got, want = (_kind(each[name]) if name in each else "none" for each in (tensors, expected))
        if got != want:
            yield f"tensor {name!r}:", got, want
    for path, module in ours.items():
        got, want = _attributes(module), _attributes(theirs[path])
        for name in got | want:
            if name.startswith("_") and not all(isinstance(own.get(name), _PLAIN) for own in (got, want)):
                continue  # a module's cache: a private object or tensor
            if name not in got or name not in want or not _same(got[name], want[name]):
                values = (_short(each[name]) if name in each else "none" for each in (got, want))
                yield f"attribute {f'{path}.{name}'.lstrip('.')!r}:", *values


def _kind(tensor):
    return f"{tensor.dtype} of shape {tuple(tensor.shape)}"


_PLAIN = (bool, int, float, complex, str, bytes, type(None), type, torch.dtype)
_PLAIN += (types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial)
_OF_EVERY_MODULE = {*vars(torch.nn.Module())}


def _attributes(module):
    """The attributes of a module itself by name, and the buffers that its state dict leaves out."""
    own = {name: value for name, value in vars(module).items() if name not in _OF_EVERY_MODULE}
    return own | {name: module._buffers[name] for name in module._non_persistent_buffers_set if name in module._buffers}


def _same(a, b):
    """Whether two attribute values are equal.

    Tensors are compared to single precision, other objects by type and plain attributes. A list equals a tuple, and a
    NumPy number a plain one, because a model that was given the former is rebuilt from the latter.
    """
    a, b = (tuple(value) if type(value) is list else value for value in (a, b))
    a, b = (value.item() if isinstance(value, np.generic) else value for value in (a, b))
    if a is b or type(a) is not type(b) or isinstance(a, (type, torch.dtype)):
        return a is b
    if isinstance(a, torch.Tensor):
        return _kind(a) == _kind(b) and torch.allclose(a.detach().cpu(), b.detach().cpu(), 1e-6, 0, equal_nan=True)
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, functools.partial):
        return _same((a.func, a.args, a.keywords), (b.func, b.args, b.keywords))
    if isinstance(a, types.FunctionType):  # all lambdas share one name
        held = ([cell.cell_contents for cell in f.__closure__ or ()] for f in (a, b))
        names = ((f.__module__, f.__qualname__, f.__code__) for f in (a, b))
        return _same(*names) and _same(*held)
    if isinstance(a, types.MethodType):
        return a.__func__ is b.__func__
    if type(a).__eq__ is object.__eq__:
        return _same(_plain_attributes(a), _plain_attributes(b))
    return bool(a == b or (a != a and b != b))


def _plain_attributes(value):
    own = getattr(value, "__dict__", {})
    return {name: part for name, part in own.items() if isinstance(part, _PLAIN) and not name.startswith("_")}


def _short(value):
    text = value.__qualname__ if isinstance(value, types.FunctionType) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
