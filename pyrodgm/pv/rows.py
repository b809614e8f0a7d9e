"""Rows for training a monitor: a sample of every day of every string, with the state of each row.

A day of a string is a sequence of rows in use without a pause of four hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

NORMAL, UNSEEN = "normal", "unseen"
NIGHT = 4 * 3600  # seconds; a longer time without light is a night
NONE: Counter[str] = Counter()


class Rows(NamedTuple):
    """A sample of rows.

    Args:
        string: name of the string, ``(N,)``.
        day: the day of the string, as the time of its first row, ``(N,)``.
        time: seconds since 1970 in UTC, ``(N,)``.
        state: ``"normal"``, another label, or None if there is no label, ``(N,)``.
        values: dict from pvlib's names to values ``(N,)``; NaN if a value is missing.
        known: number of rows of the file that were skipped because their day had been sampled before.
        skipped: number of rows of the file that were left out, by reason.
        units: remarks on quantities of the file whose unit is not known, by name.
        overridden: states of an operator's intervals that have no row, because later intervals override them all.
    """

    string: np.ndarray
    day: np.ndarray
    time: np.ndarray
    state: np.ndarray
    values: dict[str, np.ndarray]
    known: int = 0
    skipped: Counter[str] = NONE
    units: Mapping[str, str] = MappingProxyType({})
    overridden: tuple[str, ...] = ()

    def take(self, chosen: np.ndarray) -> dict[str, np.ndarray]:
        """The values of some of the rows."""
        return {name: column[chosen] for name, column in self.values.items()}

    def choose(self, chosen: np.ndarray) -> Rows:
        """Some of the rows."""
        string, day, time, state = (column[chosen] for column in self[:4])
        return self._replace(string=string, day=day, time=time, state=state, values=self.take(chosen))

    def states_by_day(self) -> dict[tuple[str, int], set[str | None]]:
        """The states that each day of each string has."""
        found: dict[tuple[str, int], set[str | None]] = {}
        for name, day, state in set(zip(self.string.tolist(), self.day.tolist(), self.state.tolist(), strict=True)):
            found.setdefault((name, day), set()).add(state)
        return found

    def normal_days(self) -> dict[str, list[int]]:
        """The days of each string with only normal rows, in order."""
        days: dict[str, list[int]] = {name: [] for name in sorted(set(self.string.tolist()))}
        for (name, day), states in sorted(self.states_by_day().items()):
            if states == {NORMAL}:
                days[name].append(day)
        return days


def join(first: Rows, second: Rows) -> Rows:
    """Two samples as one, with the remarks and counts of the second one's file."""
    values = {name: np.concatenate([first.values[name], second.values[name]]) for name in first.values}
    pairs = zip(first[:4], second[:4], strict=True)
    string, day, time, state = (np.concatenate(pair) for pair in pairs)
    return second._replace(string=string, day=day, time=time, state=state, values=values)


def number_dates(begins: np.ndarray) -> np.ndarray:
    """The number of the date of each day of a string, from 0, ``(N,)``. Days of one date begin within four hours.

    Args:
        begins: times of the first rows of the days, ``(N,)``, of any strings and in any order.
    """
    moments, place = np.unique(begins, return_inverse=True)
    return (np.cumsum(np.diff(moments, prepend=moments[:1]) > NIGHT))[place]
