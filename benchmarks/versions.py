"""A training step of this checkout beside one of another checkout, in turn; writes benchmarks/versions.md.

Run with ``OMP_NUM_THREADS=2 python -m benchmarks.versions ../other-checkout``. Each checkout builds its steps in a
process of its own; the two make the same number of steps in turn, so that the machine's drift falls on both.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import ratios, spread, table

MODELS = ("VAE", "M2", "ADGM")
HERE = Path(__file__).parents[1]
STEPS = 20  # a turn
WORKER = """
import json, sys, time
from benchmarks import ours
from benchmarks.case import Case
backend, *models = sys.argv[1:]
steps = {name: (ours.plain if backend == "off" else ours.compiled(backend))(Case(name)) for name in models}
for step in steps.values():
    for _ in range(5):
        step()
print("ready", flush=True)
for line in sys.stdin:
    name, count = json.loads(line)
    start = time.perf_counter()
    for _ in range(count):
        steps[name]()
    print((time.perf_counter() - start) / count, flush=True)
"""


class Checkout:
    """A process that makes steps with the package of one checkout."""

    def __init__(self, folder, backend):
        environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, "-c", WORKER, backend, *MODELS]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, **pipes)
        if self.process.stdout.readline().strip() != "ready":
            raise ValueError(f"checkout: got {folder}, whose steps cannot be built, want a checkout of this package")

    def seconds(self, model):
        """Seconds a step, the mean over a turn."""
        print(json.dumps([model, STEPS]), file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def commit(folder):
    """The commit of a checkout."""
    command = ["git", "-C", str(folder), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def measure(other, backend, rounds):
    """Seconds a step of both checkouts, ``{model: {"here": [...], "there": [...]}}``.

    Every four rounds have two new processes, and one round more to warm up: where the memory of a process lies makes
    its steps up to a tenth quicker or slower for as long as it lives.
    """
    times = {model: {"here": [], "there": []} for model in MODELS}
    for begin in range(0, rounds, 4):
        checkouts = {"here": Checkout(HERE, backend), "there": Checkout(other, backend)}
        for number in range(1 + min(4, rounds - begin)):
            for model in MODELS:
                for name, checkout in checkouts.items():
                    seconds = checkout.seconds(model)
                    if number:
                        times[model][name].append(seconds)
        for checkout in checkouts.values():
            checkout.close()
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path, help="folder of the other checkout")
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    from benchmarks.steps import machine

    lines = [
        "# Two versions side by side",
        "",
        f"`OMP_NUM_THREADS=2 python -m benchmarks.versions CHECKOUT`: {options.rounds} rounds of {STEPS} steps each in "
        "turn,",
        "in two processes, new ones every four rounds; the ratio round by round, median (quartiles).",
        "",
        machine(),
        "",
        f"Here: {commit(HERE)}. There: {commit(options.other)}.",
        "",
    ]
    rows = []
    for backend, name in (("off", "SVI"), ("replay", "CompiledSVI, replay")):
        for model, times in measure(options.other, backend, options.rounds).items():
            milliseconds = [spread([1000 * value for value in times[side]], 1) for side in ("here", "there")]
            rows.append([name, model, *milliseconds, spread(ratios(times, "here", "there"), 3)])
    lines += [table(["arrangement", "model", "here, ms", "there, ms", "here over there"], rows), ""]
    (HERE / "benchmarks" / "versions.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
