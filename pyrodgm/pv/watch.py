"""Runs a monitor over the rows of all strings, piece by piece, and keeps the state between two pieces.

Rows of a string that the monitor was not trained on are left out, with the reason ``string not known``. ``quality``
lists the other reasons.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from pyrodgm.pv.days import DaysOfString
from pyrodgm.pv.events import Event, EventsOfString, check_step, seconds_of
from pyrodgm.pv.examples import Example, ExamplesOfString
from pyrodgm.pv.logger import NO_STRING, NO_TIME, Piece
from pyrodgm.pv.monitor_model import Monitor
from pyrodgm.pv.quality import Seen, left_out, skip_reasons
from pyrodgm.pv.readings import COLUMNS, temperature
from pyrodgm.pv.rows import UNSEEN
from pyrodgm.pv.series import number_series


class Report(NamedTuple):
    """The results for a file.

    Args:
        rows: number of rows read.
        states: number of rows in use, by state.
        skipped: number of rows left out, by reason.
        events: see ``Event``, string by string.
        days: the data for the plots of each string.
        examples: the worst rows of each string, each with a healthy one or None.
        units: remarks on quantities whose unit is not known, by name.
        missing: names of the monitor's strings of which no row was read.
    """

    rows: int
    states: Counter[str]
    skipped: Counter[str]
    events: list[Event]
    days: dict[str, DaysOfString]
    examples: dict[str, list[tuple[Example, Example | None]]]
    units: Mapping[str, str] = MappingProxyType({})
    missing: tuple[str, ...] = ()


class Watch:
    """A monitor applied to a file.

    Args:
        monitor: trained on the strings of the file.
        false_alarms: the share of normal rows that may be called something else.
        minutes: length of the blocks that events are made of.

    Example::

        watch = Watch(Monitor.load("roof"), false_alarms=0.01, minutes=15)
        for piece in read_logger("new.csv"):
            watch.take([piece])
        watch.report().events
    """

    def __init__(self, monitor: Monitor, false_alarms: float, minutes: int) -> None:
        self.monitor, self.false_alarms, self.minutes = monitor, false_alarms, minutes
        self.strings: dict[str, _String] = {}
        self.states: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.rows = 0
        self.units: dict[str, str] = {}
        self.unknown = NO_STRING  # name of the first string that the monitor does not know

    def take(self, pieces: Sequence[Piece]) -> dict[str, np.ndarray]:
        """The columns of ``rows.parquet`` for the pieces of one part of the file, in the order of the file."""
        tables: list[dict[str, np.ndarray]] = []
        for piece in pieces:
            self.units.update(piece.units)
            if piece.string in self.monitor.thresholds.scores:
                if piece.string not in self.strings:
                    self.strings[piece.string] = _String(self.monitor, piece.string, self.false_alarms, self.minutes)
                tables.append(self.strings[piece.string].rows(piece))
            else:
                self.unknown = self.unknown or piece.string
                reasons = np.full(len(piece), "string not known", object)
                if piece.string == NO_STRING:
                    reasons = skip_reasons(piece, Seen())
                tables.append(_nothing(piece) | {"skipped": reasons})
            used = tables[-1]["skipped"] == None  # noqa: E711
            self.states.update(Counter(tables[-1]["state"][used].tolist()))
            self.skipped.update(Counter(tables[-1]["skipped"][~used].tolist()))
        order = np.argsort(np.concatenate([piece.row for piece in pieces]), kind="stable")
        self.rows += len(order)
        return {name: np.concatenate([table[name] for table in tables])[order] for name in tables[0]}

    def check_strings(self) -> None:
        """Raise ``ValueError`` if no row so far is of a string that the monitor knows."""
        if not self.strings:
            self.monitor.thresholds.check_string(self.unknown)

    def report(self) -> Report:
        """The results so far."""
        strings = {name: self.strings[name] for name in sorted(self.strings)}
        events = [event for one in strings.values() for event in one.events.so_far()]
        days = {name: one.days for name, one in strings.items()}
        examples = {name: one.examples.pairs() for name, one in strings.items()}
        events = number_series(events, self.monitor.site)
        missing = tuple(sorted(set(self.monitor.thresholds.scores) - set(strings)))
        states, skipped, units = Counter(self.states), Counter(self.skipped), dict(self.units)
        return Report(self.rows, states, skipped, events, days, examples, units, missing)

    def state(self) -> tuple[str, dict[str, np.ndarray]]:
        """The complete state as JSON and arrays, for ``restore``."""
        strings = {name: one.state() for name, one in self.strings.items()}
        about = {"rows": self.rows, "states": self.states, "skipped": self.skipped, "strings": strings}
        about |= {"units": self.units}
        arrays = {
            f"{i}.{key}": np.ascontiguousarray(array)
            for i, one in enumerate(self.strings.values())
            for key, array in one.arrays().items()
        }
        return json.dumps(about), arrays

    def restore(self, about: str, arrays: dict[str, np.ndarray]) -> None:
        """Continue from a ``state``."""
        told = json.loads(about)
        self.rows, self.states, self.skipped = told["rows"], Counter(told["states"]), Counter(told["skipped"])
        self.units = told.get("units", {})  # older versions kept none
        for i, (name, state) in enumerate(told["strings"].items()):
            self.strings[name] = _String(self.monitor, name, self.false_alarms, self.minutes)
            self.strings[name].restore(state, {key: arrays[f"{i}.{key}"] for key in self.strings[name].arrays()})


class _String:
    """One string's rows, piece by piece."""

    def __init__(self, monitor, string, false_alarms, minutes):
        self.monitor, self.string, self.share = monitor, string, false_alarms
        self.seen, self.before, self.events = Seen(), np.zeros(0, np.int64), EventsOfString(string, minutes)
        self.days, self.examples = DaysOfString([*monitor.thresholds.states.tolist(), UNSEEN]), ExamplesOfString()

    def rows(self, piece):
        """The columns of ``rows.parquet``. Events, days and examples are updated as well."""
        check_step(self.string, piece.time[piece.time != NO_TIME], self.events.seconds // 60)
        skipped = left_out(piece, self.seen, COLUMNS[self.monitor.readings.columns])
        used = skipped == None  # noqa: E711
        values = {name: column[used] for name, column in piece.values.items()}
        found = self.monitor.states(self.string, values, self.share)
        time, seconds = piece.time[used], self._seconds(piece.time)[used]
        self.events.add(time, found.state, found.probability, found.score, found.lost * seconds)
        measured, expected = values["i_dc"] * values["v_dc"], found.expected
        self.days.add(time, found.state, measured * seconds, (measured + found.lost) * seconds)
        sensors = (values["i_dc"], values["v_dc"], values["poa_global"], temperature(values))
        self.examples.add(found.state, np.stack([time, found.score, *sensors, *expected], 1))
        columns = _nothing(piece)
        for name in ("state", "probability", "score", "anomaly"):
            columns[name][used] = getattr(found, name)
        return columns | {"skipped": skipped}

    def _seconds(self, time):
        """The seconds that each row stands for; a time that runs back counts as the latest time."""
        time = np.maximum.accumulate(np.concatenate([self.before[-1:], time]))[len(self.before[-1:]) :]
        seconds = np.zeros(len(time), int)
        told = time != NO_TIME
        seconds[told], self.before = seconds_of(time[told], self.before)
        return seconds

    def state(self):
        """The part of the state that is stored as JSON."""
        seen = {"latest": self.seen.latest, "runs": self.seen.runs, "previous": self.seen.previous}
        worst = {name: row.tolist() for name, row in self.examples.worst.items()}
        return {"seen": seen, "before": self.before.tolist(), "events": self.events.state(), "worst": worst}

    def arrays(self):
        """The part of the state that is stored as arrays."""
        days = {"number": self.days.number, "energy": self.days.energy, "counts": self.days.counts}
        return days | {"healthy": self.examples.healthy}

    def restore(self, state, arrays):
        runs = {name: tuple(run) for name, run in state["seen"]["runs"].items()}
        latest = state["seen"]["latest"]
        self.seen = Seen(latest, runs, state["seen"].get("previous", latest))  # older versions kept none
        before = state["before"]  # older versions kept one time or none
        self.before = np.array(before if isinstance(before, list) else [] if before is None else [before], np.int64)
        self.events.restore(state["events"])
        self.days.number, self.days.energy, self.days.counts = (arrays[n] for n in ("number", "energy", "counts"))
        self.examples.healthy = arrays["healthy"]
        self.examples.worst = {name: np.array(row) for name, row in state["worst"].items()}


def _nothing(piece):
    """The columns of ``rows.parquet`` for rows that are all left out, without the reasons."""
    columns = {"time": piece.time, "string": np.full(len(piece), piece.string or None, object)}
    for name, nothing in (("state", None), ("probability", np.nan), ("score", np.nan), ("anomaly", None)):
        columns[name] = np.full(len(piece), nothing, float if nothing is not None else object)
    return columns
