import json
import re

import pytest
from typer.testing import CliRunner

from pyrodgm.cli import app
from pyrodgm.zoo import RECIPES

runner = CliRunner()


def call(*args):
    return runner.invoke(app, [str(a) for a in args], env={"COLUMNS": "200"})


def test_list_names_every_recipe():
    result = call("list")
    assert result.exit_code == 0
    assert all(name in result.output for name in RECIPES)


def test_without_arguments_it_shows_help():
    assert "train" in call().output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("train", "mnits"), r"NAME: got 'mnits', want one of digits"),
        (("train", "digits", "--device", "nowhere"), "--device: got 'nowhere', want a device that is here"),
        (("train", "digits", "--epochs", "0"), "Invalid value for '--epochs'"),
        (("train", "digits", "--seeds", "0"), "Invalid value for '--seeds'"),
        (("train",), "Missing argument"),
    ],
)
def test_bad_arguments_end_with_exit_code_2(args, message):
    result = call(*args)
    assert result.exit_code == 2
    assert re.search(message, re.sub(r"[\s│]+", " ", result.output))


def test_train_prints_a_table_over_the_seeds():
    result = call("train", "digits", "--epochs", 1, "--seeds", 2)
    assert result.exit_code == 0, result.output
    for part in ("seed 0", "seed 1", "mean ± s.e.", "test error (%)", "supervised network", "LabelSpreading", "nats"):
        assert part in result.output


def test_a_folder_that_cannot_be_written_is_reported_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr("pyrodgm.zoo.run", lambda *args: pytest.fail("trained first"))
    (tmp_path / "file").write_text("")
    for command in (("reproduce", "digits"), ("demo",)):
        result = call(*command, "--folder", tmp_path / "file")
        assert result.exit_code == 2 and "--folder: got" in result.output


def test_a_loss_that_is_not_finite_ends_with_exit_code_1(monkeypatch):
    def diverge(*args):
        raise FloatingPointError("the loss is nan at epoch 2, batch 1")

    monkeypatch.setattr("pyrodgm.zoo.run", diverge)
    result = call("train", "digits")
    assert result.exit_code == 1 and "the loss is nan at epoch 2, batch 1" in result.output


def test_an_error_is_printed_as_it_is(monkeypatch):
    def refuse(*args):
        raise ValueError("labelled: got [red] ink, want [b] ink")

    monkeypatch.setattr("pyrodgm.zoo.run", refuse)
    assert "labelled: got [red] ink, want [b] ink" in call("train", "digits").output


def test_reproduce_writes_what_it_measured(tmp_path):
    result = call("reproduce", "digits", "--epochs", 1, "--seeds", 2, "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "digits.json").read_text())
    assert set(record["figures"]) == {"0", "1"} and record["changed"] == ["epochs"]
    table = (tmp_path / "README.md").read_text()
    mean = sum(run["test error"] for run in record["figures"].values()) / 2
    assert f"| test error | {mean:.2f} ±" in table and "Not the recipe as it stands" in table


def test_demo_draws_its_figures(tmp_path):
    result = call("demo", "--epochs", 1, "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {"analogies.png", "samples.png", "latents.png", "learning_curve.png"}
