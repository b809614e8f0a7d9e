"""Steps all Adam optimisers of a Pyro optimiser in one fused call, on their existing state."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import pyro
import torch
from pyro.optim import PyroLRScheduler, PyroOptim

from pyrodgm.infer.optimizer import Optimizer

_ADAMS = (torch.optim.Adam, torch.optim.AdamW)
_CALLS = (PyroOptim.__call__, PyroLRScheduler.__call__, Optimizer.__call__)
_options = itemgetter("lr", "betas", "eps", "weight_decay", "amsgrad", "maximize")


class Updater:
    """Steps a Pyro optimiser with gradients that are not stored on the parameters.

    Pyro keeps one torch optimiser per parameter. If these are ``Adam`` or ``AdamW`` without clipping or hooks, all
    parameters with equal options are stepped together by torch's fused kernel. The result equals single steps up to
    rounding. The moments and counters are those of Pyro's optimisers, so that plain steps, learning-rate schedulers,
    ``get_state`` and ``set_state`` work as before. Any other optimiser is called as Pyro calls it.

    Args:
        optim: a ``PyroOptim``.
        parameters: unconstrained parameters.
    """

    def __init__(self, optim: PyroOptim, parameters: Sequence[torch.Tensor]) -> None:
        self.optim, self.parameters = optim, parameters
        self.made: list[Any] = []
        self.adams: list[Any] = []
        self.fused = False
        self.counters: dict[tuple[int, ...], tuple[list[float], list[torch.Tensor]]] = {}

    def step(self, gradients: list[torch.Tensor | None]) -> None:
        """Take one step with a gradient for each parameter, or None if the loss does not depend on it."""
        if not self._fusible():
            self._one_by_one(gradients)
            return
        if isinstance(self.optim, Optimizer):
            gradients = self._prepared(gradients)
        groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
        for parameter, adam, gradient in zip(self.parameters, self.adams, gradients, strict=True):
            if gradient is not None:
                group = adam.param_groups[0]
                state = adam.state[parameter] or _first_state(adam, parameter)
                if state["exp_avg"].stride() != parameter.stride():
                    state.update({k: _laid_out(v, parameter) for k, v in state.items() if k != "step"})
                decoupled = group.get("decoupled_weight_decay", type(adam) is torch.optim.AdamW)
                key = (parameter.device, parameter.dtype, *_options(group), decoupled)
                groups.setdefault(key, []).append((parameter, gradient, state))
        for (_, _, *options), rows in groups.items():
            self._fused(*options, *zip(*rows, strict=True))

    def _prepared(self, gradients):
        """The gradients after ``Optimizer.prepare``, which takes them in the order of the parameters' names."""
        name = pyro.get_param_store().param_name
        order = sorted(range(len(gradients)), key=lambda i: name(self.parameters[i]))
        prepared = dict(zip(order, self.optim.prepare([gradients[i] for i in order]), strict=True))
        return [prepared[i] for i in range(len(gradients))]

    def _fusible(self):
        """Whether the fused kernel can replace the Adam of every parameter; checked again if an Adam is new."""
        if self.optim.pt_optim_constructor not in _ADAMS or type(self.optim).__call__ not in _CALLS:
            return False
        objects = self.optim.optim_objs
        made = [objects.get(parameter) for parameter in self.parameters]
        if made != self.made or None in made:
            self.made = [self.optimiser(parameter) for parameter in self.parameters]
            self.adams = [getattr(each, "optimizer", each) for each in self.made]
            self.fused = all(map(self._can_fuse, self.parameters, self.adams))
        hooked = (adam._optimizer_step_pre_hooks or adam._optimizer_step_post_hooks for adam in self.adams)
        return self.fused and not any(hooked)

    def _can_fuse(self, parameter, adam):
        rate = adam.param_groups[0]["lr"]
        return (
            self.optim.grad_clip[parameter] is None and isinstance(rate, (int, float)) and parameter.is_floating_point()
        )

    def optimiser(self, parameter: torch.Tensor) -> Any:
        """The optimiser of a parameter, created as Pyro does if there is none yet."""
        if parameter not in self.optim.optim_objs:
            before, parameter.grad = parameter.grad, None
            self.optim([parameter])  # without a gradient this creates it, loads a saved state, and does not step
            parameter.grad = before
        return self.optim.optim_objs[parameter]

    def _fused(self, lr, betas, eps, weight_decay, amsgrad, maximize, decoupled, parameters, gradients, states):
        steps = [state["step"] for state in states]
        torch._foreach_add_(steps, 1)
        if parameters[0].device.type != "cpu":
            steps = self._on_device(parameters, steps)
        (torch._fused_adamw_ if decoupled else torch._fused_adam_)(
            parameters,
            list(map(_laid_out, gradients, parameters)),
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [state["max_exp_avg_sq"] for state in states] if amsgrad else [],
            steps,
            amsgrad=amsgrad,
            lr=lr,
            beta1=betas[0],
            beta2=betas[1],
            weight_decay=weight_decay,
            eps=eps,
            maximize=maximize,
        )

    def _on_device(self, parameters, steps):
        """The step counters as the kernel of a GPU reads them: on its device, in single precision.

        Counters of another kind are copied. The copies are renewed only if outdated.
        """
        if steps[0].device == parameters[0].device and steps[0].dtype == torch.float32:
            return steps
        counts = [step.item() for step in steps]
        key = tuple(map(id, parameters))
        expected, copies = self.counters.get(key, (None, None))
        if expected == counts:
            torch._foreach_add_(copies, 1)
        else:
            copies = [step.to(p.device, torch.float32) for p, step in zip(parameters, steps, strict=True)]
        self.counters[key] = ([count + 1 for count in counts], copies)
        return copies

    def _one_by_one(self, gradients):
        before = [parameter.grad for parameter in self.parameters]
        handed_out = set()
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            if gradient is not None:
                gradient = _laid_out(gradient, parameter)
                gradient = gradient.clone() if gradient.data_ptr() in handed_out else gradient
                handed_out.add(gradient.data_ptr())
            parameter.grad = gradient
        self.optim(self.parameters)
        for parameter, gradient in zip(self.parameters, before, strict=True):
            parameter.grad = gradient


def _laid_out(gradient, parameter):
    """The gradient in the memory layout of the parameter, because the kernel reads both linearly."""
    return gradient if gradient.stride() == parameter.stride() else torch.empty_like(parameter).copy_(gradient)


def _first_state(adam, parameter):
    """The initial state of torch's Adam."""
    group, state = adam.param_groups[0], adam.state[parameter]
    device = parameter.device if group.get("capturable") or group.get("fused") else "cpu"
    dtype = torch.float64 if torch.get_default_dtype() == torch.float64 else torch.float32
    state["step"] = torch.zeros((), dtype=dtype, device=device)
    state["exp_avg"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
    state["exp_avg_sq"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
    if group["amsgrad"]:
        state["max_exp_avg_sq"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
    return state
