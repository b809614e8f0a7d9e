"""The documentation: the code of its pages runs, and every public name is listed."""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import pyrodgm
from pyrodgm.data.pv.conditions import SHARES
from pyrodgm.models.catalogue import models_by_name

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(page for folder in (DOCS, DOCS / "how_to") for page in folder.glob("*.md"))


def blocks(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.stem)
def test_code_runs(page, tmp_path, monkeypatch):
    if page.stem == "lightning":
        pytest.importorskip("lightning")
    monkeypatch.chdir(tmp_path)
    page_as_module = ModuleType("page")  # where a class of the page can be pickled
    monkeypatch.setitem(sys.modules, "page", page_as_module)
    names = vars(page_as_module)
    for block in blocks(page):
        exec(block.replace("range(100)", "range(2)"), names)
        for code, shape in re.findall(r"^(.*\.shape)  # (\(.*\))$", block, re.MULTILINE):
            assert tuple(eval(code, names)) == eval(shape)


def test_the_copies_of_the_ten_lines_agree():
    copies = [block for page in (DOCS / "index.md", DOCS.parent / "README.md") for block in blocks(page)]
    copies = [block for block in copies if "for epoch in range(100)" in block]
    assert len(copies) == 2 and copies[0] == copies[1]


def test_every_model_is_in_the_table_of_choices():
    page = (DOCS / "how_to" / "choose_a_model.md").read_text()
    names = {cell for line in page.splitlines() if line.startswith("| ") for cell in re.findall(r"`(\w+)`", line)}
    missing = sorted({*models_by_name(), "DensityModel", "M1"} - names)
    assert not missing, f"add {', '.join(missing)} to a table of docs/how_to/choose_a_model.md"


def test_terms_of_the_glossary_are_in_order():
    (directive,) = re.findall(r"```{glossary}\n(.*?)```", (DOCS / "glossary.md").read_text(), re.DOTALL)
    entries = [entry.splitlines() for entry in directive.strip().split("\n\n")]
    terms = [entry[0].lower() for entry in entries]
    assert len(terms) > 30 and terms == sorted(terms)
    assert all(entry[-1].startswith("  ") and not entry[0].startswith(" ") for entry in entries)


def test_every_simulated_condition_is_explained():
    page = (DOCS / "how_to" / "photovoltaics.md").read_text()
    rows = re.findall(r"^\| (\w+) \|.*\| ([\d.]+) % \|$", page, re.MULTILINE)
    assert {code: round(float(share) / 100, 4) for code, share in rows} == SHARES


def test_every_public_name_is_documented(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    importlib.import_module("generate").write_pages(tmp_path)
    text = "".join(page.read_text() for page in tmp_path.rglob("*.rst"))
    packages = {path.parent.name for path in Path(pyrodgm.__file__).parent.glob("*/__init__.py")} - {"cli"}
    for package in packages:
        for name in importlib.import_module(f"pyrodgm.{package}").__all__:
            home = "models" if package == "models" else package
            assert re.search(rf"::? pyrodgm\.{home}\.{name}$", text, re.MULTILINE), f"{package}.{name}"


def test_formulas_become_blocks(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    lines = importlib.import_module("docstrings").with_formulas

    def block(formula):
        return [".. math::", "", r"    \begin{aligned}", f"    {formula}", r"    \end{aligned}"]

    assert lines(["A bound:", "", "    p(x) >= L(x)"]) == ["A bound:", "", *block(r"p(x) &\ge L(x)")]
    assert lines(["p(x | z) ~= 1", "", "A p(x | z)."]) == [*block(r"p(x \mid z) &\approx 1"), "", r"A p(x \| z)."]
    assert lines(["Files:", "", "    a.txt | b"]) == ["Files:", "", ".. code-block:: text", "", "    a.txt | b"]
    assert lines(["Args:", "    x: rows ``a|b``."]) == ["Args:", "    x: rows ``a|b``."]
    assert lines(["Example::", "", "    f(a | b)"]) == ["Example::", "", "    f(a | b)"]
