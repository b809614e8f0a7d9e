"""Operations in place, undone."""

import torch
from torch._subclasses.fake_tensor import unset_fake_temporarily
from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing
from torch.utils._python_dispatch import TorchDispatchMode


class Rollback(TorchDispatchMode):
    """Puts back what operations in place do to tensors that were there before."""

    def __enter__(self):
        self.before = {}
        return super().__enter__()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function._schema.is_mutable:
            for value in written(function._schema, args, kwargs or {}):
                if type(value) in (torch.Tensor, torch.nn.Parameter) and id(value) not in self.before:
                    with unset_fake_temporarily(), disable_proxy_modes_tracing():
                        self.before[id(value)] = (value, value.detach().clone())
        return function(*args, **(kwargs or {}))

    def __exit__(self, *error):
        super().__exit__(*error)
        with unset_fake_temporarily(), disable_proxy_modes_tracing(), torch.no_grad():
            for tensor, value in self.before.values():
                if tensor.shape == value.shape:
                    tensor.copy_(value)
                else:
                    tensor.data = value


def written(schema, args, kwargs):
    """The arguments of a call that its operation writes to."""
    values = [*args, *(kwargs.get(argument.name) for argument in schema.arguments[len(args) :])]
    return [value for argument, value in zip(schema.arguments, values, strict=True) if argument.is_write]
