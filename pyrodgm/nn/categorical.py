"""The classifier network q(y | parents)."""

from collections.abc import Sequence
from typing import Any

import pyro.distributions as dist
import torch

from pyrodgm.nn.trunk import trunk_of


class CategoricalNet(torch.nn.Module):
    """One-hot categorical with logits from a network: Cat(y | pi(parents)) (Kingma 2017, eq. 3.5).

    Args:
        parents: sizes of the parents; or a trunk, see ``trunk_of``.
        hidden: sizes of the hidden layers.
        size: number of classes K.
        network: ``activation``, ``batch_norm``, ``init``, ... of ``Trunk``.

    Shapes:
        parents ``(..., p_i)``; a ``OneHotCategorical`` of batch shape ``(...)`` and event shape ``(K,)``.

    Example::

        CategoricalNet((784,), (500,), 10)(x).probs        # (B, 10)
    """

    def __init__(
        self, parents: Sequence[int] | torch.nn.Module, hidden: Sequence[int], size: int, **network: Any
    ) -> None:
        super().__init__()
        self.trunk = trunk_of(parents, hidden, **network)
        self.logits = self.trunk.head(size)

    def forward(self, *parents: torch.Tensor) -> dist.OneHotCategorical:
        return dist.OneHotCategorical(logits=self.logits(*self.trunk(*parents)))
