"""The time of an estimate of log p(x) by 5,000 importance samples, per image and at equal standard error.

Writes benchmarks/importance_weights.md. Run it with ``OMP_NUM_THREADS=2 python -m benchmarks.importance_weights``. With
``--quick``, it makes two rounds and writes nothing. ``pyrodgm.data.load`` finds MNIST.
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
ARRANGEMENTS = {  # whether classes are drawn, and the backend
    "every class, not compiled": (False, "off"),
    "every class, replay": (False, "replay"),
    ALL: (False, "inductor"),
    "drawn classes, replay": (True, "replay"),
    DRAWN: (True, "inductor"),
}


def trained(data, steps):
    """An M2 after a short training with 3,000 labels.

    A batch has 100 labelled and 100 unlabelled rows. The images are binarised once.
    """
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
    """A function that estimates log p(x) of one row, up to a constant."""
    samples = CHUNK // (1 if drawn else CLASSES)
    weigh = CompiledFunction(log_weights(model, samples, drawn), backend)
    return lambda row: float(moments(weigh, (row, None), SAMPLES, samples)[0])


def floor(drawn):
    """The floating point operations per image of the decoder's matrix products alone."""
    decodes = SAMPLES * (1 if drawn else CLASSES)
    return 2 * decodes * (Z * HIDDEN + HIDDEN * 784)


def time_table(estimators, row, rounds):
    """The table of times, and the times in seconds by arrangement."""
    steppers = {name: lambda estimate=estimate: estimate(row) for name, estimate in estimators.items()}
    times = interleaved(steppers | {"peak": peak_step("float32")}, rounds)
    second = 2 * SIZE**3 / statistics.median(times.pop("peak"))
    lines = []
    for name, values in times.items():
        bare = floor(ARRANGEMENTS[name][0]) / second
        over = "" if name == ALL else spread(ratios(times, name, ALL))
        lines.append([name, milliseconds(values), over, f"{statistics.median(values) / bare:.2f}"])
    return table(["arrangement", "ms per image", f"ratio to {ALL}", "ratio to the floor"], lines), times


def variances(estimate, x, repeats):
    """The variance over repeated estimates of log p(x), for every row, ``(B,)``."""
    return torch.tensor([[estimate(row[None]) for _ in range(repeats)] for row in x]).double().var(1)


def gain(times, of_all, of_drawn, repeats=2000):
    """How much better drawn classes are than every class.

    Returns the ratio of the times, that of the variances, and the ratio of time times variance as median and quartiles
    of a bootstrap over rows.
    """
    faster = statistics.median(ratios(times, ALL, DRAWN))
    rows = torch.randint(len(of_all), (repeats, len(of_all)))
    values = faster * of_all[rows].mean(1) / of_drawn[rows].mean(1)
    return faster, float(of_drawn.mean() / of_all.mean()), spread(values.tolist())


def report(rounds, images, repeats, steps):
    """The page."""
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
        f"""# log p(x) by importance weighting

This benchmark measures the time of an estimate of log p(x) by importance weighting. An estimate of one image
takes {SAMPLES:,} samples, in chunks of {CHUNK:,} decodes. A sample sums over every class or has one drawn class.

The model is an M2 with 784 inputs, a hidden layer of [{HIDDEN}] softplus units, z of {Z} units and ten classes.

Written by `OMP_NUM_THREADS=2 python -m benchmarks.importance_weights`. Every arrangement estimates one image
in turn, in {rounds} rounds after 5 for building and warming up. The table gives median (quartiles); ratios
are taken round by round. The floor is the time of the decoder's matrix products alone. It assumes the speed
of a product of two square matrices of size 2,000, which is measured in the same rounds.

{machine()}

{timings}

## At equal standard error

The model was trained for {steps:,} steps on MNIST with 3,000 labels. Its test error is {error:.2f} %, and its
bound is {nats:.2f} nats. The variance of an estimate of log p(x) is taken over {repeats} repeats, and averaged
over {images} test images. With every class in every sample, it is {float(of_all.mean()):.3f}.
With one drawn class, the variance is {wider:.2f} times as large, and the time is 1/{faster:.1f}.
Time times variance is {better} times smaller (median and quartiles of a bootstrap over
images).
""",
    ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds; write nothing")
    options = parser.parse_args()
    warnings.filterwarnings("error", message="compiling")  # a fallback would be another backend than the row says
    sizes = {"rounds": 2, "images": 3, "repeats": 2, "steps": 20} if options.quick else {}
    text = report(**({"rounds": 15, "images": 30, "repeats": 12, "steps": 1500} | sizes))
    print(text)
    if not options.quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
