"""``pyrodgm list`` and ``pyrodgm show``."""

from pathlib import Path

from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from pyrodgm.cli.arguments import Epochs, Name, Results, Set, recipe_of
from pyrodgm.cli.report import console, reported

WIDE = 120  # columns; a narrower table breaks words


def list_recipes(results: Results = Path("results")):
    """List the recipes: the paper's figure, the figure obtained, and how it was."""
    from pyrodgm.zoo import RECIPES

    table = Table(Column("recipe", no_wrap=True), "what", "paper", "obtained", "state")
    for recipe in RECIPES.values():
        obtained, state = _obtained(recipe, results / f"{recipe.name}.json")
        if console.width >= WIDE:
            table.add_row(recipe.name, recipe.summary, recipe.paper, obtained, state)
            continue
        console.print(f"[bold]{recipe.name}[/bold]", highlight=False)
        for line in (
            recipe.summary,
            f"paper: {recipe.paper}",
            f"obtained: {obtained} ({state})" if obtained else state,
        ):
            console.print(Padding(Text(line), (0, 0, 0, 2)))
    if console.width >= WIDE:
        console.print(table)


@reported()
def show(name: Name, epochs: Epochs = None, set: Set = None):
    """Show every setting of a recipe, its source, and where it is not the paper's."""
    recipe, changes = recipe_of(name, epochs, set)
    console.print(f"[bold]{recipe.name}[/bold]: {recipe.summary}\n", highlight=False)
    for key in ("source", "paper", "deviations"):
        console.print(f"{key}: {getattr(recipe, key)}", highlight=False, markup=False)
    table = Table("setting", "value", title="changed: " + ", ".join(changes) if changes else None)
    table.add_row("epochs", str(recipe.epochs))
    for key, value in recipe.training().items():
        choice = isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict)
        table.add_row(key, value[0] if choice else "none" if value is None else str(value))
        for option, setting in (value[1] if choice else {}).items():
            table.add_row(f"  {key}.{option}", str(setting))
    console.print(table)


def _obtained(recipe, path):
    from pyrodgm.zoo.results import read_record, summary, unit

    if not path.exists():
        return "", "not measured"
    record = read_record(path)
    if record is None:
        return "", "a damaged file"
    runs = list(record["figures"].values())
    values = [run[recipe.figure] for run in runs if recipe.figure in run]
    if not values:
        return "", f"measured before it reported {recipe.figure}"
    state = f"{len(runs)} seed{'s' if len(runs) > 1 else ''}, {record['epochs']} epochs, {record['date']}"
    changed = f", with {', '.join(record['changed'])}" if record["changed"] else ""
    return f"{summary(values)} {unit(recipe.figure)}", state + changed
