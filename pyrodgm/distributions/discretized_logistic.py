"""The discretised logistic: each integer level has the mass of a logistic distribution on its interval."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import pyro.distributions as dist
import torch
import torch.nn.functional as F
from torch.distributions import constraints
from torch.distributions.utils import broadcast_all

from pyrodgm.checks import is_size, shown


class DiscretizedLogistic(dist.TorchDistribution):
    """Levels n = 0..C-1, with the mass of a logistic on [n / C, (n + 1) / C] (Kingma 2017, sec. 5.B.5).

    p(n) = sigmoid(u) - sigmoid(v),  u = ((n + 1) / C - mu) / s,  v = (n / C - mu) / s
    log p(n) = log sigmoid(u) + log sigmoid(-v) + log(1 - exp(v - u)),  v - u = -1 / (C s)

    The two lines are equal, but the second loses no precision, however far mu is from the level and however small s is.

    Deviation: the first level includes the mass below it, log sigmoid(u), and the last level the mass above it,
    log sigmoid(-v). As printed in the paper, the masses sum to that of the logistic on [0, 1], which is 1/2 for mu = 0
    and small s.

    Location and scale are in units of the share n / C of a level: a location of 1/2 is the middle level for any C.
    Values, samples and the mean are levels.

    Args:
        loc: mu, any real number.
        log_scale: log s; broadcast against mu.
        num_levels: C, at least 2.

    Raises:
        ValueError: if ``num_levels`` is not an int or below 2.

    Example::

        p = DiscretizedLogistic(torch.full((5, 784), 0.5), torch.tensor(-2.0), num_levels=256).to_event(1)
        p.log_prob(p.sample())                  # (5,)
    """

    arg_constraints: ClassVar = {"loc": constraints.real, "log_scale": constraints.real}

    def __init__(
        self, loc: torch.Tensor, log_scale: torch.Tensor, num_levels: int = 256, validate_args: bool | None = None
    ) -> None:
        check_levels(num_levels)
        self.loc, self.log_scale = broadcast_all(loc, log_scale)
        self.num_levels = num_levels
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> constraints.Constraint:
        """The integers 0..C-1."""
        return constraints.integer_interval(0, self.num_levels - 1)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Self:
        """The same distribution for a larger batch."""
        loc, log_scale = self.loc.expand(batch_shape), self.log_scale.expand(batch_shape)
        return type(self)(loc, log_scale, self.num_levels, validate_args=self._validate_args)

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """log p(n)."""
        if self._validate_args:
            self._validate_sample(value)
        centre, width = self._in_levels()
        u, v = (value + 1 - centre) * width, (value - centre) * width
        first, last = value == 0, value == self.num_levels - 1
        below = F.logsigmoid(u).masked_fill(last, 0.0)
        above = F.logsigmoid(-v).masked_fill(first, 0.0)
        return below + above + (-torch.expm1(-width)).log().masked_fill(first | last, 0.0)

    @property
    def mean(self) -> torch.Tensor:
        """E[n] = sum_{i=1}^{C-1} P(n >= i)."""
        centre, width = self._in_levels()
        return sum(torch.sigmoid((centre - i) * width) for i in range(1, self.num_levels))  # type: ignore[return-value]  # never the 0 of an empty sum

    @torch.no_grad()
    def sample(self, sample_shape: Sequence[int] = ()) -> torch.Tensor:
        """The level whose interval contains a draw of the logistic, mu + s log(e / (1 - e)) with e uniform."""
        loc = self.loc.expand(self._extended_shape(torch.Size(sample_shape)))
        uniform = torch.rand_like(loc).clamp(torch.finfo(loc.dtype).tiny, 1 - torch.finfo(loc.dtype).eps / 2)
        drawn = loc + self.log_scale.exp() * torch.logit(uniform)
        return (self.num_levels * drawn).floor().clamp(0, self.num_levels - 1)

    def _in_levels(self):
        """The location in units of levels, and 1 / (C s), the width of a level in units of s."""
        return self.num_levels * self.loc, (-self.log_scale).exp() / self.num_levels


def check_levels(num_levels: int) -> None:
    """Raise ``ValueError`` unless ``num_levels`` is an int of at least 2."""
    if not (is_size(num_levels) and num_levels >= 2):
        raise ValueError(f"num_levels: got {shown(num_levels)}, want an int of at least 2")
