"""Checks of arguments. Errors name the argument, what was given and what is wanted."""

import math
import sys
from collections.abc import Collection
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, TypeGuard

import numpy as np
import torch
from torch.distributions import constraints

SHOWN = 40  # choices that a message lists; if there are more, it lists the most similar


def check_choice(argument: str, value: Any, choices: Collection[str]) -> None:
    """Raise ``ValueError`` unless ``value`` is one of ``choices``. The message suggests the most similar one."""
    if not isinstance(value, str) or value not in choices:
        near = get_close_matches(str(value), choices, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        listed = ", ".join(sorted(choices))
        if len(choices) > SHOWN:
            similar = get_close_matches(str(value), choices, n=5, cutoff=0.0)
            listed = f"{len(choices)} names, such as {', '.join(similar)}"
        raise ValueError(f"{argument}: got {shown(value)}{hint}, want one of {listed}")


def split_option(argument: str, option: Any) -> tuple[str, dict[str, Any]]:
    """The name and the options of a choice: a name, or a pair of a name and its options.

    Raises:
        ValueError: for anything else.

    Example::

        split_option("likelihood", ("binomial", {"total_count": 16}))   # ("binomial", {"total_count": 16})
        split_option("likelihood", "normal")                            # ("normal", {})
    """
    if isinstance(option, str):
        return option, {}
    is_pair = isinstance(option, (tuple, list)) and len(option) == 2
    if not (is_pair and isinstance(option[0], str) and isinstance(option[1], dict)):
        raise ValueError(f"{argument}: got {option!r}, want a name, or a pair of a name and a dict of options")
    return option[0], option[1]


def shown(value: Any) -> str:
    """A value as a message shows it: NumPy's numbers and arrays as plain ones, so 9 and not ``np.int64(9)``."""
    return repr(value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value)


def stack_level() -> int:
    """The ``stacklevel`` with which a warning shows the line outside this package that called it."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "pyrodgm":
        frame, level = frame.f_back, level + 1
    return level


def is_size(value: Any) -> TypeGuard[int]:
    """Whether ``value`` is a positive int, of Python or NumPy."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) > 0


def check_size(argument: str, value: Any) -> None:
    """Raise ``ValueError`` unless ``value`` is a positive int, of Python or NumPy."""
    if not is_size(value):
        raise ValueError(f"{argument}: got {shown(value)}, want a positive int")


def is_number(value: Any) -> TypeGuard[float]:
    """Whether ``value`` is a finite number, of Python or NumPy, and not a boolean."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def check_has_classes(argument: str, model: Any) -> None:
    """Raise ``ValueError`` unless ``model`` has a number of classes, ``num_classes``."""
    if getattr(model, "num_classes", None) is None:
        raise ValueError(f"{argument}: got {type(model).__name__}, which has no classes, want a model with num_classes")


def check_seed(argument: str, value: Any) -> None:
    """Raise ``ValueError`` unless ``value`` is an int that torch takes as a seed."""
    if not isinstance(value, Integral) or not -(2**63) <= int(value) < 2**64:
        raise ValueError(f"{argument}: got {shown(value)}, want an int from -2**63 to 2**64 - 1")


def check_device(argument: str, device: Any) -> None:
    """Raise ``ValueError`` if torch has no such device here."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{argument}: got {str(device)!r}, want an available device ({reason})") from error


def check_rows(argument: str, x: Any, size: int | str, dtype: torch.dtype | None = None) -> None:
    """Raise ``ValueError`` unless ``x`` is a floating-point tensor ``(B, size)`` with at least one row.

    Reads only shapes and dtypes, not values, so there is no synchronisation with a device.
    """
    if not isinstance(x, torch.Tensor):
        raise ValueError(f"{argument}: got {type(x).__name__}, want a torch.Tensor of shape (B, {size})")
    if x.dim() != 2 or x.shape[1] != size:
        raise ValueError(f"{argument}: got shape {tuple(x.shape)}, want (B, {size})")
    if len(x) == 0:
        raise ValueError(f"{argument}: got an empty batch of shape {tuple(x.shape)}, want at least one row")
    if not x.is_floating_point():
        raise ValueError(f"{argument}: got dtype {x.dtype}, want a floating-point tensor")
    if dtype is not None and x.dtype != dtype:
        raise ValueError(f"{argument}: got dtype {x.dtype}, want {dtype} like the parameters")


def check_labels(argument: str, y: Any, rows: int | None, num_classes: int) -> None:
    """Raise ``ValueError`` unless ``y`` is class indices ``(B,)`` or one-hot rows ``(B, K)`` for ``rows`` rows.

    ``rows`` is None if the labels determine the number of rows. Reads only shapes and dtypes.
    """
    want = f"class indices (B,) of an integer dtype or one-hot rows (B, {num_classes})"
    if not isinstance(y, torch.Tensor):
        raise ValueError(f"{argument}: got {type(y).__name__}, want a torch.Tensor of {want}")
    if y.dim() not in (1, 2) or (y.dim() == 2 and y.shape[1] != num_classes):
        raise ValueError(f"{argument}: got shape {tuple(y.shape)}, want {want}")
    if y.is_complex() or (y.dim() == 1 and (y.is_floating_point() or y.dtype == torch.bool)):
        raise ValueError(f"{argument}: got dtype {y.dtype}, want {want}")
    if len(y) == 0:
        raise ValueError(f"{argument}: got an empty batch of shape {tuple(y.shape)}, want at least one row")
    if rows is not None and len(y) != rows:
        raise ValueError(f"{argument}: got {len(y)} labels, want {rows}, one for each row of x")


def check_values(argument: str, x: torch.Tensor, support: constraints.Constraint, name: str) -> None:
    """Raise ``ValueError`` if ``x`` has infinity, a value outside ``support``, or NaN that ``support`` does not allow.

    It reads values, so call it only once, where the data come in, or while Pyro's validation is on. ``name`` describes
    ``support`` in words.
    """
    inside, missing = support.check(x), x.isnan()
    wrong = x.isinf() | (missing & ~inside)
    if bool(wrong.any()):
        got, want = "NaN or infinite values", "finite numbers"
        if bool(support.check(torch.full(x.shape[-1:], torch.nan)).all()):
            got, want = "infinite values", name
        raise ValueError(f"{argument}: got {int(wrong.sum())} {got}, want {want}")
    if not bool(inside.all()):
        low, high = float(x[~missing].min()), float(x[~missing].max())
        raise ValueError(f"{argument}: got values from {low:g} to {high:g}, want {name}")


def check_label_values(argument: str, y: torch.Tensor, num_classes: int) -> None:
    """Raise ``ValueError`` if a class index is outside 0..K-1 or a row is not one-hot. Reads values."""
    if y.dim() == 1:
        low, high = int(y.min()), int(y.max())
        if low < 0 or high >= num_classes:
            raise ValueError(f"{argument}: got labels from {low} to {high}, want 0 to {num_classes - 1}")
    elif not bool((((y == 0) | (y == 1)).all(-1) & (y.sum(-1) == 1)).all()):
        raise ValueError(f"{argument}: got rows that are not one-hot, want a single 1 and {num_classes - 1} zeros")
