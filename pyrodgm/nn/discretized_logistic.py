"""Discretised logistic likelihood, for the pixels of images."""

from collections.abc import Sequence
from typing import Any, Literal

import pyro.distributions as dist
import torch
from torch.distributions import constraints

from pyrodgm.checks import check_choice, check_size
from pyrodgm.distributions import DiscretizedLogistic
from pyrodgm.distributions.discretized_logistic import check_levels
from pyrodgm.nn.cells import CellsNet
from pyrodgm.nn.scale_heads import BoundedLogVariance
from pyrodgm.nn.trunk import trunk_of


class DiscretizedLogisticNet(CellsNet):
    """Features that are levels, each a discretised logistic or a mixture of M of them (Kingma 2017, sec. 5.B.5).

    mu_m = (m - 1/2) / M + Linear(h),  log s_m = -2 + v,  mixture weights softmax(Linear(h))

    mu and s are in units of the share n / C of a level n, see ``DiscretizedLogistic``. v is a parameter of each channel
    and component, as in the paper, or Linear(h) of each feature. log s is bounded like a log-variance, see
    ``BoundedLogVariance``. The network therefore starts with a wide distribution in the middle of the levels, or with M
    of them side by side. The paper has one component and does not state the initial mu and s.

    Arguments, shapes and attributes as for ``NormalNet``, and also:

    Args:
        num_levels: C of every feature.
        log_scale: ``"learned"`` for a parameter, or ``"network"``.
        num_channels: number of channels of an image, side by side in each pixel; learned scales are per channel.
        num_components: number of components M.

    Raises:
        ValueError: if ``num_levels`` is below 2, or the number of features is not a multiple of the channels.

    Example::

        DiscretizedLogisticNet((50,), (200,), 3072, num_channels=3)(z).log_prob(x)   # x in 0..255
    """

    def __init__(
        self,
        parents: Sequence[int] | torch.nn.Module,
        hidden: Sequence[int] | None,
        size: int,
        num_levels: int = 256,
        log_scale: Literal["learned", "network"] = "learned",
        num_channels: int = 1,
        num_components: int = 1,
        **network: Any,
    ) -> None:
        super().__init__()
        check_levels(num_levels)
        check_choice("log_scale", log_scale, ("learned", "network"))
        check_size("num_channels", num_channels)
        check_size("num_components", num_components)
        if size % num_channels:
            raise ValueError(f"num_channels: got {num_channels}, want a divisor of the {size} features")
        largest = num_levels - 1
        self.support = constraints.integer_interval(0, largest)
        self.wanted, self.scale = f"integers from 0 to {largest}", largest
        self.size, self.num_levels = size, num_levels
        self.num_channels, self.num_components = num_channels, num_components
        self.trunk = trunk_of(parents, hidden, **network)
        self.loc = self.trunk.head(size * num_components)
        if log_scale == "learned":
            self.log_scale = torch.nn.Parameter(torch.zeros(num_channels, num_components))
        else:
            self.log_scale = self.trunk.head(size * num_components)
        if num_components > 1:
            self.weight_logits = self.trunk.head(size * num_components)

    def forward(self, *parents: torch.Tensor) -> dist.Independent:
        h = self.trunk(*parents)
        begin = (torch.arange(self.num_components).to(self.loc.weight) + 0.5) / self.num_components
        loc = begin + self._by_feature(self.loc(*h))
        if isinstance(self.log_scale, torch.Tensor):  # a parameter, or a plain tensor within `functional_call`
            v = self.log_scale.repeat(self.size // self.num_channels, 1)  # (D, M)
        else:
            v = self._by_feature(self.log_scale(*h))
        log_scale = BoundedLogVariance.apply(v - 2)
        if self.num_components == 1:
            return self.row_of(DiscretizedLogistic(loc.squeeze(-1), log_scale.squeeze(-1), self.num_levels))
        weights = dist.Categorical(logits=self._by_feature(self.weight_logits(*h)))
        return self.row_of(dist.MixtureSameFamily(weights, DiscretizedLogistic(loc, log_scale, self.num_levels)))

    def _by_feature(self, out):
        """Outputs ``(..., D M)`` reshaped to ``(..., D, M)``."""
        return out.unflatten(-1, (self.size, self.num_components))
