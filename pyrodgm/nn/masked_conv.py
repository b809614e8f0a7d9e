"""Masked convolutions: each output depends only on earlier values (van den Oord et al. 2016, PixelRNN, sec. 3.4)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F

from pyrodgm.checks import check_choice, check_size
from pyrodgm.nn.precision import PRECISIONS, in_precision
from pyrodgm.nn.trunk import ACTIVATIONS, sum_of_terms


class MaskedConv(torch.nn.Module):
    """A masked convolution of feature maps x, plus parents without a mask.

    out = (mask W) * x + sum_i W_i * h_i + sum_j V_j y_j + b

    An output depends on the values of x before its own position, in raster order; ``reads`` sets the order within a
    position. The parents are feature maps h_i, convolved without a mask, or vectors y_j, the same at every position.
    Each term is computed at its own shape and then broadcast, so that the convolution of x is shared by all h and y.

    Args:
        size_in: number of feature maps of x.
        size: number of feature maps of the output.
        kernel_size: height and width of the kernels, odd.
        reads: which maps of x an output depends on at its own position, bools ``(size, size_in)``.
        maps: numbers of feature maps of the parents that are feature maps.
        vectors: sizes of the parents that are vectors.
        precision: see ``Linear``.

    Shapes:
        x ``(..., size_in, H, W)``, maps ``(..., m_i, H, W)``, vectors ``(..., v_j)``; out ``(..., size, H, W)``.

    Raises:
        ValueError: for an even ``kernel_size``, the wrong number of parents or another precision.

    Example::

        first = MaskedConv(1, 64, 7, torch.zeros(64, 1, dtype=torch.bool), maps=(32,))      # "mask A"
        first(x, h)                             # x (B, 1, 28, 28), h (B, 32, 28, 28): (B, 64, 28, 28)
    """

    mask: torch.Tensor

    def __init__(
        self,
        size_in: int,
        size: int,
        kernel_size: int,
        reads: torch.Tensor,
        maps: Sequence[int] = (),
        vectors: Sequence[int] = (),
        precision: str = "float32",
    ) -> None:
        super().__init__()
        check_kernel(kernel_size)
        check_choice("precision", precision, PRECISIONS)
        self.reach, self.precision = kernel_size // 2, precision
        mask = torch.zeros(size, size_in, kernel_size, kernel_size)
        mask[:, :, : self.reach] = 1
        mask[:, :, self.reach, : self.reach] = 1
        mask[:, :, self.reach, self.reach] = reads.to(mask.dtype)
        self.register_buffer("mask", mask.to(torch.get_default_dtype()), persistent=False)
        self.weight = torch.nn.Parameter(torch.empty(size, size_in, kernel_size, kernel_size))
        self.of_maps = torch.nn.ParameterList(torch.empty(size, m, kernel_size, kernel_size) for m in maps)
        self.of_vectors = torch.nn.ParameterList(torch.empty(size, v) for v in vectors)
        self.bias = torch.nn.Parameter(torch.zeros(size))
        for weight in (self.weight, *self.of_maps, *self.of_vectors):
            torch.nn.init.xavier_uniform_(weight)

    def forward(self, x: torch.Tensor, *parents: torch.Tensor) -> torch.Tensor:
        weight = self.masked_weight()[:, :, : self.reach + 1]  # the rows of a kernel below its centre are zero
        of_x = self._convolved(F.pad(x, (0, 0, self.reach, 0)), weight, (0, self.reach), self.bias)
        return sum_of_terms([of_x, *self._terms(parents)])

    def masked_weight(self) -> torch.Tensor:
        """The weight W * mask."""
        return self.weight * self.mask

    def of_parents(self, *parents: torch.Tensor) -> torch.Tensor:
        """The terms of the parents and b: ``(..., size, H, W)``, with H = W = 1 if they are equal at all positions."""
        (bias,) = in_precision(self.precision, self.bias[:, None, None])
        return sum_of_terms([bias, *self._terms(parents)])

    def _terms(self, parents):
        maps, vectors = parents[: len(self.of_maps)], parents[len(self.of_maps) :]
        if len(parents) != (wanted := len(self.of_maps) + len(self.of_vectors)):
            raise ValueError(f"parents: got {len(parents)} tensors, want {wanted}")
        terms = [self._convolved(h, weight, self.reach) for h, weight in zip(maps, self.of_maps, strict=True)]
        for vector, weight in zip(vectors, self.of_vectors, strict=True):
            terms.append(F.linear(*in_precision(self.precision, vector, weight))[..., None, None])
        return terms

    def _convolved(self, maps, weight, padding, *bias):
        maps, weight, *bias = in_precision(self.precision, maps, weight, *bias)
        rows = maps.reshape(-1, *maps.shape[-3:]).contiguous(memory_format=torch.channels_last)
        out = F.conv2d(rows, weight, *bias, padding=padding).contiguous(memory_format=torch.channels_last)
        return out.reshape(*maps.shape[:-3], *out.shape[1:])


class MaskedConvNet(torch.nn.Module):
    """An autoregressive network on feature maps z. Every output depends on the parents and on earlier values of z.

    The order is raster order over the positions, and map by map within a position, so the Jacobian is strictly
    triangular. As in ``MaskedNet``, a hidden map has a degree d, spread evenly over 0..C-1. At its own position it is
    connected to the first d maps of z and to hidden maps of at most its degree; output i is connected to hidden maps of
    a degree below i. A network without hidden layers is linear in z. A step that only shifts z by it turns a diagonal
    normal into one with correlations (Kingma 2017, sec. 5.B.3).

    Args:
        size: number C of feature maps of z.
        maps, vectors: sizes of the parents, the other inputs of the first layer, see ``MaskedConv``.
        hidden: numbers of feature maps of the hidden layers, ``()`` for none.
        kernel_size: size of the kernels of every layer, odd.
        num_outputs: number of output functions.
        activation: see ``Trunk``.
        precision: see ``Linear``; the outputs have the parameters' dtype.

    Shapes:
        z ``(..., C, H, W)`` and parents as for ``MaskedConv``; a tuple of outputs ``(..., C, H, W)``.

    Example::

        m, s = MaskedConvNet(32, maps=(160,), hidden=(160,))(z, h)
    """

    def __init__(
        self,
        size: int,
        maps: Sequence[int] = (),
        vectors: Sequence[int] = (),
        hidden: Sequence[int] = (),
        kernel_size: int = 3,
        num_outputs: int = 2,
        activation: str = "elu",
        precision: str = "float32",
    ) -> None:
        super().__init__()
        check_size("size", size)
        check_choice("activation", activation, ACTIVATIONS)
        for width in hidden:
            check_size("hidden", width)
        self.num_outputs, self.activation = num_outputs, activation
        degrees = [torch.arange(1, size + 1), *(spread_degrees(size, width) for width in hidden)]
        reads = [above[:, None] >= below for below, above in pairwise(degrees)]
        reads.append((degrees[0][:, None] > degrees[-1]).repeat(num_outputs, 1))
        parents = [(maps, vectors)] + [((), ())] * len(hidden)
        self.layers = torch.nn.ModuleList(
            MaskedConv(read.shape[1], read.shape[0], kernel_size, read, *of_layer, precision)
            for read, of_layer in zip(reads, parents, strict=True)
        )

    def forward(self, z: torch.Tensor, *parents: torch.Tensor) -> tuple[torch.Tensor, ...]:
        out = self.layers[0](z, *parents)
        for layer in self.layers[1:]:
            out = layer(ACTIVATIONS[self.activation](out))
        return out.to(self.layers[0].weight.dtype).chunk(self.num_outputs, -3)


def spread_degrees(size: int, width: int) -> torch.Tensor:
    """Degrees from 0 to ``size - 1``, spread evenly over ``width`` hidden maps."""
    return torch.linspace(0, size - 1, width).round().long()


def check_kernel(kernel_size: int) -> None:
    """Raise ``ValueError`` unless the kernel size is odd."""
    check_size("kernel_size", kernel_size)
    if kernel_size % 2 == 0:
        raise ValueError(f"kernel_size: got {kernel_size}, want an odd number: a mask needs a centre")
