"""Condition monitoring of photovoltaic strings: what a healthy one would give, from its module or from its own rows.

The extra ``pv`` is needed where a function says so, never to import this.
"""

from pyrodgm.pv.expected import KingModel, ModuleModel, fit_king, module_temperature, monitor_columns

__all__ = ["KingModel", "ModuleModel", "fit_king", "module_temperature", "monitor_columns"]
