"""The names under which instances keep their parameters in Pyro's parameter store.

``pyro.module(name, module)`` with a fixed name trains nothing, and says nothing, for a second instance, a deep
copy or a reloaded model: the store returns the first one's tensors. Here a name belongs to an instance.
"""

import itertools
import weakref

import pyro

_registered = weakref.WeakKeyDictionary()  # instance -> (its name, {key in the store: id of the tensor})


def register(module):
    """Register the trainable parameters of ``module`` with Pyro under a name of its own.

    The name is the class name, or the next free one (``M2_2``, ``M2_3``, ...) where the store holds another
    tensor under it; that is checked at every call. When the instance dies its parameters leave the store.
    Parameters that do not train are not registered.

    Returns:
        The name.
    """
    store = pyro.get_param_store()
    parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if module not in _registered:
        _registered[module] = (type(module).__name__, {})
        weakref.finalize(module, _forget, _registered[module][1])
    name, held = _registered[module]
    if not _is_ours(store, name, parameters):
        first = type(module).__name__
        names = itertools.chain([first], (f"{first}_{i}" for i in itertools.count(2)))
        name = next(n for n in names if _is_ours(store, n, parameters))
        _registered[module] = (name, held)
    for key, parameter in parameters.items():
        full = f"{name}$$${key}"
        held[full] = id(parameter)
        pyro.param(full, parameter)
    return name


def state_to_pickle(module):
    """What ``__getstate__`` of a registered module returns.

    Pyro leaves a weak reference to the unconstrained tensor on each parameter. It cannot be pickled, and the next call
    of model or guide puts it back.
    """
    for parameter in module.parameters():
        parameter.__dict__.pop("unconstrained", None)
    return module.__dict__


def prefix(module):
    """What the store puts before the names of a module's parameters: ``"M2$$$"``, or nothing where Pyro named them."""
    return f"{_registered[module][0]}$$$" if module in _registered else ""


def _is_ours(store, name, parameters):
    """Whether the store holds, under ``name``, nothing but these parameters (or nothing)."""
    held = ((store._params.get(f"{name}$$${key}"), parameter) for key, parameter in parameters.items())
    return all(tensor is None or tensor is parameter for tensor, parameter in held)


def _forget(held):
    """Drop from the store what a dead instance registered and nobody has replaced since."""
    store = pyro.get_param_store()
    for full, identity in held.items():
        if full in store._params and id(store._params[full]) == identity:
            del store[full]
