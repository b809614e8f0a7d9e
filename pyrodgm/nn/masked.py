"""MADE, an autoregressive network of fully connected layers with masks (Germain et al. 2015)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch

from pyrodgm.checks import check_choice, check_size
from pyrodgm.nn.trunk import ACTIVATIONS, Linear


class MaskedLinear(Linear):
    """A linear layer over several parents whose weights are multiplied by a mask of 0 and 1.

    Arguments and shapes as for ``Linear``; ``mask`` has the shape of the weight.
    """

    mask: torch.Tensor

    def __init__(self, parents: Sequence[int], size: int, mask: torch.Tensor, **linear: Any) -> None:
        super().__init__(parents, size, **linear)
        self.register_buffer("mask", mask, persistent=False)
        if self.gain is not None:
            self.gain.data.copy_(self.norm_of(self.weight.detach() * mask))

    def forward(self, *parents: torch.Tensor) -> torch.Tensor:
        return self.set_by_data(self.combine(self.normalised_weight(self.mask), parents))


class MaskedNet(torch.nn.Module):
    """An autoregressive network: each function has D outputs, and output i depends on h and on the units before z_i.

    Every hidden unit has a degree d, spread evenly over 0..D-1. It is connected to h, to the first d units of z, and to
    hidden units of at most its degree. Output i is connected to hidden units of a degree below its position in the
    order (Germain et al. 2015, eqs 12-13; h has degree 0 as in Paige and Wood 2016). So there is no path from z_i or
    any later unit to output i. The first layer is split by parent, so that h is not copied if z has more samples.

    Args:
        size: number of units D.
        features: sizes of the parts of h, ``()`` for none.
        hidden: sizes of the hidden layers, any number of them, ``()`` for a linear network.
        num_outputs: number of functions.
        reverse: whether to order the units from the last to the first.
        activation: see ``Trunk``.
        linear: ``init``, ``precision`` and ``weight_norm`` of ``Linear``; the outputs have the parameters' dtype.

    Shapes:
        z ``(..., D)`` and h ``(..., f_i)``; a tuple of outputs ``(..., D)``.

    Attributes:
        order: the indices of the units in autoregressive order.

    Example::

        m, s = MaskedNet(32, (450,), (320, 320))(z, h)
    """

    def __init__(
        self,
        size: int,
        features: Sequence[int],
        hidden: Sequence[int],
        num_outputs: int = 2,
        reverse: bool = False,
        activation: str = "elu",
        **linear: Any,
    ) -> None:
        super().__init__()
        check_size("size", size)
        check_choice("made_activation", activation, ACTIVATIONS)
        if not isinstance(hidden, (tuple, list)):
            raise ValueError(f"made_hidden: got {hidden!r}, want a tuple of positive ints, () for a linear network")
        for width in hidden:
            check_size("made_hidden", width)
        self.num_outputs, self.activation = num_outputs, activation
        self.order = tuple(reversed(range(size))) if reverse else tuple(range(size))
        place = torch.arange(1, size + 1)
        place = place.flip(0) if reverse else place
        degrees = [torch.linspace(1, size, width).round().long() - 1 for width in hidden]
        read = torch.cat([place, torch.zeros(sum(features), dtype=torch.long)])
        parents = [(size, *features), *((width,) for width in hidden)]
        masks = [above[:, None] >= below for below, above in pairwise([read, *degrees])]
        masks.append((place[:, None] > [read, *degrees][-1]).repeat(num_outputs, 1))
        self.layers = torch.nn.ModuleList(
            MaskedLinear(sizes, len(mask), mask.to(torch.get_default_dtype()), **linear)
            for sizes, mask in zip(parents, masks, strict=True)
        )

    def forward(self, z: torch.Tensor, *h: torch.Tensor) -> tuple[torch.Tensor, ...]:
        features = (z, *h)
        for layer in self.layers[:-1]:
            features = (ACTIVATIONS[self.activation](layer(*features)),)
        out = self.layers[-1](*features)
        return out.to(self.layers[-1].weight.dtype).chunk(self.num_outputs, -1)
