"""The format of saved models, runs and estimators, and conversion from older formats.

Format 2 renamed fields of recipes and keys of states, and changed nothing else. The earlier network of the posterior
``"iaf"`` is recognised by its tensors, in either format. Only this file knows the old names.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

FORMAT = 2  # increased when older versions of the package cannot read new files
FIELDS = {"optimiser": "optimizer", "average": "ema"}  # fields of a recipe: name in format 1, new name
RECIPE = {"data", "model", "batch_size", "learning_rate", "seed"}  # keys in ``about`` of every run of a recipe


def check_format(where: str | Path, found: int) -> None:
    """Raise ``ValueError`` if a file was written by a newer version of the package; ``where`` names the file."""
    if found > FORMAT:
        raise ValueError(f"{where}: got format {found}, want at most {FORMAT}: it was written by a newer pyrodgm")


def of_run(state: dict[str, Any], found: int) -> dict[str, Any]:
    """The state of a training run, converted from a checkpoint of format ``found``.

    Only fields of recipes were renamed. ``about`` of any other run is not changed.
    """
    if _iaf_of_pyro(state.get("module", {})):
        raise ValueError(
            "checkpoint: got a run with the posterior 'iaf' of an older pyrodgm, whose network has other parameters: "
            "want it finished with that version, or started again; its saved models can be loaded"
        )
    if found > 1:
        return state
    state = _renamed(state, {"optimiser": "optimizer"})
    about = state.get("about", {})
    if about.keys() >= RECIPE:
        about = _renamed(about, FIELDS)
        if "pretrained" in about:
            name, changes = about["pretrained"]
            about["pretrained"] = [name, _renamed(changes, FIELDS)]
    return state | {"about": about}


def of_model(
    arguments: dict[str, Any], tensors: dict[str, torch.Tensor]
) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """The arguments and tensors of a model, both dicts, converted from older versions.

    The posterior ``"iaf"`` was formerly Pyro's network: with ReLUs, with masks among its tensors, and with a linear
    layer between the features of the trunk and its first layer. That layer is now part of the first layer.

    Raises:
        ValueError: if a model has that posterior, but not as its argument ``posterior``.
    """
    flows = _iaf_of_pyro(tensors)
    if not flows:
        return arguments, tensors
    posterior = arguments.get("posterior", "normal")
    name, options = (posterior, {}) if isinstance(posterior, str) else posterior
    if name != "iaf":
        raise ValueError(
            f"model: got the posterior 'iaf' of an older pyrodgm at {flows[0]!r} and posterior={posterior!r}, want "
            "posterior='iaf', which can be converted"
        )
    options = {key: value for key, value in options.items() if key != "context_size"}
    arguments = arguments | {"posterior": ("iaf", options | {"made_activation": "relu"})}
    for flow in flows:
        tensors = _with_masked_networks(tensors, flow)
    return arguments, tensors


def _iaf_of_pyro(tensors):
    """The names of the networks with the earlier posterior ``"iaf"``."""
    end = ".steps.0.nn.permutation"
    return [name.removesuffix(end) for name in tensors if name.endswith(end)]


def _with_masked_networks(tensors, flow):
    """The tensors, with those of one flow converted to its present masked networks."""
    kept = {
        name: tensor for name, tensor in tensors.items() if not name.startswith((f"{flow}.context.", f"{flow}.steps."))
    }
    context, shift = (tensors[f"{flow}.context.{part}"].double() for part in ("weight", "bias"))
    for name, tensor in tensors.items():
        if not name.startswith(f"{flow}.steps.") or not name.endswith((".weight", ".bias")):
            continue
        step, _, _, layer, part = name.removeprefix(f"{flow}.steps.").split(".")
        if layer == "0":
            weight = tensors[name.removesuffix(part) + "weight"].double()
            of_context, of_z = weight.split([len(shift), weight.shape[1] - len(shift)], 1)
            folded = torch.cat([of_z, of_context @ context], 1) if part == "weight" else tensor + of_context @ shift
            tensor = folded.to(tensor.dtype)
        kept[f"{flow}.flow.steps.{step}.layers.{layer}.{part}"] = tensor
    return kept


def of_estimator(attributes: dict[str, Any], found: int) -> dict[str, Any]:
    """The attributes of an estimator, converted from a pickle of format ``found``."""
    if found > 1:
        return attributes
    attributes = _renamed(attributes, {"_optimiser": "_optimizer"})
    if "model_" in attributes:  # the key was "class"
        attributes["model_"] = _renamed(attributes["model_"], {"class": "model"})
    return attributes


def changes_of_format_1(changes: Sequence[str]) -> list[str]:
    """Changes of a recipe, each ``"key=value"``, with the names of format 1, as in the name of a run's folder."""
    old = {new: name for name, new in FIELDS.items()}

    def renamed(change):
        key, equals, value = change.partition("=")
        field, dot, option = key.partition(".")
        option = old.get(option, option) if field == "pretrained" else option
        return old.get(field, field) + dot + option + equals + value

    return [renamed(change) for change in changes]


def _renamed(values, names):
    return {names.get(key, key): value for key, value in values.items()}
