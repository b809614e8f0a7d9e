"""PixelCNN: a decoder that draws an image pixel by pixel (van den Oord et al. 2016; Maaløe 2018, app. E)."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch.distributions import constraints

from pyrodgm.checks import check_size
from pyrodgm.distributions import GreyBernoulli, PixelByPixel
from pyrodgm.nn.convolution import check_image_shape, maps_of, rows_of
from pyrodgm.nn.masked_conv import MaskedConv, spread_degrees


class PixelCNN(torch.nn.Module):
    """p(x | h) = prod_i p(x_i | x_<i, h), Bernoulli pixels whose logits come from masked convolutions of x.

    h_1 = W_1 * x + V * h,  h_{l+1} = h_l + W_l * relu(h_l)    for each block; then two hidden layers give the logits

    The first layer sees the parents and the pixels before its own ("mask A"). Residual 3x3 blocks and 1x1 layers
    follow. Only the convolutions of x are masked: h is not made of pixels of x, so every pixel may depend on all of it.
    There is no batch normalisation: while training, the batch moments would make a pixel's logit depend on later
    pixels, and the loss would not be a bound.

    From the paper: the 7x7 kernel, the four blocks and the three last layers. Chosen here, because only the caption of
    its table is printed: blocks of one convolution, 1x1 kernels in the last layers, and masks on x only. With several
    channels, the order within a pixel is channel by channel, as in ``MaskedConvNet``.

    Args:
        image_shape: ``(H, W)`` or ``(H, W, C)``.
        maps, vectors: sizes of the parents, see ``MaskedConv``; without parents it is a p(x).
        num_maps: number of feature maps of every hidden layer.
        num_blocks: number of blocks.
        kernel_size: kernel size of the first layer, odd.
        precision: see ``Linear``. The logits have the parameters' dtype; ``draw`` computes all layers of x in it too.

    Shapes:
        parents as for ``MaskedConv``; a distribution of rows ``(..., H * W * C)``.

    Raises:
        ValueError: if ``image_shape`` is not an image shape, see ``check_image_shape``; for sizes below 1; for an even
            ``kernel_size``.

    Example::

        p_x = PixelCNN((28, 28), maps=(32,))
        p_x(h).log_prob(x)                      # h (B, 32, 28, 28), x (B, 784): (B,)
    """

    support, wanted, scale = constraints.boolean, "zeros and ones", 1

    def __init__(
        self,
        image_shape: Sequence[int],
        maps: Sequence[int] = (),
        vectors: Sequence[int] = (),
        num_maps: int = 64,
        num_blocks: int = 4,
        kernel_size: int = 7,
        precision: str = "float32",
    ) -> None:
        super().__init__()
        check_size("num_maps", num_maps)
        check_size("num_blocks", num_blocks)
        *_, channels = self.image_shape = check_image_shape(image_shape)
        self.size = math.prod(self.image_shape)
        place, degrees = torch.arange(1, channels + 1), spread_degrees(channels, num_maps)
        hidden = degrees[:, None] >= degrees

        def layer(size_in, size, kernel_size, reads, *parents):
            return MaskedConv(size_in, size, kernel_size, reads, *parents, precision=precision)

        self.first = layer(channels, num_maps, kernel_size, degrees[:, None] >= place, maps, vectors)
        self.blocks = torch.nn.ModuleList(layer(num_maps, num_maps, 3, hidden) for _ in range(num_blocks))
        self.last = torch.nn.ModuleList(layer(num_maps, num_maps, 1, hidden) for _ in range(2))
        self.last.append(layer(num_maps, channels, 1, place[:, None] > degrees))

    def forward(self, *parents: torch.Tensor) -> PixelByPixel:
        count = len(self.first.of_maps)
        shapes = [h.shape[:-3] for h in parents[:count]] + [y.shape[:-1] for y in parents[count:]]
        return PixelByPixel(self, parents, torch.broadcast_shapes(*shapes))

    def pixels(self, x: torch.Tensor, *parents: torch.Tensor) -> GreyBernoulli:
        """The Bernoulli distributions of all pixels ``(..., D)``, each given the earlier pixels of x."""
        logits = rows_of(self._through(self.first(maps_of(x, self.image_shape), *parents)))
        return GreyBernoulli(logits=logits.to(self.first.weight.dtype))

    def _through(self, h):
        for block in self.blocks:
            h = h + block(F.relu(h))
        for layer in self.last:
            h = layer(F.relu(h))
        return h

    @torch.no_grad()
    def draw(self, noise: torch.Tensor, *parents: torch.Tensor) -> torch.Tensor:
        """Draw images from uniform noise ``(..., D)``: a pixel is 1 if its noise is below its probability.

        The layers cache their inputs for the earlier pixels, see ``InputCache``. A pixel then costs one small product
        per layer instead of a pass through the network.
        """
        height, width, channels = self.image_shape
        noise, shape = noise.reshape(-1, height, width, channels), noise.shape
        share = self.first.of_parents(*parents).to(noise.dtype)
        share = share.expand(*shape[:-1], len(self.first.bias), height, width).reshape(len(noise), -1, height, width)
        first, *layers = (InputCache(layer, len(noise), width) for layer in (self.first, *self.blocks, *self.last))
        x = torch.zeros_like(noise)
        for row in range(height):
            first.next_row(share[:, :, row])
            for layer in layers:
                layer.next_row(layer.bias)
            for column in range(width):
                for channel in range(channels):
                    h = first.output(column)
                    for number, layer in enumerate(layers):
                        layer.put(column, F.relu(h))
                        h = layer.output(column) + h if number < len(self.blocks) else layer.output(column)
                    x[:, row, column, channel] = (noise[:, row, column, channel] < torch.sigmoid(h[:, channel])).to(x)
                    first.put(column, x[:, row, column])
        return x.reshape(shape)


class InputCache:
    """Caches the inputs of a masked convolution while an image is drawn position by position.

    An output depends on the rows above and on the positions to its left. The contribution of the rows above is known
    when a row begins; one convolution gives it for the whole row. The contribution of the row itself is one product per
    position.

    Args:
        conv: a ``MaskedConv``.
        batch: number of images.
        width: width of the images.

    Attributes:
        bias: bias of the convolution, ``(size, 1)``.
    """

    def __init__(self, conv: MaskedConv, batch: int, width: int) -> None:
        weight, self.reach = conv.masked_weight(), conv.reach
        self.bias = conv.bias[:, None]
        self.above = weight[:, :, : self.reach]  # (size, size_in, reach, k)
        self.left = weight[:, :, self.reach, : self.reach + 1].transpose(1, 2).flatten(1).t()  # (reach + 1, in), size
        self.rows = weight.new_zeros(batch, self.reach + 1, width + 2 * self.reach, weight.shape[1])

    def next_row(self, given: torch.Tensor) -> None:
        """Start the next row. ``given`` is added to its outputs, ``(N, size, W)`` or the bias."""
        self.rows = torch.cat([self.rows[:, 1:], torch.zeros_like(self.rows[:, :1])], 1)
        if self.reach:
            given = given + F.conv2d(self.rows[:, :-1].permute(0, 3, 1, 2), self.above).squeeze(2)
        batch, _, padded, _ = self.rows.shape
        self.known = given.expand(batch, -1, padded - 2 * self.reach).permute(2, 0, 1).contiguous()  # (W, N, size)
        self.row = self.rows[:, -1]

    def put(self, column: int, values: torch.Tensor) -> None:
        """Set the inputs of a position of this row, ``(N, size_in)``."""
        self.row[:, column + self.reach] = values

    def output(self, column: int) -> torch.Tensor:
        """The outputs at a position of this row, ``(N, size)``."""
        window = self.row[:, column : column + self.reach + 1].flatten(1)
        return torch.addmm(self.known[column], window, self.left)
