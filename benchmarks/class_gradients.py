"""The variance of the gradient when y is sampled or relaxed, over that when every class is summed.

Writes benchmarks/class_gradients.md. Run with ``OMP_NUM_THREADS=1 python -m benchmarks.class_gradients``; ``--quick``
draws few gradients of an untrained model and writes nothing. MNIST is looked for as ``pyrodgm.data.load`` does.
"""

import argparse
import statistics
from pathlib import Path

import pyro
import torch
from pyro.infer import TraceEnum_ELBO
from pyro.optim import Adam

from benchmarks.many_classes import CLASSES, TWO
from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.data import Batches, binarise, load, select_labels
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO, alpha
from pyrodgm.models import M2

EPOCHS, DRAWS = (0, 1, 10), 100  # epochs before, and gradients
ROWS = {1: 100, 2: 100, 3: 20, 4: 4}  # number of digits in an image -> rows in the bound


def quarters(data, digits, generator):
    """Images of up to four digits, each of half its size in a quarter of 28 x 28 pixels, and the number they show.

    Every number is equally frequent. Returns x ``(60000, 784)`` and y ``(60000,)``.
    """
    small = torch.nn.functional.avg_pool2d(data.train.x.view(-1, 1, 28, 28), 2).squeeze(1)
    numbers = torch.arange(len(small)) % 10**digits
    images = torch.zeros(len(small), 2, 2, 14, 14)
    for place in range(digits):
        shown = numbers // 10**place % 10
        for digit in range(10):
            rows, of_digit = shown == digit, small[data.train.y == digit]
            chosen = torch.randint(len(of_digit), (int(rows.sum()),), generator=generator)
            images[rows, place // 2, place % 2] = of_digit[chosen]
    return images.transpose(2, 3).reshape(-1, 784), numbers


def variance_rows(data, digits, epochs, draws):
    """Rows of the table for images of ``digits`` digits."""
    x, y = (data.train.x, data.train.y) if digits == 1 else quarters(data, digits, torch.Generator().manual_seed(0))
    variances = after_epochs(x, y, 10**digits, epochs, draws, ROWS[digits])
    for kind in CLASSES:
        over = [_ratio(variances[epoch][kind], variances[epoch]["enumerated"]) for epoch in epochs]
        yield [f"{10**digits:,}", kind, *over]


def after_epochs(x, y, num_classes, epochs, draws, rows):
    """The variances found, by epoch and by the treatment of y."""
    pyro.set_rng_seed(0)
    pyro.clear_param_store()
    model = M2(x.shape[1], num_classes, hidden=(500, 500), classes=CLASSES[TWO])
    labelled = select_labels(y, min(10 * num_classes, 10_000), num_classes)
    batches = Batches(x, 200, (x[labelled], y[labelled]), labelled_batch_size=100, resample=binarise)
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    loss = SemiSupervisedELBO(elbo, alpha(0.1, len(labelled), len(x) - len(labelled)))
    svi = CompiledSVI(model.model, model.guide, Adam({"lr": 1e-3}), loss, backend="replay")
    fixed, found = binarise(x[:rows], torch.Generator().manual_seed(0)), {}
    counts = dict.fromkeys(CLASSES, draws) | {"enumerated": draws // 5}  # which varies less, and costs more
    with pyro.validation_enabled(False):
        for epoch in range(epochs[-1] + 1):
            if epoch in epochs:
                found[epoch] = {kind: half_distances(model, elbo, fixed, kind, counts[kind]) for kind in CLASSES}
            if epoch < epochs[-1]:
                for batch in batches:
                    svi.step(**batch)
    return found


def half_distances(model, elbo, x, kind, draws):
    """Half the squared distances of pairs of gradients, whose mean is the sum of the variances of all entries."""
    trained, model.classes = model.classes, CLASSES[kind]
    parameters, found, before = list(model.parameters()), [], None
    for draw in range(draws):
        loss = elbo.differentiable_loss(model.model, model.guide, x)
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        flat = torch.cat([g.flatten() for g in gradients if g is not None]).double()
        if draw % 2:
            found.append(float((flat - before).square().sum()) / 2)
        before = flat
    model.classes = trained
    return found


def _ratio(variances, to):
    """The ratio of two means, and its standard error."""
    a, b = statistics.mean(variances), statistics.mean(to)
    errors = [statistics.stdev(v) / len(v) ** 0.5 / m for v, m in ((variances, a), (to, b))]
    return f"{a / b:,.2f} ± {a / b * (errors[0] ** 2 + errors[1] ** 2) ** 0.5:,.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few gradients of an untrained model; write nothing")
    quick = parser.parse_args().quick
    epochs, draws = ((0,), 20) if quick else (EPOCHS, DRAWS)
    data, rows = load("mnist"), []
    for digits in (1, 3) if quick else ROWS:
        for row in variance_rows(data, digits, epochs, draws):
            print(*row, sep=" | ", flush=True)
            rows.append(row)
    if quick:
        return
    text = f"""# The gradient's variance when classes are sampled

This benchmark measures the variance of the gradient of the bound when y is sampled or relaxed. It is compared with the
variance when all classes are summed.

The model is an M2 with hidden layers of [500, 500] units. K = 10 is MNIST. For 100, 1,000 and 10,000 classes, the
images show two, three and four digits of MNIST, each reduced to half its size and placed in its own quarter of the
image. The class is the number that they show. There are ten labelled rows per class; for 10,000 classes, there is one.

The model is trained with k = 2 (two classes are summed and one is sampled) by Adam at 1e-3, on batches of 200
unlabelled and 100 labelled rows. The images are binarised before every epoch. The bound is that of 100, 100, 20 and 4
fixed unlabelled rows. Its gradient is drawn {draws} times, and {draws // 5} times with all classes summed. Each draw
has its own noise of z.

A number in the table is the sum of the variances of all entries of the gradient, divided by that with all classes
summed, ± standard error. The gradient of a relaxed y is also biased.

Written by `OMP_NUM_THREADS=1 python -m benchmarks.class_gradients`.

{machine()}

{table(["K", "y", *(f"after {epoch} epochs" for epoch in epochs)], rows)}
"""
    Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
