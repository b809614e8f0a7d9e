import signal

import pyro
import pytest
import torch

torch.set_num_threads(1)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits that it is ignored


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Every test begins with the same seed, an empty parameter store and Pyro's validation on.

    Every processor passes for one that multiplies in bfloat16: no test depends on which one it runs on.
    """
    monkeypatch.setattr("pyrodgm.nn.precision.fast_bfloat16", lambda device="cpu": True)
    pyro.set_rng_seed(0)
    pyro.clear_param_store()
    pyro.enable_validation(True)
    torch.set_default_dtype(torch.float32)
