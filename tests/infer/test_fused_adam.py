"""The fused update, compared with Pyro's for one optimiser after another."""

import pyro
import pytest
import torch
from pyro.optim import SGD, Adam, AdamW, ClippedAdam, ExponentialLR, PyroOptim

from pyrodgm.infer import Optimizer
from pyrodgm.infer.compiled.fused_adam import Updater

OPTIMISERS = {
    "adam": lambda: Adam({"lr": 0.01}),
    "options": lambda: Adam({"lr": 0.01, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    "amsgrad": lambda: Adam({"lr": 0.01, "amsgrad": True}),
    "adamw": lambda: AdamW({"lr": 0.01, "weight_decay": 0.2}),
    "by parameter": lambda: Adam(lambda name: {"lr": 0.01 if name == "a" else 0.1}),
    "clipped": lambda: ClippedAdam({"lr": 0.01, "lrd": 0.9}),
    "norm": lambda: Adam({"lr": 0.01}, {"clip_norm": 0.1}),
    "sgd": lambda: SGD({"lr": 0.01, "momentum": 0.9}),
    "scheduled": lambda: ExponentialLR({"optimizer": torch.optim.Adam, "optim_args": {"lr": 0.01}, "gamma": 0.5}),
    "tensor rate": lambda: Adam({"lr": torch.tensor(0.01)}),
}


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_one_after_another(name, dtype):
    def run(fused):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        shapes = {"a": (3, 4), "b": (5,), "c": ()}
        for site, shape in shapes.items():
            pyro.param(site, torch.randn(shape, dtype=dtype))
        parameters = [pyro.param(site).unconstrained() for site in shapes]
        optim = OPTIMISERS[name]()
        updater = Updater(optim, parameters)
        for step in range(8):
            gradients = [
                torch.randn(p.shape[::-1], dtype=dtype).t() if p.dim() == 2 else torch.randn_like(p) for p in parameters
            ]
            if step < 3:
                gradients[1] = None
            if fused:
                updater.step(gradients)
            else:
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter.grad = None if gradient is None else gradient.clone()
                optim(parameters)
            if name == "scheduled":
                optim.step()
        return parameters, optim.get_state(), updater

    expected, expected_state, _ = run(fused=False)
    found, state, updater = run(fused=True)
    assert updater.fused == (name not in ("clipped", "norm", "sgd", "tensor rate"))
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)
    if name not in ("by parameter", "scheduled"):
        for site in expected_state:
            torch.testing.assert_close(state[site]["state"], expected_state[site]["state"], rtol=1e-5, atol=1e-7)


def test_a_hook_is_called():
    calls = []
    parameter = pyro.param("a", torch.zeros(3)).unconstrained()
    optim = Adam({"lr": 0.01})
    updater = Updater(optim, [parameter])
    updater.step([torch.ones(3)])
    optim.optim_objs[parameter].register_step_post_hook(lambda *args: calls.append(1))
    updater.step([torch.ones(3)])
    assert calls == [1]
    assert float(optim.optim_objs[parameter].state[parameter]["step"]) == 2


class Doubling(torch.optim.SGD):
    """Changes gradients in place."""

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad.mul_(2)
        return super().step(closure)


def test_parameters_with_one_gradient_do_not_change_it_for_each_other():
    parameters = [pyro.param(name, torch.zeros(3)).unconstrained() for name in "ab"]
    gradient = torch.ones(3)
    Updater(PyroOptim(Doubling, {"lr": 1.0}), parameters).step([gradient, gradient])
    assert [parameter.tolist() for parameter in parameters] == [[-2.0] * 3] * 2


def test_optimisers_that_were_replaced_are_not_used_again():
    parameter, optim = pyro.param("a", torch.zeros(3)).unconstrained(), Adam({"lr": 0.01})
    updater = Updater(optim, [parameter])
    updater.step([torch.ones(3)])
    state = optim.get_state()
    optim.optim_objs.clear()
    optim.set_state(state)
    updater.step([torch.ones(3)])
    assert [float(each["state"][0]["step"]) for each in optim.get_state().values()] == [2.0]


def test_creating_an_optimiser_is_no_step():
    parameter = pyro.param("a", torch.zeros(3)).unconstrained()
    parameter.grad = torch.ones(3)
    Updater(Adam({"lr": 0.01}), [parameter]).optimiser(parameter)
    assert parameter.tolist() == [0.0] * 3 and parameter.grad.tolist() == [1.0] * 3


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steps_are_counted_in_torchs_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        parameter, plain, optim = pyro.param("a", torch.zeros(3)).unconstrained(), torch.zeros(3), Adam({"lr": 0.01})
        Updater(optim, [parameter]).step([torch.ones(3)])
        adam = torch.optim.Adam([plain.requires_grad_()])
        plain.sum().backward()
        adam.step()
    finally:
        torch.set_default_dtype(before)
    assert optim.optim_objs[parameter].state[parameter]["step"].dtype == adam.state[plain]["step"].dtype == dtype


def test_the_kernel_of_a_gpu_gets_steps_in_single_precision(monkeypatch):
    """It reads every counter as a float32. The default dtype, that of torch's counters, is float64 here."""
    seen = []
    monkeypatch.setattr(torch, "_fused_adam_", lambda *args, **options: seen.extend(args[5]))
    torch.set_default_dtype(torch.float64)
    parameter = pyro.param("a", torch.zeros(3, device="meta")).unconstrained()
    optim = Adam({"lr": 0.01})
    updater = Updater(optim, [parameter])
    for _ in range(3):
        updater.step([torch.ones(3, device="meta")])
    assert [(step.device.type, step.dtype) for step in seen] == [("meta", torch.float32)] * 3
    step = optim.optim_objs[parameter].state[parameter]["step"]
    assert step.dtype == torch.float64 and step.item() == 3


@pytest.mark.parametrize("amsgrad", [False, True])
def test_moments_follow_a_parameter_into_another_memory_layout(amsgrad):
    """As ``module.to(memory_format=torch.channels_last)`` between two steps: the kernel reads all tensors linearly."""
    generator = torch.Generator().manual_seed(0)
    start, *gradients = torch.randn(5, 3, 4, generator=generator, dtype=torch.float64)
    parameter, optim = pyro.param("a", start.clone()).unconstrained(), Adam({"lr": 0.1, "amsgrad": amsgrad})
    updater, plain = Updater(optim, [parameter]), torch.nn.Parameter(start.clone())
    adam = torch.optim.Adam([plain], lr=0.1, amsgrad=amsgrad)
    for step, gradient in enumerate(gradients):
        if step == 2:
            parameter.data = parameter.data.t().contiguous().t()
        updater.step([gradient])
        plain.grad = gradient.clone()
        adam.step()
    assert updater.fused and parameter.stride() == (1, 3)
    torch.testing.assert_close(parameter, plain, rtol=1e-12, atol=1e-12)
    state = optim.optim_objs[parameter].state[parameter]
    assert state["step"].shape == () and float(state["step"]) == 4


def test_gradients_are_reduced_in_the_order_of_their_names_and_go_back_to_their_parameters():
    """Processes sum their gradients in one message, and one of them may run uncompiled: all need one order."""
    parameters = [pyro.param(name, torch.zeros(size)).unconstrained() for name, size in (("c", 3), ("a", 1), ("b", 2))]
    seen = []

    def reduce(gradients):
        seen.append([len(gradient) for gradient in gradients])
        return [gradient * len(gradient) for gradient in gradients]

    updater = Updater(Optimizer(torch.optim.Adam, {"lr": 1.0, "eps": 1.0}, reduce=reduce), parameters)
    updater.step([torch.ones(3), None, torch.ones(2)])
    assert seen == [[2, 3]] and updater.fused
    assert [parameter.tolist() for parameter in parameters] == [
        pytest.approx([-3 / 4] * 3),
        [0.0],
        pytest.approx([-2 / 3] * 2),
    ]  # the first step of Adam is lr g / (|g| + eps)


def test_an_optimiser_with_a_call_of_its_own_is_called():
    class Centred(PyroOptim):
        """Subtracts the mean of each gradient first."""

        def __call__(self, params, *args, **kwargs):
            for parameter in params:
                if parameter.grad is not None:
                    parameter.grad = parameter.grad - parameter.grad.mean()
            super().__call__(params, *args, **kwargs)

    parameter = pyro.param("a", torch.zeros(3)).unconstrained()
    Updater(Centred(torch.optim.Adam, {"lr": 1.0, "eps": 1.0}), [parameter]).step([torch.tensor([1.0, 2.0, 3.0])])
    assert parameter.tolist() == [pytest.approx(0.5), 0.0, pytest.approx(-0.5)]
