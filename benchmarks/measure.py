"""Time several arrangements in turn in one run, so that the machine's drift falls on all of them."""

import argparse
import statistics
import time
from pathlib import Path

import torch


def interleaved(steppers, rounds=30, warm=5, clock=time.perf_counter):
    """The seconds of every step of each arrangement, ``{name: [...]}``.

    The first ``warm`` rounds are for building and warming up, and are not counted.
    """
    times = {name: [] for name in steppers}
    for _ in range(warm + rounds):
        for name, step in steppers.items():
            start = clock()
            step()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            times[name].append(clock() - start)
    return {name: values[warm:] for name, values in times.items()}


def ratios(times, name, to):
    """The time of one arrangement divided by that of another, round by round."""
    return [a / b for a, b in zip(times[name], times[to], strict=True)]


def spread(values, digits=2):
    """The median (quartiles), as text."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def milliseconds(values):
    """The median (quartiles) of seconds in milliseconds, as text."""
    return spread([1000 * value for value in values], 1)


def matrix_peak(precision, device="cpu", size=2000, repeats=15):
    """Floating point operations per second of a square matrix product, by the median time."""
    factor = torch.randn(size, size, device=device).to(getattr(torch, precision))
    times = interleaved({"product": lambda: factor @ factor}, rounds=repeats)["product"]
    return 2 * size**3 / statistics.median(times)


def table(header, rows):
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def write_page(report, rounds, description, file):
    """The command line of a benchmark: print its page and write it beside its ``file``; ``--quick`` writes nothing."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="two rounds; write nothing")
    quick = parser.parse_args().quick
    text = report(2 if quick else rounds)
    print(text)
    if not quick:
        Path(file).with_suffix(".md").write_text(text)
