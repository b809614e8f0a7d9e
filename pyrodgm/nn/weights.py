"""Posteriors over the weights of linear layers. The weights are global latents, one set for the whole data set.

A layer keeps its parameters, which are the means of the posterior; ``layer.posterior`` holds the rest. By itself, a
network computes with the means. Within ``pyrodgm.handlers.DrawnWeights`` it computes with drawn weights. If it is also
within ``local_reparameterisation``, every row has separate weights.
"""

from collections.abc import Callable, Sequence

import pyro.distributions as dist
import torch
import torch.nn.functional as F
from pyro.poutine.runtime import effectful

from pyrodgm.checks import check_choice, split_option
from pyrodgm.distributions import DropoutNormal, LogUniform
from pyrodgm.nn.trunk import Linear
from pyrodgm.types import Option

START = 0.01  # initial variance of a normal posterior, relative to the mean square of the layer's weights


class WeightPosterior(torch.nn.Module):
    """The posterior over the weights of a linear layer, except for its means.

    Args:
        layer: a ``Linear`` with one parent.
        number: number of the layer, starting at 1, used in the names of its sites.

    Raises:
        ValueError: for a layer with several parents, with bfloat16 precision, or with weight normalisation.
    """

    kinds: str  # the letter of every site
    number: int
    at: Callable[..., tuple[torch.Tensor, torch.Tensor]]

    def __init__(self, layer: Linear, number: int) -> None:
        super().__init__()
        if len(layer.parents) != 1:
            raise ValueError(f"weights: got a layer of parents {layer.parents}, want one parent")
        if layer.precision != "float32":
            raise ValueError(f"precision: got {layer.precision!r} with a posterior of the weights, want 'float32'")
        if layer.gain is not None:
            raise ValueError("weight_norm: got True with a posterior of the weights, want False")
        self.number = number

    @property
    def sites(self) -> list[str]:
        """The names of the layer's sites: a letter and the number of the layer."""
        return [f"{kind}{self.number}" for kind in self.kinds]

    @effectful(type="linear")
    def forward(self, layer: Linear, x: torch.Tensor, values: dict[str, torch.Tensor] | None = None) -> torch.Tensor:
        """The outputs of the layer for x, with its means or with drawn ``values``, a dict from site to value."""
        return affine(x, *((layer.weight, layer.bias) if values is None else self.at(layer, values)))


class NormalWeights(WeightPosterior):
    """q(w) = N(mu, sigma^2), p(w) = N(0, 1), of every weight and bias (Kingma 2017, sec. 6.2.3 and app. 2.C.1).

    Sites ``w1`` and ``b1`` of the first layer, and so on.
    """

    kinds = "wb"

    def __init__(self, layer: Linear, number: int) -> None:
        super().__init__(layer, number)
        start = float((START * layer.weight.detach().square().mean()).log())
        self.weight_log_variance = torch.nn.Parameter(torch.full_like(layer.weight, start))
        self.bias_log_variance = torch.nn.Parameter(torch.full_like(layer.bias, start))

    def priors(self, layer: Linear) -> dict[str, dist.Distribution]:
        """p of each site."""
        w, b = self.sites
        pairs = ((w, layer.weight), (b, layer.bias))
        return {site: normal(torch.zeros_like(mean), torch.ones_like(mean)) for site, mean in pairs}

    def posteriors(self, layer: Linear) -> dict[str, dist.Distribution]:
        """q of each site."""
        w, b = self.sites
        sigma_w, sigma_b = ((0.5 * v).exp() for v in (self.weight_log_variance, self.bias_log_variance))
        return {w: normal(layer.weight, sigma_w), b: normal(layer.bias, sigma_b)}

    def at(self, layer: Linear, values: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias at the sites' values."""
        w, b = self.sites
        return values[w], values[b]

    def by_row(self, layer: Linear, x: torch.Tensor, posteriors: dict[str, dist.Distribution]) -> torch.Tensor:
        """Outputs with separate weights for every row, by ``outputs_by_row``."""
        w, b = (posteriors[site] for site in self.sites)
        return outputs_by_row(x, w, b.loc, b.scale**2)


class IndependentDropout(WeightPosterior):
    """Type B, q(w) = N(theta, alpha theta^2), p(log |w|) = const, of every weight (Kingma 2017, sec. 6.3.1).

    The bias is a parameter. Sites ``w1`` and so on.

    Args:
        layer, number: as for ``WeightPosterior``.
        alpha: see ``Alpha``; if learned, one per layer, per input unit or per weight.
    """

    kinds = "w"

    def __init__(self, layer: Linear, number: int, alpha: str | float | Sequence[float] = "unit") -> None:
        super().__init__(layer, number)
        shapes = {"layer": (1, 1), "unit": (1, layer.in_features), "weight": layer.weight.shape}
        self.alpha = Alpha(alpha, shapes, number)

    def priors(self, layer: Linear) -> dict[str, dist.Distribution]:
        """p of the site."""
        (site,) = self.sites
        return {site: LogUniform(layer.weight).to_event(2)}

    def posteriors(self, layer: Linear) -> dict[str, dist.Distribution]:
        """q of the site."""
        (site,) = self.sites
        return {site: DropoutNormal(layer.weight, self.alpha()).to_event(2)}

    def at(self, layer: Linear, values: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias at the site's value."""
        (site,) = self.sites
        return values[site], layer.bias

    def by_row(self, layer: Linear, x: torch.Tensor, posteriors: dict[str, dist.Distribution]) -> torch.Tensor:
        """Outputs with separate weights for every row, by ``outputs_by_row`` (eq. 6.8)."""
        (site,) = self.sites
        return outputs_by_row(x, posteriors[site], layer.bias, torch.zeros_like(layer.bias))


class CorrelatedDropout(WeightPosterior):
    """Type A, w_i = s_i theta_i of input unit i, q(s) = N(1, alpha), p(log |s|) = const (Kingma 2017, eq. 6.9).

    theta and the bias are parameters. Sites ``s1`` and so on, with one scale per input unit.

    Args:
        layer, number: as for ``WeightPosterior``.
        alpha: see ``Alpha``; if learned, one per layer or per input unit.
    """

    kinds = "s"

    def __init__(self, layer: Linear, number: int, alpha: str | float | Sequence[float] = "unit") -> None:
        super().__init__(layer, number)
        self.alpha = Alpha(alpha, {"layer": (1,), "unit": (layer.in_features,)}, number)

    def priors(self, layer: Linear) -> dict[str, dist.Distribution]:
        """p of the site."""
        (site,) = self.sites
        return {site: LogUniform(layer.weight[0]).to_event(1)}

    def posteriors(self, layer: Linear) -> dict[str, dist.Distribution]:
        """q of the site."""
        (site,) = self.sites
        return {site: DropoutNormal(torch.ones_like(layer.weight[0]), self.alpha()).to_event(1)}

    def at(self, layer: Linear, values: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias at the site's value."""
        (site,) = self.sites
        return layer.weight * values[site].unsqueeze(-2), layer.bias

    def by_row(self, layer: Linear, x: torch.Tensor, posteriors: dict[str, dist.Distribution]) -> torch.Tensor:
        """Outputs with separate scales for every row, (a * s) theta of eq. 6.7."""
        (site,) = self.sites
        s = posteriors[site]
        s = s.expand(torch.broadcast_shapes(x.shape, s.batch_shape))
        return affine(x * s.rsample(), layer.weight, layer.bias)


class Alpha(torch.nn.Module):
    """The variance alpha of multiplicative noise: dropout at the rate p where alpha = p / (1 - p) (sec. 6.3).

    A learned alpha is the logistic function of a parameter, so that it stays below 1 (sec. 6.3.4). It starts at 0.5.

    Args:
        alpha: a fixed number; two fixed numbers, one for the inputs of the first layer and one for those of all others;
            or ``"layer"``, ``"unit"`` or ``"weight"`` for one learned alpha per layer, input unit or weight.
        shapes: the shape of a learned alpha for each of these names that is allowed.
        number: number of the layer.

    Raises:
        ValueError: if ``alpha`` is none of these, or a number that is not above 0 and at most 1, for which the
            divergence is not known.
    """

    fixed: torch.Tensor

    def __init__(self, alpha: str | float | Sequence[float], shapes: dict[str, tuple[int, ...]], number: int) -> None:
        super().__init__()
        numbers = alpha if isinstance(alpha, (tuple, list)) else (alpha, alpha)
        if all(isinstance(value, (int, float)) for value in numbers):
            if len(numbers) != 2 or not all(0 < value <= 1 for value in numbers):
                raise ValueError(f"alpha: got {alpha!r}, want a number above 0 and at most 1, or two of them")
            fixed = torch.tensor(float(numbers[number > 1]))
            self.register_buffer("fixed", fixed, persistent=False)
        else:
            check_choice("alpha", alpha, shapes)
            self.logit = torch.nn.Parameter(torch.zeros(shapes[str(alpha)]))

    def forward(self) -> torch.Tensor:
        """alpha, with a shape that broadcasts against the value of the site."""
        return self.fixed if "fixed" in self._buffers else self.logit.sigmoid()


WEIGHTS: dict[str, Callable[..., WeightPosterior] | None] = {
    "A": CorrelatedDropout,
    "B": IndependentDropout,
    "normal": NormalWeights,
    "point": None,
}


def give_posteriors(network: torch.nn.Module, weights: Option) -> None:
    """Give the weights of every linear layer of a network a posterior, in the order of its layers.

    Args:
        network: a network whose linear layers all have one parent.
        weights: ``"normal"``; ``"A"`` or ``"B"``, alone or with options, as ``("B", {"alpha": "weight"})``; or
            ``"point"`` for no posterior.

    Raises:
        ValueError: if there is no such posterior or option; the message names the choices.

    Example::

        net = CategoricalNet((784,), (300,), 10)
        give_posteriors(net, ("B", {"alpha": "layer"}))
        posteriors_of(net)["w1"].sample()       # (300, 784)
    """
    kind, options = split_option("weights", weights)
    check_choice("weights", kind, WEIGHTS)
    for option in options:
        check_choice(f"weights: {kind}", option, ("alpha",) if kind in "AB" else ())
    if (posterior := WEIGHTS[kind]) is not None:
        layers = [module for module in network.modules() if isinstance(module, Linear)]
        for number, layer in enumerate(layers, 1):
            layer.posterior = posterior(layer, number, **options)


def layers_with_posteriors(network: torch.nn.Module) -> dict[str, Linear]:
    """The layers of a network whose weights have a posterior, by name."""
    return {name: m for name, m in network.named_modules() if isinstance(m, Linear) and m.posterior is not None}


def priors_of(network: torch.nn.Module) -> dict[str, dist.Distribution]:
    """The priors of the weights of a network: a dict from site to p.

    Example::

        net = CategoricalNet((784,), (300,), 10)
        give_posteriors(net, "normal")
        priors_of(net)["b1"].sample()       # (300,)
    """
    layers = layers_with_posteriors(network).values()
    return {site: p for layer in layers for site, p in layer.posterior.priors(layer).items()}


def posteriors_of(network: torch.nn.Module) -> dict[str, dist.Distribution]:
    """The posteriors of the weights of a network: a dict from site to q.

    Example::

        q, p = posteriors_of(net), priors_of(net)
        sum(kl_divergence(q[site], p[site]) for site in q)
    """
    layers = layers_with_posteriors(network).values()
    return {site: q for layer in layers for site, q in layer.posterior.posteriors(layer).items()}


def normal(loc: torch.Tensor, scale: torch.Tensor) -> dist.Independent:
    """Independent normals as one event."""
    return dist.Normal(loc, scale).to_event(loc.dim())


def affine(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """W x + b with one weight ``(out, in)``, or one per sample ``(S, 1, out, in)``, which gives ``(S, B, out)``.

    ``Predictive(..., parallel=True)`` gives samples without a dimension for the rows, ``(S, out, in)``.
    """
    if weight.dim() == 2 and bias.dim() == 1:
        return F.linear(x, weight, bias)
    if weight.dim() == 3 and bias.dim() == 2:
        bias = bias.unsqueeze(-2)
    return x @ weight.squeeze(-3).mT + bias


def outputs_by_row(x: torch.Tensor, w: dist.Normal, bias: torch.Tensor, bias_variance: torch.Tensor) -> torch.Tensor:
    """W x + b with separate weights for every row, from independent normals. The outputs are drawn instead of weights.

    gamma_mj = sum_i a_mi mu_ij,   delta_mj = sum_i a_mi^2 sigma_ij^2,   b_mj = gamma_mj + sqrt(delta_mj) zeta_mj  (6.6)

    Args:
        x: ``(..., B, in)``, the a of the equation.
        w: a normal of shape ``(out, in)``, or ``(S, 1, out, in)``.
        bias, bias_variance: ``(out,)`` or ``(S, 1, out)``.
    """
    gamma = affine(x, w.loc, bias)
    delta = affine(x**2, w.scale**2, bias_variance)
    tiny = torch.finfo(delta.dtype).tiny  # for a row of zeros: no noise, and a finite gradient of the square root
    return dist.Normal(gamma, delta.clamp(min=tiny).sqrt()).rsample()
