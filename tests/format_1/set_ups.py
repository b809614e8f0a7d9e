"""The tiny training runs of the stored files: ``write.py`` interrupts them, and the test resumes them."""

import os
import signal

import pyro
import pyro.distributions as dist
import torch
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO
from pyro.infer.autoguide import AutoNormal

from pyrodgm.data import Batches
from pyrodgm.evaluate import bound
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO
from pyrodgm.models import M2, VAE
from pyrodgm.train import fit, step_decay

EPOCHS = 6
RUNS = {
    "average": {"ema": 0.9, "monitor": "bound", "mode": "max", "patience": 4},
    "schedule": {"warm_up_epochs": 4},
    "warm-up-steps": {"warm_up_steps": 20},
    "compiled": {"ema": 0.9, "warm_up_epochs": 2},
    "guide": {},
}


def table(rows=40, columns=5):
    """Rows of zeros and ones that no library's random numbers decide, ``(rows, columns)``."""
    return ((torch.arange(rows * columns).reshape(rows, columns) * 37 % 101) % 3 == 0).float()


class Stopped(Batches):
    """Batches that ask for a stop, as Ctrl-C does, at one of them."""

    at, count = None, 0

    def __iter__(self):
        for batch in super().__iter__():
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGINT)
            yield batch


def run(name, optimizer_class, folder=None, stop_at=None, renamed=None):
    """Train the run of that name, from the beginning or from what the folder holds; stop at a batch, if any.

    Args:
        optimizer_class: ``Optimizer``, whatever it is called.
        renamed: what arguments of ``fit`` are called, where it is not as here.

    Returns:
        Its parameters in the end, by name, and its history.
    """
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    x = table()
    labelled, max_norm, kind, options, module = None, None, SVI, {}, None
    if name == "guide":  # parameters of the store, which no module holds

        def model(x):
            mean = pyro.sample("mean", dist.Normal(torch.zeros(5), 10.0).to_event(1))
            with pyro.plate("rows", len(x)):
                pyro.sample("x", dist.Normal(mean, pyro.param("s", torch.tensor(1.0))).to_event(1), obs=x)

        guide, elbo = AutoNormal(model), Trace_ELBO()
        module = guide
    elif name == "schedule":
        module, elbo, max_norm = VAE(5, z_size=2, hidden=(4,)), Trace_ELBO(), 1.0
        model, guide = module.model, module.guide
    else:
        module = M2(5, 3, z_size=2, hidden=(4,), batch_norm=name == "warm-up-steps")
        elbo = SemiSupervisedELBO(TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False), alpha=1.0)
        model, guide, labelled = module.model, module.guide, (x[:6], torch.arange(6) % 3)
    if name == "compiled":
        kind, options = CompiledSVI, {"backend": "replay"}
    schedule = step_decay(0.5, every=2) if name == "schedule" else None
    optimizer = optimizer_class(torch.optim.Adam, {"lr": 1e-2}, schedule, max_norm)
    batches = Stopped(x, 8, labelled)
    batches.at = stop_at

    def measure(epoch):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return {"bound": bound(module, x)}

    settings = RUNS[name] | {"module": module, "folder": folder, "about": {"name": name}}
    settings |= {"measure": measure} if name == "average" else {}
    settings = {(renamed or {}).get(key, key): value for key, value in settings.items()}
    svi = kind(model, guide, optimizer, elbo, **options)
    history = fit(svi, batches, EPOCHS, progress=False, **settings)
    end = {key: value.detach().clone() for key, value in module.state_dict().items()}
    inside = {id(parameter) for parameter in module.parameters()}
    store = pyro.get_param_store()._params
    return end | {key: p.detach().clone() for key, p in store.items() if id(p) not in inside}, history
