"""Networks for p(x | parents): likelihoods by name."""

import inspect
import math
from collections.abc import Sequence
from typing import Any, Literal

import pyro.distributions as dist
import torch
from torch.distributions import constraints

from pyrodgm.checks import check_choice, check_size, is_number, shown, split_option
from pyrodgm.distributions import GreyBernoulli, Levels, OrMissing
from pyrodgm.distributions.discretized_logistic import check_levels
from pyrodgm.nn.cells import CellsNet, check_missing
from pyrodgm.nn.discretized_logistic import DiscretizedLogisticNet
from pyrodgm.nn.mixed_columns import MixedNet
from pyrodgm.nn.scale_heads import SCALE_HEADS
from pyrodgm.nn.trunk import Trunk, trunk_of
from pyrodgm.types import Option

MEANS = {"linear": lambda v: v, "sigmoid": torch.sigmoid}


class NormalNet(CellsNet):
    """Diagonal normal with mu = Linear(h); ``scale_head`` selects how v = Linear(h) gives sigma.

    log sigma^2 = v                        ``"log_variance"`` (Maaløe et al. 2016, eqs 16-18)
    sigma^2 = log(1 + exp(v)) + 10^-8      ``"softplus_variance"`` (Sønderby et al. 2016, eq. 12)
    sigma = log(1 + exp(v)) + 10^-4        ``"softplus_sigma"`` (Maaløe 2018, app. E, sec. 2.2)

    The papers have no floor. Without one a variance can underflow, and its precision, which a ladder adds to another,
    is infinite. A log-variance is bounded outside [-30, 30], see ``BoundedLogVariance``. The softplus heads are bounded
    by the same largest sigma, 5.4e6.

    Used as likelihood of real data and as the factorised posterior of Kingma 2017, eqs 2.36-2.37.

    Args:
        parents: sizes of the parents; or a trunk, see ``trunk_of``.
        hidden: sizes of the hidden layers.
        size: number of features D.
        variance: a fixed sigma^2 for every feature; None if the network gives it.
        mean: ``"linear"``, or ``"sigmoid"`` for mu = 1 / (1 + exp(-Linear(h))), for data in [0, 1] (Kingma 2017,
            sec. 2.11).
        scale_head: how the network outputs sigma, see above.
        network: ``activation``, ``batch_norm``, ``init``, ... of ``Trunk``.

    Shapes:
        parents ``(..., p_i)``; a distribution of batch shape ``(...)`` and event shape ``(D,)``.

    Attributes:
        support: the values a feature may take; ``wanted`` is their description in words.
        scale: a typical large value; a model divides x by it before a network gets it as input.

    Example::

        NormalNet((784, 10), (500,), 50)(x, y).rsample()    # x (B, 784), y (K, 1, 10): (K, B, 50)
    """

    support, wanted, scale = constraints.real, "real numbers", 1
    sigma: torch.Tensor

    def __init__(
        self,
        parents: Sequence[int] | torch.nn.Module,
        hidden: Sequence[int] | None,
        size: int,
        variance: float | None = None,
        mean: Literal["linear", "sigmoid"] = "linear",
        scale_head: str = "log_variance",
        **network: Any,
    ) -> None:
        super().__init__()
        check_choice("mean", mean, MEANS)
        check_choice("scale_head", scale_head, SCALE_HEADS)
        self.mean, self.scale_head = mean, scale_head if variance is None else None
        self.trunk = trunk_of(parents, hidden, **network)
        self.loc = self.trunk.moment_head(size)
        if variance is None:
            self.add_module(SCALE_HEADS[scale_head][0], self.trunk.moment_head(size))
        elif not (is_number(variance) and variance > 0):
            raise ValueError(f"variance: got {shown(variance)}, want a positive number or None")
        else:
            self.register_buffer("sigma", torch.tensor(math.sqrt(variance)), persistent=False)

    def moments(self, *h: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """mu and sigma from the features of the trunk."""
        loc = MEANS[self.mean](self.loc(*h))
        if self.scale_head is None:
            return loc, self.sigma.expand_as(loc)
        head, sigma = SCALE_HEADS[self.scale_head]
        return loc, sigma(getattr(self, head)(*h))

    def forward(self, *parents: torch.Tensor) -> dist.Distribution:
        return self.row_of(dist.Normal(*self.moments(*self.trunk(*parents))))


class BernoulliNet(CellsNet):
    """Bernoulli features with logits from a network (Kingma 2017, eq. 2.74). x may also be grey values in [0, 1].

    Arguments, shapes and attributes as for ``NormalNet``.

    Example::

        BernoulliNet((50, 10), (500,), 784)(z, y).log_prob(x)    # (K, B)
    """

    support, wanted, scale = constraints.unit_interval, "values in [0, 1]", 1

    def __init__(
        self, parents: Sequence[int] | torch.nn.Module, hidden: Sequence[int] | None, size: int, **network: Any
    ) -> None:
        super().__init__()
        self.trunk = trunk_of(parents, hidden, **network)
        self.logits = self.trunk.head(size)

    def forward(self, *parents: torch.Tensor) -> dist.Independent:
        return self.row_of(GreyBernoulli(logits=self.logits(*self.trunk(*parents))))


class BinomialNet(CellsNet):
    """Binomial features, counts out of ``total_count``, with logits from a network.

    log p(x) = sum_d log C(n, x_d) + x_d log pi_d + (n - x_d) log(1 - pi_d)

    Arguments, shapes and attributes as for ``NormalNet``; ``total_count`` is the n of every feature.

    Example::

        BinomialNet((50,), (200,), 64, total_count=16)(z)        # the digits of scikit-learn
    """

    def __init__(
        self,
        parents: Sequence[int] | torch.nn.Module,
        hidden: Sequence[int] | None,
        size: int,
        total_count: int,
        **network: Any,
    ) -> None:
        super().__init__()
        check_size("total_count", total_count)
        self.support = constraints.integer_interval(0, total_count)
        self.wanted, self.scale = f"integers from 0 to {total_count}", total_count
        self.trunk = trunk_of(parents, hidden, **network)
        self.logits = self.trunk.head(size)
        self.register_buffer("total_count", torch.tensor(float(total_count)), persistent=False)

    def forward(self, *parents: torch.Tensor) -> dist.Independent:
        return self.row_of(dist.Binomial(self.total_count, logits=self.logits(*self.trunk(*parents))))


class LevelsNet(CellsNet):
    """Categorical features: each is one of ``num_levels`` integer levels, with its own softmax.

    Arguments, shapes and attributes as for ``NormalNet``; ``num_levels`` is the C of every feature.

    Example::

        LevelsNet((50,), (200,), 64, num_levels=17)(z).log_prob(x)   # x in 0..16
    """

    def __init__(
        self,
        parents: Sequence[int] | torch.nn.Module,
        hidden: Sequence[int] | None,
        size: int,
        num_levels: int,
        **network: Any,
    ) -> None:
        super().__init__()
        check_levels(num_levels)
        self.support = constraints.integer_interval(0, num_levels - 1)
        self.wanted, self.scale = f"integers from 0 to {num_levels - 1}", num_levels - 1
        self.size, self.num_levels = size, num_levels
        self.trunk = trunk_of(parents, hidden, **network)
        self.logits = self.trunk.head(size * num_levels)

    def forward(self, *parents: torch.Tensor) -> dist.Independent:
        logits = self.logits(*self.trunk(*parents))
        return self.row_of(Levels(logits=logits.unflatten(-1, (self.size, self.num_levels))))


LIKELIHOODS = {
    "bernoulli": BernoulliNet,
    "binomial": BinomialNet,
    "categorical": LevelsNet,
    "discretized_logistic": DiscretizedLogisticNet,
    "mixed": MixedNet,
    "normal": NormalNet,
}


def likelihood_net(
    likelihood: Option,
    parents: Sequence[int] | torch.nn.Module,
    hidden: Sequence[int] | None,
    size: int,
    scale_head: str = "log_variance",
    batch_norm: bool | Literal["heads"] = False,
    missing: Literal["zeros", "mask"] | None = None,
    **network: Any,
) -> CellsNet:
    """The network of p(x | parents) for a likelihood by name.

    Args:
        likelihood: ``"bernoulli"`` (x in [0, 1]), ``"normal"`` (real x), ``("normal", {"variance": v})`` (real x, the
            variance fixed), ``("normal", {"mean": "sigmoid"})`` (real x, means in [0, 1]),
            ``("binomial", {"total_count": n})`` (x in 0..n), ``("categorical", {"num_levels": C})`` or
            ``("discretized_logistic", {"num_levels": C})`` (x in 0..C-1), or ``("mixed", {"columns": (...)})`` with a
            likelihood for each column, see ``MixedNet``.
        parents, hidden, size, network: as for ``NormalNet``.
        scale_head: for a normal likelihood, see ``NormalNet``.
        batch_norm: for the hidden layers. The heads of a likelihood are never normalised, only those of latents.
        missing: ``"zeros"`` or ``"mask"`` if NaN is a missing cell, which is left out of log p(x), see
            ``ObservedCells``; None if NaN is refused.

    Raises:
        ValueError: if there is no such likelihood or option, or if an option is missing; the message names the choices.

    Example::

        likelihood_net("bernoulli", parents=(50, 10), hidden=(500,), size=784)
    """
    name, options = split_option("likelihood", likelihood)
    check_choice("likelihood", name, LIKELIHOODS)
    _check_options(name, options)
    if name in ("normal", "mixed"):
        options = {"scale_head": scale_head} | options
    batch_norm = True if batch_norm == "heads" else batch_norm
    net = LIKELIHOODS[name](parents, hidden, size, batch_norm=batch_norm, **options, **network)
    check_missing(missing)
    if missing is not None:
        net.missing, net.support = missing, OrMissing(net.support)
        net.wanted = f"{net.wanted}, or NaN for a missing cell"
    return net


def per_channel(likelihood: Option, num_channels: int) -> Option:
    """The likelihood of an image: a discretised logistic learns one scale per channel, unless the options differ.

    Example::

        per_channel("discretized_logistic", 3)    # ("discretized_logistic", {"num_channels": 3})
    """
    name, options = split_option("likelihood", likelihood)
    return (name, {"num_channels": num_channels} | options) if name == "discretized_logistic" else likelihood


def _check_options(name, options):
    """Raise ``ValueError`` unless the options are those of the likelihood or of its trunk, with all that it needs."""
    parameters, given = inspect.signature(LIKELIHOODS[name]).parameters, {"parents", "hidden", "size", "network"}
    own = {option: parameter for option, parameter in parameters.items() if option not in given}
    known = own.keys() | inspect.signature(Trunk).parameters.keys() - given
    for option in options:
        check_choice(f"likelihood {name!r}: option", option, known)
    for option, parameter in own.items():
        if parameter.default is parameter.empty and option not in options:
            raise ValueError(f"likelihood: got {name!r} without {option}, want ({name!r}, {{{option!r}: ...}})")
