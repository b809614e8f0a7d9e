"""The sections and equations that docstrings and recipes cite exist in the papers."""

import re
from pathlib import Path

import pytest

import pyrodgm

PACKAGE = Path(pyrodgm.__file__).parent
APPENDICES = {  # of Maaløe 2018: the sections of each section, from the first on, and the number of equations
    "A": ((0, 4, 0, 4, 0, 0), 27),
    "B": ((0, 3, 2, 0), 20),
    "E": ((0, 2, 1, 0), 9),
}
CHAPTERS = {  # of Kingma 2017: the number of sections, and of equations
    2: (12, 89),
    3: (5, 12),
    5: (7, 33),
    6: (6, 41),
    7: (7, 11),
}
IN_APPENDIX = re.compile(r"app\. ([ABE]), (secs?|eqs?)\.? ([\d., and-]*\d)")
OF_KINGMA = re.compile(r"Kingma 2017, (secs?|eqs?)\.? ([\d., and-]*\d)")


def cited(pattern):
    """The groups of every citation in the package, with the file that it stands in."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = re.sub(r"\s+", " ", path.read_text())
        yield from ((path.relative_to(PACKAGE), *found.groups()) for found in pattern.finditer(text))


def numbers(text):
    """The parts of every number in a list such as ``"3.7-3.10 and 5"``."""
    return [tuple(map(int, number.split("."))) for number in re.findall(r"\d+(?:\.\d+)*", text)]


def test_a_section_or_equation_of_an_appendix_exists():
    found = list(cited(IN_APPENDIX))
    assert len(found) >= 15
    for path, appendix, kind, text in found:
        sections, equations = APPENDICES[appendix]
        for first, *rest in numbers(text):
            if kind.startswith("eq"):
                assert not rest and 1 <= first <= equations, f"{path}: app. {appendix}, eq. {first}"
            else:
                exists = 1 <= first <= len(sections) and (not rest or 1 <= rest[0] <= sections[first - 1])
                assert exists, f"{path}: app. {appendix}, sec. {text}"


@pytest.mark.parametrize("kind", ["sec", "eq"])
def test_a_section_or_equation_of_kingmas_thesis_exists(kind):
    found = [(path, text) for path, of, text in cited(OF_KINGMA) if of.startswith(kind)]
    assert len(found) >= 20
    for path, text in found:
        for chapter, *rest in numbers(text):
            if rest:  # not the chapter of a section in its appendix, such as 5.B.3
                assert 1 <= rest[0] <= CHAPTERS[chapter][kind == "eq"], f"{path}: {kind}. {chapter}.{rest[0]}"
