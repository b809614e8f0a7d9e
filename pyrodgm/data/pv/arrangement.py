"""On which day a string is in which condition.

``campaign`` is the paper's: each condition on as many days as its share of 15,000 rows needs, one to seven. Snow lies
on the coldest days, N is the clearest day and C the dullest; faults are put on days as they come. ``days`` has each
condition in all weather: the days are sorted by their clearness, and every condition is spread over them evenly.
"""

import numpy as np

from pyrodgm.data.pv.conditions import SHARES

ROWS = 15_000  # of the paper's data
LEAST_IRRADIANCE = 20.0  # W/m²; below, an inverter sleeps


def rows_by_share(rows: int) -> dict[str, int]:
    """How many of so many rows each condition has, by table II; their sum is ``rows``."""
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
        clearness: of each day, its clear-sky index, ``(days,)``.
        temperature: of each day, its mean in °C, ``(days,)``.
        lit_rows: rows of each day with enough light, ``(days,)``.
        rows: recorded in all.
        generator: of NumPy, puts the faults on days.

    Returns:
        A dict from a condition to its days, in their order.

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
    """The condition of each day, ``(days,)`` of names: all in all weather, in the shares of table II.

    A condition of share s is due at ranks (k + u) / s of the days sorted by clearness, k = 0, 1, ..., with u uniform. N
    and C are one here, a healthy string: N on the clearer half of its days, C on the duller.
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
