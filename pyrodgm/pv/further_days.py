"""All normal rows of further days, read from the file again.

A training sample holds only some rows of a day. Events are blocks of consecutive rows, so they must be counted on all
rows. If a day is no longer in the file, only its sampled rows are left, and events may be missed. In one measurement,
eight days of one-minute rows had eleven events, of which nine were found in 250 rows a day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pyrodgm.pv.false_alarms import NormalDay
from pyrodgm.pv.kept_rows import KnownDays
from pyrodgm.pv.logger import read_logger
from pyrodgm.pv.logger_map import LoggerMap
from pyrodgm.pv.quality import Seen, left_out
from pyrodgm.pv.rows import Rows


def read_further_days(
    path: str | Path,
    logger_map: LoggerMap | None,
    needed: Sequence[str],
    sample: Rows,
    score_of: Callable[[str, dict[str, np.ndarray]], tuple[np.ndarray, np.ndarray]],
) -> dict[str, list[NormalDay]]:
    """The scores of all rows of the days in a sample, by string. Without days, the file is not read.

    Args:
        path, logger_map: see ``read_logger``.
        needed: quantities without which a row is left out.
        sample: rows of these days only.
        score_of: gives probabilities ``(N, K)`` and scores ``(N,)`` of a string's rows.
    """
    found: dict[tuple[str, int], list[NormalDay]] = {}
    days, seen = KnownDays(sample), dict[str, Seen]()
    for piece in read_logger(path, logger_map) if days.spans else ():
        used = left_out(piece, seen.setdefault(piece.string, Seen()), needed) == None  # noqa: E711
        ours, day = days.of(piece.string, piece.time, piece.time)
        here = np.flatnonzero(used & ours)
        if len(here):
            probabilities, score = score_of(piece.string, {n: column[here] for n, column in piece.values.items()})
            for number in np.unique(day[here]):
                its = day[here] == number
                rows = NormalDay(piece.time[here][its], score[its], probabilities[its])
                found.setdefault((piece.string, int(number)), []).append(rows)
    further: dict[str, list[NormalDay]] = {}
    for name, number in sorted(set(zip(sample.string.tolist(), sample.day.tolist(), strict=True))):
        its = np.flatnonzero((sample.string == name) & (sample.day == number))
        parts = found.get((name, number), [])
        if sum(len(part.time) for part in parts) < len(its):
            its = its[np.argsort(sample.time[its])]
            probabilities, score = score_of(name, sample.take(its))
            parts = [NormalDay(sample.time[its], score, probabilities)]
        further.setdefault(name, []).append(NormalDay(*map(np.concatenate, zip(*parts, strict=True))))
    return further
