"""The models by name, and what a class of models has."""

import inspect


def models_by_name():
    """The classes of models that ``pyrodgm.models`` exports, by their names."""
    from pyrodgm import models

    return {name: c for name in models.__all__ if not inspect.isabstract(c := getattr(models, name))}


def has_classes(model_class):
    """Whether a class of models has a y."""
    return "num_classes" in inspect.signature(model_class).parameters
