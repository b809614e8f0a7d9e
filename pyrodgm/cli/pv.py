"""``pyrodgm pv``: condition monitoring of photovoltaic strings."""

from pathlib import Path
from typing import Annotated

import typer

from pyrodgm.cli.report import console, reported

app = typer.Typer(help="Photovoltaic strings: simulate, check a logger's file, monitor.", no_args_is_help=True)


@app.command()
@reported()
def simulate(
    output: Annotated[Path, typer.Option(help="File to write, .csv or .parquet.")],
    site: Annotated[str, typer.Option(help="Weather of greensboro, sand-point or miami.")] = "greensboro",
    arrangement: Annotated[
        str, typer.Option(help="campaign: each condition on 1 to 7 days; days: each in all weather.")
    ] = "campaign",
    start: Annotated[str, typer.Option(help="First day, as MM-DD.")] = "03-01",
    days: Annotated[int, typer.Option(help="Number of days.")] = 61,
    every: Annotated[int, typer.Option(help="Minutes between rows.")] = 1,
    module: Annotated[str | None, typer.Option(help="Module of pvlib's CEC list.")] = None,
    modules: Annotated[int, typer.Option(help="Modules in series.")] = 8,
    local_tracker: Annotated[
        bool, typer.Option("--local-tracker", help="Tracker stops at the first local maximum of power.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Fixes weather, conditions and noise.")] = 0,
):
    """Simulate the log of a string in ten conditions, one row per minute, with its state."""
    from pyrodgm.data.pv import Plant
    from pyrodgm.data.pv import simulate as simulated
    from pyrodgm.data.pv.sensors import COLUMNS
    from pyrodgm.files import write

    if output.suffix not in (".csv", ".parquet"):
        raise ValueError(f"--output: got {output}, want a file that ends in .csv or .parquet")
    if not output.parent.is_dir():
        raise ValueError(f"--output: got {output}, want a file in an existing folder")
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
    map: Annotated[Path | None, typer.Option(help="TOML file that maps the columns.")] = None,
    latitude: Annotated[float | None, typer.Option(help="Plant's latitude in degrees, to check the clock.")] = None,
    longitude: Annotated[float | None, typer.Option(help="Plant's longitude in degrees, east positive.")] = None,
):
    """Report a logger file's contents and problems, and which rows would be left out and why."""
    from pyrodgm.pv.check import check_logger, told
    from pyrodgm.pv.logger_map import load_map

    for line in told(check_logger(data, load_map(map), latitude, longitude)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


@app.command()
@reported()
def train(
    data: Annotated[Path, typer.Argument(help="A logger's file: .csv, .csv.gz or .parquet.")],
    model: Annotated[Path, typer.Option(help="Folder to write.")],
    label: Annotated[str | None, typer.Option(help="Column of states. Without one, every row is normal.")] = None,
    normal: Annotated[list[str] | None, typer.Option(help="Label of a healthy string. May be repeated.")] = None,
    map: Annotated[Path | None, typer.Option(help="TOML file that maps the columns.")] = None,
    module: Annotated[
        str | None, typer.Option(help="Module of pvlib's CEC list. Without one, King's model is fitted.")
    ] = None,
    modules: Annotated[int | None, typer.Option(help="Modules in series.")] = None,
    labels: Annotated[Path | None, typer.Option(help="CSV of intervals: string, start, end, state.")] = None,
    columns: Annotated[str, typer.Option(help="ratios: measured / expected; raw: the six sensors.")] = "ratios",
    steps: Annotated[int, typer.Option(min=1, help="Training steps, each on 200 of at most 20,000 rows.")] = 3000,
    false_alarms: Annotated[float, typer.Option(help="Rate to check on normal days not trained on.")] = 0.01,
    seed: Annotated[int, typer.Option(min=0, help="Fixes rows, parameters and noise.")] = 0,
):
    """Train a monitor on a logger's file and measure its false alarms on other days."""
    from pyrodgm.pv.logger_map import load_map
    from pyrodgm.pv.monitor_model import Monitor

    if not 0 < false_alarms < 1:
        raise ValueError(f"--false-alarms: got {false_alarms}, want a share above 0 and below 1")
    options = {"columns": columns, "steps": steps, "seed": seed}
    monitor = Monitor.fit(data, label, normal or (), load_map(map), module, modules, labels, **options)
    monitor.save(model)
    console.print(f"{model}: states {', '.join(monitor.classifier.classes_)}", highlight=False, soft_wrap=True)
    alarms = monitor.false_alarms(false_alarms)
    if alarms is None:
        rates = "not measured, no normal day is left to measure them on; want four normal days of a string"
    else:
        between = "" if alarms.low is None else f" (95 % over days: {alarms.low:.2%} to {alarms.high:.2%})"
        rates = f"{alarms.unseen:.2%} of rows unseen{between}, {alarms.faults:.2%} a labelled fault"
        rates = f"{rates}, on {alarms.days} other normal days"
    console.print(f"false alarms at a stated {false_alarms:.2%}: {rates}", highlight=False, soft_wrap=True)


@app.command()
@reported()
def monitor(
    model: Annotated[Path, typer.Argument(help="Folder written by pyrodgm pv train.")],
    data: Annotated[Path, typer.Argument(help="Logger's file of the same strings.")],
    output: Annotated[Path, typer.Option(help="Folder for rows.parquet and events.csv.")],
    map: Annotated[Path | None, typer.Option(help="TOML file that replaces the one used in training.")] = None,
    false_alarms: Annotated[float, typer.Option(help="Share of normal rows that may raise an alarm.")] = 0.01,
    minutes: Annotated[int, typer.Option(min=1, help="Length of the time blocks that form events.")] = 15,
):
    """Classify every row of a file and list the events with their lost energy."""
    from pyrodgm.pv.logger_map import load_map
    from pyrodgm.pv.monitor import monitor_file
    from pyrodgm.pv.monitor_model import Monitor

    own_map = None if map is None else load_map(map)
    report = monitor_file(Monitor.load(model), data, output, false_alarms, minutes, own_map)
    say = {"highlight": False, "markup": False, "soft_wrap": True}
    lost = sum(event.kwh_lost for event in report.events)
    console.print(f"{output}: {report.rows} rows, {len(report.events)} events, {lost:.2f} kWh lost", **say)
    for state, count in report.states.most_common():
        console.print(f"{count} rows {state}", **say)
    for reason, count in report.skipped.most_common():
        console.print(f"left out: {count} rows, {reason}", **say)
