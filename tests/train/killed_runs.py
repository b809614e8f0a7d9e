"""Train in child processes that are killed at random moments, and print whether the result equals an undisturbed run.

Run as ``python -m tests.train.killed_runs BACKEND KILLS FOLDER``. The parent computes nothing, so it can be forked.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import pyro
import torch
from pyro.infer import SVI, TraceEnum_ELBO
from safetensors.torch import load_file, save_file

from pyrodgm.data import Batches, binarise
from pyrodgm.evaluate import bound
from pyrodgm.infer import CompiledSVI, Optimizer, SemiSupervisedELBO
from pyrodgm.models import M2
from pyrodgm.train import fit, step_decay

EPOCHS = 6


def train(backend, folder):
    """A run with everything that has a state, saved after nearly every batch; its parameters go to ``end``."""
    torch.set_num_threads(1)
    pyro.set_rng_seed(0)
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(200, 20, generator=generator), torch.randint(0, 3, (30,), generator=generator)
    model = M2(20, 3, z_size=2, hidden=(16,), batch_norm=True)
    optim = Optimizer(torch.optim.Adam, {"lr": 1e-2}, schedule=step_decay(0.75, every=2), max_norm=50.0)
    elbo = SemiSupervisedELBO(TraceEnum_ELBO(max_plate_nesting=1), alpha=1.0)
    svi = SVI(model.model, model.guide, optim, elbo) if backend == "svi" else None
    svi = svi or CompiledSVI(model.model, model.guide, optim, elbo, backend=backend)
    batches = Batches(x, 20, labelled=(x[:30], y), labelled_batch_size=7, resample=binarise)
    history = fit(
        svi,
        batches,
        EPOCHS,
        warm_up_epochs=3,
        ema=0.98,
        measure=lambda epoch: {"bound": bound(model, x[:50].round())},
        monitor="bound",
        mode="max",
        folder=folder,
        minutes=0.0005,
        progress=False,
    )
    state = dict(model.state_dict()) | {"history": torch.tensor([[r["loss"], r["bound"]] for r in history]).double()}
    save_file(state, folder / "end")


def child(backend, folder):
    """Fork a process that trains; returns its number."""
    number = os.fork()
    if number == 0:
        try:
            train(backend, folder)
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
    return number


def main(backend, kills, folder):
    alone, killed = folder / "alone", folder / "killed"
    alone.mkdir()
    start = time.monotonic()
    assert os.waitpid(child(backend, alone), 0)[1] == 0
    seconds, done, moments = time.monotonic() - start, 0, random.Random(0)
    while done < kills:
        number = child(backend, killed)
        time.sleep(moments.uniform(0.1, 0.8) * seconds)
        os.kill(number, signal.SIGKILL)
        done += os.WIFSIGNALED(os.waitpid(number, 0)[1])
        if (killed / "end").exists():  # it came to its end: from the beginning again
            same(alone, killed)
            for path in killed.iterdir():
                path.unlink()
    assert os.waitpid(child(backend, killed), 0)[1] == 0
    same(alone, killed)
    print(f"{done} kills, the same to the last bit")


def same(alone, killed):
    expected, found = load_file(alone / "end"), load_file(killed / "end")
    wrong = [name for name in expected if not torch.equal(expected[name], found[name])]
    assert not wrong, f"a killed run ended with other {', '.join(wrong)}"


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
