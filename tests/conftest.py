import signal

import pyro
import pytest
import torch
from pyro.infer import SVI

torch.set_num_threads(1)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits that it is ignored


@pytest.fixture(autouse=True)
def fresh():
    """Every test begins with the same seed, an empty parameter store and Pyro's validation on."""
    pyro.set_rng_seed(0)
    pyro.clear_param_store()
    pyro.enable_validation(True)
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def plain_svi(monkeypatch):
    """Recipes are trained by plain SVI: a handful of steps does not repay the seconds of tracing a graph."""
    monkeypatch.setattr("pyrodgm.zoo.experiment.CompiledSVI", SVI)
