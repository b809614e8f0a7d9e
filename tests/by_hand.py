"""The bounds in plain torch, straight from the papers: concatenated inputs, no Pyro, one class at a time."""

import math

import torch
import torch.nn.functional as F


def mlp(trunk, *parents):
    shape = torch.broadcast_shapes(*(p.shape[:-1] for p in parents))
    h = torch.cat([p.expand(*shape, p.shape[-1]) for p in parents], -1)
    for layer in trunk.layers:
        h = F.relu(F.linear(h, layer.weight, layer.bias))
    return h


def linear(layer, h):
    return h @ layer.weight.T + layer.bias


def moments(net, *parents):
    h = mlp(net.trunk, *parents)
    return linear(net.loc, h), linear(net.log_variance, h)


def log_normal(v, mu, log_variance):
    return (-0.5 * (math.log(2 * math.pi) + log_variance + (v - mu) ** 2 / log_variance.exp())).sum(-1)


def log_bernoulli(net, x, *parents):
    p = torch.sigmoid(linear(net.logits, mlp(net.trunk, *parents)))
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(-1)


def log_q_y(net, *parents):
    return torch.log_softmax(linear(net.logits, mlp(net.trunk, *parents)), -1)


def unlabelled_loss(model, x, noise):
    """U(x) summed over the rows, for a model with normal posteriors and Bernoulli x.

    noise: {"z": (K, B, z) or (B, z), "a": (B, a), "z_y": (B, z_y)}, standard normal.
    """
    kind = type(model).__name__.removeprefix("Adversarial")
    if kind.endswith("LatentClassifierVAE"):
        return latent_classifier_loss(model, x, noise)
    if kind == "VAE":
        mu, log_variance = moments(model.q_z, x)
        z = mu + (0.5 * log_variance).exp() * noise["z"]
        zero = torch.zeros_like(z)
        bound = log_bernoulli(model.p_x, x, z) + log_normal(z, zero, zero) - log_normal(z, mu, log_variance)
        return -bound.sum()
    total = 0.0
    a, log_q_a = None, 0.0
    if kind != "M2":
        if model.stochastic:
            mu, log_variance = moments(model.q_a, x)
            a = mu + (0.5 * log_variance).exp() * noise["a"]
            log_q_a = log_normal(a, mu, log_variance)
        else:
            a = linear(model.q_a.out, mlp(model.q_a.trunk, x))
    log_q = log_q_y(model.q_y, *((x,) if a is None else (a, x)))
    for k in range(model.num_classes):
        y = torch.eye(model.num_classes, dtype=x.dtype)[k].expand(len(x), -1)
        mu, log_variance = moments(model.q_z, *((x, y) if a is None else (a, y, x)))
        z = mu + (0.5 * log_variance).exp() * noise["z"][k]
        zero = torch.zeros_like(z)
        bound = log_normal(z, zero, zero) - log_normal(z, mu, log_variance) - math.log(model.num_classes) - log_q_a
        bound = bound + log_bernoulli(model.p_x, x, *((a, z, y) if kind == "SDGM" else (z, y)))
        if kind != "M2" and model.stochastic:
            parents = (x, z, y) if kind == "ADGM" and model.a_reads_x else (z, y)
            bound = bound + log_normal(a, *moments(model.p_a, *parents))
        total = total + log_q[:, k].exp() * (bound - log_q[:, k])
    return -total.sum()


def latent_classifier_loss(model, x, noise):
    """Jurasiński 2019, eq. 6, prop. 2, or with p(x | z); and app. C without a label."""
    if type(model).__name__.startswith("Split"):
        mu, log_variance = moments(model.q_z_y, x)
        z_y = mu + (0.5 * log_variance).exp() * noise["z_y"]
        zero = torch.zeros_like(z_y)
        bound, parents = log_normal(z_y, zero, zero) - log_normal(z_y, mu, log_variance), (z_y,)
    else:
        bound, parents = 0.0, ()
    mu, log_variance = moments(model.q_z, *parents, x)
    z = mu + (0.5 * log_variance).exp() * noise["z"]
    zero = torch.zeros_like(z)
    bound = bound + log_normal(z, zero, zero) - log_normal(z, mu, log_variance)
    if parents or not model.x_reads_y:
        return -(bound + log_bernoulli(model.p_x, x, z, *parents)).sum()
    classes = torch.eye(model.num_classes, dtype=x.dtype)
    log_x = torch.stack([log_bernoulli(model.p_x, x, z, y.expand(len(x), -1)) for y in classes], -1)
    log_y = log_q_y(model.p_y, z)
    if model.bound == "jensen":
        return -(bound + (log_y.exp() * log_x).sum(-1)).sum()
    return -(bound + (log_y + log_x).logsumexp(-1)).sum()


def evidence(model, x):
    """log p(x) of each row, in closed form, for a model without hidden layers and with constant variances.

    Every conditional is then linear and normal: p(x | y) is normal, and p(x) a mixture of K of them. Where y reads z
    there is no closed form, and z of two units is summed over a grid.
    """
    if type(model).__name__ == "LatentClassifierVAE":
        return latent_classifier_evidence(model, x)
    split = model.p_x.loc.weight.split(model.p_x.loc.parents, 1)
    noise = torch.diag(model.p_x.log_variance.bias.exp())
    classes = 1 if model.num_classes is None else model.num_classes
    terms = []
    for k in range(classes):
        mean = model.p_x.loc.bias
        if type(model).__name__ in ("VAE", "SplitLatentClassifierVAE"):
            factor, covariance = torch.cat(split, 1), noise
        elif type(model).__name__ == "SDGM":
            w_a, w_z, w_y = split
            v_z, v_y = model.p_a.loc.weight.split(model.p_a.loc.parents, 1)
            factor, mean = w_z + w_a @ v_z, mean + w_y[:, k] + w_a @ (v_y[:, k] + model.p_a.loc.bias)
            covariance = noise + w_a @ torch.diag(model.p_a.log_variance.bias.exp()) @ w_a.T
        else:
            factor, mean, covariance = split[0], mean + split[1][:, k], noise
        normal = torch.distributions.MultivariateNormal(mean, covariance + factor @ factor.T)
        terms.append(normal.log_prob(x) - math.log(classes))
    return torch.stack(terms).logsumexp(0)


def latent_classifier_evidence(model, x, steps=161, reach=8.0):
    """log of the sum of p(z) p(y | z) p(x | y, z) over classes and a grid of z, which for such a density is exact."""
    axis = torch.linspace(-reach, reach, steps, dtype=x.dtype)
    z = torch.cartesian_prod(axis, axis)
    log_z = (-0.5 * z**2).sum(-1) - math.log(2 * math.pi) + 2 * math.log(2 * reach / (steps - 1))
    log_y, total = log_q_y(model.p_y, z), []
    for k in range(model.num_classes):
        y = torch.eye(model.num_classes, dtype=x.dtype)[k].expand(len(z), -1)
        mean = linear(model.p_x.loc, torch.cat([z, y], -1))
        total.append(log_z + log_y[:, k] + log_normal(x[:, None], mean, model.p_x.log_variance.bias))
    return torch.stack(total).logsumexp((0, 2))
