"""``pyrodgm pv``: condition monitoring of photovoltaic strings."""

from pathlib import Path
from typing import Annotated

import typer

from pyrodgm.cli.report import console, reported

app = typer.Typer(help="Photovoltaic strings: simulate one, check a logger's file, monitor.", no_args_is_help=True)


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


@app.command()
@reported()
def train(
    data: Annotated[Path, typer.Argument(help="A logger's file: .csv, .csv.gz or .parquet.")],
    model: Annotated[
        Path, typer.Option(help="The folder to write. If it holds a monitor, that one learns on from the new file.")
    ],
    label: Annotated[str | None, typer.Option(help="A column of states; without one every row is normal.")] = None,
    normal: Annotated[list[str] | None, typer.Option(help="A label of a healthy string; may be repeated.")] = None,
    map: Annotated[Path | None, typer.Option(help="A TOML file: which column is what.")] = None,
    module: Annotated[
        str | None, typer.Option(help="A module of pvlib's CEC list; else King's model is fitted.")
    ] = None,
    modules: Annotated[int | None, typer.Option(help="Modules in series.")] = None,
    labels: Annotated[
        Path | None, typer.Option(help="A CSV of intervals: string, start, end, state; such as an edited events.csv.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option(help="Begin again. The folder that is there is kept under another name.")
    ] = False,
    columns: Annotated[
        str | None, typer.Option(help="ratios: measured over expected (the default); raw: the six sensors.")
    ] = None,
    latitude: Annotated[
        float | None, typer.Option(help="Of the plant, in degrees, to find events that return.")
    ] = None,
    longitude: Annotated[float | None, typer.Option(help="East is positive.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Of training, with 200 of at most 20,000 rows each.")] = 3000,
    false_alarms: Annotated[float, typer.Option(help="The share to measure on further normal days.")] = 0.01,
    seed: Annotated[int, typer.Option(min=0, help="Fixes rows, parameters and noise.")] = 0,
):
    """Train a monitor on a logger's file, and say how often it raises a false alarm on other days.

    A folder that holds a monitor goes on: the new file's rows are learnt beside the rows that the folder keeps, so that
    no state is forgotten. What --labels says holds for these rows too.
    """
    from pyrodgm.pv.logger_map import load_map
    from pyrodgm.pv.model_folder import holds_monitor, set_aside
    from pyrodgm.pv.monitor_model import Monitor

    if not 0 < false_alarms < 1:
        raise ValueError(f"--false-alarms: got {false_alarms}, want a share above 0 and below 1")
    if (latitude is None) != (longitude is None):
        raise ValueError("latitude: got one of latitude and longitude, want both")
    say = {"highlight": False, "markup": False, "soft_wrap": True}
    earlier = Monitor.load(model, with_rows=True) if holds_monitor(model) and not fresh else None
    if earlier is not None:
        states = ", ".join(earlier.thresholds.states)
        console.print(f"{model}: goes on from {len(earlier.rows.time)} kept rows, states {states}", **say)
    monitor = Monitor.fit(
        data,
        label,
        normal or (),
        None if map is None else load_map(map),
        module,
        modules,
        labels,
        columns,
        None if latitude is None else (latitude, longitude),
        earlier,
        steps=steps,
        seed=seed,
    )
    if fresh and holds_monitor(model):
        console.print(f"{model}: the monitor that was there is now {set_aside(model)}", **say)
    monitor.save(model)
    if monitor.rows.known:
        console.print(f"{data}: {monitor.rows.known} rows passed over, of days that {model} keeps already", **say)
    states, kept = ", ".join(monitor.thresholds.states), len(monitor.rows.time)
    console.print(f"{model}: states {states}; {kept} rows kept", **say)
    alarms = monitor.false_alarms(false_alarms)
    if alarms is None:
        told = "no further normal day to measure them on; want four normal days of a string"
    else:
        between = "" if alarms.low is None else f" (95 % over days: {alarms.low:.2%} to {alarms.high:.2%})"
        told = f"{alarms.unseen:.2%} of rows unseen{between}, {alarms.faults:.2%} a labelled fault"
        told = f"{told}, on {alarms.days} further normal days"
    console.print(f"false alarms at a stated {false_alarms:.2%}: {told}", **say)


@app.command()
@reported()
def monitor(
    model: Annotated[Path, typer.Argument(help="A folder that pyrodgm pv train wrote.")],
    data: Annotated[Path, typer.Argument(help="A logger's file of the same strings.")],
    output: Annotated[Path, typer.Option(help="The folder for rows.parquet, events.csv and report.html.")],
    map: Annotated[Path | None, typer.Option(help="A TOML file, in place of the one trained with.")] = None,
    false_alarms: Annotated[
        float, typer.Option(help="The share of normal rows that may be called something else.")
    ] = 0.01,
    minutes: Annotated[int, typer.Option(min=1, help="Blocks of time that events are made of.")] = 15,
    follow: Annotated[
        bool, typer.Option(help="Read on as a CSV grows. Stopped at any moment, it goes on when it is run again.")
    ] = False,
):
    """Tell the state of every row of a file, and the events with the energy they lost, and draw report.html."""
    from pyrodgm.pv.follow import follow_file
    from pyrodgm.pv.logger_map import load_map
    from pyrodgm.pv.monitor import monitor_file
    from pyrodgm.pv.monitor_model import Monitor

    own_map, trained = None if map is None else load_map(map), Monitor.load(model)
    say = {"highlight": False, "markup": False, "soft_wrap": True}
    if follow:
        console.print(f"{output}: follows {data}; Ctrl-C stops it, and the same command goes on", **say)
        seen = [-1]

        def told(report):
            if report.rows > seen[0]:
                console.print(f"{output}: {report.rows} rows, {len(report.events)} events", **say)
            seen[0] = report.rows
            return False

        try:
            follow_file(trained, data, output, false_alarms, minutes, own_map, told)
        except KeyboardInterrupt:
            console.print(f"{output}: stopped", **say)
            return
    report = monitor_file(trained, data, output, false_alarms, minutes, own_map)
    lost = sum(event.kwh_lost for event in report.events)
    console.print(f"{output}: {report.rows} rows, {len(report.events)} events, {lost:.2f} kWh lost", **say)
    series = {event.series for event in report.events} - {None}
    if series:
        again = sum(event.series is not None for event in report.events)
        console.print(f"{again} of the events come back at the same place of the sun, in {len(series)} series", **say)
    elif trained.site is None:
        console.print("events that come back: not looked for, train with --latitude and --longitude", **say)
    for state, count in report.states.most_common():
        console.print(f"{count} rows {state}", **say)
    for reason, count in report.skipped.most_common():
        console.print(f"left out: {count} rows, {reason}", **say)
