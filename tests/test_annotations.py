"""Every public function and method of the package has types. mypy checks that they are right."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "pyrodgm"
SPECIAL = ("__init__", "__call__")  # public by use; only their arguments have to have types
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if not path.stem.startswith("_") or path.stem == "__init__"]


def untyped(text):
    """The public functions of a module's text without types, each with what lacks them."""
    return list(_untyped(ast.parse(text).body, ""))


def _untyped(body, prefix):
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _untyped(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not node.name.startswith("_") or node.name in SPECIAL:
                missing = [argument.arg for argument in _arguments(node) if argument.annotation is None]
                if node.returns is None and node.name not in SPECIAL:
                    missing.append("return")
                if missing:
                    yield f"{prefix}{node.name}: {', '.join(missing)}"
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from _untyped(ast.iter_child_nodes(node), prefix)


def _arguments(function):
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [argument for argument in every if argument is not None and argument.arg not in ("self", "cls")]


def test_every_public_function_has_types():
    found = {str(path.relative_to(PACKAGE)): untyped(path.read_text()) for path in MODULES}
    assert {path: functions for path, functions in found.items() if functions} == {}


WITHOUT_TYPES = """
import sys

def half(x, *rest: int, **options):
    def inner(y):
        return y
    return x / 2

def whole(x: int, /, *, y: int) -> int:
    return x + y

def _private(x):
    return x

class Model:
    def __init__(self, size):
        self.size = size

    @property
    def doubled(self):
        return 2 * self.size

    def __call__(self, x: int):
        return x

    class Inner:
        @classmethod
        def of(cls, x) -> int:
            return x

class _Hidden:
    def rows(self, x):
        return x

if sys.platform == "linux":
    async def wait(seconds: int):
        pass
"""


def test_functions_without_types_are_found():
    assert untyped(WITHOUT_TYPES) == [
        "half: x, options, return",
        "Model.__init__: size",
        "Model.doubled: return",
        "Model.Inner.of: x",
        "wait: return",
    ]
