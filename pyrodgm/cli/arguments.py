"""Arguments that commands share, and what they mean."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="A recipe, see `pyrodgm list`.")]
Seeds = Annotated[int, typer.Option(min=1, help="Seeds to run, from 0: labels, initial parameters and noise.")]
Seed = Annotated[int, typer.Option(min=0, help="The seed of the run.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Train for so many epochs in place of the recipe's.")]
Device = Annotated[str, typer.Option(help="Where to train: cpu, cuda, cuda:1.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, see `pyrodgm show NAME`; may be repeated."),
]
Runs = Annotated[Path, typer.Option(help="Where runs are saved, and found to go on with.")]
Results = Annotated[Path, typer.Option(help="Where the tables live.")]


def recipe_of(name, epochs=None, changes=None):
    """The recipe of a name with what the command line changes, and these changes in words."""
    from pyrodgm.checks import check_choice
    from pyrodgm.zoo import RECIPES, override

    check_choice("NAME", name, RECIPES)
    changes = list(changes or [])
    recipe = override(RECIPES[name], changes)
    if epochs is not None and epochs != recipe.epochs:
        recipe = replace(recipe, epochs=epochs)
        changes.append(f"epochs={epochs}")
    return recipe, changes


def run_folder(runs, recipe, changes, seed):
    """Where a run lives: a folder of its own for every change, so that none is taken for the recipe's.

    A run that an older package began, whose folder has its name by the fields' old names, stays where it is.
    """
    from pyrodgm.formats import changes_of_format_1
    from pyrodgm.zoo.results import label_of

    named = (changes, changes_of_format_1(changes))
    folder, older = (Path(runs) / label_of(recipe, words) / f"seed-{seed}" for words in named)
    return older if older.exists() and not folder.exists() else folder


def check_device(device):
    """Raise ``ValueError`` unless there is such a device."""
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"--device: got {device!r}, want a device that is here ({reason})") from error
