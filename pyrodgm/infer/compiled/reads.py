"""Finds the globals and attributes that a function reads, from its bytecode, and tells whose code it is."""

import dis
import functools
import sys
import sysconfig
from types import CodeType, ModuleType
from typing import NamedTuple

_GLOBALS = {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"}
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "STORE_ATTR", "DELETE_ATTR", "IMPORT_FROM"}
_DYNAMIC = {"getattr", "hasattr", "vars", "__dict__", "asdict", "astuple", "attrgetter", "eval", "exec"}


class Reads(NamedTuple):
    """The names that the code of a function, including inner functions, reads or sets.

    Attributes:
        chains: a tuple for every global: its name, and the attributes that are read directly from it, such as
            ``("config", "section", "beta")`` for ``config.section.beta``.
        attributes: the names of all attributes, of any object.
        imports: the modules that are imported inside.
        dynamic: whether attributes are read whose names are not in the code, as by ``vars``.
    """

    chains: tuple[tuple[str, ...], ...]
    attributes: frozenset[str]
    imports: tuple[str, ...]
    dynamic: bool


@functools.lru_cache(maxsize=10_000)
def reads(code: CodeType) -> Reads:
    """The ``Reads`` of a code object."""
    chains: dict[tuple[str, ...], None] = {}
    attributes, imports = set(), []
    for inner in _with_inner(code):
        chain: tuple[str, ...] = ()
        for instruction in dis.get_instructions(inner):
            name, operation = instruction.argval, instruction.opname
            if operation == "EXTENDED_ARG":
                continue
            if operation in _ATTRIBUTES:
                attributes.add(name)
                chain = (*chain, name) if chain else ()
                continue
            chains[chain] = None  # it ends here
            chain = (name,) if operation in _GLOBALS else ()
            if operation == "IMPORT_NAME":
                imports.append(name)
    chains.pop((), None)
    names = attributes.union(chain[0] for chain in chains)
    return Reads(tuple(chains), frozenset(attributes), tuple(imports), not _DYNAMIC.isdisjoint(names))


def _with_inner(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_inner(constant)


def is_library(value: object) -> bool:
    """Whether a class, function or module belongs to this package, torch, Pyro, NumPy or Python itself."""
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return isinstance(name, str) and _is_library_name(name.partition(".")[0])


@functools.cache
def _is_library_name(name):
    if name in sys.stdlib_module_names:
        origin = getattr(getattr(sys.modules.get(name), "__spec__", None), "origin", None) or "built-in"
        return origin in ("built-in", "frozen") or origin.startswith(sysconfig.get_path("stdlib"))
    return name in ("pyrodgm", "torch", "pyro", "numpy", "pyroapi", "opt_einsum", "funsor", "pytest", "_pytest")
