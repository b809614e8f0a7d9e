"""The folder of a report: rows, events, an HTML page, and the monitor that made them.

rows.parquet    time, string, state, probability, score, anomaly, skipped: one row for each row read, in order
events.csv      string, start, end, state, probability, score, rows, kwh_lost, series
report.html     a page for the operator, see ``report_page``
report.json     which model and which file they belong to
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pyrodgm.data.pv.extra import need
from pyrodgm.files import make_folder, write
from pyrodgm.pv.events import Event
from pyrodgm.pv.logger import NO_TIME
from pyrodgm.pv.report_page import report_page
from pyrodgm.pv.watch import Report, Watch


def own_folder(output: str | Path, monitor_identity: str) -> Path:
    """Create the folder and return it, if it holds no report of another monitor.

    Raises:
        ValueError: if it holds one, or if it holds rows or events without a ``report.json``.
    """
    output = Path(output)
    about = output / "report.json"
    if about.is_file():
        try:
            found = json.loads(about.read_text(encoding="utf-8"))["model"]
        except (ValueError, KeyError, TypeError):
            found = "none that can be read"
        if found != monitor_identity:
            raise ValueError(
                f"output: got {output} with a report of another model ({found}), want one of {monitor_identity}, or a "
                "folder without one"
            )
    elif any((output / name).exists() for name in ("rows.parquet", "events.csv")):
        raise ValueError(f"output: got {output} with rows or events and no report.json, want a folder without them")
    return make_folder(output, "output")


def about_report(watch: Watch, data: str | Path) -> dict:
    """The contents of ``report.json``: the monitor, the file and the settings."""
    about = {"model": watch.monitor.identity, "data": Path(data).name}
    return about | {"false_alarms": watch.false_alarms, "minutes": watch.minutes}


def write_report(output: Path, report: Report, about: dict) -> None:
    """Write ``events.csv``, ``report.html`` and ``report.json``."""
    write(output / "events.csv", events_csv(report.events))
    write(output / "report.html", report_page(report, about).encode())
    write(output / "report.json", (json.dumps(about, indent=2) + "\n").encode())


def rows_schema() -> Any:
    """The columns of ``rows.parquet`` as an Arrow schema."""
    arrow = need("pyarrow")
    kinds = {
        "time": arrow.timestamp("ms", "UTC"),
        "string": arrow.string(),
        "state": arrow.string(),
        "probability": arrow.float32(),
        "score": arrow.float32(),
        "anomaly": arrow.bool_(),
        "skipped": arrow.string(),
    }
    return arrow.schema(list(kinds.items()))


def rows_table(columns: dict[str, np.ndarray]) -> Any:
    """Columns as an Arrow table; NaN and missing times become null."""
    arrow, schema = need("pyarrow"), rows_schema()
    no_time = columns["time"] == NO_TIME
    time = np.where(no_time, 0, columns["time"]).astype("datetime64[s]").astype("datetime64[ms]")
    arrays = [arrow.array(time, arrow.timestamp("ms"), mask=no_time).cast(schema.field("time").type)]
    for name in schema.names[1:]:
        column, kind = columns[name], schema.field(name).type
        arrays.append(arrow.array(column.astype("f4") if kind == arrow.float32() else column, kind, from_pandas=True))
    return arrow.Table.from_arrays(arrays, schema=schema)


def events_csv(events: Sequence[Event]) -> bytes:
    """The events as CSV, one line per event."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Event._fields)
    for event in events:
        start, end = (str(np.datetime64(t, "s")) + "+00:00" for t in (event.start, event.end))
        probability = "" if np.isnan(event.probability) else f"{event.probability:.4f}"
        numbers = (probability, f"{event.score:.3f}", event.rows, f"{event.kwh_lost:.4f}", event.series or "")
        writer.writerow([event.string, start, end, event.state, *numbers])
    return text.getvalue().encode()
