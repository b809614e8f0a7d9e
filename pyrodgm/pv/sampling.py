"""Draws a training sample from a logger's file, with a limit for every day.

For each state of each day, a fixed number of rows is chosen at random. Memory therefore grows with the number of days,
not with the number of rows. A short event is not lost among normal rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pyrodgm.pv.csv_tables import NOTHING
from pyrodgm.pv.intervals import Interval, label_rows
from pyrodgm.pv.kept_rows import KnownDays, relabelled
from pyrodgm.pv.logger import NO_TIME, read_logger
from pyrodgm.pv.logger_map import LoggerMap
from pyrodgm.pv.quality import Seen, left_out
from pyrodgm.pv.rows import NIGHT, NORMAL, UNSEEN, Rows, join
from pyrodgm.pv.units import QUANTITIES

KEPT_A_DAY = 250  # rows of each state of a string's day


def sample_rows(
    path: str | Path,
    logger_map: LoggerMap | None = None,
    label: str | None = None,
    normal: Sequence[str] = (),
    intervals: Sequence[Interval] = (),
    needed: Sequence[str] = (),
    seed: int = 0,
    kept: Rows | None = None,
) -> Rows:
    """Read a file once, and keep some rows of every state of every day.

    Args:
        path, logger_map: see ``read_logger``.
        label: name of a column of states. If None, every row is normal unless an interval says otherwise.
        normal: labels that mean a healthy string.
        intervals: intervals whose states override those of the column.
        needed: quantities without which a row is left out.
        seed: fixes the draw.
        kept: rows of an earlier sample, which come first in the new one. Rows of the file from the same days are
            skipped, except inside an interval. Intervals also change the states of kept rows.

    Raises:
        ValueError: as in ``read_logger``; for missing labels, reserved names, and intervals without a row.

    Example::

        sample = sample_rows("string.csv", label="state", normal=("N", "C"))
        sample.values["i_dc"], sample.state, sample.skipped
    """
    healthy, random, days = {*normal, NORMAL}, np.random.default_rng(seed), KnownDays(kept)
    seen: dict[str, Seen] = {}
    last: dict[str, int] = {}  # latest time of each string
    day_of: dict[str, int] = {}  # its latest day
    held: dict[tuple[str, int, str | None], np.ndarray] = {}  # chosen rows, by string, day and state
    found: set[str] = set()
    skipped: Counter[str] = Counter()
    units: dict[str, str] = {}
    in_file, passed = np.zeros(len(intervals), bool), 0
    for piece in read_logger(path, logger_map, label):
        name = piece.string
        reasons = left_out(piece, seen.setdefault(name, Seen()), needed)
        used = reasons == None  # noqa: E711
        skipped.update(reasons[~used].tolist())
        units.update(piece.units)
        time = piece.time[used]
        if not len(time):
            continue
        state = np.full(len(time), NORMAL, object) if piece.state is None else _texts(piece.state[used])
        found.update(set(state.tolist()) - {None})
        told, rows_in = label_rows(name, time, state, intervals)
        in_file |= rows_in
        state[np.isin(state, list(healthy))] = NORMAL
        new = np.diff(time, prepend=last.get(name, NO_TIME // 2)) > NIGHT
        day = np.maximum.accumulate(np.where(new, time, day_of.get(name, NO_TIME)))
        last[name], day_of[name] = int(time[-1]), int(day[-1])
        known, day = days.of(name, time, day)
        columns = [piece.values.get(quantity, np.full(len(piece), np.nan))[used] for quantity in QUANTITIES]
        table = np.stack([random.random(len(time)), time, *columns], 1)
        passed += int((known & ~told).sum())
        for number in np.unique(day):
            for kind in dict.fromkeys(state[day == number].tolist()):  # the order of a set differs between processes
                key, here = (name, int(number), kind), (day == number) & (state == kind) & (told | ~known)
                if here.any():
                    rows = np.concatenate([held.get(key, table[:0]), table[here]])
                    held[key] = rows[np.argsort(rows[:, 0], kind="stable")[:KEPT_A_DAY]]
    rows = _rows(held)._replace(known=passed, skipped=skipped, units=units)
    if kept is not None:
        earlier, in_kept = relabelled(kept, intervals, in_file, {key[:2] for key in held}, healthy)
        rows, in_file = join(earlier, rows), in_file | in_kept
    _check(path, label, healthy, intervals, in_file, found, rows)
    named = {interval.state for interval in intervals if interval.state is not None} - healthy
    return rows._replace(overridden=tuple(sorted(named - set(rows.state.tolist()))))


def _rows(held):
    """The chosen rows, by string, day and state, as a sample."""
    sizes = [len(rows) for rows in held.values()]
    keys = zip(*held, strict=True) if held else ((), (), ())
    string, day, state = (np.repeat(np.array(part, object), sizes) for part in keys)
    table = np.concatenate([np.zeros((0, 2 + len(QUANTITIES))), *held.values()])
    values = dict(zip(QUANTITIES, table[:, 2:].T, strict=True))
    return Rows(string, day.astype(np.int64), table[:, 1].astype(np.int64), state, values)


def _texts(state):
    """Labels as text: whole numbers without a decimal point, None for an empty cell or a word for one."""
    texts = np.full(len(state), None, object)
    for i, label in enumerate(state.tolist()):
        if label is not None:
            text = str(label).removesuffix(".0") if isinstance(label, float) else str(label).strip()
            texts[i] = None if text in NOTHING else text
    return texts


def _check(path, label, normal, intervals, used, found, rows):
    """Raise ``ValueError`` for a file without rows in use, and for invalid labels and intervals."""
    if not len(rows.time):
        raise ValueError(f"data: got {Path(path).name} without a row in use, want some: see pyrodgm pv check")
    for interval, has_rows in zip(intervals, used, strict=True):
        if not has_rows and interval.state is not None:
            start, end = (str(np.datetime64(t, "s")) + "Z" for t in (interval.start, interval.end))
            raise ValueError(
                f"labels: got {interval.state!r} of string {interval.string!r} from {start} to {end}, without a row in "
                "use there, want an interval of the data"
            )
    states = found | {interval.state for interval in intervals} - {None}
    if UNSEEN in states:
        raise ValueError(f"label: got a state {UNSEEN!r}, want another name: it is the monitor's own")
    if label is None:
        return
    strange = sorted(normal - states - {NORMAL})
    if strange or not states & normal:
        got = repr(strange[0]) if strange else "nothing"
        got += ", which counts as an empty cell" if strange and strange[0] in NOTHING else ""
        raise ValueError(f"normal: got {got}, want one of the labels: {', '.join(sorted(states))}")
