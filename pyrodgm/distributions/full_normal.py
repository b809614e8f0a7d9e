"""A normal with full covariance that computes the log-density of its samples from their noise."""

import math
from collections.abc import Sequence
from typing import Any

import pyro.distributions as dist
import torch

from pyrodgm.distributions.cached import is_current, stamp


class FullNormal(dist.MultivariateNormal):
    """A normal with full covariance that computes the log-density of its last sample from the noise of the sample.

    log q(z) = sum_i log N(eps_i; 0, 1) - log L_ii,  z = mu + L eps          (Kingma 2017, eqs 2.47 and 2.49)

    This does not solve a triangular system. The usual formula, (z - mu)^T (L L^T)^-1 (z - mu), may have no
    correct digit if L is ill-conditioned, as from a network far from its training rows. It is used only for values
    other than the last sample, and for a sample that has been modified since, or drawn without the gradients that are
    wanted now.

    Arguments and shapes as for ``MultivariateNormal``.

    Example::

        q = FullNormal(torch.zeros(5, 3), scale_tril=torch.eye(3))
        q.log_prob(q.rsample())                 # (5,)
    """

    _last: tuple[torch.Tensor | None, Any, Any] = None, None, None

    def at(self, noise: torch.Tensor) -> torch.Tensor:
        """mu + L eps at given noise ``(..., D)``, broadcast against the batch."""
        value = self.loc + (self._unbroadcasted_scale_tril @ noise.unsqueeze(-1)).squeeze(-1)
        self._last = value, noise, stamp(value)
        return value

    def rsample(self, sample_shape: Sequence[int] = ()) -> torch.Tensor:
        """mu + L eps, ``(*sample_shape, *batch, D)``."""
        standard = dist.Normal(torch.zeros_like(self.loc), torch.ones_like(self.loc))
        return self.at(standard.rsample(torch.Size(sample_shape)))

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """log q, ``(*sample_shape, *batch)``."""
        last, noise, stamped = self._last
        if value is not last or not is_current(stamped, value):
            return super().log_prob(value)
        log_sigma = self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log()
        log_q = -0.5 * (noise.square() + math.log(2 * math.pi)).sum(-1) - log_sigma.sum(-1)
        return log_q.expand(value.shape[:-1])
