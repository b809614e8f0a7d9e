"""Weights, convolutions and residual networks in plain torch: sums over taps of shifted maps."""

import torch
import torch.nn.functional as F

ACTIVATIONS = {"elu": F.elu, "relu": F.relu}


def weight_of(layer, mask=1.0):
    """The weight of a layer, masked: v, or g v / ||v|| (Salimans and Kingma 2016, eq. 2)."""
    v, g = layer.weight * mask, layer.gain
    if g is None:
        return v
    dims = [dim for dim in range(v.dim()) if g.shape[dim] == 1]
    lengths = (v**2).sum(dims, keepdim=True).sqrt()
    return g * v / torch.where(lengths > 0, lengths, torch.ones_like(lengths))


def normalised(norm, rows):
    """Batch normalisation (Ioffe and Szegedy 2015): by the rows at hand while training, else by the running moments."""
    mean, variance = norm.running_mean, norm.running_var
    if norm.training:
        mean, variance = rows.mean(0), (rows**2).mean(0) - rows.mean(0) ** 2
    return (rows - mean) / (variance + 1e-5).sqrt() * norm.weight + norm.bias


def convolution(layer, maps, shape=None):
    """Maps ``(N, c, H, W)`` by 3 x 3 taps; to a shape of twice the size by a transposed one."""
    weight = weight_of(layer)  # (out, c, 3, 3), or (c, out, 3, 3)
    stride = 2 if layer.stride == 2 and shape is None else 1
    if shape is not None:  # zeros between the places, and taps from right to left
        spaced = maps.new_zeros(*maps.shape[:2], *shape)
        spaced[..., ::2, ::2] = maps
        maps, weight = spaced, weight.transpose(0, 1).flip(2, 3)
    height, width = maps.shape[2:]
    padded = maps.new_zeros(*maps.shape[:2], height + 2, width + 2)
    padded[..., 1:-1, 1:-1] = maps
    total = layer.bias[:, None, None]
    for a in range(3):
        for b in range(3):
            shifted = padded[..., a : a + height : stride, b : b + width : stride]
            total = total + torch.einsum("oc,nchw->nohw", weight[..., a, b], shifted)
    return total


def of_map(norm, maps):
    rows = normalised(norm, maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1]))
    return rows.reshape(len(maps), *maps.shape[2:], -1).permute(0, 3, 1, 2)


def block(net, h, shape=None):
    """f(W_2 * f(W_1 * h) + W_s * h), or + h where nothing changes size (He et al. 2015)."""
    f, (first, second) = ACTIVATIONS[net.activation], net.layers
    inner = convolution(first, h, shape)
    inner = f(inner if net.norms is None else of_map(net.norms[0], inner))
    out = convolution(second, inner)
    out = out if net.norms is None else of_map(net.norms[1], out)
    return f(out + (h if net.skip is None else convolution(net.skip, h, shape)))


def encoded(net, x):
    """The last maps of an encoder as rows: blocks of stride 2, and one of stride 1 between two of them."""
    height, width, channels = net.image_shape
    h = x.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
    for each in net.blocks:
        h = block(each, h)
    return h.permute(0, 2, 3, 1).reshape(*x.shape[:-1], -1)


def decoded(net, h):
    """The maps of a decoder's features, ``(..., c, H, W)``, from its dense layers' last one."""
    c, height, width = net.top
    shapes = [tuple(net.shape)]
    while shapes[-1] != (height, width):
        shapes.append(tuple(-(-size // 2) for size in shapes[-1]))
    shapes.pop()
    maps = h.reshape(-1, height, width, c).permute(0, 3, 1, 2)
    for i, each in enumerate(net.blocks):  # doubling and not, in turn
        maps = block(each, maps, shapes.pop() if i % 2 == 0 else None)
    return maps.reshape(*h.shape[:-1], *maps.shape[1:])


def head(layer, maps):
    """Rows of a convolution of maps ``(..., c, H, W)``, the values of a place side by side."""
    out = convolution(layer, maps.reshape(-1, *maps.shape[-3:]))
    return out.permute(0, 2, 3, 1).reshape(*maps.shape[:-3], -1)
