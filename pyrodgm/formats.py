"""The format of what is saved, a model, a run or an estimator, and how what an older package wrote is read.

Format 2 renamed fields of recipes and keys of states, and nothing else. No other place knows the old names.
"""

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
