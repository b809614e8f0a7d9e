"""Patches that make Pyro traceable while a function is traced.

A trace is a fixed list of tensor operations. Where Pyro converts a tensor to a Python number, tracing would store that
number in the graph, or fail. There are few such places, and each has an equivalent without a conversion. The patches
apply only to the thread that traces.
"""

import builtins
import functools
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import pyro
import torch
from pyro.infer import traceenum_elbo
from pyro.infer import util as infer_util
from pyro.ops import einsum
from pyro.ops.provenance import ProvenanceTensor
from pyro.poutine.indep_messenger import CondIndepStackFrame
from pyro.poutine.subsample_messenger import SubsampleMessenger
from torch.distributions import Distribution
from torch.fx.experimental.symbolic_shapes import statically_known_true
from torch.overrides import TorchFunctionMode

_len = builtins.len
_here = threading.local()

one_at_a_time = threading.RLock()
"""Lock held during every call of compiled code. All threads share Pyro's handlers, its parameter store and torch's
random numbers. Undoing a trial run would also undo what another thread did with them, so threads take turns."""


@contextmanager
def patched_pyro() -> Iterator[None]:
    """A context in which an ELBO of Pyro can be traced, with the same value.

    - Validation and NaN warnings are off, because both read values.
    - Dice drops terms of probability zero by ``torch.where`` instead of a data-dependent selection.
    - The scales of sites enumerated in the model are assumed to be equal; a plain run has compared their values.
    - Symbolic sizes have no hash: contraction paths are cached by their hints, and plates are hashed without them.
    - The scale of a plate without subsampling stays the number 1.
    - ``torch.autograd.backward`` raises an error, because it would leave gradients on the parameters.
    - ``one_hot`` compares with every class; torch's own checks the values of the classes.
    - A tensor with provenance wraps the traced tensor, whose class cannot be changed.
    - ``len`` of a traced tensor is its symbolic size, so that ``pyro.plate("data", len(x))`` fits every batch size.

    Other threads are not affected: each patched function checks which thread calls it, and calls the original in any
    other thread. Pyro's settings are not changed. Only one thread traces at a time. ``make_fx`` itself wraps
    ``nn.Module.__call__`` in all threads, without a change in behaviour.
    """
    with one_at_a_time, ExitStack() as stack:
        stack.enter_context(_flagged("tracing"))
        for owner, name, replacement in _replacements():
            stack.enter_context(patch.object(owner, name, _for_this_thread(getattr(owner, name), replacement)))
        yield


def _replacements():
    yield from _validation()
    yield pyro.util, "torch_isnan", lambda value: False
    yield Distribution, "__init__", _unvalidated
    yield Distribution, "_validate_sample", lambda fn, value: None
    yield infer_util.Dice, "compute_expectation", _compute_expectation
    yield traceenum_elbo, "_get_common_scale", lambda scales: scales[0]
    yield einsum, "contract_expression", _contract_expression
    yield CondIndepStackFrame, "__hash__", lambda frame: hash(frame.name)
    yield SubsampleMessenger, "_process_message", _enter_plate
    yield ProvenanceTensor, "__new__", _with_provenance
    yield torch.autograd, "backward", _refuse_backward
    yield torch.nn.functional, "one_hot", _one_hot
    yield builtins, "len", _symbolic_len


_setting = pyro.settings.get


def _validation():
    """Patches of all functions that modules call to find out whether to validate."""
    asked = {pyro.distributions.is_validation_enabled, infer_util.is_validation_enabled}
    asked.add(pyro.poutine.is_validation_enabled)
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get("is_validation_enabled") in asked:
            yield module, "is_validation_enabled", lambda: False
    yield pyro.settings, "get", lambda alias: not alias.startswith("validate_") and _setting(alias)


def _for_this_thread(original, replacement):
    """A function that calls ``replacement`` in the thread that traces, and ``original`` in any other."""

    @functools.wraps(original)
    def dispatch(*args, **kwargs):
        return (replacement if getattr(_here, "tracing", False) else original)(*args, **kwargs)

    return dispatch


@contextmanager
def _flagged(name):
    before = getattr(_here, name, False)
    setattr(_here, name, True)
    try:
        yield
    finally:
        setattr(_here, name, before)


@contextmanager
def quiet() -> Iterator[None]:
    """A context that suppresses the warnings of this thread, which torch raises about tracing and compiling."""
    ignored = ("ignore", _InThisThread(), Warning, None, 0)
    warnings.filters.insert(0, ignored)  # type: ignore[attr-defined]  # it is a list
    try:
        with _flagged("quiet"):
            yield
    finally:
        if ignored in warnings.filters:
            warnings.filters.remove(ignored)  # type: ignore[attr-defined]  # it is a list


class _InThisThread:
    """Used as the message pattern of a warning filter: matches in threads within ``quiet``."""

    def match(self, text):
        return getattr(_here, "quiet", False)


_blank = torch.empty(0)


def _with_provenance(cls, data, provenance=frozenset(), **kwargs):
    if not provenance:
        return data
    carrier = torch.Tensor._make_subclass(cls, _blank)  # all functions of torch use its _t instead
    carrier._t, carrier._provenance = data, provenance
    return carrier


_initialise = Distribution.__init__


def _unvalidated(fn, batch_shape=(), event_shape=(), validate_args=None):
    _initialise(fn, torch.Size(batch_shape), torch.Size(event_shape), validate_args=False)


class _WhereMasked(TorchFunctionMode):
    """Selections by a mask keep their shape: entries that are not selected become zero, so that sums do not change."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is torch.Tensor.all:
            return False
        if function is torch.Tensor.masked_select:
            tensor, mask = args
            return torch.where(mask, tensor, 0.0)
        return function(*args, **(kwargs or {}))


_dice_expectation = infer_util.Dice.compute_expectation


def _compute_expectation(dice, costs):
    with _WhereMasked():
        return _dice_expectation(dice, costs)


_contract = einsum.contract_expression


def _contract_expression(equation, *shapes, **kwargs):
    return _contract(equation, *(tuple(_hint(size) for size in shape) for shape in shapes), **kwargs)


def _hint(size):
    return size.node.hint if isinstance(size, torch.SymInt) else size


def _refuse_backward(*args, **kwargs):
    raise ValueError("the objective calls torch.autograd.backward")


def _one_hot(tensor, num_classes=-1):
    if num_classes < 0:
        raise ValueError("one_hot without a number of classes reads it from values")
    return (tensor[..., None] == torch.arange(num_classes, device=tensor.device)).long()


_process_message = SubsampleMessenger._process_message


def _enter_plate(plate, msg):
    scale = msg["scale"]
    _process_message(plate, msg)
    if statically_known_true(plate.size == plate.subsample_size):
        msg["scale"] = scale


def _symbolic_len(value):
    if isinstance(value, torch.Tensor) and value.dim():
        return value.shape[0]
    return _len(value)
