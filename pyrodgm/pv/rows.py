"""Rows to learn from: a bounded sample of every day of a logger's file, and what state each row is in.

A day of a string is a run of rows in use without a pause of four hours. Of each state of each day a fixed number of
rows is kept, drawn at random, so that memory grows with days and not with rows, and a short event is not lost among
normal rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyrodgm.data.pv.extra import need
from pyrodgm.pv.check import NIGHT
from pyrodgm.pv.logger import NO_TIME, Piece, read_logger
from pyrodgm.pv.logger_map import LoggerMap
from pyrodgm.pv.quality import Seen, skip_reasons
from pyrodgm.pv.units import QUANTITIES

NORMAL, UNSEEN = "normal", "unseen"
KEPT_A_DAY = 250  # rows of each state of a string's day


class Interval(NamedTuple):
    """What an operator says of a string: its state from one time to another, in seconds since 1970 in UTC."""

    string: str
    start: int
    end: int
    state: str


class Rows(NamedTuple):
    """A sample of a file's rows.

    Args:
        string: name, ``(N,)``.
        day: number of the string's day, ``(N,)``.
        state: ``"normal"``, another label, or None where there is none, ``(N,)``.
        values: by pvlib's names, ``(N,)`` each; NaN where there is none.
        normal_days: numbers of each string's days all rows of which are normal.
    """

    string: np.ndarray
    day: np.ndarray
    state: np.ndarray
    values: dict[str, np.ndarray]
    normal_days: dict[str, list[int]]

    def take(self, chosen):
        """The values of some of the rows."""
        return {name: column[chosen] for name, column in self.values.items()}


def read_intervals(path: str | Path) -> list[Interval]:
    """Intervals of time from a CSV with ``string, start, end, state``, as a monitor writes one.

    Lines without a state, and those that are still ``unseen``, say nothing and are left out.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for columns that are missing, times without an offset, and an end before its start.
    """
    pandas = need("pandas")
    if not Path(path).is_file():
        raise FileNotFoundError(f"labels: got {path}, want a file that is there")
    table = pandas.read_csv(path, dtype=str, keep_default_na=False)
    missing = [name for name in Interval._fields if name not in table.columns]
    if missing:
        raise ValueError(
            f"labels: got {Path(path).name} without {', '.join(missing)}, want {', '.join(Interval._fields)}"
        )
    intervals = []
    for line, row in enumerate(table[list(Interval._fields)].itertuples(index=False), 2):
        if row.state.strip() in ("", UNSEEN):
            continue
        seconds = []
        for name, text in (("start", row.start), ("end", row.end)):
            moment = pandas.to_datetime(text, errors="coerce")
            if moment is pandas.NaT or moment.tzinfo is None:
                raise ValueError(f"labels: got {name} {text!r} in line {line}, want a time with its offset from UTC")
            seconds.append(int(moment.timestamp()))
        if seconds[1] < seconds[0]:
            raise ValueError(f"labels: got an end before its start in line {line}, want it after")
        intervals.append(Interval(row.string.strip(), *seconds, row.state.strip()))
    return intervals


def left_out(piece: Piece, seen: Seen, needed: Sequence[str] = ()) -> np.ndarray:
    """Why each row is left out, ``(N,)``: see ``skip_reasons``; and for a value that is needed besides.

    Raises:
        ValueError: where the file lacks a column that is needed.
    """
    lacking = [name for name in needed if name not in piece.values]
    if lacking:
        raise ValueError(
            f"columns: got a file without {', '.join(lacking)} for string {piece.string!r}, and the model reads "
            f"{', '.join(needed)}: want the file it was trained on, or a model of ratios"
        )
    reasons = skip_reasons(piece, seen)
    for name in needed:
        reasons[(reasons == None) & np.isnan(piece.values[name])] = f"{name} missing"  # noqa: E711
    return reasons


def sample_rows(
    path: str | Path,
    logger_map: LoggerMap | None = None,
    label: str | None = None,
    normal: Sequence[str] = (),
    intervals: Sequence[Interval] = (),
    needed: Sequence[str] = (),
    seed: int = 0,
) -> Rows:
    """Read a file once, and keep some rows of every state of every day.

    Args:
        path, logger_map: see ``read_logger``.
        label: a column of states; None where every row is normal unless an interval says otherwise.
        normal: labels that mean a healthy string.
        intervals: states that go before the column's.
        needed: quantities without which a row is left out.
        seed: fixes the draw.

    Raises:
        ValueError: as ``read_logger`` does; for labels that are missing, reserved names, and intervals without a row.
    """
    normal = {*normal, NORMAL}
    random, seen, last, days, held = np.random.default_rng(seed), {}, {}, {}, {}
    used_by, found = np.zeros(len(intervals), bool), set()
    for piece in read_logger(path, logger_map, label):
        name = piece.string
        used = left_out(piece, seen.setdefault(name, Seen()), needed) == None  # noqa: E711
        time = piece.time[used]
        if not len(time):
            continue
        state = np.full(len(time), NORMAL, object) if label is None else _texts(piece.state[used])
        found.update(set(state.tolist()) - {None})
        for i, interval in enumerate(intervals):
            if interval.string == name:
                inside = (time >= interval.start) & (time <= interval.end)
                state[inside] = interval.state
                used_by[i] |= inside.any()
        state[np.isin(state, list(normal))] = NORMAL
        new = np.diff(time, prepend=last.get(name, NO_TIME // 2)) > NIGHT
        day = days.get(name, -1) + np.cumsum(new)
        last[name], days[name] = int(time[-1]), int(day[-1])
        columns = [piece.values.get(quantity, np.full(len(piece), np.nan))[used] for quantity in QUANTITIES]
        table = np.stack([random.random(len(time)), *columns], 1)
        for number in np.unique(day):
            for kind in set(state[day == number].tolist()):
                key = name, int(number), kind
                rows = np.concatenate([held.get(key, table[:0]), table[(day == number) & (state == kind)]])
                held[key] = rows[np.argsort(rows[:, 0], kind="stable")[:KEPT_A_DAY]]
    _check(path, label, normal, intervals, used_by, found, held)
    whole = {}
    for name, number, kind in held:
        whole.setdefault((name, number), set()).add(kind)
    normal_days = {name: [] for name in days}
    for (name, number), kinds in whole.items():
        if kinds == {NORMAL}:
            normal_days[name].append(number)
    sizes = [len(rows) for rows in held.values()]
    string, day, state = (np.repeat(np.array(part, object), sizes) for part in zip(*held, strict=True))
    values = np.concatenate(list(held.values()))[:, 1:]
    return Rows(string, day.astype(int), state, dict(zip(QUANTITIES, values.T, strict=True)), normal_days)


def _texts(state):
    """Labels as text, whole numbers without a point, None where a cell is empty."""
    texts = np.full(len(state), None, object)
    for i, label in enumerate(state.tolist()):
        if label is not None:
            texts[i] = (f"{label:g}" if isinstance(label, float) else str(label).strip()) or None
    return texts


def _check(path, label, normal, intervals, used_by, found, held):
    """Raise ``ValueError`` for a file without rows in use, and for labels and intervals that are none."""
    if not held:
        raise ValueError(f"data: got {Path(path).name} without a row in use, want some: see pyrodgm pv check")
    for interval, used in zip(intervals, used_by, strict=True):
        if not used:
            start, end = (str(np.datetime64(t, "s")) + "Z" for t in (interval.start, interval.end))
            raise ValueError(
                f"labels: got {interval.state!r} of string {interval.string!r} from {start} to {end}, without a row in "
                "use there, want an interval of the data"
            )
    states = found | {interval.state for interval in intervals}
    if UNSEEN in states:
        raise ValueError(f"label: got a state {UNSEEN!r}, want another name: it is the monitor's own")
    if label is None:
        return
    strange = sorted(normal - states - {NORMAL})
    if strange or not states & normal:
        got = repr(strange[0]) if strange else "nothing"
        raise ValueError(f"normal: got {got}, want one of the labels: {', '.join(sorted(states))}")
