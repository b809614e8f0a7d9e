"""``pyrodgm list`` and ``pyrodgm show``."""

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from pyrodgm.cli.arguments import AnyName, Epochs, Results, Set, experiment_of, recipe_of
from pyrodgm.cli.report import console, reported

WIDE = 120  # terminal columns for the full table; a narrower one would break words
NARROW = 70  # fewer terminal columns have no room for whole names


@reported()
def list_recipes(results: Results = Path("results")) -> None:
    """List the recipes and the experiments with the paper's figure and the one obtained here."""
    from pyrodgm.zoo import EXPERIMENTS, RECIPES

    _check_results(results)
    wide = console.width >= WIDE
    share = None if console.width >= NARROW else max((console.width - 23) // 2, 1)  # 23: "obtained" and the gaps
    name = Column("name", no_wrap=console.width >= NARROW, overflow="fold", max_width=share)
    obtained = Column("obtained", min_width=18)
    if wide:
        table = Table(name, "what", "paper", obtained, "state")
    else:
        paper = Column("paper", overflow="fold", max_width=share)
        table = Table(name, obtained, paper, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for recipe in (*RECIPES.values(), *EXPERIMENTS.values()):
        figure, state = _obtained(recipe, results / f"{recipe.name}.json")
        cells = (recipe.summary, recipe.paper, figure, state) if wide else (figure or state, recipe.paper)
        table.add_row(recipe.name, *cells)
    console.print(table)
    if not wide:
        console.print("`pyrodgm show NAME` describes a recipe or an experiment.", highlight=False)


@reported()
def show(name: AnyName, epochs: Epochs = None, set: Set = None, results: Results = Path("results")) -> None:
    """Show a recipe or an experiment: source, figures, every setting, and deviations from the paper."""
    from pyrodgm.zoo.results import setting_text

    _check_results(results)
    experiment = experiment_of(name, epochs, set)
    if experiment is not None:
        found, changes = experiment
        _describe(found, changes, results, found.deviations.format(**found.settings))
        _print_settings({key: setting_text(value) for key, value in found.settings.items()}, changes)
        console.print("parts:", *(f"  {part}" for part in found.parts), sep="\n", highlight=False, markup=False)
        return
    recipe, changes = recipe_of(name, epochs, set)
    _describe(recipe, changes, results, recipe.deviations)
    rows = {"epochs": str(recipe.epochs)}
    for key, value in recipe.training().items():
        choice = isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict)
        rows[key] = value[0] if choice else "none" if value is None else str(value)
        for option, setting in (value[1] if choice else {}).items():
            rows[f"  {key}.{option}"] = str(setting)
    _print_settings(rows, changes)


def _check_results(folder):
    """Raise ``ValueError`` if a folder that somebody named is not there. The usual one may not be there yet."""
    if folder != Path("results") and not folder.is_dir():
        raise ValueError(f"--results: got {folder}, want an existing folder")


def _describe(found, changes, results, deviations):
    """Print what a recipe or an experiment is, and its measured figure."""
    from pyrodgm.zoo.results import label_of

    console.print(f"[bold]{found.name}[/bold]: {found.summary}\n", highlight=False)
    figure, state = _obtained(found, results / f"{label_of(found.name, changes)}.json")
    obtained = f"{found.figure} {figure} ({state})" if figure else state
    lines = {"source": found.source, "paper": found.paper, "obtained": obtained, "deviations": deviations}
    for key, text in lines.items():
        console.print(f"{key}: {text}", highlight=False, markup=False)


def _print_settings(rows, changes):
    table = Table("setting", "value", title="changed: " + ", ".join(changes) if changes else None)
    for key, value in rows.items():
        table.add_row(key, value)
    console.print(table)


def _obtained(recipe, path):
    """The main figure in a results file, or ``""``; and its seeds, length and date, or why it is missing."""
    from pyrodgm.zoo.results import amount, read_record, sessions, summary, unit

    if not path.exists():
        return "", "not measured" if path.parent.is_dir() else f"no folder {path.parent}"
    record = read_record(path)
    if record is None:
        return "", "damaged file"
    runs = list(record["figures"].values())
    values = [run[recipe.figure] for run in runs if recipe.figure in run]
    if not values:
        return "", f"the results file has no {recipe.figure}"
    length, date = amount(record), sessions(record)[-1]["date"]
    state = f"{len(values)} seed{'s' if len(values) > 1 else ''}, {length}, {date}"
    changed = f", with {', '.join(record['changed'])}" if record["changed"] else ""
    return f"{summary(values)} {unit(recipe.figure)}", state + changed
