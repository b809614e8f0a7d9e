"""The rate of false alarms, measured on normal days that were not used for training or thresholds.

Rows of one day, and strings on one date, share their weather. The intervals are therefore over dates, not over rows.

The share of the rows is p, the mean over the days of the strings. Its interval is that of a proportion in a sample of
clusters (Korn and Graubard 1998), which is the one of Clopper and Pearson (1934) for an effective number of rows:

    v  = n / (n - 1) sum over dates of (sum over the date's days of (p_day - p))^2 / days^2
    n* = min(p (1 - p) / v, rows) (z / t)^2,     z, t: 97.5 % quantiles of the normal and of Student's t with n - 1
    B(0.025; n* p, n* (1 - p) + 1)  to  B(0.975; n* p + 1, n* (1 - p))

If no row is a false alarm, n* = n, the number of dates. The interval of the number of events is the exact one of a
Poisson distribution (Garwood 1936), widened by the dispersion f of the counts X over dates:

    f = max(1, sum over dates of (X - E X)^2 / E X / (n - 1)),     E X = the date's days * k / days
    f / days * Gamma(0.025; k / f)  to  f / days * Gamma(0.975; k / f + 1),     k = all events

Two simpler intervals are not used: the mean plus or minus 1.96 standard errors, and a bootstrap over days. False alarms
cluster on few days, so a sample of few days often has none. Both simpler intervals then have length zero. A 95 %
interval should contain the true rate in 95 % of all samples. In simulated samples of two or three days, the simpler
intervals contain it in 17 to 76 % of the samples, and those above in at least 98 %. In samples of 10 to 50 days, with
nearly all alarms in one day of twenty, the simpler ones contain it in 56 to 82 %, and those above in 71 to 99 %.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, gammaincinv, ndtri, stdtrit

from pyrodgm.pv.events import EventsOfString, check_step
from pyrodgm.pv.rows import UNSEEN, number_dates
from pyrodgm.pv.thresholds import Thresholds

WEEK = 7  # days
LOW, HIGH = 0.025, 0.975


class NormalDay(NamedTuple):
    """The normal rows of one day of a string: times in order and scores, ``(N,)``, and probabilities ``(N, K)``."""

    time: np.ndarray
    score: np.ndarray
    probabilities: np.ndarray


class Rate(NamedTuple):
    """A rate, and the ends of its 95 % interval over dates; they are None if a single date cannot give one."""

    value: float
    low: float | None
    high: float | None


class FalseAlarms(NamedTuple):
    """The rate of false alarms on normal days that were not used for training or thresholds.

    Args:
        rows: share of the rows called anything but normal, averaged over the days.
        events: number of events per string and week.
        unseen: share of the rows called unseen.
        faults: share of the rows called a labelled fault.
        days: number of days, counted for each string.
        dates: number of dates; strings share it.
    """

    rows: Rate
    events: Rate
    unseen: float
    faults: float
    days: int
    dates: int


def measure_false_alarms(
    thresholds: Thresholds, further: dict[str, list[NormalDay]], stated: float, minutes: int = 15
) -> FalseAlarms | None:
    """The measured rates for a stated share of false alarms; None if no day is left to measure them on.

    Args:
        thresholds: thresholds of the monitor.
        further: normal days, by string.
        stated: the stated share of false alarms.
        minutes: length of the blocks that events are made of.

    Raises:
        ValueError: if the blocks are too short for the rows of a string, see ``check_step``.
    """
    shares, counts, begins, rows = [], [], [], 0
    for name, its in further.items():
        check_step(name, np.concatenate([day.time for day in its]), minutes)
        for time, score, probabilities in its:
            place, unseen = thresholds.decide(name, score, probabilities, stated)
            state = np.where(unseen, UNSEEN, thresholds.states[place])
            events, nothing = EventsOfString(name, minutes), np.zeros(len(time))
            events.add(time, state, nothing, score, nothing)
            shares.append((unseen.mean(), (~unseen & (place != thresholds.normal)).mean()))
            counts.append(len(events.finish()))
            begins.append(time[0])
            rows += len(time)
    if not shares:
        return None
    unseen, faults = np.array(shares).T
    date = number_dates(np.array(begins))
    return FalseAlarms(
        share_of_rows(unseen + faults, date, rows),
        events_a_week(np.array(counts), date),
        float(unseen.mean()),
        float(faults.mean()),
        len(shares),
        int(date.max()) + 1,
    )


def share_of_rows(shares: np.ndarray, date: np.ndarray, rows: int) -> Rate:
    """The mean share and its interval, see the top of this file.

    Args:
        shares: share of each day of a string, ``(days,)``.
        date: number of each day's date, from 0, ``(days,)``.
        rows: number of rows of all days.
    """
    days, n, p = len(shares), int(date.max()) + 1, float(shares.mean())
    if n < 2:
        return Rate(p, None, None)
    effective = float(n)
    if 0 < p < 1:
        v = n / (n - 1) * (np.bincount(date, shares - p) ** 2).sum() / days**2
        effective = min(p * (1 - p) / v, rows) if v > 0 else rows
        effective *= (ndtri(HIGH) / stdtrit(n - 1, HIGH)) ** 2
    yes, no = effective * p, effective * (1 - p)
    low = float(betaincinv(yes, no + 1, LOW)) if p > 0 else 0.0
    return Rate(p, low, float(betaincinv(yes + 1, no, HIGH)) if p < 1 else 1.0)


def events_a_week(counts: np.ndarray, date: np.ndarray) -> Rate:
    """The number of events per string and week and its interval, see the top of this file.

    Args:
        counts: number of events of each day of a string, ``(days,)``.
        date: number of each day's date, from 0, ``(days,)``.
    """
    days, n, k = len(counts), int(date.max()) + 1, int(counts.sum())
    dispersion = 1.0
    if n > 1 and k > 0:
        expected = np.bincount(date) * k / days
        dispersion = max(1.0, float(((np.bincount(date, counts) - expected) ** 2 / expected).sum() / (n - 1)))
    low = float(gammaincinv(k / dispersion, LOW)) if k > 0 else 0.0
    high = float(gammaincinv(k / dispersion + 1, HIGH))
    return Rate(WEEK * k / days, WEEK * dispersion / days * low, WEEK * dispersion / days * high)


def told(alarms: FalseAlarms | None, stated: float) -> list[str]:
    """The measured rates as lines of text."""
    begin = f"false alarms at a stated {stated:.2%}"
    if alarms is None:
        return [f"{begin}: not measured, because no normal day is left for it; want four normal days of a string"]
    days = f"{alarms.days} other normal day{'s' if alarms.days > 1 else ''}"
    if alarms.dates != alarms.days:
        days += f" of strings, on {alarms.dates} date{'s' if alarms.dates > 1 else ''}"
    rows, events = alarms.rows, alarms.events
    no_rows = "a single date gives no interval" if rows.low is None else f"95%: {rows.low:.2%} to {rows.high:.2%}"
    return [
        f"{begin}, on {days}:",
        f"  {rows.value:.2%} of rows ({no_rows}): {alarms.unseen:.2%} unseen, {alarms.faults:.2%} a fault",
        f"  {events.value:.2g} events per string and week (95%: {events.low:.2g} to {events.high:.2g})",
    ]
