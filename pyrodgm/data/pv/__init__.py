"""A photovoltaic string: a simulator of its sensors in ten conditions, and the output expected from a healthy string.

Importing this needs no extra packages. Calling ``simulate`` or ``load_module`` needs the extra ``pv``.
"""

from pyrodgm.data.pv.conditions import CONDITIONS, SHARES, Plant
from pyrodgm.data.pv.expected import expected_by_module, ratios
from pyrodgm.data.pv.modules import Module, load_module
from pyrodgm.data.pv.simulate import simulate
from pyrodgm.data.pv.strings import Layout, OperatingPoint, maximum_power, string_voltage, uniform_layout

__all__ = [
    "CONDITIONS",
    "SHARES",
    "Layout",
    "Module",
    "OperatingPoint",
    "Plant",
    "expected_by_module",
    "load_module",
    "maximum_power",
    "ratios",
    "simulate",
    "string_voltage",
    "uniform_layout",
]
