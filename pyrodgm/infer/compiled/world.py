"""The state outside a graph: which objects it read, and how to leave no trace of a trial run."""

from contextlib import contextmanager

import pyro
import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch.nn.modules.module import register_module_forward_pre_hook

from pyrodgm.infer.compiled.signature import Same

_VALUES = (bool, int, float, str, torch.Tensor)


class World:
    """The modules that a function was seen to use.

    Attributes:
        modules: all of them, submodules included, each once.
    """

    def __init__(self, *roots):
        self.modules, self._tables, self._attributes = [], [], []
        self._seen = set()
        for root in roots:
            self.add(getattr(root, "__self__", root))

    def add(self, module):
        if isinstance(module, torch.nn.Module) and id(module) not in self._seen:
            for part in module.modules():
                if id(part) not in self._seen:
                    self._seen.add(id(part))
                    self.modules.append(part)
                    self._tables += _tables(part)
                    self._attributes += [
                        (vars(part), name) for name, value in vars(part).items() if isinstance(value, _VALUES)
                    ]

    @contextmanager
    def watched(self):
        """A context in which every module that is called is added."""
        handle = register_module_forward_pre_hook(lambda module, args: self.add(module))
        try:
            yield
        finally:
            handle.remove()

    def attributes(self):
        """The training flag and every other number, string and tensor that a module has for an attribute."""
        values = [held.get(name) for held, name in self._attributes]
        return tuple([Same(value) if isinstance(value, torch.Tensor) else value for value in values])

    def structure(self):
        """What the modules hold, by identity: parameters, buffers and submodules."""
        return [tuple(map(id, held.values())) if held else None for held in self._tables]

    @contextmanager
    def undone(self, tensors=()):
        """A context that leaves random numbers, buffers, ``tensors`` and the modules' attributes as they were."""
        random, device_random = pyro.util.get_rng_state(), _device_states()
        names = set(pyro.get_param_store().keys())
        kept = {
            id(tensor): tensor for module in self.modules for tensor in module._buffers.values() if tensor is not None
        }
        kept.update({id(tensor): tensor for tensor in tensors})
        values = [(tensor, tensor.detach().clone()) for tensor in kept.values()]
        attributes = [(module, dict(vars(module)), [dict(d) for d in _tables(module)]) for module in self.modules]
        try:
            yield
        finally:
            for module, before, tables in attributes:
                vars(module).clear()
                vars(module).update(before)
                for table, entries in zip(_tables(module), tables, strict=True):
                    table.clear()
                    table.update(entries)
            with torch.no_grad():
                for tensor, value in values:
                    tensor.copy_(value)
            store = pyro.get_param_store()
            for name in set(store.keys()) - names:
                if isinstance(store._params[name], FakeTensor):
                    del store[name]
            pyro.util.set_rng_state(random)
            for device, state in device_random:
                torch.cuda.set_rng_state(state, device)


def _tables(module):
    return module._parameters, module._buffers, module._modules


def _device_states():
    if not torch.cuda.is_initialized():
        return []
    return [(device, torch.cuda.get_rng_state(device)) for device in range(torch.cuda.device_count())]


def random_state():
    """The states of torch's random number generators, to compare."""
    return [torch.get_rng_state(), *(state for _, state in _device_states())]
