"""Reference implementation of the other posteriors in plain torch: loops over units, log-determinants by autograd."""

import math

import torch
import torch.nn.functional as F

from tests.by_hand_images import ACTIVATIONS, weight_of


def transformed(net, z_0, mu, h):
    """z made of the value z_0 of the diagonal normal of a network, and log |det dz/dz_0|.

    z_0, mu ``(..., D)`` and the trunk's features h ``(..., F)``, all parents in one.
    """
    shape = torch.broadcast_shapes(z_0.shape[:-1], mu.shape[:-1], h.shape[:-1])
    rows = [part.expand(*shape, part.shape[-1]).reshape(-1, part.shape[-1]) for part in (z_0, mu, h)]
    if type(net).__name__ == "FullNormalNet":
        z, log_det = zip(*(full(net, *row) for row in zip(*rows, strict=True)), strict=True)
    else:
        z, log_det = zip(*(flow(net.flow, row[0], row[2]) for row in zip(*rows, strict=True)), strict=True)
    return torch.stack(z).reshape(*shape, -1), torch.stack(log_det).reshape(shape)


def full(net, z_0, mu, h):
    """z = mu + L eps: Kingma 2017, eqs 2.47, 2.53 and 2.54."""
    sigma = (0.5 * (weight_of(net.log_variance) @ h + net.log_variance.bias)).exp()
    lower, eps, z = (weight_of(net.lower) @ h + net.lower.bias).reshape(len(mu), -1), (z_0 - mu) / sigma, []
    for i in range(len(mu)):
        z.append(mu[i] + sigma[i] * eps[i] + sum(lower[i, j] * eps[j] for j in range(i)))
    return torch.stack(z), mu.new_zeros(())


def flow(flow, z_0, h):
    def value(z):
        return VALUES[type(flow).__name__](flow, z, h)

    jacobian = torch.autograd.functional.jacobian(value, z_0, create_graph=True)
    return value(z_0), torch.linalg.slogdet(jacobian).logabsdet


def planar(flow, z, h):
    """Kingma 2017, eq. 5.17; Rezende and Mohamed 2015, app. A.1, but for m, which is 0 at 0."""
    for part in (weight_of(flow.head) @ h + flow.head.bias).reshape(flow.num_steps, -1):
        u, w, b = part[: flow.size], part[flow.size : -1], part[-1]
        a = w @ u
        if bool(w.any()):
            u = u + (F.softplus(a + math.log(math.e - 1)) - 1 - a) * w / (w @ w)
        z = z + u * torch.tanh(w @ z + b)
    return z


def radial(flow, z, h):
    """Rezende and Mohamed 2015, eq. 14 and app. A.2, but for beta, which is 0 at 0."""
    for part in (weight_of(flow.head) @ h + flow.head.bias).reshape(flow.num_steps, -1):
        centre, alpha, c = part[: flow.size], (0.5 * part[-2]).exp(), part[-1]
        beta = alpha * (F.softplus(c + math.log(math.e - 1)) - 1)
        r = ((z - centre) ** 2).sum().sqrt()
        z = z + beta / (alpha + r) * (z - centre)
    return z


def inverse_autoregressive(flow, z, h):
    """Kingma 2017, algorithm 5, or its step by eq. 5.27, or that with sigma = 1."""
    for t, net in enumerate(flow.steps):
        order = list(range(len(z)))
        if t // flow.reverse_every % 2 == 1:
            order.reverse()
        outputs = masked(net, z, h, order).reshape(-1, len(z))
        if flow.step == "gated":
            sigma = torch.sigmoid(outputs[1] + flow.gate_bias)
            z = sigma * z + (1 - sigma) * outputs[0]
        elif flow.step == "affine":
            z = outputs[0] + (0.5 * outputs[1]).exp() * z
        else:
            z = outputs[0] + z
    return z


def masked(net, z, h, order):
    """A masked network, weight by weight: degree d reads h and the first d units (Germain et al. 2015)."""
    size = len(z)
    read, values = [order.index(i) + 1 for i in range(size)] + [0] * len(h), torch.cat([z, h])
    for layer in net.layers[:-1]:
        width = len(layer.bias)
        degrees = [round(1 + (size - 1) * j / (width - 1)) - 1 if width > 1 else 0 for j in range(width)]
        allowed = [[float(d >= below) for below in read] for d in degrees]
        values = ACTIVATIONS[net.activation](weight_of(layer, values.new_tensor(allowed)) @ values + layer.bias)
        read = degrees
    last = net.layers[-1]
    allowed = [[float(order.index(i) + 1 > below) for below in read] for i in range(size)] * (len(last.bias) // size)
    return weight_of(last, values.new_tensor(allowed)) @ values + last.bias


def of_maps(net, z_0, parents):
    """z made of the values z_0 ``(..., C H W)`` of a ``MapFlowNet``'s normal, and log |det dz/dz_0|."""
    read = {"both": parents, "bottom_up": parents[:1], "top_down": parents[1:]}[net.context]
    shape = torch.broadcast_shapes(z_0.shape[:-1], *(maps.shape[:-3] for maps in read))
    rows = z_0.expand(*shape, z_0.shape[-1]).reshape(-1, z_0.shape[-1])
    maps = [each.expand(*shape, *each.shape[-3:]).reshape(-1, *each.shape[-3:]) for each in read]
    places, z, log_dets = parents[0].shape[-2:], [], []
    for row, *h in zip(rows, *maps, strict=True):

        def value(z, h=h):
            return autoregressive_maps(net, z.reshape(net.size, *places), h).flatten()

        z.append(value(row))
        jacobian = torch.autograd.functional.jacobian(value, row, create_graph=True)
        log_dets.append(torch.linalg.slogdet(jacobian).logabsdet)
    return torch.stack(z).reshape(*shape, -1), torch.stack(log_dets).reshape(shape)


def autoregressive_maps(net, z, h):
    """Kingma 2017, algorithm 5, eq. 5.27 or with sigma = 1, with masked convolutions; z ``(C, H, W)``."""
    for t, step in enumerate(net.steps):
        backward = net.reversed[t]
        outputs = masked_maps(step, z.flip(0, 1, 2) if backward else z, [m.flip(1, 2) if backward else m for m in h])
        outputs = outputs.reshape(-1, *z.shape)
        outputs = outputs.flip(1, 2, 3) if backward else outputs
        if net.step == "gated":
            sigma = torch.sigmoid(outputs[1] + net.gate_bias)
            z = sigma * z + (1 - sigma) * outputs[0]
        elif net.step == "affine":
            z = outputs[0] + (0.5 * outputs[1]).exp() * z
        else:
            z = outputs[0] + z
    return z


def masked_maps(net, z, h):
    """Masked convolutions, map by map: a hidden map of degree d reads the first d maps at its place, and all before."""
    size = len(z)
    degrees, values = list(range(1, size + 1)), z
    for i, layer in enumerate(net.layers):
        last, width = i == len(net.layers) - 1, len(layer.bias)
        if last:
            above = [o % size for o in range(width)]  # of output o, below whose place what it reads must be
        else:
            above = [round((size - 1) * j / (width - 1)) if width > 1 else 0 for j in range(width)]
        weight = torch.zeros_like(layer.weight)
        for o in range(width):
            for j, below in enumerate(degrees):
                weight[o, j, :1], weight[o, j, 1, 0] = layer.weight[o, j, :1], layer.weight[o, j, 1, 0]
                if below <= above[o]:
                    weight[o, j, 1, 1] = layer.weight[o, j, 1, 1]
        out = F.conv2d(values[None], weight, padding=1) + layer.bias[:, None, None]
        for maps, of_h in zip(h, layer.of_maps, strict=False):
            out = out + F.conv2d(maps[None], of_h, padding=1)
        values, degrees = out[0] if last else ACTIVATIONS[net.activation](out[0]), above
    return values


VALUES = {
    "PlanarFlow": planar,
    "RadialFlow": radial,
    "InverseAutoregressiveFlow": inverse_autoregressive,
}
