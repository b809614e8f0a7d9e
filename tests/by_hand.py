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


def draw(net, noise, *parents):
    """The value at the noise, and its log-density."""
    mu, log_variance = moments(net, *parents)
    value = mu + (0.5 * log_variance).exp() * noise
    return value, log_normal(value, mu, log_variance)


def log_standard_normal(z):
    return log_normal(z, torch.zeros_like(z), torch.zeros_like(z))


def one_hot_rows(model, x):
    return torch.eye(model.num_classes, dtype=x.dtype)[:, None].expand(-1, len(x), -1)  # (K, B, K)


def vae(model, x, noise):
    z, log_q = draw(model.q_z, noise["z"], x)
    return log_bernoulli(model.p_x, x, z) + log_standard_normal(z) - log_q


def m2(model, x, noise):
    bounds = []
    for k, y in enumerate(one_hot_rows(model, x)):
        z, log_q = draw(model.q_z, noise["z"][k], x, y)
        bounds.append(log_bernoulli(model.p_x, x, z, y) + log_standard_normal(z) - math.log(model.num_classes) - log_q)
    return log_q_y(model.q_y, x), bounds


def auxiliary(model, x, noise):
    """ADGM, its controls, and SDGM."""
    kind, log_q_a, bounds = type(model).__name__, 0.0, []
    if model.stochastic:
        a, log_q_a = draw(model.q_a, noise["a"], x)
    else:
        a = linear(model.q_a.out, mlp(model.q_a.trunk, x))
    for k, y in enumerate(one_hot_rows(model, x)):
        z, log_q_z = draw(model.q_z, noise["z"][k], a, y, x)
        bound = log_standard_normal(z) - math.log(model.num_classes) - log_q_a - log_q_z
        bound = bound + log_bernoulli(model.p_x, x, *((a, z, y) if kind == "SDGM" else (z, y)))
        if model.stochastic:
            if kind == "ADGM" and not model.informed:
                bound = bound + log_standard_normal(a)
            else:
                parents = (x, z, y) if kind == "ADGM" and model.a_reads_x else (z, y)
                bound = bound + log_normal(a, *moments(model.p_a, *parents))
        bounds.append(bound)
    return log_q_y(model.q_y, a, x), bounds


def m1m2(model, x, noise):
    z1, log_q_z1 = draw(model.q_z1, noise["z1"], x)
    bounds, of_m1 = [], log_bernoulli(model.p_x, x, z1) - log_q_z1
    for k, y in enumerate(one_hot_rows(model, x)):
        z2, log_q_z2 = draw(model.q_z2, noise["z2"][k], z1, y)
        of_m2 = log_normal(z1, *moments(model.p_z1, z2, y)) + log_standard_normal(z2) - log_q_z2
        bounds.append(of_m1 + of_m2 - math.log(model.num_classes))
    return log_q_y(model.q_y, z1), bounds


def avae(model, x, noise):
    layers = len(model.q_z)
    a, z, log_q = {}, {}, 0.0
    for i in range(1, layers + 1):
        a[i], log_q_a = draw(model.q_a[i - 1], noise[f"a{i}"], *((x,) if i == 1 else (a[i - 1], x)))
        z[i], log_q_z = draw(model.q_z[i - 1], noise[f"z{i}"], a[i], x if i == 1 else z[i - 1])
        log_q = log_q + log_q_a + log_q_z
    log_p = log_bernoulli(model.p_x, x, z[1]) + log_standard_normal(z[layers])
    log_p = log_p + log_normal(a[layers], *moments(model.p_a[layers - 1], z[layers]))
    for i in range(1, layers):
        log_p = log_p + log_normal(z[i], *moments(model.p_z[i - 1], z[i + 1]))
        log_p = log_p + log_normal(a[i], *moments(model.p_a[i - 1], *(z[j] for j in range(i, layers + 1))))
    return log_p - log_q


def cagem(model, x, noise):
    z1, log_q_z1 = draw(model.q_z1, noise["z1"], x)
    bounds = []
    for k, y in enumerate(one_hot_rows(model, x)):
        z2, log_q_z2 = draw(model.q_z2, noise["z2"][k], *((x, y, z1) if model.skip else (y, z1)))
        log_p = log_standard_normal(z2) + log_q_y(model.p_y, z2)[:, k] + log_normal(z1, *moments(model.p_z1, z2, y))
        bounds.append(log_p + log_bernoulli(model.p_x, x, z1, y) - log_q_z1 - log_q_z2)
    return log_q_y(model.q_y, z1, x), bounds


def latent_classifier(model, x, noise):
    """Jurasiński 2019, eq. 6, prop. 2, or with p(x | z)."""
    z, log_q = draw(model.q_z, noise["z"], x)
    bound = log_standard_normal(z) - log_q
    if not model.x_reads_y:
        return bound + log_bernoulli(model.p_x, x, z)
    log_x = torch.stack([log_bernoulli(model.p_x, x, z, y) for y in one_hot_rows(model, x)], -1)
    log_y = log_q_y(model.p_y, z)
    if model.bound == "jensen":
        return bound + (log_y.exp() * log_x).sum(-1)
    return bound + (log_y + log_x).logsumexp(-1)


def split_latent_classifier(model, x, noise):
    """Jurasiński 2019, app. C, without a label."""
    z_y, log_q_z_y = draw(model.q_z_y, noise["z_y"], x)
    z, log_q_z = draw(model.q_z, noise["z"], z_y, x)
    log_p = log_standard_normal(z) + log_standard_normal(z_y) + log_bernoulli(model.p_x, x, z, z_y)
    return log_p - log_q_z_y - log_q_z


BOUNDS = {
    "VAE": vae,
    "AVAE": avae,
    "M2": m2,
    "AdversarialM2": m2,
    "M1M2": m1m2,
    "ADGM": auxiliary,
    "SDGM": auxiliary,
    "CaGeM": cagem,
    "LatentClassifierVAE": latent_classifier,
    "SplitLatentClassifierVAE": split_latent_classifier,
}


def unlabelled_loss(model, x, noise):
    """U(x) summed over the rows, for a model with normal posteriors and Bernoulli x.

    noise: standard normal by site, (B, d), or (K, B, d) where it was drawn for every class.
    """
    bound = BOUNDS[type(model).__name__](model, x, noise)
    if not isinstance(bound, tuple):  # the guide has no y
        return -bound.sum()
    log_q, of_class = bound
    return -(log_q.exp() * (torch.stack(of_class, -1) - log_q)).sum()


def through(net, mean, covariance, k):
    """Mean and covariance of a linear normal layer, of a normal parent and of class k where it reads one."""
    weight, w_y = net.loc.weight.split([len(mean), net.loc.weight.shape[1] - len(mean)], 1)
    mean = weight @ mean + net.loc.bias + (w_y[:, k] if w_y.shape[1] else 0.0)
    return mean, weight @ covariance @ weight.T + torch.diag(net.log_variance.bias.exp())


def with_a(model, mean, covariance, k):
    """Mean and covariance of (a, z) from those of z, for SDGM."""
    mean_a, covariance_a = through(model.p_a, mean, covariance, k)
    cross = model.p_a.loc.weight[:, : len(mean)] @ covariance
    rows = torch.cat([covariance_a, cross], 1), torch.cat([cross.T, covariance], 1)
    return torch.cat([mean_a, mean]), torch.cat(rows)


BETWEEN = {"M1M2": ["p_z1"], "AVAE": ["p_z.0"], "CaGeM": ["p_z1"]}  # networks from the top latent down to that of x


def evidence(model, x):
    """log p(x) of each row, in closed form, for a model without hidden layers and with constant variances.

    Every conditional is then linear and normal: p(x | y) is normal, and p(x) a mixture of K of them. Where y reads z
    there is no closed form, and z of two units is summed over a grid.
    """
    kind = type(model).__name__
    if kind == "LatentClassifierVAE":
        return latent_classifier_evidence(model, x)
    y_is_read = model.num_classes is not None and kind != "SplitLatentClassifierVAE"
    classes, terms = model.num_classes if y_is_read else 1, []
    for k in range(classes):
        size = model.z_size if kind != "SplitLatentClassifierVAE" else sum(model.p_x.loc.parents)
        moments = x.new_zeros(size), torch.eye(size, dtype=x.dtype)
        if kind == "SDGM":
            moments = with_a(model, *moments, k)
        for net in BETWEEN.get(kind, []):
            moments = through(model.get_submodule(net), *moments, k)
        normal = torch.distributions.MultivariateNormal(*through(model.p_x, *moments, k))
        log_p_y = model.p_y.logits.bias.log_softmax(0)[k] if kind == "CaGeM" else -math.log(classes)
        terms.append(normal.log_prob(x) + log_p_y)
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
