"""Experiments of many trainings: settings, parts, their results, and the commands."""

import json
import re
from dataclasses import replace

import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from pyrodgm.cli import app
from pyrodgm.zoo import EXPERIMENTS, RECIPES, Experiment, Measured, results
from pyrodgm.zoo.experiment import finished, reproduce


def call(*args, columns=200):
    return CliRunner().invoke(app, [str(a) for a in args], env={"COLUMNS": str(columns)})


class Squares:
    """An experiment of sums, which notes what it measures and fails where it is told to."""

    def __init__(self, monkeypatch):
        self.measured, self.fails = [], None
        described = {"summary": "Sums", "source": "Euclid", "paper": "none", "figure": "two error"}
        self.experiment = Experiment(
            name="sums",
            **described,
            deviations="In {steps} steps.",
            settings={"steps": 3, "sizes": (4, 5)},
            parts=("one", "two", "three (3)"),
            measure=self.measure,
            draw=self.draw,
        )
        monkeypatch.setitem(EXPERIMENTS, "sums", self.experiment)

    def measure(self, part, seed, steps, sizes):
        if part == self.fails:
            raise KeyboardInterrupt
        self.measured.append((seed, part))
        value = float(len(part) + 10 * seed + steps + sum(sizes))
        return Measured({f"{part} error": value}, [seed, part] if part == "two" else None)

    def draw(self, record):
        return None if len(record["figures"]) < 2 else Figure(figsize=(1, 1))


@pytest.fixture
def sums(monkeypatch):
    return Squares(monkeypatch)


def written(folder, label="sums"):
    return json.loads((folder / f"{label}.json").read_text())


def test_a_second_call_measures_only_what_is_missing(sums, tmp_path):
    assert reproduce(sums.experiment, tmp_path, 1, report=[].append) == [tmp_path / "sums.json"]
    assert sums.measured == [(0, part) for part in sums.experiment.parts]
    first = written(tmp_path)
    assert first["figures"] == {"0": {"one error": 15.0, "two error": 15.0, "three (3) error": 21.0}}
    assert first["details"] == {"0": {"two": [0, "two"]}} and first["deviations"] == "In 3 steps."
    assert first["command"] == "pyrodgm reproduce sums --seeds 1"
    paths = reproduce(sums.experiment, tmp_path, 2, report=[].append)
    assert sums.measured[3:] == [(1, part) for part in sums.experiment.parts]
    assert written(tmp_path)["figures"]["0"] == first["figures"]["0"] and len(written(tmp_path)["figures"]) == 2
    assert [path.name for path in paths] == ["sums.json", "sums.png"]
    assert paths[1].read_bytes().startswith(b"\x89PNG")
    reproduce(sums.experiment, tmp_path, 1, report=[].append)
    assert len(sums.measured) == 6 and written(tmp_path)["command"] == "pyrodgm reproduce sums --seeds 2"
    assert finished(written(tmp_path)) == {(seed, part) for seed in (0, 1) for part in sums.experiment.parts}


def test_seeds_are_in_the_order_of_their_numbers_and_words_are_those_of_now(sums, tmp_path):
    reproduce(sums.experiment, tmp_path, 11, patterns=["one"], report=[].append)
    assert list(written(tmp_path)["figures"]) == [str(seed) for seed in range(11)]
    reproduce(replace(sums.experiment, summary="Totals"), tmp_path, 11, patterns=["one"], report=[].append)
    assert written(tmp_path)["summary"] == "Totals" and len(sums.measured) == 11
    assert written(tmp_path)["command"] == "pyrodgm reproduce sums --seeds 11"


def test_an_interrupted_experiment_goes_on_after_its_last_part(sums, tmp_path):
    sums.fails = "three (3)"
    with pytest.raises(KeyboardInterrupt):
        reproduce(sums.experiment, tmp_path, 1, report=[].append)
    assert (tmp_path / "sums.json").exists()
    assert list(written(tmp_path)["figures"]["0"]) == ["one error", "two error"]
    sums.fails = None
    reproduce(sums.experiment, tmp_path, 1, report=[].append)
    assert sums.measured == [(0, part) for part in sums.experiment.parts]


@pytest.mark.parametrize("theirs", ["one", "two"])
def test_parts_that_another_process_measures_meanwhile_are_kept(sums, tmp_path, theirs):
    def measure(part, seed, **settings):
        reproduce(sums.experiment, tmp_path, 1, patterns=[theirs], report=[].append)
        return sums.measure(part, seed, **settings)

    ours = replace(sums.experiment, measure=measure)
    reproduce(ours, tmp_path, 1, patterns=["two"], report=[].append)
    assert finished(written(tmp_path)) == {(0, theirs), (0, "two")}
    (session,) = written(tmp_path)["sessions"]
    assert session["parts"] == {"0": list(dict.fromkeys([theirs, "two"]))}


def test_parts_are_chosen_by_pattern_and_kept_in_order(sums, tmp_path):
    reproduce(sums.experiment, tmp_path, 2, patterns=["t*(3)"], report=[].append)
    reproduce(sums.experiment, tmp_path, 1, patterns=["one", "two"], report=[].append)
    assert sums.measured == [(0, "three (3)"), (1, "three (3)"), (0, "one"), (0, "two")]
    assert list(written(tmp_path)["figures"]["0"]) == ["one error", "two error", "three (3) error"]
    assert written(tmp_path)["command"] == "pyrodgm reproduce sums --seeds 2"
    table = (tmp_path / "README.md").read_text()
    assert "| one error | 15.00 (1 seed) |" in table and "| three (3) error | 26.00 ± 5.00 |" in table
    with pytest.raises(ValueError, match=r"--part: got 'tow' \(did you mean 'two'\?\), want one of one, three"):
        reproduce(sums.experiment, tmp_path, 1, patterns=["tow"])


def test_parts_of_another_day_or_version_have_a_session_of_their_own(sums, tmp_path, monkeypatch):
    for commit, seeds in (("aaa", 1), ("bbb", 2), ("aaa", 3)):
        monkeypatch.setattr("pyrodgm.zoo.experiment.package_commit", lambda commit=commit: commit)
        reproduce(sums.experiment, tmp_path, seeds, report=[].append)
    sessions = written(tmp_path)["sessions"]
    assert [(session["versions"]["commit"], list(session["parts"])) for session in sessions] == [
        ("aaa", ["0", "2"]),
        ("bbb", ["1"]),
    ]
    assert re.search(r"steps=3, sizes=4,5, .*commit aaa; .*commit bbb\)", (tmp_path / "README.md").read_text())


def test_changed_settings_have_their_own_file(sums, tmp_path):
    changed = sums.experiment.with_settings(["sizes=[7]", "steps=3"])
    assert changed[1] == ["sizes=7"] and changed[0].settings == {"steps": 3, "sizes": (7,)}
    reproduce(changed[0], tmp_path, 1, changed[1], report=[].append)
    record = written(tmp_path, "sums+sizes=7")
    assert record["command"] == "pyrodgm reproduce sums --seeds 1 --set sizes=7" and record["changed"] == ["sizes=7"]
    assert record["figures"]["0"]["one error"] == 13.0
    assert "**Changed from the experiment**: sizes=7." in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("steps", "--set: got 'steps', want key=value"),
        ("step=2", r"--set: got 'step' \(did you mean 'steps'\?\), want one of sizes, steps"),
        ("steps=0", "steps: got '0', want a positive int"),
        ("steps=1,2", "steps: got '1,2', want a positive int"),
        ("sizes=", "sizes: got '', want positive ints with commas"),
        ("sizes=1,-2", "sizes: got '1,-2', want positive ints with commas"),
    ],
)
def test_settings_that_are_refused(sums, change, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        sums.experiment.with_settings([change])


def test_a_damaged_file_is_not_overwritten(sums, tmp_path):
    for text in ("{", json.dumps({"recipe": "sums", "figures": {"0": {"one error": 1.0}}})):
        (tmp_path / "sums.json").write_text(text)
        result = call("reproduce", "sums", "--folder", tmp_path)
        assert result.exit_code == 2 and "got a damaged sums.json, want one of sums, or --fresh" in result.output
        assert (tmp_path / "sums.json").read_text() == text and not sums.measured


def test_figures_of_a_version_with_other_settings_are_not_added_to(sums, tmp_path):
    reproduce(sums.experiment, tmp_path, 1, report=[].append)
    now = replace(sums.experiment, settings={"steps": 4, "sizes": (4, 5)})
    message = "--folder: got sums.json with steps=3, sizes=4,5, want steps=4, sizes=4,5, or --fresh"
    with pytest.raises(ValueError, match=f"^{message}$"):
        reproduce(now, tmp_path, 2, report=[].append)
    assert len(sums.measured) == 3 and written(tmp_path)["settings"] == {"steps": 3, "sizes": [4, 5]}


def test_the_command_reproduces_an_experiment(sums, tmp_path):
    arguments = ("reproduce", "sums", "--folder", tmp_path, "--seeds", 2, "--part", "t*")
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    assert sums.measured == [(seed, part) for seed in (0, 1) for part in ("two", "three (3)")]
    assert "seed 1, two: two error 25.00" in result.output and "20.00 ± 5.00" in result.output
    assert "sums.json" in result.output and "sums.png" in result.output
    assert call(*arguments).exit_code == 0 and len(sums.measured) == 4
    assert call(*arguments, "--fresh").exit_code == 0 and len(sums.measured) == 8
    assert (tmp_path / "sums.json.1").exists()
    assert call(*arguments, "--set", "steps=5").exit_code == 0
    assert written(tmp_path, "sums+steps=5")["figures"]["0"]["two error"] == 17.0


def test_the_command_refuses_what_an_experiment_does_not_have(sums, tmp_path):
    folder = ("--folder", tmp_path)
    assert "--set: got 'epochs', want one of sizes, steps" in call("reproduce", "sums", "--epochs", 2, *folder).output
    assert "--device: got cuda, want cpu" in call("reproduce", "sums", "--device", "cuda", *folder).output
    for command in (("train", "sums"), ("evaluate", "sums"), ("sample", "sums", "--output", "x.npz")):
        result = call(*command)
        assert result.exit_code == 2 and "NAME: got sums, an experiment, want a recipe" in result.output
    result = call("reproduce", "digits", "--part", "two", *folder)
    assert (
        result.exit_code == 2 and "--part: got 'two', want none, because digits is not an experiment" in result.output
    )
    assert "did you mean 'pv-few-labels-iv'?" in call("reproduce", "pv-few-label-iv", *folder).output
    assert not list(tmp_path.iterdir())


def test_show_has_the_date_of_the_last_measured_part(sums, tmp_path, monkeypatch):
    for day in ("2020-01-02", "2021-03-04"):
        monkeypatch.setattr(
            "pyrodgm.zoo.experiment.conditions",
            lambda device, commit, day=day: results.conditions(device, commit) | {"date": day},
        )
        reproduce(sums.experiment, tmp_path, 1 + (day > "2021"), report=[].append)
    shown = call("show", "sums", "--results", tmp_path).output
    assert re.search(r"obtained: two error 20.00 ± 5.00 % \(2 seeds, steps=3, .*2021-03-04\)", shown)


def test_list_and_show_have_experiments(sums, tmp_path):
    reproduce(sums.experiment, tmp_path, 1, report=[].append)
    listed = call("list", "--results", tmp_path).output
    assert all(name in listed for name in EXPERIMENTS)
    assert re.search(r"sums +\S+ +Sums +\S+ +none +\S+ +15\.00 % +\S+ +1 seed, +", listed.replace("\n", " "))
    shown = call("show", "sums", "--results", tmp_path, "--set", "sizes=6").output
    assert "changed: sizes=6" in shown and "deviations: In 3 steps." in shown and "obtained: not measured" in shown
    assert "three (3)" in shown
    assert re.search(
        r"obtained: two error 15.00 % \(1 seed, steps=3, ", call("show", "sums", "--results", tmp_path).output
    )


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_is_described(name):
    experiment = EXPERIMENTS[name]
    assert experiment.name == name and name not in RECIPES
    assert len(set(experiment.parts)) == len(experiment.parts) > 0
    experiment.deviations.format(**experiment.settings)
    for setting in experiment.settings:
        changed, changes = experiment.with_settings([f"{setting}=7"])
        assert changes == [f"{setting}=7"] and replace(changed, settings=experiment.settings) == experiment
