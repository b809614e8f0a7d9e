"""The time of a step against the number of classes, which are summed, sampled or relaxed.

Writes benchmarks/many_classes.md. Run with ``OMP_NUM_THREADS=2 python -m benchmarks.many_classes``; ``--quick`` makes a
round or two of M2 and writes nothing. The variance of the gradients is in ``benchmarks.class_gradients``.
"""

import argparse
from pathlib import Path

from pyro.infer import SVI

from benchmarks.case import Case
from benchmarks.measure import interleaved, milliseconds, ratios, spread, table
from benchmarks.ours import build, stepper
from benchmarks.steps import machine
from pyrodgm.infer import CompiledSVI

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


def sections(models, rounds_of):
    """The text, part by part."""
    rounds = ", ".join(str(rounds_of(rounds)) for _, rounds in GROUPS)
    yield f"""# Many classes

This benchmark measures the time of a training step against the number of classes. The classes are summed, sampled or
relaxed. A sampled y sums the k most probable classes and one that is drawn. 10,000 classes are not summed. For the
variance of the gradient, see [class_gradients.md](class_gradients.md).

The networks have hidden layers of [500, 500] units, in float32. A step takes 100 labelled and 100 unlabelled rows.
CompiledSVI uses its backend replay. "Plain SVI" is Pyro's SVI.

Written by `OMP_NUM_THREADS=2 python -m benchmarks.many_classes`. Arrangements that are compared make their steps in
turn, in groups of {rounds} rounds after 3 for building and warming up. The groups are needed because
a step of seconds and gigabytes makes the next one of any kind slower. The tables give median (quartiles) and the least.
With few rounds, the upper quartile contains the steps in which CompiledSVI checks itself.

Wanted, in the order of the lower tables: at most 0.6, 0.1, 0.8 and 2.5 (M2), and at least 2 and 15.

{machine()}
"""
    for model in models:
        yield time_tables(model, rounds_of)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds, few gradients; write nothing")
    quick = parser.parse_args().quick
    parts = []
    for part in sections(("M2",), lambda _: 2) if quick else sections(("M2", "ADGM"), int):
        print(part, flush=True)
        parts.append(part)
    if not quick:
        Path(__file__).with_suffix(".md").write_text("\n".join(parts))


if __name__ == "__main__":
    main()
