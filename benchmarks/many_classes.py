"""What a step costs against the number of classes, summed, sampled and relaxed, and how much its gradient varies.

Writes benchmarks/many_classes.md. Run with ``OMP_NUM_THREADS=2 python -m benchmarks.many_classes``; ``--quick`` makes a
round or two of M2 and writes nothing. MNIST is looked for as ``pyrodgm.data.load`` does.
"""

import argparse
import statistics
from pathlib import Path

import pyro
import torch
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam

from benchmarks.case import Case
from benchmarks.measure import interleaved, milliseconds, ratios, spread, table
from benchmarks.ours import build, stepper
from benchmarks.steps import machine
from pyrodgm.data import Batches, binarise, load, select_labels
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO, alpha
from pyrodgm.models import M2

SAMPLED = {f"sampled, k = {top}": ("sampled", {"top": top}) for top in (1, 2, 3)}
CLASSES = {"enumerated": "enumerated", "relaxed": "relaxed", **SAMPLED}
PLAIN, TWO = "enumerated, plain SVI", "sampled, k = 2"
FIRST = (10, "enumerated")
GROUPS = (  # arrangements that make their steps in turn, and in how many rounds
    ([*((10, kind) for kind in CLASSES), (10, PLAIN), *((k, kind) for k in (100, 1000) for kind in SAMPLED)], 25),
    ([FIRST, (100, "enumerated"), (100, PLAIN), (100, TWO)], 11),
    ([(1000, TWO), *((10_000, kind) for kind in SAMPLED), *((k, "relaxed") for k in (100, 1000, 10_000))], 15),
    ([FIRST, (1000, "enumerated")], 3),
)
RATIOS = (  # of a group: what, over what
    (0, (10, TWO), FIRST),
    (1, (100, TWO), (100, "enumerated")),
    (0, (1000, TWO), FIRST),
    (2, (10_000, TWO), (1000, TWO)),
    (0, (10, PLAIN), (10, TWO)),
    (1, (100, PLAIN), (100, TWO)),
)
EPOCHS, DRAWS = (0, 1, 10), 100  # after which the variance is measured, and of how many gradients


def arrangement(model, num_classes, kind):
    """A function that makes a step."""
    case = Case(model, num_classes=num_classes)
    if kind == PLAIN:
        return stepper(case, SVI, build(case))
    return stepper(case, lambda *pair: CompiledSVI(*pair, backend="replay"), build(case, classes=CLASSES[kind]))


def timed(model, rounds_of):
    """Seconds of every step, for each group."""
    found = []
    for names, rounds in GROUPS:
        steps = {name: arrangement(model, *name) for name in names}
        found.append(interleaved(steps, rounds_of(rounds), warm=3))
    return found


def time_tables(model, rounds_of):
    groups, rows = timed(model, rounds_of), {}
    for times in groups:
        for (num_classes, kind), values in times.items():
            row = [f"{num_classes:,}", kind, milliseconds(values), f"{1000 * min(values):.1f}"]
            rows.setdefault((num_classes, [*CLASSES, PLAIN].index(kind)), row)
    compared = []
    for group, what, to in RATIOS:
        times = groups[group]
        least = min(times[what]) / min(times[to])
        compared.append([_name(what), _name(to), spread(ratios(times, what, to)), f"{least:.2f}"])
    header = ["K", "y", "ms a step", "least"]
    times = table(header, [rows[key] for key in sorted(rows)])
    return f"## {model}\n\n{times}\n\n{table(['step', 'over', 'ratio, round by round', 'of the least'], compared)}\n"


def _name(arrangement):
    return f"K = {arrangement[0]:,}, {arrangement[1]}"


def variance_table(epochs, draws):
    """The variance of gradients of M2 on MNIST with 100 labels, over that with every class summed."""
    pyro.set_rng_seed(0)
    data = load("mnist")
    model = M2(data.x_size, 10, hidden=(500, 500), classes=CLASSES[TWO])
    rows = select_labels(data.train.y, 100, 10)
    batches = Batches(data.train.x, 200, (data.train.x[rows], data.train.y[rows]), resample=binarise)
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    loss = SemiSupervisedELBO(elbo, alpha(0.1, 100, len(data.train.x) - 100))
    svi = CompiledSVI(model.model, model.guide, Adam({"lr": 1e-3}), loss, backend="replay")
    x, measured = binarise(data.train.x[:100], torch.Generator().manual_seed(0)), {}
    with pyro.validation_enabled(False):
        for epoch in range(epochs[-1] + 1):
            if epoch in epochs:
                measured[epoch] = {kind: _variances(model, elbo, x, kind, draws) for kind in CLASSES}
            if epoch < epochs[-1]:
                for batch in batches:
                    svi.step(**batch)
    lines = []
    for kind in CLASSES:
        over = [_ratio(measured[epoch][kind], measured[epoch]["enumerated"]) for epoch in epochs]
        lines.append([kind, *over])
    return table(["y", *(f"after {epoch} epochs" for epoch in epochs)], lines)


def _variances(model, elbo, x, kind, draws):
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
    return f"{a / b:.2f} ± {a / b * (errors[0] ** 2 + errors[1] ** 2) ** 0.5:.2f}"


def sections(models, rounds_of, epochs, draws):
    """The text, part by part."""
    rounds = ", ".join(str(rounds_of(rounds)) for _, rounds in GROUPS)
    yield f"""# Many classes

`OMP_NUM_THREADS=2 python -m benchmarks.many_classes`: a step of 100 labelled and 100 unlabelled rows, hidden
[500, 500], in fp32, by CompiledSVI's replay, or by Pyro's SVI where it says plain SVI. A sampled y sums the k most
probable classes and one that is drawn. Arrangements that are compared make their steps in turn, in groups of
{rounds} rounds after 3 that build and warm up: after a step of seconds, and of gigabytes, the next one of any
kind is slower. Median (quartiles) and the least; of few rounds the upper quartile holds the steps in which CompiledSVI
checks itself. 10,000 classes are not enumerated.

{machine()}
"""
    for model in models:
        yield time_tables(model, rounds_of)
    yield f"""## The gradient's variance

M2 on MNIST with 100 labels, [500, 500], trained with k = 2 by Adam at 1e-3 on batches of 200 unlabelled and all
labelled rows, binarised before every epoch. Of {draws} gradients of the bound of 100 fixed unlabelled rows, with the
noise of z: the variances of all entries summed, over those with every class summed, ± standard error. A relaxed
sample's gradient is biased besides.

{variance_table(epochs, draws)}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds, few gradients; write nothing")
    quick = parser.parse_args().quick
    parts = []
    for part in sections(("M2",), lambda _: 2, (0,), 4) if quick else sections(("M2", "ADGM"), int, EPOCHS, DRAWS):
        print(part, flush=True)
        parts.append(part)
    if not quick:
        Path(__file__).with_suffix(".md").write_text("\n".join(parts))


if __name__ == "__main__":
    main()
