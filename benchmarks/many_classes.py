"""What a step costs against the number of classes, enumerated and drawn; writes benchmarks/many_classes.md.

Run with ``OMP_NUM_THREADS=2 python -m benchmarks.many_classes``; ``--quick`` makes one round of everything and writes
nothing.
"""

import argparse
from pathlib import Path

from benchmarks.case import Case
from benchmarks.measure import interleaved, milliseconds, ratios, spread, table
from benchmarks.ours import build, stepper
from benchmarks.steps import machine
from pyrodgm.infer import CompiledSVI

COUNTS = (10, 50, 200, 1000)
FIRST = ("enumerated", 10)


def arrangements(model):
    """A step for every number of classes, enumerated and drawn by a relaxed sample."""
    steps = {}
    for count in COUNTS:
        for classes in ("enumerated", "relaxed"):
            case = Case(model, num_classes=count)
            pair = build(case, classes=classes)
            steps[classes, count] = stepper(case, lambda *pair: CompiledSVI(*pair, backend="replay"), pair)
    return steps


def report(rounds, models):
    lines = [
        "# Many classes",
        "",
        f"`OMP_NUM_THREADS=2 python -m benchmarks.many_classes`: {rounds} rounds in which every arrangement makes one",
        "step of 100 labelled and 100 unlabelled rows in turn, hidden [500, 500], by CompiledSVI's replay in fp32,",
        "after 3 rounds that build and warm up; the ratio to 10 enumerated classes round by round, median (quartiles).",
        "",
        machine(),
        "",
    ]
    for model in models:
        times = interleaved(arrangements(model), rounds, warm=3)
        rows = [
            [count, classes, milliseconds(values), spread(ratios(times, (classes, count), FIRST))]
            for (classes, count), values in times.items()
        ]
        lines += [f"## {model}", "", table(["K", "y", "ms a step", "over K = 10, enumerated"], rows), ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of everything; write nothing")
    quick = parser.parse_args().quick
    text = report(2 if quick else 11, ("M2",) if quick else ("M2", "ADGM"))
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
