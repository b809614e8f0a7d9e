"""Example rows: the worst row of each state, and healthy rows at similar irradiance and temperature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pyrodgm.pv.rows import NORMAL

CELL = (50.0, 5.0)  # W/m² and °C; the latest healthy row of each such cell is remembered
NEAR = 2.0  # cells at most between a row and the healthy one beside it
FIELDS = ("time", "score", "i_dc", "v_dc", "poa_global", "temp_module", "i_expected", "v_expected")


class Example(NamedTuple):
    """A row: its time, state and score, what was measured, and what a healthy string would have given."""

    time: int
    state: str
    score: float
    i_dc: float
    v_dc: float
    poa_global: float
    temp_module: float
    i_expected: float
    v_expected: float

    @property
    def lost(self) -> float:
        """Expected minus measured power, in W."""
        return self.i_expected * self.v_expected - self.i_dc * self.v_dc


class ExamplesOfString:
    """The worst and the healthy rows of one string.

    Attributes:
        worst: dict from the name of each state except normal to the row that lost most power, ``(8,)``, see ``FIELDS``.
        healthy: the latest normal row of each grid cell of irradiance and temperature, ``(H, 8)``.

    Example::

        examples = ExamplesOfString()
        examples.add(state, table)                  # (N,), (N, 8)
        examples.pairs()                            # a bad row and a healthy one, or None, each
    """

    def __init__(self) -> None:
        self.worst: dict[str, np.ndarray] = {}
        self.healthy = np.zeros((0, len(FIELDS)))

    def add(self, state: np.ndarray, table: np.ndarray) -> None:
        """Add rows in use: their states, and their values in the order of ``FIELDS``."""
        for name in sorted(set(state.tolist()) - {NORMAL}):
            rows = table[state == name]
            if name in self.worst:
                rows = np.concatenate([self.worst[name][None], rows])
            self.worst[name] = rows[(rows[:, 6] * rows[:, 7] - rows[:, 2] * rows[:, 3]).argmax()]
        rows = np.concatenate([self.healthy, table[state == NORMAL]])[::-1]
        self.healthy = rows[np.unique(rows[:, 4:6] // CELL, axis=0, return_index=True)[1]][::-1]

    def pairs(self) -> list[tuple[Example, Example | None]]:
        """Each worst row with the nearest healthy row in irradiance and temperature, or None if none is near."""
        pairs = []
        for state, row in self.worst.items():
            apart = (np.abs(self.healthy[:, 4:6] - row[4:6]) / CELL).max(1)
            is_near = len(apart) and apart.min() <= NEAR
            near = _example(self.healthy[apart.argmin()], NORMAL) if is_near else None
            pairs.append((_example(row, state), near))
        return pairs


def _example(row: np.ndarray, state: str) -> Example:
    time, *numbers = row.tolist()
    return Example(int(time), state, *numbers)
