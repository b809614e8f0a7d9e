"""Data for the plots of a report: state, measured and expected energy of every quarter of an hour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

QUARTER = 900  # seconds
MOST = 9_000  # latest quarter-hours with light that are kept for a string: five months or more


class DaysOfString:
    """Quarter-hours of one string; rows are added in the order of time.

    Args:
        states: the states that a row can have.

    Attributes:
        number: of each quarter, the seconds since 1970 over 900, ``(Q,)``.
        energy: measured and expected, in J, ``(Q, 2)``.
        counts: rows in each state, ``(Q, K)``.

    Example::

        days = DaysOfString(["normal", "IV"])
        days.add(time, state, joules, joules)       # (N,) each
        days.state                                  # what most rows of each quarter are in, (Q,)
    """

    def __init__(self, states: Sequence[str]) -> None:
        self.states = list(states)
        self.number, self.energy = np.zeros(0, np.int64), np.zeros((0, 2))
        self.counts = np.zeros((0, len(self.states)), np.int32)

    def add(self, time: np.ndarray, state: np.ndarray, measured: np.ndarray, expected: np.ndarray) -> None:
        """Add rows in use; ``measured`` and ``expected`` are the energy of each row, in J."""
        number, place = np.unique(time // QUARTER, return_inverse=True)
        energy, counts = np.zeros((len(number), 2)), np.zeros((len(number), len(self.states)), np.int32)
        np.add.at(energy, place, np.stack([measured, expected], 1))
        for i, name in enumerate(self.states):
            np.add.at(counts[:, i], place, state == name)
        if len(number) and len(self.number) and number[0] == self.number[-1]:
            energy[0] += self.energy[-1]
            counts[0] += self.counts[-1]
            self.number, self.energy, self.counts = self.number[:-1], self.energy[:-1], self.counts[:-1]
        self.number = np.concatenate([self.number, number])[-MOST:]
        self.energy = np.concatenate([self.energy, energy])[-MOST:]
        self.counts = np.concatenate([self.counts, counts])[-MOST:]

    @property
    def state(self) -> np.ndarray:
        """The state that most rows of each quarter are in, ``(Q,)``."""
        return np.array(self.states, object)[self.counts.argmax(1)]


def hours_from_utc(days: Sequence[DaysOfString]) -> int:
    """The offset from UTC, in whole hours, that puts the centre of the expected energy of a day at noon."""
    turn, total = 2 * np.pi * QUARTER / 86_400, 0j
    for one in days:
        total += (np.maximum(one.energy[:, 1], 0) * np.exp(1j * turn * (one.number + 0.5))).sum()
    return round((12 - np.angle(total) * 12 / np.pi + 12) % 24 - 12) if total else 0
