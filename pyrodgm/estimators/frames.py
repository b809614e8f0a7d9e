"""Data frames with columns of several kinds, of pandas or polars, as arrays of numbers and back."""

import datetime
import importlib
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from pyrodgm.checks import stack_level

NUMBERS = ("float", "double", "int", "uint", "decimal")
DATES = ("date", "time", "period", "interval", "duration")
MOMENTS = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)
SHOWN = 10  # categories in a message
MANY = 20  # categories that are too many for a column where most occur once


class Column(NamedTuple):
    """What is known of one column: its name, its dtype, and its kind; the categories of a categorical one."""

    name: Any
    dtype: Any
    kind: str
    categories: tuple = ()

    def codes(self, series: Any, new_as_missing: bool = False) -> np.ndarray:
        """The cells as doubles: numbers, 0 and 1, or the places of the categories. NaN is a missing cell.

        With ``new_as_missing``, a category that is not among those of the column is one too, with a warning.
        """
        values = _values(series)
        if self.kind == "normal":
            return self._numbers(series, values)
        places = {category: i for i, category in enumerate(self.categories)} if self.categories else {0: 0, 1: 1}
        if new_as_missing and self.kind == "categorical":
            values = self._without_new(places, values)
        found = np.full(len(values), np.nan)
        for i, value in enumerate(values):
            if not _is_missing(value):
                found[i] = self._place(places, value)
        return found

    def decoded(self, codes: np.ndarray) -> list:
        """The inverse of ``codes``, without missing cells; numbers are rounded where the dtype holds integers."""
        if self.kind == "categorical":
            return [self.categories[int(code)] for code in codes]
        if self.kind == "bernoulli":
            return [bool(code >= 0.5) for code in codes]
        name = str(self.dtype).lower()
        if name.startswith(("int", "uint")):
            bits = int(name.partition("[")[0].strip("uint"))
            low, high = (0, 2**bits - 1) if name.startswith("uint") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            return [min(max(round(code), low), high) for code in codes.tolist()]
        return codes.tolist()

    def given(self, series: Any, foreign: bool = False) -> "Column":
        """The column with the dtype of another series of it, if both hold numbers: integers may have become floats.

        If the series is ``foreign``, of another library than that of fit, other columns get the dtype of their values.
        """
        numbers = self.kind == "normal" and str(series.dtype).lower().startswith(NUMBERS)
        if foreign and not numbers:
            return self._replace(dtype=None)
        return self._replace(dtype=series.dtype) if numbers else self

    def _without_new(self, places, values):
        known = [_is_missing(value) or _is_key(places, value) for value in values]
        new = [value for value, is_known in zip(values, known, strict=True) if not is_known]
        if new:
            shown = ", ".join(dict.fromkeys(map(repr, new[:SHOWN])))
            warnings.warn(
                f"X: got categories in column {str(self.name)!r} that fit did not see ({shown}), in {len(new)} of "
                f"{len(values)} rows: they are treated as missing cells",
                UserWarning,
                stacklevel=stack_level(),
            )
        return [value if is_known else None for value, is_known in zip(values, known, strict=True)]

    def _place(self, places, value):
        try:
            return places[value]
        except (KeyError, TypeError):
            known = [False, True] if self.kind == "bernoulli" else list(self.categories)
            more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
            what = "want one of" if self.kind == "bernoulli" else "want a missing cell or one of the categories of fit:"
            shown = ", ".join(map(repr, known[:SHOWN]))
            raise ValueError(f"X: got {value!r} in column {str(self.name)!r}, {what} {shown}{more}") from None

    def _numbers(self, series, values):
        try:
            return np.array([np.nan if _is_missing(value) else value for value in values], dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            wrong = next((value for value in values if not _is_missing(value) and not _is_number(value)), None)
            got = "an integer beyond 1e308" if wrong is None else repr(wrong)
            raise ValueError(f"X: got {got} in column {str(self.name)!r}, want numbers, as in fit") from None


class Frame(NamedTuple):
    """The columns, as seen in ``fit``, of a data frame that does not hold numbers only.

    Attributes:
        package: ``"pandas"`` or ``"polars"``.
        columns: one ``Column`` for each column.
    """

    package: str
    columns: tuple[Column, ...]

    @property
    def likelihood(self) -> tuple:
        """A likelihood for each column: normal for numbers, Bernoulli for booleans, categorical for the rest."""
        kinds = (("categorical", len(c.categories)) if c.kind == "categorical" else c.kind for c in self.columns)
        return "mixed", {"columns": tuple(kinds)}

    def likelihood_or(self, given: str | tuple | None) -> str | tuple:
        """The likelihood that the user gave, or the frame's if it is None.

        Raises:
            ValueError: for a likelihood other than ``"mixed"`` if there are columns of categories.
        """
        words = [str(column.name) for column in self.columns if column.kind == "categorical"]
        if given is None or given == self.likelihood:
            return self.likelihood
        if words:
            shown = ", ".join(map(repr, words[:5]))
            raise ValueError(
                f"likelihood: got {given!r} with columns of categories ({shown}), want None for a likelihood by column"
            )
        return given

    def encode(self, X: Any, new_as_missing: bool = False) -> np.ndarray:
        """The frame as doubles ``(B, D)``, one cell for each column. A category is its place among the categories.

        Args:
            X: a frame with the columns of ``fit``.
            new_as_missing: whether a category that ``fit`` did not see is a missing cell, with a warning, or an error.

        Raises:
            ValueError: for an array, other columns, such a category, or words among numbers.
        """
        names = [column.name for column in self.columns]
        if not is_frame(X):
            wanted = ", ".join(map(repr, map(str, names[:5])))
            raise ValueError(f"X: got {type(X).__name__}, want a data frame as in fit, with the columns {wanted}, ...")
        if list(X.columns) != names:
            raise ValueError(f"X: got the columns {list(X.columns)}, want those of fit in their order, {names}")
        return np.column_stack([column.codes(X[column.name], new_as_missing) for column in self.columns])

    def decode(self, codes: np.ndarray, observed: Any = None) -> Any:
        """Rows ``(B, D)`` as a frame with the columns and the dtypes of ``fit``.

        Args:
            codes: see ``encode``; without NaN.
            observed: a frame whose cells are kept where they are not missing, and whose library is that of the result;
                or None.
        """
        package = _library(observed) or self.package
        columns, dtypes = {}, {}
        for column, new in zip(self.columns, codes.T, strict=True):
            given = column if observed is None else column.given(observed[column.name], package != self.package)
            values = given.decoded(new)
            if observed is not None:
                old = _values(observed[column.name])
                values = [b if _is_missing(a) else a for a, b in zip(old, values, strict=True)]
            columns[column.name], dtypes[column.name] = values, given.dtype
        frames = importlib.import_module(package)
        if package == "polars":
            return frames.DataFrame(columns, schema=dtypes, strict=False)  # a decimal column has floats where imputed
        index = None if observed is None else observed.index
        series = [frames.Series(columns[name], dtype=dtypes[name], index=index, name=name) for name in columns]
        return frames.concat(series, axis=1)


def is_frame(X: Any) -> bool:
    """Whether X is a data frame of pandas or polars."""
    return _library(X) is not None


def read_frame(X: Any) -> Frame | None:
    """The columns of a data frame; None for an array, and for a frame of numbers only, which is treated as an array.

    Booleans are Bernoulli, whether their dtype is boolean or object. A column of a categorical dtype has the categories
    of that dtype. The categories of a column of strings, or of other objects, are the values that occur, sorted.
    Numbers are normal.

    Raises:
        ValueError: for two columns of the same name, columns of dates, categories of several types, and a column that
            is neither numbers nor booleans and has no value.

    Example::

        import pandas as pd
        frame = read_frame(pd.DataFrame({"age": [31.0, None], "member": [True, False], "town": ["Ulm", "Bonn"]}))
        frame.likelihood[1]["columns"]      # ("normal", "bernoulli", ("categorical", 2))
    """
    if not is_frame(X):
        return None
    names = list(X.columns)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"X: got two columns of the name {str(twice)!r}, want different names")
    columns = tuple(_column(name, X[name]) for name in names)
    if all(column.kind == "normal" for column in columns):
        return None
    return Frame(_library(X), columns)


@contextmanager
def words_refused(X: Any) -> Iterator[None]:
    """Raise ``ValueError`` about words, dates and the like where X must be numbers, as in an array."""
    if np.ma.is_masked(X):
        raise ValueError("X: got a masked array, want NaN for a missing cell: X.filled(np.nan) of a float array")
    if type(X).__name__ == "LazyFrame":
        raise ValueError("X: got a LazyFrame, want a data frame, such as X.collect()")
    if getattr(getattr(X, "dtype", None), "kind", "") in ("m", "M"):
        raise ValueError("X: got an array of dates or times, want numbers, such as days")
    frame = read_frame(X)
    found = [] if frame is None else [str(column.name) for column in frame.columns if column.kind == "categorical"]
    if found:
        raise ValueError(f"X: got columns of categories ({', '.join(map(repr, found[:5]))}), want numbers, as in fit")
    try:
        yield
    except (ValueError, OverflowError, TypeError) as error:
        if "Complex data" in str(error) or "not 'complex'" in str(error):  # the second is of a list or of objects
            raise ValueError("X: got complex numbers, want real numbers. Complex data not supported") from None
        if "Expected 2D array" in str(error):  # a long message that contains the array
            raise ValueError(
                f"X: got {_of_few_dimensions(X)}, want rows and columns. Reshape your data: "
                "X.reshape(-1, 1) makes one column, X.reshape(1, -1) one row"
            ) from None
        if isinstance(error, OverflowError):
            raise ValueError("X: got an integer beyond 1e308, want numbers that a float can hold") from None
        if "could not convert string to float" not in str(error):
            raise
        raise ValueError(
            f"X: got an array of words ({error}), want numbers, or a data frame of pandas or polars for columns of "
            "categories"
        ) from error


def _column(name, series):
    dtype = str(series.dtype).lower()
    if dtype.startswith(NUMBERS):
        return Column(name, series.dtype, "normal")
    if dtype.startswith("bool"):
        return Column(name, series.dtype, "bernoulli")
    if dtype.startswith(DATES):
        _refuse_dates(name, f"dtype {series.dtype}")
    if dtype.startswith("complex"):
        raise ValueError(f"X: got column {str(name)!r} of complex numbers, want real numbers")
    declared = getattr(series.dtype, "categories", None)
    if hasattr(declared, "to_list") and len(declared):
        return Column(name, series.dtype, "categorical", tuple(_values(declared)))
    values = {value for value in _hashable(name, series) if not _is_missing(value)}
    if not hasattr(declared, "to_list"):
        if values and all(isinstance(value, (bool, np.bool_)) for value in values):
            return Column(name, series.dtype, "bernoulli")
        if all(map(_is_number, values)) and (values or dtype in ("object", "null")):
            return Column(name, series.dtype, "normal")
    moments = [value for value in values if isinstance(value, MOMENTS)]
    if moments:
        _refuse_dates(name, f"{type(moments[0]).__name__} objects")
    if not values:
        raise ValueError(f"X: got column {str(name)!r} without a single value, want values to learn from: drop it")
    kinds = sorted({type(value).__name__ for value in values})
    if len(kinds) > 1:
        raise ValueError(f"X: got values of the types {', '.join(kinds)} in column {str(name)!r}, want one type")
    if len(values) > max(MANY, len(series) / 2):
        warnings.warn(
            f"X: got {len(values)} categories in {len(series)} rows of column {str(name)!r}, want few: drop an "
            "identifier, and turn numbers written as words into numbers",
            UserWarning,
            stacklevel=stack_level(),
        )
    try:
        return Column(name, series.dtype, "categorical", tuple(sorted(values)))
    except TypeError:
        raise ValueError(
            f"X: got {kinds[0]} objects without an order in column {str(name)!r}, want numbers, booleans or strings"
        ) from None


def without_na(X: Any) -> Any:
    """X with NaN for None, NA and NaT in arrays and columns of objects: NumPy cannot read pandas' own as numbers.

    Example::

        import pandas as pd
        without_na(np.array([[1, pd.NA]], dtype=object))        # array([[1, nan]], dtype=object)
    """
    if isinstance(X, np.ndarray) and X.dtype.kind == "O":
        missing = np.array([_is_missing(value) for value in X.flat], dtype=bool)
        return np.where(missing.reshape(X.shape), np.nan, X)
    objects = [name for name in X.columns if X[name].dtype == object] if _library(X) == "pandas" else []
    if objects:
        X = X.copy(deep=False)
    for name in objects:
        X[name] = without_na(X[name].to_numpy())
    return X


def _refuse_dates(name, what):
    raise ValueError(
        f"X: got column {str(name)!r} of {what}, want numbers, booleans or categories: turn dates and times into "
        "numbers, such as days"
    )


def _is_key(places, value):
    try:
        return value in places
    except TypeError:  # a list, which ``_place`` refuses
        return True


def _of_few_dimensions(X):
    if np.ndim(X):
        return "one dimension"
    return "None" if X is None else "a number"


def _library(X):
    """The library of a data frame, ``"pandas"`` or ``"polars"``; None for anything else."""
    roots = [base.__module__.partition(".")[0] for base in type(X).__mro__ if base.__name__ == "DataFrame"]
    return next((root for root in roots if root in ("pandas", "polars")), None)


def _values(series):
    """The cells as Python's own objects."""
    return series.to_list()


def _hashable(name, series):
    values = _values(series)
    try:
        set(values)
    except TypeError:
        raise ValueError(f"X: got lists or other containers in column {str(name)!r}, want single values") from None
    return values


def _is_missing(value):
    if value is None or type(value).__name__ in ("NAType", "NaTType"):  # of pandas
        return True
    return isinstance(value, float) and math.isnan(value)


def _is_number(value):
    return hasattr(value, "__float__") and not isinstance(value, (bool, np.bool_))
