"""The rate of false alarms, measured on normal days that were not used for training or thresholds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pyrodgm.pv.thresholds import Thresholds


class FalseAlarms(NamedTuple):
    """The rate of false alarms on normal days that were not used for training or thresholds.

    Args:
        unseen: share of the rows called unseen, averaged over the days.
        low, high: 95 % interval of that mean, from the variation between days; None for fewer than two days.
        faults: share of the rows that are called a labelled fault.
        days: number of days.
    """

    unseen: float
    low: float | None
    high: float | None
    faults: float
    days: int


def measure_false_alarms(
    thresholds: Thresholds, further: dict[str, list[tuple[np.ndarray, np.ndarray]]], stated: float
) -> FalseAlarms | None:
    """The measured rate for a stated share of false alarms; None if no day is left to measure it on.

    Args:
        thresholds: thresholds of the monitor.
        further: by string, for each day a pair of scores ``(N,)`` and probabilities ``(N, K)`` of normal rows.
        stated: the stated share of false alarms.
    """
    days = []
    for name, its in further.items():
        for score, probabilities in its:
            place, unseen = thresholds.decide(name, score, probabilities, stated)
            days.append((unseen.mean(), (~unseen & (place != thresholds.normal)).mean()))
    if not days:
        return None
    unseen, faults = np.array(days).T
    mean, low, high = float(unseen.mean()), None, None
    if len(days) > 1:
        error = 1.96 * float(unseen.std(ddof=1)) / len(days) ** 0.5
        low, high = max(mean - error, 0.0), min(mean + error, 1.0)
    return FalseAlarms(mean, low, high, float(faults.mean()), len(days))
