"""The peak memory of a few steps, with tracing and compiling.

What the process holds before the first step is subtracted.
"""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks import ours
from benchmarks.case import Case

ARRANGEMENTS = {
    "SVI": ours.plain,
    "CompiledSVI, replay": ours.compiled("replay"),
    "CompiledSVI, inductor": ours.compiled("inductor"),
}


def peak(case, arrangement):
    """The peak memory in MiB, measured by ``main`` in a new process."""
    command = [sys.executable, "-m", "benchmarks.memory", json.dumps(asdict(case)), arrangement]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def high_water():
    """The most memory that this process has held so far, in MiB (Linux only)."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main():
    case = Case(**{k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(sys.argv[1]).items()})
    step = ARRANGEMENTS[sys.argv[2]](case)
    before = high_water()
    for _ in range(4):
        step()
    print(high_water() - before)


if __name__ == "__main__":
    main()
