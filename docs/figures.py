"""The measured figures of a model, from the files in results/, with links to the page of results and back."""

import re

from rst import plain, slug

from pyrodgm.zoo import EXPERIMENTS, RECIPES
from pyrodgm.zoo.results import amount, summary, unit

REPRODUCED = {**RECIPES, **EXPERIMENTS}


def model_of(label):
    """The name of the model of a label, or None for a table of something else."""
    name = label.split("+")[0]
    if name in EXPERIMENTS:
        return EXPERIMENTS[name].model
    return RECIPES[name].model[0].__name__ if name in RECIPES else None


def link(label, measured):
    """A label as a link to its table in the results, if it has one."""
    name = label.replace("+", " + ")  # a long label may be broken there
    return f":ref:`{name} <{target(label)}>`" if label in measured else f"``{name}``"


def target(label):
    """The name by which pages link to a label's table."""
    return f"results-{slug(label)}"


def source_of(label, measured):
    """The paper of a label, with section or table."""
    return measured[label]["source"] if label in measured else REPRODUCED[label].source


def rows_of(model, measured):
    """The rows of a model's table: recipe or experiment, what it is, the paper's figure, the measured figure.

    Args:
        model: name of the model class.
        measured: all records by label.
    """
    for label in sorted({*REPRODUCED, *measured}):
        if model_of(label) == model:
            entry = REPRODUCED[label.split("+")[0]]
            described = measured.get(label) or vars(entry)
            figure = main_figure(measured[label], entry) if label in measured else "not yet"
            what = f"{described['summary']}. {described['source']}."
            yield link(label, measured), plain(what), plain(described["paper"]), plain(figure)


def main_figure(record, entry):
    """The figure of a record that its recipe or experiment names, with its seeds and length."""
    values = [run[entry.figure] for run in record["figures"].values() if entry.figure in run]
    if not values:
        return "see its table"
    seeds = "one seed" if len(values) == 1 else f"{len(values)} seeds"
    return f"{entry.figure} {summary(values)} {unit(entry.figure)} ({seeds}, {amount(record)})"


def with_links(page):
    """The page of results with a link target at every table, and a link to the model below it."""

    def linked(heading):
        label = heading[1]
        model = model_of(label)
        back = f"\n\nModel: {{doc}}`{model} </models/{model}>`" if model else ""
        return f"({target(label)})=\n## {label}{back}"

    return re.sub(r"^## (.*)$", linked, page, flags=re.MULTILINE)
