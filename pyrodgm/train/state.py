"""Captures and restores the complete state of training, which is everything that the next step depends on."""

from typing import Any

import pyro
import torch
from pyro.util import get_rng_state, set_rng_state

from pyrodgm.models.registry import prefix


def capture(module: torch.nn.Module, svi: Any, batches: Any) -> dict[str, Any]:
    """Parameters, buffers, optimiser, schedule, compiled programs, random numbers and place in the epoch.

    Args:
        module: the module that holds the parameters. Other parameters that the optimiser steps, such as those of a
            separate guide, are taken from Pyro's parameter store.
        svi: its ``optim`` is a Pyro optimiser; its ``state_dict`` is saved too, if it has one.
        batches: its ``state_dict`` is saved too, if it has one.

    Returns:
        Nested dicts of tensors and plain values. The tensors are copies.
    """
    own = prefix(module)
    optimizer = svi.optim.get_state() | svi.optim._state_waiting_to_be_consumed
    optimizer.pop(None, None)  # of parameters that have left the store, such as a dead model's
    inside = {id(parameter) for parameter in module.parameters()}
    others = {
        name: p for name, p in pyro.get_param_store()._params.items() if name in optimizer and id(p) not in inside
    }
    return _copied(
        {
            "module": dict(module.state_dict()),
            "others": {name: parameter.detach() for name, parameter in others.items()},
            "optimizer": {name.removeprefix(own): state for name, state in optimizer.items()},
            "in module": [name.removeprefix(own) for name in optimizer if name.startswith(own)],
            "svi": svi.state_dict() if hasattr(svi, "state_dict") else None,
            "batches": batches.state_dict() if hasattr(batches, "state_dict") else None,
        }
    ) | {  # new at every call, and large: they need no copy
        "random": get_rng_state(),
        "cuda": [torch.cuda.get_rng_state(device)] if (device := _device(module)).type == "cuda" else [],
    }


def restore(state: dict[str, Any], module: torch.nn.Module, svi: Any, batches: Any) -> None:
    """Restore what ``capture`` returned, into the same objects or into new objects that were built in the same way.

    Raises:
        ValueError: if the state belongs to another module; the message names the first parameter that differs.
    """
    store = pyro.get_param_store()
    lazy = module.state_dict().keys() != state["module"].keys()
    if lazy or any(name not in store._params for name in _names(state, module).values()):
        svi.evaluate_loss(**next(iter(batches)))  # creates what is created lazily
    _check_same(dict(module.state_dict()), state["module"])
    names = _names(state, module)
    if missing := [name for name in names.values() if name not in store._params]:
        raise ValueError(f"checkpoint: got parameters {', '.join(missing)}, want those of this pair")
    with torch.no_grad():
        module.load_state_dict(state["module"])
        for name, value in state["others"].items():
            store._params[name].copy_(value)
    svi.optim.optim_objs.clear()
    svi.optim.set_state({names[key]: _copied(value) for key, value in state["optimizer"].items()})
    for name in names.values():
        parameter = store._params[name]
        held, parameter.grad = parameter.grad, None
        svi.optim([parameter])  # without a gradient, this only creates its optimiser, which loads its state
        parameter.grad = held
    if state["svi"] is not None and hasattr(svi, "load_state_dict"):
        svi.load_state_dict(state["svi"])
    if state["batches"] is not None:
        batches.load_state_dict(state["batches"])
    set_rng_state(state["random"])
    if state["cuda"] and (device := _device(module)).type == "cuda":
        torch.cuda.set_rng_state(state["cuda"][0], device)


def _device(module):
    """The device of a module, whose random numbers a step draws.

    It may have another number when the run is resumed, and has another one in each of several processes.
    """
    return next((parameter.device for parameter in module.parameters()), torch.device("cpu"))


def _names(state, module):
    """The names in the store of the parameters that the optimiser of the state steps."""
    own, inside = prefix(module), set(state["in module"])
    return {key: own + key if key in inside else key for key in state["optimizer"]}


def _check_same(here, there):
    for name in [*here, *there]:
        got, want = (tuple(tensors[name].shape) if name in tensors else "none" for tensors in (there, here))
        if got != want:
            raise ValueError(f"checkpoint: got {name} of shape {got}, want {want}: it belongs to another model")


def _copied(value):
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_copied(part) for part in value)
    return value
