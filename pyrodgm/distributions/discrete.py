"""Discrete distributions: a Bernoulli for grey values, ordered levels, and a class with a straight-through gradient."""

from collections.abc import Sequence
from typing import Any, Self

import pyro.distributions as dist
import torch
from torch.distributions import Gumbel, constraints

from pyrodgm.distributions.one_hot import log_prob_of_cells


class GreyBernoulli(dist.Bernoulli):
    """Bernoulli whose support is the whole interval [0, 1].

    log p(x) = x log pi + (1 - x) log(1 - pi)    (Kingma 2017, eq. 2.74)

    For x in {0, 1} this is the log-probability of the Bernoulli. For a grey x it is its expectation under binarisation
    by sampling, E[log p(b)] with b ~ Bernoulli(x). The bound of grey images is therefore the expected bound of
    binarised images, and not one on a density of the grey values.

    Example::

        GreyBernoulli(logits=torch.zeros(3, 64)).to_event(1).log_prob(torch.rand(3, 64))   # (3,)
    """

    support = constraints.unit_interval


class Levels(dist.Categorical):
    """Categorical over the ordered levels 0..C-1, with a mean, E[x] = sum_c c p(x = c), and a variance.

    torch's ``Categorical`` has neither, because its categories have no order.

    Example::

        Levels(logits=torch.zeros(3)).mean      # tensor(1.)
    """

    @property
    def mean(self) -> torch.Tensor:
        return self.probs @ self._levels()

    @property
    def variance(self) -> torch.Tensor:
        return (self.probs * (self._levels() - self.mean.unsqueeze(-1)).square()).sum(-1)

    def _levels(self):
        return torch.arange(self.probs.shape[-1], device=self.probs.device, dtype=self.probs.dtype)


class StraightThroughOneHot(dist.OneHotCategorical):
    """One-hot categorical whose samples have the gradient of a relaxed sample.

    g_k ~ Gumbel(0, 1);  y = one-hot of argmax_k (log pi_k + g_k), exactly a categorical draw;
    dy = d softmax((log pi + g) / temperature)    (Jang et al. 2017, sec. 2.2, straight-through Gumbel-softmax)

    log p(y) = sum_k y_k log pi_k is that of the categorical. It has a gradient in y too; without it an entropy would
    have no gradient. Values are exact. Gradients are those of the relaxed sample and therefore biased: a lower
    temperature gives less bias and more noise.

    Args:
        temperature: temperature of the relaxed sample, above zero.
        logits: ``(..., K)``.

    Example::

        StraightThroughOneHot(0.5, logits=torch.zeros(5, 1000)).rsample()     # one-hot rows (5, 1000)
    """

    has_rsample = True

    def __init__(self, temperature: float, logits: torch.Tensor, validate_args: bool | None = None) -> None:
        if not temperature > 0:
            raise ValueError(f"temperature: got {temperature!r}, want a number above zero")
        self.temperature = temperature
        super().__init__(logits=logits, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Self:
        """The same distribution for a larger batch."""
        logits = self.logits.expand(torch.Size(batch_shape) + self.event_shape)
        return type(self)(self.temperature, logits, validate_args=self._validate_args)

    def rsample(self, sample_shape: Sequence[int] = ()) -> torch.Tensor:
        """One-hot rows with the gradient of the relaxed sample."""
        shape = self._extended_shape(torch.Size(sample_shape))
        noise = Gumbel(torch.zeros_like(self.logits), 1.0).rsample(torch.Size(sample_shape))
        return self.relaxed(noise).expand(shape)

    def relaxed(self, noise: torch.Tensor) -> torch.Tensor:
        """One-hot rows for given Gumbel noise ``(..., K)``, with the gradient of the relaxed sample."""
        noisy = self.logits + noise
        relaxed = (noisy / self.temperature).softmax(-1)  # has ties at a high temperature
        hard = torch.zeros_like(relaxed).scatter_(-1, noisy.argmax(-1, keepdim=True), 1.0)
        return hard + (relaxed - relaxed.detach())

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """log p(y) = sum_k y_k log pi_k."""
        if self._validate_args:
            self._validate_sample(value)
        return log_prob_of_cells(value, self.logits).sum(-1)
