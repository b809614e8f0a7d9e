"""The command ``pyrodgm``."""

import sys
from typing import Annotated

import typer

from pyrodgm.cli import data, evaluate, pv, show, train
from pyrodgm.cli.report import settings

app = typer.Typer(
    help="Deep generative models as Pyro model/guide pairs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",  # wraps the paragraphs of a help text at the width of the terminal
)
app.command("list")(show.list_recipes)
app.command()(show.show)
app.command()(train.train)
app.command()(train.reproduce)
app.command()(train.demo)
app.command()(evaluate.evaluate)
app.command()(evaluate.sample)
app.add_typer(data.app, name="data")
app.add_typer(pv.app, name="pv")


@app.callback()
def options(
    traceback: Annotated[bool, typer.Option("--traceback", help="Show the traceback of an error.")] = False,
) -> None:
    settings["traceback"] = traceback


def main() -> None:
    """Run the command line. Characters that the output's encoding lacks are replaced."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # the streams of a process
    app()
