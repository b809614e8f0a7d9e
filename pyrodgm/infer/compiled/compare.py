"""Decides whether two runs of a function agree up to rounding."""

import math
from typing import Any

import torch
from torch.utils import _pytree as pytree


def copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


MOST_TIMES_ROUNDING = 3  # a difference may be this many times the change from rounding the parameters


def difference(found: Any, expected: Any, precision: float, moved: Any = None) -> tuple[str, str]:
    """The first part of two nested results that differs by more than rounding, and how; else two empty strings.

    Values are compared tensor by tensor. Gradients are sums that may cancel. The tolerance for all of them together is
    therefore a hundred times larger. The tolerance for a single gradient is a few per cent, enough to detect a wrong
    sign or factor. Errors below the precision times the largest tensor of a part are rounding. If the
    result at parameters moved by their rounding, ``moved``, is given, three times its difference is rounding too.
    """
    if not isinstance(expected, dict):
        found, expected, moved = {"value": found}, {"value": expected}, moved if moved is None else {"value": moved}
    for part, wanted in expected.items():
        (a, spec), (b, other) = pytree.tree_flatten(found[part]), pytree.tree_flatten(wanted)
        if spec != other or [v is None for v in a] != [v is None for v in b]:
            return part, f"the graph's {part} has a different structure"
        pairs = [_alike(x, y) for x, y in zip(a, b, strict=True) if x is not None]
        if any(x.shape != y.shape for x, y in pairs):
            return part, f"the graph's {part} has different shapes"
        if not all(torch.equal(x.isfinite(), y.isfinite()) for x, y in pairs):
            return part, f"the graph's {part} is finite in other places"
        sizes = [float(y[y.isfinite()].norm()) for _, y in pairs]
        errors = [_distance(x, y) for x, y in pairs]
        rounding = [0.0] * len(pairs)
        if moved is not None:
            near = [x for x in pytree.tree_leaves(moved[part]) if x is not None]
            rounding = [MOST_TIMES_ROUNDING * _distance(x.to(y), y) for x, (_, y) in zip(near, pairs, strict=True)]
        alone, together = (0.03 + 100 * precision, 100 * precision) if part == "gradients" else (precision, precision)
        wrong = [
            e / max(s, 1e-300)
            for e, s, r in zip(errors, sizes, rounding, strict=True)
            if e > alone * s + precision * max(sizes) + r
        ]
        if not wrong and math.hypot(*errors) > together * math.hypot(*sizes) + math.hypot(*rounding):
            wrong = [math.hypot(*errors) / math.hypot(*sizes)]
        if wrong:
            return part, f"the graph's {part} differs by {wrong[0]:.1g} from that of a plain run"
    return "", ""


def _alike(found, expected):
    """Both in double precision and on one device: a plain run on a GPU returns its loss as a float."""
    found = found.double()
    return found, expected.to(found)


def _distance(x, y):
    finite = x.isfinite() & y.isfinite()
    return float((x - y)[finite].norm())
