"""Units of a logger's columns, and signs of a wrong unit in the values."""

from __future__ import annotations

import re

from pyrodgm.checks import check_choice

QUANTITIES = {
    "i_dc": "current",
    "v_dc": "voltage",
    "poa_global": "irradiance",
    "temp_air": "temperature",
    "temp_module": "temperature",
    "wind_speed": "speed",
}
# value * factor + shift is in A, V, W/m², °C or m/s
UNITS = {
    "current": {"A": (1.0, 0.0), "mA": (1e-3, 0.0)},
    "voltage": {"V": (1.0, 0.0), "mV": (1e-3, 0.0), "kV": (1e3, 0.0)},
    "irradiance": {"W/m2": (1.0, 0.0), "kW/m2": (1e3, 0.0), "mW/cm2": (10.0, 0.0)},
    "temperature": {"C": (1.0, 0.0), "K": (1.0, -273.15), "F": (5 / 9, -160 / 9)},
    "speed": {"m/s": (1.0, 0.0), "km/h": (1 / 3.6, 0.0), "mph": (0.44704, 0.0), "kn": (1852 / 3600, 0.0)},
}
RANGES = {
    "i_dc": (-1.0, 3000.0),
    "v_dc": (-10.0, 2000.0),
    "poa_global": (-20.0, 2000.0),
    "temp_air": (-60.0, 60.0),
    "temp_module": (-60.0, 120.0),
    "wind_speed": (0.0, 75.0),
}


def conversion(name: str, unit: str | None, column: str) -> tuple[float, float]:
    """Factor and shift that convert a column to A, V, W/m², °C or m/s.

    Args:
        name: name of the quantity, such as ``i_dc``.
        unit: the unit given by the map. None takes the unit in brackets at the end of the column's name if it is known,
            else the default unit; see ``unknown_unit``.
        column: name of the column in the file.

    Raises:
        ValueError: for a unit unknown for the quantity.

    Example::

        conversion("poa_global", "kW/m2", "POA")        # (1000.0, 0.0)
        conversion("temp_air", None, "Ambient [F]")     # (0.5555..., -17.777...)
    """
    known = UNITS[QUANTITIES[name]]
    if unit is None:
        return known.get(_plain(_in_brackets(column)), (1.0, 0.0))
    plain = _plain(unit) if isinstance(unit, str) else unit
    check_choice(f"{name}.unit", plain, list(known))  # a list, as a value from a map may not be hashable
    return known[plain]


def unknown_unit(name: str, unit: str | None, column: str) -> str | None:
    """A remark if the brackets at the end of a column's name hold no known unit, and the map gives none, else None.

    Args:
        name, unit, column: see ``conversion``.

    Example::

        unknown_unit("poa_global", None, "POA [BTU]")   # "[BTU] is not a known unit, so W/m2 is assumed"
    """
    known, text = UNITS[QUANTITIES[name]], _in_brackets(column)
    if unit is not None or not text or _plain(text) in known:
        return None
    return f"[{text}] is not a known unit, so {next(iter(known))} is assumed"


def visible_unit(name: str, low: float, high: float, middle: float) -> str | None:
    """A remark if a column's values do not fit its unit, else None.

    Args:
        name: name of the quantity.
        low, high, middle: lowest, highest and mean value of the file, converted.
    """
    if name == "poa_global" and 0 < high < 2:
        return "never above 2 W/m²; is the unit kW/m2?"
    if QUANTITIES[name] == "temperature" and low > 200:
        return "never below 200 °C; is the unit K?"
    if QUANTITIES[name] == "temperature" and (middle > 45 or high > RANGES[name][1]) and low > -40:
        return f"{middle:.0f} °C on average, up to {high:.0f} °C; is the unit F?"
    if name == "v_dc" and 0 < high < 2:
        return "never above 2 V; is the unit kV?"
    if name == "i_dc" and high > 3000:
        return "above 3,000 A; is the unit mA?"
    return None


def _in_brackets(column):
    """The text in brackets at the end of a column's name, or an empty text."""
    found = re.search(r"[\[(]([^\])]+)[\])]\s*$", column)
    return "" if found is None else found[1].strip()


def _plain(unit):
    """The unit as spelt in ``UNITS``."""
    plain = unit.strip().replace("²", "2").replace("^2", "2").replace("°", "").replace("deg", "").replace(" ", "")
    return {"kmh": "km/h", "kph": "km/h", "ms": "m/s", "knots": "kn", "Celsius": "C", "Kelvin": "K"}.get(plain, plain)
