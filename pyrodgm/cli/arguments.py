"""Arguments shared by several commands, and how they are resolved."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # torch takes seconds to load, and a help text does not need it
    from pyrodgm.zoo.experiment import Experiment
    from pyrodgm.zoo.recipe import Recipe

Name = Annotated[str, typer.Argument(help="A recipe, see `pyrodgm list`.")]
AnyName = Annotated[str, typer.Argument(help="A recipe or an experiment, see `pyrodgm list`.")]
Seeds = Annotated[
    int, typer.Option(min=1, help="Number of seeds, from 0. Each seed fixes labels, initial parameters and noise.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the run.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Number of epochs, instead of the recipe's.")]
Device = Annotated[str, typer.Option(help="Device to compute on: cpu, cuda, cuda:1.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting (see `pyrodgm show NAME`). May be repeated."),
]
Runs = Annotated[Path, typer.Option(help="Folder of saved runs.")]
Results = Annotated[Path, typer.Option(help="Folder of the results.")]


def recipe_of(name: str, epochs: int | None = None, changes: Sequence[str] | None = None) -> "tuple[Recipe, list[str]]":
    """The named recipe with the command line's changes applied, and the list of changes as ``key=value`` strings."""
    from pyrodgm.checks import check_choice
    from pyrodgm.zoo import EXPERIMENTS, RECIPES, override

    if name in EXPERIMENTS:
        raise ValueError(f"NAME: got {name}, an experiment, want a recipe; pyrodgm reproduce {name} runs it")
    check_choice("NAME", name, [*RECIPES, *EXPERIMENTS])
    changes = list(changes or [])
    recipe = override(RECIPES[name], changes)
    if epochs is not None and epochs != recipe.epochs:
        recipe = replace(recipe, epochs=epochs)
        changes.append(f"epochs={epochs}")
    return recipe, changes


def experiment_of(
    name: str, epochs: int | None = None, changes: Sequence[str] | None = None
) -> "tuple[Experiment, list[str]] | None":
    """The named experiment with the command line's changes applied, and the list of changes; None for another name."""
    from pyrodgm.zoo import EXPERIMENTS

    if name not in EXPERIMENTS:
        return None
    return EXPERIMENTS[name].with_settings([*(changes or []), *([] if epochs is None else [f"epochs={epochs}"])])


def run_folder(runs: Path, recipe: "Recipe", changes: Sequence[str], seed: int) -> Path:
    """The folder of a run. Each set of changes has its own folder, so a changed run is never taken for the recipe's.

    A run started by an older version, whose folder uses the old names of the settings, keeps its folder.
    """
    from pyrodgm.formats import changes_of_format_1
    from pyrodgm.zoo.results import label_of

    named = (changes, changes_of_format_1(changes))
    folder, older = (Path(runs) / label_of(recipe.name, words) / f"seed-{seed}" for words in named)
    return older if older.exists() and not folder.exists() else folder


def check_device(device: str) -> None:
    """Raise ``ValueError`` if the device is not available."""
    from pyrodgm import checks

    checks.check_device("--device", device)
