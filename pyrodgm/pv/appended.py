"""Reads complete lines that were appended to a CSV since the last read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pyrodgm.pv.csv_tables import csv_header, csv_tables, with_decimal
from pyrodgm.pv.logger import Piece, pieces_of
from pyrodgm.pv.logger_map import LoggerMap, sources

BYTES = 4_000_000  # of the file at a time
TAIL = 200  # bytes before a position that show whether it is the same file


class Place(NamedTuple):
    """A position in a file.

    Args:
        offset: number of bytes read, up to the end of a line.
        rows: number of rows read.
        header: the first line of the file; another file is recognised by a different one.
        tail: the last bytes of the rows before the position, as Latin-1; another file is recognised by different ones.
    """

    offset: int = 0
    rows: int = 0
    header: str = ""
    tail: str = ""


def read_appended(path: Path, logger_map: LoggerMap, place: Place) -> Iterator[tuple[list[Piece], Place]]:
    """Read from a position to the end of the last complete line; an incomplete last line is left for the next call.

    Args:
        path: path of the file, which ends in ``.csv``.
        logger_map: see ``load_map``.
        place: the position up to which it was read, at first ``Place()``.

    Yields:
        The pieces of some lines, and the position after them.

    Raises:
        ValueError: as in ``read_logger``; for a file whose first line or rows before the position have changed, or that
            is shorter than before.
    """
    with path.open("rb") as file:
        first = file.readline()
        if not first.endswith(b"\n"):
            return
        try:
            header = first.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"data: got {path.name}, which is not text ({error}), want a CSV in UTF-8") from error
        if place.header and header != place.header:
            raise ValueError(
                f"data: got {path.name} with another first line than before, want the file that was followed"
            )
        if not place.header:
            place = Place(len(first), 0, header)
        if file.seek(0, io.SEEK_END) < place.offset:
            raise ValueError(f"data: got {path.name}, shorter than what was read from it, want a file that grows")
        file.seek(place.offset - len(place.tail))
        if file.read(len(place.tail)) != place.tail.encode("latin-1"):
            raise ValueError(
                f"data: got {path.name} with rows that differ from those read before, want the file that was followed"
            )
        separator, names = csv_header(header)
        logger_map = with_decimal(logger_map, separator)
        strings = sources(logger_map, names)
        while True:
            file.seek(place.offset)
            lines = file.read(BYTES)
            lines = lines[: lines.rfind(b"\n") + 1]
            if not lines:
                return
            pieces: list[Piece] = []
            rows = place.rows
            for table in csv_tables(
                io.BytesIO(lines), path.name, separator, names, logger_map, len(lines), first=rows + 1
            ):
                pieces += pieces_of(table, rows + 1, strings, logger_map)
                rows += len(table)
            place = Place(place.offset + len(lines), rows, header, lines[-TAIL:].decode("latin-1"))
            yield pieces, place
