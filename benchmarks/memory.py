"""Peak memory of a few steps, tracing and compiling included, beyond what the process holds before them."""

import json
import resource
import subprocess
import sys
from dataclasses import asdict

from benchmarks import ours
from benchmarks.case import Case

ARRANGEMENTS = {"plain": ours.plain, "replay": ours.compiled("replay"), "inductor": ours.compiled("inductor")}


def peak(case, arrangement):
    """MiB, in a new process that runs what ``main`` does."""
    command = [sys.executable, "-m", "benchmarks.memory", json.dumps(asdict(case)), arrangement]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main():
    case = Case(**{k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(sys.argv[1]).items()})
    step = ARRANGEMENTS[sys.argv[2]](case)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(4):
        step()
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


if __name__ == "__main__":
    main()
