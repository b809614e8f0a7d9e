"""What CompiledSVI's guards and checks cost a step of M2; writes benchmarks/guards.md.

Run with ``OMP_NUM_THREADS=2 python -m benchmarks.guards``; ``--quick`` makes two rounds by replay and writes nothing.
"""

import argparse
import statistics
import warnings
from pathlib import Path

from pyro.infer import TraceEnum_ELBO
from pyro.optim import Adam

from benchmarks.case import Case
from benchmarks.measure import interleaved, ratios, spread, table
from benchmarks.ours import build
from benchmarks.steps import machine
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO
from pyrodgm.infer.compiled import programs

STEP, GUARDS, CHECK = "a step, guards included", "guards alone", "a check, and the copies to go back to"


def arrangements(backend):
    """A step, what is looked at before it, and a check, as functions; and the program of that step."""
    case = Case("M2")
    model = build(case)
    labelled, y, unlabelled = case.data()
    batch = {"labelled": (labelled, y), "unlabelled": unlabelled}
    elbo = SemiSupervisedELBO(TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False), alpha=1.0)
    svi = CompiledSVI(model.model, model.guide, Adam({"lr": 3e-4}), elbo, backend=backend)
    for _ in range(3):
        svi.step(**batch)
    steps = svi._steps
    ((slot, program),) = [(slot, program) for slot in steps.slots.values() for program in slot.programs]

    def look():
        program.next_check = float("inf")
        steps.find((), batch)

    def step():
        program.next_check = float("inf")
        svi.step(**batch)

    def check():
        steps._checked(slot, program, (), batch, steps._key((), batch)[1])

    return {STEP: step, GUARDS: look, CHECK: check}, program


def report(rounds, backends):
    lines = [
        "# Guards and checks",
        "",
        "`OMP_NUM_THREADS=2 python -m benchmarks.guards`: M2, hidden [500, 500], ten classes, 100 + 100 rows;",
        f"{rounds} rounds of each in turn, after 5 that build and warm up; the ratio to a step round by round, median",
        f"(quartiles). Checks are {programs.CHECK_EVERY:,} to {programs.CHECK_AT_LEAST_EVERY:,} steps apart, so as to",
        f"take {100 * programs.SHARE:.1f} % of the time where they can. Both together is the guards, and the checks",
        "over that distance.",
        "",
        machine(),
        "",
    ]
    for backend in backends:
        steppers, program = arrangements(backend)
        times = interleaved(steppers, rounds)
        distance = programs._interval(program)
        guards, checks = ratios(times, GUARDS, STEP), [ratio / distance for ratio in ratios(times, CHECK, STEP)]
        both = [100 * (a + b) for a, b in zip(guards, checks, strict=True)]
        rows = [
            [name, spread([1000 * value for value in values]), spread(ratios(times, name, STEP), 4)]
            for name, values in times.items()
        ]
        lines += [f"## {backend}", "", table(["what", "ms", f"over {STEP}"], rows), ""]
        lines += [
            f"A check every {distance:,} steps; guards and checks together take {spread(both)} % of a step,",
            f"{statistics.median(checks) * 100:.2f} % the checks.",
            "",
        ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of everything; write nothing")
    quick = parser.parse_args().quick
    warnings.filterwarnings("error", message="compiling")  # another backend than the heading says
    text = report(2 if quick else 15, ["replay"] if quick else ["replay", "inductor"])
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
