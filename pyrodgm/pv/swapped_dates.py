"""Finds dates whose day and month may be swapped: consecutive days are then a month apart.

For a file of one date, the remark gives the other reading, if the map's format has day and month as numbers.
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from pyrodgm.pv.logger_map import LoggerMap

DAY = 86_400  # seconds
ONE_DAY, MONTH = 25 * 3600, (27 * DAY, 31 * DAY)  # seconds: longest span of one date, and step of a month


class MonthSteps:
    """Counts the steps of a month between the rows of one day and the rows of another."""

    def __init__(self) -> None:
        self.count = 0
        self._begin: int | None = None  # of the rows since the last step of weeks, or back by days
        self._after_month = False  # whether that was a step of a month after rows of one day

    def add(self, time: np.ndarray) -> None:
        """Count the steps between rows at these times, ``(N,)``; the first is the last of the rows before."""
        if self._begin is None:
            self._begin = int(time[0])
        steps = np.diff(time)
        for i in np.flatnonzero((steps >= MONTH[0]) | (steps <= -DAY)):
            self._jump(int(time[i]), int(steps[i]))

    def finish(self, last: int) -> int:
        """The count, after the last row, at this time."""
        self._jump(last, 0)
        return self.count

    def _jump(self, time, step):
        """Note a step of weeks or back by days, after a row at this time."""
        one_day = time - self._begin < ONE_DAY
        self.count += self._after_month and one_day
        self._after_month = one_day and MONTH[0] <= step <= MONTH[1]
        self._begin = time + step


def remark_on_dates(months: int, first: int, last: int, logger_map: LoggerMap) -> str | None:
    """A remark on dates that may have day and month swapped, or None.

    Args:
        months: number of steps of a month between rows of one day and rows of one day.
        first, last: times of the first and the last row, in seconds.
        logger_map: the map.
    """
    swapped = _swapped(logger_map.time_format)
    if months:
        other = "by the program that wrote them" if swapped is None else f"so that the format should be {swapped}"
        return f"consecutive days are a month apart, {months} times; are day and month swapped, {other}?"
    if swapped is None:
        return None
    zone = ZoneInfo(logger_map.timezone or "UTC")
    day, last_day = (datetime.fromtimestamp(moment, zone).date() for moment in (first, last))
    if day != last_day or day.day > 12 or day.day == day.month:
        return None
    other_day = day.replace(month=day.day, day=day.month)
    return f"the only date is read as {day:%d %B %Y}; with the format {swapped} it is {other_day:%d %B %Y}"


def _swapped(time_format):
    """A format for times with day and month swapped; None for a format without numbers of both."""
    if time_format is None or not {"%d", "%m"} <= set(re.findall("%.", time_format)):
        return None
    return re.sub("%[dm]", lambda found: "%m" if found[0] == "%d" else "%d", time_format)
