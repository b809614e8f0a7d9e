"""Table 6.1 of Kingma 2017: gradient variance by weight sampling scheme, after 10 and 100 epochs on MNIST.

    pyrodgm reproduce table-6.1 --seeds 1

This trains a classifier with three hidden layers by variational dropout of type B. After each number of epochs, it
measures the gradient variance of every estimator on batches of 1,000 rows. All of it is one part.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pyro
import pyro.distributions as dist
import torch
from pyro.infer import TraceMeanField_ELBO

from pyrodgm.data import load
from pyrodgm.handlers import local_reparameterisation
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.isolation import seeded
from pyrodgm.models import BayesianMLP
from pyrodgm.nn.trunk import Linear
from pyrodgm.nn.weights import affine, layers_with_posteriors
from pyrodgm.zoo.experiment import Experiment, Measured

ROWS = 1000  # rows per measured gradient
AT_ONCE = 100  # rows at a time where each row has its own weight sample


class weights_by_row(local_reparameterisation):
    """Draw a weight sample per row, not per output as in eq. 6.6. The outputs have the same density."""

    def outputs(self, layer: Linear, x: torch.Tensor, posteriors: dict[str, dist.Distribution]) -> torch.Tensor:
        """Outputs of a type B layer for rows ``(B, in)``, with weights ``(B, out, in)``."""
        (site,) = layer.posterior.sites
        return torch.einsum("bi,boi->bo", x, posteriors[site].rsample((len(x),))) + layer.bias


class mean_weights(local_reparameterisation):
    """Use the mean weights: the only noise left is the choice of rows."""

    def outputs(self, layer: Linear, x: torch.Tensor, posteriors: dict[str, dist.Distribution]) -> torch.Tensor:
        """Outputs of a type B layer with its mean weights."""
        return affine(x, layer.weight, layer.bias)


ESTIMATORS = {
    "local reparameterisation": local_reparameterisation,
    "weight sample per datum": weights_by_row,
    "weight sample per minibatch": nullcontext,
    "no noise": mean_weights,
}


def gradients(
    model: BayesianMLP, x: torch.Tensor, y: torch.Tensor, handler: Callable[[], AbstractContextManager[Any]]
) -> list[torch.Tensor]:
    """Gradient of the negative bound with respect to the weights of the top and the bottom layer.

    The bound is that of the whole data set: N/M sum_m log p - KL.

    Returns:
        A list of two tensors, of the shapes of the two layers' weights.
    """
    layers = list(layers_with_posteriors(model).values())
    rows = AT_ONCE if handler is weights_by_row else len(x)  # average over parts: each estimates the whole bound
    total: list[Any] = [0.0, 0.0]
    for part, labels in zip(x.split(rows), y.split(rows), strict=True):
        with handler():
            loss = TraceMeanField_ELBO().differentiable_loss(model.model, model.guide, part, labels)
        grads = torch.autograd.grad(loss, [layers[-1].weight, layers[0].weight])
        total = [t + g * len(part) / len(x) for t, g in zip(total, grads, strict=True)]
    return total


def variances(
    model: BayesianMLP,
    x: torch.Tensor,
    y: torch.Tensor,
    handler: Callable[[], AbstractContextManager[Any]],
    batches: int,
    seed: int = 0,
) -> list[float]:
    """Variance of a batch's gradient, averaged over the weights of the top and of the bottom layer.

    The rows of a batch are drawn from the data set without replacement.

    Args:
        model: a ``BayesianMLP`` of type B with ``data_size = len(x)``.
        x, y: the data set.
        handler: a value of ``ESTIMATORS``.
        batches: number of gradients.
        seed: fixes rows and noise.

    Returns:
        Two floats, top and bottom.
    """
    total: tuple[list[Any], list[Any]] = [0.0, 0.0], [0.0, 0.0]
    with seeded(seed), pyro.validation_enabled(False):
        for _ in range(batches):
            rows = torch.randperm(len(x))[: min(ROWS, len(x))]
            for layer, g in enumerate(gradients(model, x[rows], y[rows], handler)):
                total[0][layer], total[1][layer] = total[0][layer] + g.double(), total[1][layer] + g.double() ** 2
    means = [(one / batches, two / batches) for one, two in zip(*total, strict=True)]
    return [float((square - mean**2).mean()) * batches / (batches - 1) for mean, square in means]


def measure(part: str, seed: int, epochs: Sequence[int], batches: int, by_row: int, hidden: Sequence[int]) -> Measured:
    """Train, and measure every estimator after each number of epochs.

    Args:
        part: the only part.
        seed: fixes parameters, rows and noise.
        epochs: increasing numbers of epochs.
        batches: gradients per estimator.
        by_row: gradients for the slow estimator with one weight sample per datum.
        hidden: sizes of the hidden layers.
    """
    pyro.clear_param_store()
    pyro.set_rng_seed(seed)
    x, y = load("mnist").train
    model = BayesianMLP(x.shape[1], 10, hidden, len(x), weights="B")
    svi = CompiledSVI(model.model, model.guide, Optimizer(torch.optim.Adam, {"lr": 1e-3}), TraceMeanField_ELBO())
    figures = {}
    with pyro.validation_enabled(False):
        for epoch in range(1, max(epochs) + 1):
            with local_reparameterisation():
                for rows in torch.randperm(len(x)).split(100)[: len(x) // 100]:
                    svi.step(x[rows], y[rows])
            if epoch in epochs:
                for name, handler in ESTIMATORS.items():
                    count = by_row if handler is weights_by_row else batches
                    for layer, value in zip(("top", "bottom"), variances(model, x, y, handler, count), strict=True):
                        figures[f"gradient variance, {name}, {layer} layer, epoch {epoch}"] = value
    return Measured(figures)


def experiments() -> list[Experiment]:
    """The one experiment."""
    return [
        Experiment(
            name="table-6.1",
            summary="Variance of gradients by estimator, variational dropout of type B on MNIST",
            source="Kingma 2017, sec. 6.5.1 and table 6.1",
            paper=(
                "top layer after 10 and 100 epochs: local 7.8e3, 1.2e3; per datum 1.4e4, 2.6e3; per minibatch 4.9e4, "
                "4.3e3; no noise 2.8e3, 5.9e1. Bottom layer: 1.9e2, 1.1e2; 4.3e2, 2.5e2; 8.5e2, 3.3e2; 1.3e2, 9.0"
            ),
            figure="gradient variance, local reparameterisation, top layer, epoch 10",
            deviations=(
                "Layers of {hidden} units (not stated). 50,000 training images; Adam at 1e-3 without parameter "
                "averaging, in batches of 100. {batches} gradients of 1,000 rows per estimator, and {by_row} for the "
                "weight sample per datum. Each input unit of a layer has its own alpha."
            ),
            settings={"epochs": (10, 100), "batches": 200, "by_row": 20, "hidden": (300, 300, 300)},
            parts=("all estimators",),
            measure=measure,
            model="BayesianMLP",
        )
    ]
