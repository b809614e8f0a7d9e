"""Decides which rows are left out because they say nothing about the string, and gives a reason for each.

A row has one reason, the first of these that applies:

    too many cells   more cells than the file has names
    no string        the cell that names the string is empty
    no time          the cell is empty or cannot be read, or lacks the offset from UTC that other cells have
    time repeats     the same time as the row before
    time runs back   earlier than the latest row before
    night            irradiance below 20 W/m², but not below -20
    NAME missing     current, voltage, irradiance, or both temperatures
    NAME out of range; air temperature and wind only where no module temperature is measured, or the model reads them
    NAME stuck       the same value in twelve consecutive rows, except 0 A and 0 V; applies from the twelfth row on

The decision about a row depends only on the rows before it. It is therefore the same for any division of a file into
pieces, and for a file that is read while it grows. A file whose newest row comes first is an error, see ``left_out``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pyrodgm.pv.logger import NO_STRING, NO_TIME, Piece
from pyrodgm.pv.units import RANGES

LEAST_IRRADIANCE = 20.0  # W/m²; below, an inverter sleeps
STUCK = 12  # rows, pvanalytics' definition of a stale value
WATCHED = ("i_dc", "v_dc", "poa_global")
TEMPERATURES = ("temp_module", "temp_air")
BY_AIR = ("temp_air", "wind_speed")  # they give the module temperature where it is not measured
LEAST_STEPS = 10  # between rows that show that the newest comes first


@dataclass
class Seen:
    """The state of one string that is kept between two pieces.

    Args:
        latest: the latest time of all rows so far.
        runs: the last value of each watched quantity, and the number of consecutive rows that have it.
        previous: the time of the last row.
    """

    latest: int = NO_TIME
    runs: dict[str, tuple[float, int]] = field(default_factory=dict)
    previous: int = NO_TIME


def skip_reasons(piece: Piece, seen: Seen, needed: Sequence[str] = ()) -> np.ndarray:
    """The reason why each row is left out, ``(N,)``, or None. ``seen`` carries over from piece to piece of one string.

    Air temperature and wind may be out of range where the module temperature is measured, unless they are ``needed``.

    Example::

        seen = Seen()
        for piece in read_logger("string.csv"):
            used = skip_reasons(piece, seen) == None
    """
    reasons = np.full(len(piece), None, object)

    def because(reason, rows):
        reasons[rows & (reasons == None)] = reason  # noqa: E711

    if piece.too_long is not None:
        because("too many cells", piece.too_long)
    if piece.string == NO_STRING:
        because("no string", np.ones(len(piece), bool))
        return reasons
    because("no time", piece.time == NO_TIME)
    before = np.concatenate([[seen.previous], piece.time])
    latest = np.maximum.accumulate(np.concatenate([[seen.latest], piece.time]))
    because("time repeats", (piece.time == latest[:-1]) & (piece.time == before[:-1]))
    because("time runs back", piece.time <= latest[:-1])
    seen.latest, seen.previous = int(latest[-1]), int(before[-1])
    values = piece.values
    poa = values["poa_global"]
    because("night", (poa < LEAST_IRRADIANCE) & (poa >= RANGES["poa_global"][0]))
    for name in WATCHED:
        because(f"{name} missing", np.isnan(values[name]))
    because("temperature missing", np.all([np.isnan(values[n]) for n in TEMPERATURES if n in values], 0))
    measured = ~np.isnan(values.get("temp_module", np.full(len(piece), np.nan)))
    for name, column in values.items():
        low, high = RANGES[name]
        rows = (column < low) | (column > high)
        because(f"{name} out of range", rows & ~measured if name in BY_AIR and name not in needed else rows)
    for name in WATCHED:
        length = run_lengths(values[name], name, seen)
        because(f"{name} stuck", (length >= STUCK) & (values[name] != 0))
    return reasons


def left_out(piece: Piece, seen: Seen, needed: Sequence[str] = ()) -> np.ndarray:
    """The reason why each row is left out, see ``skip_reasons``, or because a needed quantity is missing, ``(N,)``.

    Raises:
        ValueError: if the file lacks a column that is needed; if its first piece has the newest row first.
    """
    lacking = [name for name in needed if name not in piece.values]
    if lacking:
        raise ValueError(
            f"columns: got a file without {', '.join(lacking)} for string {piece.string!r}, and the model reads "
            f"{', '.join(needed)}: want the file it was trained on, or a model of ratios"
        )
    if seen.latest == NO_TIME:
        steps = np.diff(piece.time[piece.time != NO_TIME])
        if newest_first((steps < 0).sum(), (steps > 0).sum()):
            raise ValueError(
                f"data: got the newest row of string {piece.string!r} first, want the oldest first: reverse the rows "
                "of the file"
            )
    reasons = skip_reasons(piece, seen, needed)
    for name in needed:
        reasons[(reasons == None) & np.isnan(piece.values[name])] = f"{name} missing"  # noqa: E711
    return reasons


def newest_first(back: int, ahead: int) -> bool:
    """Whether a file is in reverse order: at least nine of ten steps in time go back, and ten or more do."""
    return bool(back >= LEAST_STEPS and back >= 9 * ahead)


def run_lengths(column: np.ndarray, name: str, seen: Seen) -> np.ndarray:
    """The number of consecutive rows, up to each row, that have the value of that row, ``(N,)``.

    Args:
        column: values of a quantity, ``(N,)``.
        name: its name.
        seen: carries over from piece to piece of one string.
    """
    value, length = seen.runs.get(name, (np.nan, 0))
    if not len(column):
        return np.zeros(0, int)
    new = np.concatenate([[column[0] != value], column[1:] != column[:-1]])  # NaN differs from itself
    place = np.arange(len(column))
    begin = np.maximum.accumulate(np.where(new, place, -1))
    run = place - begin + 1
    run[begin < 0] += length - 1
    seen.runs[name] = (float(column[-1]), int(run[-1]))
    return run
