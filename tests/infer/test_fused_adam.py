"""The fused update, compared with Pyro's for one optimiser after another."""

import pyro
import pytest
import torch
from pyro.optim import SGD, Adam, AdamW, ClippedAdam, ExponentialLR

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
