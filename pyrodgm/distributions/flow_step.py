"""One step of a normalising flow: an invertible map of vectors with its inverse and log-determinant."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch.distributions import Transform, constraints


class FlowStep(Transform):
    """Base class of z -> f(z), R^D -> R^D, with separate parameters for every row.

    A subclass writes ``forward_and_log_det(z)`` and ``inverse_and_log_det(y)``, each of which returns the value and
    log |det df/dz| ``(...)``. The last result is cached, so that the log-density of a sample needs no second pass.

    Args:
        batch_shape: batch shape of the parameters; a base distribution with a smaller one is expanded to it.
    """

    domain = constraints.real_vector
    codomain = constraints.real_vector
    bijective = True
    _known = None, None

    def __init__(self, batch_shape: Sequence[int]) -> None:
        super().__init__(cache_size=1)
        self.batch_shape = torch.Size(batch_shape)

    def forward_and_log_det(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """f(z) and log |det df/dz|."""
        raise NotImplementedError

    def inverse_and_log_det(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The z with f(z) = y, and log |det df/dz| there."""
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """log |det df/dz| at x, ``(...)``."""
        return self._log_det(x)

    def forward_shape(self, shape: torch.Size) -> torch.Size:
        """The shape of f(z) for z of ``shape``, after broadcasting with the batch shape of the parameters."""
        return torch.broadcast_shapes(shape, self.batch_shape + shape[-self.domain.event_dim :])

    inverse_shape = forward_shape

    def _call(self, x):
        y, log_det = self.forward_and_log_det(x)
        self._known = x, log_det
        return y

    def _inverse(self, y):
        x, log_det = self.inverse_and_log_det(y)
        self._known = x, log_det
        return x

    def _log_det(self, x):
        known, log_det = self._known
        return log_det if x is known else self.forward_and_log_det(x)[1]


def softplus_from_one(a: torch.Tensor) -> torch.Tensor:
    """log(1 + (e - 1) exp(a)): positive, and 1 at a = 0."""
    return F.softplus(a + math.log(math.e - 1))
