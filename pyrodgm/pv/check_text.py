"""The check of a logger's file as lines of text."""

from __future__ import annotations

import numpy as np

from pyrodgm.pv.check import StringCheck
from pyrodgm.pv.logger import NO_STRING

CLOCK, CLOCK_MOVES = 20, 40  # minutes that a clock may be off, and may move, without a remark


def told(checks: dict[str, StringCheck]) -> list[str]:
    """The checks as lines of text that begin with the name of the string."""
    lines = []
    for name, check in checks.items():
        if name == NO_STRING:
            lines += [f"no string: {text}" for text in _left_out(check)]
            continue
        span = "no row with a time" if check.first is None else f"{_moment(check.first)} to {_moment(check.last)}"
        step = "" if check.step is None else f", a row every {_length(check.step)}"
        texts = [f"{check.rows} rows, {span}{step}"]
        texts += [f"gap of {missing} rows after {_moment(at)}" for missing, at in check.gaps]
        texts += [_range(check, quantity) for quantity in check.ranges]
        for quantity, count in check.empty.items():
            text = f", {check.unread[quantity]} of them with text" if check.unread[quantity] else ""
            texts.append(f"{quantity}: {count} cells without a number{text}")
        notes = (
            (check.open_circuit, "rows at open circuit: voltage but no current in the light"),
            (check.clipped, "rows clipped: a plateau at the highest power"),
            (check.curtailed, "rows curtailed: a plateau below the highest power"),
            *((count, f"rows in which {quantity} jumps and returns") for quantity, count in check.spikes.items()),
        )
        texts += [f"{count} {words}" for count, words in notes if count]
        if check.clock is not None and abs(check.clock) <= CLOCK:
            texts.append(f"clock: right, noon is {_off(check.clock)}")
        texts += _problems(check)
        texts += _left_out(check)
        texts.append(f"used: {check.used} rows" + ("" if check.used else ": nothing to learn from"))
        lines += [f"{name}: {text}" for text in texts]
    return lines


def _left_out(check):
    return [f"left out: {count} rows, {reason}" for reason, count in check.skipped.most_common()]


def problems(checks: dict[str, StringCheck]) -> list[str]:
    """The lines on what makes most rows of a string wrong: order, dates, clock, and a current of several strings."""
    return [f"{name}: {text}" for name, check in checks.items() for text in _problems(check)]


def _problems(check):
    if check.order is not None:
        yield f"time: {check.order}"
    if check.dates is not None:
        yield f"time: {check.dates}"
    if check.clock is not None and abs(check.clock) > 360:
        yield f"clock: noon is {_off(check.clock)}, so it is night at noon; wrong longitude, or wrong timezone?"
    elif check.clock is not None and abs(check.clock) > CLOCK:
        yield f"clock: noon is {_off(check.clock)}; wrong timezone, or summer time?"
    if check.clock_moves > CLOCK_MOVES:
        yield f"clock: moves by {check.clock_moves:.0f} minutes; does the logger switch to summer time?"
    if check.season is not None:
        light, sun = check.season
        yield (
            f"season: {light:.1f} hours of light a day, but the sun is up for {sun:.1f}; "
            "wrong date, day and month swapped, or wrong latitude?"
        )
    if check.total_current is not None:
        yield f"i_dc: {check.total_current}"


def _range(check, quantity):
    low, mean, high = check.ranges[quantity]
    look = f"; {check.units[quantity]}" if quantity in check.units else ""
    return f"{quantity} from {low:.4g} to {high:.4g}, mean {mean:.4g}{look}"


def _off(minutes):
    return f"{abs(minutes):.0f} minutes {'late' if minutes > 0 else 'early'}"


def _moment(seconds):
    return str(np.datetime64(int(seconds), "s")).replace("T", " ") + " UTC"


def _length(seconds):
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
