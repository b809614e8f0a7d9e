"""The deterministic part of every network: h_M = NN(parents) (Maaløe et al. 2016, eq. 16)."""

from itertools import pairwise

import torch
import torch.nn.functional as F

from pyrodgm.checks import check_choice
from pyrodgm.distributions.one_hot import known_classes
from pyrodgm.nn.batch_norm import BatchNorm
from pyrodgm.nn.precision import PRECISIONS, warn_where_slow

ACTIVATIONS = {
    "relu": F.relu,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "leaky_relu": lambda h: F.leaky_relu(h, 0.1),
    "elu": F.elu,
}
MANY_CLASSES = 100  # from which a row of the weight is read in less time than a one-hot product takes


class Linear(torch.nn.Linear):
    """A linear layer over several parents: W [p_1; p_2; ...] + b, computed as W_1 p_1 + W_2 p_2 + ... + b.

    Each product is made at its parent's own shape and only the sum is broadcast, so that with y enumerated to
    ``(K, 1, K)`` and x at ``(B, D)`` the D-wide product is done B times, not K B times. The weight is the
    concatenated layer's, and so is the result.

    Args:
        parents: sizes of the parents, in the order of the call.
        size: number of outputs.
        init: ``"glorot"`` (uniform, Glorot and Bengio 2010) or the standard deviation of a normal around zero.
            Biases start at zero.
        precision: ``"float32"``, or ``"bfloat16"`` to compute and return the sum in that type; the parameters, and
            with them the optimiser, keep their own. It warns, once, on a device that is slow in it, see
            ``fast_bfloat16``.

    Shapes:
        parents ``(..., p_i)`` that broadcast against each other; out ``(..., size)``.

    Example::

        Linear((784, 10), 500)(x, y)            # x (B, 784), y (K, 1, 10): (K, B, 500)
    """

    def __init__(self, parents, size, init="glorot", precision="float32"):
        check_choice("precision", precision, PRECISIONS)
        self.parents, self.init, self.precision = tuple(parents), init, precision
        super().__init__(sum(self.parents), size)
        self.register_module("posterior", None)  # of its weights, see ``give_posteriors``

    def reset_parameters(self):
        if isinstance(self.init, (int, float)) and self.init > 0:
            torch.nn.init.normal_(self.weight, std=self.init)
        else:
            check_choice("init", self.init, ("glorot", "a positive standard deviation"))
            torch.nn.init.xavier_uniform_(self.weight)
        torch.nn.init.zeros_(self.bias)

    def forward(self, *parents):
        return self.combine(self.weight, parents) if self.posterior is None else self.posterior(self, *parents)

    def combine(self, weight, parents):
        """The sum over the parents by the weights given, those of the layer or masked ones."""
        if len(parents) != len(self.parents):
            raise ValueError(f"parents: got {len(parents)} tensors, want {len(self.parents)} of sizes {self.parents}")
        bias, classes = self.bias, [_many_classes(*pair) for pair in zip(parents, self.parents, strict=True)]
        dtype = PRECISIONS[self.precision]
        if dtype is not None:
            warn_where_slow(weight.device, "want precision='float32' here")
            weight, bias, parents = weight.to(dtype), bias.to(dtype), [parent.to(dtype) for parent in parents]
        if len(parents) == 1 and classes[0] is None:
            return F.linear(parents[0], weight, bias)
        weights = weight.split(self.parents, dim=1)
        terms = [
            F.linear(parent, part) if index is None else _Read.apply(part, index)
            for parent, part, index in zip(parents, weights, classes, strict=True)
        ]
        terms.sort(key=_spread)  # what broadcasts first, so that few sums are made at the full shape
        return sum(terms[1:], terms[0] + bias)


class Head(Linear):
    """A linear layer on top of a trunk, in the type of its parameters whatever the trunk computes in.

    Arguments and shapes as for ``Linear``, and ``normalised``, which adds batch normalisation of the outputs.
    """

    def __init__(self, parents, size, init="glorot", precision="float32", normalised=False):
        super().__init__(parents, size, init, precision)
        self.norm = BatchNorm(size) if normalised else None

    def forward(self, *features):
        out = super().forward(*features).to(self.weight.dtype)
        return out if self.norm is None else self.norm(out)


class _Read(torch.autograd.Function):
    """W y of one-hot rows y, by their classes ``(...)``: rows of a weight ``(size, K)``.

    Its gradient is laid out as the weight is. An embedding's is the transpose, of which the layer would make a copy.
    """

    @staticmethod
    def forward(ctx, weight, classes):
        ctx.save_for_backward(classes)
        ctx.shape = weight.shape
        return F.embedding(classes, weight.t())

    @staticmethod
    def backward(ctx, gradient):
        (classes,) = ctx.saved_tensors
        by_row = gradient.reshape(-1, gradient.shape[-1]).t()  # (size, rows)
        return by_row.new_zeros(ctx.shape).scatter_add_(1, classes.reshape(1, -1).expand_as(by_row), by_row), None


def _many_classes(parent, size):
    """The class of each row of a parent of so many units; None where there are few, or a product is needed."""
    if size < MANY_CLASSES or parent.shape[-1] != size or parent.requires_grad:
        return None
    return known_classes(parent)


def _spread(term):
    """Orders terms by the shape they fill, without comparing sizes: a size may be symbolic while a graph is traced."""
    return term.dim() - sum(size == 1 for size in term.shape)


class Trunk(torch.nn.Module):
    """Fully connected hidden layers over several parents, the first split by parent.

    Without hidden layers the features are the parents themselves, and a network on top is linear in them.

    Args:
        parents: sizes of the parents.
        hidden: sizes of the hidden layers, any number of them.
        activation: ``relu``, ``softplus``, ``tanh``, ``leaky_relu`` (slope 0.1) or ``elu``.
        batch_norm: normalise each layer's input to the activation; ``"heads"``, the mean and the variance of a latent
            too (Maaløe 2018, sec. 5.1.1), see ``moment_head``.
        init, precision: see ``Linear``.
        dropout: rate of binary dropout while training: of all inputs of a layer, heads' included; or two rates, that
            of the parents and that of the hidden units (Kingma 2017, eqs 6.12-6.15).

    Attributes:
        sizes: sizes of the features, what a head takes as its parents.

    Example::

        trunk = Trunk((784, 10), (500, 500))
        head = trunk.head(50)
        head(*trunk(x, y))
    """

    def __init__(
        self, parents, hidden, activation="relu", batch_norm=False, init="glorot", precision="float32", dropout=0.0
    ):
        super().__init__()
        check_choice("activation", activation, ACTIVATIONS)
        if batch_norm not in (False, True, "heads"):
            raise ValueError(f"batch_norm: got {batch_norm!r}, want False, True or 'heads'")
        self.activation, self.init, self.precision, self.dropout = activation, init, precision, _rates(dropout)
        self.normalised_heads = batch_norm == "heads"
        sizes = [tuple(parents), *((size,) for size in hidden)]
        self.layers = torch.nn.ModuleList(Linear(a, b[0], init, precision) for a, b in pairwise(sizes))
        self.norms = torch.nn.ModuleList(BatchNorm(b[0]) for b in sizes[1:]) if batch_norm else None
        self.sizes = sizes[-1]

    def head(self, size):
        """A linear layer on the features, with ``size`` outputs."""
        return Head(self.sizes, size, self.init, self.precision)

    def moment_head(self, size):
        """The same for the mean or the variance of a latent, which ``batch_norm="heads"`` normalises."""
        return Head(self.sizes, size, self.init, self.precision, self.normalised_heads)

    def forward(self, *parents):
        features = self._dropped(parents, self.dropout[0])
        for i, layer in enumerate(self.layers):
            h = layer(*features)
            if self.norms is not None:
                h = self.norms[i](h)
            features = self._dropped((ACTIVATIONS[self.activation](h),), self.dropout[1])
        return features

    def _dropped(self, features, rate):
        """The features, or while training h d / (1 - p) with d ~ Bernoulli(1 - p)."""
        if rate == 0 or not self.training:
            return features
        return tuple(h * torch.bernoulli(torch.full_like(h, 1 - rate)) / (1 - rate) for h in features)


def _rates(dropout):
    rates = dropout if isinstance(dropout, (tuple, list)) else (dropout, dropout)
    if len(rates) != 2 or not all(isinstance(rate, (int, float)) and 0 <= rate < 1 for rate in rates):
        raise ValueError(f"dropout: got {dropout!r}, want a rate of at least 0 and below 1, or two of them")
    return tuple(rates)


class MLP(torch.nn.Module):
    """A trunk with a linear head: the value itself where other networks return a distribution of it.

    Args:
        parents, hidden, network: as for ``Trunk``.
        size: number of outputs.

    Shapes:
        parents ``(..., p_i)``; out ``(..., size)``.

    Example::

        MLP((784,), (500, 500), 100)(x)         # (B, 100)
    """

    def __init__(self, parents, hidden, size, **network):
        super().__init__()
        self.trunk = Trunk(parents, hidden, **network)
        self.out = self.trunk.head(size)

    def forward(self, *parents):
        return self.out(*self.trunk(*parents))
