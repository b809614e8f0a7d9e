"""A training history as a table for other programs."""

import csv
import io
from collections.abc import Callable
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


def tensorboard(folder: str | Path) -> Callable[[dict[str, Any]], None]:
    """A function that adds a row of a history to a folder's TensorBoard log.

    Raises:
        ValueError: if the package ``tensorboard`` is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ValueError("tensorboard: got no such package, want it: pip install pyrodgm[log]") from error
    writer = SummaryWriter(folder)

    def add(row):
        for name, value in row.items():
            if name != "epoch" and isinstance(value, (int, float)):
                writer.add_scalar(name, value, row["epoch"])
        writer.flush()

    return add
