"""Reads the rows of a CSV as tables of text and numbers, also if some rows have more cells than there are names.

Needs the extra ``pv``.
"""

from __future__ import annotations

import csv
import gzip
import io
import warnings
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pyrodgm.data.pv.extra import need
from pyrodgm.pv.logger_map import LoggerMap

# cells that count as empty: what programs write for no value, and what loggers do
NOTHING = (
    *("", "NA", "N/A", "n/a", "<NA>", "#NA", "#N/A", "#N/A N/A", "NaN", "nan", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("-1.#IND", "-1.#QNAN", "NULL", "null", "None", "Bad Input", "---", "--", "No Data"),
)
TOO_LONG = -1  # extra column of a table: the number of cells of a row that has too many, 0 for other rows


def csv_header(line: str) -> tuple[str, list[str]]:
    """The separator and the column names of the first line of a CSV."""
    separator = max(",;\t", key=line.count)
    return separator, [name.strip() for name in next(csv.reader([line.rstrip("\r\n")], delimiter=separator), [])]


def with_decimal(logger_map: LoggerMap, separator: str) -> LoggerMap:
    """The map with the decimal mark of a CSV: that of the map, or a comma beside semicolons, or a point."""
    return logger_map._replace(decimal=logger_map.decimal or ("," if separator == ";" else "."))


def csv_tables(
    source: Path | io.BytesIO,
    name: str | Path,
    separator: str,
    header: list[str],
    logger_map: LoggerMap,
    rows_at_once: int,
    skip: int = 0,
    first: int = 1,
) -> Iterator[Any]:
    """Tables of text and numbers of a CSV.

    The fast parser refuses a row with more cells than there are names. The rows of its table are then cut to size, and
    the table has the column ``TOO_LONG`` as well.

    Args:
        source: a path, or bytes in memory.
        name: name of the file, for messages.
        separator, header: see ``csv_header``.
        logger_map: with its decimal mark, see ``with_decimal``.
        rows_at_once: number of rows of a table.
        skip: number of lines before the first row.
        first: number of the first row in the file, for messages.

    Raises:
        ValueError: for text that is not CSV; for a compressed file that is damaged or not complete; and if the first
            row is read and most rows have too many cells.
    """
    pandas = need("pandas")
    texts = {header.index(name): str for name in (logger_map.time, logger_map.string_column) if name in header}
    options: dict[str, Any] = {
        "sep": separator,
        "decimal": logger_map.decimal,
        "header": None,
        "index_col": False,
        "dtype": texts,
        "encoding": "utf-8-sig",
        "low_memory": False,
        "na_values": list(NOTHING),
        "keep_default_na": False,
    }
    width, rows, long, example = len(header), 0, 0, ""
    place, begin = 0, 0  # bytes and rows before those that the fast parser is given
    with _opened(source) as file:
        while True:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error", pandas.errors.ParserWarning)  # a first row of more cells than names
                    with pandas.read_csv(
                        file, names=range(width), skiprows=skip, chunksize=rows_at_once, **options
                    ) as reader:
                        for table in reader:
                            table.columns = header
                            rows += len(table)
                            if len(table):  # none after the last line
                                yield table
                break
            except pandas.errors.EmptyDataError:
                break
            except (EOFError, zlib.error) as error:
                raise ValueError(
                    f"data: got {name}, which ends early or is damaged ({error}), want all of it"
                ) from error
            except (pandas.errors.ParserError, pandas.errors.ParserWarning, UnicodeDecodeError) as error:
                problem = error
            try:
                file.seek(place)
                for _ in range(skip):
                    file.readline()
                text = _cut_to_size(file, separator, width, rows - begin, rows_at_once)
            except (csv.Error, UnicodeDecodeError) as error:
                reason = str(problem).strip()
                raise ValueError(
                    f"data: got {name}, which cannot be read ({reason}), want {width} cells a row"
                ) from error
            place, skip = file.tell(), 0
            table = pandas.read_csv(text, names=range(width + 1), **options)
            table.columns = [*header, TOO_LONG]
            cells = table[TOO_LONG].to_numpy()
            if cells.any() and not long:
                example = f"{cells[cells > 0][0]} cells in row {first + rows + (cells > 0).argmax()}"
            begin = rows = rows + len(table)
            long += (cells > 0).sum()
            yield table
    if first == 1 and long > rows / 2:
        raise ValueError(
            f"data: got {name} with {example}, want {width}, one per name; decimal commas, or two rows in one line?"
        )


def _opened(source):
    if isinstance(source, io.BytesIO):
        return source
    return (gzip.open if source.suffix.lower() == ".gz" else open)(source, "rb")


def _cut_to_size(file, separator, width, done, number):
    """CSV text of at most ``number`` rows after the first ``done`` ones, each with a last cell for ``TOO_LONG``.

    All other cells of a row that has too many become empty. Empty cells at its end are not too many.
    """
    rows = csv.reader((line.decode() for line in file), delimiter=separator, strict=True)
    rows = (cells for cells in rows if len(cells) > 1 or (cells and not cells[0].isspace()))  # as the fast parser
    text, blank = io.StringIO(), [""] * width
    csv.writer(text, delimiter=separator).writerows(
        [*blank, len(cells)] if any(cells[width:]) else [*(cells + blank)[:width], 0]
        for cells in islice(rows, done, done + number)
    )
    text.seek(0)
    return text
