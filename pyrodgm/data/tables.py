"""Readers of numeric tables with named columns."""

import csv
import gzip
import math
import zlib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np


def read_csv(path: str | Path, label: str | None = None) -> tuple[np.ndarray, list[Any] | None]:
    """Read a CSV file with a header line of column names; ``.csv.gz`` is decompressed.

    Args:
        path: the file, in UTF-8.
        label: name of the label column, or None.

    Returns:
        Features ``(N, D)`` in float64, and the N labels as written, in a list, or None.

    Raises:
        ValueError: for cells that are not finite numbers, ragged rows, missing or duplicate column names (pandas
            writes an index without one), a missing label column, or no rows. The message names the row, counted from 1
            below the header.

    Example::

        x, labels = read_csv("penguins.csv", label="species")
    """
    try:
        with (gzip.open if str(path).endswith(".gz") else open)(path, "rt", encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file, strict=True, skipinitialspace=True) if line]
    except (UnicodeDecodeError, csv.Error, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: got a file that cannot be read ({error}), want comma-separated values") from error
    if len(lines) < 2:
        raise ValueError(f"{path}: got no rows, want a header line of column names and at least one row")
    names, rows = [name.strip() for name in lines[0]], lines[1:]
    if len(names) == 1 and any(separator in names[0] for separator in ";\t"):
        raise ValueError(f"{path}: got the only column {names[0]!r}, want commas between cells, points in numbers")
    if all(_is_number(name) for name in names):
        raise ValueError(f"{path}: got a first line of numbers, want column names")
    for i, row in enumerate(rows, 1):
        if len(row) != len(names):
            raise ValueError(f"{path}: got {len(row)} cells in row {i}, want {len(names)}, one for each column name")
    columns = [[cell.strip() for cell in column] for column in zip(*rows, strict=True)]
    return _split(path, names, columns, label)


def read_parquet(path: str | Path, label: str | None = None) -> tuple[np.ndarray, list[Any] | None]:
    """Read a Parquet file with pyarrow. Arguments, result and errors are as in ``read_csv``."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ValueError(f"{path}: got a Parquet file, want pyarrow to read it: pip install pyarrow") from error
    try:
        table = pyarrow.parquet.read_table(path)
    except pyarrow.ArrowException as error:
        raise ValueError(f"{path}: got a file that cannot be read ({error}), want a Parquet file") from error
    for field in table.schema:
        if pyarrow.types.is_nested(field.type):
            raise ValueError(
                f"{path}: got {field.type} in column {field.name!r}, want a single value in each cell; an .npz file "
                "holds arrays"
            )
    if not table.num_rows:
        raise ValueError(f"{path}: got no rows, want at least one")
    return _split(path, table.column_names, [column.to_pylist() for column in table.columns], label)


def _split(path, names, columns, label):
    """Split named columns into features and labels."""
    if nameless := [i for i, name in enumerate(names, 1) if not name or name.startswith("__index_level_")]:
        raise ValueError(
            f"{path}: got no name for column {nameless[0]}, want a name for each; pandas writes an index this "
            "way unless index=False"
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{path}: got the column {twice[0]!r} twice, want different names")
    if not isinstance(label, str | None):
        raise ValueError(f"label: got {label!r}, want the name of a column of {path}, such as {', '.join(names[:5])}")
    if label is not None and label not in names:
        alike = [name for name in names if name.lower() == label.lower()]
        near = ", ".join(alike or get_close_matches(label, names) or names[:5])
        raise ValueError(f"label: got {label!r}, want a column of {path}, such as {near}")
    features = [_numbers(path, name, cells, label) for name, cells in zip(names, columns, strict=True) if name != label]
    if not features:
        raise ValueError(f"{path}: got no column except {label!r}, want at least one feature")
    return np.stack(features, 1), None if label is None else columns[names.index(label)]


def _numbers(path, name, cells, label):
    """A column as float64, or an error naming its first cell that is not a finite number."""
    try:
        values = np.array(cells, dtype=np.float64)
    except (ValueError, TypeError):
        values = np.array([float(cell) if _is_number(cell) else math.nan for cell in cells])
    if not np.isfinite(values).all():
        i = int(np.flatnonzero(~np.isfinite(values))[0])
        empty = cells[i] in ("", None)
        got = "an empty cell" if empty else repr(cells[i])
        also = "; DeepGenerativeClassifier and M1 take rows with missing cells" if empty else ""
        if label is None and not empty and not _is_number(cells[i]):
            also = f", or label={name!r} if the column holds the classes"
        raise ValueError(f"{path}: got {got} in column {name!r}, row {i + 1}, want a finite number{also}")
    return values


def _is_number(cell):
    try:
        float(cell)
    except (ValueError, TypeError):
        return False
    return True
