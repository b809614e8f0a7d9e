"""Labels from an operator: time intervals with a state, from a CSV such as ``events.csv`` of a monitor."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyrodgm.data.pv.extra import need
from pyrodgm.pv.csv_tables import NOTHING, csv_header
from pyrodgm.pv.rows import UNSEEN


class Interval(NamedTuple):
    """A label from an operator: the state of a string between two times, in seconds since 1970 in UTC.

    The state is None if it is not known.
    """

    string: str
    start: int
    end: int
    state: str | None


def read_intervals(path: str | Path) -> list[Interval]:
    """Time intervals from a CSV with the columns ``string, start, end, state``, such as one that a monitor wrote.

    In an interval without a state, or one that is still ``unseen``, the state is not known: it becomes None. The
    separator is a comma, a semicolon or a tab. Lines of empty cells, as a spreadsheet program may write, are ignored.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for an empty file, missing columns, other times than ISO 8601 with an offset, and an end before its
            start.

    Example::

        intervals = read_intervals("events.csv")
        [interval for interval in intervals if interval.state is None]      # not labelled yet
    """
    pandas = need("pandas")
    if not Path(path).is_file():
        raise FileNotFoundError(f"labels: got {path}, want a file that is there")
    want = ", ".join(Interval._fields)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        if not text.strip():
            raise ValueError(f"labels: got {Path(path).name}, which is empty, want {want}")
        separator = csv_header(text.split("\n", 1)[0])[0]
        options = {"dtype": str, "keep_default_na": False, "skip_blank_lines": False}
        table = pandas.read_csv(io.StringIO(text), sep=separator, **options).rename(columns=str.strip)
    except (pandas.errors.ParserError, UnicodeDecodeError) as error:
        reason = str(error).strip()
        raise ValueError(f"labels: got {Path(path).name}, which cannot be read ({reason}), want {want}") from error
    missing = [name for name in Interval._fields if name not in table.columns]
    if missing:
        raise ValueError(f"labels: got {Path(path).name} without {', '.join(missing)}, want {want}")
    intervals = []
    for line, row in enumerate(table[list(Interval._fields)].itertuples(index=False), 2):
        if not any(cell.strip() for cell in row):
            continue
        seconds: list[int] = []
        for name, text in (("start", row.start), ("end", row.end)):
            moment = pandas.to_datetime(text.strip(), format="ISO8601", errors="coerce")
            if moment is pandas.NaT or moment.tzinfo is None:
                raise ValueError(
                    f"labels: got {name} {text!r} in line {line}, want a time with its offset from UTC such "
                    "as 2022-01-31T14:05:00-07:00"
                )
            seconds.append(int(moment.timestamp()))
        start, end = seconds
        if end < start:
            raise ValueError(f"labels: got an end before its start in line {line}, want it after")
        state = row.state.strip()
        intervals.append(Interval(row.string.strip(), start, end, None if state in (*NOTHING, UNSEEN) else state))
    return intervals


def label_rows(
    string: str, time: np.ndarray, state: np.ndarray, intervals: Sequence[Interval]
) -> tuple[np.ndarray, np.ndarray]:
    """Replace the states of rows of one string by those of intervals; a later interval overrides an earlier one.

    Args:
        string: name of the string.
        time: times of the rows, ``(N,)``.
        state: states of the rows, ``(N,)``; changed in place.
        intervals: intervals of any strings.

    Returns:
        Which rows are in an interval ``(N,)``, and for each interval whether it has rows.
    """
    told, has_rows = np.zeros(len(time), bool), np.zeros(len(intervals), bool)
    for i, interval in enumerate(intervals):
        if interval.string == string:
            inside = (time >= interval.start) & (time <= interval.end)
            state[inside] = interval.state
            told, has_rows[i] = told | inside, inside.any()
    return told, has_rows
