"""What the tutorials show of the package's source is the source as it is now."""

import ast
import inspect
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def printed_sources(notebook):
    """Of every ``print(inspect.getsource(NAME))``: the name, its source, and what the cell printed."""
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    # Jupyter's own commands, such as %matplotlib, are no Python
    trees = [ast.parse("".join(line for line in cell["source"] if line[0] not in "%!")) for cell in cells]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    calls = [(cell, node) for cell, tree in zip(cells, trees, strict=True) for node in ast.walk(tree) if is_call(node)]
    if calls:
        names = {}
        exec(compile(ast.Module(imports, []), notebook.name, "exec"), names)
        for cell, call in calls:
            printed = "".join("".join(output.get("text", "")) for output in cell["outputs"])
            name = ast.unparse(call.args[0])
            yield name, inspect.getsource(eval(name, names)), printed


def is_call(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "inspect.getsource"


@pytest.mark.parametrize("notebook", sorted((ROOT / "tutorials").glob("*.ipynb")), ids=lambda path: path.stem)
def test_printed_sources_are_those_of_the_package(notebook):
    for name, source, printed in printed_sources(notebook):
        assert source in printed, f"{name} has changed: run the notebook again"


def test_some_tutorials_print_a_source():
    names = {name for path in (ROOT / "tutorials").glob("*.ipynb") for name, *_ in printed_sources(path)}
    assert "M2.model" in names
