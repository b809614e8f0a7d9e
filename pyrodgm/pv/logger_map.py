"""Which column of a logger's file is what: a TOML file, or pvlib's names.

    time = { column = "Timestamp", format = "%m/%d/%Y %H:%M", timezone = "America/Denver", stamp = "start" }
    string = "CB2"
    decimal = "."

    [columns]
    v_dc = "INV1 CB2 Voltage [V]"
    poa_global = { column = "POA", unit = "kW/m2" }

A column of a string may be a pattern, ``v_dc = "CB{string} Voltage"``: then every string that has one is read. A file
with a string's name in each row says ``string = { column = "Inverter" }``. Keys that are missing are those of a file
that needs no map: ``time`` in ISO 8601 with an offset, and the quantities by pvlib's names.
"""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pyrodgm.checks import check_choice
from pyrodgm.pv.units import QUANTITIES, conversion

NEEDED = ("i_dc", "v_dc", "poa_global")  # temperature besides, of the module or of the air
STAMPS = {"start": 0.5, "middle": 0.0, "end": -0.5}  # steps from a time in the file to the middle of its interval


class Column(NamedTuple):
    """A column of the file: its name, perhaps with ``{string}`` in it, and its unit, None for the one it shows."""

    name: str
    unit: str | None = None


class LoggerMap(NamedTuple):
    """Where things are in a logger's file.

    Args:
        time: the column of times.
        time_format: of ``strptime``; None for ISO 8601.
        timezone: of times without an offset.
        stamp: which moment of its interval a time is: ``"start"``, ``"middle"`` or ``"end"``.
        string: the name of the one string, or None.
        string_column: the column that names the string of each row, or None.
        decimal: the mark of decimals.
        columns: ``Column`` by pvlib's name.
    """

    time: str = "time"
    time_format: str | None = None
    timezone: str | None = None
    stamp: str = "middle"
    string: str | None = None
    string_column: str | None = None
    decimal: str | None = None
    columns: dict[str, Column] = {name: Column(name) for name in QUANTITIES}  # noqa: RUF012


class Source(NamedTuple):
    """A string of a file: its name, and of each quantity that it has the column, a factor and a shift."""

    string: str
    columns: dict[str, tuple[str, float, float]]


def load_map(path: str | Path | None) -> LoggerMap:
    """The map of a TOML file, or the default one.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for a file that is no TOML, and for keys, stamps, zones and units that are none.

    Example::

        load_map("logger.toml").columns["poa_global"].unit      # "kW/m2"
    """
    if path is None:
        return LoggerMap()
    if not Path(path).is_file():
        raise FileNotFoundError(f"map: got {path}, want a file that is there")
    try:
        told = tomllib.loads(Path(path).read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"map: got {path}, which is no TOML ({error})") from error
    _check_keys("map", told, ("time", "string", "decimal", "columns"))
    time = told.get("time", {})
    time = {"column": time} if isinstance(time, str) else time
    _check_keys("time", time, ("column", "format", "timezone", "stamp"))
    stamp = time.get("stamp", "middle")
    check_choice("time.stamp", stamp, STAMPS)
    if (zone := time.get("timezone")) is not None:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError) as error:
            raise ValueError(f"time.timezone: got {zone!r}, want a zone such as America/Denver or Etc/GMT+7") from error
    string = told.get("string")
    if isinstance(string, dict):
        _check_keys("string", string, ("column",))
    columns = {name: Column(name) for name in QUANTITIES}
    for name, column in told.get("columns", {}).items():
        check_choice("columns", name, QUANTITIES)
        column = {"column": column} if isinstance(column, str) else column
        _check_keys(f"columns.{name}", column, ("column", "unit"))
        columns[name] = Column(column.get("column", name), column.get("unit"))
        conversion(name, columns[name].unit, columns[name].name)
    decimal = told.get("decimal")
    if decimal is not None:
        check_choice("decimal", decimal, (".", ","))
    return LoggerMap(
        time.get("column", "time"),
        time.get("format"),
        zone,
        stamp,
        string if isinstance(string, str) else None,
        string["column"] if isinstance(string, dict) else None,
        decimal,
        columns,
    )


def sources(logger_map: LoggerMap, header: list[str]) -> list[Source]:
    """The strings of a file with these columns.

    Raises:
        ValueError: for columns that are missing, with the nearest names that are there, or that are there twice.
    """
    wanted = [logger_map.time, *(column.name for column in logger_map.columns.values())]
    for name in wanted if logger_map.string_column is None else [*wanted, logger_map.string_column]:
        if header.count(name) > 1:
            raise ValueError(f"columns: got {name!r} {header.count(name)} times, want it once")
    _check_there("time", logger_map.time, header)
    if logger_map.string_column is not None:
        _check_there("string", logger_map.string_column, header)
    patterns = {name: c for name, c in logger_map.columns.items() if "{string}" in c.name}
    found = {None: {}}
    if patterns:
        found = {}
        for name, column in patterns.items():
            before, after = map(re.escape, column.name.split("{string}", 1))
            for there in header:
                if match := re.fullmatch(f"{before}(.+?){after}", there):
                    found.setdefault(match[1], {})[name] = there
    strings = []
    for string, own in found.items():
        columns = {}
        for name, column in logger_map.columns.items():
            there = own.get(name) if name in patterns else column.name if column.name in header else None
            if there is not None:
                columns[name] = (there, *conversion(name, column.unit, there))
        for name in NEEDED:
            if name not in columns:
                _check_there(name, logger_map.columns[name].name.replace("{string}", string or ""), header)
        if "temp_module" not in columns and "temp_air" not in columns:
            near = _near(logger_map.columns["temp_module"].name, header)
            raise ValueError(f"columns: got neither temp_module nor temp_air, want one of them{near}")
        strings.append(Source(string or logger_map.string or "1", columns))
    if not strings:
        column = next(iter(patterns.values())).name
        raise ValueError(f"columns: got no column like {column!r}, want one a string{_near(column, header)}")
    return sorted(strings, key=lambda source: source.string)


def _check_there(what, name, header):
    if name not in header:
        raise ValueError(f"columns: got none called {name!r} for {what}{_near(name, header)}, want it, or a map")


def _near(name, header):
    """The columns that a name may have meant, in words."""
    lower = {column.lower(): column for column in header}
    near = [lower[close] for close in get_close_matches(name.lower(), lower, n=3, cutoff=0.4)] or header[:8]
    return f" (there are {', '.join(map(repr, near))})"


def _check_keys(what, table, keys):
    if not isinstance(table, dict):
        raise ValueError(f"{what}: got {table!r}, want a table of {', '.join(keys)}")
    for key in table:
        check_choice(what, key, keys)
