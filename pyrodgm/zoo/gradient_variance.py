"""Table 6.1 of Kingma 2017: how noisy gradients are by how weights are drawn, after 10 and 100 epochs on MNIST.

    python -m pyrodgm.zoo.gradient_variance --output results

trains a classifier of three hidden layers by variational dropout of type B, and after each number of epochs measures
the gradients of batches of 1,000 rows by each estimator. Writes ``table-6.1.json``, as ``pyrodgm reproduce`` does.
"""

import argparse
from contextlib import nullcontext
from pathlib import Path

import pyro
import torch
from pyro.infer import TraceMeanField_ELBO

from pyrodgm.handlers import local_reparameterisation
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.isolation import seeded
from pyrodgm.models import BayesianMLP
from pyrodgm.nn.weights import affine, layers_with_posteriors
from pyrodgm.zoo.experiment import load_data
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.results import package_commit, write_results

EPOCHS = (10, 100)
HIDDEN = (300, 300, 300)
ROWS = 1000  # of a batch whose gradient is measured
AT_ONCE = 100  # of which so many weights of their own are held at a time


class weights_by_row(local_reparameterisation):
    """Draw a weight for every row in place of its outputs: what eq. 6.6 spares. The outputs have the same density."""

    def outputs(self, layer, x, posteriors):
        """Those of ``(B, out, in)`` weights, for rows ``(B, in)`` of a layer of type B."""
        (site,) = layer.posterior.sites("w")
        return torch.einsum("bi,boi->bo", x, posteriors[site].rsample((len(x),))) + layer.bias


class mean_weights(local_reparameterisation):
    """Compute with the means: no noise but that of the choice of rows."""

    def outputs(self, layer, x, posteriors):
        """Those of the layer's own parameters, of type B."""
        return affine(x, layer.weight, layer.bias)


ESTIMATORS = {
    "local reparameterisation": local_reparameterisation,
    "weight sample per datum": weights_by_row,
    "weight sample per minibatch": nullcontext,
    "no noise": mean_weights,
}


def gradients(model, x, y, handler):
    """The gradient of minus the bound of the data set, N/M sum_m log p less the divergence, by top and bottom theta.

    Returns:
        Tensors of the shapes of the two layers' weights.
    """
    layers = list(layers_with_posteriors(model).values())
    rows = AT_ONCE if handler is weights_by_row else len(x)  # the mean over parts, as each counts for the data set
    total = [0.0, 0.0]
    for part, labels in zip(x.split(rows), y.split(rows), strict=True):
        with handler():
            loss = TraceMeanField_ELBO().differentiable_loss(model.model, model.guide, part, labels)
        grads = torch.autograd.grad(loss, [layers[-1].weight, layers[0].weight])
        total = [t + g * len(part) / len(x) for t, g in zip(total, grads, strict=True)]
    return total


def variances(model, x, y, handler, batches, seed=0):
    """The variance of a batch's gradient, averaged over the weights of the top and of the bottom layer.

    Rows of a batch are drawn from the data set without replacement.

    Args:
        model: a ``BayesianMLP`` of type B, whose ``data_size`` is that of x.
        x, y: the data set.
        handler: of ``ESTIMATORS``.
        batches: how many gradients.
        seed: of rows and noise.

    Returns:
        Two floats.
    """
    total = [0.0, 0.0], [0.0, 0.0]
    with seeded(seed), pyro.validation_enabled(False):
        for _ in range(batches):
            rows = torch.randperm(len(x))[: min(ROWS, len(x))]
            for layer, g in enumerate(gradients(model, x[rows], y[rows], handler)):
                total[0][layer], total[1][layer] = total[0][layer] + g.double(), total[1][layer] + g.double() ** 2
    means = [(one / batches, two / batches) for one, two in zip(*total, strict=True)]
    return [float((square - mean**2).mean()) * batches / (batches - 1) for mean, square in means]


def measure(epochs=EPOCHS, batches=200, by_row=20, hidden=HIDDEN, seed=0):
    """Train, and measure every estimator after each number of epochs.

    Args:
        epochs: numbers of epochs, rising.
        batches: gradients of each estimator; ``by_row`` of the weight sample per datum, which is slow.
        hidden: sizes of the hidden layers.
        seed: of everything.

    Returns:
        A dict from figure to value.
    """
    pyro.clear_param_store()
    pyro.set_rng_seed(seed)
    x, y = load_data(record(epochs, batches, by_row, hidden)).train
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
                        print(epoch, name, layer, f"{value:.3g}", flush=True)
    return figures


def record(epochs, batches, by_row, hidden):
    """What the table says of itself, as a recipe."""
    return Recipe(
        name="table-6.1",
        summary="Variance of gradients by estimator, variational dropout of type B on MNIST",
        source="Kingma 2017, sec. 6.5.1 and table 6.1",
        paper=(
            "top layer after 10 and 100 epochs: local 7.8e3, 1.2e3; per datum 1.4e4, 2.6e3; per minibatch 4.9e4, "
            "4.3e3; no noise 2.8e3, 5.9e1. Bottom layer: 1.9e2, 1.1e2; 4.3e2, 2.5e2; 8.5e2, 3.3e2; 1.3e2, 9.0"
        ),
        figure="gradient variance",
        deviations=(
            f"Layers of {hidden} units (not stated). 50,000 training images, Adam at 1e-3 without averaging, training "
            f"in batches of 100. {batches} gradients of 1,000 rows an estimator, {by_row} of the weight sample per "
            "datum. One alpha for every input unit of a layer."
        ),
        data=("mnist", {}),
        model=(BayesianMLP, {"hidden": tuple(hidden), "weights": "B"}),
        epochs=max(epochs),
        batch_size=100,
        learning_rate=1e-3,
        objective=("mean_field", {}),
        local_reparameterisation=True,
    )


def reproduce(folder, seeds=1, epochs=EPOCHS, batches=200, by_row=20, hidden=HIDDEN):
    """Measure the table and write it to a folder, as ``pyrodgm reproduce`` does; returns the path of the JSON file."""
    commit, recipe = package_commit(), record(epochs, batches, by_row, hidden)
    given = {"epochs": (epochs, EPOCHS), "hidden": (hidden, HIDDEN)}
    changed = [f"{name}={','.join(map(str, got))}" for name, (got, default) in given.items() if tuple(got) != default]
    runs = {seed: measure(epochs, batches, by_row, hidden, seed) for seed in range(seeds)}
    command = f"python -m pyrodgm.zoo.gradient_variance --seeds {seeds} --batches {batches} --by-row {by_row}"
    command += "".join(f" --{name} {' '.join(map(str, got))}" for name, (got, default) in given.items())
    Path(folder).mkdir(parents=True, exist_ok=True)
    return write_results(folder, recipe, runs, command, "cpu", changed, commit)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, nargs="+", default=EPOCHS, help="numbers of epochs to measure after")
    parser.add_argument("--hidden", type=int, nargs="+", default=HIDDEN, help="sizes of the hidden layers")
    parser.add_argument("--batches", type=int, default=200, help="gradients an estimator")
    parser.add_argument("--by-row", type=int, default=20, help="gradients of the weight sample per datum")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--output", default="results", help="folder of the table")
    args = parser.parse_args()
    sizes = (tuple(args.epochs), args.batches, args.by_row, tuple(args.hidden))
    print(reproduce(args.output, args.seeds, *sizes))
