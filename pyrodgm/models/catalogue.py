"""The models by name, and what a class of models has."""

import inspect


def models_by_name():
    """The classes of models of rows that ``pyrodgm.models`` exports, by their names."""
    from pyrodgm import models

    exported = {name: getattr(models, name) for name in models.__all__}
    of_rows = {name: c for name, c in exported.items() if issubclass(c, models.Model)}
    return {name: c for name, c in of_rows.items() if not inspect.isabstract(c)}


def has_classes(model_class):
    """Whether a class of models has a y."""
    return "num_classes" in inspect.signature(model_class).parameters


def is_of_images(model_class):
    """Whether a class of models is told the shape of the images that its rows are."""
    return "image_shape" in inspect.signature(model_class).parameters
