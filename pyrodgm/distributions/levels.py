"""A categorical over ordered levels, for features that take a few integer values."""

import pyro.distributions as dist
import torch


class Levels(dist.Categorical):
    """Categorical over the levels 0..C-1 whose mean is a level: E[x] = sum_c c p(x = c).

    torch's ``Categorical`` has no mean because its categories carry no order; levels do.

    Example::

        Levels(logits=torch.zeros(3)).mean      # tensor(1.)
    """

    @property
    def mean(self):
        levels = torch.arange(self.probs.shape[-1], device=self.probs.device, dtype=self.probs.dtype)
        return self.probs @ levels
