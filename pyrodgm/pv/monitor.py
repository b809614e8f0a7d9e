"""Monitors a logger's file: writes the state of every row, the events, and an HTML report.

The files are described in ``report_folder``. Rows are first written to ``rows.parquet.new``, which is renamed at the
end.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyrodgm.checks import check_size
from pyrodgm.data.pv.extra import need
from pyrodgm.pv.logger import Piece, read_logger
from pyrodgm.pv.logger_map import LoggerMap
from pyrodgm.pv.monitor_model import Monitor
from pyrodgm.pv.report_folder import about_report, own_folder, rows_schema, rows_table, write_report
from pyrodgm.pv.watch import Report, Watch

ROWS_AT_ONCE = 50_000


def monitor_file(
    monitor: Monitor,
    path: str | Path,
    output: str | Path,
    false_alarms: float = 0.01,
    minutes: int = 15,
    logger_map: LoggerMap | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Report:
    """Write the states of all rows of a file, the events and the report.

    Args:
        monitor: a monitor trained on the same strings.
        path, rows_at_once: see ``read_logger``.
        output: a folder; an earlier report of the same monitor in it is replaced.
        false_alarms: share of normal rows that may be classified as something else, above 0 and below 1.
        minutes: length of the time blocks that form events, see ``pyrodgm.pv.events``.
        logger_map: None for the map used in training.

    Raises:
        ValueError: as in ``read_logger``; for blocks too short for the rows, see ``check_step``; for a file without a
            string that the monitor knows, missing columns, a folder with another monitor's report, or a folder that
            follows a file.

    Example::

        monitor_file(Monitor.load("roof"), "new.csv", "report").events
    """
    check_settings(false_alarms, minutes)
    parquet, output = need("pyarrow.parquet"), own_folder(output, monitor.identity)
    if (output / "rows.parquet").is_dir():
        raise ValueError(f"output: got {output} with a report that follows a file, want --follow or another folder")
    watch, logger_map = Watch(monitor, false_alarms, minutes), monitor.logger_map if logger_map is None else logger_map
    beside = output / "rows.parquet.new"
    try:
        with parquet.ParquetWriter(beside, rows_schema()) as file:
            for pieces in by_part(read_logger(path, logger_map, rows_at_once=rows_at_once)):
                file.write_table(rows_table(watch.take(pieces)))
        watch.check_strings()
        os.replace(beside, output / "rows.parquet")
    finally:
        beside.unlink(missing_ok=True)
    report = watch.report()
    write_report(output, report, about_report(watch, path))
    return report


def check_settings(false_alarms: float, minutes: int) -> None:
    """Raise ``ValueError`` for an invalid share of false alarms or length of blocks."""
    if not 0 < false_alarms < 1:
        raise ValueError(f"false_alarms: got {false_alarms}, want a share above 0 and below 1")
    check_size("minutes", minutes)


def by_part(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """The pieces of a file, as one list per part of the file."""
    part: list[Piece] = []
    for piece in pieces:
        if part and piece.part != part[0].part:
            yield part
            part = []
        part.append(piece)
    if part:
        yield part
