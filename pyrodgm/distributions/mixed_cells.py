"""Rows of a table whose columns differ: numbers, booleans and categories. Nazabal et al. 2020, HI-VAE."""

from collections.abc import Sequence
from typing import ClassVar

import pyro.distributions as dist
import torch
from torch.distributions import constraints

from pyrodgm.distributions.one_hot import log_prob_of_cells


def column_widths(columns: Sequence) -> list[int]:
    """The number of cells of each column of a row: one, or one for each category.

    Args:
        columns: for each column ``"normal"``, ``"bernoulli"``, or ``("categorical", C)`` for C categories.

    Raises:
        ValueError: if there is no column, or one of another kind.

    Example::

        column_widths(("normal", "bernoulli", ("categorical", 4)))     # [1, 1, 4]
    """
    if not isinstance(columns, (tuple, list)) or not columns:
        raise ValueError(f"columns: got {columns!r}, want a tuple with the kind of each column")
    widths = []
    for column in columns:
        match column:
            case "normal" | "bernoulli":
                widths.append(1)
            case ("categorical", int(size)) if size > 0:
                widths.append(size)
            case _:
                raise ValueError(
                    f"columns: got {column!r}, want 'normal', 'bernoulli' or ('categorical', number of categories)"
                )
    return widths


class MixedValues(constraints.Constraint):
    """The values that cells may have: real, in [0, 1], or one-hot among the cells of one categorical column.

    Args:
        columns: see ``column_widths``.

    Example::

        support = MixedValues(("normal", ("categorical", 2)))
        support.check(torch.tensor([[-3.0, 0.0, 1.0], [-3.0, 1.0, 1.0]]))    # the second row is wrong in two cells
    """

    event_dim, is_discrete = 0, False

    def __init__(self, columns: Sequence) -> None:
        self.columns, self.widths = columns, column_widths(columns)
        super().__init__()

    def check(self, value: torch.Tensor) -> torch.Tensor:
        """Whether each cell of rows ``(..., W)`` has an allowed value."""
        cells, found = value.expand(torch.broadcast_shapes(value.shape, (sum(self.widths),))), []
        for column, part in zip(self.columns, cells.split(self.widths, -1), strict=True):
            if column == "normal":
                found.append(constraints.real.check(part))
            elif column == "bernoulli":
                found.append(constraints.unit_interval.check(part))
            else:
                found.append(constraints.one_hot.check(part)[..., None].expand_as(part))
        return torch.cat(found, -1)


class OneHotCells(dist.TorchDistribution):
    """Categories as C cells each, one of them 1 and the others 0, whose terms add up to the category's log-probability.

    log p(x) = sum_d sum_k x_dk log pi_dk,    pi_d = softmax(logits_d)

    The term of cell k of column d is x_dk log pi_dk. Cells that are all 0 therefore add 0, as a missing category
    should. The cells of a column are not independent: samples are one-hot.

    Args:
        logits: ``(..., D * C)``, the batch shape: the C cells of the first of D columns, then those of the second.
        size: number of categories C of every column; None for a single column.

    Raises:
        ValueError: if the number of logits is not a multiple of ``size``.

    Example::

        OneHotCells(torch.zeros(5, 4)).log_prob(torch.eye(4)[:1]).sum(-1)               # (5,)
        OneHotCells(torch.zeros(5, 6), 2).sample()      # (5, 6): three columns of two categories
    """

    arg_constraints: ClassVar = {"logits": constraints.real_vector}
    support = constraints.boolean

    def __init__(self, logits: torch.Tensor, size: int | None = None, validate_args: bool | None = None) -> None:
        self.size = logits.shape[-1] if size is None else size
        if self.size < 1 or logits.shape[-1] % self.size:
            raise ValueError(f"size: got {size} with {logits.shape[-1]} logits, want a divisor of their number")
        self.logits = self._columns(logits).log_softmax(-1).flatten(-2)
        super().__init__(logits.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: object = None) -> "OneHotCells":
        """The same distribution for a larger batch."""
        return OneHotCells(self.logits.expand(batch_shape), self.size, validate_args=self._validate_args)

    @property
    def mean(self) -> torch.Tensor:
        """The probabilities of the categories."""
        return self.logits.exp()

    def sample(self, sample_shape: Sequence[int] = ()) -> torch.Tensor:
        """One-hot cells."""
        columns = dist.OneHotCategorical(logits=self._columns(self.logits))
        return columns.sample(torch.Size(sample_shape)).flatten(-2)

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """x_dk log pi_dk of every cell."""
        if self._validate_args:
            self._validate_sample(value)
        return log_prob_of_cells(value, self.logits)

    def _columns(self, cells):
        """Cells ``(..., D * C)`` as ``(..., D, C)``."""
        return cells.unflatten(-1, (-1, self.size))


class MixedCells(dist.TorchDistribution):
    """The cells of a row, whose columns have distributions of several kinds.

    log p(x) = sum_d log p_d(x_d)    over columns, each normal, Bernoulli or categorical (Nazabal et al. 2020)

    Each part is a distribution over some of the cells, such as all normal ones.

    Args:
        parts: distributions of batch shape ``(..., W_i)`` and event shape ``()``.
        places: the index in the row of every cell of the parts, in the order of the parts, ``(W,)`` with W = sum_i W_i.

    Example::

        parts = dist.Normal(torch.zeros(5, 2), 1.0), OneHotCells(torch.zeros(5, 3))
        p = MixedCells(parts, torch.tensor([0, 4, 1, 2, 3])).to_event(1)
        p.log_prob(torch.tensor([-1.0, 0.0, 1.0, 0.0, 2.0]))    # (5,)
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.real  # each part checks its own cells

    def __init__(
        self, parts: Sequence[dist.TorchDistribution], places: torch.Tensor, validate_args: bool | None = None
    ) -> None:
        self.parts, self.places = tuple(parts), places
        rows = torch.broadcast_shapes(*(part.batch_shape[:-1] for part in self.parts))
        super().__init__((*rows, len(places)), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: object = None) -> "MixedCells":
        """The same distribution for more rows."""
        parts = [part.expand((*batch_shape[:-1], part.batch_shape[-1])) for part in self.parts]
        return MixedCells(parts, self.places, validate_args=self._validate_args)

    @property
    def mean(self) -> torch.Tensor:
        """Means, and the probabilities of booleans and categories."""
        return self._row([part.mean for part in self.parts])

    def sample(self, sample_shape: Sequence[int] = ()) -> torch.Tensor:
        """Cells of complete rows."""
        return self._row([part.sample(torch.Size(sample_shape)) for part in self.parts])

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """The terms of log p(x), one for each cell."""
        cells = value[..., self.places].split([part.batch_shape[-1] for part in self.parts], -1)
        return self._row([part.log_prob(some) for part, some in zip(self.parts, cells, strict=True)])

    def _row(self, cells):
        """The cells of the parts, in the order of the row."""
        return torch.cat(cells, -1)[..., self.places.argsort()]
