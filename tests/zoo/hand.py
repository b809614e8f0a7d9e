"""The loss and the update of a training step in plain torch: no Pyro, concatenated inputs, parameters by name."""

import math

import torch
import torch.nn.functional as F

ACTIVATIONS = {
    "relu": F.relu,
    "softplus": F.softplus,
    "leaky_relu": lambda h: torch.where(h > 0, h, 0.1 * h),
    "tanh": torch.tanh,
    "elu": lambda h: torch.where(h > 0, h, h.exp() - 1),
}


class Networks:
    """Networks over a dict of parameters; batch normalisation by the rows at hand, whose statistics are kept.

    Args:
        batch_norm: of the hidden layers; ``"heads"``, of the mean and the variance of latents too.
        variance: ``"log"``, or ``"softplus"``: what a head gives of a variance.
        posterior: ``"normal"``, ``"full"``, ``"planar"`` or ``"iaf"``.
        fixed: names of networks that are not trained, and whose statistics stay.
    """

    def __init__(self, parameters, activation, batch_norm, variance="log", posterior="normal", fixed=()):
        self.parameters, self.activation, self.batch_norm = parameters, ACTIVATIONS[activation], batch_norm
        self.variance, self.posterior, self.fixed, self.statistics = variance, posterior, fixed, {}

    def hidden(self, name, *parents):
        return self.layers(f"{name}.trunk", *parents)

    def layers(self, trunk, *parents):
        shape = torch.broadcast_shapes(*(p.shape[:-1] for p in parents))
        h, i = torch.cat([p.expand(*shape, p.shape[-1]) for p in parents], -1), 0
        while f"{trunk}.layers.{i}.weight" in self.parameters:
            h = self.linear(f"{trunk}.layers.{i}", h)
            if self.batch_norm:
                h = self.normalised(f"{trunk}.norms.{i}", h)
            h, i = self.activation(h), i + 1
        return h

    def normalised(self, norm, h):
        rows = h.reshape(-1, h.shape[-1])
        if norm.partition(".")[0] in self.fixed:
            mean, variance = (self.parameters[f"{norm}.running_{name}"] for name in ("mean", "var"))
        else:
            mean, variance = rows.mean(0), rows.var(0, correction=0)
            self.statistics[norm] = mean.detach(), rows.var(0).detach()
        h = (h - mean) / (variance + 1e-5).sqrt()
        return h * self.parameters[f"{norm}.weight"] + self.parameters[f"{norm}.bias"]

    def linear(self, name, h):
        return h @ self.parameters[f"{name}.weight"].T + self.parameters[f"{name}.bias"]

    def head(self, name, h):
        """A mean's or variance's head."""
        out = self.linear(name, h)
        normalised = self.batch_norm == "heads" and not name.startswith("p_x")
        return self.normalised(f"{name}.norm", out) if normalised else out

    def log_probabilities(self, name, *parents):
        return self.linear(f"{name}.logits", self.hidden(name, *parents)).log_softmax(-1)

    def moments(self, name, *parents):
        return self.moments_of(name, self.hidden(name, *parents))

    def moments_of(self, name, h):
        """Mean and log-variance by the heads on h."""
        mean = self.head(f"{name}.loc", h)
        if self.variance == "log":
            return mean, self.head(f"{name}.log_variance", h)
        return mean, ((1 + self.head(f"{name}.variance", h).exp()).log() + 1e-8).log()

    def draw(self, name, noise, *parents):
        """The value at the noise, and log q of it."""
        h = self.hidden(name, *parents)
        mean, log_variance = self.moments_of(name, h)
        if self.posterior == "full":
            size = mean.shape[-1]
            lower = self.linear(f"{name}.lower", h).unflatten(-1, (size, size)).tril(-1)
            value = mean + (0.5 * log_variance).exp() * noise + (lower @ noise[..., None]).squeeze(-1)
            return value, log_standard_normal(noise) - 0.5 * log_variance.sum(-1)
        value = mean + (0.5 * log_variance).exp() * noise
        log_q = log_normal(value, mean, log_variance)
        if self.posterior == "planar":
            return self.planar(name, h, value, log_q)
        return self.iaf(name, h, value, log_q) if self.posterior == "iaf" else (value, log_q)

    def planar(self, name, h, z, log_q):
        """z + v tanh(w.z + b) by step, v = u + (m(w.u) - w.u) w / |w|^2, m(a) = log(1 + (e - 1) exp(a)) - 1."""
        size = z.shape[-1]
        for step in self.linear(f"{name}.flow.head", h).unflatten(-1, (-1, 2 * size + 1)).unbind(-2):
            u, w, b = step.split((size, size, 1), -1)
            a = (w * u).sum(-1, keepdim=True)
            v = u + ((1 + (math.e - 1) * a.exp()).log() - 1 - a) * w / (w**2).sum(-1, keepdim=True)
            t = ((w * z).sum(-1, keepdim=True) + b).tanh()
            z = z + v * t
            log_q = log_q - (1 + (v * w).sum(-1, keepdim=True) * (1 - t**2)).log().squeeze(-1)
        return z, log_q

    def iaf(self, name, h, z, log_q):
        """sigma z + (1 - sigma) m by step, sigma = sigmoid(s + 2); every other step reads z from its last unit."""
        step, size = 0, z.shape[-1]
        while f"{name}.flow.steps.{step}.layers.0.weight" in self.parameters:
            place = torch.arange(size) if step % 2 == 0 else torch.arange(size).flip(0)
            m, s = self.masked(f"{name}.flow.steps.{step}", place, z, h).chunk(2, -1)
            sigma = torch.sigmoid(s + 2)
            z, log_q, step = sigma * z + (1 - sigma) * m, log_q - sigma.log().sum(-1), step + 1
        return z, log_q

    def masked(self, name, place, z, h):
        """Two functions of z and h, of which output i reads the units before its place. ELU between the layers."""
        read, values, i = torch.cat([place + 1, torch.zeros(h.shape[-1])]), torch.cat([z, h], -1), 0
        while f"{name}.layers.{i + 1}.weight" in self.parameters:
            weight = self.parameters[f"{name}.layers.{i}.weight"]
            degrees = torch.linspace(1, len(place), len(weight)).round() - 1
            values = values @ (weight * (degrees[:, None] >= read)).T + self.parameters[f"{name}.layers.{i}.bias"]
            values, read, i = ACTIVATIONS["elu"](values), degrees, i + 1
        weight = self.parameters[f"{name}.layers.{i}.weight"]
        mask = (place[:, None] + 1 > read).repeat(2, 1)
        return values @ (weight * mask).T + self.parameters[f"{name}.layers.{i}.bias"]


def log_normal(value, mean, log_variance):
    return (-0.5 * (math.log(2 * math.pi) + log_variance + (value - mean) ** 2 / log_variance.exp())).sum(-1)


def log_standard_normal(z):
    return (-0.5 * (math.log(2 * math.pi) + z**2)).sum(-1)


def log_x(nets, likelihood, x, *parents):
    kind, value = likelihood
    if kind == "normal" and value is None:
        return log_normal(x, *nets.moments("p_x", *parents))
    if kind == "normal" and value == "sigmoid":
        mean, log_variance = nets.moments("p_x", *parents)
        return log_normal(x, 1 / (1 + (-mean).exp()), log_variance)
    h = nets.hidden("p_x", *parents)
    if kind == "normal":
        mean = nets.linear("p_x.loc", h)
        return log_normal(x, mean, torch.full_like(mean, math.log(value)))
    if kind == "discretized_logistic":
        inner = torch.arange(1, value) / value - 0.5 - nets.linear("p_x.loc", h)[..., None]
        below = torch.sigmoid(inner / (nets.parameters["p_x.log_scale"] - 2).exp())
        masses = torch.diff(F.pad(F.pad(below, (1, 0)), (0, 1), value=1.0))
        return (masses * F.one_hot(x.long(), value)).sum(-1).log().sum(-1)
    n, logits = value, nets.linear("p_x.logits", h)
    choose = math.lgamma(n + 1) - torch.lgamma(x + 1) - torch.lgamma(n - x + 1)
    return (choose + x * F.logsigmoid(logits) + (n - x) * F.logsigmoid(-logits)).sum(-1)


class Loss:
    """J = w sum_l L(x, y) + alpha sum_l C(x, y) + sum_u U(x), C the class term; without labels sum_u U(x).

    Every continuous latent's log p - log q is weighed by ``kl``, that of a y without a label by ``kl_of_y``.

    Args:
        model: the name of the model's class; ``layers`` how many layers it has.
        likelihood: ``("normal", None)``, ``("normal", "sigmoid")`` of means in (0, 1), ``("normal", variance)``,
            ``("binomial", n)``, n = 1 for a Bernoulli, or ``("discretized_logistic", num_levels)``.
        noise: a function that returns the next standard normal noise, and checks its shape.
    """

    def __init__(self, nets, model, classes, likelihood, sizes, noise, kl=1.0, kl_of_y=1.0, layers=1):
        self.nets, self.model, self.classes, self.likelihood = nets, model, classes, likelihood
        self.sizes, self.noise, self.kl, self.kl_of_y, self.layers = sizes, noise, kl, kl_of_y, layers

    def __call__(self, labelled, unlabelled, weight=None, alpha=None, particles=1, weighted=False):
        """The loss; ``weighted``: by log 1/k sum_s exp(l_s) of the k particles in place of their mean."""

        def over_particles(bounds):
            bounds = torch.stack(bounds)
            return bounds.logsumexp(0) - math.log(particles) if weighted else bounds.mean(0)

        loss = 0.0
        if labelled is not None:
            x, y = labelled[0], F.one_hot(labelled[1], self.classes).to(labelled[0])
            if self.model == "CaGeM":
                loss = alpha * self.cross_entropies(x, y)
            else:
                terms = self.of_particles(x, y, particles)
                loss = -weight * over_particles([bound for bound, _ in terms]).sum()
                if alpha is not None:
                    log_q = torch.stack([(y * log_q).sum(-1) for _, log_q in terms])
                    loss = loss - alpha * (log_q.exp().mean(0)).log().sum()
        self.nets.statistics.clear()  # those of the unlabelled rows alone are kept
        terms = self.of_particles(unlabelled, None, particles)
        return loss - over_particles([self.marginal(*term) for term in terms]).sum()

    def marginal(self, bound, log_q):
        """sum_y q(y | ...) [bound_y - log q(y | ...)], or the bound itself where y is none of the guide's."""
        if log_q is None or bound.dim() == 1:
            return bound
        return (log_q.exp().T * (bound - self.kl_of_y * log_q.T)).sum(0)

    def of_model(self):
        """The method with the model's name, which computes its bound of every row."""
        name = self.model.lower()
        assert hasattr(self, name), f"write Loss.{name} in tests/zoo/hand.py"
        return getattr(self, name)

    def of_particles(self, x, y, particles):
        """For every particle log p - log q but for that of y, (B,) or (K, B), and log q(y | ...)."""
        function = self.of_model()
        if particles == 1:
            return [function(x, y, self.noise)]
        drawn = []

        def several(*shape):  # every class and row of all particles is drawn at once
            shape = (*shape[:-2], particles, *shape[-2:])
            drawn.append(self.noise(*shape))
            return drawn[-1].select(-3, 0)

        terms = [function(x, y, several)]
        for p in range(1, particles):
            rest = iter(drawn)
            terms.append(function(x, y, lambda *shape, rest=rest, p=p: next(rest).select(-3, p)))
        return terms

    def every_class(self, x, y):
        """The given classes (B, K), or all of them (K, 1, K); and the shape that they give to the latents."""
        if y is not None:
            return y, (len(x),)
        return torch.eye(self.classes, dtype=x.dtype)[:, None], (self.classes, len(x))

    def log_prior(self, y_given):
        return -math.log(self.classes) * (1.0 if y_given else self.kl_of_y)

    def vae(self, x, y, noise):
        z, log_q = self.nets.draw("q_z", noise(len(x), self.sizes["z"]), self.scaled(x))
        return log_x(self.nets, self.likelihood, x, z) + self.kl * (log_standard_normal(z) - log_q), None

    def importance_weighted(self, x, num_samples):
        """-sum_b log 1/k sum_s exp(l_sb), all samples at once."""
        bound, _ = self.of_model()(x, None, lambda *shape: self.noise(num_samples, *shape))
        return -(bound.logsumexp(0) - math.log(num_samples)).sum()

    def free_bits(self, x, nats):
        """-sum_b log p(x_b | z1) + sum_ik max(B nats, sum_b KL of unit k of z_i), of a VAE of layers.

        Analytic for the top layer alone: what the others read in the model was drawn from them.
        """
        nets, z, q = self.nets, [self.scaled(x)], [None]
        for i in range(1, self.layers + 1):
            q.append(nets.moments(f"q_z.{i - 1}", z[-1]))
            z.append(q[-1][0] + (0.5 * q[-1][1]).exp() * self.noise(1, len(x), self.sizes[f"z{i}"])[0])
        loss = -log_x(nets, self.likelihood, x, z[1]).sum()
        for i in range(1, self.layers + 1):
            mean, log_variance = q[i]
            if i == self.layers:
                kl = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance)
            else:
                prior = nets.moments(f"p_z.{i - 1}", z[i + 1])
                kl = 0.5 * (prior[1] + (z[i] - prior[0]) ** 2 / prior[1].exp())
                kl = kl - 0.5 * (log_variance + (z[i] - mean) ** 2 / log_variance.exp())
            loss = loss + kl.sum(0).clamp(min=nats * len(x)).sum()
        return loss

    def of_weights(self, numbers, x, y):
        """KL(q(w) || p(w)) - N/B sum_b log p(y_b | x_b, w), drawn for every row by eqs 6.6, 6.7 and 6.9.

        The divergence is app. 6.C's polynomial, less its value at alpha = 1. Binary noise is d of eqs 6.12-6.14.
        """
        h, kl, parameters = x, 0.0, self.nets.parameters
        rates, names = numbers.get("dropout", (0.0, 0.0)), [*(f"p_y.trunk.layers.{j}" for j in range(3)), "p_y.logits"]
        for name in names if numbers["kind"] != "point" else ():  # the guide's own draws, which no row reads
            self.noise(*parameters[f"{name}.weight"].shape[numbers["kind"] == "A" :])
        for i, name in enumerate(names):
            weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
            if rates[min(i, 1)] > 0:
                h = h * self.noise(*h.shape) / (1 - rates[min(i, 1)])
            if numbers["kind"] == "point":
                h = h @ weight.T + bias
            else:
                fixed = "alpha" in numbers
                alpha = (
                    torch.tensor(numbers["alpha"][i])
                    if fixed
                    else 1 / (1 + (-parameters[f"{name}.posterior.alpha.logit"]).exp())
                )
                polynomial = 0.5 * alpha.log() + 1.16145124 * alpha - 1.50204118 * alpha**2 + 0.58629921 * alpha**3
                at_one = 1.16145124 - 1.50204118 + 0.58629921
                kl = (
                    kl
                    + (at_one - polynomial).expand(weight.shape if numbers["kind"] == "B" else weight.shape[1:]).sum()
                )
                if numbers["kind"] == "A":
                    h = (h * (1 + alpha.sqrt() * self.noise(*h.shape))) @ weight.T + bias
                else:
                    mean, variance = h @ weight.T + bias, h**2 @ (alpha * weight**2).T
                    sigma = torch.where(variance > 0, variance, 1.0).sqrt() * (variance > 0)
                    h = mean + sigma * self.noise(*mean.shape)
            h = torch.where(h > 0, h, 0.0) if i < 3 else h
        log_p = h.gather(-1, y[:, None]).squeeze(-1) - h.logsumexp(-1)
        return self.kl * kl - numbers["rows"] / len(x) * log_p.sum()

    def of_decoder(self, numbers, x):
        """KL(q(w) || p(w)) + N/B sum_b [KL(q(z_b | x_b) || p(z_b)) - log p(x_b | z_b, w)], eqs 2.86, 2.88 and 2.89.

        The outputs of the decoder's layers are drawn for every row (eq. 6.6).
        """
        parameters, names = self.nets.parameters, ("p_x.trunk.layers.0", "p_x.loc", "p_x.log_variance")
        kl, drawn = 0.0, {}
        for name in names:
            for part in ("weight", "bias"):
                mean, log_variance = parameters[f"{name}.{part}"], parameters[f"{name}.posterior.{part}_log_variance"]
                self.noise(*mean.shape)  # the guide's own draw, which no row reads
                kl = kl + 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum()
        mean, log_variance = self.nets.moments("q_z", x)
        z = mean + (0.5 * log_variance).exp() * self.noise(len(x), self.sizes["z"])
        of_z = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(-1)
        for name in names:
            h = z if name == names[0] else drawn[names[0]].tanh()
            gamma = h @ parameters[f"{name}.weight"].T + parameters[f"{name}.bias"]
            delta = h**2 @ parameters[f"{name}.posterior.weight_log_variance"].exp().T
            delta = delta + parameters[f"{name}.posterior.bias_log_variance"].exp()
            drawn[name] = gamma + delta.sqrt() * self.noise(*gamma.shape)
        log_p = log_normal(x, 1 / (1 + (-drawn["p_x.loc"]).exp()), drawn["p_x.log_variance"])
        return self.kl * kl + numbers["rows"] / len(x) * (self.kl * of_z - log_p).sum()

    def mean_field(self, x):
        """sum_b KL(q(z_b | x_b) || N(0, I)) - log p(x_b | z_b) of a VAE, analytic (Kingma 2017, eq. 2.77)."""
        mean, log_variance = self.nets.moments("q_z", x)
        z = mean + (0.5 * log_variance).exp() * self.noise(len(x), self.sizes["z"])
        kl = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(-1)
        return (kl - log_x(self.nets, self.likelihood, x, z)).sum()

    def wake_sleep(self, x):
        """log q(z | x) - log p(x, z), which trains p, - log q(z' | x'), which trains q; of a VAE of binary rows."""
        z = self.nets.draw("q_z", self.noise(len(x), self.sizes["z"]), x)[0].detach()
        wake = log_normal(z, *self.nets.moments("q_z", x)).detach() - log_standard_normal(z)
        wake = wake - log_x(self.nets, self.likelihood, x, z)
        dreamt, x = self.noise(len(x), self.sizes["z"]), self.noise(*x.shape)
        return (wake - log_normal(dreamt, *self.nets.moments("q_z", x))).sum()

    def avae(self, x, y, noise):
        nets, own = self.nets, self.scaled(x)
        a, z, total = [None], [own], 0.0
        for i in range(1, self.layers + 1):
            parents = (own,) if i == 1 else (a[-1], own)
            value, log_q_a = nets.draw(f"q_a.{i - 1}", noise(len(x), self.sizes[f"a{i}"]), *parents)
            a.append(value)
            value, log_q_z = nets.draw(f"q_z.{i - 1}", noise(len(x), self.sizes[f"z{i}"]), a[-1], z[-1])
            z.append(value)
            total = total - log_q_a - log_q_z
        total = total + log_standard_normal(z[-1])
        for i in range(1, self.layers + 1):
            total = total + log_normal(a[i], *nets.moments(f"p_a.{i - 1}", *z[i:]))
            if i < self.layers:
                total = total + log_normal(z[i], *nets.moments(f"p_z.{i - 1}", z[i + 1]))
        return log_x(nets, self.likelihood, x, z[1]) + self.kl * total, None

    def hierarchicalvae(self, x, y, noise):
        z, total = [self.scaled(x)], 0.0
        for i in range(1, self.layers + 1):
            value, log_q = self.nets.draw(f"q_z.{i - 1}", noise(len(x), self.sizes[f"z{i}"]), z[-1])
            z, total = [*z, value], total - log_q
        return log_x(self.nets, self.likelihood, x, z[1]) + self.kl * (total + self.log_chain(z)), None

    def log_chain(self, z):
        """log p(z_1, ..., z_L) of z[1], ..., z[L]."""
        total = log_standard_normal(z[-1])
        for i in range(1, self.layers):
            total = total + log_normal(z[i], *self.nets.moments(f"p_z.{i - 1}", z[i + 1]))
        return total

    def upward(self, x):
        d = [x]
        for i in range(self.layers):
            d.append(self.nets.layers(f"d.trunks.{i}", d[-1]))
        return d

    def rung(self, i, noise, shape, h, above):
        """z_i at the noise, and log q of it: the heads of h, merged with p(z_i | above) where there is an above."""
        mean, log_variance = self.nets.moments(f"q_z.{i - 1}.heads", *h)
        if above is not None:
            mean_p, log_variance_p = self.nets.moments(f"p_z.{i - 1}", *above)
            precision, precision_p = (-log_variance).exp(), (-log_variance_p).exp()
            log_variance = -(precision + precision_p).log()
            mean = (mean * precision + mean_p * precision_p) / (precision + precision_p)
        value = mean + (0.5 * log_variance).exp() * noise(*shape, self.sizes[f"z{i}"])
        return value, log_normal(value, mean, log_variance)

    def laddervae(self, x, y, noise, auxiliary=False):
        d, a, total = self.upward(self.scaled(x)), {}, 0.0
        for i in range(1, self.layers + 1) if auxiliary else ():
            a[i], log_q = self.nets.draw(f"q_a.{i - 1}", noise(len(x), self.sizes[f"a{i}"]), d[i])
            total = total - log_q
        z, above = [None] * (self.layers + 1), None
        for i in range(self.layers, 0, -1):
            z[i], log_q = self.rung(i, noise, (len(x),), (d[i], a[i]) if auxiliary else (d[i],), above)
            total, above = total - log_q, (z[i],)
        for i, value in a.items():
            total = total + log_normal(value, *self.nets.moments(f"p_a.{i - 1}", *z[i:]))
        return log_x(self.nets, self.likelihood, x, z[1]) + self.kl * (total + self.log_chain(z)), None

    def auxiliaryladdervae(self, x, y, noise):
        return self.laddervae(x, y, noise, auxiliary=True)

    def clusterladdervae(self, x, y, noise):
        (c, shape), own, top = self.every_class(x, y), self.scaled(x), self.layers
        d = self.upward(own)
        z, log_q_z = self.rung(top, noise, (len(x),), (d[top],), None)
        log_q, log_p = (self.nets.log_probabilities(net, *h) for net, h in (("q_y", (z, own)), ("p_y", (z,))))
        kl, above = log_standard_normal(z) - log_q_z, (z, c)
        for i in range(top - 1, 0, -1):
            z, log_q_z = self.rung(i, noise, shape, (d[i],), above)
            kl = kl + log_normal(z, *self.nets.moments(f"p_z.{i - 1}", *above)) - log_q_z
            above = (z,)
        log_p_y = (c * log_p).sum(-1) * (self.kl_of_y if y is None else 1.0)
        return log_x(self.nets, self.likelihood, x, z) + self.kl * kl + log_p_y, log_q

    def m2(self, x, y, noise):
        c, shape = self.every_class(x, y)
        log_q = self.nets.log_probabilities("q_y", self.scaled(x))
        z, log_q_z = self.nets.draw("q_z", noise(*shape, self.sizes["z"]), self.scaled(x), c)
        bound = log_x(self.nets, self.likelihood, x, z, c) + self.kl * (log_standard_normal(z) - log_q_z)
        return bound + self.log_prior(y is not None), log_q

    def m1m2(self, x, y, noise):
        c, shape = self.every_class(x, y)
        z1, log_q_z1 = self.nets.draw("q_z1", noise(len(x), self.sizes["z1"]), self.scaled(x))
        z2, log_q_z2 = self.nets.draw("q_z2", noise(*shape, self.sizes["z"]), z1, c)
        kl = log_normal(z1, *self.nets.moments("p_z1", z2, c)) - log_q_z1 + log_standard_normal(z2) - log_q_z2
        bound = log_x(self.nets, self.likelihood, x, z1) + self.kl * kl
        return bound + self.log_prior(y is not None), self.nets.log_probabilities("q_y", z1)

    def adgm(self, x, y, noise, x_reads_a=False):
        c, shape = self.every_class(x, y)
        own = self.scaled(x)
        a, log_q_a = self.nets.draw("q_a", noise(len(x), self.sizes["a"]), own)
        z, log_q_z = self.nets.draw("q_z", noise(*shape, self.sizes["z"]), a, c, own)
        kl = log_standard_normal(z) - log_q_z + log_normal(a, *self.nets.moments("p_a", z, c)) - log_q_a
        bound = log_x(self.nets, self.likelihood, x, *((a, z, c) if x_reads_a else (z, c))) + self.kl * kl
        return bound + self.log_prior(y is not None), self.nets.log_probabilities("q_y", a, own)

    def sdgm(self, x, y, noise):
        return self.adgm(x, y, noise, x_reads_a=True)

    def cagem(self, x, y, noise):
        c, shape = self.every_class(x, None)
        own = self.scaled(x)
        z1, log_q_z1 = self.nets.draw("q_z1", noise(len(x), self.sizes["z1"]), own)
        log_q = self.nets.log_probabilities("q_y", z1, own)
        z2, log_q_z2 = self.nets.draw("q_z2", noise(*shape, self.sizes["z"]), own, c, z1)
        log_p_y = torch.diagonal(self.nets.log_probabilities("p_y", z2), dim1=0, dim2=2).T  # (K, B)
        kl = log_normal(z1, *self.nets.moments("p_z1", z2, c)) - log_q_z1 + log_standard_normal(z2) - log_q_z2
        return log_x(self.nets, self.likelihood, x, z1, c) + self.kl * kl + self.kl_of_y * log_p_y, log_q

    def cross_entropies(self, x, y):
        """H_p + H_q of CaGeM, at one z1 and one z2 a class, neither of which they train."""
        own, classes = self.scaled(x), torch.eye(self.classes, dtype=x.dtype)[:, None]
        z1 = self.nets.draw("q_z1", self.noise(len(x), self.sizes["z1"]), own)[0].detach()
        log_q = self.nets.log_probabilities("q_y", z1, own)
        noise = self.noise(self.classes, len(x), self.sizes["z"])
        z2 = self.nets.draw("q_z2", noise, own, classes, z1)[0].detach()
        p = (log_q.exp().T[..., None] * self.nets.log_probabilities("p_y", z2).exp()).sum(0)
        return -(y * (p.log() + log_q)).sum()

    def latentclassifiervae(self, x, y, noise):
        z, log_q_z = self.nets.draw("q_z", noise(len(x), self.sizes["z"]), self.scaled(x))
        bound = log_standard_normal(z) - log_q_z
        kind = self.sizes["bound"]
        if kind == "simplified":
            bound = bound + log_x(self.nets, self.likelihood, x, z)
        log_p_y = self.nets.log_probabilities("p_y", z)
        if y is not None:
            own = 0.0 if kind == "simplified" else log_x(self.nets, self.likelihood, x, z, y)
            return bound + own + (y * log_p_y).sum(-1), log_p_y
        if kind == "simplified":
            return bound, None
        of_class = log_x(self.nets, self.likelihood, x, z, self.every_class(x, None)[0]).T  # (B, K)
        if kind == "jensen":
            return bound + (log_p_y.exp() * of_class).sum(-1), None
        return bound + (log_p_y + of_class).logsumexp(-1), None

    def scaled(self, x):
        kind, value = self.likelihood
        return x / {"binomial": value, "discretized_logistic": 255}.get(kind, 1)


class Adam:
    """m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, update rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps).

    b1 = 0.9, b2 = 0.999, eps = 1e-8. The update is computed from the moments as torch holds them: where the gradient is
    zero but for rounding, its sign is anything.
    """

    def __init__(self):
        self.t, self.m, self.v = 0, {}, {}

    def take(self, gradients):
        """The moments after one more gradient of every parameter, by torch's names for them."""
        self.t += 1
        for name, g in gradients.items():
            self.m[name] = 0.9 * self.m.get(name, 0.0) + 0.1 * g
            self.v[name] = 0.999 * self.v.get(name, 0.0) + 0.001 * g**2
        return {"exp_avg": self.m, "exp_avg_sq": self.v}

    def update(self, moments, rate, gradient):
        """What is subtracted from a parameter."""
        m, v = moments["exp_avg"] / (1 - 0.9**self.t), moments["exp_avg_sq"] / (1 - 0.999**self.t)
        return rate * m / (v.sqrt() + 1e-8)


class RMSprop:
    """v = 0.9 v + 0.1 g^2, b = 0.5 b + g / (sqrt(v) + eps), update rate b."""

    def __init__(self):
        self.v, self.b = {}, {}

    def take(self, gradients):
        """As of ``Adam``."""
        for name, g in gradients.items():
            self.v[name] = 0.9 * self.v.get(name, 0.0) + 0.1 * g**2
            self.b[name] = 0.5 * self.b.get(name, 0.0) + g / (self.v[name].sqrt() + 1e-8)
        return {"square_avg": self.v, "momentum_buffer": self.b}

    def update(self, moments, rate, gradient):
        """As of ``Adam``."""
        return rate * moments["momentum_buffer"]


class Adagrad:
    """s = s + g^2, update rate g / (sqrt(s) + eps), eps = 1e-10."""

    def __init__(self):
        self.s = {}

    def take(self, gradients):
        """As of ``Adam``."""
        for name, g in gradients.items():
            self.s[name] = self.s.get(name, 0.0) + g**2
        return {"sum": self.s}

    def update(self, moments, rate, gradient):
        """As of ``Adam``."""
        return rate * gradient / (moments["sum"].sqrt() + 1e-10)
