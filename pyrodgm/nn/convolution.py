"""Convolutions over several parents, and conversion between rows and feature maps."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from pyrodgm.checks import check_choice, check_size, is_size
from pyrodgm.nn.precision import PRECISIONS, in_precision
from pyrodgm.nn.trunk import reset, sum_of_terms
from pyrodgm.nn.weight_norm import NormalisedWeight


class Convolution(NormalisedWeight):
    """A convolution over several parents: W * [p_1; p_2; ...] + b, computed as W_1 * p_1 + W_2 * p_2 + ... + b.

    A parent is a set of feature maps, or a vector that is the same at every position. Each is convolved at its own
    shape, and only the sum is broadcast. With y enumerated to ``(K, 1, K)``, the maps of x are convolved once, not K
    times. For a vector, W_i p_i is summed over its units first, for every tap of the kernel, and the sums are then
    broadcast over the positions. At the borders fewer taps count, because maps are padded with zeros. The result is
    that of a layer on the concatenated parents.

    Args:
        parents: numbers of feature maps of the parents, in the order of the call.
        size: number of feature maps of the output.
        vectors: sizes of the parents that are vectors; they come after the maps.
        kernel: height and width of the kernel, an odd number.
        stride: 1, or 2 for outputs of half the height and width, rounded up.
        init, precision, weight_norm: see ``Linear``.

    Shapes:
        maps ``(..., c_i, H, W)`` and vectors ``(..., p_i)``, whose leading dimensions broadcast against each other;
        out ``(..., size, H, W)``, or ``(..., size, ceil(H / 2), ceil(W / 2))`` with stride 2.

    Raises:
        ValueError: if no parent has maps; for an even kernel, another stride, or the wrong number of parents.

    Example::

        Convolution((1,), 16, vectors=(10,), stride=2)(maps, y)     # (B, 1, 28, 28), (10, 1, 10): (10, B, 16, 14, 14)
    """

    inputs, outputs = 1, 0  # the input and output dimension of the weight

    def __init__(
        self,
        parents: Sequence[int],
        size: int,
        vectors: Sequence[int] = (),
        kernel: int = 3,
        stride: int = 1,
        init: str | float = "glorot",
        precision: str = "float32",
        weight_norm: bool = False,
    ) -> None:
        super().__init__()
        check_choice("precision", precision, PRECISIONS)
        for argument, value in (("size", size), ("kernel", kernel)):
            check_size(argument, value)
        if not parents:
            raise ValueError("parents: got none, want at least one with feature maps")
        if kernel % 2 == 0:
            raise ValueError(f"kernel: got {kernel}, want an odd number")
        if stride not in (1, 2):
            raise ValueError(f"stride: got {stride!r}, want 1 or 2")
        self.parents, self.vectors, self.size = tuple(parents), tuple(vectors), size
        self.kernel, self.stride, self.precision = kernel, stride, precision
        ends = sum(self.parents + self.vectors), size
        self.weight = torch.nn.Parameter(torch.empty(ends[self.outputs == 0], ends[self.outputs], kernel, kernel))
        self.bias = torch.nn.Parameter(torch.empty(size))
        reset(self, init)
        self.normalise(weight_norm, self.outputs)

    def forward(self, *parents: torch.Tensor) -> torch.Tensor:
        wanted = self.parents + self.vectors
        if len(parents) != len(wanted):
            raise ValueError(f"parents: got {len(parents)} tensors, want {len(wanted)} of sizes {wanted}")
        weight, bias, *parents = in_precision(self.precision, self.normalised_weight(), self.bias, *parents)
        weights = weight.split(wanted, dim=self.inputs)
        maps = len(self.parents)
        biases = [bias] + [None] * (maps - 1)
        terms = [self._of_maps(*each) for each in zip(parents[:maps], weights[:maps], biases, strict=True)]
        if self.vectors:
            taps = self._taps(parents[0])
            terms += [self._of_vector(*pair, taps) for pair in zip(parents[maps:], weights[maps:], strict=True)]
        return self.set_by_data(sum_of_terms(terms), channel=-3)

    def convolve(self, maps: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        """The convolution of maps ``(N, c, H, W)`` with a weight, plus a bias."""
        return F.conv2d(maps, weight, bias, stride=self.stride, padding=self.kernel // 2)

    def _of_maps(self, maps, weight, bias):
        rows = maps.reshape(-1, *maps.shape[-3:]).contiguous(memory_format=torch.channels_last)
        out = self.convolve(rows, weight, bias)
        return out.reshape(*maps.shape[:-3], *out.shape[1:])

    def _taps(self, maps):
        """1 if a tap of the kernel is inside the map at a position of the output, else 0: ``(taps, height, width)``."""
        ones = torch.ones_like(maps[..., :1, :, :].reshape(-1, 1, *maps.shape[-2:])[:1])
        each = torch.eye(self.kernel**2, dtype=maps.dtype, device=maps.device).unflatten(1, (self.kernel, self.kernel))
        return self.convolve(ones, each.unsqueeze(self.inputs))[0]

    def _of_vector(self, vector, weight, taps):
        if self.outputs:
            weight = weight.transpose(0, 1)
        by_tap = weight.flatten(2).movedim(1, 2).flatten(0, 1)  # (size * taps, p)
        sums = F.linear(vector, by_tap).unflatten(-1, (self.size, len(taps)))
        return (sums @ taps.flatten(1)).unflatten(-1, taps.shape[1:])


class TransposedConvolution(Convolution):
    """A transposed convolution of stride 2: height and width become twice as large, or one less than that.

    Args:
        parents, size, vectors, kernel, init, precision, weight_norm: as for ``Convolution``.
        shape: height and width of the output, which may be odd; those of the input are half of them, rounded up.

    Shapes:
        maps ``(..., c_i, ceil(H / 2), ceil(W / 2))`` and vectors ``(..., p_i)``; out ``(..., size, H, W)``.

    Raises:
        ValueError: if maps have another height or width; and as for ``Convolution``.

    Example::

        TransposedConvolution((32,), 16, shape=(7, 5))(maps)        # (B, 32, 4, 3): (B, 16, 7, 5)
    """

    inputs, outputs = 0, 1

    def __init__(
        self, parents: Sequence[int], size: int, shape: Sequence[int], vectors: Sequence[int] = (), **options: Any
    ) -> None:
        super().__init__(parents, size, vectors, stride=2, **options)
        self.shape = tuple(shape)

    def forward(self, *parents: torch.Tensor) -> torch.Tensor:
        wanted = tuple(halved(self.shape))
        for parent in parents[: len(self.parents)]:
            if parent.shape[-2:] != wanted:
                raise ValueError(f"parents: got maps of size {tuple(parent.shape[-2:])}, want {wanted}")
        return super().forward(*parents)

    def convolve(self, maps: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        padding = [(places + 1) % 2 for places in self.shape]  # without output padding the size is 2 n - 1
        return F.conv_transpose2d(maps, weight, bias, stride=2, padding=self.kernel // 2, output_padding=padding)


def halved(shape: Sequence[int]) -> list[int]:
    """Height and width after a stride of 2."""
    return [(places + 1) // 2 for places in shape]


def maps_of(rows: torch.Tensor, image_shape: Sequence[int]) -> torch.Tensor:
    """Convert rows ``(..., H W C)``, with the C channels of a pixel side by side, to maps ``(..., C, H, W)``."""
    return rows.unflatten(-1, image_shape).movedim(-1, -3)


def rows_of(maps: torch.Tensor) -> torch.Tensor:
    """Convert maps ``(..., C, H, W)`` to rows ``(..., H W C)``."""
    return maps.movedim(-3, -1).flatten(-3)


def check_image_shape(image_shape: Sequence[int], strides: int = 0) -> tuple[int, ...]:
    """Height, width and number of channels of images ``(H, W)`` or ``(H, W, C)``.

    Raises:
        ValueError: if ``image_shape`` is not two or three positive ints, or too small for that many strides of 2.
    """
    sizes = image_shape if isinstance(image_shape, (tuple, list)) else ()
    if len(sizes) not in (2, 3) or not all(map(is_size, sizes)):
        raise ValueError(f"image_shape: got {image_shape!r}, want two or three positive ints, (H, W) or (H, W, C)")
    least = 2 ** (strides - 1) + 1 if strides else 1
    if min(sizes[:2]) < least:
        raise ValueError(
            f"image_shape: got {image_shape!r}, want at least {least} x {least}, for {strides} strides of 2"
        )
    return (*sizes, 1) if len(sizes) == 2 else tuple(sizes)
