"""The format of what is saved, a model, a run or an estimator, and how what an older package wrote is read.

Format 2 renamed fields of recipes and keys of states, and nothing else; the former network of the posterior ``"iaf"``
is told by its tensors, in either format. No other place knows the old names.
"""

import torch

FORMAT = 2  # raised when an older package could not read what is written
FIELDS = {"optimiser": "optimizer", "average": "ema"}  # of a recipe, as format 1 called them
RECIPE = {"data", "model", "batch_size", "learning_rate", "seed"}  # what every run of a recipe says of itself


def check_format(where, found):
    """Raise ``ValueError`` where a newer package wrote something, naming what."""
    if found > FORMAT:
        raise ValueError(f"{where}: got format {found}, want at most {FORMAT}: it was written by a newer pyrodgm")


def of_run(state, found):
    """The state of a training run, from a checkpoint of format ``found``.

    What a run of one's own says of itself stays as it is: fields of recipes alone were renamed.
    """
    if _iaf_of_pyro(state.get("module", {})):
        raise ValueError(
            "checkpoint: got a run with the posterior 'iaf' of an older pyrodgm, whose network has other parameters: "
            "want it finished by that package, or begun anew; its saved models are read"
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


def of_model(arguments, tensors):
    """The arguments and tensors of a model, both dicts.

    The posterior ``"iaf"`` was once Pyro's network: ReLUs, masks among its tensors, and a linear layer on the trunk's
    features before it, which is now part of its first layer.

    Raises:
        ValueError: where a model has that posterior and no argument ``posterior`` says so.
    """
    flows = _iaf_of_pyro(tensors)
    if not flows:
        return arguments, tensors
    posterior = arguments.get("posterior", "normal")
    name, options = (posterior, {}) if isinstance(posterior, str) else posterior
    if name != "iaf":
        raise ValueError(
            f"model: got the posterior 'iaf' of an older pyrodgm at {flows[0]!r} and posterior={posterior!r}, want it "
            "named by that argument, to be read as it was"
        )
    options = {key: value for key, value in options.items() if key != "context_size"}
    arguments = arguments | {"posterior": ("iaf", options | {"made_activation": "relu"})}
    for flow in flows:
        tensors = _with_masked_networks(tensors, flow)
    return arguments, tensors


def _iaf_of_pyro(tensors):
    """The names of the networks with the former posterior ``"iaf"``."""
    end = ".steps.0.nn.permutation"
    return [name.removesuffix(end) for name in tensors if name.endswith(end)]


def _with_masked_networks(tensors, flow):
    """The tensors with those of one flow as its masked networks have them now."""
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


def of_estimator(attributes, found):
    """The attributes of an estimator, from a pickle of format ``found``."""
    if found > 1:
        return attributes
    attributes = _renamed(attributes, {"_optimiser": "_optimizer"})
    if "model_" in attributes:  # the class stood for itself
        attributes["model_"] = _renamed(attributes["model_"], {"class": "model"})
    return attributes


def changes_of_format_1(changes):
    """Changes of a recipe, ``"key=value"`` each, in the words that name the folder of a run of format 1."""
    old = {new: name for name, new in FIELDS.items()}

    def renamed(change):
        key, equals, value = change.partition("=")
        field, dot, option = key.partition(".")
        option = old.get(option, option) if field == "pretrained" else option
        return old.get(field, field) + dot + option + equals + value

    return [renamed(change) for change in changes]


def _renamed(values, names):
    return {names.get(key, key): value for key, value in values.items()}
