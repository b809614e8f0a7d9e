"""The format of what is saved, a model, a run or an estimator, and how what an older package wrote is read.

Format 2 renamed fields of recipes and keys of states. Nothing else changed: what was read under the old names is read
under the new ones. This is the only place that knows the old names.
"""

FORMAT = 2  # raised when an older package could not read what is written
RENAMED = {"optimiser": "optimizer", "average": "ema", "_optimiser": "_optimizer"}  # what format 1 called them


def check_format(where, found):
    """Raise ``ValueError`` where a newer package wrote something, naming what."""
    if found > FORMAT:
        raise ValueError(f"{where}: got format {found}, want at most {FORMAT}: it was written by a newer pyrodgm")


def of_run(state, found, about):
    """The state of a training run, from a checkpoint of format ``found``.

    ``about``, what the run must agree with, tells the fields of a recipe from those of a user who says it so too.
    """
    if found > 1:
        return state
    state = {"optimizer" if key == "optimiser" else key: value for key, value in state.items()}
    fields = {key if key in about else RENAMED.get(key, key): value for key, value in state.get("about", {}).items()}
    return state | {"about": fields}


def of_estimator(attributes, found):
    """The attributes of an estimator, from a pickle of format ``found``."""
    if found > 1:
        return attributes
    attributes = {RENAMED.get(name, name): value for name, value in attributes.items()}
    if "model_" in attributes:  # the class stood for itself
        attributes["model_"] = attributes["model_"] | {"model": attributes["model_"]["class"]}
    return attributes


def changes_of_format_1(changes):
    """Changes of a recipe, ``"key=value"`` each, as format 1 named a run's folder by them."""
    old = {new: name for name, new in RENAMED.items()}

    def renamed(change):
        key, equals, value = change.partition("=")
        field, dot, option = key.partition(".")
        return old.get(field, field) + dot + option + equals + value

    return [renamed(change) for change in changes]
