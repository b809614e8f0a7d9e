"""The time of a training step in this checkout, beside one in another checkout; writes benchmarks/versions.md.

Run it with ``OMP_NUM_THREADS=2 python -m benchmarks.versions ../other-checkout``. Each checkout makes its steps in its
own process. The two take turns of the same number of steps, so that the machine's drift falls on both.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import ratios, spread, table

CASES = {name: {"model": name} for name in ("VAE", "M2", "ADGM")}
SMALL = {"num_classes": 3, "hidden": (64, 64), "z_size": 8, "a_size": 8, "x_size": 30}
CASES["ADGM of a small table"] = {"model": "ADGM"} | SMALL
HERE = Path(__file__).parents[1]
STEPS = 20  # per turn
WORKER = """
import json, sys, time
from benchmarks import ours
from benchmarks.case import Case
backend, cases = sys.argv[1], json.loads(sys.argv[2])
make = ours.plain if backend == "off" else ours.compiled(backend)
steps = {name: make(Case(**case)) for name, case in cases.items()}
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
        command = [sys.executable, "-c", WORKER, backend, json.dumps(CASES)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, **pipes)
        if self.process.stdout.readline().strip() != "ready":
            raise ValueError(f"checkout: got {folder}, whose steps cannot be built, want a checkout of this package")

    def seconds(self, model):
        """Seconds per step, the mean over a turn."""
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
    """Seconds per step of both checkouts, ``{model: {"here": [...], "there": [...]}}``.

    Every four rounds have two new processes, and one more round for warming up. The place of a process in memory makes
    its steps up to a tenth faster or slower as long as it lives.
    """
    times = {model: {"here": [], "there": []} for model in CASES}
    for begin in range(0, rounds, 4):
        checkouts = {"here": Checkout(HERE, backend), "there": Checkout(other, backend)}
        for number in range(1 + min(4, rounds - begin)):
            for model in CASES:
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
        f"""# Two versions side by side

This benchmark measures the time of a training step in two checkouts of this package, here and there.

Written by `OMP_NUM_THREADS=2 python -m benchmarks.versions CHECKOUT`. Each checkout has its own process. The two make
{STEPS} steps each in turn, in {options.rounds} rounds. There are new processes every four rounds. The table gives
median (quartiles) of the time per step; ratios are taken round by round. The small table has {SMALL["x_size"]}
columns, 3 classes and hidden layers of [64, 64] units.

{machine()}

Here: {commit(HERE)}. There: {commit(options.other)}.
""",
    ]
    rows = []
    for backend, name in (("off", "SVI"), ("replay", "CompiledSVI, replay")):
        for model, times in measure(options.other, backend, options.rounds).items():
            milliseconds = [spread([1000 * value for value in times[side]], 1) for side in ("here", "there")]
            rows.append([name, model, *milliseconds, spread(ratios(times, "here", "there"), 3)])
    lines += [table(["arrangement", "model", "here, ms", "there, ms", "ratio of here to there"], rows), ""]
    (HERE / "benchmarks" / "versions.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
