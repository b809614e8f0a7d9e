"""Reference implementation of networks with weight posteriors in plain torch, from ch. 6 of Kingma's thesis."""

import math

import torch

from pyrodgm.nn import Linear


def layers(network):
    return [module for module in network.modules() if isinstance(module, Linear)]


def alpha(layer):
    posterior = layer.posterior.alpha
    return 1 / (1 + (-posterior.logit).exp()) if "logit" in dict(posterior.named_parameters()) else posterior.fixed


def posterior(layer, number):
    """Mean and variance of every site of a layer."""
    kind, w, b = type(layer.posterior).__name__, layer.weight, layer.bias
    if kind == "NormalWeights":
        variances = layer.posterior.weight_log_variance.exp(), layer.posterior.bias_log_variance.exp()
        return {f"w{number}": (w, variances[0]), f"b{number}": (b, variances[1])}
    if kind == "IndependentDropout":
        return {f"w{number}": (w, alpha(layer) * w**2)}
    return {f"s{number}": (torch.ones(w.shape[1]).to(w), alpha(layer) * torch.ones(w.shape[1]).to(w))}


def divergence(layer):
    """KL(q || p) of a layer's weights: of normals, or the polynomial of app. 6.C, less its value at alpha = 1."""
    if type(layer.posterior).__name__ == "NormalWeights":
        moments = posterior(layer, 1).values()
        return sum(0.5 * (variance + mean**2 - 1 - variance.log()).sum() for mean, variance in moments)
    a = alpha(layer)
    polynomial = 0.5 * a.log() + 1.16145124 * a - 1.50204118 * a**2 + 0.58629921 * a**3
    shape = layer.weight.shape if type(layer.posterior).__name__ == "IndependentDropout" else layer.weight.shape[1:]
    return (1.16145124 - 1.50204118 + 0.58629921 - polynomial).expand(shape).sum()


def sampled(network, noise):
    """The value of every site at standard normal noise, a dict by site."""
    values = {}
    for number, layer in enumerate(layers(network), 1):
        for site, (mean, variance) in posterior(layer, number).items():
            values[site] = mean + variance.sqrt() * noise[site]
    return values


def at(layer, number, values):
    """W and b of a layer at the values of its sites."""
    if f"s{number}" in values:
        return layer.weight @ torch.diag(values[f"s{number}"]), layer.bias
    return values[f"w{number}"], values.get(f"b{number}", layer.bias)


def outputs(network, x, values):
    """The outputs of the last layer, ReLUs between: of the same weights for all rows."""
    for number, layer in enumerate(layers(network), 1):
        weight, bias = at(layer, number, values)
        x = (x if number == 1 else torch.where(x > 0, x, 0.0)) @ weight.T + bias
    return x


def outputs_by_row(network, x, noises):
    """The same, those of every layer drawn by eq. 6.6 at the noises; of type A by (a * s) theta (eqs 6.7 and 6.9)."""
    for (number, layer), noise in zip(enumerate(layers(network), 1), noises, strict=True):
        a, q = x if number == 1 else torch.where(x > 0, x, 0.0), posterior(layer, number)
        if f"s{number}" in q:
            x = (a * (1 + alpha(layer).sqrt() * noise)) @ layer.weight.T + layer.bias
        else:
            mean, variance = q[f"w{number}"]
            delta = (a**2) @ variance.T
            if f"b{number}" in q:
                delta = delta + q[f"b{number}"][1]
            sigma = torch.where(delta > 0, delta, 1.0).sqrt() * (delta > 0)  # a row of zeros has no noise
            x = a @ mean.T + layer.bias + sigma * noise
    return x


def log_class(logits, y):
    """log softmax of the classes y (B,)."""
    return logits.gather(-1, y[:, None]).squeeze(-1) - logits.exp().sum(-1).log()


def log_bernoulli(logits, x):
    p = 1 / (1 + (-logits).exp())
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(-1)


def divergences(network):
    return sum(map(divergence, layers(network)))


def normal_kl(mean, log_variance):
    return 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(-1)


def log_normal(value, mean, log_variance):
    return -0.5 * (math.log(2 * math.pi) + log_variance + (value - mean) ** 2 / log_variance.exp()).sum(-1)
