"""The models by name, and properties of model classes."""

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyrodgm.models.base import Model


def models_by_name() -> "dict[str, type[Model]]":
    """The model classes over rows x that ``pyrodgm.models`` exports, by name."""
    from pyrodgm import models

    exported = {name: getattr(models, name) for name in models.__all__}
    of_rows = {name: c for name, c in exported.items() if issubclass(c, models.Model)}
    return {name: c for name, c in of_rows.items() if not inspect.isabstract(c)}


def has_classes(model_class: type) -> bool:
    """Whether a model class has a class variable y."""
    return "num_classes" in inspect.signature(model_class).parameters


def is_of_images(model_class: type) -> bool:
    """Whether a model class is for images, and takes their shape as an argument."""
    return "image_shape" in inspect.signature(model_class).parameters
