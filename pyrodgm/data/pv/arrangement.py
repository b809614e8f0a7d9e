"""The condition of a string on each day.

``campaign`` follows the paper: each condition lasts for as many days as its share of 15,000 rows needs, one to seven.
Snow lies on the coldest days, N takes the clearest days and C the dullest. Faults are put on random days. ``days`` has
each condition in all weather: the days are sorted by clearness, and every condition is spread over them evenly.
"""

import numpy as np

from pyrodgm.data.pv.conditions import SHARES

ROWS = 15_000  # in the paper's data
LEAST_IRRADIANCE = 20.0  # W/m²; an inverter is off below


def rows_by_share(rows: int) -> dict[str, int]:
    """Number of rows of each condition by table II. Their sum is ``rows``."""
    exact = {name: share * rows / sum(SHARES.values()) for name, share in SHARES.items()}
    counts = {name: int(value) for name, value in exact.items()}
    for name in sorted(exact, key=lambda name: counts[name] - exact[name])[: rows - sum(counts.values())]:
        counts[name] += 1
    return counts


def campaign(
    clearness: np.ndarray, temperature: np.ndarray, lit_rows: np.ndarray, rows: int, generator: np.random.Generator
) -> dict[str, list[int]]:
    """The days of each condition.

    Args:
        clearness: clear-sky index of each day, ``(days,)``.
        temperature: mean temperature of each day in °C, ``(days,)``.
        lit_rows: number of rows with enough light on each day, ``(days,)``.
        rows: total number of rows recorded.
        generator: NumPy random generator for the days of the faults.

    Returns:
        A dict from each condition to its days, in order.

    Raises:
        ValueError: if there are too few days.
    """
    free = np.ones(len(clearness), bool)
    faults = generator.permutation(len(clearness))
    orders = {"S": np.argsort(temperature), "N": np.argsort(-clearness), "C": np.argsort(clearness)}
    chosen: dict[str, list[int]] = {}
    counts = rows_by_share(rows)
    for name in ("S", "N", "C", *(name for name in counts if name not in orders)):
        chosen[name], left = [], counts[name]
        for day in orders.get(name, faults):
            if left > 0 and free[day] and lit_rows[day] > 0:
                chosen[name].append(int(day))
                free[day], left = False, left - lit_rows[day]
        if left > 0:
            raise ValueError(f"num_days: got {len(clearness)}, want more: {name} lacks {left} of {counts[name]} rows")
        chosen[name].sort()
    return chosen


def spread(clearness: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The name of each day's condition, ``(days,)``: each in all weather, with the shares of table II.

    The days are sorted by clearness. A condition of share s is due at the ranks (k + u) / s, k = 0, 1, ..., with u
    uniform. N and C count as one condition, a healthy string. The clearer half of its days is N, the duller half C.
    """
    shares = {name: share for name, share in SHARES.items() if name not in ("N", "C")}
    shares["healthy"] = SHARES["N"] + SHARES["C"]
    due = []
    for name, share in shares.items():
        first = generator.uniform()
        due += [((k + first) / share, name) for k in range(len(clearness))]
    names = [name for _, name in sorted(due)[: len(clearness)]]
    state = np.empty(len(clearness), object)
    state[np.argsort(clearness, kind="stable")] = names
    healthy = np.flatnonzero(state == "healthy")
    middle = np.median(clearness)
    state[healthy] = np.where(clearness[healthy] >= middle, "N", "C")
    return state
