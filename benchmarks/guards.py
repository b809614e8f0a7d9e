"""The time of CompiledSVI's guards and checks, beside a step of M2; writes benchmarks/guards.md.

Run it with ``OMP_NUM_THREADS=2 python -m benchmarks.guards``. With ``--quick``, it makes two rounds of the backend
replay and writes nothing.
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

STEP, GUARDS, CHECK = "step with guards", "guards", "check with the copies for a rollback"


def arrangements(backend):
    """Functions that make a step, run its guards and make a check; and the program of the step."""
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
    """The page."""
    lines = [
        f"""# Guards and checks

This benchmark measures the time of CompiledSVI's guards and checks, compared with that of a training step.
Guards run before every step. Checks are {programs.CHECK_EVERY:,} to {programs.CHECK_AT_LEAST_EVERY:,} steps apart.
Within these limits, the interval is chosen so that checks take {100 * programs.SHARE:.1f} % of the time.

The model is an M2 with hidden layers of [500, 500] units and ten classes. A step takes 100 labelled and 100
unlabelled rows. There is a section for each backend, replay and inductor.

Written by `OMP_NUM_THREADS=2 python -m benchmarks.guards`. Step, guards and check run in turn, in
{rounds} rounds after 5 for building and warming up. The tables give median (quartiles); ratios to a step are
taken round by round. The line below a table adds the time of the guards and that of a check divided by the
number of steps between checks.

{machine()}
""",
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
        lines += [f"## {backend}", "", table(["part", "ms", f"ratio to {STEP}"], rows), ""]
        lines += [
            f"There is a check every {distance:,} steps. Guards and checks together take {spread(both)} % of a step.",
            f"The checks alone take {statistics.median(checks) * 100:.2f} %.",
            "",
        ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds of replay; write nothing")
    quick = parser.parse_args().quick
    warnings.filterwarnings("error", message="compiling")  # a fallback would be another backend than the heading says
    text = report(2 if quick else 15, ["replay"] if quick else ["replay", "inductor"])
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
