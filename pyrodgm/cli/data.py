"""``pyrodgm data``: which data sets there are, and where their files are."""

from typing import Annotated

import typer
from rich.table import Table

from pyrodgm.cli.report import console, reported

app = typer.Typer(help="Data sets: list them, fetch their files, say where they are.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A data set, see `pyrodgm data list`.")]


@app.command("list")
def list_sets():
    """List the data sets, where each comes from, and whether its files are here."""
    from pyrodgm.data import DATASETS, files, origin, path

    table = Table("data set", "from", "here")
    for name in DATASETS:
        folder, needed = path(name), files(name)
        here = folder is None or all((folder / file).exists() for file in needed)
        table.add_row(name, origin(name), "yes" if here else "no")
    console.print(table)


@app.command()
@reported()
def fetch(name: Name):
    """Fetch the files of a data set that are not here, checked by their checksums; a broken download is resumed."""
    from pyrodgm import data

    for path in data.fetch(name) or [data.origin(name)]:
        console.print(str(path), highlight=False, soft_wrap=True)


@app.command()
@reported()
def path(name: Name):
    """Print the folder with a data set's files."""
    from pyrodgm import data

    console.print(str(data.path(name) or data.origin(name)), highlight=False, soft_wrap=True)
