"""Temperature scaling of class probabilities. Guo, Pleiss, Sun and Weinberger 2017, sec. 4.2.

q_T(y | x)  ∝  q(y | x)^(1/T)          T > 1 makes a classifier less confident; the most probable class stays the same
"""

import math

import torch
from scipy.optimize import minimize_scalar

MOST = 10.0  # highest temperature
FEW_LABELS = 2.5  # without enough held-out labels: the best on the tables of benchmarks/few_labels_chosen_on.md


def temper(probabilities: torch.Tensor, temperature: float) -> torch.Tensor:
    """Class probabilities ``(B, K)`` at a temperature.

    Example::

        temper(torch.tensor([[0.8, 0.2]]), 2.0)     # 2 to 1: [[0.667, 0.333]]
    """
    return probabilities if temperature == 1 else (probabilities.log() / temperature).softmax(-1)


def fit_temperature(probabilities: torch.Tensor, y: torch.Tensor) -> float:
    """The temperature, from 1 to 10, with the lowest cross-entropy on some labels.

    It is never below 1: a classifier that makes no error on a few labels would otherwise become certain everywhere.

    Args:
        probabilities: class probabilities ``(B, K)`` of rows whose labels were not used in training.
        y: their class indices, ``(B,)``.

    Example::

        sure = torch.tensor([[0.99, 0.01]]).expand(100, 2)
        fit_temperature(sure, (torch.arange(100) < 20).long())      # 3.3: a fifth of them is wrong
    """

    def loss(log_temperature):
        found = temper(probabilities.double(), math.exp(log_temperature)).gather(1, y[:, None])
        return float(-found.clamp(min=torch.finfo(torch.float64).tiny).log().mean())

    best = minimize_scalar(loss, bounds=(0, math.log(MOST)), method="bounded").x
    return math.exp(best) if loss(best) < loss(0) else 1.0
