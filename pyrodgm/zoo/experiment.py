"""Train a recipe's model and evaluate it as its paper does."""

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, cast

import pyro
import torch
from torch.distributions import constraints, kl_divergence

from pyrodgm import data as preprocessing
from pyrodgm.checks import check_choice, check_values
from pyrodgm.data import Batches, Dataset, Rows, binarise, load, resample_counts, select_labels
from pyrodgm.evaluate import (
    bayes_classifier,
    bits_per_dimension,
    bound,
    classification_error,
    elbo_parts,
    kl_per_unit,
    latent_means,
    latents,
    log_likelihood,
    match_clusters,
    row_bounds,
)
from pyrodgm.handlers import local_reparameterisation, warm_up
from pyrodgm.infer import CompiledSVI, Optimizer, SemiSupervisedELBO, alpha
from pyrodgm.isolation import seeded
from pyrodgm.models import DeepGenerativeModel, Model
from pyrodgm.models.catalogue import has_classes, is_of_images
from pyrodgm.models.global_weights import at_drawn_weights
from pyrodgm.nn.precision import warn_where_slow
from pyrodgm.nn.weight_norm import normalised_layers
from pyrodgm.nn.weights import layers_with_posteriors, posteriors_of, priors_of
from pyrodgm.train import TensorBoard, fit, linear_decay, step_decay
from pyrodgm.train.parallel import is_first, joint_gradients, share
from pyrodgm.train.run_folder import has_run
from pyrodgm.zoo.baselines import BASELINES, chosen_error
from pyrodgm.zoo.objectives import objective_of
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.results import precision_on, unit
from pyrodgm.zoo.stages import first_stage

RESAMPLE: dict[str, Callable[..., torch.Tensor]] = {"binarise": binarise, "resample_counts": resample_counts}
SCHEDULES = {"step": step_decay, "linear": linear_decay}
DRAWS = 100  # weight samples per prediction
UNIT_INTERVAL = (constraints.unit_interval, "values in [0, 1]")  # the support of rows before binarisation
INACTIVE = 0.01  # nats; units below this are inactive


class Outcome(NamedTuple):
    """A trained model, its data and labelled rows, its figures by name, and its training history."""

    model: Model
    data: Dataset
    labelled: Rows | None
    figures: dict[str, float]
    history: list[dict[str, Any]]


def prepare(
    recipe: Recipe, seed: int = 0, device: str | torch.device = "cpu"
) -> tuple[Dataset, torch.Tensor | None, Model]:
    """The data, the labelled rows and the untrained model of a recipe.

    On a device without fast bfloat16 multiplication (see ``fast_bfloat16``), a recipe with ``precision="bfloat16"``
    gets a float32 model and a warning. The parameters are float32 either way, so a run may resume on another machine
    in the precision that is fast there.

    Returns:
        The ``Dataset``, the indices of the labelled rows (or None), and the model, on ``device``.
    """
    pyro.set_rng_seed(seed)
    data = load_data(recipe)
    model_class, options = recipe.model
    sizes: dict[str, Any] = (
        {"image_shape": _image_shape(data)} if is_of_images(model_class) else {"x_size": data.x_size}
    )
    rows = labels_kept(recipe, data, seed)
    if has_classes(model_class):
        sizes["num_classes"] = data.num_classes
    if "data_size" in inspect.signature(model_class).parameters:
        used: Any = rows if model_class.supervised else data.train.x
        sizes["data_size"] = len(used)
    if "precision" in options:
        options = options | {"precision": precision_on(recipe, device)}
        if options != recipe.model[1]:
            warn_where_slow(device, "the recipe runs in float32 instead")
    rows = None if rows is None else rows.to(device)
    return data.to(device), rows, model_class(**sizes | options).to(device)


def _image_shape(data):
    if data.image_shape is None or data.columns is not None:
        got = "rows that are not images" if data.image_shape is None else "images without some of their pixels"
        raise ValueError(f"data: got {data.name}, {got}, want whole images")
    return data.image_shape


def labels_kept(recipe: Recipe, data: Dataset, seed: int) -> torch.Tensor | None:
    """Indices of the rows whose labels the recipe's model or feature classifiers may use; or None."""
    if not (has_classes(recipe.model[0]) or recipe.feature_classifiers) or recipe.num_labels == 0:
        return None
    if recipe.num_labels is None:
        return preprocessing.labelled_rows(data.train.y)
    return select_labels(data.train.y, recipe.num_labels, data.num_classes, seed)


def load_data(recipe: Recipe) -> Dataset:
    """Load and preprocess a recipe's data, on the CPU."""
    data = load(recipe.data[0], **recipe.data[1])
    for name, options in recipe.preprocess:
        check_choice("preprocess", name, ("dequantise", "keep_varying", "project", "standardise"))
        data = getattr(preprocessing, name)(data, **options)
    return data


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
    """
    objective_of(recipe)  # both raise before anything is trained
    _check_rows_only(recipe)
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
    check_values("x", x, *(UNIT_INTERVAL if _binarises(recipe) else model.x_support))
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
                        figures |= {f"KL of {site}": kl.cpu() for site, kl in _units(model, validation[:1000])}
                if classifies:
                    figures["validation error"] = classification_error(model, *_labelled(data.validation))
            if classifies and epoch in recipe.milestones:
                figures["test error"] = classification_error(model, *_labelled(data.test))
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
            about=recipe.training() | {"seed": seed},
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
        if not recipe.model[0].supervised:
            name = recipe.model[0].__name__
            raise ValueError(
                f"kl_weight: got {recipe.kl_weight} with {name}, want 1: only supervised models take a weight"
            )
        handlers.enter_context(warm_up(torch.tensor(recipe.kl_weight)))
    if recipe.local_reparameterisation:
        handlers.enter_context(local_reparameterisation())
    return handlers


def measure(recipe: Recipe, model: Model, data: Dataset, seed: int = 0) -> dict[str, float]:
    """Evaluate a trained model: test bound, log-likelihood, KL divergences and errors.

    - Bounds, log-likelihoods and KL divergences are in nats. With a discrete likelihood, the bound and log p(x) are
      also given in bits per dimension.
    - If the decoder's weights have a posterior, the bound of a row is the mean over draws of them, a bound on
      E_q(w)[log p(x | w)]. The KL divergence of the weights, which all training rows share, is given separately.
    - log p(x) minus the bound, on the rows used for log p(x), is the mean KL divergence of q from the true posterior.
    - Active units are counted by their KL, as in Sønderby et al. 2016, fig. 4. The variance of their means (see
      ``active_units``) would not do, because batch normalisation of the heads fixes it.
    - Errors are in per cent and average 100 samples of what the classifier averages over (10 at the milestones of
      ``train``). With labels, the error of Bayes' rule with 10 samples is reported too. Without labels, clusters are
      matched to the classes of the validation rows.
    - If training binarises, bounds use test rows binarised once, and errors use the original rows.
    """
    if model.supervised:
        return _supervised(model, data)
    model = cast(DeepGenerativeModel, model)
    with seeded(0), pyro.validation_enabled(False):
        x = observed(recipe, data.test.x)
        if model.data_size is None:
            bounds = row_bounds(model, x, num_samples=10)
        else:
            bounds = torch.stack([row_bounds(at_drawn_weights(model), x) for _ in range(10)]).mean(0)
        figures = {"test bound": float(bounds.mean())}
        if model.data_size is not None:
            figures["KL of the weights per training row"] = _kl_of_weights(model) / model.data_size
        if recipe.importance_samples:
            rows = x[: recipe.importance_rows]
            estimate = log_likelihood(model, rows, num_samples=recipe.importance_samples)
            figures |= {"test log p(x)": estimate.mean, "its standard error over the rows": estimate.standard_error}
            figures["test log p(x) less the bound"] = estimate.mean - float(bounds[: len(rows)].mean())
        if model.p_x.support.is_discrete:
            figures["test bits/dim by the bound"] = bits_per_dimension(figures["test bound"], data.x_size)
            if recipe.importance_samples:
                figures["test bits/dim by log p(x)"] = bits_per_dimension(figures["test log p(x)"], data.x_size)
        if has_classes(type(model)):
            figures |= _errors(recipe, model, data, x)
        rows = labels_kept(recipe, data, seed)
        if recipe.feature_classifiers and rows is not None:
            parts = Rows(data.train.x[rows], data.train.y[rows]), _labelled(data.validation), _labelled(data.test)
            features = [Rows(latent_means(model, part.x, site=model.top), part.y) for part in parts]
            for name in recipe.feature_classifiers:
                figures[f"{name} on features test error"] = chosen_error(name, *features)
        if recipe.kl_units:
            parts = elbo_parts(model, x, num_samples=10)
            for site, kl in _units(model, x):
                figures[f"KL of {site}"] = parts[site]
                figures[f"{site} with KL > {INACTIVE:g} nats"] = float((kl > INACTIVE).sum())
    return figures


@torch.no_grad()
def _kl_of_weights(model):
    """KL(q(w) || p(w)) of all weights, in nats."""
    priors, posteriors = priors_of(model), posteriors_of(model)
    return sum(float(kl_divergence(q, priors[site])) for site, q in posteriors.items())


def _check_rows_only(recipe):
    """Raise ``ValueError`` for a figure of rows that does not exist for a pair with global weights."""
    model_class = recipe.model[0]
    if model_class.supervised or "data_size" not in inspect.signature(model_class).parameters:
        return
    for field, without in (("importance_samples", 0), ("kl_units", False)):
        if (value := getattr(recipe, field)) != without:
            name = model_class.__name__
            raise ValueError(f"{field}: got {value} with {name}, want {without}: its weights are latents")


def _supervised(model, data):
    """Errors with the mean weights and with predictions averaged over weight samples, and dropout rates, in %."""
    validation, test = _labelled(data.validation), _labelled(data.test)
    figures = {
        "validation error": classification_error(model, *validation),
        "test error": classification_error(model, *test),
        f"test error over {DRAWS} weights": classification_error(
            model, *test, classifier=type(model).predict, num_samples=DRAWS
        ),
    }
    for number, layer in enumerate(layers_with_posteriors(model).values(), 1):
        if hasattr(layer.posterior, "alpha"):
            alpha = layer.posterior.alpha().detach()
            figures[f"dropout rate of layer {number}"] = 100 * float((alpha / (1 + alpha)).mean())
    return figures


def _units(model, x):
    """Yield every continuous latent's name and its KL per unit (or per map), in the guide's order."""
    for site in latents(model, x[:1]):
        if site != "y":
            kl = kl_per_unit(model, x, site)
            yield site, kl.sum((1, 2)) if kl.dim() == 3 else kl


def _check_units(model, x):
    """Raise ``ValueError`` if the KL of a latent does not factorise over its units."""
    try:
        list(_units(model, x))
    except ValueError as error:
        raise ValueError(f"kl_units: got True, want False: {error}") from error


def _errors(recipe, model, data, x):
    """Errors of a model's classifier, and of Bayes' rule on the observed test rows ``x``."""
    options = {"num_samples": 100} if "num_samples" in inspect.signature(model.classifier).parameters else {}
    validation, test = _labelled(data.validation), _labelled(data.test)

    def error(rows, **options):
        if recipe.num_labels == 0:
            options["matching"] = match_clusters(model, *validation, **options)
        return classification_error(model, *rows, **options)

    figures = {"validation error": error(validation, **options), "test error": error(test, **options)}
    if "network" in inspect.signature(model.classifier).parameters:
        figures["test error of q(y | x)"] = error(test, network="inference", **options)
    if recipe.num_labels != 0:
        rows = _labelled(Rows(x, data.test.y))
        figures["test error by Bayes' rule"] = error(rows, classifier=bayes_classifier, num_samples=10)
    return figures


def run(
    recipe: Recipe,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
    folder: Path | None = None,
    tensorboard: bool = False,
    pretrained_folder: Path | None = None,
) -> Outcome:
    """Train the recipe's model and evaluate it as its paper does.

    Args:
        recipe, seed, device, progress, folder, tensorboard, pretrained_folder: as for ``train``. The trained model is
            saved to ``model`` in the folder by ``save_pretrained``.

    Returns:
        An ``Outcome``. Its figures are those of ``measure``, the milestones and the baselines, and the ``"seconds"`` of
        training without the first stage.

    Example::

        run(RECIPES["digits"], seed=1).figures["test error"]
    """
    data, rows, model, history = train(recipe, seed, device, folder, progress, tensorboard, pretrained_folder)
    figures = measure(recipe, model, data, seed)
    figures |= {f"test error, epoch {row['epoch']}": row["test error"] for row in history if "test error" in row}
    for name in recipe.baselines:
        figures[f"{name} test error"] = BASELINES[name](recipe, data, rows, seed)
    figures["seconds"] = history[-1]["seconds"]
    if folder is not None and is_first():
        model.save_pretrained(Path(folder) / "model", _card(recipe, seed, figures))
    labelled = None if rows is None else Rows(data.train.x[rows], data.train.y[rows])
    return Outcome(model, data, labelled, figures, history)


def _labelled(rows):
    """The rows that have a label."""
    chosen = preprocessing.labelled_rows(rows.y)
    return rows if len(chosen) == len(rows.y) else Rows(rows.x[chosen], rows.y[chosen])


def _card(recipe, seed, figures):
    """The text of a model card: recipe, figures, paper and deviations."""
    lines = [f"Recipe `{recipe.name}`, seed {seed}: {recipe.summary}. {recipe.source}.", ""]
    lines += ["| figure | measured |", "|---|---|"]
    lines += [f"| {name} ({unit(name)}) | {value:.2f} |" for name, value in figures.items()]
    return "\n".join([*lines, "", f"Paper: {recipe.paper}.", "", f"Deviations: {recipe.deviations}"])


def observed(recipe: Recipe, x: torch.Tensor) -> torch.Tensor:
    """The rows for evaluating a bound: binarised once if the model is trained on binarised rows."""
    return binarise(x, torch.Generator(x.device).manual_seed(0)) if _binarises(recipe) else x


def _binarises(recipe):
    return recipe.resample is not None and recipe.resample[0] == "binarise"


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
    schedule = None if recipe.schedule is None else SCHEDULES[recipe.schedule[0]](**recipe.schedule[1])
    return Optimizer(getattr(torch.optim, name), options, schedule, recipe.max_norm, joint_gradients)
