"""One step of a normalising flow: an invertible map of vectors with its inverse and log-determinant."""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch.distributions import Transform, constraints

from pyrodgm.distributions.cached import is_current, stamp


class FlowStep(Transform):
    """Base class of z -> f(z), R^D -> R^D, with separate parameters for every row.

    A subclass writes ``forward_and_log_det(z)`` and ``inverse_and_log_det(y)``, each of which returns the value and
    log |det df/dz| ``(...)``. The last result is cached, so that the log-density of a sample needs no second pass.
    It is dropped if z or f(z) has been modified since, or if gradients are recorded now but were not then.

    Args:
        batch_shape: batch shape of the parameters; a base distribution with a smaller one is expanded to it.
    """

    domain = constraints.real_vector
    codomain = constraints.real_vector
    bijective = True
    _known = None, None
    _stamped: Any = None

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

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """f(x)."""
        self._drop_stale()
        return super().__call__(x)

    def _inv_call(self, y):
        self._drop_stale()
        return super()._inv_call(y)

    def _call(self, x):
        y, log_det = self.forward_and_log_det(x)
        self._known, self._stamped = (x, log_det), (stamp(x, y), x, y)
        return y

    def _inverse(self, y):
        x, log_det = self.inverse_and_log_det(y)
        self._known, self._stamped = (x, log_det), (stamp(x, y), x, y)
        return x

    def _drop_stale(self):
        """Drop the cached result if it no longer holds."""
        if self._stamped and not is_current(*self._stamped):
            self._cached_x_y, self._known, self._stamped = (None, None), (None, None), None

    def _log_det(self, x):
        self._drop_stale()
        known, log_det = self._known
        return log_det if x is known else self.forward_and_log_det(x)[1]


def softplus_from_one(a: torch.Tensor) -> torch.Tensor:
    """log(1 + (e - 1) exp(a)): positive, and 1 at a = 0."""
    return F.softplus(a + math.log(math.e - 1))
