"""What an epoch of the training loop costs over its bare steps; writes benchmarks/loop.md.

Run with ``OMP_NUM_THREADS=2 python -m benchmarks.loop``; ``--quick`` makes one round of everything and writes nothing.
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
    "M2, 100 + 100 rows, 50 steps an epoch": (Case("M2"), 5000),
    "M2, hidden [64, 64], 20 + 20 rows, 250 steps an epoch": (Case("M2", hidden=(64, 64), rows=20), 5000),
}
BARE = "bare steps"


def arrangements(case, num_rows, epochs):
    """Functions that train for some epochs of the same steps: bare, by the loop, and by the loop with a folder."""
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

    def saved():
        with tempfile.TemporaryDirectory() as folder:
            fit(svi, batches, epochs, folder=folder, progress=False)

    return {
        BARE: bare,
        "the loop": lambda: fit(svi, batches, epochs, progress=False),
        "the loop, averaging": lambda: fit(svi, batches, epochs, ema=0.999, progress=False),
        "the loop, saved at the end": saved,
    }


def report(rounds, epochs):
    lines = [
        "# The training loop",
        "",
        f"`OMP_NUM_THREADS=2 python -m benchmarks.loop`: {rounds} rounds in which every arrangement trains {epochs}",
        "epochs of the same batches in turn, binarised before every epoch, by CompiledSVI with inductor, after 2",
        "rounds that build and warm up; the ratio to the bare steps round by round, median (quartiles).",
        "",
        machine(),
        "",
    ]
    for name, (case, num_rows) in CASES.items():
        with pyro.validation_enabled(False):
            times = interleaved(arrangements(case, num_rows, epochs), rounds, warm=2)
        steps = epochs * (num_rows // case.rows)
        rows = [
            [label, spread([1000 * v / steps for v in values]), spread(ratios(times, label, BARE), 3)]
            for label, values in times.items()
        ]
        lines += [f"## {name}", "", table(["arrangement", "ms a step", f"over {BARE}"], rows), ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of everything; write nothing")
    quick = parser.parse_args().quick
    text = report(rounds=2 if quick else 9, epochs=1 if quick else 2)
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
