"""An M2 and an ADGM step beside the same models with concatenated inputs; writes benchmarks/README.md.

Both arrangements step in turn in one run, so that the machine's drift falls on both; the ratio is taken pair by pair.
Run with ``make bench``.
"""

import platform
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

import pyro
import torch
import torch.nn.functional as F
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm.infer import SemiSupervisedELBO
from pyrodgm.models import ADGM, M2
from pyrodgm.nn import Linear

ROWS, X_SIZE, STEPS, WARM = 100, 784, 40, 5


class Concatenated(Linear):
    """The same layer, its parents concatenated at their joint shape first."""

    def forward(self, *parents):
        shape = torch.broadcast_shapes(*(p.shape[:-1] for p in parents))
        return F.linear(torch.cat([p.expand(*shape, p.shape[-1]) for p in parents], -1), self.weight, self.bias)


def stepper(model_class, num_classes, concatenated):
    """A function that makes one SVI step, validation off, and returns its seconds."""
    pyro.set_rng_seed(0)
    model = model_class(X_SIZE, num_classes, hidden=(500, 500))
    if concatenated:
        for module in model.modules():
            if isinstance(module, Linear):
                module.__class__ = Concatenated
    x, y = torch.rand(2, ROWS, X_SIZE).round(), torch.arange(ROWS) % num_classes
    elbo = TraceEnum_ELBO(max_plate_nesting=1)
    svi = SVI(model.model, model.guide, Adam({"lr": 3e-4}), SemiSupervisedELBO(elbo, alpha=1.0))

    def step():
        start = time.perf_counter()
        svi.step(labelled=(x[0], y), unlabelled=x[1])
        return time.perf_counter() - start

    return step


def spread(values, digits):
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def measure(model_class, num_classes):
    """A line of the table."""
    split, joint = stepper(model_class, num_classes, False), stepper(model_class, num_classes, True)
    pairs = [(split(), joint()) for _ in range(WARM + STEPS)][WARM:]
    times = [[1000 * t for t in column] for column in zip(*pairs, strict=True)]
    ratios = [b / a for a, b in pairs]
    name = f"{model_class.__name__}, K = {num_classes}"
    return f"| {name} | {spread(times[0], 1)} | {spread(times[1], 1)} | {spread(ratios, 2)} |"


def main():
    """Measure, print and write the table."""
    with pyro.validation_enabled(False):
        lines = [measure(model_class, k) for model_class in (M2, ADGM) for k in (10, 50)]
    text = "\n".join(
        [
            "# Benchmarks",
            "",
            f"`make bench`: {STEPS} steps of plain `SVI.step` with `SemiSupervisedELBO`, {ROWS} labelled and {ROWS}",
            f"unlabelled rows of {X_SIZE} inputs, hidden [500, 500], fp32, Pyro's validation off. The two arrangements",
            "step in turn in one run; median (quartiles). The ratio is taken pair by pair.",
            "",
            "| model | split by parent, ms | concatenated inputs, ms | concatenated / split |",
            "|---|---|---|---|",
            *lines,
            "",
            f"{datetime.now(UTC).date()}, {platform.machine()} CPU, {torch.get_num_threads()} threads, "
            f"Python {platform.python_version()}, torch {torch.__version__}, pyro {pyro.__version__}.",
            "",
        ]
    )
    print(text)
    Path(__file__).with_name("README.md").write_text(text)


if __name__ == "__main__":
    main()
