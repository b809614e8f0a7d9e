import os
import signal
from types import SimpleNamespace

import pyro
import pytest
import torch
from pyro.infer import SVI

os.environ.pop("COLUMNS", None)  # pytest-xdist sets it, and a console of rich keeps the width that it starts with
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


@pytest.fixture
def plain_svi(monkeypatch):
    """Recipes are trained by plain SVI: a handful of steps does not repay the seconds of tracing a graph."""
    monkeypatch.setattr("pyrodgm.zoo.training.CompiledSVI", SVI)


@pytest.fixture
def watched(monkeypatch):
    """A list with every run of the training loop that recipes and estimators start, in their order.

    A run has ``svi``, ``batches``, the module's ``states`` at the end of every epoch, the ``history``, and what was
    ``kept`` in the end.
    """
    from pyrodgm.train import fit

    runs = []

    def watch(svi, batches, epochs, *, measure=None, **options):
        module, states = svi.model.__self__, []

        def state():
            return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}

        def noted(epoch):
            states.append(state())
            return {} if measure is None else measure(epoch)

        history = fit(svi, batches, epochs, measure=noted, **options)
        runs.append(SimpleNamespace(svi=svi, batches=batches, states=states, history=history, kept=state()))
        return history

    for user in ("zoo.training", "estimators.training"):
        monkeypatch.setattr(f"pyrodgm.{user}.fit", watch)
    return runs
