"""The catalogue matches the package, and the rules for killing a mutant."""

import ast
from pathlib import Path

import pytest

from tests.mutants.__main__ import ROOT, try_mutant
from tests.mutants.catalogue import MUTANTS, Mutant


@pytest.mark.parametrize("file", sorted({mutant.file for mutant in MUTANTS}))
def test_every_mutant_changes_one_place_and_is_a_program(file):
    text = (ROOT / file).read_text()
    for mutant in MUTANTS:
        if mutant.file == file:
            assert text.count(mutant.old) == 1 and mutant.new != mutant.old, f"{file}: {mutant.old!r}"
            ast.parse(text.replace(mutant.old, mutant.new))


def test_every_test_that_is_named_is_there():
    for test in {test for mutant in MUTANTS for test in mutant.tests}:
        path, *names = test.partition("[")[0].split("::")
        text = (ROOT / path).read_text()
        assert all(f"def {name}(" in text or f"class {name}" in text for name in names), test


PROGRAM = """
def half(x):
    return x / 2
"""
TESTS = """
import pytest
from halves import half

def test_half():
    assert half(3) == 1.5

def test_words():
    with pytest.raises(TypeError):
        half("a")

@pytest.mark.slow
def test_zero():
    assert half(0) == 0
"""
OUTCOMES = {
    "an assertion": ("x / 2", "x / 3", "test_half", "killed"),
    "an error that does not come": ("x / 2", "0", "test_words", "killed"),
    "nothing": ("x / 2", "x * 0.5", "test_half", "survived"),
    "another exception": ("x / 2", "x / y", "test_half", "error"),
    "no program": ("return", "retur", "test_half", "error"),
    "a slow test": ("x / 2", "1", "test_zero", "error"),
    "a text that is not there": ("x // 2", "x", "test_half", "refused"),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_an_assertion_alone_kills(case, tmp_path):
    old, new, test, outcome = OUTCOMES[case]
    (tmp_path / "halves.py").write_text(PROGRAM)
    (tmp_path / "test_halves.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    assert try_mutant(Path(tmp_path), Mutant("halves.py", old, new, (f"test_halves.py::{test}",)))[0] == outcome
    assert (tmp_path / "halves.py").read_text() == PROGRAM
