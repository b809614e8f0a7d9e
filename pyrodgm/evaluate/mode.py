"""Evaluation mode: running statistics, no gradients, and the training mode put back afterwards."""

from contextlib import contextmanager

import torch


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
