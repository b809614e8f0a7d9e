"""Run as one of two processes; the second one fails, is asked to stop before the first, stops after an epoch, or has
fewer rows.

Run as ``python -m tests.train.two_that_stop nan|stop|epoch|rows FOLDER`` with torchrun. The reason for each end, or the
number of epochs, goes to ``FOLDER/RANK``.
"""

import math
import os
import signal
import sys
from pathlib import Path

import pyro
import torch
from pyro.infer import SVI, Trace_ELBO

from pyrodgm.data import Batches
from pyrodgm.infer import Optimizer
from pyrodgm.models import VAE
from pyrodgm.train import Callback, fit
from pyrodgm.train.parallel import joined, joint_gradients, share


class Odd:
    """Batches that differ in the second process."""

    def __init__(self, batches, what):
        self.batches, self.what, self.rank, self.steps = batches, what, share()[0], 0

    def __iter__(self):
        for batch in self.batches:
            self.steps += 1
            if self.what == "stop" and self.steps == 14 - 5 * self.rank:  # epoch 3 and 2
                os.kill(os.getpid(), signal.SIGTERM)
            bad = self.what == "nan" and self.batches.state_dict()["taken"] == 4 and self.rank == 1
            yield {"x": torch.full_like(batch["x"], math.nan)} if bad else batch

    def state_dict(self):
        return self.batches.state_dict()

    def load_state_dict(self, state):
        self.batches.load_state_dict(state)


class StopSecond(Callback):
    """Stops the second process after two epochs."""

    def on_epoch(self, progress):
        if share()[0] == 1 and progress.epoch == 2:
            progress.stop()


def main(what, folder):
    pyro.set_rng_seed(0)
    pyro.enable_validation(False)
    model = VAE(12, z_size=2, hidden=(8,), likelihood="normal")
    x = torch.randn(60, 12, generator=torch.Generator().manual_seed(1))
    x = x[: 60 - (what == "rows" and share()[0])]
    optim = Optimizer(torch.optim.Adam, {"lr": 1e-3}, reduce=joint_gradients)
    svi = SVI(model.model, model.guide, optim, Trace_ELBO(max_plate_nesting=1))
    batches, callbacks = Odd(Batches(x, 10, share=share()), what), [StopSecond()] if what == "epoch" else []
    try:
        history = fit(svi, batches, 9, folder=folder / "run", callbacks=callbacks, progress=False)
        (folder / str(share()[0])).write_text(str(len(history)))
    except (FloatingPointError, KeyboardInterrupt, ValueError) as error:
        (folder / str(share()[0])).write_text(str(error))


if __name__ == "__main__":
    with joined("cpu"):
        main(sys.argv[1], Path(sys.argv[2]))
