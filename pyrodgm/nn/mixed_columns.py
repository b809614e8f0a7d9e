"""Likelihood of tables whose columns are of different kinds."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import pyro.distributions as dist
import torch

from pyrodgm.checks import check_choice
from pyrodgm.distributions import GreyBernoulli, MixedCells, MixedValues, OneHotCells
from pyrodgm.nn.cells import CellsNet
from pyrodgm.nn.scale_heads import SCALE_HEADS
from pyrodgm.nn.trunk import Trunk, trunk_of
from pyrodgm.types import Option


class MixedNet(CellsNet):
    """Normal, Bernoulli and categorical columns in one row (Nazabal et al. 2020, HI-VAE).

    log p(x) = sum_normal log N(x_d; mu_d, sigma_d^2) + sum_bernoulli [x_d log pi_d + (1 - x_d) log(1 - pi_d)]
               + sum_categorical sum_k x_dk log pi_dk

    A categorical column of C categories is C cells of x, one-hot. A row has one cell for each other column. A missing
    category is NaN in all of its cells. The mean of a categorical column is the probabilities of its categories.

    Arguments, shapes and attributes as for ``NormalNet``, and also:

    Args:
        size: number of cells: one for each column, but C for a categorical column.
        columns: for each column ``"normal"``, ``"bernoulli"`` or ``("categorical", C)``.

    Raises:
        ValueError: for another kind of column, another number of cells, or networks for images.

    Example::

        net = MixedNet((50,), (200,), 6, columns=("normal", "bernoulli", ("categorical", 4)))
        net(z).log_prob(torch.tensor([1.7, 1, 0, 0, 1, 0]))     # (B,)
    """

    wanted, scale = "real numbers, values in [0, 1] in Bernoulli columns, and one-hot cells in categorical ones", 1
    places: torch.Tensor
    order: torch.Tensor

    def __init__(
        self,
        parents: Sequence[int] | torch.nn.Module,
        hidden: Sequence[int] | None,
        size: int,
        columns: Sequence[Option],
        scale_head: str = "log_variance",
        **network: Any,
    ) -> None:
        super().__init__()
        check_choice("scale_head", scale_head, SCALE_HEADS)
        self.support, self.scale_head = MixedValues(columns), scale_head
        if size != sum(self.support.widths):
            raise ValueError(f"size: got {size}, want {sum(self.support.widths)}, the cells of the columns {columns}")
        self.trunk = trunk_of(parents, hidden, **network)
        if not isinstance(self.trunk, Trunk):
            raise ValueError("likelihood: got 'mixed' with networks for images, want one likelihood for all pixels")
        places = [place.tolist() for place in torch.arange(size).split(self.support.widths)]
        cells = list(zip(columns, places, strict=True))
        normal, bernoulli = ([place[0] for column, place in cells if column == k] for k in ("normal", "bernoulli"))
        categorical = [place for column, place in cells if not isinstance(column, str)]
        self.widths = sorted({len(place) for place in categorical})  # columns of one width are one distribution
        groups = [[cell for place in categorical if len(place) == width for cell in place] for width in self.widths]
        self.sizes = [len(bernoulli), *map(len, groups)]
        outputs = {cell: i for i, cell in enumerate(chain(bernoulli, *categorical))}
        order = [outputs[cell] for cell in chain(bernoulli, *groups)]
        self.register_buffer("places", torch.tensor([*normal, *bernoulli, *chain(*groups)]), persistent=False)
        self.register_buffer("order", torch.tensor(order, dtype=torch.long), persistent=False)
        if normal:
            self.loc = self.trunk.head(len(normal))
            self.add_module(SCALE_HEADS[scale_head][0], self.trunk.head(len(normal)))
        if sum(self.sizes):
            self.logits = self.trunk.head(sum(self.sizes))

    def forward(self, *parents: torch.Tensor) -> torch.distributions.Distribution:
        h, parts = self.trunk(*parents), []
        if hasattr(self, "loc"):
            head, sigma = SCALE_HEADS[self.scale_head]
            parts.append(dist.Normal(self.loc(*h), sigma(getattr(self, head)(*h))))
        if hasattr(self, "logits"):
            switches, *categories = self.logits(*h).index_select(-1, self.order).split(self.sizes, -1)
            parts += [GreyBernoulli(logits=switches)] if self.sizes[0] else []
            parts += map(OneHotCells, categories, self.widths)
        return self.row_of(MixedCells(parts, self.places))
