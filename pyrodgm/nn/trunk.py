"""The deterministic part of every network: h_M = NN(parents) (Maaløe et al. 2016, eq. 16)."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
import torch.nn.functional as F

from pyrodgm.checks import check_choice, is_number, is_size, shown
from pyrodgm.distributions.one_hot import known_classes
from pyrodgm.nn.batch_norm import BatchNorm
from pyrodgm.nn.precision import PRECISIONS, in_precision
from pyrodgm.nn.weight_norm import NormalisedWeight

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": F.relu,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "leaky_relu": lambda h: F.leaky_relu(h, 0.1),
    "elu": F.elu,
}
MANY_CLASSES = 100  # from this number on, indexing the weight is faster than a product with one-hot rows


class Linear(NormalisedWeight, torch.nn.Linear):
    """A linear layer over several parents: W [p_1; p_2; ...] + b, computed as W_1 p_1 + W_2 p_2 + ... + b.

    Each product is computed at the shape of its parent, and only the sum is broadcast. With y enumerated to
    ``(K, 1, K)`` and x of shape ``(B, D)``, the D-wide product is computed B times, not K B times. Weight and result
    are those of a layer on the concatenated parents.

    Args:
        parents: sizes of the parents, in the order of the call.
        size: number of outputs.
        init: ``"glorot"`` (uniform, Glorot and Bengio 2010) or the standard deviation of a normal around zero.
            Biases start at zero.
        precision: ``"float32"``, or ``"bfloat16"`` to compute and return the sum in that dtype. Parameters and
            optimiser keep their own dtype. Warns once on a device that is slow in bfloat16, see ``fast_bfloat16``.
        weight_norm: whether the weights of every output are a length times a direction, see ``NormalisedWeight``.

    Shapes:
        parents ``(..., p_i)`` that broadcast against each other; out ``(..., size)``.

    Example::

        Linear((784, 10), 500)(x, y)            # x (B, 784), y (K, 1, 10): (K, B, 500)
    """

    posterior: Any  # None, or the posterior over the weights, see ``give_posteriors``

    def __init__(
        self,
        parents: Sequence[int],
        size: int,
        init: str | float = "glorot",
        precision: str = "float32",
        weight_norm: bool = False,
    ) -> None:
        check_choice("precision", precision, PRECISIONS)
        self.parents, self.init, self.precision = tuple(parents), init, precision
        super().__init__(sum(self.parents), size)
        self.normalise(weight_norm)
        self.register_module("posterior", None)

    def reset_parameters(self) -> None:
        reset(self, self.init)

    def forward(self, *parents: torch.Tensor) -> torch.Tensor:
        if self.posterior is not None:
            return self.posterior(self, *parents)
        return self.set_by_data(self.combine(self.normalised_weight(), parents))

    def combine(self, weight: torch.Tensor, parents: Sequence[torch.Tensor]) -> torch.Tensor:
        """The sum over the parents with a given weight: that of the layer, or a masked one."""
        if len(parents) != len(self.parents):
            raise ValueError(f"parents: got {len(parents)} tensors, want {len(self.parents)} of sizes {self.parents}")
        try:
            return self._sum_over(parents, weight)
        except RuntimeError as error:  # sizes are not compared beforehand, because they may be symbolic during tracing
            sizes = tuple(parent.shape[-1] if parent.dim() else None for parent in parents)
            if sizes == tuple(self.parents):
                raise
            shapes = ", ".join(str(tuple(parent.shape)) for parent in parents)
            raise ValueError(f"parents: got shapes {shapes}, want last dimensions {tuple(self.parents)}") from error

    def _sum_over(self, parents, weight):
        classes = [_many_classes(*pair) for pair in zip(parents, self.parents, strict=True)]
        weight, bias, *parents = in_precision(self.precision, weight, self.bias, *parents)
        if len(parents) == 1 and classes[0] is None:
            return F.linear(parents[0], weight, bias)
        if any(index is not None for index in classes):
            parts = _Parts.apply(weight, self.parents, *classes)
        else:
            parts = weight.split(self.parents, dim=1)
        terms = [
            F.linear(parent, part) if index is None else part
            for parent, part, index in zip(parents, parts, classes, strict=True)
        ]
        return sum_of_terms([*terms, bias])


def reset(layer: NormalisedWeight, init: str | float) -> None:
    """Draw the weights of a layer by ``init``, see ``Linear``, and set its bias to zero."""
    if is_number(init) and init > 0:
        torch.nn.init.normal_(layer.weight, std=init)
    else:
        check_choice("init", init, ("glorot", "a positive standard deviation"))
        torch.nn.init.xavier_uniform_(layer.weight)
    torch.nn.init.zeros_(layer.bias)


class Head(Linear):
    """A linear layer on top of a trunk. It returns its parameters' dtype, whatever the precision of the trunk.

    Arguments and shapes as for ``Linear``; ``normalised=True`` adds batch normalisation of the outputs.
    """

    def __init__(self, parents: Sequence[int], size: int, normalised: bool = False, **linear: Any) -> None:
        super().__init__(parents, size, **linear)
        self.norm = BatchNorm(size) if normalised else None

    def forward(self, *features: torch.Tensor) -> torch.Tensor:
        out = super().forward(*features).to(self.weight.dtype)
        return out if self.norm is None else self.norm(out)


class _Parts(torch.autograd.Function):
    """Splits a weight ``(size, sum of parents)`` by parent: into columns W, or W y for one-hot rows y of known classes.

    The gradient has the layout of the weight and is written once. The gradient of ``split`` would copy all parts, and
    that of ``embedding`` is transposed.
    """

    @staticmethod
    def forward(ctx, weight, sizes, *classes):
        ctx.sizes, ctx.classes = sizes, classes
        parts = weight.split(sizes, dim=1)
        read = [p if c is None else F.embedding(c, p.t()) for p, c in zip(parts, classes, strict=True)]
        return tuple(read)

    @staticmethod
    def backward(ctx, *gradients):
        parts, read, begin = [], [], 0
        for gradient, size, classes in zip(gradients, ctx.sizes, ctx.classes, strict=True):
            if classes is None:
                parts.append(gradient)
            else:
                by_row = gradient.reshape(-1, gradient.shape[-1]).t()  # (size, rows)
                parts.append(by_row.new_zeros(()).expand(len(by_row), size))
                read.append(((begin + classes).reshape(1, -1).expand_as(by_row), by_row))
            begin += size
        whole = torch.cat(parts, 1)
        for index, by_row in read:
            whole.scatter_add_(1, index, by_row)
        return whole, None, *(None for _ in ctx.classes)


def _many_classes(parent, size):
    """The class of each row of a parent with ``size`` units; None if there are few classes or a product is needed."""
    if size < MANY_CLASSES or parent.shape[-1] != size or parent.requires_grad:
        return None
    return known_classes(parent)


def sum_of_terms(terms: Sequence[torch.Tensor]) -> torch.Tensor:
    """The sum of the terms, small shapes first, so that few additions are done at the full shape."""
    first, *others = sorted(terms, key=_spread)
    return sum(others, first)


def _spread(term):
    """Sort key for the shape of a term. Sizes are not compared, because they may be symbolic during tracing."""
    return term.dim() - sum(size == 1 for size in term.shape)


class Trunk(torch.nn.Module):
    """Fully connected hidden layers over several parents; the first layer is split by parent, see ``Linear``.

    Without hidden layers, the features are the parents themselves, and a network on top is linear in them.

    Args:
        parents: sizes of the parents.
        hidden: sizes of the hidden layers, any number of them.
        activation: ``relu``, ``softplus``, ``tanh``, ``leaky_relu`` (slope 0.1) or ``elu``.
        batch_norm: whether to normalise the input of each activation; ``"heads"`` also normalises the mean and the
            variance of a latent (Maaløe 2018, sec. 5.1.1), see ``moment_head``.
        init, precision, weight_norm: see ``Linear``.
        dropout: rate of binary dropout while training, for the inputs of all layers, heads included; or two rates, one
            for the parents and one for the hidden units (Kingma 2017, eqs 6.12-6.15).

    Attributes:
        sizes: sizes of the features, which are the parents of a head.
        linear: ``init``, ``precision`` and ``weight_norm`` by name, for layers on top.

    Example::

        trunk = Trunk((784, 10), (500, 500))
        head = trunk.head(50)
        head(*trunk(x, y))
    """

    def __init__(
        self,
        parents: Sequence[int],
        hidden: Sequence[int],
        activation: str = "relu",
        batch_norm: bool | Literal["heads"] = False,
        init: str | float = "glorot",
        precision: str = "float32",
        dropout: float | Sequence[float] = 0.0,
        weight_norm: bool = False,
    ) -> None:
        super().__init__()
        check_choice("activation", activation, ACTIVATIONS)
        if batch_norm not in (False, True, "heads"):
            raise ValueError(f"batch_norm: got {batch_norm!r}, want False, True or 'heads'")
        _check_hidden(hidden)
        self.activation, self.dropout = activation, _rates(dropout)
        self.linear: dict[str, Any] = {"init": init, "precision": precision, "weight_norm": weight_norm}
        self.normalised_heads = batch_norm == "heads"
        sizes = [tuple(parents), *((size,) for size in hidden)]
        self.layers = torch.nn.ModuleList(Linear(a, b[0], **self.linear) for a, b in pairwise(sizes))
        self.norms = torch.nn.ModuleList(BatchNorm(b[0]) for b in sizes[1:]) if batch_norm else None
        self.sizes = sizes[-1]

    def head(self, size: int) -> Head:
        """A linear layer on the features, with ``size`` outputs."""
        return Head(self.sizes, size, **self.linear)

    def moment_head(self, size: int) -> Head:
        """As ``head``, for the mean or the variance of a latent; normalised with ``batch_norm="heads"``."""
        return Head(self.sizes, size, self.normalised_heads, **self.linear)

    def forward(self, *parents: torch.Tensor) -> tuple[torch.Tensor, ...]:
        features = self._dropped(parents, self.dropout[0])
        for i, layer in enumerate(self.layers):
            h = layer(*features)
            if self.norms is not None:
                h = self.norms[i](h)
            features = self._dropped((ACTIVATIONS[self.activation](h),), self.dropout[1])
        return features

    def _dropped(self, features, rate):
        """The features; while training h d / (1 - p), with d ~ Bernoulli(1 - p)."""
        if rate == 0 or not self.training:
            return features
        return tuple(h * torch.bernoulli(torch.full_like(h, 1 - rate)) / (1 - rate) for h in features)


def trunk_of(parents: Sequence[int] | torch.nn.Module, hidden: Sequence[int] | None, **network: Any) -> Any:
    """The trunk of a network: ``parents`` if it is a trunk already, else a ``Trunk`` over parents of these sizes.

    A trunk is a module that returns a tuple of features. Its ``head(size)`` and ``moment_head(size)`` make layers on
    the features that return ``(..., size)``; ``sizes`` and ``linear`` are as for ``Trunk``. ``hidden`` and the options
    are ignored if ``parents`` is a trunk.
    """
    if isinstance(parents, torch.nn.Module):
        return parents
    return Trunk(parents, hidden, **network)  # type: ignore[arg-type]  # hidden is None only with a trunk


def _check_hidden(hidden):
    if not isinstance(hidden, Sequence) or not all(map(is_size, hidden)):
        raise ValueError(f"hidden: got {hidden!r}, want a tuple of positive ints, a size for each hidden layer")


def _rates(dropout):
    rates = dropout if isinstance(dropout, (tuple, list)) else (dropout, dropout)
    if len(rates) != 2 or not all(is_number(rate) and 0 <= rate < 1 for rate in rates):
        raise ValueError(f"dropout: got {shown(dropout)}, want a rate of at least 0 and below 1, or two of them")
    return tuple(rates)


class MLP(torch.nn.Module):
    """A trunk with a linear head. It returns a value, whereas other networks return a distribution.

    Args:
        parents, hidden, network: as for ``Trunk``.
        size: number of outputs.

    Shapes:
        parents ``(..., p_i)``; out ``(..., size)``.

    Example::

        MLP((784,), (500, 500), 100)(x)         # (B, 100)
    """

    def __init__(self, parents: Sequence[int], hidden: Sequence[int], size: int, **network: Any) -> None:
        super().__init__()
        self.trunk = Trunk(parents, hidden, **network)
        self.out = self.trunk.head(size)

    def forward(self, *parents: torch.Tensor) -> torch.Tensor:
        return self.out(*self.trunk(*parents))
