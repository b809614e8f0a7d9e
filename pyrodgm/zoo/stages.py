"""The first stage of a recipe that builds on another."""

import inspect
from dataclasses import replace

from pyrodgm.checks import check_choice
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.recipes import RECIPES


def first_stage(recipe: Recipe) -> Recipe | None:
    """The recipe to train first on the same data, named by ``pretrained`` or ``start_from``; or None.

    Raises:
        ValueError: if the named recipe does not exist or both fields are set; if the model cannot take a trained model;
            or if the model to start from differs from the recipe's, naming the difference.

    Example::

        first_stage(RECIPES["mnist-m1m2"]).name      # "mnist-m1"
    """
    if recipe.pretrained is not None and recipe.start_from is not None:
        raise ValueError(f"start_from: got {recipe.start_from[0]!r} with pretrained, want one of them")
    field = "pretrained" if recipe.start_from is None else "start_from"
    if getattr(recipe, field) is None:
        return None
    name, changes = getattr(recipe, field)
    check_choice(field, name, RECIPES)
    first = replace(RECIPES[name], data=recipe.data, preprocess=recipe.preprocess, **changes)
    if field == "start_from":
        _check_same_model(first, recipe)
    elif not hasattr(recipe.model[0], "load_m1"):
        raise ValueError(f"pretrained: got {name!r}, want none: {recipe.model[0].__name__} takes no trained model")
    return first


def _check_same_model(first, recipe):
    """Raise ``ValueError`` unless two recipes have the same model, apart from its precision."""
    (there, held), (here, wanted) = first.model, recipe.model
    if there is not here:
        raise ValueError(f"start_from: got {first.name} with a {there.__name__}, want {here.__name__}")
    defaults = {p.name: p.default for p in inspect.signature(here).parameters.values()} | {"precision": None}
    held, wanted = (defaults | options | {"precision": None} for options in (held, wanted))
    for option in held | wanted:
        got, want = held.get(option), wanted.get(option)
        if got != want:
            raise ValueError(f"start_from: got {first.name} with {option} = {got}, want {want}, as the model has here")
