"""Monitors a growing file: reads appended rows and writes every row exactly once, even if the process is killed.

    rows.parquet/part-000001.parquet ...    rows in order; the last part is rewritten as it grows
    follow.safetensors                      the position in the file, and the state of the monitor there
    events.csv, report.html, report.json    as for a complete file

Rows are written before ``follow.safetensors``, and every file is replaced atomically. After a kill in between, rows
beyond the position in ``follow.safetensors`` are removed and read again.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import safetensors.numpy
from safetensors import SafetensorError, safe_open

from pyrodgm.data.pv.extra import need
from pyrodgm.files import make_folder, write
from pyrodgm.pv.appended import Place, read_appended
from pyrodgm.pv.logger_map import LoggerMap
from pyrodgm.pv.monitor import check_settings
from pyrodgm.pv.monitor_model import Monitor
from pyrodgm.pv.report_folder import about_report, own_folder, rows_table, write_report
from pyrodgm.pv.watch import Report, Watch

ROWS_A_PART = 50_000
EVERY = 5.0  # seconds between two checks of the file


def follow_file(
    monitor: Monitor,
    path: str | Path,
    output: str | Path,
    false_alarms: float = 0.01,
    minutes: int = 15,
    logger_map: LoggerMap | None = None,
    until: Callable[[Report], bool] | None = None,
    every: float = EVERY,
) -> Report:
    """Write the states of rows as they are appended to a file. If it is stopped or killed, the same call continues.

    Args:
        monitor, false_alarms, minutes, logger_map: see ``monitor_file``.
        path: of a CSV.
        output: a folder; if it already follows this file, it continues.
        until: a function of the report so far, called whenever the end of the file is reached; True ends the call. None
            to continue for ever.
        every: seconds between two checks of the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: as in ``monitor_file``; if the first rows name only strings that the monitor does not know; for a
            file that is not a CSV, or not the file followed before; for a folder that follows another file, or has
            other settings.

    Example::

        follow_file(Monitor.load("roof"), "new.csv", "following", until=lambda report: report.rows >= 2).states
    """
    check_settings(false_alarms, minutes)
    path, output = Path(path), own_folder(output, monitor.identity)
    if not path.is_file():
        raise FileNotFoundError(f"data: got {path}, want a file that is there")
    if path.suffix.lower() != ".csv":
        raise ValueError(f"data: got {path.name}, want a file that ends in .csv to follow it")
    watch, logger_map = Watch(monitor, false_alarms, minutes), monitor.logger_map if logger_map is None else logger_map
    progress = _Progress(output, watch, about_report(watch, path))
    report = None
    while True:
        before = progress.place
        for pieces, place in read_appended(path, logger_map, before):
            rows = rows_table(watch.take(pieces))
            if watch.unknown:
                watch.check_strings()
            progress.save(rows, place)
        if report is None or progress.place != before:
            report = watch.report()
            write_report(output, report, progress.about)
        if until is not None and until(report):
            return report
        time.sleep(every)


class _Progress:
    """The files that ``follow_file`` writes, and its position."""

    def __init__(self, output, watch, about):
        self.watch, self.about = watch, about
        self.folder, self.file = output / "rows.parquet", output / "follow.safetensors"
        self.place, self.parts, self.rows = Place(), 0, 0  # whole parts, and rows of the part that grows
        if self.file.is_file():
            self._restore()
        else:
            write(output / "report.json", json.dumps(about).encode())  # identifies the rows before there are any
            if self.folder.is_file():
                self.folder.unlink()  # of an earlier report, which is replaced
        make_folder(self.folder, "output")
        self._cut()

    def save(self, table, place):
        """Write rows, and then the position after them."""
        arrow = need("pyarrow")
        if self.rows:
            table = arrow.concat_tables([self._read(self.parts + 1), table])
        for start in range(0, len(table), ROWS_A_PART):
            self._write(self.parts + 1 + start // ROWS_A_PART, table.slice(start, ROWS_A_PART))
        self.parts, self.rows = self.parts + len(table) // ROWS_A_PART, len(table) % ROWS_A_PART
        self.place = place
        state, arrays = self.watch.state()
        told = {"about": self.about, "place": place, "parts": self.parts, "rows": self.rows}
        write(self.file, safetensors.numpy.save(arrays, {"progress": json.dumps(told), "watch": state}))

    def _restore(self):
        try:
            with safe_open(self.file, "np") as file:
                metadata, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            told = json.loads(metadata["progress"])
            found = told["about"]
        except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
            raise ValueError(f"output: got {self.file}, which cannot be read ({error}), want another folder") from error
        if found != self.about:
            raise ValueError(f"output: got a folder that follows {found}, want it for {self.about}, or another folder")
        self.watch.restore(metadata["watch"], arrays)
        self.place, self.parts, self.rows = Place(*told["place"]), told["parts"], told["rows"]

    def _cut(self):
        """Remove rows beyond the position in ``follow.safetensors``. A lost part before it is an error."""
        for path in map(self._path, range(1, self.parts + 1 + (self.rows > 0))):
            if not path.is_file():
                raise ValueError(f"output: got {self.folder} without {path.name}, want it, or another folder")
        for path in sorted(self.folder.glob("part-*")):
            if path.suffix != ".parquet" or int(path.stem.removeprefix("part-")) > self.parts + (self.rows > 0):
                path.unlink()
        if self.rows and len(table := self._read(self.parts + 1)) > self.rows:
            self._write(self.parts + 1, table.slice(0, self.rows))

    def _path(self, number):
        return self.folder / f"part-{number:06}.parquet"

    def _read(self, number):
        return need("pyarrow.parquet").read_table(io.BytesIO(self._path(number).read_bytes()))

    def _write(self, number, table):
        file = io.BytesIO()
        need("pyarrow.parquet").write_table(table, file)
        write(self._path(number), file.getvalue())
