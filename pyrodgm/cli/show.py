"""``pyrodgm list`` and ``pyrodgm show``."""

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from pyrodgm.cli.arguments import Epochs, Name, Results, Set, recipe_of
from pyrodgm.cli.report import console, reported

WIDE = 120  # terminal columns for the full table; a narrower one would break words


def list_recipes(results: Results = Path("results")) -> None:
    """List the recipes with the paper's figure and the one obtained here."""
    from pyrodgm.zoo import RECIPES

    wide = console.width >= WIDE
    name, obtained = Column("recipe", no_wrap=True), Column("obtained", min_width=18)
    if wide:
        table = Table(name, "what", "paper", obtained, "state")
    else:
        table = Table(name, obtained, "paper", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for recipe in RECIPES.values():
        figure, state = _obtained(recipe, results / f"{recipe.name}.json")
        cells = (recipe.summary, recipe.paper, figure, state) if wide else (figure or state, recipe.paper)
        table.add_row(recipe.name, *cells)
    console.print(table)
    if not wide:
        console.print("`pyrodgm show NAME` describes a recipe.", highlight=False)


@reported()
def show(name: Name, epochs: Epochs = None, set: Set = None, results: Results = Path("results")) -> None:
    """Show a recipe: source, figures, every setting, and deviations from the paper."""
    from pyrodgm.zoo.results import label_of

    recipe, changes = recipe_of(name, epochs, set)
    console.print(f"[bold]{recipe.name}[/bold]: {recipe.summary}\n", highlight=False)
    figure, state = _obtained(recipe, results / f"{label_of(recipe, changes)}.json")
    obtained = f"{recipe.figure} {figure} ({state})" if figure else state
    lines = {"source": recipe.source, "paper": recipe.paper, "obtained": obtained, "deviations": recipe.deviations}
    for key, text in lines.items():
        console.print(f"{key}: {text}", highlight=False, markup=False)
    table = Table("setting", "value", title="changed: " + ", ".join(changes) if changes else None)
    table.add_row("epochs", str(recipe.epochs))
    for key, value in recipe.training().items():
        choice = isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict)
        table.add_row(key, value[0] if choice else "none" if value is None else str(value))
        for option, setting in (value[1] if choice else {}).items():
            table.add_row(f"  {key}.{option}", str(setting))
    console.print(table)


def _obtained(recipe, path):
    """A recipe's main figure in a results file, or ``""``; and its seeds, epochs and date, or why it is missing."""
    from pyrodgm.zoo.results import read_record, summary, unit

    if not path.exists():
        return "", "not measured"
    record = read_record(path)
    if record is None:
        return "", "damaged file"
    runs = list(record["figures"].values())
    values = [run[recipe.figure] for run in runs if recipe.figure in run]
    if not values:
        return "", f"the results file has no {recipe.figure}"
    state = f"{len(runs)} seed{'s' if len(runs) > 1 else ''}, {record['epochs']} epochs, {record['date']}"
    changed = f", with {', '.join(record['changed'])}" if record["changed"] else ""
    return f"{summary(values)} {unit(recipe.figure)}", state + changed
