"""log p(x) of an M2 by 5,000 importance samples: time an image, and time at equal standard error.

Writes benchmarks/importance_weights.md. Run with ``OMP_NUM_THREADS=2 python -m benchmarks.importance_weights``;
``--quick`` makes one round of everything and writes nothing. MNIST is looked for as ``pyrodgm.data.load`` does.
"""

import argparse
import statistics
import warnings
from pathlib import Path

import pyro
import torch
from pyro.infer import TraceEnum_ELBO
from pyro.optim import Adam

from benchmarks.measure import interleaved, milliseconds, ratios, spread, table
from benchmarks.steps import SIZE, machine, peak_step
from pyrodgm.data import Rows, binarise, load, select_labels
from pyrodgm.evaluate import bound, classification_error, evaluating
from pyrodgm.evaluate.log_likelihood import log_weights, moments
from pyrodgm.infer import CompiledFunction, CompiledSVI, SemiSupervisedELBO, alpha
from pyrodgm.models import M2

SAMPLES, CHUNK, CLASSES, HIDDEN, Z = 5000, 2500, 10, 500, 50
ALL, DRAWN = "every class, inductor", "drawn classes, inductor"
ARRANGEMENTS = {  # drawn, backend
    "every class, as it is written": (False, "off"),
    "every class, replay": (False, "replay"),
    ALL: (False, "inductor"),
    "drawn classes, replay": (True, "replay"),
    DRAWN: (True, "inductor"),
}


def trained(data, steps):
    """An M2 trained a little: 3,000 labels, batches of 100 labelled and 100 unlabelled rows, binarised once."""
    pyro.set_rng_seed(0)
    model = M2(data.x_size, CLASSES, z_size=Z, hidden=(HIDDEN,), activation="softplus")
    rows = select_labels(data.train.y, 3000, CLASSES)
    x, y = binarise(data.train.x), data.train.y
    elbo = SemiSupervisedELBO(TraceEnum_ELBO(max_plate_nesting=1), alpha(0.1, 3000, len(x) - 3000))
    svi = CompiledSVI(model.model, model.guide, Adam({"lr": 1e-3}), elbo)
    for _ in range(steps):
        some, others = rows[torch.randint(len(rows), (100,))], torch.randint(len(x), (100,))
        svi.step(labelled=(x[some], y[some]), unlabelled=x[others])
    return model


def estimator(model, drawn, backend):
    """A function of one row that returns an estimate of its log p, up to a constant."""
    samples = CHUNK // (1 if drawn else CLASSES)
    weigh = CompiledFunction(log_weights(model, samples, drawn), backend)
    return lambda row: float(moments(weigh, (row, None), SAMPLES, samples)[0])


def floor(drawn):
    """Floating point operations an image of the decoder's products alone."""
    decodes = SAMPLES * (1 if drawn else CLASSES)
    return 2 * decodes * (Z * HIDDEN + HIDDEN * 784)


def time_table(estimators, row, rounds):
    steppers = {name: lambda estimate=estimate: estimate(row) for name, estimate in estimators.items()}
    times = interleaved(steppers | {"peak": peak_step("float32")}, rounds)
    second = 2 * SIZE**3 / statistics.median(times.pop("peak"))
    lines = []
    for name, values in times.items():
        bare = floor(ARRANGEMENTS[name][0]) / second
        over = "" if name == ALL else spread(ratios(times, name, ALL))
        lines.append([name, milliseconds(values), over, f"{statistics.median(values) / bare:.2f}"])
    return table(["5,000 samples", "ms an image", f"over {ALL}", "over the floor"], lines), times


def variances(estimate, x, repeats):
    """The variance of log p-hat of every row over repeated estimates, ``(B,)``."""
    return torch.tensor([[estimate(row[None]) for _ in range(repeats)] for row in x]).double().var(1)


def gain(times, of_all, of_drawn, repeats=2000):
    """Time times variance, one estimator over the other, with the quartiles of a bootstrap over rows."""
    faster = statistics.median(ratios(times, ALL, DRAWN))
    rows = torch.randint(len(of_all), (repeats, len(of_all)))
    values = faster * of_all[rows].mean(1) / of_drawn[rows].mean(1)
    return faster, float(of_drawn.mean() / of_all.mean()), spread(values.tolist())


def report(rounds, images, repeats, steps):
    data = load("mnist")
    test = Rows(binarise(data.test.x, torch.Generator().manual_seed(0)), data.test.y)
    model = trained(data, steps)
    error, nats = classification_error(model, *test), bound(model, test.x)
    with evaluating(model), pyro.validation_enabled(False):
        estimators = {name: estimator(model, *arrangement) for name, arrangement in ARRANGEMENTS.items()}
        timings, times = time_table(estimators, test.x[:1], rounds)
        of_all, of_drawn = (variances(estimators[name], test.x[:images], repeats) for name in (ALL, DRAWN))
    faster, wider, better = gain(times, of_all, of_drawn)
    lines = [
        "# log p(x) by importance weighting",
        "",
        "`OMP_NUM_THREADS=2 python -m benchmarks.importance_weights`: an M2 of 784 inputs, hidden",
        f"[{HIDDEN}] softplus, z of {Z}, ten classes, {SAMPLES:,} samples an image, chunks of {CHUNK:,} decodes;",
        f"{rounds} rounds in which every arrangement estimates one image in turn, after 5 that build and warm up;",
        "median (quartiles), ratios round by round. The floor is the decoder's products alone at the speed of a square",
        "product of 2,000, measured in the same rounds.",
        "",
        machine(),
        "",
        timings,
        "",
        "## At equal standard error",
        "",
        f"The model after {steps:,} steps on MNIST with 3,000 labels: test error {error:.2f} %, bound {nats:.2f} nats.",
        f"The variance of an estimate of log p(x) over {repeats} repeats, the mean over {images} test images, is",
        f"{float(of_all.mean()):.3f} with every class in every sample.",
        f"With one drawn it is {wider:.2f} times that, in 1/{faster:.1f} of the time: time times variance is",
        f"{better} times smaller (median and quartiles of a bootstrap over images).",
        "",
    ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of everything; write nothing")
    options = parser.parse_args()
    warnings.filterwarnings("error", message="compiling")  # another backend than the row says
    sizes = {"rounds": 2, "images": 3, "repeats": 2, "steps": 20} if options.quick else {}
    text = report(**({"rounds": 15, "images": 30, "repeats": 12, "steps": 1500} | sizes))
    print(text)
    if not options.quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
