"""Train the model of a recipe."""

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyro
import torch
from torch.distributions import constraints

from pyrodgm.checks import check_values
from pyrodgm.data import Batches, Dataset, Rows, binarise, resample_counts
from pyrodgm.evaluate import bound, classification_error
from pyrodgm.handlers import local_reparameterisation, warm_up
from pyrodgm.infer import CompiledSVI, Optimizer, SemiSupervisedELBO, alpha
from pyrodgm.isolation import seeded
from pyrodgm.models import Model
from pyrodgm.models.global_weights import at_drawn_weights
from pyrodgm.nn.weight_norm import normalised_layers
from pyrodgm.train import TensorBoard, fit, linear_decay, step_decay
from pyrodgm.train.parallel import joint_gradients, share
from pyrodgm.train.run_folder import has_run
from pyrodgm.zoo.measurement import kl_by_site
from pyrodgm.zoo.objectives import chosen, objective_of
from pyrodgm.zoo.preparation import binarises, labelled_part, observed, prepare
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.stages import first_stage

RESAMPLE: dict[str, Callable[..., torch.Tensor]] = {"binarise": binarise, "resample_counts": resample_counts}
SCHEDULES = {"step": step_decay, "linear": linear_decay}
UNIT_INTERVAL = (constraints.unit_interval, "values in [0, 1]")  # the support of rows before binarisation


def train(
    recipe: Recipe,
    seed: int = 0,
    device: str | torch.device = "cpu",
    folder: Path | None = None,
    progress: bool = True,
    tensorboard: bool = False,
    pretrained_folder: Path | None = None,
) -> tuple[Dataset, torch.Tensor | None, Model, list[dict[str, Any]]]:
    """Train the recipe's model, and first the model it builds on, if any.

    Args:
        recipe: a ``Recipe``.
        seed: fixes the labels, the initial parameters and the noise.
        device: where to train.
        folder: where the run is saved and resumed from, see ``pyrodgm.train.fit``; or None.
        progress: show a progress bar.
        tensorboard: write TensorBoard logs to the folder.
        pretrained_folder: the same for the run of ``first_stage``; if None, ``pretrained`` in the folder.

    Returns:
        The data, the indices of the labelled rows, the model, and the history.

    Example::

        data, rows, m, history = train(RECIPES["digits"], seed=1, folder="runs/digits")
        history[-1]["loss"]
    """
    objective_of(recipe)  # all three raise before anything is trained
    _check_rows_only(recipe)
    _check_kl_weight(recipe)
    first, trained = first_stage(recipe), None
    if first is not None:
        if pretrained_folder is None and folder is not None:
            pretrained_folder = Path(folder) / "pretrained"
        trained = train(first, seed, device, pretrained_folder, progress)[2]
    data, rows, model = prepare(recipe, seed, device)
    if recipe.pretrained is not None:
        model.load_m1(trained)  # type: ignore[operator]  # an M1M2
    elif trained is not None:
        model.load_state_dict(trained.state_dict())
    x = data.train.x
    y = None
    if model.supervised:
        x, y = x[rows], data.train.y[rows]
    check_values("x", x, *(UNIT_INTERVAL if binarises(recipe) else model.x_support))
    seen = None if model.num_classes is None or model.supervised else rows
    labelled = None if seen is None else Rows(x[seen], data.train.y[seen])
    resample = None
    if recipe.resample is not None:
        name, options = recipe.resample

        def redraw(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
            return RESAMPLE[name](x, generator=generator, **options)

        resample = redraw

    if trained is None and normalised_layers(model) and not has_run(folder):
        model.initialise(*_initial_batch(x, y, recipe.batch_size, resample))
    batches = Batches(x, recipe.batch_size, labelled, recipe.labelled_batch_size, resample, seed, share(), y)
    objective = _objective(recipe, model, seen, len(x), len(batches))
    svi = CompiledSVI(model.model, model.guide, _optimizer(recipe, len(x)), objective)
    if recipe.kl_units:
        with seeded(0):
            _check_units(model, observed(recipe, x[:2]))

    classifies = labelled is not None or model.supervised

    def measure(epoch):
        figures = {}
        with seeded(0):
            if epoch % recipe.measure_every == 0 or epoch == recipe.epochs:
                if not model.supervised:
                    validation = observed(recipe, data.validation.x)
                    figures["validation bound"] = bound(at_drawn_weights(model), validation[:1000])
                    if recipe.kl_units:
                        kl = kl_by_site(model, validation[:1000])
                        figures |= {f"KL of {site}": units.cpu() for site, units in kl.items()}
                if classifies:
                    figures["validation error"] = classification_error(model, *labelled_part(data.validation))
            if classifies and epoch in recipe.milestones:
                figures["test error"] = classification_error(model, *labelled_part(data.test))
        return figures

    with pyro.validation_enabled(False), _step_handlers(recipe):
        history = fit(
            svi,
            batches,
            recipe.epochs,
            warm_up_epochs=recipe.warm_up_epochs,
            warm_up_start=recipe.warm_up_start,
            warm_up_discrete=recipe.warm_up_discrete,
            classes_by_epoch=recipe.classes_by_epoch,
            ema=recipe.ema,
            measure=measure,
            monitor=recipe.monitor,
            mode="max" if recipe.monitor == "validation bound" else "min",
            patience=recipe.patience,
            folder=folder,
            about=recipe.training() | {"seed": seed} | recipe.data_file,
            callbacks=[TensorBoard(folder)] if tensorboard and folder is not None else [],
            progress=progress,
            description=recipe.name,
        )
    return data, rows, model, history


def _initial_batch(x, y, size, resample):
    """A batch of evenly spaced rows, resampled as in training, and their labels. The random state is not touched."""
    rows = torch.linspace(0, len(x) - 1, min(size, len(x)), device=x.device).long()
    batch = x[rows] if resample is None else resample(x[rows], torch.Generator(x.device).manual_seed(0))
    return batch, None if y is None else y[rows]


def _step_handlers(recipe):
    """The Pyro handlers of a recipe's training steps, as one context manager."""
    handlers = ExitStack()
    if recipe.kl_weight != 1:
        handlers.enter_context(warm_up(torch.tensor(recipe.kl_weight)))
    if recipe.local_reparameterisation:
        handlers.enter_context(local_reparameterisation())
    return handlers


def _check_kl_weight(recipe):
    """Raise ``ValueError`` for a KL weight of a model that takes none."""
    if recipe.kl_weight != 1 and not recipe.model[0].supervised:
        name = recipe.model[0].__name__
        raise ValueError(f"kl_weight: got {recipe.kl_weight} with {name}, want 1: only supervised models take a weight")


def _check_rows_only(recipe):
    """Raise ``ValueError`` for a figure of rows that does not exist for a pair with global weights."""
    model_class = recipe.model[0]
    if model_class.supervised or "data_size" not in inspect.signature(model_class).parameters:
        return
    for field, without in (("importance_samples", 0), ("kl_units", False)):
        if (value := getattr(recipe, field)) != without:
            name = model_class.__name__
            raise ValueError(f"{field}: got {value} with {name}, want {without}: its weights are latents")


def _check_units(model, x):
    """Raise ``ValueError`` if the KL of a latent does not factorise over its units."""
    try:
        kl_by_site(model, x)
    except ValueError as error:
        raise ValueError(f"kl_units: got True, want False: {error}") from error


def _objective(recipe, model, rows, num_rows, num_batches):
    """The loss of a batch, for labelled ``rows`` among ``num_rows``, and ``num_batches`` batches per epoch."""
    inner = objective_of(recipe)
    if rows is None:
        return inner
    weight = alpha(recipe.beta, len(rows), num_rows - len(rows))
    labelled_weight = model.labelled_weight if recipe.labelled_weight is None else recipe.labelled_weight
    turns = 1
    if recipe.labels_once:  # how often an epoch visits a labelled row
        turns = (recipe.labelled_batch_size or len(rows)) * num_batches / len(rows)
    return SemiSupervisedELBO.of(model, inner, weight / turns, labelled_weight / turns)


def _optimizer(recipe, num_rows):
    name, options = recipe.optimizer
    options = {"lr": recipe.learning_rate} | options
    if recipe.weight_prior is not None:
        options["weight_decay"] = recipe.batch_size / num_rows / recipe.weight_prior**2
    schedule = None if recipe.schedule is None else chosen("schedule", SCHEDULES, recipe.schedule)
    return Optimizer(getattr(torch.optim, name), options, schedule, recipe.max_norm, joint_gradients)
