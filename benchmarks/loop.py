"""The time of the training loop, beside its steps alone; writes benchmarks/loop.md.

Run it with ``OMP_NUM_THREADS=2 python -m benchmarks.loop``. With ``--quick``, it makes two rounds of one epoch and
writes nothing.
"""

import argparse
import tempfile
from pathlib import Path

import pyro
import torch
from pyro.infer import TraceEnum_ELBO

from benchmarks.case import Case
from benchmarks.measure import interleaved, ratios, spread, table
from benchmarks.ours import build
from benchmarks.steps import machine
from pyrodgm.data import Batches, binarise
from pyrodgm.infer import CompiledSVI, Optimizer, SemiSupervisedELBO
from pyrodgm.train import fit

CASES = {
    "M2, 100 + 100 rows, 50 steps per epoch": (Case("M2"), 5000),
    "M2, hidden [64, 64], 20 + 20 rows, 250 steps per epoch": (Case("M2", hidden=(64, 64), rows=20), 5000),
}
BARE = "bare steps"


def arrangements(case, num_rows, epochs):
    """Functions that train for some epochs of the same steps: without the loop, and with it in three ways."""
    model = build(case)
    elbo = SemiSupervisedELBO(TraceEnum_ELBO(max_plate_nesting=1), alpha=1.0)
    svi = CompiledSVI(model.model, model.guide, Optimizer(torch.optim.Adam, {"lr": 3e-4}), elbo, backend="inductor")
    x, y, _ = case.data()
    unlabelled = torch.rand(num_rows, case.x_size)
    batches = Batches(unlabelled, case.rows, (x, y), resample=binarise)

    def bare():
        for _ in range(epochs):
            for batch in batches:
                svi.step(**batch)
        svi.check()

    def saved():
        with tempfile.TemporaryDirectory() as folder:
            fit(svi, batches, epochs, folder=folder, progress=False)

    return {
        BARE: bare,
        "loop": lambda: fit(svi, batches, epochs, progress=False),
        "loop with averaged parameters": lambda: fit(svi, batches, epochs, ema=0.999, progress=False),
        "loop with a checkpoint at the end": saved,
    }


def report(rounds, epochs):
    """The page."""
    lines = [
        f"""# The training loop

This benchmark measures the time per step of the training loop, compared with the same steps without the loop (bare
steps). Both end with a check of the compiled steps, as a loop always does.

The heading of a table names the model and the labelled and unlabelled rows of a step. CompiledSVI makes the steps
with its backend inductor. The rows are binarised before every epoch. Pyro's validation is off.

Written by `OMP_NUM_THREADS=2 python -m benchmarks.loop`. Every arrangement trains for {epochs} epochs of the same
batches in turn, in {rounds} rounds after 2 for building and warming up. The tables give median (quartiles); ratios to
the bare steps are taken round by round.

{machine()}
""",
    ]
    for name, (case, num_rows) in CASES.items():
        with pyro.validation_enabled(False):
            times = interleaved(arrangements(case, num_rows, epochs), rounds, warm=2)
        steps = epochs * (num_rows // case.rows)
        rows = [
            [label, spread([1000 * v / steps for v in values]), spread(ratios(times, label, BARE), 3)]
            for label, values in times.items()
        ]
        lines += [f"## {name}", "", table(["arrangement", "ms per step", f"ratio to {BARE}"], rows), ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds of one epoch; write nothing")
    quick = parser.parse_args().quick
    text = report(rounds=2 if quick else 9, epochs=1 if quick else 2)
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
