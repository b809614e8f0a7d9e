"""Condition monitoring of photovoltaic strings: loggers' files, what is wrong with them, and what a healthy one gives.

The extra ``pv`` is needed where a function says so, never to import this.
"""

from pyrodgm.pv.check import StringCheck, check_logger
from pyrodgm.pv.expected import KingModel, ModuleModel, fit_king, module_temperature, monitor_columns
from pyrodgm.pv.logger import Piece, read_logger
from pyrodgm.pv.logger_map import LoggerMap, load_map
from pyrodgm.pv.quality import Seen, skip_reasons

__all__ = [
    "KingModel",
    "LoggerMap",
    "ModuleModel",
    "Piece",
    "Seen",
    "StringCheck",
    "check_logger",
    "fit_king",
    "load_map",
    "module_temperature",
    "monitor_columns",
    "read_logger",
    "skip_reasons",
]
