"""Steps of the image models in float32 and bfloat16, with SVI and CompiledSVI; writes the table beside it.

Run with ``OMP_NUM_THREADS=1 python -m benchmarks.images``; ``--quick`` makes two rounds and writes nothing.
"""

import argparse
from pathlib import Path

import pyro
import torch
from pyro.infer import SVI, Trace_ELBO

from benchmarks.measure import interleaved, milliseconds, ratios, spread, table
from benchmarks.steps import machine
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.models import FAME, IAFVAE, ResNetVAE

IAF = ("iaf", {"num_steps": 2, "made_hidden": (320, 320), "reverse_every": 2})
PAPER = {"pixel_maps": 32, "batch_norm": True, "scale_head": "softplus_sigma"}
CASES = {  # the recipe, its model and a batch of its size
    "mnist-iafvae-iaf-2-320": (lambda p: IAFVAE((28, 28), posterior=IAF, precision=p), (100, 784, 2)),
    "mnist-fame": (lambda p: FAME((28, 28), **PAPER, precision=p), (100, 784, 2)),
    "cifar10-subset-resnet": (
        lambda p: ResNetVAE((32, 32, 3), posterior=("iaf", {"made_hidden": (64,)}), precision=p),
        (50, 3072, 256),
    ),
}
PLAIN, ROUNDED = "SVI, float32", "SVI, bfloat16"
COMPILED, BOTH = "CompiledSVI, float32", "CompiledSVI, bfloat16"


def arrangements(case):
    """A step of ``SVI`` and of ``CompiledSVI`` in each precision, on the same rows."""
    make, (rows, size, levels) = CASES[case]
    x = torch.randint(levels, (rows, size)).float()

    def step(svi_class, precision):
        torch.manual_seed(0)
        model = make(precision)
        if hasattr(model, "initialise"):
            model.initialise(x)
        optimizer = Optimizer(torch.optim.Adam, {"lr": 1e-3})
        svi = svi_class(model.model, model.guide, optimizer, Trace_ELBO())
        return lambda: svi.step(x)

    pyro.clear_param_store()
    kinds = ((PLAIN, SVI), (ROUNDED, SVI), (COMPILED, CompiledSVI), (BOTH, CompiledSVI))
    return {name: step(svi_class, name.split(", ")[1]) for name, svi_class in kinds}


def report(rounds):
    lines = [
        "# Steps of the image models",
        "",
        "`OMP_NUM_THREADS=1 python -m benchmarks.images`: loss, gradient and a step of Adam of three recipes, in",
        f"batches of their size, without Pyro's validation. {rounds} rounds in which all four arrangements run in",
        "turn, after three that warm up; median (quartiles), ratios round by round. With bfloat16, the networks",
        "compute in it, while parameters, densities and the optimiser stay in single precision.",
        "",
        machine(),
        "",
    ]
    rows = []
    for case in CASES:
        with pyro.validation_enabled(False):
            times = interleaved(arrangements(case), rounds, warm=3)
        over = [spread(ratios(times, name, PLAIN), 2) for name in (ROUNDED, COMPILED, BOTH)]
        rows.append([case, *(milliseconds(times[name]) for name in (PLAIN, ROUNDED, COMPILED, BOTH)), *over])
    names = [f"{name}, ms" for name in (PLAIN, ROUNDED, COMPILED, BOTH)]
    header = ["recipe", *names, *(f"{name}, over {PLAIN}" for name in (ROUNDED, COMPILED, BOTH))]
    return "\n".join([*lines, table(header, rows), ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds; write nothing")
    quick = parser.parse_args().quick
    text = report(2 if quick else 11)
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
