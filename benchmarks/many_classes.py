"""What a step costs against the number of classes, enumerated and drawn; writes benchmarks/many_classes.md.

Run with ``OMP_NUM_THREADS=2 python -m benchmarks.many_classes``; ``--quick`` makes a round or two of M2
and writes nothing.
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


def arrangements(model, classes):
    """A step for every number of classes, and that of ten enumerated ones for comparison."""
    steps = {}
    for arrangement in (FIRST, *((classes, count) for count in COUNTS)):
        case = Case(model, num_classes=arrangement[1])
        pair = build(case, classes=arrangement[0])
        steps[arrangement] = stepper(case, lambda *pair: CompiledSVI(*pair, backend="replay"), pair)
    return steps


def report(rounds, models):
    lines = [
        "# Many classes",
        "",
        "`OMP_NUM_THREADS=2 python -m benchmarks.many_classes`: a step of 100 labelled and 100 unlabelled rows, hidden",
        "[500, 500], by CompiledSVI's replay in fp32. In a round every arrangement of a group makes one step in turn;",
        f"the relaxed samples, with ten enumerated classes, are one group, of {rounds['relaxed']} rounds, and the "
        "enumerated classes",
        f"another, of {rounds['enumerated']}: after a step of seconds, and of gigabytes, the next one of any kind is "
        "slower. 3 rounds build",
        "and warm up. The ratio to ten enumerated classes is of its own group, round by round, median (quartiles); of",
        "few rounds the upper quartile holds the 4th and the 8th step, in which CompiledSVI checks itself.",
        "",
        machine(),
        "",
    ]
    for model in models:
        rows = []
        for classes in ("enumerated", "relaxed"):
            times = interleaved(arrangements(model, classes), rounds[classes], warm=3)
            for count in COUNTS:
                ratio = spread(ratios(times, (classes, count), FIRST))
                rows.append([count, classes, milliseconds(times[classes, count]), ratio])
        lines += [f"## {model}", "", table(["K", "y", "ms a step", "over K = 10, enumerated"], rows), ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of everything; write nothing")
    quick = parser.parse_args().quick
    rounds = {"enumerated": 1, "relaxed": 2} if quick else {"enumerated": 7, "relaxed": 41}
    text = report(rounds, ("M2",) if quick else ("M2", "ADGM"))
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
