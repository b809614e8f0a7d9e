"""Rows that a model folder keeps for later trainings, so that no state is forgotten.

All rows with a labelled fault are kept. Of the other rows, a bounded number of days per string is kept: days that are
completely normal, and other days. Both kinds are chosen at random among old and new days. Apart from the labelled rows,
the file has a fixed size per string.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pyrodgm.data.pv.extra import need
from pyrodgm.pv.intervals import Interval, label_rows
from pyrodgm.pv.rows import NORMAL, Rows
from pyrodgm.pv.units import QUANTITIES

KEPT_DAYS = 60  # of each string, of normal days and of others
FRINGE = 2 * 3600  # seconds before the first and after the last row kept of a day that count as the same day


class KnownDays:
    """Days that were already sampled.

    Args:
        kept: rows of an earlier sample, or None.
    """

    def __init__(self, kept: Rows | None) -> None:
        self.spans: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}  # days, first and last times
        if kept is None or not len(kept.time):
            return
        for name in set(kept.string.tolist()):
            here = kept.string == name
            days, place = np.unique(kept.day[here], return_inverse=True)
            first, last = np.full(len(days), np.iinfo(np.int64).max), np.full(len(days), np.iinfo(np.int64).min)
            np.minimum.at(first, place, kept.time[here])
            np.maximum.at(last, place, kept.time[here])
            self.spans[name] = days, first - FRINGE, last + FRINGE

    def of(self, string: str, time: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which rows are of a known day ``(N,)``, and the day of each row ``(N,)``; a known day keeps its name."""
        if string not in self.spans:
            return np.zeros(len(time), bool), day
        days, first, last = self.spans[string]
        place = np.maximum(np.searchsorted(first, time, side="right") - 1, 0)
        known = (time >= first[place]) & (time <= last[place])
        return known, np.where(known, days[place], day)


def relabelled(
    kept: Rows, intervals: Sequence[Interval], read: np.ndarray, days: set[tuple[str, int]], normal: set[str]
) -> tuple[Rows, np.ndarray]:
    """Kept rows with the states of an operator's new intervals.

    Args:
        kept: the rows.
        intervals: of any strings.
        read: for each interval, whether the new file has rows in it.
        days: strings and days that the new file has such rows of. They replace the kept rows of the interval and day.
        normal: labels that mean a healthy string.

    Returns:
        The rows, and for each interval whether it has rows among them.
    """
    state, stays, has_rows = kept.state.copy(), np.ones(len(kept.time), bool), np.zeros(len(intervals), bool)
    replaced = [interval for interval, there in zip(intervals, read, strict=True) if there]
    for name in sorted({interval.string for interval in intervals}):
        here = np.flatnonzero(kept.string == name)
        own = state[here]
        has_rows |= label_rows(name, kept.time[here], own, intervals)[1]
        state[here] = own
        again = np.array([(name, day) in days for day in kept.day[here].tolist()], bool)
        stays[here] = ~(label_rows(name, kept.time[here], own, replaced)[0] & again)
    state[np.isin(state, list(normal))] = NORMAL
    return kept._replace(state=state).choose(stays), has_rows


def bounded(rows: Rows, seed: int) -> Rows:
    """The rows that are kept: all faults, and of the other rows at most 60 normal days and 60 other days per string."""
    random, fault = np.random.default_rng([seed, 5]), ~np.isin(rows.state, np.array([NORMAL, None], object))
    stays, states = fault.copy(), rows.states_by_day()
    for name in sorted(set(rows.string.tolist())):
        here, own = rows.string == name, {day: kinds for (string, day), kinds in states.items() if string == name}
        whole = sorted(day for day, kinds in own.items() if kinds == {NORMAL})
        partly = sorted(day for day, kinds in own.items() if kinds != {NORMAL} and kinds & {NORMAL, None})
        for days in (whole, partly):
            stays |= here & ~fault & np.isin(rows.day, random.permutation(days)[:KEPT_DAYS])
    return rows.choose(stays)


def rows_to_bytes(rows: Rows) -> bytes:
    """The rows as a Parquet file."""
    arrow, parquet, file = need("pyarrow"), need("pyarrow.parquet"), io.BytesIO()
    columns = {"string": arrow.array(rows.string, arrow.string()), "day": rows.day, "time": rows.time}
    columns |= {"state": arrow.array(rows.state, arrow.string()), **{name: rows.values[name] for name in QUANTITIES}}
    parquet.write_table(arrow.table(columns), file)
    return file.getvalue()


def read_rows(path: Path) -> Rows:
    """The rows that ``rows_to_bytes`` wrote.

    Raises:
        OSError: if there is no such file.
        ValueError: if it is damaged.
    """
    table = need("pyarrow.parquet").read_table(io.BytesIO(path.read_bytes()))
    columns = {name: table[name].to_numpy() for name in table.column_names}
    values = {name: columns[name] for name in QUANTITIES}
    return Rows(columns["string"], columns["day"], columns["time"], columns["state"], values)
