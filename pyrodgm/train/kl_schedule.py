"""The weight of the KL terms at every step of a run."""

from contextlib import nullcontext

import torch

from pyrodgm.handlers import warm_up


class KLSchedule:
    """A KL warm-up that rises linearly to 1 over epochs, over steps, or not at all.

        beta = min(1, (epoch + 1) / epochs, (step + 1) / steps), epoch and step counted from 0

    Args:
        epochs, steps: lengths; 0 for none.
        discrete: scale enumerable sites, such as y, too, see ``warm_up``.

    Raises:
        ValueError: for a length below 0.
    """

    def __init__(self, epochs=0, steps=0, discrete=False):
        for argument, value in (("warm_up_epochs", epochs), ("warm_up_steps", steps)):
            if value < 0:
                raise ValueError(f"{argument}: got {value}, want at least 0")
        self.epochs, self.steps = epochs, steps
        self.beta = torch.tensor(1.0)
        self.warming = warm_up(self.beta, discrete)

    def of_step(self, epoch, step):
        """The context that a step runs in: warm-up, or nothing once it is over."""
        beta = min((epoch + 1) / max(self.epochs, 1), (step + 1) / max(self.steps, 1))
        if beta >= 1:
            return nullcontext()
        self.beta.fill_(beta)
        return self.warming
