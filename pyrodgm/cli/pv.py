"""``pyrodgm pv``: condition monitoring of photovoltaic strings."""

from pathlib import Path
from typing import Annotated

import typer

from pyrodgm.cli.report import console, reported

app = typer.Typer(help="Photovoltaic strings: simulate one, check a logger's file.", no_args_is_help=True)


@app.command()
@reported()
def simulate(
    output: Annotated[Path, typer.Option(help="The file to write, .csv or .parquet.")],
    site: Annotated[str, typer.Option(help="The weather: greensboro, sand-point or miami.")] = "greensboro",
    arrangement: Annotated[
        str, typer.Option(help="campaign: conditions on one to seven days each; days: each in all weather.")
    ] = "campaign",
    start: Annotated[str, typer.Option(help="The first day, month and day.")] = "03-01",
    days: Annotated[int, typer.Option(help="How many days.")] = 61,
    every: Annotated[int, typer.Option(help="Minutes between two rows.")] = 1,
    module: Annotated[str | None, typer.Option(help="A module of pvlib's CEC list.")] = None,
    modules: Annotated[int, typer.Option(help="Modules in series.")] = 8,
    local_tracker: Annotated[bool, typer.Option(help="Stay in the first maximum of power that is met.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Fixes weather, conditions and noise.")] = 0,
):
    """Write what a logger would of a string in ten conditions, a row a minute, with its state."""
    from pyrodgm.data.pv import Plant
    from pyrodgm.data.pv import simulate as simulated
    from pyrodgm.data.pv.sensors import COLUMNS
    from pyrodgm.files import write

    if output.suffix not in (".csv", ".parquet"):
        raise ValueError(f"--output: got {output}, want a file that ends in .csv or .parquet")
    if not output.parent.is_dir():
        raise ValueError(f"--output: got {output}, want a folder that is there")
    plant = Plant(num_modules=modules, local_tracker=local_tracker)
    if module is not None:
        plant = plant._replace(module=module)
    table = simulated(site, arrangement, start, days, plant, every=every, seed=seed).drop(columns="recorded")
    table = table.round(dict.fromkeys(COLUMNS, 4))
    write(output, table.to_csv(index=False).encode() if output.suffix == ".csv" else table.to_parquet(index=False))
    console.print(f"{output}: {len(table)} rows, {days} days, {table['state'].nunique()} states", highlight=False)


@app.command()
@reported()
def check(
    data: Annotated[Path, typer.Argument(help="A logger's file: .csv, .csv.gz or .parquet.")],
    map: Annotated[Path | None, typer.Option(help="A TOML file: which column is what.")] = None,
    latitude: Annotated[float | None, typer.Option(help="Of the plant, in degrees, to check the clock.")] = None,
    longitude: Annotated[float | None, typer.Option(help="East is positive.")] = None,
):
    """Say what a logger's file holds, what is wrong with it, and which rows would be left out, by reason."""
    from pyrodgm.pv.check import check_logger, told
    from pyrodgm.pv.logger_map import load_map

    for line in told(check_logger(data, load_map(map), latitude, longitude)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
