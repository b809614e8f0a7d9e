"""The density of the observed cells of a row. Mattei and Frellsen 2019; Nazabal et al. 2020."""

import pyro.distributions as dist
import torch
from torch.distributions import constraints
from torch.distributions.utils import _sum_rightmost


class ObservedCells(dist.Independent):
    """Independent cells; a cell that is NaN is missing and does not contribute to the density.

    log p(x_obs) = sum_d log p(x_d)    over the observed cells (Mattei and Frellsen 2019, MIWAE)

    This is the marginal density of the observed cells, because the densities of the missing cells integrate to one. For
    a complete row it equals ``Independent``. Samples and the mean are complete rows. Zero must be in the support: it
    replaces a missing cell while the density of the other cells is computed.

    Args:
        base_distribution: one distribution for each cell, batch shape ``(..., D)`` and event shape ``()``.
        reinterpreted_batch_ndims: 1, or the number of the rightmost dimensions that make a row.

    Raises:
        ValueError: if validation is on, for a value outside the support that is not NaN.

    Example::

        p = ObservedCells(dist.Normal(torch.zeros(5, 3), 1.0), 1)
        x = torch.randn(5, 3)
        x[0, 1] = torch.nan
        p.log_prob(x)                           # (5,)
    """

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """log p(x_obs), of the batch shape, broadcast against that of x."""
        missing = value.isnan()
        cells = self.base_dist.log_prob(value.masked_fill(missing, 0)).masked_fill(missing, 0)
        return _sum_rightmost(cells, self.reinterpreted_batch_ndims)

    def given_observed(self, value: torch.Tensor) -> "ObservedCells":
        """p(x_mis | x_obs), the missing cells given the observed ones of ``value``: here the same, by independence."""
        return self


class OrMissing(constraints.Constraint):
    """A constraint that also accepts NaN, which marks a missing cell.

    Example::

        OrMissing(constraints.unit_interval).check(torch.tensor([0.5, 2.0, torch.nan]))     # True, False, True
    """

    def __init__(self, base: constraints.Constraint) -> None:
        self.base = base
        super().__init__()

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]  # torch's own constraints make it a property too
        """Whether the observed values are discrete."""
        return self.base.is_discrete

    @property
    def event_dim(self) -> int:  # type: ignore[override]  # torch's own constraints make it a property too
        """The number of dimensions of one value."""
        return self.base.event_dim

    def check(self, value: torch.Tensor) -> torch.Tensor:
        """Whether each value is NaN or satisfies the base constraint."""
        return self.base.check(value) | torch.isnan(value)
