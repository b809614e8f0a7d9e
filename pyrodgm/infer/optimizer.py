"""A Pyro optimiser with a learning-rate schedule that handles all gradients of a step together."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyro
import torch
from pyro.optim import PyroLRScheduler


class Optimizer(PyroLRScheduler):
    """One torch optimiser per parameter, as in Pyro, but with reduction and clipping over all parameters together.

    Gradients are first summed over processes, if there are several. Then they are scaled so that their joint norm is at
    most ``max_norm``: g min(1, max_norm / |g|), with |g| over all parameters. (``clip_args`` of Pyro clips each
    parameter by its own norm.) ``weight_decay=B / (N s^2)`` is a prior N(0, s^2) on the parameters, for a data set of N
    rows and a loss summed over B rows. Its gradient is exact for optimisers that add the decay to the gradient, which
    AdamW does not.

    Args:
        optimizer: a class of ``torch.optim``, such as ``Adam``, ``Adamax``, ``RMSprop`` or ``Adagrad``.
        options: arguments of the optimiser.
        schedule: a function from the epoch, counted from 0, to a factor of the learning rate; ``step()`` ends an epoch.
        max_norm: largest joint norm of the gradients, or None.
        reduce: a function from a list of gradients to a list of gradients, called first; or None.

    Raises:
        ValueError: for an optimiser of ``pyro.optim``, options that are not a dict, or if ``max_norm`` is not positive.

    Example::

        optim = Optimizer(torch.optim.Adamax, {"lr": 2e-3}, schedule=step_decay(0.75, every=50), max_norm=5.0)
        svi = CompiledSVI(m.model, m.guide, optim, elbo)
    """

    def __init__(
        self,
        optimizer: Callable[..., torch.optim.Optimizer],
        options: dict[str, Any],
        schedule: Callable[[int], float] | None = None,
        max_norm: float | None = None,
        reduce: Callable[[list[torch.Tensor]], list[torch.Tensor]] | None = None,
    ) -> None:
        if not callable(optimizer) or getattr(optimizer, "__module__", "") == "pyro.optim.pytorch_optimizers":
            shown = getattr(optimizer, "__name__", repr(optimizer))
            raise ValueError(f"optimizer: got {shown}, want a class of torch.optim, such as torch.optim.Adam")
        if not isinstance(options, Mapping):
            raise ValueError(f"options: got {type(options).__name__}, want a dict such as {{'lr': 1e-3}}")
        if max_norm is not None and not max_norm > 0:
            raise ValueError(f"max_norm: got {max_norm}, want a positive number")
        schedule = schedule or (lambda epoch: 1.0)
        arguments = {"optimizer": optimizer, "optim_args": dict(options), "lr_lambda": schedule}
        super().__init__(torch.optim.lr_scheduler.LambdaLR, arguments)
        self.max_norm, self.reduce = max_norm, reduce

    def __call__(self, params: Iterable[torch.Tensor], *args: Any, **kwargs: Any) -> None:
        """Step the parameters, in the order of their names, with their gradients."""
        params = sorted(params, key=pyro.get_param_store().param_name)
        for parameter, gradient in zip(params, self.prepare([parameter.grad for parameter in params]), strict=True):
            parameter.grad = gradient
        super().__call__(params, *args, **kwargs)

    def prepare(self, gradients: list[torch.Tensor | None]) -> list[torch.Tensor | None]:
        """The gradients after reduction and clipping, in the order of the names of their parameters.

        The gradient of a parameter that the loss does not depend on is None.
        """
        present = [gradient for gradient in gradients if gradient is not None]
        if not present:
            return gradients
        if self.reduce is not None:
            present = self.reduce(present)
        if self.max_norm is not None:
            norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(present)))
            present = torch._foreach_mul(present, torch.clamp(self.max_norm / norm, max=1.0))
        remaining = iter(present)
        return [None if gradient is None else next(remaining) for gradient in gradients]
