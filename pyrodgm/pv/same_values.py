"""Finds strings with the same measured values, such as the total current of an inverter in place of each string's."""

from __future__ import annotations

from collections import Counter

import numpy as np

from pyrodgm.pv.logger import NO_TIME
from pyrodgm.pv.quality import LEAST_IRRADIANCE

DAY = 86_400  # seconds
LEAST_ROWS = 10  # of a day that is compared

Digests = dict[int, tuple[int, int]]  # of one quantity of one string: day -> a number for all its values, and the rows


def add_rows(digests: Digests, time: np.ndarray, values: np.ndarray, poa_global: np.ndarray) -> None:
    """Add the rows in light. A day's number stands for their times and values in any order.

    Args:
        digests: of the quantity, changed in place.
        time: seconds since 1970, ``(N,)``.
        values: of the quantity, ``(N,)``.
        poa_global: irradiance in W/m², ``(N,)``.
    """
    there = (time != NO_TIME) & (poa_global >= LEAST_IRRADIANCE) & (np.abs(values) > 0)
    days, place, rows = np.unique(time[there] // DAY, return_inverse=True, return_counts=True)
    numbers = np.zeros(len(days), np.uint64)
    moment, value = time[there].astype(np.uint64), values[there].view(np.uint64)
    np.add.at(numbers, place, _mixed(_mixed(moment) ^ value))
    for day, number, more in zip(days.tolist(), numbers.tolist(), rows.tolist(), strict=True):
        before, count = digests.get(day, (0, 0))
        digests[day] = (before + number) % 2**64, count + more


def same_strings(digests: dict[str, Digests]) -> dict[str, tuple[list[str], int, int]]:
    """The strings whose values are those of other strings on most days.

    Args:
        digests: by string.

    Returns:
        For each such string: the other strings, the number of days with the same values, and of how many.
    """
    of_day: dict[tuple[int, int], list[str]] = {}  # strings by day and number
    strings_of_day: Counter[int] = Counter()
    for name in sorted(digests):
        for day, (number, rows) in digests[name].items():
            if rows >= LEAST_ROWS:
                of_day.setdefault((day, number), []).append(name)
                strings_of_day[day] += 1
    groups: dict[str, Counter[tuple[str, ...]]] = {}
    for names in of_day.values():
        for name in names if len(names) > 1 else ():
            groups.setdefault(name, Counter())[tuple(names)] += 1
    found = {}
    for name, counts in groups.items():
        days = counts.total()
        of = sum(rows >= LEAST_ROWS and strings_of_day[day] > 1 for day, (_, rows) in digests[name].items())
        if 2 * days > of:
            names = counts.most_common(1)[0][0]
            found[name] = [other for other in names if other != name], days, of
    return found


def _mixed(numbers):
    """Numbers of 64 bits, each replaced by one that looks random (the finaliser of SplitMix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
