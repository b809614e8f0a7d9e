"""Plots of the days of a string: measured and expected power above a strip of states."""

from __future__ import annotations

from html import escape

import numpy as np

from pyrodgm.pv.days import QUARTER, DaysOfString
from pyrodgm.pv.rows import NORMAL, UNSEEN

SHOWN = 92  # days of a string, the latest
POWER, STRIP = 30, 9  # heights in the units of the picture, which is stretched to fit
DAY = 86_400
PALETTE = (
    *("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#a463f2", "#9c6b4e"),
    *("#3ca951", "#ff8ab7", "#97bbf5", "#9498a0", "#b8860b", "#008b8b"),
)


def colours(states: list[str]) -> dict[str, str]:
    """A colour for each state: pale for normal, dark for unseen, the same for a fault wherever it is drawn."""
    faults = sorted(set(states) - {NORMAL, UNSEEN})
    found = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(faults)}
    return {NORMAL: "#c9d6cf", **found, UNSEEN: "#1b1e23"}


def days_html(days: DaysOfString, colour: dict[str, str], hours: int) -> str:
    """The days of one string as HTML, with the hours of light from left to right.

    Args:
        days: the days of the string.
        colour: the colour of each state.
        hours: offset of local time from UTC, in hours.
    """
    local = days.number + hours * 3600 // QUARTER
    day, quarter = local // (DAY // QUARTER), local % (DAY // QUARTER)
    if not len(day):
        return "<p>No row in use.</p>"
    first, last = int(quarter.min()) // 4, -(-(int(quarter.max()) + 1) // 4)
    power = days.energy / QUARTER
    highest = max(float(power.max()), 1.0)
    lines = [_axis(first, last)]
    for number in np.unique(day)[-SHOWN:]:
        here = day == number
        kwh = days.energy[here].sum(0) / 3.6e6
        date = str(np.datetime64(int(number), "D"))
        told = f"{date}: {kwh[0]:.2f} of {kwh[1]:.2f} kWh expected"
        picture = _picture(quarter[here], power[here], days.state[here], colour, first, last, highest)
        lines.append(
            f'<div class="day" title="{escape(told)}"><span class="date">{date[5:]}</span>{picture}'
            f'<span class="kwh">{kwh[0]:.1f} / {kwh[1]:.1f}</span></div>'
        )
    return "\n".join(lines)


def _axis(first, last):
    """The hours, above the plots."""
    every = 2 if last - first > 8 else 1
    marks = "".join(
        f'<span style="left:{100 * (hour - first) / (last - first):.2f}%">{hour}</span>'
        for hour in range(first, last + 1)
        if hour % every == 0
    )
    return f'<div class="day axis"><span class="date">hour</span><div>{marks}</div><span class="kwh">kWh</span></div>'


def _picture(quarter, power, state, colour, first, last, highest):
    """One day as SVG: expected power as an area, measured power as a line, and the strip of states below."""
    place = quarter - 4 * first
    height = POWER * (1 - np.maximum(power, 0) / highest)
    shapes = []
    for part in np.split(np.arange(len(place)), np.flatnonzero(np.diff(place) > 1) + 1):
        points = np.column_stack([place[part] + 0.5, height[part]])
        dots = [" ".join(f"{x:g},{y:.1f}" for x, y in points[:, [0, i]]) for i in (1, 2)]
        left, right = place[part[0]] + 0.5, place[part[-1]] + 0.5
        shapes.append(f'<polygon class="expected" points="{left:g},{POWER} {dots[1]} {right:g},{POWER}"/>')
        shapes.append(f'<polyline class="measured" points="{dots[0]}"/>')
    for part in np.split(np.arange(len(place)), np.flatnonzero((np.diff(place) > 1) | (state[1:] != state[:-1])) + 1):
        left, width = place[part[0]], place[part[-1]] - place[part[0]] + 1
        name = str(state[part[0]])
        shapes.append(
            f'<rect x="{left}" y="{POWER + 2}" width="{width}" height="{STRIP}" fill="{colour[name]}">'
            f"<title>{escape(name)}</title></rect>"
        )
    size = f"0 0 {4 * (last - first)} {POWER + STRIP + 2}"
    return f'<svg viewBox="{size}" preserveAspectRatio="none">{"".join(shapes)}</svg>'
