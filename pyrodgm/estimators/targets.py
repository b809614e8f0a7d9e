"""Labels of any type, some of them missing, as indices of their classes; and which of them to hold out."""

import math
from numbers import Number

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

MISSING = -1


def read_labels(y: ArrayLike, classes: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The classes among the labels, and every label as the index of its class.

    The number -1, None and NaN stand for a row without a label; the string "-1" is a label.

    Args:
        y: ``(N,)``, of any one type that sorts.
        classes: those that there are, sorted; None for those seen.

    Returns:
        ``classes``, an array of the labels' type, and indices ``(N,)`` with -1 where there is no label.

    Raises:
        ValueError: for labels that are no classes, such as measurements, of several types, or not among ``classes``.
    """
    y = column_or_1d(_as_array(y), warn=True)
    known = ~_missing(y)
    labels = _natural(y[known])
    if labels.dtype.kind == "f" and np.isinf(labels).any():
        raise ValueError("y: got infinite labels, want classes")
    if len(labels):
        check_classification_targets(labels)
    found, order = np.unique(labels, return_inverse=True)
    classes = found if classes is None else classes
    strange = np.setdiff1d(found, classes)
    if len(strange):
        raise ValueError(f"y: got the label {strange[0]!r}, want one of the classes {list(classes)}")
    indices = np.full(len(y), MISSING)
    indices[known] = np.searchsorted(classes, found)[order]
    return classes, indices


def hold_out(indices: np.ndarray, share: float, classes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labelled rows in two: those to learn from, and those to stop by, a share of each class but at least one.

    Args:
        indices: of classes, ``(N,)``, -1 for a row without a label.
        share: of the labels; with 0 none is held out.
        classes: for messages.
        seed: fixes the draw.

    Returns:
        Two arrays of rows.

    Raises:
        ValueError: for a class with a single label.
    """
    generator = np.random.RandomState(seed)
    none = np.empty(0, dtype=int)
    learn, stop = [none], [none]
    for k in np.unique(indices[indices != MISSING]):
        rows = generator.permutation(np.flatnonzero(indices == k))
        if share and len(rows) < 2:
            raise ValueError(
                f"y: got a single label of class {classes[k]!r}, want two, one to learn from and one to stop by, or "
                "validation_fraction=0"
            )
        held = min(max(1, round(share * len(rows))), len(rows) - 1) if share else 0
        stop.append(rows[:held])
        learn.append(rows[held:])
    return np.sort(np.concatenate(learn)), np.sort(np.concatenate(stop))


def _as_array(y):
    """An array that keeps None and NaN what they are: NumPy makes the string 'nan' of a NaN beside strings."""
    if hasattr(y, "dtype"):
        return np.asarray(y)
    array = np.asarray(y)
    return np.asarray(y, dtype=object) if array.dtype.kind == "U" else array


def _natural(labels):
    """Labels among objects in an array of their own type; strings stay objects."""
    if labels.dtype.kind != "O" or all(isinstance(label, str) for label in labels):
        return labels
    kinds = sorted({type(label).__name__ for label in labels})
    if len(kinds) > 1:
        raise ValueError(f"y: got labels of the types {', '.join(kinds)}, want one type")
    return np.array(labels.tolist())


def _missing(y):
    if y.dtype.kind == "f":
        return np.isnan(y) | (y == MISSING)
    if y.dtype.kind in "iu":
        return y == MISSING
    return np.array([_is_missing(label) for label in y.tolist()], dtype=bool)


def _is_missing(label):
    if label is None or type(label).__name__ == "NAType":  # of pandas
        return True
    return isinstance(label, Number) and not isinstance(label, bool) and (math.isnan(label) or label == MISSING)
