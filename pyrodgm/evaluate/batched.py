"""Evaluation mode, and iteration over rows in batches."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

import torch
from tqdm.auto import tqdm

from pyrodgm.checks import check_size
from pyrodgm.types import ModelAndGuide


@contextmanager
def evaluating(module: torch.nn.Module | ModelAndGuide) -> Iterator[torch.nn.Module | ModelAndGuide]:
    """Context manager: ``module`` in evaluation mode without gradients. The previous mode is restored at exit.

    Example::

        with evaluating(m):
            m.classifier(x)
    """
    training = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.no_grad():
            yield module
    finally:
        for part, mode in training.items():
            part.training = mode


def in_batches(
    x: torch.Tensor, y: torch.Tensor | None = None, batch_size: int = 1000, progress: bool = False
) -> Iterator[tuple[torch.Tensor, torch.Tensor | Any]]:
    """Yield batches of rows ``x (b, D)`` with their labels, or with None.

    Raises:
        ValueError: if ``batch_size`` is below 1, or the numbers of labels and rows differ.
    """
    check_size("batch_size", batch_size)
    if y is not None and len(y) != len(x):
        raise ValueError(f"y: got {len(y)} labels, want {len(x)}, one for each row of x")
    labels = repeat(None) if y is None else y.split(int(batch_size))
    with tqdm(total=len(x), disable=not progress, unit="row") as bar:
        for rows, given in zip(x.split(int(batch_size)), labels, strict=False):
            yield rows, given
            bar.update(len(rows))
