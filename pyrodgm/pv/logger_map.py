"""Maps the columns of a logger's file to quantities, by a TOML file or by pvlib's names.

    time = { column = "Timestamp", format = "%m/%d/%Y %H:%M", timezone = "America/Denver", stamp = "start" }
    string = "CB2"
    decimal = "."

    [columns]
    v_dc = "INV1 CB2 Voltage [V]"
    poa_global = { column = "POA", unit = "kW/m2" }

A column may be a pattern, ``v_dc = "CB{string} Voltage"``. Then every string with such a column is read. If each row
names its string, write ``string = { column = "Inverter" }``. A missing key has the value of a file that needs no map:
``time`` in ISO 8601 with an offset, and the quantities by pvlib's names.
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

NEEDED = ("i_dc", "v_dc", "poa_global")  # and a temperature, of the module or of the air
STAMPS = {"start": 0.5, "middle": 0.0, "end": -0.5}  # steps from a time in the file to the middle of its interval


class Column(NamedTuple):
    """A column of the file: its name, which may contain ``{string}``, and its unit; None to read it from the name."""

    name: str
    unit: str | None = None


BY_NAME = {name: Column(name) for name in QUANTITIES}  # pvlib's names


class LoggerMap(NamedTuple):
    """The layout of a logger's file.

    Args:
        time: name of the column of times.
        time_format: format for ``strptime``; None for ISO 8601.
        timezone: timezone of times without an offset.
        stamp: the moment of a row's interval that its time gives: ``"start"``, ``"middle"`` or ``"end"``.
        string: name of the only string, or None.
        string_column: name of the column with the string of each row, or None.
        decimal: the decimal mark; None for a comma in files with semicolons, and a point in others.
        columns: ``Column`` by pvlib's name.
    """

    time: str = "time"
    time_format: str | None = None
    timezone: str | None = None
    stamp: str = "middle"
    string: str | None = None
    string_column: str | None = None
    decimal: str | None = None
    columns: dict[str, Column] = BY_NAME


class Source(NamedTuple):
    """A string of a file: its name, and the column, factor and shift of each quantity that it has."""

    string: str
    columns: dict[str, tuple[str, float, float]]


def load_map(path: str | Path | None) -> LoggerMap:
    """Read a map from a TOML file. None gives the default map.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for a file that is not TOML, an unknown key, stamp, timezone or unit, or a value of another type.

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
        raise ValueError(f"map: got {path}, which is not TOML ({error})") from error
    _check_keys("map", told, ("time", "string", "decimal", "columns"))
    time = told.get("time", {})
    time = {"column": time} if isinstance(time, str) else time
    _check_keys("time", time, ("column", "format", "timezone", "stamp"))
    for key, value in time.items():
        _check_text(f"time.{key}", value)
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
        _check_text("string.column", string.get("column"))
    elif string is not None:
        _check_text("string", string, "text, or a table of column")
    columns = BY_NAME.copy()
    own = told.get("columns", {})
    _check_keys("columns", own, QUANTITIES)
    for name, column in own.items():
        column = {"column": column} if isinstance(column, str) else column
        _check_keys(f"columns.{name}", column, ("column", "unit"))
        _check_text(f"columns.{name}.column", column.get("column", name))
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
    """The strings in a file with the given header.

    Raises:
        ValueError: for a header without names; for missing columns, with the most similar names in the file; for a
            column that occurs twice; for a map that names the strings in two ways.
    """
    patterns = {name: c for name, c in logger_map.columns.items() if "{string}" in c.name}
    if patterns and logger_map.string_column is not None:
        raise ValueError(
            f"string: got the column {logger_map.string_column!r} and the pattern "
            f"{next(iter(patterns.values())).name!r}, want one of the two to name the strings"
        )
    if not any(header):
        raise ValueError("columns: got a file without names of columns, want them in its first line")
    wanted = [logger_map.time, *(column.name for column in logger_map.columns.values())]
    for name in wanted if logger_map.string_column is None else [*wanted, logger_map.string_column]:
        _check_once(name, header)
    _check_there("time", logger_map.time, header)
    if logger_map.string_column is not None:
        _check_there("string", logger_map.string_column, header)
    found: dict[str | None, dict[str, str]] = {} if patterns else {None: {}}
    for name, column in patterns.items():
        before, after = map(re.escape, column.name.split("{string}", 1))
        for there in header:
            if match := re.fullmatch(f"{before}(.+?){after}", there):
                _check_once(there, header)
                found.setdefault(match[1], {})[name] = there
    strings = []
    for string, own in found.items():
        columns: dict[str, tuple[str, float, float]] = {}
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
        pattern = next(iter(patterns.values())).name
        raise ValueError(f"columns: got no column like {pattern!r}, want one per string{_near(pattern, header)}")
    for name, column in logger_map.columns.items():
        if column.name != name and all(name not in source.columns for source in strings):
            _check_there(name, column.name, header)
    return sorted(strings, key=lambda source: source.string)


def _check_there(what, name, header):
    if name not in header:
        raise ValueError(f"columns: got none called {name!r} for {what}{_near(name, header)}, want it, or a map")


def _check_once(name, header):
    if header.count(name) > 1:
        raise ValueError(f"columns: got {name!r} {header.count(name)} times, want it once")


def _near(name, header):
    """The most similar columns in the file, in words."""
    lower = {column.lower(): column for column in header}
    near = [lower[close] for close in get_close_matches(name.lower(), lower, n=3, cutoff=0.4)] or header[:8]
    return f" (there are {', '.join(map(repr, near))})"


def _check_keys(what, table, keys):
    if not isinstance(table, dict):
        raise ValueError(f"{what}: got {table!r}, want a table of {', '.join(keys)}")
    for key in table:
        check_choice(what, key, keys)


def _check_text(what, value, want="text"):
    if not isinstance(value, str):
        raise ValueError(f"{what}: got {value!r}, want {want}")
