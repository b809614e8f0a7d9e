"""Condition monitoring of photovoltaic strings: loggers' files, what is wrong with them, states and events.

The extra ``pv`` is needed where a function says so, never to import this.
"""

from pyrodgm.pv.check import StringCheck, check_logger
from pyrodgm.pv.events import Event, EventsOfString
from pyrodgm.pv.expected import KingModel, ModuleModel, fit_king, module_temperature, monitor_columns
from pyrodgm.pv.false_alarms import FalseAlarms
from pyrodgm.pv.follow import follow_file
from pyrodgm.pv.intervals import Interval, read_intervals
from pyrodgm.pv.logger import Piece, read_logger
from pyrodgm.pv.logger_map import LoggerMap, load_map
from pyrodgm.pv.monitor import monitor_file
from pyrodgm.pv.monitor_model import Monitor, States
from pyrodgm.pv.quality import Seen, skip_reasons
from pyrodgm.pv.readings import Readings
from pyrodgm.pv.rows import Rows
from pyrodgm.pv.sampling import sample_rows
from pyrodgm.pv.series import number_series, sun_direction
from pyrodgm.pv.thresholds import Thresholds
from pyrodgm.pv.watch import Report, Watch

__all__ = [
    "Event",
    "EventsOfString",
    "FalseAlarms",
    "Interval",
    "KingModel",
    "LoggerMap",
    "ModuleModel",
    "Monitor",
    "Piece",
    "Readings",
    "Report",
    "Rows",
    "Seen",
    "States",
    "StringCheck",
    "Thresholds",
    "Watch",
    "check_logger",
    "fit_king",
    "follow_file",
    "load_map",
    "module_temperature",
    "monitor_columns",
    "monitor_file",
    "number_series",
    "read_intervals",
    "read_logger",
    "sample_rows",
    "skip_reasons",
    "sun_direction",
]
