"""PixelCNN: a decoder that draws an image pixel after pixel (van den Oord et al. 2016; Maaløe 2018, app. E)."""

import math

import torch
import torch.nn.functional as F
from torch.distributions import constraints

from pyrodgm.checks import check_size
from pyrodgm.distributions import GreyBernoulli, PixelByPixel
from pyrodgm.nn.convolution import check_image_shape, maps_of, rows_of
from pyrodgm.nn.masked_conv import MaskedConv, spread_degrees


class PixelCNN(torch.nn.Module):
    """p(x | h) = prod_i p(x_i | x_<i, h), Bernoulli pixels whose logits come from masked convolutions of x.

    h_1 = W_1 conv x + V conv h,  h_{l+1} = h_l + W_l conv relu(h_l) for each block,  logits by two hidden layers

    A first layer that reads the pixels before its own ("mask A") and the parents, blocks of 3x3 with what they add to,
    and layers of 1x1. The masks are on what comes of x alone: the parents are read whole, as pixels of h are no pixels
    of x. There is no batch normalisation: while training, a pixel's logit would depend on later pixels by the batch's
    moments, and the bound would be none.

    Of the paper are the 7x7, the four blocks and the three last layers. A block of one convolution, last layers of 1x1,
    and masks on x alone are chosen here: its table is lost but for its caption. With several values a pixel the order
    is value by value within a pixel, as ``MaskedConvNet`` has it.

    Args:
        image_shape: ``(H, W)`` or ``(H, W, C)``.
        maps, vectors: of the parents, see ``MaskedConv``; without any it is a p(x).
        num_maps: K of every hidden layer.
        num_blocks: number of blocks.
        kernel_size: of the first layer, odd.

    Shapes:
        parents as for ``MaskedConv``; a distribution of rows ``(..., H * W * C)``.

    Raises:
        ValueError: for no image shape, see ``check_image_shape``; for sizes below 1, an even ``kernel_size``.

    Example::

        p_x = PixelCNN((28, 28), maps=(32,))
        p_x(h).log_prob(x)                      # h (B, 32, 28, 28), x (B, 784): (B,)
    """

    support, wanted, scale = constraints.boolean, "zeros and ones", 1

    def __init__(self, image_shape, maps=(), vectors=(), num_maps=64, num_blocks=4, kernel_size=7):
        super().__init__()
        check_size("num_maps", num_maps)
        check_size("num_blocks", num_blocks)
        *_, channels = self.image_shape = check_image_shape(image_shape)
        self.size = math.prod(self.image_shape)
        place, degrees = torch.arange(1, channels + 1), spread_degrees(channels, num_maps)
        hidden = degrees[:, None] >= degrees
        self.first = MaskedConv(channels, num_maps, kernel_size, degrees[:, None] >= place, maps, vectors)
        self.blocks = torch.nn.ModuleList(MaskedConv(num_maps, num_maps, 3, hidden) for _ in range(num_blocks))
        self.last = torch.nn.ModuleList(MaskedConv(num_maps, num_maps, 1, hidden) for _ in range(2))
        self.last.append(MaskedConv(num_maps, channels, 1, place[:, None] > degrees))

    def forward(self, *parents):
        count = len(self.first.of_maps)
        shapes = [h.shape[:-3] for h in parents[:count]] + [y.shape[:-1] for y in parents[count:]]
        return PixelByPixel(self, parents, torch.broadcast_shapes(*shapes))

    def pixels(self, x, *parents):
        """The Bernoulli distributions of all pixels ``(..., D)``, each given those before it in x."""
        return GreyBernoulli(logits=rows_of(self._through(self.first(maps_of(x, self.image_shape), *parents))))

    def _through(self, h):
        for block in self.blocks:
            h = h + block(F.relu(h))
        for layer in self.last:
            h = layer(F.relu(h))
        return h

    @torch.no_grad()
    def draw(self, noise, *parents):
        """The images that uniform noise ``(..., D)`` makes: a pixel is 1 where its noise is below its probability.

        What the layers computed for the pixels before is kept, see ``KeptInputs``: a pixel costs one small product a
        layer in place of a pass of the network.
        """
        height, width, channels = self.image_shape
        noise, shape = noise.reshape(-1, height, width, channels), noise.shape
        share = self.first.of_parents(*parents)
        share = share.expand(*shape[:-1], len(self.first.bias), height, width).reshape(len(noise), -1, height, width)
        first, *layers = (KeptInputs(layer, len(noise), width) for layer in (self.first, *self.blocks, *self.last))
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


class KeptInputs:
    """The inputs of a masked convolution, kept while they come place by place.

    An output reads the rows above its place and the places to the left of it. What the rows above give is known, for
    all places of a row, when the row begins: one convolution. What the row itself gives is one product a place.

    Args:
        conv: a ``MaskedConv``.
        batch: number of images.
        width: of the images.

    Attributes:
        bias: of the convolution, ``(size, 1)``.
    """

    def __init__(self, conv, batch, width):
        weight, self.reach = conv.masked_weight(), conv.reach
        self.bias = conv.bias[:, None]
        self.above = weight[:, :, : self.reach]  # (size, size_in, reach, k)
        self.left = weight[:, :, self.reach, : self.reach + 1].transpose(1, 2).flatten(1).t()  # (reach + 1, in), size
        self.rows = weight.new_zeros(batch, self.reach + 1, width + 2 * self.reach, weight.shape[1])

    def next_row(self, given):
        """Go on to the next row, to which ``given`` is added, ``(N, size, W)`` or the bias."""
        self.rows = torch.cat([self.rows[:, 1:], torch.zeros_like(self.rows[:, :1])], 1)
        if self.reach:
            given = given + F.conv2d(self.rows[:, :-1].permute(0, 3, 1, 2), self.above).squeeze(2)
        batch, _, padded, _ = self.rows.shape
        self.known = given.expand(batch, -1, padded - 2 * self.reach).permute(2, 0, 1).contiguous()  # (W, N, size)
        self.row = self.rows[:, -1]

    def put(self, column, values):
        """Set the inputs of a place of this row, ``(N, size_in)``."""
        self.row[:, column + self.reach] = values

    def output(self, column):
        """The outputs at a place of this row, ``(N, size)``."""
        window = self.row[:, column : column + self.reach + 1].flatten(1)
        return torch.addmm(self.known[column], window, self.left)
