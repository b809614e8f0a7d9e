"""What an experiment is, as data, and the one function that runs it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import pyro
import torch
from pyro.infer import Trace_ELBO, TraceEnum_ELBO
from pyro.optim import LambdaLR

from pyrodgm.checks import check_values
from pyrodgm.data import Batches, Dataset, Rows, alpha, binarise, load, select_labels
from pyrodgm.evaluate import bound, classification_error
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO
from pyrodgm.models import DeepGenerativeModel
from pyrodgm.train import fit


@dataclass(frozen=True)
class Recipe:
    """A complete experiment.

    Args:
        name: what the command line calls it.
        summary: one line.
        source: the paper, table or section, whose setting it is.
        paper: the paper's figure, in words.
        deviations: where the setting is not the paper's, and what chose it.
        data: name of the data set and its options.
        model: class of the model and its arguments, less those the data decide.
        num_labels: labels kept, spread evenly over the classes; None for an unsupervised model.
        beta: the class term's constant, see ``pyrodgm.data.alpha``.
        num_particles: Monte Carlo samples of the latents a step, vectorised.
        epochs, batch_size, learning_rate: as they say; every batch holds all labelled rows besides.
        decay_from: share of the epochs after which the learning rate falls linearly to a hundredth; 1 for never.
        warm_up_epochs: epochs over which the continuous latents' temperature rises to 1.
        resample: drawn anew before every epoch, see ``Batches``.
        milestones: epochs whose test error is reported too.
        baselines: dict from a name to a function of (recipe, data, rows, seed) that returns a test error in per cent.
    """

    name: str
    summary: str
    source: str
    paper: str
    deviations: str
    data: tuple[str, dict]
    model: tuple[type[DeepGenerativeModel], dict]
    epochs: int
    batch_size: int
    learning_rate: float
    num_labels: int | None = None
    beta: float = 0.1
    num_particles: int = 1
    decay_from: float = 1.0
    warm_up_epochs: int = 0
    resample: Callable | None = None
    milestones: tuple[int, ...] = ()
    baselines: dict[str, Callable] = field(default_factory=dict)


class Outcome(NamedTuple):
    """A trained model and what was measured of it: figures by name, and the history of its training."""

    model: DeepGenerativeModel
    data: Dataset
    labelled: Rows | None
    figures: dict
    history: list


def prepare(recipe, seed=0, device="cpu"):
    """The data, the labelled rows and the untrained model of a recipe.

    Returns:
        ``Dataset``, the indices of the labelled rows (or None), and the model, on ``device``.
    """
    pyro.set_rng_seed(seed)
    data = load(recipe.data[0], **recipe.data[1])
    model_class, options = recipe.model
    if recipe.num_labels is None:
        rows, sizes = None, {"x_size": data.x_size}
    else:
        rows = select_labels(data.train.y, recipe.num_labels, data.num_classes, seed).to(device)
        sizes = {"x_size": data.x_size, "num_classes": data.num_classes}
    return data.to(device), rows, model_class(**sizes, **options).to(device)


def run(recipe, seed=0, device="cpu", progress=True):
    """Train the recipe's model and measure it as its paper does.

    Figures: ``"test error"`` and ``"validation error"`` in per cent with 100 samples of ``a`` where there is one,
    those of the baselines and the milestones, ``"test bound"`` in nats, ``"seconds"`` of training.

    Args:
        recipe: a ``Recipe``.
        seed: fixes the labels, the initial parameters and the noise.
        device: where to train.
        progress: show a bar.

    Returns:
        An ``Outcome``.

    Example::

        run(RECIPES["digits"], seed=1).figures["test error"]
    """
    data, rows, model = prepare(recipe, seed, device)
    check_values("x", data.train.x, model.p_x.support, model.p_x.wanted)
    labelled = None if rows is None else Rows(data.train.x[rows], data.train.y[rows])
    optimiser = LambdaLR(
        {
            "optimizer": torch.optim.Adam,
            "optim_args": {"lr": recipe.learning_rate},
            "lr_lambda": lambda epoch: _decay(epoch / recipe.epochs, recipe.decay_from),
        }
    )
    svi = CompiledSVI(model.model, model.guide, optimiser, _objective(recipe, len(data.train.x)))
    batches = Batches(data.train.x, recipe.batch_size, labelled, resample=recipe.resample, seed=seed)

    def measure(epoch):
        if labelled is None:
            return {"validation bound": bound(model, _observed(recipe, data.validation.x))} if epoch % 5 == 0 else {}
        figures = {"validation error": classification_error(model, *data.validation)}
        if epoch in recipe.milestones:
            figures["test error"] = classification_error(model, *data.test)
        return figures

    with pyro.validation_enabled(False):
        history = fit(
            svi, batches, recipe.epochs, recipe.warm_up_epochs, measure, progress=progress, description=recipe.name
        )
        figures = _figures(recipe, model, data)
    figures |= {f"test error, epoch {row['epoch']}": row["test error"] for row in history if "test error" in row}
    for name, baseline in recipe.baselines.items():
        figures[f"{name} test error"] = baseline(recipe, data, rows, seed)
    return Outcome(model, data, labelled, figures | {"seconds": history[-1]["seconds"]}, history)


def _observed(recipe, x):
    """The rows that the bound is of: a model of binarised rows has no bound of grey ones."""
    return binarise(x, torch.Generator(x.device).manual_seed(0)) if recipe.resample is binarise else x


def _objective(recipe, num_rows):
    if recipe.num_labels is None:
        return Trace_ELBO(max_plate_nesting=1, num_particles=recipe.num_particles, vectorize_particles=True)
    elbo = TraceEnum_ELBO(max_plate_nesting=1, num_particles=recipe.num_particles, vectorize_particles=True)
    return SemiSupervisedELBO(elbo, alpha(recipe.beta, recipe.num_labels, num_rows - recipe.num_labels))


def _decay(progress, start):
    """The learning rate's factor: 1 up to ``start``, then linearly down to a hundredth."""
    return 1.0 if progress <= start else max(0.01, (1 - progress) / (1 - start))


def _figures(recipe, model, data):
    figures = {"test bound": bound(model, _observed(recipe, data.test.x), num_samples=10)}
    if recipe.num_labels is not None:
        options = {"num_samples": 100} if hasattr(model, "q_a") else {}
        figures["validation error"] = classification_error(model, *data.validation, **options)
        figures["test error"] = classification_error(model, *data.test, **options)
    return figures
