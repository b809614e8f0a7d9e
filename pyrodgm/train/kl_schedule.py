"""The weight of the KL terms at every step of a run."""

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from pyrodgm.handlers import warm_up


class KLSchedule:
    """A KL weight that moves linearly from a start to 1 over epochs, over steps, or not at all.

        beta = start + (1 - start) min(1, (epoch + 1) / epochs, (step + 1) / steps)    epoch and step counted from 0

    Sønderby et al. 2016, eq. 20 and below it, from 0; Maaløe 2018, app. E, from 0.3. A start above 1 makes information
    in the continuous latents expensive at first, so that the model uses a class y as much as it can. No paper cited
    here does so.

    Args:
        epochs, steps: lengths of the schedules; 0 for none.
        start: the weight to start from. The first epoch, or step, is already one increment closer to 1.
        discrete: whether to scale enumerable sites, such as y, too, see ``warm_up``.

    Raises:
        ValueError: for a length below 0, or a start below 0 or not finite.

    Example::

        KLSchedule(epochs=200, start=0.3)         # 0.3035, 0.307, ..., 1
    """

    def __init__(self, epochs: int = 0, steps: int = 0, start: float = 0.0, discrete: bool = False) -> None:
        for argument, value in (("warm_up_epochs", epochs), ("warm_up_steps", steps)):
            if value < 0:
                raise ValueError(f"{argument}: got {value}, want at least 0")
        if not 0 <= start < math.inf:
            raise ValueError(f"warm_up_start: got {start}, want a number of at least 0")
        self.epochs, self.steps, self.start = epochs, steps, start
        self.beta = torch.tensor(1.0)
        self.warming = warm_up(self.beta, discrete)

    def of_step(self, epoch: int, step: int) -> AbstractContextManager[Any]:
        """The context that a step runs in: the warm-up, or an empty context once the warm-up is over."""
        passed = min((epoch + 1) / max(self.epochs, 1), (step + 1) / max(self.steps, 1))
        if passed >= 1:
            return nullcontext()
        self.beta.fill_(self.start + (1 - self.start) * passed)
        return self.warming
