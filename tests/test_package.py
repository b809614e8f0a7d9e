"""The package's public names are loaded on first use."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pyrodgm


def test_every_name_is_the_one_of_its_home():
    assert {name: type(getattr(pyrodgm, name)).__name__ for name in pyrodgm.__all__}.keys() == set(pyrodgm.__all__)
    from pyrodgm.models import SDGM

    assert pyrodgm.SDGM is SDGM and set(pyrodgm.__all__) <= set(dir(pyrodgm))
    with pytest.raises(AttributeError, match="module 'pyrodgm' has no attribute 'SDMG'"):
        _ = pyrodgm.SDMG


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import pyrodgm", {"torch", "pyro", "sklearn", "arviz", "matplotlib", "scipy"}),
        ("from pyrodgm import SDGM", {"sklearn", "arviz", "matplotlib", "scipy"}),
    ],
)
def test_importing_the_package_loads_nothing_heavy(statement, unwanted):
    code = f"import sys; {statement}; print(sorted({unwanted!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_changelog_and_the_citation_name_the_version():
    root = Path(__file__).parents[1]
    newest = re.search(r"^## (\d\S*)", (root / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
    cited = re.search(r"^version: (\S+)", (root / "CITATION.cff").read_text(), re.MULTILINE)[1]
    assert newest == cited == pyrodgm.__version__
