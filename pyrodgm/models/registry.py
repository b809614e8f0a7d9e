"""Registers the parameters of each model in Pyro's parameter store under a name that is unique to the instance.

With a fixed name, ``pyro.module(name, module)`` silently fails to train a second instance, a deep copy or a reloaded
model: the store returns the tensors of the first instance. Here every instance has its own name.
"""

import itertools
import warnings
import weakref
from typing import Any

import pyro
import torch

# instance -> (its name, {key in the store: id of the tensor})
_registered: weakref.WeakKeyDictionary[torch.nn.Module, tuple[str, dict[str, int]]] = weakref.WeakKeyDictionary()
_names: set[str] = set()  # names that instances in this process have had


def register(module: torch.nn.Module) -> str:
    """Register the trainable parameters of ``module`` with Pyro, under a name that no other module uses.

    The name is the class name, or the next free one (``M2_2``, ``M2_3``, ...) if the store holds another tensor under
    it. This is checked at every call. The parameters leave the store when the instance is garbage-collected, or when
    another network has taken their place. Parameters with ``requires_grad=False`` are not registered.

    Warns at the first instance of a class if the store holds parameters under its name: they were loaded by
    ``get_param_store().load``, and the instance does not use them.

    Returns:
        The name.
    """
    store = pyro.get_param_store()
    present = dict(module.named_parameters())
    parameters = {key: p for key, p in present.items() if p.requires_grad}
    if module not in _registered:
        _registered[module] = (type(module).__name__, {})
        weakref.finalize(module, _forget, _registered[module][1])
    name, held = _registered[module]
    _forget(held, {f"{name}$$${key}": id(p) for key, p in present.items()})
    if not _is_ours(store, name, parameters):
        _forget(held)
        first = type(module).__name__
        if first not in _names:
            _warn_of_loaded(store, first, parameters)
        names = itertools.chain([first], (f"{first}_{i}" for i in itertools.count(2)))
        name = next(n for n in names if _is_ours(store, n, parameters))
        _registered[module] = (name, held)
    _names.add(name)
    for key, parameter in parameters.items():
        full = f"{name}$$${key}"
        held[full] = id(parameter)
        pyro.param(full, parameter)
    return name


def state_to_pickle(module: torch.nn.Module) -> dict[str, Any]:
    """The state of a registered module for a pickle, as ``__getstate__`` returns it.

    Pyro keeps a weak reference to the unconstrained tensor on each parameter. It cannot be pickled, so it is removed.
    The next call of model or guide restores it.
    """
    for parameter in module.parameters():
        parameter.__dict__.pop("unconstrained", None)
    return module.__dict__


def prefix(module: torch.nn.Module) -> str:
    """The prefix of a module's parameters in the store: ``"M2$$$"``, or nothing if Pyro named them itself."""
    return f"{_registered[module][0]}$$$" if module in _registered else ""


def _is_ours(store, name, parameters):
    """Whether the store holds nothing under ``name`` except these parameters."""
    held = ((store._params.get(f"{name}$$${key}"), parameter) for key, parameter in parameters.items())
    return all(tensor is None or tensor is parameter for tensor, parameter in held)


def _warn_of_loaded(store, name, parameters):
    """Warn if the store holds all parameters of a module under a name that no instance has had."""
    stored = [(store._params.get(f"{name}$$${key}"), parameter) for key, parameter in parameters.items()]
    if all(tensor is not None and tensor.shape == parameter.shape for tensor, parameter in stored):
        warnings.warn(
            f"Pyro's parameter store holds parameters of {name!r} that no model uses. If they were loaded for this "
            f"one, call pyro.module({name!r}, m, update_module_params=True) after loading",
            stacklevel=2,
        )


def _forget(held, kept=None):
    """Remove an instance's parameters from the store, except those to keep and those that the store has replaced."""
    store = pyro.get_param_store()
    for full, identity in list(held.items()):
        if kept is not None and kept.get(full) == identity:
            continue
        del held[full]
        if full in store._params and id(store._params[full]) == identity:
            tensor = store._params.pop(full)
            store._constraints.pop(full)
            store._param_to_name.pop(tensor, None)
            for other in (name for name, shared in store._params.items() if shared is tensor):
                store._param_to_name[tensor] = other  # of a model that has the same network
