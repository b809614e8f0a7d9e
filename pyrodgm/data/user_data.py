"""Data sets from your own arrays, tables and .npz files."""

import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike

from pyrodgm.data.dataset import Dataset, Rows
from pyrodgm.data.readers import read_npz
from pyrodgm.data.tables import read_csv, read_parquet
from pyrodgm.isolation import seeded_generator

TABLES = {".csv": read_csv, ".csv.gz": read_csv, ".parquet": read_parquet}
PARTS = ((1, "validation"), (2, "test"))
ARRAYS = ("x", "y", "x_validation", "y_validation", "x_test", "y_test")
MOST_CHANNELS = 4  # of an image whose channels come first by mistake: grey, colour, and either with transparency


def from_arrays(
    x: ArrayLike,
    y: ArrayLike | None = None,
    x_validation: ArrayLike | None = None,
    y_validation: ArrayLike | None = None,
    x_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    split: Sequence[float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    name: str = "arrays",
) -> Dataset:
    """Make a data set from arrays.

    Labels may be of any type. They are converted to indices of their sorted values, and the values are kept in
    ``classes``. -1, None, NaN, a masked value and the empty string mean no label and become -1. If validation or test
    rows are not given, they are drawn from x, stratified: each class, and the rows without a label, is split by the
    rounded shares in ``split``. Each class keeps at least one training row.

    Args:
        x: rows ``(N, D)``, or images ``(N, H, W)`` or ``(N, H, W, C)``, which set ``image_shape``. NumPy arrays, torch
            tensors or nested lists of finite numbers. Converted to float32 without rescaling. Images ``(N, C, H, W)``,
            as torch has them, are refused: ``np.moveaxis(x, 1, -1)`` moves their channels to the end.
        y: labels ``(N,)``, or None.
        x_validation, y_validation: the same for validation, or None to draw them from x.
        x_test, y_test: the same for testing, or None to draw them from x.
        split: shares of training, validation and test rows, with sum 1. If one part is given, the others keep their
            ratio.
        seed: fixes the split.
        name: name of the data set.

    Returns:
        A ``Dataset``.

    Raises:
        ValueError: for rows that are not finite numbers or differ in size, for images with the channels first, if there
            is not one label per row or only a single class, and for shares that do not sum to 1 or leave a part empty.

    Example::

        data = from_arrays(x, y)                # y: "cat", "dog" or None
        data.classes, data.train.y.unique()     # ("cat", "dog"), tensor([-1, 0, 1])
    """
    try:
        shares = tuple(float(share) for share in split)
    except (TypeError, ValueError):
        shares = ()
    if len(shares) != 3 or not min(shares) > 0 or not abs(sum(shares) - 1) <= 1e-6:
        raise ValueError(f"split: got {split}, want three positive shares that sum to 1")
    given = {"": (x, y), "_validation": (x_validation, y_validation), "_test": (x_test, y_test)}
    given = {part: pair for part, pair in given.items() if part == "" or any(array is not None for array in pair)}
    arrays = {part: _floats(f"x{part}", rows) for part, (rows, _) in given.items()}
    shape = tuple(arrays[""].shape[1:])
    for part, rows in arrays.items():
        if rows.shape[1:] != shape:
            raise ValueError(f"x{part}: got rows of shape {tuple(rows.shape[1:])}, want {shape} as in x")
    classes, indices = _indices({part: (labels, len(arrays[part])) for part, (_, labels) in given.items()})
    rows = {part: Rows(arrays[part].flatten(1), indices[part]) for part in given}
    drawn = _draw(rows[""], (shares[0], *(0 if f"_{part}" in rows else shares[i] for i, part in PARTS)), seed)
    validation, test = (rows.get(f"_{part}", drawn[i]) for i, part in PARTS)
    num_classes = classes and len(classes)
    return Dataset(name, drawn[0], validation, test, num_classes, shape if len(shape) > 1 else None, classes)


def from_file(
    path: str | Path, label: str | None = None, split: Sequence[float] = (0.8, 0.1, 0.1), seed: int = 0
) -> Dataset:
    """Make a data set from a table (``.csv``, ``.csv.gz`` or ``.parquet``) or from arrays in an ``.npz`` file.

    Args:
        path: the file. A table has column names and one row per datum. An .npz file holds the array x and optionally y,
            x_validation, y_validation, x_test and y_test, see ``from_arrays``.
        label: the table's label column, in which an empty cell means no label; None without labels.
        split, seed: see ``from_arrays``.

    Returns:
        A ``Dataset``, with values as in the file.

    Raises:
        FileNotFoundError: if the file does not exist.
        ValueError: as in ``from_arrays``, for cells that are not numbers, and for a missing label column.

    Example::

        data = from_file("penguins.csv", label="species")
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"name: got {path}, want an existing file")
    if not is_file(path):
        raise ValueError(f"path: got {path}, want a file that ends in .csv, .csv.gz, .parquet or .npz")
    if path.suffix == ".npz":
        if label is not None:
            raise ValueError(f"label: got {label!r}, want none for an .npz file, whose labels are its array y")
        arrays = read_npz(path)
        if "x" not in arrays or not set(arrays) <= set(ARRAYS):
            raise ValueError(
                f"{path}: got the arrays {', '.join(arrays)}, want x, and no others than {', '.join(ARRAYS)}"
            )
        return from_arrays(**arrays, split=split, seed=seed, name=path.name)
    x, labels = TABLES[_ending(path)](path, label)
    if labels is not None:
        labels = ["-1" if cell == -1 else cell for cell in labels]
    return from_arrays(x, labels, split=split, seed=seed, name=path.name)


def is_file(name: str | Path) -> bool:
    """Whether ``name`` has the extension of a file that ``from_file`` reads."""
    return _ending(name) in (*TABLES, ".npz")


def _ending(path):
    suffixes = Path(path).suffixes
    return "".join(suffixes[-2:] if suffixes[-1:] == [".gz"] else suffixes[-1:])


def _floats(argument, x):
    """Convert rows to a float32 tensor of two to four dimensions with finite values."""
    kind = "c" if isinstance(x, torch.Tensor) and x.is_complex() else getattr(getattr(x, "dtype", None), "kind", "")
    if kind in ("c", "m", "M"):
        what = "complex numbers" if kind == "c" else "dates or times"
        raise ValueError(f"{argument}: got {what}, want real numbers")
    if isinstance(x, np.ma.MaskedArray):
        x = x.astype(np.float32).filled(np.nan)  # a masked value is none
    try:
        x = x.detach().cpu() if isinstance(x, torch.Tensor) else torch.tensor(np.array(x, np.float32, order="C"))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{argument}: got values that are not rows of numbers ({error}), want (N, D)") from error
    x = x.float()
    if x.dim() not in (2, 3, 4) or 0 in x.shape:
        raise ValueError(
            f"{argument}: got shape {tuple(x.shape)}, want rows (N, D) or images (N, H, W) or (N, H, W, C)"
        )
    if x.dim() == 4 and x.shape[1] <= MOST_CHANNELS < x.shape[3]:
        raise ValueError(
            f"{argument}: got shape {tuple(x.shape)}, which looks like (N, C, H, W), want (N, H, W, C), as "
            f"np.moveaxis({argument}, 1, -1) gives"
        )
    if not bool(torch.isfinite(x).all()):
        bad = (~torch.isfinite(x)).flatten(1).any(1).nonzero().flatten()
        raise ValueError(
            f"{argument}: got NaN or infinite values in {len(bad)} rows, first in {int(bad[0])}, want finite"
        )
    return x


def _indices(parts):
    """The sorted class names, and each part's labels as indices. Both are None if no part has labels."""
    if all(labels is None for labels, _ in parts.values()):
        return None, dict.fromkeys(parts)
    values = {}
    for part, (labels, rows) in parts.items():
        labels = labels.cpu().numpy() if isinstance(labels, torch.Tensor) else labels
        labels = labels.tolist() if isinstance(labels, np.ma.MaskedArray) else labels  # None where masked
        labels = np.asarray([] if labels is None else labels, None if isinstance(labels, np.ndarray) else object)
        if np.ndim(labels) != 1 or len(labels) != rows:
            raise ValueError(
                f"y{part}: got shape {np.shape(labels)}, want ({rows},), one label for each row of x{part}"
            )
        values[part] = [_label(value) for value in labels.tolist()]
    seen = {value for labels in values.values() for value in labels if value is not None}
    ordered = sorted(seen, key=str)
    with suppress(ValueError, TypeError):
        ordered = sorted(ordered, key=_number)
    if len(ordered) < 2:
        raise ValueError(
            f"y: got labels of the classes {ordered}, want at least two (-1, None, NaN and '' are rows without a label)"
        )
    index = {value: i for i, value in enumerate(ordered)} | {None: -1}
    y = {part: torch.tensor([index[value] for value in labels]) for part, labels in values.items()}
    return tuple(map(str, ordered)), y


def _label(value):
    """A label, or None for no label. 1.0 becomes the class 1."""
    value = value.item() if isinstance(value, np.generic | torch.Tensor) else value
    value = value.decode(errors="backslashreplace") if isinstance(value, bytes) else value
    if value is None or type(value).__name__ == "NAType" or value != value or value == "" or value == -1:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value):
    if not math.isfinite(number := float(value)):
        raise ValueError(f"{value} is not finite")
    return number


def _draw(rows, shares, seed):
    """Three stratified parts with the given shares; rows without a label form a stratum."""
    shares = torch.tensor(shares, dtype=torch.float64) / sum(shares)
    generator = seeded_generator(seed)
    order = torch.randperm(len(rows.x), generator=generator)
    parts = [[], [], []]
    for group in [None] if rows.y is None else rows.y.unique().tolist():
        chosen = order if group is None else order[rows.y[order] == group]
        validation, test = (len(chosen) * shares[1:]).round().long().tolist()
        while validation + test >= len(chosen) and max(validation, test) > 0:
            validation, test = (validation - 1, test) if validation >= test else (validation, test - 1)
        sizes = (len(chosen) - validation - test, validation, test)
        for part, piece in zip(parts, chosen.split(sizes), strict=True):
            part.append(piece)
    parts = [torch.cat(part).sort().values for part in parts]
    for part, share, name in zip(parts, shares, ("training", "validation", "test"), strict=True):
        if share > 0 and not len(part):
            got, want = f"{len(rows.x)} rows", "more rows"
            if rows.y is not None:
                got, want = f"{got} of {len(rows.y[rows.y >= 0].unique())} classes", "more rows of a class"
            raise ValueError(f"split: got {got}, which leave none for {name}, want {want}")
    return [Rows(rows.x[part], None if rows.y is None else rows.y[part]) for part in parts]
