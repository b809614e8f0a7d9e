"""Train a recipe's model and measure it as its paper does."""

import inspect
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyro
import torch
from pyro.infer import Trace_ELBO, TraceEnum_ELBO

from pyrodgm import data as preprocessing
from pyrodgm.checks import check_choice, check_values
from pyrodgm.data import Batches, Dataset, Rows, alpha, binarise, load, resample_counts, select_labels
from pyrodgm.evaluate import bound, classification_error, log_likelihood
from pyrodgm.infer import CompiledSVI, Optimiser, SemiSupervisedELBO
from pyrodgm.models import DeepGenerativeModel
from pyrodgm.train import fit, linear_decay, step_decay
from pyrodgm.train.parallel import is_first, joint_gradients, share
from pyrodgm.zoo.baselines import BASELINES
from pyrodgm.zoo.results import unit

RESAMPLE = {"binarise": binarise, "resample_counts": resample_counts}
SCHEDULES = {"step": step_decay, "linear": linear_decay}


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
    data = load_data(recipe)
    model_class, options = recipe.model
    sizes = {"x_size": data.x_size}
    rows = None
    if has_classes(model_class):
        sizes["num_classes"] = data.num_classes
        if recipe.num_labels is None:
            rows = preprocessing.labelled_rows(data.train.y).to(device)
        else:
            rows = select_labels(data.train.y, recipe.num_labels, data.num_classes, seed).to(device)
    return data.to(device), rows, model_class(**sizes, **options).to(device)


def load_data(recipe):
    """A recipe's data, preprocessed, on the CPU."""
    data = load(recipe.data[0], **recipe.data[1])
    for name, options in recipe.preprocess:
        check_choice("preprocess", name, ("dequantise", "keep_varying", "project", "standardise"))
        data = getattr(preprocessing, name)(data, **options)
    return data


def has_classes(model_class):
    """Whether a class of models has a y."""
    return "num_classes" in inspect.signature(model_class).parameters


def train(recipe, seed=0, device="cpu", folder=None, progress=True, tensorboard=False):
    """Train the recipe's model.

    Args:
        recipe: a ``Recipe``.
        seed: fixes the labels, the initial parameters and the noise.
        device: where to train.
        folder: where the run is saved and found again, see ``pyrodgm.train.fit``; or None.
        progress: show a bar.
        tensorboard: log to the folder for TensorBoard.

    Returns:
        The data, the labelled rows' indices, the model, and the history.
    """
    data, rows, model = prepare(recipe, seed, device)
    x = data.train.x
    check_values("x", x, model.p_x.support, model.p_x.wanted)
    labelled = None if rows is None else Rows(x[rows], data.train.y[rows])
    svi = CompiledSVI(model.model, model.guide, _optimiser(recipe, len(x)), _objective(recipe, model, rows, len(x)))
    resample = None
    if recipe.resample is not None:
        name, options = recipe.resample

        def resample(x, generator):
            return RESAMPLE[name](x, generator=generator, **options)

    batches = Batches(x, recipe.batch_size, labelled, recipe.labelled_batch_size, resample, seed, share())

    def measure(epoch):
        figures = {}
        with fixed_noise(0):
            if epoch % recipe.measure_every == 0 or epoch == recipe.epochs:
                validation = observed(recipe, data.validation.x)
                figures["validation bound"] = bound(model, validation[:1000])
                if labelled is not None:
                    figures["validation error"] = classification_error(model, *_labelled(data.validation))
            if labelled is not None and epoch in recipe.milestones:
                figures["test error"] = classification_error(model, *_labelled(data.test))
        return figures

    with pyro.validation_enabled(False):
        history = fit(
            svi,
            batches,
            recipe.epochs,
            warm_up_epochs=recipe.warm_up_epochs,
            average=recipe.average,
            measure=measure,
            monitor=recipe.monitor,
            mode="max" if recipe.monitor == "validation bound" else "min",
            patience=recipe.patience,
            folder=folder,
            about=recipe.training() | {"seed": seed},
            tensorboard=tensorboard,
            progress=progress,
            description=recipe.name,
        )
    return data, rows, model, history


def measure(recipe, model, data):
    """The figures of a trained model: test bound, log-likelihood and errors.

    A classifier that averages over a latent takes 100 samples of it.
    Bounds and log-likelihoods are in nats, errors in per cent.
    """
    with fixed_noise(0), pyro.validation_enabled(False):
        x = observed(recipe, data.test.x)
        figures = {"test bound": bound(model, x, num_samples=10)}
        if recipe.importance_samples:
            rows = x[: recipe.importance_rows]
            estimate = log_likelihood(model, rows, num_samples=recipe.importance_samples)
            figures |= {"test log p(x)": estimate.mean, "its standard error over the rows": estimate.standard_error}
        if has_classes(type(model)):
            samples = "num_samples" in inspect.signature(model.classifier).parameters
            options = {"num_samples": 100} if samples else {}
            figures["validation error"] = classification_error(model, *_labelled(data.validation), **options)
            figures["test error"] = classification_error(model, *_labelled(data.test), **options)
    return figures


def run(recipe, seed=0, device="cpu", progress=True, folder=None, tensorboard=False):
    """Train the recipe's model and measure it as its paper does.

    Args:
        recipe, seed, device, progress, folder, tensorboard: as for ``train``. The trained model goes to ``model`` in
            the folder, as ``save_pretrained`` writes it.

    Returns:
        An ``Outcome``. Its figures are those of ``measure``, of the milestones and of the baselines, and ``"seconds"``
        of training.

    Example::

        run(RECIPES["digits"], seed=1).figures["test error"]
    """
    data, rows, model, history = train(recipe, seed, device, folder, progress, tensorboard)
    figures = measure(recipe, model, data)
    figures |= {f"test error, epoch {row['epoch']}": row["test error"] for row in history if "test error" in row}
    for name in recipe.baselines:
        figures[f"{name} test error"] = BASELINES[name](recipe, data, rows, seed)
    figures["seconds"] = history[-1]["seconds"]
    if folder is not None and is_first():
        model.save_pretrained(Path(folder) / "model", _card(recipe, seed, figures))
    labelled = None if rows is None else Rows(data.train.x[rows], data.train.y[rows])
    return Outcome(model, data, labelled, figures, history)


def _labelled(rows):
    """The rows that have a label: the others say nothing of an error."""
    chosen = preprocessing.labelled_rows(rows.y)
    return rows if len(chosen) == len(rows.y) else Rows(rows.x[chosen], rows.y[chosen])


def _card(recipe, seed, figures):
    """What a reader of a shared model wants to know of its training."""
    lines = [f"Recipe `{recipe.name}`, seed {seed}: {recipe.summary}. {recipe.source}.", ""]
    lines += ["| figure | measured |", "|---|---|"]
    lines += [f"| {name} ({unit(name)}) | {value:.2f} |" for name, value in figures.items()]
    return "\n".join([*lines, "", f"Paper: {recipe.paper}.", "", f"Deviations: {recipe.deviations}"])


def observed(recipe, x):
    """The rows that a bound is of: a model of binarised rows has no bound of grey ones."""
    binary = recipe.resample is not None and recipe.resample[0] == "binarise"
    return binarise(x, torch.Generator(x.device).manual_seed(0)) if binary else x


@contextmanager
def fixed_noise(seed):
    """Random numbers that begin at ``seed``, and that leave those of training as they were."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


def _objective(recipe, model, rows, num_rows):
    elbo = Trace_ELBO if rows is None else TraceEnum_ELBO
    elbo = elbo(max_plate_nesting=1, num_particles=recipe.num_particles, vectorize_particles=True)
    if rows is None:
        return elbo
    weight = alpha(recipe.beta, len(rows), num_rows - len(rows))
    return SemiSupervisedELBO.of(model, elbo, weight, recipe.labelled_weight)


def _optimiser(recipe, num_rows):
    name, options = recipe.optimiser
    options = {"lr": recipe.learning_rate} | options
    if recipe.weight_prior is not None:
        options["weight_decay"] = recipe.batch_size / num_rows / recipe.weight_prior**2
    schedule = None if recipe.schedule is None else SCHEDULES[recipe.schedule[0]](**recipe.schedule[1])
    return Optimiser(getattr(torch.optim, name), options, schedule, recipe.max_norm, joint_gradients)
