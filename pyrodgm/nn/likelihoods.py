"""Networks for p(x | parents): likelihoods by name."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import pyro.distributions as dist
import torch
import torch.nn.functional as F
from torch.distributions import constraints

from pyrodgm.checks import check_choice, check_size
from pyrodgm.distributions import (
    DiscretizedLogistic,
    GreyBernoulli,
    Levels,
    MixedCells,
    MixedValues,
    ObservedCells,
    OneHotCells,
    OrMissing,
)
from pyrodgm.distributions.discretized_logistic import check_levels
from pyrodgm.nn.trunk import Trunk, trunk_of
from pyrodgm.types import Option

LARGEST_LOG_VARIANCE = 30.0
LARGEST_SIGMA = math.exp(0.5 * (LARGEST_LOG_VARIANCE + 1))
LEAST_SIGMA = 1e-4  # of the softplus heads


class BoundedLogVariance(torch.autograd.Function):
    """b(v), the output v of a head, bounded for use as a log-variance.

    b(v) = v                                   on [-L, L], L = 30, to the last bit, with gradient 1
    b(v) = sign(v) (|v| - (|v| - L)^2 / 4)     up to |v| = L + 2, with the same value and slope at L
    b(v) = sign(v) (L + 1)                     beyond, with the same value and slope at L + 2, for infinities too

    Far from the training rows, v may be any number. Without a bound, sigma then overflows or vanishes, and a density is
    NaN. With the bound, sigma stays between 1.9e-7 and 5.4e6, about the limits of single precision. For a smaller
    sigma, mu + sigma eps would be rounded to mu for a mu near 1, and the density would be meaningless. At either end, a
    squared distance divided or multiplied by sigma^2 overflows only beyond 1e25.

    It is an autograd function because its backward pass then takes one operation instead of ten.
    """

    @staticmethod
    def forward(ctx: Any, log_variance: torch.Tensor) -> torch.Tensor:
        excess, clamped = _excess(log_variance)
        ctx.save_for_backward(log_variance, size := excess.abs())
        return torch.addcmul(clamped, excess, size, value=-0.25)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        log_variance, size = ctx.saved_tensors
        if torch.is_grad_enabled():  # for a second derivative
            size = _excess(log_variance)[0].abs()
        return torch.addcmul(gradient, gradient, size, value=-0.5)


def _excess(log_variance):
    """The excess of the values beyond +-L, at most 2, and the values clamped to +-(L + 2)."""
    clamped = log_variance.clamp(-LARGEST_LOG_VARIANCE - 2, LARGEST_LOG_VARIANCE + 2)
    return F.softshrink(clamped, LARGEST_LOG_VARIANCE), clamped


def standard_deviation(log_variance: torch.Tensor) -> torch.Tensor:
    """sigma = exp(b(v) / 2) for the output v of a head, of any shape, see ``BoundedLogVariance``."""
    return (0.5 * BoundedLogVariance.apply(log_variance)).exp()


def floored_softplus(v: torch.Tensor, floor: float, ceiling: float) -> torch.Tensor:
    """log(1 + exp(v)) + floor, at most about the ceiling, also for infinite v."""
    return F.softplus(v.clamp(max=ceiling)) + floor


SCALE_HEADS = {  # name of the head, and sigma as a function of its output
    "log_variance": ("log_variance", standard_deviation),
    "softplus_variance": ("variance", lambda v: floored_softplus(v, LEAST_SIGMA**2, LARGEST_SIGMA**2).sqrt()),
    "softplus_sigma": ("sigma", lambda v: floored_softplus(v, LEAST_SIGMA, LARGEST_SIGMA)),
}
MEANS = {"linear": lambda v: v, "sigmoid": torch.sigmoid}


class CellsNet(torch.nn.Module):
    """Base class of the networks whose features are independent given the parents.

    Attributes:
        missing: ``"zeros"`` or ``"mask"`` if NaN is a missing cell, see ``likelihood_net``; None if NaN is refused.
    """

    support: constraints.Constraint
    wanted: str
    scale: float
    missing: str | None = None

    def row_of(self, cells: dist.Distribution) -> dist.Independent:
        """The distribution of a row, from one distribution per feature with batch shape ``(..., D)``."""
        return cells.to_event(1) if self.missing is None else ObservedCells(cells, 1)


class NormalNet(CellsNet):
    """Diagonal normal with mu = Linear(h); ``scale_head`` selects how v = Linear(h) gives sigma.

    ``"log_variance"``:       log sigma^2 = v                       (Maaløe et al. 2016, eqs 16-18)
    ``"softplus_variance"``:  sigma^2 = log(1 + exp(v)) + 1e-8      (Sønderby et al. 2016, eq. 12)
    ``"softplus_sigma"``:     sigma = log(1 + exp(v)) + 1e-4        (Maaløe 2018, app. E, sec. 2.2)

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
        elif not (isinstance(variance, (int, float)) and 0 < variance < math.inf):
            raise ValueError(f"variance: got {variance!r}, want a positive number or None")
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
        if not isinstance(total_count, int) or total_count < 1:
            raise ValueError(f"total_count: got {total_count!r}, want a positive int")
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


class DiscretizedLogisticNet(CellsNet):
    """Features that are levels, each a discretised logistic or a mixture of M of them (Kingma 2017, sec. 5.B.5).

    mu_m = (m - 1/2) / M + Linear(h),  log s_m = -2 + v,  mixture weights softmax(Linear(h))

    mu and s are in units of the share n / C of a level n, see ``DiscretizedLogistic``. v is a parameter of each channel
    and component, as in the paper, or Linear(h) of each feature. log s is bounded like a log-variance, see
    ``BoundedLogVariance``. The network therefore starts with a wide distribution in the middle of the levels, or with M
    of them side by side. The paper has one component and does not state the initial mu and s.

    Arguments, shapes and attributes as for ``NormalNet``, and also:

    Args:
        num_levels: C of every feature.
        log_scale: ``"learned"`` for a parameter, or ``"network"``.
        num_channels: number of channels of an image, side by side in each pixel; a learned scale is one per channel.
        num_components: number of components M.

    Raises:
        ValueError: if ``num_levels`` is below 2, or the number of features is not a multiple of the channels.

    Example::

        DiscretizedLogisticNet((50,), (200,), 3072, num_channels=3)(z).log_prob(x)   # x in 0..255
    """

    def __init__(
        self,
        parents: Sequence[int] | torch.nn.Module,
        hidden: Sequence[int] | None,
        size: int,
        num_levels: int = 256,
        log_scale: Literal["learned", "network"] = "learned",
        num_channels: int = 1,
        num_components: int = 1,
        **network: Any,
    ) -> None:
        super().__init__()
        check_levels(num_levels)
        check_choice("log_scale", log_scale, ("learned", "network"))
        check_size("num_channels", num_channels)
        check_size("num_components", num_components)
        if size % num_channels:
            raise ValueError(f"num_channels: got {num_channels}, want a divisor of the {size} features")
        largest = num_levels - 1
        self.support = constraints.integer_interval(0, largest)
        self.wanted, self.scale = f"integers from 0 to {largest}", largest
        self.size, self.num_levels = size, num_levels
        self.num_channels, self.num_components = num_channels, num_components
        self.trunk = trunk_of(parents, hidden, **network)
        self.loc = self.trunk.head(size * num_components)
        if log_scale == "learned":
            self.log_scale = torch.nn.Parameter(torch.zeros(num_channels, num_components))
        else:
            self.log_scale = self.trunk.head(size * num_components)
        if num_components > 1:
            self.weight_logits = self.trunk.head(size * num_components)

    def forward(self, *parents: torch.Tensor) -> dist.Independent:
        h = self.trunk(*parents)
        begin = (torch.arange(self.num_components).to(self.loc.weight) + 0.5) / self.num_components
        loc = begin + self._by_feature(self.loc(*h))
        if isinstance(self.log_scale, torch.nn.Parameter):
            v = self.log_scale.repeat(self.size // self.num_channels, 1)  # (D, M)
        else:
            v = self._by_feature(self.log_scale(*h))
        log_scale = BoundedLogVariance.apply(v - 2)
        if self.num_components == 1:
            return self.row_of(DiscretizedLogistic(loc.squeeze(-1), log_scale.squeeze(-1), self.num_levels))
        weights = dist.Categorical(logits=self._by_feature(self.weight_logits(*h)))
        return self.row_of(dist.MixtureSameFamily(weights, DiscretizedLogistic(loc, log_scale, self.num_levels)))

    def _by_feature(self, out):
        """Outputs ``(..., D M)`` reshaped to ``(..., D, M)``."""
        return out.unflatten(-1, (self.size, self.num_components))


class MixedNet(CellsNet):
    """Normal, Bernoulli and categorical columns in one row (Nazabal et al. 2020, HI-VAE).

    log p(x) = sum_normal log N(x_d; mu_d, sigma_d^2) + sum_bernoulli [x_d log pi_d + (1 - x_d) log(1 - pi_d)]
               + sum_categorical sum_k x_dk log pi_dk

    A categorical column of C categories is C cells of x, one-hot. A row has one cell for each other column. A missing
    category is NaN in all of its cells. The mean of a categorical column is the probabilities of its categories.

    Arguments, shapes and attributes as for ``NormalNet``, and also:

    Args:
        size: number of cells: a column each, but C for a categorical column.
        columns: for each column ``"normal"``, ``"bernoulli"`` or ``("categorical", C)``.

    Raises:
        ValueError: for another kind of column, another number of cells, or networks for images.

    Example::

        net = MixedNet((50,), (200,), 6, columns=("normal", "bernoulli", ("categorical", 4)))
        net(z).log_prob(torch.tensor([1.7, 1, 0, 0, 1, 0]))     # (B,)
    """

    wanted, scale = "real numbers, values in [0, 1] in Bernoulli columns, and one-hot cells in categorical ones", 1
    places: torch.Tensor

    def __init__(
        self,
        parents: Sequence[int] | torch.nn.Module,
        hidden: Sequence[int] | None,
        size: int,
        columns: Sequence[Option],
        scale_head: str = "log_variance",
        **network: Any,
    ) -> None:
        super().__init__()
        check_choice("scale_head", scale_head, SCALE_HEADS)
        self.support, self.scale_head = MixedValues(columns), scale_head
        if size != sum(self.support.widths):
            raise ValueError(f"size: got {size}, want {sum(self.support.widths)}, the cells of the columns {columns}")
        self.trunk = trunk_of(parents, hidden, **network)
        if not isinstance(self.trunk, Trunk):
            raise ValueError("likelihood: got 'mixed' with networks for images, want one likelihood for all pixels")
        cells = list(zip(columns, torch.arange(size).split(self.support.widths), strict=True))
        normal, bernoulli = ([place for column, place in cells if column == k] for k in ("normal", "bernoulli"))
        categorical = [place for column, place in cells if not isinstance(column, str)]
        self.sizes = [len(bernoulli), *map(len, categorical)]
        self.register_buffer("places", torch.cat([*normal, *bernoulli, *categorical]), persistent=False)
        if normal:
            self.loc = self.trunk.head(len(normal))
            self.add_module(SCALE_HEADS[scale_head][0], self.trunk.head(len(normal)))
        if sum(self.sizes):
            self.logits = self.trunk.head(sum(self.sizes))

    def forward(self, *parents: torch.Tensor) -> torch.distributions.Distribution:
        h, parts = self.trunk(*parents), []
        if hasattr(self, "loc"):
            head, sigma = SCALE_HEADS[self.scale_head]
            parts.append(dist.Normal(self.loc(*h), sigma(getattr(self, head)(*h))))
        if hasattr(self, "logits"):
            switches, *categories = self.logits(*h).split(self.sizes, -1)
            parts += [GreyBernoulli(logits=switches)] if self.sizes[0] else []
            parts += map(OneHotCells, categories)
        return self.row_of(MixedCells(parts, self.places))


LIKELIHOODS = {
    "bernoulli": BernoulliNet,
    "binomial": BinomialNet,
    "categorical": LevelsNet,
    "discretized_logistic": DiscretizedLogisticNet,
    "mixed": MixedNet,
    "normal": NormalNet,
}


MISSING = ("mask", "zeros")  # how networks read a cell that was not observed


def check_missing(missing: str | None) -> None:
    """Raise ``ValueError`` unless ``missing`` is None or one of ``MISSING``."""
    if missing is not None:
        check_choice("missing", missing, MISSING)


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
        ValueError: if there is no such likelihood; the message names the choices.

    Example::

        likelihood_net("bernoulli", parents=(50, 10), hidden=(500,), size=784)
    """
    name, options = (likelihood, {}) if isinstance(likelihood, str) else likelihood
    check_choice("likelihood", name, LIKELIHOODS)
    if name in ("normal", "mixed"):
        options = {"scale_head": scale_head} | options
    batch_norm = True if batch_norm == "heads" else batch_norm
    net = LIKELIHOODS[name](parents, hidden, size, batch_norm=batch_norm, **options, **network)
    check_missing(missing)
    if missing is not None:
        net.missing, net.support = missing, OrMissing(net.support)
        net.wanted = f"{net.wanted}, or NaN for a missing cell"
    return net
