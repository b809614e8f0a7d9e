"""Reference implementation of weights, convolutions and residual networks in plain torch: sums of shifted maps."""

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
    """Maps ``(N, c, H, W)`` by 3 x 3 taps or others; to a shape of twice the size by a transposed one."""
    weight = weight_of(layer)  # (out, c, 3, 3), or (c, out, 3, 3)
    taps, reach = weight.shape[-1], weight.shape[-1] // 2
    stride = 2 if layer.stride == 2 and shape is None else 1
    if shape is not None:  # zeros between the places, and taps from right to left
        spaced = maps.new_zeros(*maps.shape[:2], *shape)
        spaced[..., ::2, ::2] = maps
        maps, weight = spaced, weight.transpose(0, 1).flip(2, 3)
    height, width = maps.shape[2:]
    padded = maps.new_zeros(*maps.shape[:2], height + 2 * reach, width + 2 * reach)
    padded[..., reach : reach + height, reach : reach + width] = maps
    total = layer.bias[:, None, None]
    for a in range(taps):
        for b in range(taps):
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
    out = convolution(layer, maps.reshape(-1, *maps.shape[-3:]), getattr(layer, "shape", None))
    return out.permute(0, 2, 3, 1).reshape(*maps.shape[:-3], -1)


def of_parents(layer, *parents):
    """A convolution of all parents in one, ``(..., c_i, H, W)`` that broadcast by what stands before."""
    shape = torch.broadcast_shapes(*(maps.shape[:-3] for maps in parents))
    whole = torch.cat([maps.expand(*shape, *maps.shape[-3:]) for maps in parents], -3)
    out = convolution(layer, whole.reshape(-1, *whole.shape[-3:]))
    return out.reshape(*shape, *out.shape[1:])


def residual_unit(unit, h, *z):
    """h + V * [f(U * f(h)); f(z)] (Kingma 2017, app. 5.B)."""
    f = ACTIVATIONS[unit.activation]
    return h + of_parents(unit.outer, f(of_parents(unit.inner, f(h))), *(f(maps) for maps in z))


def map_moments(net, *parents):
    """Mean and log-variance of maps, as rows of the values of the first map, then of the second, ..."""
    out = of_parents(net.moments, *parents)
    half = out.shape[-3] // 2
    return out[..., :half, :, :].flatten(-3), out[..., half:, :, :].flatten(-3)


def strided(net, maps, shape=None):
    """f(norm(W * h)), f a ReLU."""
    out = convolution(net.layer, maps, shape)
    return F.relu(out if net.norm is None else of_map(net.norm, out))


def of_vector(net, h):
    """Maps ``(N, c, H, W)`` of what a dense layer spreads over those of half the size."""
    c, height, width = net.top
    return strided(net.up, h.reshape(-1, height, width, c).permute(0, 3, 1, 2), tuple(net.up.layer.shape))


def as_rows(maps, shape):
    """Maps ``(N, c, H, W)`` as rows, the values of a place side by side."""
    return maps.permute(0, 2, 3, 1).reshape(*shape, -1)


def pixel_trunk(net, h):
    """The layers of a PixelCNN without x: 7 x 7, four blocks, two of 1 x 1."""
    out = convolution(net.first, of_vector(net.maps, h))
    for each in net.blocks:
        out = out + convolution(each, F.relu(out))
    for each in net.last:
        out = convolution(each, F.relu(out))
    return F.relu(out).reshape(*h.shape[:-1], *out.shape[1:])


def pixel_logits(net, x, h):
    """Logits ``(..., D)`` of a PixelCNN of grey images given x ``(..., D)``, with the masks A and B written out."""
    height, width, _ = net.pixels.image_shape
    first, masks = net.pixels.first, {}
    for size, own in ((7, 0.0), (3, 1.0)):
        masks[size] = torch.zeros(size, size, dtype=h.dtype)
        masks[size][: size // 2] = 1
        masks[size][size // 2, : size // 2] = 1
        masks[size][size // 2, size // 2] = own
    image = x.expand(*h.shape[:-1], x.shape[-1]).reshape(-1, 1, height, width)
    out = F.conv2d(image, first.weight * masks[7], first.bias, padding=3)
    out = out + F.conv2d(of_vector(net.maps, h), first.of_maps[0], padding=3)
    for each in net.pixels.blocks:
        out = out + F.conv2d(F.relu(out), each.weight * masks[3], each.bias, padding=1)
    for each in net.pixels.last:
        out = F.conv2d(F.relu(out), each.weight, each.bias)
    return out.reshape(*h.shape[:-1], -1)
