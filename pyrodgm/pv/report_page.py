"""``report.html``: one self-contained file, with the most important results for an operator first."""

from __future__ import annotations

from html import escape
from itertools import groupby

import numpy as np

from pyrodgm.pv.days import hours_from_utc
from pyrodgm.pv.events import Event
from pyrodgm.pv.report_days import SHOWN, colours, days_html
from pyrodgm.pv.watch import Report

EVENTS, STRINGS = 25, 10  # at most shown, those that lost most
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1e23; background: #fff; max-width: 1080px; margin: 0 auto;
  padding: 16px; }
h1 { font-size: 24px; margin: 8px 0 4px; } h2 { font-size: 18px; margin: 32px 0 8px; }
p { margin: 6px 0; } .quiet { color: #5b6470; }
.facts { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 16px 0; }
.facts b { display: block; font-size: 22px; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { font-weight: 600; text-align: left; color: #5b6470; font-size: 13px; }
th, td { padding: 3px 14px 3px 0; white-space: nowrap; border-bottom: 1px solid #e6e9ed; }
td.when { white-space: normal; min-width: 210px; }
td.n, th.n { text-align: right; } tr.beside td { color: #5b6470; } tr.pair td { border-bottom: none; padding-top: 8px; }
.mark { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 6px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 8px 0; font-size: 13px; }
.day { display: flex; align-items: flex-end; gap: 8px; font-size: 12px; margin-bottom: 3px; color: #5b6470;
  font-variant-numeric: tabular-nums; }
.day .date { width: 36px; flex: none; } .day .kwh { width: 74px; flex: none; text-align: right; }
.day svg { flex: 1; min-width: 0; height: 40px; background: #f6f7f9; }
.axis > div { flex: 1; position: relative; height: 16px; }
.axis > div span { position: absolute; transform: translateX(-50%); }
.expected { fill: #dfe4ea; }
.measured { fill: none; stroke: #1f5f99; stroke-width: 1.4; vector-effect: non-scaling-stroke; }
.key { display: inline-block; width: 18px; height: 10px; margin-right: 6px; vertical-align: middle; }
"""


def report_page(report: Report, about: dict) -> str:
    """The page as HTML.

    Args:
        report: the results.
        about: the name of the file and the settings, see ``about_report``.

    Example::

        page = report_page(watch.report(), about_report(watch, "new.csv"))
    """
    hours = hours_from_utc(list(report.days.values()))
    seen = {event.state for event in report.events} | set(report.states)
    colour = colours([*seen, *(state for one in report.days.values() for state in one.states)])
    parts = [
        _head(report, about, hours),
        _events(report.events, colour, hours),
        *_strings(report, colour, hours, seen),
        _examples(report, colour, hours),
        _counts("Rows by state", report.states, report.rows, colour),
        _counts("Rows left out, by reason", report.skipped, report.rows, {}),
    ]
    title = escape(about["data"])
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style></head>\n'
        f"<body>\n{''.join(parts)}</body></html>\n"
    )


def _head(report, about, hours):
    energy = sum((one.energy.sum(0) for one in report.days.values()), np.zeros(2)) / 3.6e6
    lost = sum(event.kwh_lost for event in report.events)
    numbers = [(one.number.min(), one.number.max()) for one in report.days.values() if len(one.number)]
    span = "no row in use"
    if numbers:
        first, last = (900 * int(f(part)) for f, part in zip((min, max), zip(*numbers, strict=True), strict=True))
        span = f"{_date(first, hours)} to {_date(last, hours)}"
    facts = [
        (f"{len(report.events)}", "events"),
        (f"{lost:.2f} kWh", "lost in events"),
        (f"{energy[0]:.1f} of {energy[1]:.1f} kWh", "measured of expected"),
        (f"{report.states.total():,} of {report.rows:,}", "rows used of read"),
        (f"{len(report.days)}", "string" if len(report.days) == 1 else "strings"),
    ]
    shown = "".join(f"<div><b>{value}</b><span class='quiet'>{name}</span></div>" for value, name in facts)
    missing = f"<p>Strings without a row: {escape(', '.join(report.missing))}.</p>\n" if report.missing else ""
    return (
        f"<h1>{escape(about['data'])}</h1>\n<p class='quiet'>{span}, times in {_zone(hours)}. Stated share of false "
        f"alarms: {100 * about['false_alarms']:g} % of normal rows. Model "
        f"{escape(about['model'])}.</p>\n<div class='facts'>{shown}</div>\n{missing}"
    )


def _events(events: list[Event], colour, hours):
    """Events by energy lost; those of a series on one line."""
    if not events:
        return "<h2>Events</h2>\n<p>None.</p>\n"
    ordered = sorted(events, key=lambda event: event.series or 0)
    lines = [[event] for event in ordered if event.series is None]
    lines += [list(one) for number, one in groupby(ordered, key=lambda event: event.series) if number is not None]
    lines.sort(key=lambda line: -sum(event.kwh_lost for event in line))
    rows = []
    for line in lines[:EVENTS]:
        first, last = line[0], line[-1]
        when = f"{_moment(first.start, hours)} to {_until(first, hours)}"
        if len(line) > 1:
            when = (
                f"{len(line)} times, series {first.series}: about {_clock(first.start, hours)} to "
                f"{_clock(first.end, hours)}, {_date(first.start, hours)} to {_date(last.end, hours)}"
            )
        count, kwh = sum(event.rows for event in line), sum(event.kwh_lost for event in line)
        sure = sum(event.probability * event.rows for event in line) / count
        score = sum(event.score * event.rows for event in line) / count
        rows.append(
            f"<tr><td class='n'>{kwh:.2f}</td><td>{_mark(first.state, colour)}</td><td>{escape(first.string)}</td>"
            f"<td class='when'>{when}</td><td class='n'>{count:,}</td><td class='n'>{_share(sure)}</td>"
            f"<td class='n'>{score:.1f}</td></tr>"
        )
    head = _row("kWh lost:n", "state", "string", "when", "rows:n", "sure:n", "score:n")
    more = f"<p>{len(lines) - EVENTS} more are in events.csv.</p>\n" if len(lines) > EVENTS else ""
    return (
        f"<h2>Events, by energy lost</h2>\n<div class='table'><table>{head}{''.join(rows)}</table></div>\n{more}"
        "<p class='quiet'>To teach the monitor, write the true states into events.csv, and give the file to "
        "<code>pyrodgm pv train --labels</code>.</p>\n"
    )


def _strings(report, colour, hours, seen):
    """A plot of each string, in decreasing order of energy lost."""
    lost = {name: sum(event.kwh_lost for event in report.events if event.string == name) for name in report.days}
    names = sorted(lost, key=lambda name: -lost[name])
    states = [name for name in colour if name in seen]
    legend = "".join(f"<span>{_mark(name, colour)}</span>" for name in states)
    legend += "<span><span class='key' style='background:#dfe4ea'></span>power expected</span>"
    legend += "<span><span class='key' style='height:2px;background:#1f5f99'></span>power measured</span>"
    for name in names[:STRINGS]:
        yield (
            f"<h2>String {escape(name)}, day by day</h2>\n<p class='quiet'>{lost[name]:.2f} kWh lost in events. The "
            f"last {SHOWN} days at most; kWh are measured / expected.</p>\n<div class='legend'>{legend}</div>\n"
            f"{days_html(report.days[name], colour, hours)}\n"
        )
    if len(names) > STRINGS:
        yield f"<p>{len(names) - STRINGS} more strings are in rows.parquet.</p>\n"


def _examples(report, colour, hours):
    """The worst rows, each above a healthy one."""
    pairs = [(name, *pair) for name, own in report.examples.items() for pair in own]
    pairs.sort(key=lambda pair: -pair[1].lost)
    if not pairs:
        return ""
    rows = []
    for name, worst, healthy in pairs[:EVENTS]:
        rows.append(_example(name, worst, colour, hours, "pair"))
        if healthy is not None:
            rows.append(_example(name, healthy, colour, hours, "beside"))
    head = _row("string", "time", "state", "score:n", "W/m²:n", "°C:n", "A:n", "expected:n", "V:n", "expected:n", "W:n")
    return (
        "<h2>The worst rows</h2>\n<p class='quiet'>For each state, the row that lost most power, and below it a "
        "healthy row at about the same irradiance and temperature.</p>\n"
        f"<div class='table'><table>{head}{''.join(rows)}</table></div>\n"
    )


def _example(string, row, colour, hours, kind):
    numbers = (row.score, row.poa_global, row.temp_module, row.i_dc, row.i_expected, row.v_dc, row.v_expected)
    digits = (1, 0, 1, 2, 2, 1, 1)
    cells = "".join(f"<td class='n'>{value:.{n}f}</td>" for value, n in zip(numbers, digits, strict=True))
    when = f"{_date(row.time, hours)} {_clock(row.time, hours)}"
    power = f"<td class='n'>{row.i_dc * row.v_dc:.0f} of {row.i_expected * row.v_expected:.0f}</td>"
    return (
        f"<tr class='{kind}'><td>{escape(string)}</td><td>{when}</td><td>{_mark(row.state, colour)}</td>{cells}"
        f"{power}</tr>"
    )


def _counts(title, counts, total, colour):
    if not counts:
        return f"<h2>{title}</h2>\n<p>None.</p>\n"
    rows = "".join(
        f"<tr><td>{_mark(name, colour)}</td><td class='n'>{count:,}</td><td class='n'>{count / total:.1%}</td></tr>"
        for name, count in counts.most_common()
    )
    return f"<h2>{title}</h2>\n<table>{rows}</table>\n"


def _row(*names):
    cells = (name.partition(":") for name in names)
    return "<tr>" + "".join(f"<th class='{kind}'>{name}</th>" for name, _, kind in cells) + "</tr>"


def _mark(state, colour):
    """A state's name after its colour, if it has one."""
    spot = f"<span class='mark' style='background:{colour[state]}'></span>" if state in colour else ""
    return spot + escape(state)


def _share(value):
    return "" if np.isnan(value) else f"{value:.0%}"


def _local(seconds, hours):
    return np.datetime64(int(seconds) + 3600 * hours, "s")


def _date(seconds, hours):
    return str(_local(seconds, hours))[:10]


def _clock(seconds, hours):
    return str(_local(seconds, hours))[11:16]


def _moment(seconds, hours):
    return f"{_date(seconds, hours)} {_clock(seconds, hours)}"


def _until(event, hours):
    """The end of an event: only the time if it ends on the day that it began."""
    same = _date(event.start, hours) == _date(event.end, hours)
    return _clock(event.end, hours) if same else _moment(event.end, hours)


def _zone(hours):
    return "UTC" if not hours else f"UTC{hours:+d}"
