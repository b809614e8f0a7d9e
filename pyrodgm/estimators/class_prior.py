"""The prior p(y) of a classifier, learned from all its rows by expectation maximisation.

p(y = k)  =  (1 + N_k + sum_u q(y = k | x_u)) / (K + N)        N_k labels of class k, rows u without a label, N rows

This is the M step of Dempster, Laird and Rubin 1977 for p(y), with one extra row of each class, so that no probability
is zero. Saerens, Latinne and Decaestecker 2002 estimate the shares of classes among unlabelled rows in the same way.

If q(y | x) is often wrong, a learned prior can do harm, because a class that is found too seldom becomes rarer still.
It is therefore learned only if the numbers of labels say that some classes are rare.
"""

from collections.abc import Callable

import numpy as np
import torch
from scipy.stats import chisquare

from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.train import Callback
from pyrodgm.train.callbacks import Progress

EVERY = 5  # epochs between two updates
CHANCE = 0.01  # probability below which differences between the numbers of labels are not chance


def are_uneven(labels: np.ndarray) -> bool:
    """Whether the classes have different numbers of labels, by Pearson's chi-squared test at a level of 1 %.

    Args:
        labels: the number of labels of each class, ``(K,)``.

    Example::

        are_uneven(np.array([9, 5, 6])), are_uneven(np.array([90, 50, 60]))     # False, True
    """
    return bool(chisquare(labels).pvalue < CHANCE)


class LearnedPrior(Callback):
    """Sets p(y) of a model to the shares of the classes among all rows, every five epochs.

    Args:
        model: a model that was built with a ``class_prior``.
        y: the class indices of the rows with a label.
        probabilities: a function that returns q(y | x) of the rows without a label, ``(U, K)``.
    """

    def __init__(self, model: DeepGenerativeModel, y: torch.Tensor, probabilities: Callable[[], torch.Tensor]) -> None:
        self.model, self.probabilities = model, probabilities
        self.labels = y.bincount(minlength=model.num_classes)

    def on_epoch(self, progress: Progress) -> None:
        if progress.epoch % EVERY == 0:
            counts = 1 + self.labels + self.probabilities().double().sum(0)
            self.model.set_class_prior((counts / counts.sum()).tolist())
