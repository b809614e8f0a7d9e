"""Masked convolutions: each value reads only what comes before it (van den Oord et al. 2016, PixelRNN, sec. 3.4)."""

from itertools import pairwise

import torch
import torch.nn.functional as F

from pyrodgm.checks import check_choice, check_size
from pyrodgm.nn.trunk import ACTIVATIONS


class MaskedConv(torch.nn.Module):
    """A convolution of maps x whose outputs read what comes before their own place, and parents that they read whole.

    out = (W * mask) conv x + sum_i W_i conv h_i + sum_j V_j y_j + b

    The order is place by place, line by line from the left, and within a place as ``reads`` says. The parents are maps
    h_i, convolved without a mask, or vectors y_j, the same at every place. Each is taken at its own shape and then
    broadcast, so that nothing of x is computed again for another h or y.

    Args:
        size_in: number of maps of x.
        size: number of maps that come out.
        kernel_size: height and width of the kernels, odd.
        reads: which maps of x an output reads at its own place, bools ``(size, size_in)``.
        maps: numbers of maps of the parents that are maps.
        vectors: sizes of the parents that are vectors.

    Shapes:
        x ``(..., size_in, H, W)``, maps ``(..., m_i, H, W)``, vectors ``(..., v_j)``; out ``(..., size, H, W)``.

    Raises:
        ValueError: for an even ``kernel_size``, or another number of parents.

    Example::

        first = MaskedConv(1, 64, 7, torch.zeros(64, 1, dtype=torch.bool), maps=(32,))      # "mask A"
        first(x, h)                             # x (B, 1, 28, 28), h (B, 32, 28, 28): (B, 64, 28, 28)
    """

    def __init__(self, size_in, size, kernel_size, reads, maps=(), vectors=()):
        super().__init__()
        check_kernel(kernel_size)
        self.reach = kernel_size // 2
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

    def forward(self, x, *parents):
        return self.of_parents(*parents) + self._convolved(x, self.masked_weight())

    def masked_weight(self):
        """W * mask."""
        return self.weight * self.mask

    def of_parents(self, *parents):
        """What the parents and b give, ``(..., size, H, W)``, or 1 for a size of what is the same at every place."""
        if len(parents) != (wanted := len(self.of_maps) + len(self.of_vectors)):
            raise ValueError(f"parents: got {len(parents)} tensors, want {wanted}")
        total = self.bias[:, None, None]
        for vector, weight in zip(parents[len(self.of_maps) :], self.of_vectors, strict=True):
            total = total + F.linear(vector, weight)[..., None, None]
        for maps, weight in zip(parents, self.of_maps, strict=False):
            total = total + self._convolved(maps, weight)
        return total

    def _convolved(self, maps, weight):
        out = F.conv2d(maps.reshape(-1, *maps.shape[-3:]), weight, padding=self.reach)
        return out.reshape(*maps.shape[:-3], *out.shape[1:])


class MaskedConvNet(torch.nn.Module):
    """Functions of maps z, as many maps each, of which every value reads the parents and what comes before it in z.

    The order is place by place, line by line from the left, and map by map within a place: the Jacobian is strictly
    triangular. As in ``MaskedNet``, a hidden map has a degree d, spread evenly over 0..C-1: at its own place it reads
    the first d maps of z and the hidden maps of at most its degree, and output i the hidden maps of a degree below i.
    So a network without hidden layers is linear in z, the step of a normal with a full covariance (Kingma 2017,
    sec. 5.B.3).

    Args:
        size: number C of maps of z.
        maps, vectors: of the parents, which the first layer reads, see ``MaskedConv``.
        hidden: numbers of maps of the hidden layers, ``()`` for none.
        kernel_size: of every layer, odd.
        num_outputs: number of functions.
        activation: see ``Trunk``.

    Shapes:
        z ``(..., C, H, W)`` and parents as for ``MaskedConv``; a tuple of outputs ``(..., C, H, W)``.

    Example::

        m, s = MaskedConvNet(32, maps=(160,), hidden=(160,))(z, h)
    """

    def __init__(self, size, maps=(), vectors=(), hidden=(), kernel_size=3, num_outputs=2, activation="elu"):
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
            MaskedConv(read.shape[1], read.shape[0], kernel_size, read, *of_layer)
            for read, of_layer in zip(reads, parents, strict=True)
        )

    def forward(self, z, *parents):
        out = self.layers[0](z, *parents)
        for layer in self.layers[1:]:
            out = layer(ACTIVATIONS[self.activation](out))
        return out.chunk(self.num_outputs, -3)


def spread_degrees(size, width):
    """Degrees from 0 to ``size - 1``, spread evenly over ``width`` hidden maps."""
    return torch.linspace(0, size - 1, width).round().long()


def check_kernel(kernel_size):
    """Raise ``ValueError`` unless the kernels have a middle."""
    check_size("kernel_size", kernel_size)
    if kernel_size % 2 == 0:
        raise ValueError(f"kernel_size: got {kernel_size}, want an odd number: a mask needs a middle")
