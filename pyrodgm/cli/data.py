"""``pyrodgm data``: list data sets, download them, and locate their files."""

from typing import Annotated

import typer
from rich.table import Column, Table

from pyrodgm.cli.report import console, reported, say

app = typer.Typer(help="Data sets: list, download, locate.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A data set, see `pyrodgm data list`.")]


@app.command("list")
@reported()
def list_sets() -> None:
    """List the data sets, their sources, and whether their files are present."""
    from pyrodgm.data import DATASETS, origin
    from pyrodgm.data.store import is_present

    table = Table("data set", Column("source", overflow="fold"), "present")
    for name in DATASETS:
        table.add_row(name, origin(name), "yes" if is_present(name) else "no")
    console.print(table)


@app.command()
@reported()
def fetch(name: Name) -> None:
    """Download a data set's missing files and verify their checksums. An interrupted download resumes."""
    from pyrodgm import data

    for path in [str(path) for path in data.fetch(name)] or [data.origin(name)]:
        say(path)


@app.command()
@reported()
def path(name: Name) -> None:
    """Print the folder of a data set's files."""
    from pyrodgm import data

    say(str(data.path(name) or data.origin(name)))
