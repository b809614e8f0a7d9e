"""Settings of a recipe changed from outside, as text."""

import inspect
import json
from dataclasses import fields, replace
from types import UnionType
from typing import get_args, get_origin, get_type_hints

import torch

from pyrodgm import data, models
from pyrodgm.checks import check_choice
from pyrodgm.nn import Trunk
from pyrodgm.zoo.recipe import Recipe

TOLD = ("name", "summary", "source", "paper", "figure", "deviations")  # what a recipe says of itself


def override(recipe, changes):
    """The recipe with some settings changed.

    Args:
        recipe: a ``Recipe``.
        changes: strings ``"key=value"``. A key is a field of the recipe, or an option of a field that is a choice with
            options: ``"model.z_size=20"``, ``"data.noise=0.2"``, ``"optimiser=RMSprop"``, ``"optimiser.momentum=0.9"``.
            A value is read as JSON, and as text where it is none; ``none`` is no value.

    Returns:
        A new ``Recipe``.

    Raises:
        ValueError: for a key that is not there, listing the nearest, or a value of another type.

    Example::

        override(RECIPES["digits"], ["epochs=10", "model.hidden=[64, 64]"])
    """
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise ValueError(f"--set: got {change!r}, want key=value")
        field, dot, option = key.partition(".")
        check_choice("--set", field, [f.name for f in fields(Recipe) if f.name not in TOLD])
        value = _read(text)
        if dot:
            value = _with_option(recipe, field, option, value)
        elif field in ("data", "model", "optimiser", "schedule", "resample"):
            value = _chosen(recipe, field, value)
        else:
            value = _checked(key, value, get_type_hints(Recipe)[field])
        recipe = replace(recipe, **{field: value})
    return recipe


def _read(text):
    if text.lower() == "none":
        return None
    try:
        return _tuples(json.loads(text))
    except ValueError:
        return text


def _chosen(recipe, field, value):
    """Another choice for a field; the model keeps its options, the others begin without."""
    if value is None and field in ("schedule", "resample"):
        return None
    if not isinstance(value, str):
        raise ValueError(f"{field}: got {value!r}, want a name")
    if field == "model":
        known = {name: c for name in models.__all__ if not inspect.isabstract(c := getattr(models, name))}
        check_choice("model", value, known)
        return known[value], recipe.model[1]
    if field == "optimiser" and not hasattr(torch.optim, value):
        check_choice("optimiser", value, [name for name in dir(torch.optim) if name[0].isupper()])
    return value, {}


def _with_option(recipe, field, option, value):
    """A choice with one of its options changed."""
    held = getattr(recipe, field)
    if not (isinstance(held, tuple) and len(held) == 2 and isinstance(held[1], dict)):
        raise ValueError(f"{field}.{option}: got an option, want {field}={'...'}: it is {held!r}")
    choice, options = held
    taken = _options(field, choice)
    check_choice(f"{field}.", option, taken)
    default = options.get(option, taken[option])
    if isinstance(default, (bool, int, float, str)) and value is not None:
        whole = type(default) is int and option in options  # a constructor's 0 may stand for 0.0
        _checked(f"{field}.{option}", value, float if type(default) is int and not whole else type(default))
    return choice, options | {option: value}


def _options(field, choice):
    """What a choice takes, by name, each with its default or None."""
    from pyrodgm.zoo.experiment import RESAMPLE, SCHEDULES

    made_by = {"model": lambda: choice, "optimiser": lambda: getattr(torch.optim, choice)}
    made_by |= {"schedule": lambda: SCHEDULES[choice], "resample": lambda: RESAMPLE[choice]}
    made_by["data"] = lambda: data.DATASETS.get(choice, data.from_file)
    taken = _parameters(made_by[field]())
    if field == "model":
        taken |= {name: None for name in _parameters(Trunk) if name not in ("parents", "hidden")}
    return taken


def _parameters(function):
    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return {p.name: None if p.default is p.empty else p.default for p in named}


def _checked(key, value, kind):
    """The value, if it is of a kind: a type, or a union of types; a whole number is a float too."""
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    for each in kinds:
        plain = get_origin(each) or each
        if plain is float and type(value) is int:
            return float(value)
        if isinstance(value, plain) and (type(value) is not bool or plain is bool):
            return value
    names = " or ".join("none" if each is type(None) else (get_origin(each) or each).__name__ for each in kinds)
    raise ValueError(f"{key}: got {value!r}, want {names}")


def _tuples(value):
    if isinstance(value, dict):
        return {key: _tuples(part) for key, part in value.items()}
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value
