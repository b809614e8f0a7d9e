"""Defaults and constants of the package are those of the list in ``defaults.txt``.

A default is part of the interface: another one changes the results of every user who does not give the argument, and no
formula is wrong afterwards. So a new value has to be written twice. What is not in the list yet, such as a new model,
is not compared. After a deliberate change, or to add what is new::

    python -m tests.test_defaults > tests/defaults.txt
"""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "pyrodgm"
LISTED = Path(__file__).with_name("defaults.txt")
BY_HAND = ("zoo/recipes",)  # compared with the papers' numbers in tests/zoo


def defaults(text):
    """The public functions of a module's text that have defaults other than None, and its constants with numbers."""
    return list(_defaults(ast.parse(text).body, ""))


def _defaults(body, prefix):
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _defaults(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef) and (node.name == "__init__" or not node.name.startswith("_")):
            if given := ", ".join(_arguments(node.args)):
                yield f"{prefix}{node.name}({given})".replace(".__init__", "")
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and _is_number(node.value):
            yield f"{prefix}{ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)} = " + (
                ast.unparse(node.value)
            )


def _arguments(given):
    names = [*given.posonlyargs, *given.args]
    pairs = [*zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True)]
    for name, value in [*pairs, *zip(given.kwonlyargs, given.kw_defaults, strict=True)]:
        if value is not None and ast.unparse(value) != "None":
            yield f"{name.arg}={ast.unparse(value)}"


def _is_number(value):
    """Whether a value is written with at least one number, and without a name or a call."""
    parts = list(ast.walk(value))
    allowed = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop, ast.Load)
    numbers = [part for part in parts if isinstance(part, ast.Constant) and type(part.value) in (int, float, bool)]
    return bool(numbers) and all(isinstance(part, allowed) for part in parts)


def of_package():
    """One line for every function or constant, with the file that it is in."""
    paths = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}
    return [
        f"{name}: {line}"
        for name, path in paths.items()
        if not name.startswith(BY_HAND)
        for line in defaults(path.read_text())
    ]


def test_defaults_and_constants_are_those_of_the_list():
    found = of_package()
    gone = [line for line in LISTED.read_text().splitlines() if line not in found]
    remedy = "if on purpose, run python -m tests.test_defaults > tests/defaults.txt"
    assert not gone, f"changed ({remedy}):\n" + "\n".join(gone)


MODULE = """
LEAST, MOST = 0.5, 2 ** 10
NAME = "a"
OTHER = LEAST + 1

def half(x, times: int = 3, /, *, share=LEAST, mode="min", last=None):
    def inner(y=4):
        return y

def _private(x=1):
    return x

class Model:
    rate: float = 1.0

    def __init__(self, size=(500, 500)):
        self.size = size
"""


def test_what_is_listed():
    assert defaults(MODULE) == [
        "(LEAST, MOST) = (0.5, 2 ** 10)",
        "half(times=3, share=LEAST, mode='min')",
        "Model.rate = 1.0",
        "Model(size=(500, 500))",
    ]


if __name__ == "__main__":
    print("\n".join(of_package()))
