"""All of a Pyro optimiser's Adams in one fused call, on the state they already have."""

import torch

_ADAMS = (torch.optim.Adam, torch.optim.AdamW)


def update(optim, parameters, gradients):
    """Step a Pyro optimiser with gradients that are not on the parameters.

    Pyro keeps one torch optimiser per parameter. Where these are ``Adam`` or ``AdamW`` without clipping or hooks,
    the parameters of equal options are stepped together by torch's fused kernel, whose result is that of one after
    another up to rounding. The moments and counters are those of Pyro's optimisers, so that plain steps, the
    learning-rate schedulers, ``get_state`` and ``set_state`` see no difference. Any other optimiser is called as
    Pyro calls it.

    Args:
        optim: a ``PyroOptim``.
        parameters: unconstrained parameters.
        gradients: a gradient for each; None where the loss does not depend on it.
    """
    groups = _fusible(optim, parameters, gradients)
    if groups is None:
        _one_by_one(optim, parameters, gradients)
        return
    for options, rows in groups.items():
        amsgrad, maximize, beta1, beta2, eps, weight_decay, learning_rate, decoupled = options
        tensors, grads, states = zip(*rows, strict=True)
        steps = [state["step"] for state in states]
        torch._foreach_add_(steps, 1)
        (torch._fused_adamw_ if decoupled else torch._fused_adam_)(
            tensors,
            grads,
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [state["max_exp_avg_sq"] for state in states] if amsgrad else [],
            steps,
            amsgrad=amsgrad,
            lr=learning_rate,
            beta1=beta1,
            beta2=beta2,
            weight_decay=weight_decay,
            eps=eps,
            maximize=maximize,
        )


def _fusible(optim, parameters, gradients):
    """Parameters, gradients and states by options, or None where one of them has to go its own way."""
    groups = {}
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is None:
            continue
        adam = _optimiser(optim, parameter)
        if type(adam) not in _ADAMS or optim.grad_clip[parameter] is not None:
            return None
        group = adam.param_groups[0]
        lr, (beta1, beta2) = group["lr"], group["betas"]
        if isinstance(lr, torch.Tensor) or parameter.is_complex() or gradient.layout is not torch.strided:
            return None
        if adam._optimizer_step_pre_hooks or adam._optimizer_step_post_hooks or gradient.stride() != parameter.stride():
            return None
        state = adam.state[parameter]
        if not state:
            state.update(_first_state(parameter, group))
        if state["step"].device != parameter.device and parameter.device.type != "cpu":
            return None
        decoupled = group.get("decoupled_weight_decay", type(adam) is torch.optim.AdamW)
        options = (group["amsgrad"], group["maximize"], beta1, beta2, group["eps"], group["weight_decay"], lr, decoupled)
        groups.setdefault(options, []).append((parameter, gradient, state))
    return groups


def _optimiser(optim, parameter):
    """The torch optimiser of a parameter, made as Pyro makes it where there is none yet."""
    if parameter not in optim.optim_objs:
        before, parameter.grad = parameter.grad, None
        optim([parameter])  # without a gradient this makes the optimiser, takes a waiting state, and steps nothing
        parameter.grad = before
    made = optim.optim_objs[parameter]
    return getattr(made, "optimizer", made)


def _first_state(parameter, group):
    """What torch's Adam starts from."""
    on_device = group.get("capturable") or group.get("fused")
    state = {
        "step": torch.zeros((), dtype=_counter_dtype(), device=parameter.device if on_device else "cpu"),
        "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
        "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
    }
    if group["amsgrad"]:
        state["max_exp_avg_sq"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
    return state


def _counter_dtype():
    return torch.float64 if torch.get_default_dtype() == torch.float64 else torch.float32


def _one_by_one(optim, parameters, gradients):
    before = [parameter.grad for parameter in parameters]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    optim(parameters)
    for parameter, gradient in zip(parameters, before, strict=True):
        parameter.grad = gradient
