"""The figures of a finished run are read again only if everything that they depend on is the same."""

import json
from dataclasses import replace

import pytest

from pyrodgm.zoo import RECIPES
from pyrodgm.zoo.kept_figures import KeptFigures
from pyrodgm.zoo.results import earlier_figures, summary, write_results

RECIPE = RECIPES["digits"]
FIGURES = {"test error": 5.0, "test bound": float("inf"), "seconds": 0.1 + 0.2}


@pytest.fixture
def folder(tmp_path):
    KeptFigures(tmp_path, RECIPE, 1, "cpu", "abc").write(FIGURES)
    return tmp_path


def kept(folder, recipe=RECIPE, seed=1, commit="abc", seconds=FIGURES["seconds"]):
    return KeptFigures(folder, recipe, seed, "cpu", commit).read(seconds)


def test_figures_are_read_as_they_were_written(folder):
    assert kept(folder) == FIGURES and kept(folder / "nothing") is None


@pytest.mark.parametrize(
    "other",
    [
        {"recipe": replace(RECIPE, importance_samples=5)},
        {"recipe": replace(RECIPE, epochs=RECIPE.epochs + 1)},
        {"recipe": replace(RECIPE, model=(RECIPE.model[0], RECIPE.model[1] | {"z_size": 3}))},
        {"recipe": replace(RECIPE, model=(RECIPES["digits-m2"].model[0], RECIPE.model[1]))},
        {"seed": 0},
        {"commit": "def"},
        {"commit": "abc and changes"},
        {"seconds": 0.3},
    ],
)
def test_figures_of_something_else_are_not(folder, other):
    assert kept(folder, **other) is None


@pytest.mark.parametrize("key", ["recipe", "seed", "precision", "device", "versions"])
def test_another_value_of_anything_recorded_but_the_date_is_something_else(folder, key):
    path = folder / "figures.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"date": "2020-01-01"}))
    assert kept(folder) == FIGURES
    path.write_text(json.dumps(record | {key: "another"}))
    assert kept(folder) is None


def test_figures_of_a_precision_that_the_device_lacks_are_something_else(tmp_path, monkeypatch):
    low = replace(RECIPE, model=(RECIPE.model[0], RECIPE.model[1] | {"precision": "bfloat16"}))
    KeptFigures(tmp_path, low, 1, "cpu", "abc").write(FIGURES)
    assert kept(tmp_path, low) == FIGURES
    monkeypatch.setattr("pyrodgm.nn.precision.fast_bfloat16", lambda device="cpu": False)
    assert kept(tmp_path, low) is None


@pytest.mark.parametrize("library", ["python", "pyrodgm", "torch", "pyro"])
def test_another_version_is_something_else(folder, library):
    path = folder / "figures.json"
    record = json.loads(path.read_text())
    record["versions"][library] = "0.0.1"
    path.write_text(json.dumps(record))
    assert kept(folder) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"figures": 3}', '"text"'])
def test_a_damaged_file_is_none(folder, text):
    (folder / "figures.json").write_text(text)
    assert kept(folder) is None


def test_uncommitted_changes_are_never_the_same(folder):
    KeptFigures(folder, RECIPE, 1, "cpu", "abc and changes").write(FIGURES)
    assert kept(folder, commit="abc and changes") is None


def test_a_data_file_of_one_s_own_is_measured_again(folder):
    (folder / "own.csv").write_text("a,b\n1,2\n")
    for name, found in (("own.csv", None), ("gone.csv", FIGURES)):
        own = replace(RECIPE, data=(str(folder / name), {}))
        KeptFigures(folder, own, 1, "cpu", "abc").write(FIGURES)
        assert kept(folder, own) == found


SAME = {"recipe": RECIPE, "device": "cpu", "changed": ["beta=1"], "commit": "abc"}


@pytest.fixture
def results(tmp_path):
    return write_results(tmp_path, RECIPE, {0: FIGURES, 10: FIGURES}, "a command", "cpu", ["beta=1"], "abc")


def test_results_of_the_same_settings_and_versions_are_added_to(results):
    assert earlier_figures(results, **SAME) == {0: FIGURES, 10: FIGURES}
    assert earlier_figures(results.with_name("nothing.json"), **SAME) == {}


@pytest.mark.parametrize("other", [{"recipe": replace(RECIPE, epochs=1)}, {"changed": ["beta=2"]}, {"commit": "def"}])
def test_results_of_others_are_not(results, other):
    assert earlier_figures(results, **SAME | other) == {}


def test_results_of_another_precision_are_not(results):
    results.write_text(results.read_text().replace('"precision": "float32"', '"precision": "bfloat16"'))
    assert earlier_figures(results, **SAME) == {}


def test_results_of_a_data_file_of_one_s_own_are_not(tmp_path):
    (tmp_path / "own.csv").write_text("a,b\n1,2\n")
    for name, found in (("own.csv", {}), ("gone.csv", {0: FIGURES})):
        own = replace(RECIPE, data=(str(tmp_path / name), {}))
        path = write_results(tmp_path, own, {0: FIGURES}, "a command", "cpu", ["beta=1"], "abc")
        assert earlier_figures(path, **SAME | {"recipe": own}) == found


def test_a_figure_that_is_not_finite_has_no_standard_error():
    assert summary([float("inf"), 1.0]) == "inf ± nan"
    assert summary([float("nan"), 1.0, 2.0]) == "nan ± nan"
