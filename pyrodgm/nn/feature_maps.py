"""Trunks of FAME: from a latent vector to feature maps, and the layers of a PixelCNN without x. Maaløe 2018, app. E."""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from pyrodgm.distributions import PixelByPixel
from pyrodgm.nn.batch_norm import MapBatchNorm
from pyrodgm.nn.convolution import Convolution, TransposedConvolution, maps_of, rows_of
from pyrodgm.nn.pixel_cnn import PixelCNN
from pyrodgm.nn.residual import MapHead, block_options
from pyrodgm.nn.trunk import ACTIVATIONS, Head, Trunk


class Strided(torch.nn.Module):
    """f(W conv h): a convolution of stride 2, or a transposed one to a given shape; normalised before f.

    Args:
        parents, size: numbers of feature maps of h and of the output.
        shape: height and width of the output of a transposed convolution; None for a convolution that halves them.
        network: ``activation``, ``batch_norm``, ``init``, ``precision``, ``weight_norm``, see ``Trunk``.

    Shapes:
        h ``(..., parents, H, W)``; out ``(..., size, ceil(H / 2), ceil(W / 2))``, or ``(..., size, *shape)``.
    """

    def __init__(self, parents: int, size: int, shape: Sequence[int] | None = None, **network: Any) -> None:
        super().__init__()
        options = block_options(**network)
        self.activation, batch_norm = options.pop("activation"), options.pop("batch_norm")
        if shape is None:
            self.layer = Convolution((parents,), size, stride=2, **options)
        else:
            self.layer = TransposedConvolution((parents,), size, shape, **options)
        self.norm = MapBatchNorm(size) if batch_norm else None

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        out = self.layer(h)
        return ACTIVATIONS[self.activation](out if self.norm is None else self.norm(out))


class MapsOfVector(torch.nn.Module):
    """Feature maps from a vector: a dense layer, then a transposed convolution that doubles height and width.

    Args:
        parent: size of the vector.
        top: number, height and width of the feature maps that the dense layer gives.
        shape: height and width of the output.
        size: number of feature maps of the output.
        network: see ``Trunk``.

    Shapes:
        z ``(..., parent)``; out ``(..., size, height, width)``.
    """

    def __init__(self, parent: int, top: Sequence[int], shape: Sequence[int], size: int, **network: Any) -> None:
        super().__init__()
        self.top = tuple(top)
        self.dense = Trunk((parent,), (math.prod(top),), **network)
        self.up = Strided(top[0], size, shape, **network)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        (h,) = self.dense(z)
        return self.up(maps_of(h, (*self.top[1:], self.top[0])))


class DownwardTrunk(torch.nn.Module):
    """Features for the mean and variance of a lower latent: ``MapsOfVector``, then dense layers.

    Arguments as for ``MapsOfVector``; ``hidden`` are the sizes of the dense layers. Attributes and heads as for
    ``Trunk``.
    """

    def __init__(
        self, parent: int, top: Sequence[int], shape: Sequence[int], size: int, hidden: Sequence[int], **network: Any
    ) -> None:
        super().__init__()
        self.maps = MapsOfVector(parent, top, shape, size, **network)
        self.dense = Trunk((size * math.prod(shape),), hidden, **network)
        self.sizes, self.linear = self.dense.sizes, self.dense.linear

    def head(self, size: int) -> Head:
        """A linear layer on the features, with ``size`` outputs."""
        return self.dense.head(size)

    def moment_head(self, size: int) -> Head:
        """As ``head``, for the mean or the variance of a latent, see ``Trunk``."""
        return self.dense.moment_head(size)

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.dense(rows_of(self.maps(z)))


class PixelTrunk(torch.nn.Module):
    """The layers of a ``PixelCNN`` without x and therefore without masks: all pixels are computed at once.

    The input is a vector, expanded by ``MapsOfVector``. The features are feature maps; heads are convolutions that
    return rows.

    Args:
        parent, top, network: as for ``MapsOfVector``.
        image_shape: height and width of the image.
        size: number of feature maps that the vector is expanded to.
        num_maps: number of feature maps of every layer.

    Attributes:
        sizes, linear: as for ``Trunk``.
    """

    def __init__(
        self, parent: int, top: Sequence[int], image_shape: Sequence[int], size: int, num_maps: int, **network: Any
    ) -> None:
        super().__init__()
        self.maps, self.shape = MapsOfVector(parent, top, image_shape, size, **network), tuple(image_shape)
        self.sizes, self.linear = (num_maps,), self.maps.dense.linear
        self.first = Convolution((size,), num_maps, kernel=7, **self.linear)
        self.blocks = torch.nn.ModuleList(Convolution((num_maps,), num_maps, **self.linear) for _ in range(4))
        self.last = torch.nn.ModuleList(Convolution((num_maps,), num_maps, kernel=1, **self.linear) for _ in range(2))

    def head(self, size: int) -> MapHead:
        """A 1x1 convolution that returns rows of ``size`` values, a multiple of the number of pixels."""
        return MapHead(*self.sizes, size, self.shape, kernel=1, **self.linear)

    moment_head = head

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor]:
        h = self.first(self.maps(z))
        for block in self.blocks:
            h = h + block(F.relu(h))
        for layer in self.last:
            h = layer(F.relu(h))
        return (F.relu(h),)


class PixelDecoder(torch.nn.Module):
    """p(x | z) = prod_i p(x_i | x_<i, z): a ``PixelCNN`` whose parent is a vector, expanded by ``MapsOfVector``.

    Args:
        parent, top, size, network: as for ``MapsOfVector``.
        image_shape: ``(H, W, C)``.
        num_maps: number of feature maps of every layer of the PixelCNN.

    Attributes:
        support, wanted, scale: as for ``NormalNet``.
    """

    def __init__(
        self, parent: int, top: Sequence[int], image_shape: Sequence[int], size: int, num_maps: int, **network: Any
    ) -> None:
        super().__init__()
        self.maps = MapsOfVector(parent, top, image_shape[:2], size, **network)
        precision = self.maps.dense.linear["precision"]
        self.pixels = PixelCNN(image_shape, maps=(size,), num_maps=num_maps, precision=precision)
        self.support, self.wanted, self.scale = self.pixels.support, self.pixels.wanted, self.pixels.scale

    def forward(self, z: torch.Tensor) -> PixelByPixel:
        return self.pixels(self.maps(z))
