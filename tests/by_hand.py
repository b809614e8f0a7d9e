"""Reference implementation of the figures in plain torch, straight from the papers.

It uses concatenated inputs, no Pyro, and one class at a time. ``RUNS`` has each model once: what its paper's guide
and model compute for one class. Every figure is a formula of such runs. ``CLASSIFIERS`` has each model with a
classifier, and ``EVIDENCE`` has log p(x) of each model. A model that is missing there fails the tests.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F

from tests import by_hand_images, by_hand_posteriors
from tests.by_hand_images import ACTIVATIONS, weight_of


def mlp(trunk, *parents):
    """The features of a trunk, all parents in one."""
    if type(trunk).__name__ == "ResidualEncoder":
        return mlp(trunk.dense, by_hand_images.encoded(trunk, parents[0]), *parents[1:])
    if type(trunk).__name__ == "ResidualDecoder":
        return by_hand_images.decoded(trunk, mlp(trunk.dense, *parents))
    if type(trunk).__name__ == "Upsampling":
        return ACTIVATIONS[trunk.activation](*parents)
    if type(trunk).__name__ == "PixelTrunk":
        return by_hand_images.pixel_trunk(trunk, mlp(trunk.maps.dense, *parents))
    if type(trunk).__name__ == "DownwardTrunk":
        h = mlp(trunk.maps.dense, *parents)
        return mlp(trunk.dense, by_hand_images.as_rows(by_hand_images.of_vector(trunk.maps, h), h.shape[:-1]))
    shape = torch.broadcast_shapes(*(p.shape[:-1] for p in parents))
    h = torch.cat([p.expand(*shape, p.shape[-1]) for p in parents], -1)
    for i, layer in enumerate(trunk.layers):
        h = F.linear(h, weight_of(layer), layer.bias)
        h = ACTIVATIONS[trunk.activation](h if trunk.norms is None else normalised(trunk.norms[i], h))
    return h


def normalised(norm, h):
    return by_hand_images.normalised(norm, h.reshape(-1, h.shape[-1])).reshape(h.shape)


def linear(layer, h):
    if type(layer).__name__ in ("MapHead", "UpsamplingHead"):
        return by_hand_images.head(layer, h)
    out = h @ weight_of(layer).T + layer.bias
    return out if layer.norm is None else normalised(layer.norm, out)


LOG_VARIANCES = {  # of the outputs of each kind of head
    "log_variance": lambda net, h: linear(net.log_variance, h),
    "softplus_variance": lambda net, h: ((1 + linear(net.variance, h).exp()).log() + 1e-8).log(),
    "softplus_sigma": lambda net, h: 2 * ((1 + linear(net.sigma, h).exp()).log() + 1e-4).log(),
}


def moments(net, *parents):
    """Mean and log-variance."""
    h = mlp(net.trunk, *parents)
    mu = linear(net.loc, h)
    mu = 1 / (1 + (-mu).exp()) if net.mean == "sigmoid" else mu
    return mu, LOG_VARIANCES[net.scale_head](net, h)


def log_normal_units(v, mu, log_variance):
    return -0.5 * (math.log(2 * math.pi) + log_variance + (v - mu) ** 2 / log_variance.exp())


def log_normal(v, mu, log_variance):
    return log_normal_units(v, mu, log_variance).sum(-1)


def log_bernoulli(net, x, *parents):
    p = torch.sigmoid(linear(net.logits, mlp(net.trunk, *parents)))
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(-1)


def log_binomial(net, x, *parents):
    n, p = net.total_count, torch.sigmoid(linear(net.logits, mlp(net.trunk, *parents)))
    ways = torch.lgamma(n + 1) - torch.lgamma(x + 1) - torch.lgamma(n - x + 1)
    return (ways + x * p.log() + (n - x) * (1 - p).log()).sum(-1)


def levels(net, *parents):
    """log-probabilities of the levels of every feature, ``(..., D, C)``."""
    logits = linear(net.logits, mlp(net.trunk, *parents))
    return logits.reshape(*logits.shape[:-1], net.size, net.num_levels).log_softmax(-1)


def logistic_masses(net, *parents):
    """Masses of the levels of every feature, ``(..., D, C)``: differences of the logistic's distribution function."""
    h, count = mlp(net.trunk, *parents), net.num_components
    mu = linear(net.loc, h)
    shape = (*mu.shape[:-1], net.size, count)
    mu = mu.reshape(shape) + torch.tensor([(m + 0.5) / count for m in range(count)]).to(mu)
    if isinstance(net.log_scale, torch.Tensor):
        log_s = net.log_scale[[d % net.num_channels for d in range(net.size)]] - 2
    else:
        log_s = linear(net.log_scale, h).reshape(shape) - 2
    inner = torch.arange(1, net.num_levels).to(mu) / net.num_levels
    below = torch.sigmoid((inner - mu[..., None]) / log_s[..., None].exp())
    edges = torch.zeros_like(below[..., :1]), torch.ones_like(below[..., :1])
    masses = torch.cat([below, edges[1]], -1) - torch.cat([edges[0], below], -1)  # (..., D, M, C)
    weights = linear(net.weight_logits, h).reshape(shape).softmax(-1) if count > 1 else torch.ones_like(mu)
    return (weights[..., None] * masses).sum(-2)


def log_pixels(net, x, z):
    """Of every pixel given those before it."""
    p = torch.sigmoid(by_hand_images.pixel_logits(net, x, mlp(net.maps.dense, z)))
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(-1)


LOG_X = {
    "PixelDecoder": log_pixels,
    "BernoulliNet": log_bernoulli,
    "BinomialNet": log_binomial,
    "DiscretizedLogisticNet": lambda net, x, *parents: (
        (logistic_masses(net, *parents) * F.one_hot(x.long(), net.num_levels)).sum(-1).log().sum(-1)
    ),
    "LevelsNet": lambda net, x, *parents: (levels(net, *parents) * F.one_hot(x.long(), net.num_levels)).sum((-2, -1)),
    "NormalNet": lambda net, x, *parents: log_normal(x, *moments(net, *parents)),
}
MEAN_OF_X = {
    "BernoulliNet": lambda net, *parents: torch.sigmoid(linear(net.logits, mlp(net.trunk, *parents))),
    "BinomialNet": lambda net, *parents: net.total_count * torch.sigmoid(linear(net.logits, mlp(net.trunk, *parents))),
    "DiscretizedLogisticNet": lambda net, *parents: (
        logistic_masses(net, *parents) @ torch.arange(net.num_levels).to(parents[0])
    ),
    "LevelsNet": lambda net, *parents: levels(net, *parents).exp() @ torch.arange(net.num_levels).to(parents[0]),
    "NormalNet": lambda net, *parents: moments(net, *parents)[0],
}
LARGEST = {
    "BinomialNet": lambda net: net.total_count,
    "DiscretizedLogisticNet": lambda net: net.num_levels - 1,
    "LevelsNet": lambda net: net.num_levels - 1,
}


def log_x(model, x, parents):
    return LOG_X[type(model.p_x).__name__](model.p_x, x, *parents)


def mean_of_x(model, parents):
    return MEAN_OF_X[type(model.p_x).__name__](model.p_x, *parents)


def read(model, x):
    """x as networks read it: counts as shares of the largest."""
    return x / LARGEST.get(type(model.p_x).__name__, lambda net: 1)(model.p_x)


def log_q_y(net, *parents):
    return torch.log_softmax(linear(net.logits, mlp(net.trunk, *parents)), -1)


def log_class(net, y, *parents):
    """The log-probability of the classes y, one-hot rows."""
    return (log_q_y(net, *parents) * y).sum(-1)


class Noise:
    """Values of the latents: the mean and the deviation times standard normal noise.

    The noise is the generator's next, drawn in the order of the guide: ``(S, B, d)``, or ``(K, S, B, d)`` for a latent
    that follows an enumerated class; or it is ``drawn`` already, by site.
    """

    def __init__(self, samples=1, rows=None, classes=None, drawn=None):
        self.samples, self.rows, self.classes = samples, rows, classes
        self.drawn = {} if drawn is None else drawn

    def draw(self, site, net, parents, k=None):
        """The value and its moments, or log q, of class k where the latent follows an enumerated one."""
        mu, log_variance = moments(net, *parents)
        value = self.value(site, mu, log_variance, k)
        if type(net).__name__ == "NormalNet":
            return value, (mu, log_variance)
        z, log_det = by_hand_posteriors.transformed(net, value, mu, mlp(net.trunk, *parents))
        return z, log_normal(value, mu, log_variance) - log_det

    def value(self, site, mu, log_variance, k):
        if site not in self.drawn:
            shape = (self.samples, self.rows, mu.shape[-1])
            self.drawn[site] = torch.randn(shape if k is None else (self.classes, *shape), dtype=mu.dtype)
        noise = self.drawn[site]
        return mu + (0.5 * log_variance).exp() * (noise if k is None else noise[k])


class Given(Noise):
    """Values that came from elsewhere."""

    def value(self, site, mu, log_variance, k):
        return self.drawn[site]


class Latent(NamedTuple):
    """The value of a latent, and mean and log-variance of q and of p there; log q itself where q is not normal."""

    value: torch.Tensor
    q: tuple | torch.Tensor
    p: tuple

    @property
    def log_q(self):
        return log_normal(self.value, *self.q) if isinstance(self.q, tuple) else self.q


class Run(NamedTuple):
    """Guide and model for one class: latents by site, what p(x | ...) reads, log p and log q of the class, or None."""

    latents: dict
    x: tuple
    log_p_y: torch.Tensor | None = None
    log_q_y: torch.Tensor | None = None


def standard(z):
    return torch.zeros_like(z), torch.zeros_like(z)


def uniform(y):
    return torch.full(y.shape[:-1], -math.log(y.shape[-1]), dtype=y.dtype)


def vae(model, x, y, k, noise):
    z, q = noise.draw("z", model.q_z, (read(model, x),))
    return Run({"z": Latent(z, q, standard(z))}, (z,))


def m2(model, x, y, k, noise):
    """Kingma 2017, eqs 3.2, 3.4 and 3.5."""
    x = read(model, x)
    z, q = noise.draw("z", model.q_z, (x, y), k)
    return Run({"z": Latent(z, q, standard(z))}, (z, y), uniform(y), log_class(model.q_y, y, x))


def auxiliary(model, x, y, k, noise):
    """ADGM, its controls, and SDGM: Maaløe et al. 2016, eqs 5-11 and 22."""
    x, kind, latents = read(model, x), type(model).__name__, {}
    if model.stochastic:
        a, q_a = noise.draw("a", model.q_a, (x,))
    else:
        a = linear(model.q_a.out, mlp(model.q_a.trunk, x))
    z, q_z = noise.draw("z", model.q_z, (a, y, x), k)
    if model.stochastic:
        p_a = standard(a)
        if kind == "SDGM" or model.informed:
            p_a = moments(model.p_a, *((x, z, y) if kind == "ADGM" and model.a_reads_x else (z, y)))
        latents["a"] = Latent(a, q_a, p_a)
    latents["z"] = Latent(z, q_z, standard(z))
    return Run(latents, (a, z, y) if kind == "SDGM" else (z, y), uniform(y), log_class(model.q_y, y, a, x))


def m1m2(model, x, y, k, noise):
    """Kingma 2017, sec. 3.2.3."""
    z1, q_z1 = noise.draw("z1", model.q_z1, (read(model, x),))
    z2, q_z2 = noise.draw("z2", model.q_z2, (z1, y), k)
    latents = {"z1": Latent(z1, q_z1, moments(model.p_z1, z2, y)), "z2": Latent(z2, q_z2, standard(z2))}
    return Run(latents, (z1,), uniform(y), log_class(model.q_y, y, z1))


def avae(model, x, y, k, noise):
    """Maaløe 2018, app. A, eqs 19 and 20."""
    x, layers = read(model, x), len(model.q_z)
    a, z, q, latents = {}, {}, {}, {}
    for i in range(1, layers + 1):
        a[i], q[f"a{i}"] = noise.draw(f"a{i}", model.q_a[i - 1], (x,) if i == 1 else (a[i - 1], x))
        z[i], q[f"z{i}"] = noise.draw(f"z{i}", model.q_z[i - 1], (a[i], x if i == 1 else z[i - 1]))
    for i in range(1, layers + 1):
        p_z = standard(z[i]) if i == layers else moments(model.p_z[i - 1], z[i + 1])
        latents[f"z{i}"] = Latent(z[i], q[f"z{i}"], p_z)
        p_a = moments(model.p_a[i - 1], *(z[j] for j in range(i, layers + 1)))
        latents[f"a{i}"] = Latent(a[i], q[f"a{i}"], p_a)
    return Run(latents, (z[1],))


def chain(model, z, q):
    """The latents of p(z_1 | z_2) ... p(z_L), from their values and the moments of q, bottom first."""
    priors = [moments(net, above) for net, above in zip(model.p_z, z[1:], strict=True)] + [standard(z[-1])]
    return {f"z{i + 1}": Latent(*latent) for i, latent in enumerate(zip(z, q, priors, strict=True))}


def hierarchical(model, x, y, k, noise):
    """Sønderby et al. 2016, eqs 1-3 and 7-9."""
    z, q = [read(model, x)], []
    for i, net in enumerate(model.q_z):
        value, moments_q = noise.draw(f"z{i + 1}", net, (z[-1],))
        z, q = [*z, value], [*q, moments_q]
    return Run(chain(model, z[1:], q), (z[1],))


def product(a, b):
    """Mean and log-variance of the product of two normal densities, by completing the square."""
    (mu_a, log_a), (mu_b, log_b) = a, b
    share = log_b.exp() / (log_a.exp() + log_b.exp())  # of a in the mean
    return share * mu_a + (1 - share) * mu_b, log_a + log_b - torch.logaddexp(log_a, log_b)


def upward(model, x):
    """d_1, ..., d_L (Sønderby et al. 2016, eq. 13), of x as networks read it."""
    d = [x]
    for trunk in model.d.trunks:
        d.append(mlp(trunk, d[-1]))
    return d[1:]


def ladder(model, x, y, k, noise):
    """Sønderby et al. 2016, eqs 1-3 and 13-19."""
    d = upward(model, read(model, x))
    z, q = downward(model, [(h,) for h in d], noise)
    return Run(chain(model, z, q), (z[0],))


def fame(model, x, y, k, noise):
    """Maaløe 2018, app. E, eqs 7-9 and sec. 2.2: a ladder whose first layers are strided convolutions."""
    z, q = downward(model, [(each,) for each in features_of_maps(model, read(model, x))], noise)
    return Run(chain(model, z, q), (z[0],))


def features_of_maps(model, x):
    """h_1, ..., h_L of x as networks read it (Maaløe 2018, app. E, sec. 2.2)."""
    height, width, channels = model.h.image_shape
    maps, h = x.reshape(-1, height, width, channels).permute(0, 3, 1, 2), []
    for i, dense in enumerate(model.h.dense):
        if i < len(model.h.strided):
            maps = by_hand_images.strided(model.h.strided[i], maps)
        h.append(mlp(dense, by_hand_images.as_rows(maps, x.shape[:-1]) if i < len(model.h.strided) else h[-1]))
    return h


def semi_supervised_fame(model, x, y, k, noise):
    """p(y) p(z_L) p(z_{L-1} | z_L, y) ..., and FAME's guide with q(y | h_L) and q(z_L | y, h_L)."""
    h, top = features_of_maps(model, read(model, x)), len(model.q_z)
    z, q = rung(model.q_z[-1], (h[-1], y), None, f"z{top}", noise, k)
    latents, above = {f"z{top}": Latent(z, q, standard(z))}, torch.cat([z, y.expand(*z.shape[:-1], -1)], -1)
    for i in range(top - 1, 0, -1):
        prior = moments(model.p_z[i - 1], above)
        z, q = rung(model.q_z[i - 1], (h[i - 1],), prior, f"z{i}", noise, k)
        latents[f"z{i}"], above = Latent(z, q, prior), z
    return Run(latents, (above,), uniform(y), log_class(model.q_y, y, h[-1]))


def resnet(model, x, y, k, noise):
    """Kingma 2017, app. 5.B; a latent is a row here, of the values of its first map, then of the second, ..."""
    f, depth, z, q, p = ACTIVATIONS[model.activation], model.depth, {}, {}, {}
    bidirectional = model.inference == "bidirectional"
    height, width, *channels = model.image_shape
    image = read(model, x).reshape(-1, height, width, *(channels or [1])).permute(0, 3, 1, 2)
    start = model.start[:, None, None] + torch.zeros(model.places, dtype=x.dtype)
    g, h = [by_hand_images.convolution(model.first, image)], start

    def draw(i, *parents):
        net = getattr(model.q_z[i], "base", model.q_z[i])
        mu, log_variance = by_hand_images.map_moments(net, *parents)
        site = f"z{i + 1}"
        if site in noise.drawn and noise.drawn[site].dim() > 3:  # maps, as the guide drew them
            noise.drawn[site] = noise.drawn[site].flatten(-3)
        z[i] = noise.value(site, mu, log_variance, None)
        q[i] = mu, log_variance
        if type(model.q_z[i]).__name__ == "MapFlowNet":
            z_0 = z[i]
            z[i], log_det = by_hand_posteriors.of_maps(model.q_z[i], z_0, parents)
            q[i] = log_normal(z_0, mu, log_variance) - log_det

    def as_maps(row):
        return row.reshape(*row.shape[:-1], -1, *model.places)

    if bidirectional:
        for unit in model.up:
            g.append(by_hand_images.residual_unit(unit, g[-1]))
    for i in range(0 if bidirectional else depth):
        draw(i, f(g[i]))
        if i < depth - 1:
            g.append(by_hand_images.residual_unit(model.up[i], g[i], as_maps(z[i])))
    for i in reversed(range(depth)):
        if bidirectional:
            draw(i, f(g[i]), f(h))
        p[i] = by_hand_images.map_moments(model.p_z[i], f(h))
        h = by_hand_images.residual_unit(model.down[i], h, as_maps(z[i]))
    return Run({f"z{i + 1}": Latent(z[i], q[i], p[i]) for i in range(depth)}, (h,))


def downward(model, h, noise):
    """z_1, ..., z_L and the moments of their posteriors, whose heads read h_1, ..., h_L."""
    z, q = [], []
    for i in reversed(range(len(h))):
        value, of_q = rung(model.q_z[i], h[i], moments(model.p_z[i], z[0]) if z else None, f"z{i + 1}", noise)
        z, q = [value, *z], [of_q, *q]
    return z, q


def rung(net, h, prior, site, noise, k=None):
    """A value and its moments, from heads of h merged with a prior; or log q, where a flow follows the merge."""
    q = moments(net.heads, *h)
    q = q if prior is None else product(q, prior)
    value = noise.value(site, *q, k)
    if net.flow is None:
        return value, q
    z, log_det = by_hand_posteriors.transformed(net, value, q[0], mlp(net.heads.trunk, *h))
    return z, log_normal(value, *q) - log_det


def auxiliary_ladder(model, x, y, k, noise):
    """The ladder's, with q(a_i | d_i), heads that read a_i, and p(a_i | z_i, ..., z_L)."""
    d = upward(model, read(model, x))
    a = [noise.draw(f"a{i + 1}", net, (d[i],)) for i, net in enumerate(model.q_a)]
    z, q = downward(model, [(h, value) for h, (value, _) in zip(d, a, strict=True)], noise)
    latents = chain(model, z, q)
    for i, (value, moments_a) in enumerate(a):
        latents[f"a{i + 1}"] = Latent(value, moments_a, moments(model.p_a[i], *z[i:]))
    return Run(latents, (z[0],))


def cluster_ladder(model, x, y, k, noise):
    """p(z_L) p(y | z_L) p(z_{L-1} | z_L, y) ..., and the ladder's guide with q(y | z_L, x)."""
    x = read(model, x)
    d, top = upward(model, x), len(model.q_z)
    z, q = rung(model.q_z[-1], (d[-1],), None, f"z{top}", noise)
    log_p_y, log_q = log_class(model.p_y, y, z), log_class(model.q_y, y, z, x)
    latents, parents = {f"z{top}": Latent(z, q, standard(z))}, (z, y)
    for i in range(top - 1, 0, -1):
        prior = moments(model.p_z[i - 1], *parents)
        z, q = rung(model.q_z[i - 1], (d[i - 1],), prior, f"z{i}", noise, k)
        latents[f"z{i}"], parents = Latent(z, q, prior), (z,)
    return Run(latents, parents, log_p_y, log_q)


def cagem(model, x, y, k, noise):
    """Maaløe, Fraccaro and Winther 2017, secs 3 and 3.1."""
    x = read(model, x)
    z1, q_z1 = noise.draw("z1", model.q_z1, (x,))
    z2, q_z2 = noise.draw("z2", model.q_z2, (x, y, z1) if model.skip else (y, z1), k)
    latents = {"z1": Latent(z1, q_z1, moments(model.p_z1, z2, y)), "z2": Latent(z2, q_z2, standard(z2))}
    return Run(latents, (z1, y), log_class(model.p_y, y, z2), log_class(model.q_y, y, z1, x))


def latent_classifier(model, x, y, k, noise):
    """Jurasiński 2019, eq. 6, prop. 2, or with p(x | z)."""
    z, q = noise.draw("z", model.q_z, (read(model, x),))
    latents = {"z": Latent(z, q, standard(z))}
    if y is None:
        return Run(latents, (z,))
    log_y = log_class(model.p_y, y, z)
    return Run(latents, (z, y) if model.x_reads_y else (z,), log_y, log_y if model.bound == "jensen" else None)


def split_latent_classifier(model, x, y, k, noise):
    """Jurasiński 2019, app. C."""
    x = read(model, x)
    z_y, q_z_y = noise.draw("z_y", model.q_z_y, (x,))
    z, q_z = noise.draw("z", model.q_z, (z_y, x))
    latents = {"z_y": Latent(z_y, q_z_y, standard(z_y)), "z": Latent(z, q_z, standard(z))}
    return Run(latents, (z, z_y), None if y is None else log_class(model.p_y, y, z_y))


RUNS = {
    "IAFVAE": vae,
    "VAE": vae,
    "AVAE": avae,
    "AuxiliaryLadderVAE": auxiliary_ladder,
    "ClusterLadderVAE": cluster_ladder,
    "M2": m2,
    "AdversarialM2": m2,
    "M1M2": m1m2,
    "ADGM": auxiliary,
    "SDGM": auxiliary,
    "CaGeM": cagem,
    "FAME": fame,
    "SemiSupervisedFAME": semi_supervised_fame,
    "ResNetVAE": resnet,
    "HierarchicalVAE": hierarchical,
    "LadderVAE": ladder,
    "LatentClassifierVAE": latent_classifier,
    "SplitLatentClassifierVAE": split_latent_classifier,
}


def summed(model):
    """Whether a class that is not given is summed out: nothing but y reads it in the latent-space classifiers."""
    kind = type(model).__name__
    if kind == "SplitLatentClassifierVAE" or (kind == "LatentClassifierVAE" and not model.x_reads_y):
        return False
    return model.num_classes is not None


def of_model(what, model):
    """The function of a model: its ``"run"``, ``"classifier"`` or ``"evidence"``."""
    kind, table = type(model).__name__, TABLES[what][1]
    assert kind in table, to_write(what, kind)
    return table[kind]


def to_write(what, kind):
    """What to do about a model that is missing from a table."""
    return f"write the {what} of {kind} in tests/by_hand.py, and add it to {TABLES[what][0]} there"


def runs(model, x, noise, y=None):
    """One run for every class that is summed out, or the only one; labels y are class indices or one-hot rows."""
    run = of_model("run", model)
    if y is not None:
        one_hot = (F.one_hot(y, model.num_classes) if y.dtype == torch.long else y).to(x.dtype)
        return [run(model, x, one_hot, None, noise)]
    if not summed(model):
        return [run(model, x, None, None, noise)]
    one_hot = torch.eye(model.num_classes, dtype=x.dtype)[:, None].expand(-1, len(x), -1)  # (K, B, K)
    return [run(model, x, one_hot[k], k, noise) for k in range(model.num_classes)]


def fresh(model, x, samples=1):
    """The noise of the generator's next draws for the rows x."""
    return Noise(samples, len(x), model.num_classes)


def log_ratio(model, x, run, beta=1.0):
    """log p(x, y, latents) - log q(latents | x, y); in a warm-up beta weighs the latents' part."""
    total = log_x(model, x, run.x) + (0.0 if run.log_p_y is None else run.log_p_y)
    for latent in run.latents.values():
        total = total + beta * (log_normal(latent.value, *latent.p) - latent.log_q)
    return total


def expectation(every, values, of_units=False):
    """sum_y q(y | ...) value_y, where the guide has a class to sum over."""
    if len(every) == 1 or every[0].log_q_y is None:
        return values[0]
    weights = [run.log_q_y.exp()[..., None] if of_units else run.log_q_y.exp() for run in every]
    return sum(weight * value for weight, value in zip(weights, values, strict=True))


def bounds(model, x, noise, y=None, beta=1.0):
    """log p(x) or log p(x, y) of every sample and row from below (Kingma 2017, eqs 3.7 and 3.8; Jurasiński, eq. 6)."""
    every = runs(model, x, noise, y)
    ratios = [log_ratio(model, x, run, beta) for run in every]
    if len(every) == 1:
        return ratios[0]
    if every[0].log_q_y is None:  # the model alone has the class
        return torch.stack(ratios).logsumexp(0)
    return sum(run.log_q_y.exp() * (ratio - run.log_q_y) for run, ratio in zip(every, ratios, strict=True))


def importance_weighted(model, x, noise, y=None, classes="bounded"):
    """log 1/k sum_s exp(l_s) of every row, l_s the bound of a sample, or its log-weight with all classes summed."""
    log_w = (bounds if classes == "bounded" else log_weights)(model, x, noise, y)
    return log_mean(log_w.expand(noise.samples, len(x)))[0]


def doubly_reparameterised(model, x, noise):
    """A loss with the gradient sum_s w_s^2 dl_s/dz_s dz_s for the samples, and sum_s w_s dlog p for the model.

    Tucker et al. 2019: z_s is made by the guide's parameters, and l_s is read at a z_s that is given, with log q fixed.
    """
    drawn = {site: latent.value for site, latent in runs(model, x, noise)[0].latents.items()}
    copies = {site: value.detach().requires_grad_() for site, value in drawn.items()}
    log_w, every = (f(model, x, Given(drawn=copies)) for f in (bounds, runs))
    log_q = sum(log_normal(value, *q) for value, q, _ in every[0].latents.values())
    w = log_w.detach().softmax(0)
    slopes = torch.autograd.grad(log_w.sum(), list(copies.values()), retain_graph=True)
    paths = (w**2 * (slope * value).sum(-1) for slope, value in zip(slopes, drawn.values(), strict=True))
    return -(w * (log_w + log_q)).sum() - sum(path.sum() for path in paths)


def unlabelled_loss(model, x, noise):
    """U(x) summed over the rows, for a model with normal posteriors.

    noise: standard normal by site, (B, d), or (K, B, d) where it was drawn for every class.
    """
    return -bounds(model, x, Noise(drawn=noise)).sum()


def objective(model, labelled, unlabelled, samples, alpha, weight, beta):
    """The loss with labels (Kingma 2017, eq. 3.9), with a model's own terms; the noise is the generator's next."""
    (x, y), loss, kind = labelled, 0.0, type(model).__name__
    one_hot = F.one_hot(y, model.num_classes).to(x.dtype)
    if kind == "AdversarialM2":  # Jurasiński 2019, app. E, at a draw of its own
        z, _ = Noise(1, len(x)).draw("z", model.q_z, (read(model, x), one_hot))
        loss = loss - log_class(model.f_y, one_hot, z).sum()
    if weight:
        noise = fresh(model, x, samples)
        loss = loss - weight * bounds(model, x, noise, y, beta).sum() / samples
        (run,) = runs(model, x, noise, y)
        if kind != "CaGeM" and run.log_q_y is not None:
            # log of the mean over samples: Maaløe et al. 2016, eq. 14
            log_q = run.log_q_y.expand(samples, len(x))
            loss = loss - alpha * (log_q.logsumexp(0) - math.log(samples)).sum()
    if kind == "CaGeM":
        loss = loss + alpha * cagem_cross_entropies(model, x, one_hot)
    if kind == "SplitLatentClassifierVAE":
        z_y, _ = Noise(1, len(x)).draw("z_y", model.q_z_y, (read(model, x),))
        loss = loss - alpha * log_class(model.p_y, one_hot, z_y).sum()
    return loss - bounds(model, unlabelled, fresh(model, unlabelled, samples), beta=beta).sum() / samples


def cagem_cross_entropies(model, x, y):
    """H_p + H_q at one sample (Maaløe, Fraccaro and Winther 2017, sec. 4)."""
    every = runs(model, x, fresh(model, x))
    cascade = 0.0
    for run in every:
        cascade = cascade + run.log_q_y.exp() * log_class(model.p_y, y, run.latents["z2"].value).exp()
    return -(cascade.log() + log_class(model.q_y, y, every[0].latents["z1"].value, read(model, x))).sum()


def row_parts(model, x, noise, y=None):
    """What every site contributes to the bound of every sample and row."""
    every, found = runs(model, x, noise, y), {}
    for site in every[0].latents:
        kl = [log_normal(v, *q) - log_normal(v, *p) for v, q, p in (run.latents[site] for run in every)]
        found[site] = expectation(every, kl)
    likelihood = [log_x(model, x, run.x) for run in every]
    if len(every) == 1:
        found["x"] = likelihood[0]
        if every[0].log_p_y is not None:
            found["y"] = every[0].log_p_y
    elif every[0].log_q_y is None:
        joint = [run.log_p_y + log_x for run, log_x in zip(every, likelihood, strict=True)]
        found["x"] = torch.stack(joint).logsumexp(0)
    else:
        found["x"] = expectation(every, likelihood)
        found["y"] = expectation(every, [run.log_q_y - run.log_p_y for run in every])
    return {site: part.expand(noise.samples, len(x)) for site, part in found.items()}


def parts(model, x, noise, y=None):
    """What every site contributes to the bound, the mean over samples and rows (Sønderby et al. 2016, eq. 4)."""
    return {site: float(part.detach().mean()) for site, part in row_parts(model, x, noise, y).items()}


TOP_DOWN = (
    "FAME",
    "SemiSupervisedFAME",
    "LadderVAE",
    "AuxiliaryLadderVAE",
    "ClusterLadderVAE",
)  # the guide draws z after what its prior reads


def downward_maps(model):
    return getattr(model, "inference", None) == "bidirectional"


def kl_of_units(model, x, noise, site, y=None):
    """KL of every unit, ``(z,)``, summed over the rows: analytic where the prior reads nothing that q drew later."""
    every, units = runs(model, x, noise, y), []
    for run in every:
        value, (mu, log_variance), (mu_p, log_variance_p) = run.latents[site]
        if site == model.top or (site[0] == "z" and type(model).__name__ in TOP_DOWN) or downward_maps(model):
            squares = (log_variance.exp() + (mu - mu_p) ** 2) / log_variance_p.exp()
            units.append(0.5 * (squares - 1 + log_variance_p - log_variance))
        else:
            units.append(log_normal_units(value, mu, log_variance) - log_normal_units(value, mu_p, log_variance_p))
    units = expectation(every, units, of_units=True)
    return units.expand(noise.samples, len(x), -1).mean(0).sum(0)


def free_bits(model, x, noise, nats, groups, y=None):
    """The loss with a floor of every unit's KL or every layer's (Kingma 2017, eq. 5.33), summed over the rows."""
    found, loss = {site: part.mean(0).sum() for site, part in row_parts(model, x, noise, y).items()}, 0.0
    for site in runs(model, x, noise, y)[0].latents:
        kl = kl_of_units(model, x, noise, site, y)
        for group in kl if groups == "unit" else [kl.sum()]:
            loss = loss + (group if nats == 0 or float(group.detach()) > len(x) * nats else len(x) * nats)
    kl_of_y = 0.0 if "y" not in found else found["y"] if y is None else -found["y"]
    return loss + kl_of_y - found["x"]


def means(model, x, noise, site, y=None):
    """E_q(z | x)[z] of every row, ``(B, z)``."""
    every = runs(model, x, noise, y)
    found = expectation(every, [run.latents[site].q[0] for run in every], of_units=True)
    return found.expand(noise.samples, len(x), -1).mean(0)


def log_weights(model, x, noise, y=None):
    """log w of every sample and row, all classes summed (Burda et al. 2016, eq. 8)."""
    ratios = [log_ratio(model, x, run) for run in runs(model, x, noise, y)]
    return torch.stack(ratios).logsumexp(0)


def log_weights_of_drawn(model, x, noise, y):
    """The same by one class a sample, y drawn from 0.9 q(y | ...) + 0.1 / K: one-hot rows ``(S, B, K)``."""
    (run,) = runs(model, x, noise, y)
    return log_ratio(model, x, run) - (0.9 * run.log_q_y.exp() + 0.1 / model.num_classes).log()


def log_mean(log_w):
    """The log of the mean over samples, its standard error by the delta method, and Kish's effective samples."""
    w = (log_w - log_w.amax(0)).exp()
    error = w.std(0) / w.mean(0) / math.sqrt(len(w))
    return w.mean(0).log() + log_w.amax(0), error, w.sum(0) ** 2 / (w**2).sum(0)


def at_shared_noise(net, parents, num_samples, seed):
    """Values ``(S, B, d)`` at the noise of a seed, which all rows share."""
    mu, log_variance = moments(net, *parents)
    noise = torch.randn(num_samples, 1, mu.shape[-1], generator=torch.Generator().manual_seed(seed))
    return mu + (0.5 * log_variance).exp() * noise.to(mu.dtype)


def auxiliary_classifier(model, x, num_samples, seed):
    """E_q(a | x)[q(y | a, x)] (Maaløe et al. 2016, eqs 10 and 14)."""
    if not model.stochastic:
        return log_q_y(model.q_y, linear(model.q_a.out, mlp(model.q_a.trunk, x)), x).exp()
    return log_q_y(model.q_y, at_shared_noise(model.q_a, (x,), num_samples, seed), x).exp().mean(0)


def cagem_classifier(model, x, num_samples, seed, network="generative"):
    """p(y | x), the cascade of Maaløe, Fraccaro and Winther 2017, sec. 4, or q(y | x)."""
    z1 = at_shared_noise(model.q_z1, (x,), num_samples, seed)
    q = log_q_y(model.q_y, z1, x).exp()
    if network == "inference":
        return q.mean(0)
    total = 0.0
    for c in range(model.num_classes):
        y = torch.eye(model.num_classes, dtype=x.dtype)[c].expand(len(x), -1)
        z2 = at_shared_noise(model.q_z2, (x, y, z1) if model.skip else (y, z1), num_samples, seed + 1)
        total = total + q[..., [c]] * log_q_y(model.p_y, z2).exp()
    return total.mean(0)


def cluster_ladder_classifier(model, x, num_samples, seed):
    """E_q(z_L | x)[q(y | z_L, x)]."""
    z = at_shared_noise(model.q_z[-1].heads, (upward(model, x)[-1],), num_samples, seed)
    return log_q_y(model.q_y, z, x).exp().mean(0)


def mean_over(latent, classes):
    """The classifier that averages over a latent: its network and that of the class, by name."""

    def classifier(model, x, num_samples, seed):
        z = at_shared_noise(getattr(model, latent), (x,), num_samples, seed)
        return log_q_y(getattr(model, classes), z).exp().mean(0)

    return classifier


CLASSIFIERS = {
    "M2": lambda model, x, num_samples, seed: log_q_y(model.q_y, x).exp(),
    "AdversarialM2": lambda model, x, num_samples, seed: log_q_y(model.q_y, x).exp(),
    "M1M2": mean_over("q_z1", "q_y"),
    "ADGM": auxiliary_classifier,
    "SDGM": auxiliary_classifier,
    "CaGeM": cagem_classifier,
    "ClusterLadderVAE": cluster_ladder_classifier,
    "SemiSupervisedFAME": lambda model, x, *_: log_q_y(model.q_y, features_of_maps(model, x)[-1]).exp(),
    "LatentClassifierVAE": mean_over("q_z", "p_y"),
    "SplitLatentClassifierVAE": mean_over("q_z_y", "p_y"),
}


def classifier(model, x, num_samples, seed=0, **options):
    """Class probabilities ``(B, K)``."""
    return of_model("classifier", model)(model, read(model, x), num_samples, seed, **options)


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


BETWEEN = {"M1M2": ["p_z1"], "CaGeM": ["p_z1"]}  # networks from the top latent down to that of x
BETWEEN |= {kind: ["p_z.0"] for kind in ("AVAE", "HierarchicalVAE", *TOP_DOWN)}


def evidence(model, x):
    """log p(x) of each row, for a model without hidden layers and with constant variances."""
    return of_model("evidence", model)(model, x)


def linear_evidence(model, x):
    """The closed form: every conditional is linear and normal, p(x | y) is normal, and p(x) a mixture of K of them.

    The top latent has the prior N(0, I).
    """
    kind = type(model).__name__
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
        log_p_y = -math.log(classes)
        if kind in ("CaGeM", "ClusterLadderVAE"):
            log_p_y = model.p_y.logits.bias.log_softmax(0)[k]
        terms.append(normal.log_prob(x) + log_p_y)
    return torch.stack(terms).logsumexp(0)


def grid_of_z(x, steps=161, reach=8.0):
    """A grid of z of two units, and log p(z) and of the area of a point: sums over it are exact for such a density."""
    axis = torch.linspace(-reach, reach, steps, dtype=x.dtype)
    z = torch.cartesian_prod(axis, axis)
    return z, (-0.5 * z**2).sum(-1) - math.log(2 * math.pi) + 2 * math.log(2 * reach / (steps - 1))


def image_evidence(model, x):
    """log of the sum of p(z) p(x | z) over a grid of z: a residual network is not linear. The model has one layer."""
    z, log_z = grid_of_z(x)
    if type(model).__name__ == "ResNetVAE":  # p(z) is learned
        run = resnet(model, x[:1].expand(len(z), -1), None, None, Given(drawn={"z1": z}))
        log_z = log_z + log_normal(z, *run.latents["z1"].p) - log_normal(z, *standard(z))
        return (log_z + log_x(model, x[:, None], run.x)).logsumexp(1)
    if type(model).__name__ == "SemiSupervisedFAME":  # p(y) is uniform
        eye = torch.eye(model.num_classes, dtype=x.dtype)
        of_class = [log_x(model, x[:, None], (torch.cat([z, y.expand(len(z), -1)], -1),)) for y in eye]
        return (log_z + torch.stack(of_class)).logsumexp((0, 2)) - math.log(model.num_classes)
    return (log_z + log_x(model, x[:, None], (z,))).logsumexp(1)


def latent_classifier_evidence(model, x):
    """log of the sum of p(z) p(y | z) p(x | y, z) over classes and a grid of z: where y reads z, p(x) is no mixture."""
    z, log_z = grid_of_z(x)
    log_y, total = log_q_y(model.p_y, z), []
    for k in range(model.num_classes):
        y = torch.eye(model.num_classes, dtype=x.dtype)[k].expand(len(z), -1)
        mean = linear(model.p_x.loc, torch.cat([z, y], -1))
        total.append(log_z + log_y[:, k] + log_normal(x[:, None], mean, model.p_x.log_variance.bias))
    return torch.stack(total).logsumexp((0, 2))


LINEAR = ("VAE", "M2", "AdversarialM2", "ADGM", "SDGM", "M1M2", "CaGeM", "SplitLatentClassifierVAE")
LINEAR += ("AVAE", "HierarchicalVAE", "LadderVAE", "AuxiliaryLadderVAE", "ClusterLadderVAE")
EVIDENCE = dict.fromkeys(LINEAR, linear_evidence)
EVIDENCE |= dict.fromkeys(("FAME", "SemiSupervisedFAME", "IAFVAE", "ResNetVAE"), image_evidence)
EVIDENCE |= {"LatentClassifierVAE": latent_classifier_evidence}
TABLES = {"run": ("RUNS", RUNS), "classifier": ("CLASSIFIERS", CLASSIFIERS), "evidence": ("EVIDENCE", EVIDENCE)}
