"""Reads a logger's file, CSV or Parquet, in pieces: rows of each string in A, V, W/m², °C and m/s.

Needs the extra ``pv``.

A cell that is not a number, such as ``Bad Input``, becomes NaN. A time that cannot be read becomes ``NO_TIME``, and a
missing string becomes ``NO_STRING``. In a row of a CSV with more cells than there are names, it is not known which cell
belongs to which name, so all its cells count as empty. ``quality`` decides which of these rows are left out, and gives
the reason. A problem with the whole file raises an error.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from pyrodgm.data.pv.extra import need
from pyrodgm.pv.csv_tables import TOO_LONG, csv_header, csv_tables, with_decimal
from pyrodgm.pv.logger_map import LoggerMap, Source, sources
from pyrodgm.pv.units import QUANTITIES, unknown_unit

ROWS_AT_ONCE = 200_000
NO_TIME = np.iinfo(np.int64).min
NO_STRING = ""  # string of the rows whose cell for it is empty
ISO = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
OFFSET = r"\d[T ]\d{2}.*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)\s*$"  # of a time in ISO 8601
THOUSANDS = r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?"  # numbers with points between groups of three digits
IN_FORMAT = r"%z|Z|\+00:?00"  # what a format has for times with an offset, or in UTC


class Piece(NamedTuple):
    """Rows of one string, in the file's order.

    Args:
        string: its name; ``NO_STRING`` for the rows whose cell for the string is empty.
        row: the number of each row in the file, ``(N,)``, counted from 1 below the line of names.
        time: seconds since 1970 in UTC, ``(N,)``, integers; ``NO_TIME`` if there is no time.
        values: dict from pvlib's names to values ``(N,)``, NaN if a value is missing. A quantity that the file lacks
            has no entry.
        unread: for each quantity, the number of cells with text that is not a number.
        state: text of the label column, with None for an empty cell; None if no label column was requested.
        part: number of the part of the file, from 0. Pieces of one part come from the same rows, or from interleaved
            rows.
        units: a remark on each quantity whose column names an unknown unit, see ``unknown_unit``.
        too_long: whether each row has more cells than there are names, ``(N,)``; None if no row has.
    """

    string: str
    row: np.ndarray
    time: np.ndarray
    values: dict[str, np.ndarray]
    unread: dict[str, int]
    state: np.ndarray | None = None
    part: int = 0
    units: Mapping[str, str] = MappingProxyType({})
    too_long: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.row)


def read_logger(
    path: str | Path,
    logger_map: LoggerMap | None = None,
    label: str | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Iterator[Piece]:
    """Read a file piece by piece, with at most ``rows_at_once`` of its rows in memory.

    A time without an offset from UTC is in the timezone of the map. If the map has none, it becomes ``NO_TIME`` where
    other times of the file have an offset. If none has one, that is an error.

    Args:
        path: ends in ``.csv``, ``.csv.gz`` or ``.parquet``. The separator of a CSV is a comma, a semicolon or a tab.
            With semicolons, the decimal mark is a comma, unless the map says otherwise; a point is then read as a
            decimal point too, except in a column whose points are all before groups of three digits, if other numbers
            have decimal commas: ``1.300`` beside ``998,5`` is 1,300. If the last line was only half written, its last
            cells are empty.
        logger_map: see ``load_map``; None for pvlib's names.
        label: name of a column with states, or None.
        rows_at_once: maximum number of rows of the file to hold in memory.

    Yields:
        A ``Piece`` for each string of each part of the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for another kind of file; for columns that are missing or occur twice; for times in an unknown
            format or without an offset; for unexpected decimal commas; and if most rows have too many cells. The
            message names the column and the row.

    Example::

        for piece in read_logger("string.csv"):
            piece.values["v_dc"].mean()
    """
    path, logger_map = Path(path), LoggerMap() if logger_map is None else logger_map
    if not path.is_file():
        raise FileNotFoundError(f"data: got {path}, want a file that is there")
    kind = path.name.lower()
    if kind.endswith((".csv", ".csv.gz")):
        header, tables, logger_map = _csv(path, logger_map, rows_at_once)
    elif kind.endswith(".parquet"):
        header, tables = _parquet(path, rows_at_once)
    else:
        raise ValueError(f"data: got {path.name}, want a file that ends in .csv, .csv.gz or .parquet")
    strings = sources(logger_map, header)
    if label is not None and label not in header:
        raise ValueError(f"label: got {label!r}, want a column of {path.name}: {', '.join(header[:12])}")
    if label is not None and header.count(label) > 1:
        raise ValueError(f"label: got {label!r} {header.count(label)} times in {path.name}, want it once")
    first = 1
    for part, table in enumerate(tables):
        if not len(table):
            continue
        yield from pieces_of(table, first, strings, logger_map, label, part)
        first += len(table)
    if first == 1:
        raise ValueError(f"data: got {path.name} without rows, want at least one below the names")


def _csv(path, logger_map, rows_at_once):
    """Column names, tables of text and numbers, and the map with the decimal mark of the file."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            line = file.readline()
    except (UnicodeDecodeError, OSError, EOFError) as error:
        raise ValueError(f"data: got {path.name}, which is not text ({error}), want a CSV in UTF-8") from error
    separator, header = csv_header(line)
    logger_map = with_decimal(logger_map, separator)
    return header, csv_tables(path, path.name, separator, header, logger_map, rows_at_once, skip=1), logger_map


def _parquet(path, rows_at_once):
    pyarrow, parquet = need("pyarrow"), need("pyarrow.parquet")
    try:
        file = parquet.ParquetFile(path)
    except pyarrow.ArrowException as error:
        raise ValueError(f"data: got {path.name}, which cannot be read ({error}), want a Parquet file") from error
    # an index of pandas is a column too; whole numbers beside empty cells stay whole, as they may name strings
    plain = {"ignore_metadata": True, "integer_object_nulls": True}
    return file.schema_arrow.names, (batch.to_pandas(**plain) for batch in file.iter_batches(rows_at_once))


def pieces_of(
    table: Any, first: int, strings: Sequence[Source], logger_map: LoggerMap, label: str | None = None, part: int = 0
) -> Iterator[Piece]:
    """A table's rows string by string; ``first`` is the number of its first row in the file.

    For text with decimal commas, the map must say so, see ``with_decimal``.
    """
    time = _times(table[logger_map.time], first, logger_map)
    row = np.arange(first, first + len(table))
    too_long = table[TOO_LONG].to_numpy() > 0 if TOO_LONG in table else None
    state = None if label is None else table[label].astype(object).where(table[label].notna(), None).to_numpy()
    groups = {None: slice(None)}
    if logger_map.string_column is not None:
        cells = table[logger_map.string_column]
        names = cells.astype(object).where(cells.notna(), NO_STRING).astype(str).str.strip().to_numpy()
        groups = {name: np.flatnonzero(names == name) for name in dict.fromkeys(names)}
    columns = dict.fromkeys(column for source in strings for column, _, _ in source.columns.values())
    commas = logger_map.decimal == "," and any(_has_commas(table[column]) for column in columns)
    for source in strings:
        numbers = {}
        for name, (column, factor, shift) in source.columns.items():
            values, unread = _numbers(column, table[column], first, logger_map.decimal, commas)
            numbers[name] = values * factor + shift, unread
        remarks = {
            name: unknown_unit(name, logger_map.columns[name].unit, told[0]) for name, told in source.columns.items()
        }
        units = {name: remark for name, remark in remarks.items() if remark is not None}
        for group, chosen in groups.items():
            values = {name: numbers[name][0][chosen] for name in QUANTITIES if name in numbers}
            yield Piece(
                source.string if group is None else group,
                row[chosen],
                time[chosen],
                values,
                {name: int(count) for name in numbers if (count := numbers[name][1][chosen].sum())},
                None if state is None else state[chosen],
                part,
                units,
                None if too_long is None else too_long[chosen],
            )


def _has_commas(cells):
    """Whether a column of a file whose decimal mark is a comma has a number with one."""
    if cells.dtype.kind == "f":  # by the fast parser, for which a point is text
        values = cells.to_numpy()
        return bool((np.isfinite(values) & (values != np.round(values))).any())
    return cells.dtype.kind not in "iub" and bool(cells.astype("string").str.fullmatch(r"\s*[+-]?[\d.]*,\d+\s*").any())


def _numbers(name, cells, first, decimal, commas):
    """A column as floats with NaN, and which of its cells hold text that is not a number, ``(N,)`` each.

    ``commas`` tells whether some number of the table has a decimal comma.
    """
    if cells.dtype.kind in "fiu":
        return cells.to_numpy(float), np.zeros(len(cells), bool)
    pandas = need("pandas")
    if decimal == ",":  # one cell of text, and the fast parser leaves the whole column as text
        cells = cells.astype("string").str.strip()
        points = cells[cells.str.fullmatch(r"[+-]?[\d,]*\.[\d.,]*").fillna(False).astype(bool)]
        if commas and len(points) and points.str.fullmatch(THOUSANDS).all():
            cells = cells.str.replace(".", "", regex=False)
        cells = cells.str.replace(",", ".", regex=False)
    values = pandas.to_numeric(cells, errors="coerce").to_numpy(float, na_value=np.nan)
    unread = np.isnan(values) & cells.notna().to_numpy()
    bad = np.flatnonzero(unread)
    texts = cells.iloc[bad].astype(str).str.strip()
    commas = np.flatnonzero(texts.str.fullmatch(r"-?\d+,\d+"))
    if len(commas):
        text, row = texts.iloc[commas[0]], first + bad[commas[0]]
        raise ValueError(f"{name}: got {text!r} in row {row}, want a decimal point, or decimal = ',' in a map")
    return values, unread


def _times(cells, first, logger_map):
    """Seconds since 1970 in UTC, ``NO_TIME`` where a time cannot be read."""
    read, local = _read_times(cells, first, logger_map)
    if local.notna().any():
        if logger_map.timezone is not None:
            return np.maximum(_seconds(read), _seconds(_localise(local, logger_map.timezone)))
        if read.isna().all() and (first == 1 or len(cells) > 100):
            raise ValueError(f"{logger_map.time}: got times without an offset from UTC, want timezone in a map")
    return _seconds(read)


def _read_times(cells, first, logger_map):
    """Times of cells with an offset from UTC, and local times of cells without; NaT elsewhere."""
    pandas = need("pandas")
    name = logger_map.time
    nothing = pandas.Series(pandas.NaT, cells.index)
    if cells.dtype.kind == "M":
        read, local = (nothing, cells) if cells.dt.tz is None else (cells, nothing)
    else:
        texts = cells.astype("string").str.strip()
        told = texts.dropna()
        begins = first == 1  # a bad time in a later part is a row without a time
        if begins and logger_map.time_format is None and len(told) and not re.fullmatch(ISO, told.iloc[0]):
            raise ValueError(
                f"{name}: got {told.iloc[0]!r} in row {first}, want ISO 8601 such as 2022-01-31T14:05:00-07:00, "
                "or a format in a map"
            )
        options = {"format": logger_map.time_format or "ISO8601", "errors": "coerce"}
        if logger_map.time_format is None:
            offset = texts.str.contains(OFFSET).fillna(False).astype(bool)
        else:
            offset = texts.notna() & bool(re.search(IN_FORMAT, logger_map.time_format))
        without = ~offset & texts.notna()
        read = pandas.to_datetime(texts.where(offset), utc=True, **options) if offset.any() else nothing
        local = pandas.to_datetime(texts.where(without), **options) if without.any() else nothing
        lost = read.isna() & local.isna() & texts.notna()
        if lost.mean() > 0.5 and (begins or len(texts) > 100):
            row = int(np.flatnonzero(lost)[0])
            raise ValueError(
                f"{name}: got {texts.iloc[row]!r} in row {first + row}, which does not fit "
                f"{logger_map.time_format or 'ISO 8601'}: day before month, or another format?"
            )
    return read, local


def _seconds(read):
    """Times with an offset as seconds since 1970 in UTC; NaT becomes ``NO_TIME``."""
    if read.isna().all():
        return np.full(len(read), NO_TIME)
    whole = read.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[s]")
    seconds = whole.to_numpy().astype(np.int64)
    return np.where(read.isna().to_numpy(), NO_TIME, seconds)


def _localise(read, zone):
    """Local times with their offset; NaT for an hour that summer time skips. The order decides in a repeated hour."""
    try:
        return read.dt.tz_localize(zone, ambiguous="infer", nonexistent="NaT")
    except ValueError:  # no order to tell by
        return read.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
