"""The base class of likelihoods whose features are independent, and how they treat missing cells."""

import pyro.distributions as dist
import torch
from torch.distributions import constraints

from pyrodgm.checks import check_choice
from pyrodgm.distributions import ObservedCells

MISSING = ("mask", "zeros")  # how networks read a cell that was not observed


class CellsNet(torch.nn.Module):
    """Base class of the networks whose features are independent given the parents.

    Attributes:
        missing: ``"zeros"`` or ``"mask"`` if NaN is a missing cell, see ``likelihood_net``; None if NaN is refused.
    """

    support: constraints.Constraint
    wanted: str
    scale: float
    missing: str | None = None

    def row_of(self, cells: dist.Distribution) -> dist.Independent:
        """The distribution of a row, from one distribution per feature with batch shape ``(..., D)``."""
        return cells.to_event(1) if self.missing is None else ObservedCells(cells, 1)


def check_missing(missing: str | None) -> None:
    """Raise ``ValueError`` unless ``missing`` is None or one of ``MISSING``."""
    if missing is not None:
        check_choice("missing", missing, MISSING)
