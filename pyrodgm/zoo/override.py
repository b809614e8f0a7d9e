"""Change a recipe's settings by ``"key=value"`` strings."""

import inspect
import json
import math
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from types import UnionType
from typing import get_args, get_origin, get_type_hints

import torch

from pyrodgm import data
from pyrodgm.checks import check_choice
from pyrodgm.data.user_data import is_file
from pyrodgm.models.catalogue import models_by_name
from pyrodgm.nn import Trunk
from pyrodgm.zoo.baselines import BASELINES, CLASSIFIERS
from pyrodgm.zoo.objectives import OBJECTIVES
from pyrodgm.zoo.recipe import Recipe

CHOICES = ("objective", "optimizer", "pretrained", "start_from", "schedule", "resample")  # names with options
DECIDED = (
    "x_size",
    "image_shape",
    "num_classes",
    "params",
    "x",
    "generator",
    "classes_summed",
    "num_particles",
)  # arguments set by the recipe or the data, so not options
EITHER = {"init": str | float, "batch_norm": bool | str, "dropout": float | tuple}  # a model's options of two types
LEAST = {"epochs": 1, "measure_every": 1, "num_particles": 1, "importance_samples": 0, "importance_rows": 1}
WORDS = {"none": None, "true": True, "false": False}  # in any case, as ``show`` writes True and JSON true
DESCRIPTION = ("name", "summary", "source", "paper", "figure", "deviations")  # fields that are not settings


def override(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """A copy of the recipe with some settings changed.

    Args:
        recipe: a ``Recipe``.
        changes: strings ``"key=value"``. A key is a field of the recipe, or ``field.option`` for a field that is a
            choice with options: ``"model.z_size=20"``, ``"data.noise=0.2"``, ``"optimizer=RMSprop"``,
            ``"optimizer.momentum=0.9"``. A value is parsed as JSON, or else taken as text; ``none`` means None.
            ``none``, ``true`` and ``false`` may have capitals.

    Returns:
        A new ``Recipe``.

    Raises:
        ValueError: for an unknown key, suggesting the closest one, or a value of the wrong type.

    Example::

        override(RECIPES["digits"], ["epochs=10", "model.hidden=[64, 64]"])
    """
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise ValueError(f"--set: got {change!r}, want key=value")
        field, dot, option = key.partition(".")
        check_choice("--set", field, [f.name for f in fields(Recipe) if f.name not in DESCRIPTION])
        value = _read(text)
        if dot:
            value = _with_option(recipe, field, option, value)
        elif field in ("data", "model", *CHOICES):
            value = _chosen(recipe, field, value)
        else:
            value = _checked(key, value, get_type_hints(Recipe)[field])
            _check_range(field, value)
        recipe = replace(recipe, **{field: value})
    for field in ("objective", "schedule", "resample"):
        _check_whole(field, getattr(recipe, field))
    _check_optimizer(recipe)
    return recipe


def _read(text):
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    try:
        return _tuples(json.loads(text))
    except ValueError:
        return text


def _chosen(recipe, field, value):
    """A new choice for a field. A model keeps the options that it takes; other fields start without options."""
    if value is None and field in ("pretrained", "start_from", "schedule", "resample"):
        return None
    if not isinstance(value, str):
        raise ValueError(f"{field}: got {value!r}, want a name")
    if field == "model":
        check_choice("model", value, models_by_name())
        model = models_by_name()[value]
        taken = _options("model", model)
        return model, {name: option for name, option in recipe.model[1].items() if name in taken}
    if field != "data":
        check_choice(field, value, _choices()[field])
    elif not is_file(value):
        check_choice(field, value, data.DATASETS)
    elif not Path(value).is_file():
        raise ValueError(f"data: got {value}, want an existing file")
    return value, {}


def _choices():
    """By field: the names that can be chosen, and the objects they stand for."""
    from pyrodgm.zoo.recipes import RECIPES
    from pyrodgm.zoo.training import RESAMPLE, SCHEDULES

    odd = ("Optimizer", "LBFGS", "SparseAdam")  # the base class, several losses per step, sparse gradients
    named = {name: getattr(torch.optim, name) for name in dir(torch.optim) if name not in odd}
    optimizers = {name: c for name, c in named.items() if isinstance(c, type) and issubclass(c, torch.optim.Optimizer)}
    choices = (OBJECTIVES, optimizers, RECIPES, RECIPES, SCHEDULES, RESAMPLE)
    return dict(zip(CHOICES, choices, strict=True))


def _check_whole(field, chosen):
    """Raise ``ValueError`` if a choice lacks an option that has no default."""
    if chosen is None:
        return
    name, options = chosen
    parameters = inspect.signature(_choices()[field][name]).parameters.values()
    given = {*options, *DECIDED}
    if missing := [p.name for p in parameters if p.default is p.empty and p.name not in given]:
        raise ValueError(f"{field}: got {name} without {', '.join(missing)}, want {field}.{missing[0]}=... too")


def _check_optimizer(recipe):
    """Raise ``ValueError`` if the optimiser does not take its options."""
    name, options = recipe.optimizer
    try:
        getattr(torch.optim, name)([torch.zeros(1, 1)], **{"lr": recipe.learning_rate} | options)
    except (ValueError, TypeError, IndexError, RuntimeError) as error:
        raise ValueError(f"optimizer: got {name} with {options}, want options that it takes ({error})") from error


def _with_option(recipe, field, option, value):
    """The field's choice with one option changed."""
    held = getattr(recipe, field)
    if not (isinstance(held, tuple) and len(held) == 2 and isinstance(held[1], dict)):
        raise ValueError(f"{field}.{option}: got an option, want {field}={'...'}: it is {held!r}")
    choice, options = held
    taken = _options(field, choice)
    check_choice(f"{field}: option", option, taken)
    default = options.get(option, taken[option])
    if field in ("pretrained", "start_from"):
        value = _checked(f"{field}.{option}", value, get_type_hints(Recipe)[option])
        _check_range(option, value)
    elif option in EITHER:
        value = _checked(f"{field}.{option}", value, EITHER[option])
    elif isinstance(default, (bool, int, float, str, tuple)) and value is not None:
        _checked(f"{field}.{option}", value, _kind(default, option in options))
    return choice, options | {option: value}


def _kind(default, chosen):
    """The type that a value must have, given the default or the recipe's choice."""
    if isinstance(default, str) or (isinstance(default, tuple) and isinstance(next(iter(default), None), str)):
        return str | tuple  # a name, with or without options
    return float if type(default) is int and not chosen else type(default)  # a constructor's default 0 may mean 0.0


def _options(field, choice):
    """The options of a choice by name, each with its default or None."""
    if field == "data":
        taken = _parameters(data.DATASETS.get(choice, data.from_file))
        taken.pop("path", None)  # it is the choice
        return taken
    if field in ("pretrained", "start_from"):
        numbers = [name for name, kind in get_type_hints(Recipe).items() if {int, float} & {kind, *get_args(kind)}]
        return {name: getattr(_choices()[field][choice], name) for name in numbers if name != "milestones"}
    taken = _parameters(choice if field == "model" else _choices()[field][choice])
    if field == "model":
        taken |= {name: None for name in _parameters(Trunk) if name not in ("parents", "hidden")}
    return {name: default for name, default in taken.items() if name not in DECIDED}


def _parameters(function):
    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return {p.name: None if p.default is p.empty else p.default for p in named}


def _check_range(field, value):
    if value is None:
        return
    if field in LEAST and value < LEAST[field]:
        raise ValueError(f"{field}: got {value}, want at least {LEAST[field]}")
    if field in ("learning_rate", "weight_prior") and value <= 0:
        raise ValueError(f"{field}: got {value}, want a positive number")
    if field in ("beta", "warm_up_start") and value < 0:
        raise ValueError(f"{field}: got {value}, want a number of at least 0")
    if field == "milestones" and min(value, default=1) < 1:
        raise ValueError(f"milestones: got {min(value)}, want epochs of at least 1")
    if field == "ema" and not 0 < value < 1:
        raise ValueError(f"{field}: got {value}, want a number above 0 and below 1")
    if field == "monitor":
        check_choice(field, value, ("validation error", "validation bound"))
    for name in value if field in ("baselines", "feature_classifiers") else ():
        check_choice(field, name, BASELINES if field == "baselines" else CLASSIFIERS)


def _checked(key, value, kind):
    """The value, if it has the given type or one of a union of types. An int is accepted as a float."""
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    for each in kinds:
        plain = get_origin(each) or each
        if plain is float and type(value) in (int, float):
            if not math.isfinite(value):
                raise ValueError(f"{key}: got {value}, want a finite number")
            return float(value)
        if isinstance(value, plain) and (type(value) is not bool or plain is bool):
            if get_args(each)[1:] == (Ellipsis,):
                return tuple(_checked(key, part, get_args(each)[0]) for part in value)
            return value
    words = {type(None): "none", tuple: "a list in square brackets"}
    plain = [get_origin(each) or each for each in kinds]
    names = " or ".join(words.get(each, each.__name__) for each in plain)
    raise ValueError(f"{key}: got {value!r}, want {names}")


def _tuples(value):
    if isinstance(value, dict):
        return {key: _tuples(part) for key, part in value.items()}
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value
