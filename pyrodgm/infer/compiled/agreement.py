"""Whether two runs of a function agree up to rounding."""

import torch
from torch.utils import _pytree as pytree


def copied(value):
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def difference(found, expected, precision):
    """The first part of two nests that differs by more than rounding, in words; empty if none does.

    Tensors are compared one by one, relative to their own size, with a floor relative to the largest of their part;
    gradients, sums that may cancel, a hundred times less strictly than values.
    """
    if not isinstance(expected, dict):
        found, expected = {"value": found}, {"value": expected}
    for part, wanted in expected.items():
        (a, spec), (b, other) = pytree.tree_flatten(found[part]), pytree.tree_flatten(wanted)
        if spec != other or [v is None for v in a] != [v is None for v in b]:
            return f"the graph's {part} has other parts"
        pairs = [(x.double(), y.double()) for x, y in zip(a, b, strict=True) if x is not None]
        if any(x.shape != y.shape for x, y in pairs):
            return f"the graph's {part} has other shapes"
        if not all(torch.equal(x.isfinite(), y.isfinite()) for x, y in pairs):
            return f"the graph's {part} is finite elsewhere"
        tolerance = 100 * precision if part == "gradients" else precision
        sizes = [float(y[y.isfinite()].norm()) for _, y in pairs]
        for (x, y), size in zip(pairs, sizes, strict=True):
            error = float((x - y)[y.isfinite()].norm())
            if error > tolerance * size + precision * max(sizes):
                return f"the graph's {part} differs by {error / max(size, 1e-300):.1g} from the plain one"
    return ""
