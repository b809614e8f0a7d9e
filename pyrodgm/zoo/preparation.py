"""The data, the labelled rows and the untrained model of a recipe."""

import inspect
from numbers import Integral
from typing import Any

import pyro
import torch

from pyrodgm import data as preprocessing
from pyrodgm.checks import check_choice, shown
from pyrodgm.data import Dataset, Rows, binarise, load, select_labels
from pyrodgm.models import Model
from pyrodgm.models.catalogue import has_classes, is_of_images
from pyrodgm.nn.precision import warn_where_slow
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.results import precision_on


def prepare(
    recipe: Recipe, seed: int = 0, device: str | torch.device = "cpu"
) -> tuple[Dataset, torch.Tensor | None, Model]:
    """The data, the labelled rows and the untrained model of a recipe.

    On a device without fast bfloat16 multiplication (see ``fast_bfloat16``), a recipe with ``precision="bfloat16"``
    gets a float32 model and a warning. The parameters are float32 either way, so a run may resume on another machine
    in the precision that is fast there.

    Returns:
        The ``Dataset``, the indices of the labelled rows (or None), and the model, on ``device``.

    Example::

        data, rows, m = prepare(RECIPES["digits"], seed=1)
        m.guide(data.train.x[rows], data.train.y[rows])
    """
    if not isinstance(seed, Integral) or not 0 <= seed < 2**32:  # NumPy, which Pyro seeds too, takes no others
        raise ValueError(f"seed: got {shown(seed)}, want an int from 0 to 2**32 - 1")
    pyro.set_rng_seed(seed)
    data = load_data(recipe)
    _check_labels(recipe, data)
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


def _check_labels(recipe, data):
    """Raise ``ValueError`` if a recipe uses labels and the data, or a part to measure the error on, have none."""
    if not (has_classes(recipe.model[0]) or (recipe.feature_classifiers and recipe.num_labels != 0)):
        return
    if data.num_classes is None:
        raise ValueError(
            f"data: got {data.name} without labels, want labels, which the recipe uses; data.label names the label "
            "column of a table"
        )
    for part in ("validation", "test"):
        if not len(labelled_part(data.parts[part]).x):
            raise ValueError(
                f"data: got {data.name} without a labelled row for {part}, want at least one; more labels of a class "
                "or larger shares in data.split give some"
            )


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
    """Load and preprocess a recipe's data, on the CPU.

    Example::

        load_data(RECIPES["digits"]).train.x        # (1097, 64)
    """
    data = load(recipe.data[0], **recipe.data[1])
    for step in recipe.preprocess:
        if not (len(step) == 2 and isinstance(step[1], dict)):
            raise ValueError(f'preprocess: got {step!r}, want a name and its options, such as ["standardise", {{}}]')
        name, options = step
        check_choice("preprocess", name, ("dequantise", "keep_varying", "project", "standardise"))
        function = getattr(preprocessing, name)
        try:
            inspect.signature(function).bind(data, **options)
        except TypeError as error:
            raise ValueError(f"preprocess: got {name} with {options}, want options that it takes ({error})") from error
        data = function(data, **options)
    return data


def observed(recipe: Recipe, x: torch.Tensor) -> torch.Tensor:
    """The rows for evaluating a bound: binarised once if the model is trained on binarised rows."""
    return binarise(x, torch.Generator(x.device).manual_seed(0)) if binarises(recipe) else x


def binarises(recipe: Recipe) -> bool:
    """Whether training draws each pixel from the Bernoulli whose mean is its grey value."""
    return recipe.resample is not None and recipe.resample[0] == "binarise"


def labelled_part(rows: Rows) -> Rows:
    """The rows that have a label."""
    chosen = preprocessing.labelled_rows(rows.y)
    return rows if len(chosen) == len(rows.y) else Rows(rows.x[chosen], rows.y[chosen])
