"""Import the packages of the extra ``pv`` where they are used."""

from importlib import import_module
from types import ModuleType


def need(name: str) -> ModuleType:
    """Import a module. If it is missing, the error says how to install it.

    Raises:
        ValueError: if it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ValueError(f"pv: got no package {package}, want it installed: pip install pyrodgm[pv]") from error
