"""A logger's file through a monitor, in pieces: what every row is in, and the events.

    rows.parquet    time, string, state, probability, score, anomaly, skipped: one row for each row read, in order
    events.csv      string, start, end, state, probability, score, rows, kwh_lost
    report.json     which model and which file it is of

The files of a report are there when it is whole: until then its rows are beside, in ``rows.parquet.new``.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyrodgm.checks import check_size
from pyrodgm.data.pv.extra import need
from pyrodgm.files import make_folder, write
from pyrodgm.pv.events import Event, EventsOfString, seconds_of
from pyrodgm.pv.logger import NO_TIME, read_logger
from pyrodgm.pv.logger_map import LoggerMap
from pyrodgm.pv.monitor_model import Monitor
from pyrodgm.pv.quality import Seen, left_out
from pyrodgm.pv.readings import COLUMNS

ROWS_AT_ONCE = 50_000


class Report(NamedTuple):
    """What was found in a file.

    Args:
        rows: read.
        states: rows in use by state.
        skipped: rows left out by reason.
        events: see ``Event``, string by string.
    """

    rows: int
    states: Counter
    skipped: Counter
    events: list[Event]


def monitor_file(
    monitor: Monitor,
    path: str | Path,
    output: str | Path,
    false_alarms: float = 0.01,
    minutes: int = 15,
    logger_map: LoggerMap | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Report:
    """Write the states of every row of a file, and its events.

    Args:
        monitor: trained on the same strings.
        path, rows_at_once: see ``read_logger``.
        output: a folder; it may hold an earlier report of the same monitor, which is replaced.
        false_alarms: the share of normal rows that may be called something else, above 0 and below 1.
        minutes: of the blocks that events are made of, see ``pyrodgm.pv.events``.
        logger_map: None for the monitor's own.

    Raises:
        ValueError: as ``read_logger`` does; for strings that the monitor does not know, columns it needs, and a folder
            with another monitor's report.

    Example::

        monitor_file(Monitor.load("roof"), "new.csv", "report").events
    """
    if not 0 < false_alarms < 1:
        raise ValueError(f"false_alarms: got {false_alarms}, want a share above 0 and below 1")
    check_size("minutes", minutes)
    parquet, output = need("pyarrow.parquet"), _own_folder(output, monitor)
    strings, states, skipped, rows = {}, Counter(), Counter(), 0
    logger_map = monitor.logger_map if logger_map is None else logger_map
    beside, schema = output / "rows.parquet.new", _schema()
    try:
        with parquet.ParquetWriter(beside, schema) as file:
            for pieces in _parts(read_logger(path, logger_map, rows_at_once=rows_at_once)):
                tables = []
                for piece in pieces:
                    if piece.string not in strings:
                        strings[piece.string] = _String(monitor, piece.string, false_alarms, minutes)
                    tables.append(strings[piece.string].rows(piece))
                    states.update(Counter(tables[-1]["state"][tables[-1]["skipped"] == None].tolist()))  # noqa: E711
                    skipped.update(Counter(tables[-1]["skipped"].tolist()))
                order = np.argsort(np.concatenate([piece.row for piece in pieces]), kind="stable")
                file.write_table(_table({name: np.concatenate([t[name] for t in tables])[order] for name in tables[0]}))
                rows += len(order)
        del skipped[None]
        events = [event for name in sorted(strings) for event in strings[name].events.finish()]
        write(output / "events.csv", _csv(events))
        os.replace(beside, output / "rows.parquet")
    finally:
        beside.unlink(missing_ok=True)
    about = {"model": monitor.identity, "data": Path(path).name, "false_alarms": false_alarms, "minutes": minutes}
    write(output / "report.json", (json.dumps(about, indent=2) + "\n").encode())
    return Report(rows, states, skipped, events)


class _String:
    """One string's rows, piece by piece."""

    def __init__(self, monitor, string, false_alarms, minutes):
        monitor.thresholds.check_string(string)
        self.monitor, self.string, self.share = monitor, string, false_alarms
        self.seen, self.before, self.events = Seen(), None, EventsOfString(string, minutes)

    def rows(self, piece):
        """The columns of ``rows.parquet``, and on the way the events."""
        skipped = left_out(piece, self.seen, COLUMNS[self.monitor.readings.columns])
        used = skipped == None  # noqa: E711
        found = self.monitor.states(self.string, {n: c[used] for n, c in piece.values.items()}, self.share)
        seconds = self._seconds(piece.time)[used]
        self.events.add(piece.time[used], found.state, found.probability, found.score, found.lost * seconds)
        columns = {"time": piece.time, "string": np.full(len(piece), self.string, object)}
        for name, nothing in (("state", None), ("probability", np.nan), ("score", np.nan), ("anomaly", None)):
            columns[name] = np.full(len(piece), nothing, float if nothing is not None else object)
            columns[name][used] = getattr(found, name)
        return columns | {"skipped": skipped}

    def _seconds(self, time):
        """How long each row stands for; a time that runs back counts as the latest."""
        time = np.maximum.accumulate(np.concatenate([[NO_TIME if self.before is None else self.before], time]))[1:]
        seconds = np.zeros(len(time), int)
        told = time != NO_TIME
        seconds[told] = seconds_of(time[told], self.before)
        self.before = int(time[-1]) if told.any() else self.before
        return seconds


def _parts(pieces):
    """Lists of the pieces of each part of a file."""
    part = []
    for piece in pieces:
        if part and piece.part != part[0].part:
            yield part
            part = []
        part.append(piece)
    if part:
        yield part


def _own_folder(output, monitor):
    """The folder, made, if it holds no other monitor's report."""
    output = Path(output)
    about = output / "report.json"
    if about.is_file():
        try:
            found = json.loads(about.read_text(encoding="utf-8"))["model"]
        except (ValueError, KeyError, TypeError):
            found = "none that can be read"
        if found != monitor.identity:
            raise ValueError(
                f"output: got {output} with a report of another model ({found}), want one of {monitor.identity}, or a "
                "folder without"
            )
    elif any((output / name).exists() for name in ("rows.parquet", "events.csv")):
        raise ValueError(f"output: got {output} with rows or events and no report.json, want a folder without")
    return make_folder(output, "output")


def _schema():
    arrow = need("pyarrow")
    kinds = {
        "time": arrow.timestamp("ms", "UTC"),
        "string": arrow.string(),
        "state": arrow.string(),
        "probability": arrow.float32(),
        "score": arrow.float32(),
        "anomaly": arrow.bool_(),
        "skipped": arrow.string(),
    }
    return arrow.schema(list(kinds.items()))


def _table(columns):
    """Columns as a table; NaN and times that are none are null."""
    arrow, schema = need("pyarrow"), _schema()
    no_time = columns["time"] == NO_TIME
    time = np.where(no_time, 0, columns["time"]).astype("datetime64[s]").astype("datetime64[ms]")
    arrays = [arrow.array(time, arrow.timestamp("ms"), mask=no_time).cast(schema.field("time").type)]
    for name in schema.names[1:]:
        column, kind = columns[name], schema.field(name).type
        arrays.append(arrow.array(column.astype("f4") if kind == arrow.float32() else column, kind, from_pandas=True))
    return arrow.Table.from_arrays(arrays, schema=schema)


def _csv(events):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Event._fields)
    for event in events:
        start, end = (str(np.datetime64(t, "s")) + "+00:00" for t in (event.start, event.end))
        probability = "" if np.isnan(event.probability) else f"{event.probability:.4f}"
        numbers = (probability, f"{event.score:.3f}", event.rows, f"{event.kwh_lost:.4f}")
        writer.writerow([event.string, start, end, event.state, *numbers])
    return text.getvalue().encode()
