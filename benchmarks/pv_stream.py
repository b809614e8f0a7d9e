"""The time and memory of ``pyrodgm pv monitor`` on long files; writes benchmarks/pv_stream.md.

    OMP_NUM_THREADS=1 python -m benchmarks.pv_stream

This benchmark measures the time and memory of ``pyrodgm pv monitor`` on long files.

The model knows ten conditions. It is trained on two simulated months of a photovoltaic string, with one-minute rows by
day and by night. The file to monitor repeats these months at later times. About half of its rows are at night. These
are read and left out.

Every command runs as a user would type it, in its own process. Seconds are processor time, from the start of the
process to the last written file, with the import of the packages. Memory is the largest resident set of the process.

``--rows`` takes other numbers of rows, and writes nothing.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

ROWS = (1_000_000, 4_000_000)
DAYS = 61  # in the file that is repeated
SITE = ("--latitude", "36.1", "--longitude", "-79.95")


def repeated(lines: list[str], days: int, rows: int) -> Iterator[str]:
    """The lines of a CSV without its names, repeated until there are ``rows`` of them.

    Each repetition is ``days`` later than the one before.

    Example::

        list(repeated(["2001-03-01 00:00:00-05:00,1"], days=2, rows=2))[1]      # '2001-03-03 00:00:00-05:00,1'
    """
    for row in range(rows):
        turn, place = divmod(row, len(lines))
        line = lines[place]
        yield str(date.fromisoformat(line[:10]) + timedelta(days=turn * days)) + line[10:]


class Run(NamedTuple):
    """A finished command: what it printed, its processor time in seconds, and its largest resident set in MiB."""

    text: str
    seconds: float
    memory: float


def pyrodgm(*arguments: str) -> Run:
    """Run the command line ``pyrodgm`` (Linux only)."""
    process = subprocess.Popen([sys.executable, "-m", "pyrodgm", *arguments], stdout=subprocess.PIPE, text=True)
    with process.stdout as output:
        text = output.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"pyrodgm {' '.join(arguments)}: exit code {process.returncode}")
    return Run(text, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def rows_in_use(rows: int, text: str) -> int:
    """The number of rows to which ``pyrodgm pv monitor`` gave a state: all but those left out.

    Example::

        rows_in_use(10, "left out: 3 rows, night\nleft out: 1 rows, no time")        # 6
    """
    return rows - sum(int(count) for count in re.findall(r"^left out: (\d+) rows", text, re.MULTILINE))


def measured(counts: tuple[int, ...], folder: Path) -> dict[int, Run]:
    """A dict from a number of rows to the command that monitored a file of this length."""
    months, roof, found = folder / "months.csv", str(folder / "roof"), {}
    pyrodgm("pv", "simulate", "--arrangement", "days", "--days", str(DAYS), "--output", str(months))
    normal = ("--label", "state", "--normal", "N", "--normal", "C")
    pyrodgm("pv", "train", str(months), "--model", roof, *normal, *SITE)
    names, *lines = months.read_text().splitlines(keepends=True)
    for rows in counts:
        path = folder / f"{rows}.csv"
        with path.open("w") as file:
            file.write(names)
            file.writelines(repeated(lines, DAYS, rows))
        found[rows] = pyrodgm("pv", "monitor", roof, str(path), "--output", str(folder / f"{rows}"))
        print(f"{rows:,} rows: {found[rows].seconds:.0f} s, {found[rows].memory:.0f} MiB", flush=True)
        path.unlink()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS), help="rows of the files to monitor")
    counts = tuple(parser.parse_args().rows)
    with tempfile.TemporaryDirectory() as folder:
        found = measured(counts, Path(folder))
    lines = []
    for rows, run in found.items():
        used = rows_in_use(rows, run.text)
        speeds = (f"{count / run.seconds:,.0f}" for count in (rows, used))
        lines.append([f"{rows:,}", f"{used:,}", f"{run.seconds:.0f}", *speeds, f"{run.memory:.0f}"])
    names = ["rows", "rows by day", "seconds", "rows per second", "rows by day per second", "peak memory, MiB"]
    from benchmarks.measure import table  # imports torch; before, its memory would count for the commands
    from benchmarks.steps import machine

    text = "# Monitoring a long file\n\n" + "\n".join(__doc__.split("\n")[4:]).strip() + f"\n\n{machine()}\n\n"
    text += table(names, lines) + "\n"
    print(text)
    if counts == ROWS:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
