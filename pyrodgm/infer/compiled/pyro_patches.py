"""Pyro, for the time of a trace, without what a graph cannot hold.

A trace is one fixed list of tensor operations. Where Pyro asks a tensor for a number it would bake that number in or
fail; the places are few, and each has an equivalent that asks nothing.
"""

import builtins
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import pyro
import torch
from pyro.infer import traceenum_elbo
from pyro.infer import util as infer_util
from pyro.ops import einsum
from pyro.poutine.indep_messenger import CondIndepStackFrame
from pyro.poutine.subsample_messenger import SubsampleMessenger
from torch.distributions import Distribution
from torch.fx.experimental.symbolic_shapes import statically_known_true
from torch.overrides import TorchFunctionMode

_len = builtins.len


@contextmanager
def patched_pyro():
    """A context in which an ELBO of Pyro can be traced; its value is the same.

    - validation and NaN warnings are off: both read values;
    - ``.item()`` detaches;
    - Dice drops terms of probability zero by ``torch.where`` and not by a data-dependent selection;
    - the scales of sites enumerated in the model are taken to be equal: a plain run has compared their values;
    - contraction paths are cached by the hint of a symbolic size, and plates hashed without it: it has no hash;
    - the scale of a plate that is not subsampled stays the number 1;
    - ``len`` of a traced tensor is its symbolic size, so that ``pyro.plate("data", len(x))`` fits every batch size.
    """
    with ExitStack() as stack:
        stack.enter_context(pyro.validation_enabled(False))
        stack.enter_context(patch.object(pyro.util, "torch_isnan", lambda value: False))
        stack.enter_context(patch.object(Distribution, "__init__", _unvalidated))
        stack.enter_context(patch.object(Distribution, "_validate_sample", lambda fn, value: None))
        stack.enter_context(patch.object(torch.Tensor, "item", torch.Tensor.detach))
        stack.enter_context(patch.object(infer_util.Dice, "compute_expectation", _compute_expectation))
        stack.enter_context(patch.object(traceenum_elbo, "_get_common_scale", lambda scales: scales[0]))
        stack.enter_context(patch.object(einsum, "contract_expression", _contract_expression))
        stack.enter_context(patch.object(CondIndepStackFrame, "__hash__", lambda frame: hash(frame.name)))
        stack.enter_context(patch.object(SubsampleMessenger, "_process_message", _enter_plate))
        stack.enter_context(patch.object(builtins, "len", _symbolic_len))
        yield


_initialise = Distribution.__init__


def _unvalidated(fn, batch_shape=(), event_shape=(), validate_args=None):
    _initialise(fn, torch.Size(batch_shape), torch.Size(event_shape), validate_args=False)


class _WhereMasked(TorchFunctionMode):
    """Selections by a mask keep their shape: what is not selected is zero, so that sums over them are the same."""

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
