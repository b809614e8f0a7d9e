"""Converts labels of any type, some of them missing, to class indices, and chooses the labels to hold out."""

import math
import warnings
from numbers import Number

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from pyrodgm.checks import stack_level
from pyrodgm.estimators.frames import is_frame

MISSING = -1
NOT_A_LABEL = ("-1", "-1.0", "nan", "None", "<NA>")  # what NumPy writes for a missing label in an array of strings


def read_labels(y: ArrayLike, classes: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The classes among the labels, and every label as the index of its class.

    The number -1, None and NaN stand for a row without a label. The string "-1" is a label.

    Args:
        y: ``(N,)``, all of one type that can be sorted.
        classes: all classes, sorted; None for those that occur in y.

    Returns:
        ``classes``, an array of the labels' type, and indices ``(N,)`` with -1 where there is no label.

    Raises:
        ValueError: for labels that are not classes, such as measurements, that have several types, or that are not
            among ``classes``.

    Warns:
        UserWarning: for a label in an array or a series of strings that looks like a missing one, such as "nan".
    """
    given, y = y, column_or_1d(_as_array(y), warn=True)
    known = ~_missing(y)
    labels = _natural(y[known])
    if labels.dtype.kind == "f" and np.isinf(labels).any():
        raise ValueError("y: got infinite labels, want classes")
    if len(labels):
        _check_classes(labels)
    found, order = np.unique(labels, return_inverse=True)
    if getattr(getattr(given, "dtype", None), "kind", "O") != "O" or hasattr(given, "to_list"):
        _warn_of_words(found.tolist())  # in a list and in an array of objects they were written on purpose
    classes = found if classes is None else classes
    strange = np.setdiff1d(found, classes)
    if len(strange):
        raise ValueError(f"y: got the label {strange.tolist()[0]!r}, want one of the classes {list_of(classes)}")
    indices = np.full(len(y), MISSING)
    indices[known] = np.searchsorted(classes, found)[order]
    return classes, indices


def hold_out(
    indices: np.ndarray, share: float, classes: np.ndarray, seed: int, *, learn_single: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Split the labelled rows into rows to train on and, for early stopping, a share of each class, at least one row.

    Args:
        indices: class indices ``(N,)``, -1 for a row without a label.
        share: share of the labels to hold out; 0 for none.
        classes: the classes, for messages.
        seed: fixes the draw.
        learn_single: whether a class with a single label is trained on, and none of it held out.

    Returns:
        Two arrays of rows.

    Raises:
        ValueError: for a class with a single label, unless ``learn_single``.
    """
    generator = np.random.RandomState(seed)
    none = np.empty(0, dtype=int)
    learn, stop = [none], [none]
    for k in np.unique(indices[indices != MISSING]):
        rows = generator.permutation(np.flatnonzero(indices == k))
        if share and len(rows) < 2 and not learn_single:
            raise ValueError(
                f"y: got a single label of class {list_of(classes)[k]!r}, want two, one for training and one for "
                "early stopping, or validation_fraction=0"
            )
        held = min(max(1, round(share * len(rows))), len(rows) - 1) if share else 0
        stop.append(rows[:held])
        learn.append(rows[held:])
    return np.sort(np.concatenate(learn)), np.sort(np.concatenate(stop))


def list_of(classes: ArrayLike) -> list:
    """Classes as Python's own objects, for messages."""
    return np.asarray(classes, dtype=object).tolist()


def _as_array(y):
    """Convert to an array without changing None and NaN.

    In a list, NumPy turns NaN among strings into the string 'nan', and booleans beside -1 or NaN into numbers. A
    series, or an array of pandas, with NaN among integers turns the integers into floats.
    """
    if isinstance(y, np.ma.MaskedArray) and np.ma.is_masked(y):
        raise ValueError("y: got a masked array, want -1 for a row without a label, such as y.filled(-1)")
    if is_frame(y) and y.shape[1] == 1:
        return _as_array(y[y.columns[0]])[:, None]
    dtype = getattr(y, "dtype", None)
    if isinstance(dtype, np.dtype):
        array = np.asarray(y)
    elif dtype is not None and (hasattr(y, "to_list") or hasattr(y, "to_numpy")):  # of pandas or polars
        array = np.asarray(list(y), dtype=object)
    else:
        array = np.asarray(y)
        if dtype is None and (array.dtype.kind == "U" or _has_booleans_among_numbers(y, array)):
            array = np.asarray(y, dtype=object)
    if array.dtype.kind in "cSV":
        what = {"c": "complex numbers", "S": "bytes"}.get(array.dtype.kind, "records")
        raise ValueError(f"y: got {what}, want classes: integers, booleans or strings")
    return array


def _has_booleans_among_numbers(y, array):
    if not isinstance(y, (list, tuple)) or array.ndim != 1 or array.dtype.kind not in "iuf":
        return False
    return any(isinstance(label, (bool, np.bool_)) for label in y)


def _natural(labels):
    """Labels among objects in an array of their own type; strings stay objects."""
    if labels.dtype.kind != "O" or all(isinstance(label, str) for label in labels):
        return labels
    kinds = sorted({type(label).__name__ for label in labels})
    if len(kinds) > 1:
        raise ValueError(f"y: got labels of the types {', '.join(kinds)}, want one type")
    natural = np.array(labels.tolist())
    if natural.ndim > 1 or natural.dtype.kind in "cOSV":
        raise ValueError(f"y: got labels of the type {kinds[0]}, want integers, booleans or strings")
    return natural


def _check_classes(labels):
    """Raise ``ValueError`` unless labels are classes; it names y."""
    try:
        check_classification_targets(labels)
    except ValueError as error:
        raise ValueError(f"y: got labels that are not classes: {error}") from None


def _warn_of_words(labels):
    for label in NOT_A_LABEL:
        if label in labels:
            warnings.warn(
                f"y: got the string {label!r}, which is read as a class; for a row without a label, want None in an "
                "array of dtype object or in a list",
                UserWarning,
                stacklevel=stack_level(),
            )


def _missing(y):
    if y.dtype.kind == "f":
        return np.isnan(y) | (y == MISSING)
    if y.dtype.kind in "iu":
        return y == MISSING
    return np.array([_is_missing(label) for label in y.tolist()], dtype=bool)


def _is_missing(label):
    if label is None or type(label).__name__ in ("NAType", "NaTType"):  # of pandas
        return True
    return isinstance(label, Number) and not isinstance(label, bool) and (math.isnan(label) or label == MISSING)
