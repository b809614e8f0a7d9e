"""The command ``pyrodgm``."""

import shlex
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="Deep generative models as Pyro model/guide pairs.", no_args_is_help=True, add_completion=False)
console, errors = Console(), Console(stderr=True, style="red", markup=False, highlight=False)

Name = Annotated[str, typer.Argument(help="A recipe, see `pyrodgm list`.")]
Seeds = Annotated[int, typer.Option(min=1, help="Seeds to run, from 0: labels, initial parameters and noise.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Train for so many epochs in place of the recipe's.")]
Device = Annotated[str, typer.Option(help="Where to train: cpu, cuda, cuda:1.")]


@app.command("list")
def list_recipes():
    """List the recipes, each with its paper's figure."""
    from pyrodgm.zoo import RECIPES

    table = Table("recipe", "what", "paper")
    for recipe in RECIPES.values():
        table.add_row(recipe.name, recipe.summary, f"{recipe.paper} ({recipe.source})")
    console.print(table)


@app.command()
def train(name: Name, seeds: Seeds = 1, epochs: Epochs = None, device: Device = "cpu"):
    """Train a recipe and print what its paper reports."""
    _run(name, seeds, epochs, device)


@app.command()
def reproduce(
    name: Name,
    seeds: Seeds = 3,
    epochs: Epochs = None,
    device: Device = "cpu",
    folder: Annotated[Path, typer.Option(help="Where the tables live.")] = Path("results"),
):
    """Train a recipe over several seeds and write its row to the results."""
    from pyrodgm.zoo.results import package_commit, write_results

    commit = package_commit()
    _make(folder)
    recipe, outcomes = _run(name, seeds, epochs, device)
    runs = {seed: outcome.figures for seed, outcome in outcomes.items()}
    command = shlex.join(["pyrodgm", *sys.argv[1:]])
    changed = [] if epochs is None else ["epochs"]
    console.print(f"Wrote {write_results(folder, recipe, runs, command, device, changed, commit)}")


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("demo"),
    epochs: Epochs = None,
    device: Device = "cpu",
):
    """Train an SDGM on real digits with 100 labels, print the table, draw the figures."""
    from pyrodgm.zoo.figures import draw

    _make(folder)
    _, outcomes = _run("digits", 1, epochs, device)
    for path in draw(outcomes[0], folder):
        console.print(f"Drew {path}")


def _run(name, seeds, epochs, device):
    """Run the recipe for every seed, print its table, and return it with the outcomes."""
    from pyrodgm.checks import check_choice
    from pyrodgm.zoo import RECIPES, run

    with _reported():
        check_choice("NAME", name, RECIPES)
        _check_device(device)
        recipe = RECIPES[name] if epochs is None else replace(RECIPES[name], epochs=epochs)
        console.print(f"{recipe.name}: {recipe.summary}. {recipe.source}; paper: {recipe.paper}.")
        outcomes = {seed: run(recipe, seed, device) for seed in range(seeds)}
    _print_figures({seed: outcome.figures for seed, outcome in outcomes.items()})
    return recipe, outcomes


@contextmanager
def _reported():
    """Print bad input and end with exit code 2; print a run that diverged and end with 1."""
    try:
        yield
    except (ValueError, FileNotFoundError, FloatingPointError) as error:
        errors.print(str(error))
        raise typer.Exit(1 if isinstance(error, FloatingPointError) else 2) from error


def _make(folder):
    """Make the folder and see that it can be written, before anything is trained for it."""
    with _reported():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise ValueError(f"--folder: got {folder}, want a folder that can be written ({error})") from error


def _check_device(device):
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"--device: got {device!r}, want a device that is here ({reason})") from error


def _print_figures(runs):
    """A line for each figure, a column for each seed, and the mean with its standard error."""
    from pyrodgm.zoo.results import summary

    table = Table("figure", *(f"seed {seed}" for seed in runs))
    if len(runs) > 1:
        table.add_column("mean ± s.e.")
    for figure in next(iter(runs.values())):
        values = [figures[figure] for figures in runs.values()]
        cells = [f"{value:.2f}" for value in values]
        table.add_row(f"{figure} ({_unit(figure)})", *cells, *([summary(values)] if len(runs) > 1 else []))
    console.print(table)


def _unit(figure):
    return "%" if "error" in figure else "nats" if "bound" in figure else "s"


def main():
    """Run the command line."""
    app()
