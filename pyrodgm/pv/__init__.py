"""Condition monitoring of photovoltaic strings: reads and checks loggers' files, and finds states and events.

Importing this package never needs the extra ``pv``. Functions that need it say so.
"""

from pyrodgm.pv.check import StringCheck, check_logger
from pyrodgm.pv.events import Event, EventsOfString
from pyrodgm.pv.expected import KingModel, ModuleModel, fit_king, module_temperature, monitor_columns
from pyrodgm.pv.false_alarms import FalseAlarms, NormalDay, Rate
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
    "NormalDay",
    "Piece",
    "Rate",
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
