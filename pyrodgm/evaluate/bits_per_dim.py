"""Conversion from nats per row to bits per dimension."""

import math
from typing import TypeVar

import torch

Nats = TypeVar("Nats", float, torch.Tensor)


def bits_per_dimension(nats: Nats, dimensions: int, levels: int = 1) -> Nats:
    """log2(levels) - nats / (D log 2): the code length of integer data, in bits per dimension.

    Dequantisation turns integers n in 0..C-1 into x = (n + u) / C with u uniform on [0, 1). The density of x is then
    C^D times that of n + u, so log P(n) >= E_u[log p(x)] - D log C (Theis et al. 2016, sec. 3.1). For a likelihood of
    the integers themselves, or a density on their original scale, use ``levels=1``.

    Args:
        nats: log p(x) of a row, or a bound on it: a float or a tensor.
        dimensions: number of features D.
        levels: number of levels C that the data were divided by.

    Returns:
        The same type as ``nats``; lower is better.

    Raises:
        ValueError: if ``dimensions`` or ``levels`` is below 1.

    Example::

        bits_per_dimension(log_likelihood(m, x).mean, dimensions=3072, levels=256)
    """
    for argument, value in (("dimensions", dimensions), ("levels", levels)):
        if not value >= 1:
            raise ValueError(f"{argument}: got {value!r}, want a number of at least 1")
    return (math.log(levels) - nats / dimensions) / math.log(2)
