"""``pyrodgm pv``: condition monitoring of photovoltaic strings."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pyrodgm.cli.report import reported, say

app = typer.Typer(help="Photovoltaic strings: simulate, check a logger's file, monitor.", no_args_is_help=True)


@app.command()
@reported()
def simulate(
    output: Annotated[Path, typer.Option(help="File to write, .csv or .parquet.")],
    site: Annotated[str, typer.Option(help="Place of the weather: greensboro, sand-point or miami.")] = "greensboro",
    arrangement: Annotated[
        str, typer.Option(help="campaign: each condition on 1 to 7 days in turn. days: each condition in all weather.")
    ] = "campaign",
    start: Annotated[str, typer.Option(help="First day, as MM-DD.")] = "03-01",
    days: Annotated[int, typer.Option(min=1, max=365, help="Number of days to simulate.")] = 61,
    every: Annotated[int, typer.Option(min=1, help="Minutes between rows; 1 for a campaign.")] = 1,
    module: Annotated[str | None, typer.Option(help="Module of pvlib's CEC list.")] = None,
    modules: Annotated[int, typer.Option(min=1, help="Modules in series.")] = 8,
    local_tracker: Annotated[
        bool, typer.Option("--local-tracker", help="The power tracker stops at the first local maximum.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Fixes weather, conditions and noise.")] = 0,
) -> None:
    """Simulate a logger's file of a string in ten conditions, with the state of each row."""
    from pyrodgm.data.pv import Plant
    from pyrodgm.data.pv import simulate as simulated
    from pyrodgm.data.pv.sensors import COLUMNS
    from pyrodgm.files import check_new_file, write

    if output.suffix not in (".csv", ".parquet"):
        raise ValueError(f"--output: got {output}, want a file that ends in .csv or .parquet")
    check_new_file(output, "--output")
    plant = Plant(num_modules=modules, local_tracker=local_tracker)
    if module is not None:
        plant = plant._replace(module=module)
    table = simulated(site, arrangement, start, days, plant, every=every, seed=seed).drop(columns="recorded")
    table = table.round(dict.fromkeys(COLUMNS, 4))
    write(output, table.to_csv(index=False).encode() if output.suffix == ".csv" else table.to_parquet(index=False))
    say(f"{output}: {len(table)} rows, {days} days, {table['state'].nunique()} states")


@app.command()
@reported()
def check(
    data: Annotated[Path, typer.Argument(help="A logger's file: .csv, .csv.gz or .parquet.")],
    map: Annotated[Path | None, typer.Option(help="TOML file that maps the columns.")] = None,
    latitude: Annotated[float | None, typer.Option(help="Plant's latitude in degrees, to check the clock.")] = None,
    longitude: Annotated[float | None, typer.Option(help="Plant's longitude in degrees, east positive.")] = None,
) -> None:
    """Report the contents and problems of a logger's file, and which rows would be left out and why."""
    from pyrodgm.pv.check import check_logger
    from pyrodgm.pv.check_text import told
    from pyrodgm.pv.logger_map import load_map

    for line in told(check_logger(data, load_map(map), latitude, longitude)):
        say(line)


@app.command()
@reported()
def train(
    data: Annotated[Path, typer.Argument(help="A logger's file: .csv, .csv.gz or .parquet.")],
    model: Annotated[
        Path, typer.Option(help="Folder to write. An existing monitor is trained further with the new file.")
    ],
    label: Annotated[str | None, typer.Option(help="Column of the states. Without it, every row is normal.")] = None,
    normal: Annotated[
        list[str] | None, typer.Option(help="Label of a healthy string, such as N. May be repeated.")
    ] = None,
    map: Annotated[Path | None, typer.Option(help="TOML file that maps the columns.")] = None,
    module: Annotated[
        str | None, typer.Option(help="Module of pvlib's CEC list. Without one, King's model is fitted.")
    ] = None,
    modules: Annotated[int | None, typer.Option(min=1, help="Modules in series.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="CSV of intervals, with columns string, start, end, state; such as an edited events.csv."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start from scratch; the old folder is kept under another name.")
    ] = False,
    columns: Annotated[
        str | None, typer.Option(help="ratios: measured over expected (the default). raw: the six sensors.")
    ] = None,
    latitude: Annotated[
        float | None, typer.Option(help="Plant's latitude in degrees, to find events that return.")
    ] = None,
    longitude: Annotated[float | None, typer.Option(help="Plant's longitude in degrees, east positive.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Training steps, each on 200 of at most 20,000 rows.")] = 3000,
    false_alarms: Annotated[
        float, typer.Option(help="Share of normal rows that may raise an alarm, for the measurement on other days.")
    ] = 0.01,
    minutes: Annotated[
        int, typer.Option(min=1, help="Length of the time blocks that form events, for the same measurement.")
    ] = 15,
    seed: Annotated[int, typer.Option(min=0, help="Fixes rows, parameters and noise.")] = 0,
) -> None:
    """Train a monitor on a logger's file and measure its false alarms on other days.

    If the folder holds a monitor, it is trained on the rows of the new file and on the rows kept in the folder, so that
    it forgets no state. The intervals of --labels apply to both.

    Problems with dates, the clock, and a current that several strings share are reported, as by pyrodgm pv check.
    """
    from pyrodgm.files import make_folder, without_empty_folders
    from pyrodgm.pv.check import check_logger
    from pyrodgm.pv.check_text import problems
    from pyrodgm.pv.false_alarms import told
    from pyrodgm.pv.logger_map import load_map
    from pyrodgm.pv.model_folder import holds_monitor, set_aside
    from pyrodgm.pv.monitor_model import Monitor

    if not 0 < false_alarms < 1:
        raise ValueError(f"--false-alarms: got {false_alarms}, want a share above 0 and below 1")
    if (latitude is None) != (longitude is None):
        raise ValueError("latitude: got one of latitude and longitude, want both")
    earlier = Monitor.load(model, with_rows=True) if holds_monitor(model) and not fresh else None
    if earlier is not None and earlier.rows is not None:
        states = ", ".join(earlier.thresholds.states)
        say(f"{model}: continues from {len(earlier.rows.time)} kept rows, states {states}")
    own_map = None if map is None else load_map(map)
    new = None if model.exists() else model
    make_folder(model, "--model")
    with without_empty_folders(new):
        monitor = Monitor.fit(
            data,
            label,
            normal or (),
            own_map,
            module,
            modules,
            labels,
            columns,
            None if latitude is None or longitude is None else (latitude, longitude),
            earlier,
            steps=steps,
            seed=seed,
        )
        alarms = told(monitor.false_alarms(false_alarms, minutes), false_alarms)
        alarms += monitor.thresholds.few_rows(false_alarms)
    if fresh and holds_monitor(model):
        say(f"{model}: the old monitor is now {set_aside(model)}")
    monitor.save(model)
    rows: Any = monitor.rows  # kept by ``fit``
    if rows.known:
        say(f"{data}: {rows.known} rows skipped, of days that {model} already has")
    for state in rows.overridden:
        say(f"{state}: later intervals of {labels} override all its rows, so it is not learnt from them")
    states, kept = ", ".join(monitor.thresholds.states), len(rows.time)
    say(f"{model}: states {states}; {kept} rows kept")
    for line in alarms:
        say(line)
    for line in problems(check_logger(data, monitor.logger_map, *(monitor.site or (None, None)))):
        say(line)
    for quantity, remark in rows.units.items():
        say(f"{quantity}: {remark}")
    for reason, count in rows.skipped.most_common():
        say(f"left out: {count} rows, {reason}")


@app.command()
@reported()
def monitor(
    model: Annotated[Path, typer.Argument(help="Folder written by pyrodgm pv train.")],
    data: Annotated[Path, typer.Argument(help="Logger's file of the same strings.")],
    output: Annotated[Path, typer.Option(help="Folder for rows.parquet, events.csv and report.html.")],
    map: Annotated[Path | None, typer.Option(help="TOML file that replaces the one used in training.")] = None,
    false_alarms: Annotated[float, typer.Option(help="Share of normal rows that may raise an alarm.")] = 0.01,
    minutes: Annotated[int, typer.Option(min=1, help="Length of the time blocks that form events.")] = 15,
    follow: Annotated[
        bool, typer.Option("--follow", help="Follow a growing CSV. If it is stopped, the same command continues.")
    ] = False,
) -> None:
    """Classify every row of a file, list the events with the energy lost, and write report.html."""
    from pyrodgm.pv.follow import follow_file
    from pyrodgm.pv.logger_map import load_map
    from pyrodgm.pv.monitor import check_settings, monitor_file
    from pyrodgm.pv.monitor_model import Monitor

    own_map, trained = None if map is None else load_map(map), Monitor.load(model)
    check_settings(false_alarms, minutes)
    if follow:
        say(f"{output}: follows {data}; Ctrl-C stops it, and the same command continues")
        for line in trained.thresholds.few_rows(false_alarms):
            say(line)
        seen = [-1]

        def told(report):
            if report.rows > seen[0]:
                missing = f"; strings without a row: {', '.join(report.missing)}" if report.missing else ""
                say(f"{output}: {report.rows} rows, {len(report.events)} events{missing}")
            seen[0] = report.rows
            return False

        try:
            follow_file(trained, data, output, false_alarms, minutes, own_map, told)
        except KeyboardInterrupt:
            say(f"{output}: stopped")
            return
    report = monitor_file(trained, data, output, false_alarms, minutes, own_map)
    lost = sum(event.kwh_lost for event in report.events)
    say(f"{output}: {report.rows} rows, {len(report.events)} events, {lost:.2f} kWh lost")
    series = {event.series for event in report.events} - {None}
    if series:
        again = sum(event.series is not None for event in report.events)
        say(f"{again} of the events return at the same position of the sun, in {len(series)} series")
    elif trained.site is None:
        say("events that return were not searched for; train with --latitude and --longitude")
    if report.missing:
        say(f"strings of {model} without a row in {data}: {', '.join(report.missing)}")
    for line in trained.thresholds.few_rows(false_alarms):
        say(line)
    for state, count in report.states.most_common():
        say(f"{count} rows {state}")
    for quantity, remark in report.units.items():
        say(f"{quantity}: {remark}")
    for reason, count in report.skipped.most_common():
        say(f"left out: {count} rows, {reason}")
