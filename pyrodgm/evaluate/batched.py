"""Evaluation mode, and rows some at a time."""

from contextlib import contextmanager
from itertools import repeat

import torch
from tqdm.auto import tqdm


@contextmanager
def evaluating(module):
    """Put ``module`` into evaluation mode without gradients, and back into the mode that it was in.

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


def in_batches(x, y=None, batch_size=1000, progress=False):
    """Yield rows ``x (b, D)`` and their labels, or None, some at a time.

    Raises:
        ValueError: if there are not as many labels as rows.
    """
    if y is not None and len(y) != len(x):
        raise ValueError(f"y: got {len(y)} labels, want {len(x)}, one for each row of x")
    labels = repeat(None) if y is None else y.split(batch_size)
    with tqdm(total=len(x), disable=not progress, unit="row") as bar:
        for rows, given in zip(x.split(batch_size), labels, strict=False):
            yield rows, given
            bar.update(len(rows))
