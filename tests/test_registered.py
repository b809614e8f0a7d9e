"""Every model is in the lists that tests and readers need. All that is missing comes in one message."""

import inspect
import re
from pathlib import Path

import pytest

import pyrodgm
from pyrodgm.models import M2
from pyrodgm.models.catalogue import models_by_name
from tests import by_hand
from tests.mutants.catalogue import MUTANTS
from tests.pairs import of_rows_alone
from tests.test_docs_models import BY_HAND

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CHOICES = (ROOT / "docs" / "how_to" / "choose_a_model.md").read_text()
PAPERS = re.findall(r'^    "(.+?)": ', (ROOT / "docs" / "papers.py").read_text(), re.MULTILINE)
DEFAULTS = (ROOT / "tests" / "defaults.txt").read_text()


def to_do(model_class):
    """What is still to be done for a model, one line each."""
    name, file, todo = model_class.__name__, Path(inspect.getfile(model_class)).name, []
    if of_rows_alone(model_class):
        needed = ["run", "evidence", *(["classifier"] if hasattr(model_class, "classifier") else [])]
        todo += [by_hand.to_write(what, name) for what in needed if name not in by_hand.TABLES[what][1]]
    if f"pyrodgm/models/{file}" not in {mutant.file for mutant in MUTANTS}:
        todo.append(f"write mutants of models/{file} in tests/mutants/catalogue.py")
    if f"\n| [`{name}`](pyrodgm/models/{file})" not in README:
        todo.append(f"add {name} to the table of models in README.md, with a link to pyrodgm/models/{file}")
    if f"| [`{name}`](../models/{name}.rst)" not in CHOICES:
        todo.append(f"say who should choose {name}, in a table of docs/how_to/choose_a_model.md")
    if name not in BY_HAND:
        todo.append(f"write the arrows of {name}'s figure in BY_HAND of tests/test_docs_models.py")
    if f"models/{file}: {name}(" not in DEFAULTS:
        todo.append(f"add the defaults of {name}: python -m tests.test_defaults > tests/defaults.txt")
    if not any(paper in (inspect.getmodule(model_class).__doc__ or "").split("\n\n")[0] for paper in PAPERS):
        todo.append(f"name a paper of docs/papers.py in the first paragraph of the docstring of models/{file}")
    if name not in pyrodgm.__all__:
        todo.append(f"add {name} to _HOMES in pyrodgm/__init__.py")
    return todo


@pytest.mark.parametrize("name", models_by_name())
def test_a_model_is_in_every_list(name):
    todo = to_do(models_by_name()[name])
    if todo:
        pytest.fail("\n- ".join([f"to do for {name}:", *todo]), pytrace=False)


class Newcomer(M2):
    """A model that is in no list."""


def test_a_model_in_no_list_is_told_of_each():
    told = to_do(Newcomer)
    places = ["RUNS", "EVIDENCE", "CLASSIFIERS", "catalogue.py", "README.md", "_HOMES"]
    places += ["choose_a_model.md", "test_docs_models.py", "defaults.txt", "docs/papers.py"]
    for place in places:
        assert sum(place in line for line in told) == 1, place
    assert len(told) == len(places)
