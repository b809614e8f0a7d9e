"""Plots over the results of several recipes."""

import json
from pathlib import Path
from statistics import stdev

import pytest

from pyrodgm.zoo import RECIPES, results
from pyrodgm.zoo.comparison import Comparison, Panel, Point
from pyrodgm.zoo.recipes import COMPARISONS

ROOT = Path(__file__).parents[2]

ERRORS = Panel(
    "units",
    "error, %",
    {
        "one": {150: Point("a", "test error"), 1200: Point("b", "test error")},
        "two": {150: Point("c", "test error"), 300: Point("c", "test error over 100 weights")},
    },
)
BOUNDS = Panel("units", "bound, nats", {"one": {150: Point("a", "bound")}})


def record(recipe, *runs):
    return {"recipe": recipe, "figures": {str(seed): run for seed, run in enumerate(runs)}}


A = record("a", {"test error": 2.0, "bound": -3.0}, {"test error": 4.0})
B = record("b", {"test error": 1.0})
C = record("c", {"test error": 7.0, "test error over 100 weights": 6.0})


def lines_of(ax):
    """By label: the points of a line, and the half lengths of its error bars."""
    found = {}
    for bars in ax.containers:
        line, _, (segments,) = bars.lines
        halves = [float(segment[1, 1] - segment[0, 1]) / 2 for segment in segments.get_segments()]
        found[bars.get_label()] = ([tuple(point) for point in line.get_xydata().tolist()], halves)
    return found


def test_a_line_shows_means_with_one_standard_deviation_at_equal_distances():
    errors, bounds = Comparison("x", "", "", (ERRORS, BOUNDS)).draw({"a": A, "b": B, "c": C}).axes
    assert lines_of(errors) == {
        "one": ([(0.0, 3.0), (2.0, 1.0)], [pytest.approx(stdev([2.0, 4.0])), 0.0]),
        "two": ([(0.0, 7.0), (1.0, 6.0)], [0.0, 0.0]),
    }
    assert [text.get_text() for text in errors.get_xticklabels()] == ["150", "300", "1200"]
    assert (errors.get_xlabel(), errors.get_ylabel()) == ("units", "error, %")
    assert lines_of(bounds) == {"one": ([(0.0, -3.0)], [0.0])} and bounds.get_ylabel() == "bound, nats"


def test_what_is_not_measured_is_left_out():
    (ax,) = Comparison("x", "", "", (ERRORS,)).draw({"a": A, "b": B}).axes
    assert list(lines_of(ax)) == ["one"] and lines_of(ax)["one"][0] == [(0.0, 3.0), (2.0, 1.0)]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["150", "300", "1200"]
    _, empty = Comparison("x", "", "", (ERRORS, BOUNDS)).draw({"c": C}).axes
    assert lines_of(empty) == {} and empty.get_legend() is None
    assert Comparison("x", "", "", (ERRORS, BOUNDS)).draw({"a": A}) is None
    assert Comparison("x", "", "", (ERRORS,)).draw({}) is None


@pytest.fixture
def comparison(monkeypatch):
    drawn = Comparison("errors", "Two widths", "Euclid, figure 1", (ERRORS,))
    monkeypatch.setattr(results, "COMPARISONS", (drawn,))
    return drawn


def test_it_is_drawn_again_when_one_of_its_recipes_is_written(comparison, tmp_path, monkeypatch):
    seen, draw = [], Comparison.draw
    monkeypatch.setattr(Comparison, "draw", lambda self, records: seen.append(list(records)) or draw(self, records))
    table = {"summary": "s", "source": "t", "paper": "p", "command": "c", "deviations": "d", "changed": [], "epochs": 1}
    table |= results.conditions("cpu", "aaa")
    results.write_record(tmp_path, A | table)
    assert seen == [["a"]] and not (tmp_path / "errors.png").exists()
    assert "errors.png" not in (tmp_path / "README.md").read_text()
    results.write_record(tmp_path, B | table)
    assert seen[1:] == [["a", "b"]] and (tmp_path / "errors.png").read_bytes().startswith(b"\x89PNG")
    assert "## errors\n\nTwo widths. Euclid, figure 1. Drawn" in (tmp_path / "README.md").read_text()
    for other in ("d", "a+epochs=2"):
        results.write_record(tmp_path, A | table | {"recipe": other})
    assert len(seen) == 2


@pytest.mark.parametrize("drawn", COMPARISONS, ids=lambda drawn: drawn.name)
def test_every_point_is_a_figure_of_a_recipe(drawn):
    points = {point for panel in drawn.panels for line in panel.lines.values() for point in line.values()}
    assert drawn.recipes == {point.recipe for point in points} <= RECIPES.keys() and drawn.name not in RECIPES
    for recipe, figure in points:
        path = ROOT / "results" / f"{recipe}.json"
        if path.exists():
            assert all(figure in run for run in json.loads(path.read_text())["figures"].values())


def test_every_recipe_of_a_study_is_in_its_plot():
    shown = set().union(*(drawn.recipes for drawn in COMPARISONS))
    assert {name for name in RECIPES if name.startswith(("mnist-depth-", "mnist-dropout-"))} == shown
