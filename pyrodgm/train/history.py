"""A training history as a table for other programs."""

import csv
import io
from pathlib import Path
from typing import Any

import torch

from pyrodgm.files import write


def write_csv(path: str | Path, history: list[dict[str, Any]]) -> None:
    """Write a history, a list of dicts, as a CSV file: a line for each epoch, empty cells where nothing was measured.

    A tensor is written as its values, separated by spaces.

    Raises:
        OSError: if it cannot be written. The file then keeps its old content.

    Example::

        write_csv("history.csv", fit(svi, batches, epochs=10))
    """
    columns = list(dict.fromkeys(column for row in history for column in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    for row in history:
        writer.writerow({key: _cell(value) for key, value in row.items()})
    write(path, text.getvalue().encode())


def _cell(value):
    return " ".join(map(str, value.flatten().tolist())) if isinstance(value, torch.Tensor) else value
