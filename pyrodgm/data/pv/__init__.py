"""A photovoltaic string: a simulator of its sensors in ten conditions, and what a healthy one would give.

Nothing here needs the extra ``pv`` when it is imported; ``simulate`` and ``load_module`` do when they are called.
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
