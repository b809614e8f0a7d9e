"""Residual networks that encode an image or decode to one. Kingma 2017, app. 5.A; He et al. 2015."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import torch

from pyrodgm.checks import check_choice, check_size
from pyrodgm.nn.batch_norm import MapBatchNorm
from pyrodgm.nn.convolution import Convolution, TransposedConvolution, check_image_shape, halved, maps_of, rows_of
from pyrodgm.nn.trunk import ACTIVATIONS, Head, Trunk


class ResidualBlock(torch.nn.Module):
    """f(W_2 * f(W_1 * h) + h), or with W_s * h instead of h if height, width or the number of maps change.

    Args:
        parents: number of feature maps of h.
        size: number of feature maps of the output.
        stride: stride of W_1 and W_s.
        shape: height and width of the output, if W_1 and W_s are transposed convolutions, which double them; None for
            ordinary convolutions.
        activation: f, see ``Trunk``.
        batch_norm: whether to normalise the outputs of W_1 and W_2.
        options: ``init``, ``precision`` and ``weight_norm`` of every convolution.

    Shapes:
        h ``(..., parents, H, W)``; out ``(..., size, height, width)``.
    """

    def __init__(
        self,
        parents: int,
        size: int,
        stride: int = 1,
        shape: Sequence[int] | None = None,
        activation: str = "elu",
        batch_norm: bool = False,
        **options: Any,
    ) -> None:
        super().__init__()

        def resizing():
            if shape is None:
                return Convolution((parents,), size, stride=stride, **options)
            return TransposedConvolution((parents,), size, shape, **options)

        self.activation = activation
        self.layers = torch.nn.ModuleList([resizing(), Convolution((size,), size, **options)])
        self.skip = None if stride == 1 and shape is None and parents == size else resizing()
        self.norms = torch.nn.ModuleList(MapBatchNorm(size) for _ in self.layers) if batch_norm else None

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        out, activation = h, ACTIVATIONS[self.activation]
        for i, layer in enumerate(self.layers):
            out = layer(activation(out) if i else out)
            if self.norms is not None:
                out = self.norms[i](out)
        return activation(out + (h if self.skip is None else self.skip(h)))


class ResidualEncoder(torch.nn.Module):
    """Features of images: residual blocks of stride 2, a block of stride 1 between consecutive ones, dense layers.

    Inputs other than the image enter the first dense layer, or the heads if there is none. The convolutions are
    therefore not repeated for an enumerated y.

    Args:
        image_shape: ``(H, W)`` or ``(H, W, C)``.
        vectors: sizes of the other inputs.
        maps: numbers of feature maps of the blocks of stride 2, in their order.
        hidden: sizes of the dense layers.
        network: as for ``Trunk``; only the dense layers have dropout.

    Shapes:
        rows ``(..., H W C)`` and vectors ``(..., p_i)``; a tuple of features ``(..., sizes[i])``.

    Attributes:
        sizes, linear: as for ``Trunk``.

    Raises:
        ValueError: if ``image_shape`` is not an image shape, see ``check_image_shape``; if there are no maps.

    Example::

        encoder = ResidualEncoder((28, 28), maps=(16, 32, 32), hidden=(450,))
        posterior_net("normal", encoder, None, size=32)(x)
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        vectors: Sequence[int] = (),
        maps: Sequence[int] = (16, 32, 32),
        hidden: Sequence[int] = (450,),
        **network: Any,
    ) -> None:
        super().__init__()
        check_maps(maps)
        *shape, channels = self.image_shape = check_image_shape(image_shape, len(maps))
        self.blocks = torch.nn.ModuleList()
        options = block_options(**network)
        for i, (below, size) in enumerate(pairwise([channels, *maps])):
            self.blocks.append(ResidualBlock(below, size, stride=2, **options))
            if i < len(maps) - 1:
                self.blocks.append(ResidualBlock(size, size, **options))
            shape = halved(shape)
        self.dense = Trunk((maps[-1] * math.prod(shape), *vectors), hidden, **network)
        self.sizes, self.linear = self.dense.sizes, self.dense.linear

    def head(self, size: int) -> Head:
        """A linear layer on the features, with ``size`` outputs."""
        return self.dense.head(size)

    def moment_head(self, size: int) -> Head:
        """As ``head``, for the mean or the variance of a latent, see ``Trunk``."""
        return self.dense.moment_head(size)

    def forward(self, x: torch.Tensor, *vectors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        h = maps_of(x, self.image_shape)
        for block in self.blocks:
            h = block(h)
        return self.dense(rows_of(h), *vectors)


class ResidualDecoder(torch.nn.Module):
    """A ``ResidualEncoder`` in reverse, with transposed convolutions: its features are maps of the size of the image.

    Heads are convolutions that return rows, so that any likelihood can use them.

    Args:
        parents: sizes of the parents.
        image_shape, maps, hidden, network: as for ``ResidualEncoder``.

    Shapes:
        parents ``(..., p_i)``; a tuple of one set of maps ``(..., maps[0], H, W)``.

    Attributes:
        sizes, linear: as for ``Trunk``.

    Raises:
        ValueError: as for ``ResidualEncoder``.

    Example::

        likelihood_net("bernoulli", ResidualDecoder((32,), (28, 28)), None, size=784)(z)
    """

    def __init__(
        self,
        parents: Sequence[int],
        image_shape: Sequence[int],
        maps: Sequence[int] = (16, 32, 32),
        hidden: Sequence[int] = (450,),
        **network: Any,
    ) -> None:
        super().__init__()
        check_maps(maps)
        *shape, _ = check_image_shape(image_shape, len(maps))
        shapes = [shape]
        for _ in maps:
            shapes.append(halved(shapes[-1]))
        self.top = (maps[-1], *shapes[-1])
        self.dense = Trunk(parents, (*hidden, math.prod(self.top)), **network)
        self.blocks = torch.nn.ModuleList()
        options = block_options(**network)
        for i in reversed(range(len(maps))):
            below = maps[max(i - 1, 0)]  # the last block keeps maps[0]; the heads return the channels
            self.blocks.append(ResidualBlock(maps[i], below, shape=shapes[i], **options))
            if i > 0:
                self.blocks.append(ResidualBlock(below, below, **options))
        self.shape, self.sizes, self.linear = shape, (maps[0],), self.dense.linear

    def head(self, size: int) -> "MapHead":
        """A convolution of the features that returns rows of ``size`` values, a multiple of the number of pixels."""
        return MapHead(*self.sizes, size, self.shape, **self.linear)

    moment_head = head

    def forward(self, *parents: torch.Tensor) -> tuple[torch.Tensor]:
        (h,) = self.dense(*parents)
        h = maps_of(h, (*self.top[1:], self.top[0]))
        for block in self.blocks:
            h = block(h)
        return (h,)


class MapHead(Convolution):
    """A convolution that returns rows, in its parameters' dtype whatever the precision of the trunk.

    Args:
        parents: number of feature maps of the input.
        size: number of values of a row, a multiple of the number of positions.
        shape: height and width of the maps.
        options: ``init``, ``precision`` and ``weight_norm``.

    Shapes:
        maps ``(..., parents, H, W)``; out ``(..., size)``, with the values of a position side by side.
    """

    def __init__(self, parents: int, size: int, shape: Sequence[int], **options: Any) -> None:
        places = math.prod(shape)
        if size % places:
            raise ValueError(f"size: got {size}, want a multiple of the {places} positions of a map")
        super().__init__((parents,), size // places, **options)

    def forward(self, *parents: torch.Tensor) -> torch.Tensor:
        return rows_of(super().forward(*parents)).to(self.weight.dtype)


def block_options(
    activation: str = "relu",
    batch_norm: bool | Literal["heads"] = False,
    init: str | float = "glorot",
    precision: str = "float32",
    weight_norm: bool = False,
    **_: Any,
) -> dict[str, Any]:
    """The options of a ``Trunk`` that also apply to convolutional blocks."""
    check_choice("activation", activation, ACTIVATIONS)
    options = {"activation": activation, "batch_norm": bool(batch_norm)}
    return options | {"init": init, "precision": precision, "weight_norm": weight_norm}


def check_maps(maps: Sequence[int]) -> None:
    """Raise ``ValueError`` unless there is at least one number of maps, all positive ints."""
    if not isinstance(maps, (tuple, list)) or not maps:
        raise ValueError(f"maps: got {maps!r}, want a tuple of positive ints, one for each stride")
    for size in maps:
        check_size("maps", size)
