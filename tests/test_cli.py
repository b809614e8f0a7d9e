import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pyro.infer import SVI
from typer.testing import CliRunner

import pyrodgm
from pyrodgm.cli import app
from pyrodgm.cli.train import _set_aside
from pyrodgm.data import load
from pyrodgm.models import M2, BayesianMLP, BayesianVAE
from pyrodgm.train.interrupt import Terminated
from pyrodgm.zoo import RECIPES, Outcome, figures, measure
from pyrodgm.zoo import run as run_recipe

runner = CliRunner()


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def call(*args, columns=200):
    return runner.invoke(app, [str(a) for a in args], env={"COLUMNS": str(columns)})


@pytest.mark.parametrize("columns", [80, 200])
def test_list_names_every_recipe(columns):
    result = call("list", columns=columns)
    assert result.exit_code == 0
    assert all(name in result.output for name in RECIPES)
    assert max(map(len, result.output.splitlines())) <= columns


def test_a_very_narrow_list_has_whole_figures(tmp_path):
    record = {"recipe": "digits", "figures": {"0": {"test error": 5.0}}, "epochs": 9, "date": "today", "changed": []}
    (tmp_path / "digits.json").write_text(json.dumps(record))
    listed = call("list", "--results", tmp_path, columns=40).output
    assert re.search(r"digits +5\.00 % +none", listed) and max(map(len, listed.splitlines())) <= 40


@pytest.mark.parametrize("columns", [40, 55])
def test_a_very_narrow_list_has_every_character_of_the_papers_figures(columns):
    lines = call("list", columns=columns).output.splitlines()
    start = next((line.index("paper") for line in lines if "paper" in line), 0)
    shown = "".join("".join(line[start:] for line in lines).split())
    assert all("".join(recipe.paper.split()) in shown for recipe in RECIPES.values())


def test_characters_that_the_output_lacks_are_replaced(tmp_path):
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(pyrodgm.__file__).parents[1])}
    command = [sys.executable, "-m", "pyrodgm", "show", "moons-m2"]
    done = subprocess.run(command, capture_output=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0 and b"Maal?e et al. 2016" in done.stdout, done.stderr


def test_a_narrow_list_breaks_no_words():
    words = call("list", columns=80).output.split()
    assert "…" not in "".join(words)
    assert all(word in words for recipe in RECIPES.values() for word in recipe.paper.split())


def test_a_narrow_list_has_name_figure_and_paper_and_show_the_rest(tmp_path):
    record = {"recipe": "digits", "figures": {"0": {"test error": 5.0}}, "epochs": 9, "date": "today", "changed": []}
    (tmp_path / "digits.json").write_text(json.dumps(record))
    listed = call("list", "--results", tmp_path, columns=80).output
    assert re.search(r"digits +5\.00 % +none on these data", listed) and "100 labels" not in listed
    show = ("show", "digits", "--results", tmp_path)
    assert "obtained: test error 5.00 % (1 seed, 9 epochs, today)" in call(*show).output
    assert "obtained: not measured" in call(*show, "--epochs", 1).output


def test_without_arguments_it_shows_help():
    assert "train" in call().output


def test_help_does_not_load_torch():
    """Loading it takes seconds."""
    code = "import sys, pyrodgm.cli; sys.exit(any(name in sys.modules for name in ('torch', 'matplotlib', 'pandas')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("train", "mnits"),
            r"NAME: got 'mnits' \(did you mean 'mnist-m2'\?\), want one of \d+ names, such as mnist",
        ),
        (("train", "digits", "--device", "nowhere"), "--device: got 'nowhere', want an available device"),
        (("train", "digits", "--epochs", "0"), "Invalid value for '--epochs'"),
        (("train", "digits", "--seeds", "0"), "Invalid value for '--seeds'"),
        (("train",), "Missing argument"),
        (("train", "digits", "--set", "lerning_rate=1"), "--set: got 'lerning_rate' .did you mean 'learning_rate'"),
        (("train", "digits", "--set", "beta"), "--set: got 'beta', want key=value"),
        (("train", "digits", "--set", "batch_size=ten"), "batch_size: got 'ten', want int"),
        (("show", "digits", "--set", "model.z_sise=3"), "model: option: got 'z_sise' .did you mean 'z_size'"),
        (("evaluate", "digits"), "NAME: got digits without runs/digits/seed-0/model, want a finished run"),
        (("data", "fetch", "mnits"), "name: got 'mnits' .did you mean 'mnist'"),
        (("data", "path", "mnits"), "name: got 'mnits' .did you mean 'mnist'"),
        (("train", "digits", "--set", "data=nothing.csv"), "data: got nothing.csv, want an existing file"),
        (("train", "digits", "--set", "schedule=stop"), "schedule: got 'stop' .did you mean 'step'"),
        (("train", "digits", "--set", "resample=foo"), "resample: got 'foo', want one of binarise, resample_counts"),
        (("train", "digits", "--set", "schedule=linear"), "schedule: got linear without start, end, want schedule.st"),
        (("train", "digits", "--set", "optimizer=LBFGS"), "optimizer: got 'LBFGS'"),
        (("train", "digits", "--set", "optimizer=lr_scheduler"), "optimizer: got 'lr_scheduler'"),
        (("train", "digits", "--set", "optimizer.params=3"), "optimizer: option: got 'params'"),
        (("train", "digits", "--set", "optimizer.betas=3"), "optimizer.betas: got 3, want a list in square br"),
        (("train", "digits", "--set", "model.x_size=3"), "model: option: got 'x_size'"),
        (("train", "digits", "--set", "model.hidden=3"), "model.hidden: got 3, want a list in square br"),
        (("train", "digits", "--set", "monitor=bound"), "monitor: got 'bound', want one of validation bound"),
        (("train", "digits", "--set", 'baselines=["SVN"]'), "baselines: got 'SVN' .did you mean 'SVM'"),
        (("train", "digits", "--set", 'feature_classifiers=["tree"]'), "feature_classifiers: got 'tree', want one of"),
        (("train", "digits", "--set", "pretrained=digits-m1"), "pretrained: got 'digits-m1', want none: SDGM takes no"),
        (("train", "digits", "--set", "pretrained=digits-m3"), "pretrained: got 'digits-m3' .did you mean 'digits-m"),
        (("train", "digits", "--set", "start_from=digits-m2"), "start_from: got digits-m2 with a M2, want SDGM"),
        (("train", "digits-m1m2", "--set", "start_from=digits-m1m2"), "start_from: got 'digits-m1m2' with pre"),
        (("train", "digits", "--set", "objective=importance_weighted"), "objective: got importance_weighted without n"),
        (("train", "digits", "--set", "objective.num_samples=3"), "objective: option: got 'num_samples'"),
        (
            ("train", "digits", "--set", "objective=free_bits", "--set", "objective.nats=0.25"),
            "warm_up_epochs: got 100 with the objective free_bits, want 0",
        ),
        (("train", "digits-m1m2", "--set", "pretrained.epochs=0"), "epochs: got 0, want at least 1"),
        (("train", "digits-m1m2", "--set", "pretrained.model=3"), "pretrained: option: got 'model'"),
        (("train", "digits-m1m2", "--set", "pretrained.epochs=few"), "pretrained.epochs: got 'few', want int"),
        (("train", "digits", "--set", 'milestones=["a"]'), "milestones: got 'a', want int"),
        (("train", "digits", "--set", 'preprocess=["standardise"]'), "preprocess: got 'standardise', want a list in"),
        (("train", "digits", "--set", "measure_every=0"), "measure_every: got 0, want at least 1"),
        (("train", "digits", "--set", "epochs=0"), "epochs: got 0, want at least 1"),
        (("train", "digits", "--set", "weight_prior=0"), "weight_prior: got 0.0, want a positive number"),
    ],
)
def test_bad_arguments_end_with_exit_code_2(args, message):
    result = call(*args)
    assert result.exit_code == 2
    assert re.search(message, re.sub(r"[\s│]+", " ", result.output))


def test_figures_that_were_measured_elsewhere_are_not_called_unmeasured(tmp_path, monkeypatch):
    """An installed package has no folder of results."""
    monkeypatch.chdir(tmp_path)
    assert "obtained: no folder results" in call("show", "digits").output
    (tmp_path / "results").mkdir()
    assert "obtained: not measured" in call("show", "digits").output


@pytest.mark.parametrize("command", ["list", "show"])
def test_a_folder_of_results_that_is_not_there_is_said(tmp_path, command):
    result = call(*{"list": ["list"], "show": ["show", "digits"]}[command], "--results", "nowhere")
    assert result.exit_code == 2 and "--results: got nowhere, want an existing folder" in result.output


@pytest.mark.parametrize(
    "text",
    ["[1]", '{"recipe": "digits"}', '{"recipe": "digits", "figures": [1]}']
    + [
        json.dumps({"recipe": "digits", "epochs": 1, "date": "today", "changed": [], "figures": figures} | other)
        for figures, other in (
            ({"0": {"test error": "five"}}, {}),
            ({"a": {"test error": 5.0}}, {}),
            ({"0": {"test error": 5.0}}, {"changed": None}),
            ({"0": {"test error": 5.0}}, {"sessions": []}),
        )
    ],
)
def test_a_damaged_file_of_results_is_said(tmp_path, text):
    (tmp_path / "digits.json").write_text(text)
    (tmp_path / "digits-m2.json").mkdir()
    assert "obtained: damaged file" in call("show", "digits", "--results", tmp_path).output
    assert "obtained: damaged file" in call("show", "digits-m2", "--results", tmp_path).output


def test_paths_are_printed_whole_and_as_they_are(tmp_path, monkeypatch):
    """No line break within a path on a narrow terminal, and no brackets taken for markup."""
    monkeypatch.setattr("pyrodgm.zoo.run", lambda *args: Outcome(None, None, None, {"seconds": 1.0}, []))
    runs = "a folder [bold] with a name that is longer than the eighty columns of a usual terminal window"
    assert (
        f"The run is saved in {runs}/digits/seed-0. The" in call("train", "digits", "--runs", runs, columns=80).output
    )


def test_a_file_of_samples_is_checked_before_the_model_is_loaded(tmp_path):
    (tmp_path / "folder.png").mkdir()
    for output, want in (("none/s.png", "a file in an existing folder"), ("folder.png", "a folder, want a file")):
        result = call("sample", "digits", "--output", output)
        assert result.exit_code == 2 and f"--output: got {output}, " in result.output and want in result.output


def test_an_interruption_without_words_is_said(monkeypatch):
    monkeypatch.setattr("pyrodgm.zoo.run", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
    result = call("train", "digits")
    assert result.exit_code == 130 and result.output.endswith("interrupted\n")


def test_a_run_with_other_settings_is_named(tmp_path):
    (tmp_path / "digits+epochs=3+beta=2" / "seed-0" / "model").mkdir(parents=True)
    (tmp_path / "digits+epochs=4" / "seed-1" / "model").mkdir(parents=True)
    result = call("evaluate", "digits", "--runs", str(tmp_path))
    assert result.exit_code == 2
    said = re.sub(r"[\s│]+", " ", result.output)
    assert "pyrodgm train digits; another one, with changed settings, is in" in said
    assert "digits+epochs=3+beta=2" in said and "epochs=4" not in said


@pytest.mark.usefixtures("plain_svi")
def test_train_prints_a_table_over_the_seeds():
    result = call("train", "digits", "--epochs", 1, "--seeds", 2)
    assert result.exit_code == 0, result.output
    for part in ("seed 0", "seed 1", "mean ± s.e.", "test error (%)", "supervised network", "LabelSpreading", "nats"):
        assert part in result.output


def test_show_has_every_setting_and_what_was_changed():
    result = call("show", "digits", "--set", "optimizer=RMSprop", "--set", "optimizer.momentum=0.5", "--epochs", 3)
    assert result.exit_code == 0, result.output
    for part in (
        "Maaløe et al. 2016",
        "Deviations".lower(),
        "learning_rate",
        "model.hidden",
        "optimizer.momentum",
        "0.5",
    ):
        assert part in result.output
    assert "changed: optimizer=RMSprop, optimizer.momentum=0.5, epochs=3" in result.output


@pytest.mark.usefixtures("plain_svi")
def test_a_finished_run_is_found_evaluated_sampled_and_begun_afresh(tmp_path):
    train = ("train", "digits", "--epochs", 1, "--set", "baselines=[]")
    first = call(*train)
    assert first.exit_code == 0, first.output
    folder = tmp_path / "runs" / "digits+baselines=__+epochs=1" / "seed-0"
    assert {"checkpoint.safetensors", "figures.json", "history.csv", "model"} == {
        path.name for path in folder.iterdir()
    }
    assert "test error" in (folder / "model" / "README.md").read_text()

    def errors(result):
        assert result.exit_code == 0, result.output
        return re.findall(r"test error \(%\)\s*│\s*([\d.]+)", result.output)

    written = (folder / "history.csv").read_text()
    assert errors(call(*train)) == errors(first) and (folder / "history.csv").read_text() == written
    options = ("--set", "baselines=[]", "--set", "epochs=1")
    assert errors(call("evaluate", "digits", *options)) == errors(first)
    assert call("sample", "digits", *options, "--output", "s.png", "--count", 2).exit_code == 0
    assert call("sample", "digits", *options, "--output", "s.npz", "--count", 2).exit_code == 0
    drawn = np.load("s.npz")
    assert drawn["x"].shape == (20, 64) and drawn["y"].tolist() == [*range(10)] * 2 and (tmp_path / "s.png").exists()
    assert call(*train, "--fresh").exit_code == 0
    assert (folder.with_name("seed-0.1") / "history.csv").read_text() == written


def test_samples_on_a_full_disk_leave_the_file_as_it_was(tmp_path, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyrodgm.cli.evaluate._trained", lambda *args: (None, M2(64, 10, z_size=2), load("digits")))
    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "s.npz").write_bytes(b"before")
    result = call("sample", "digits-m2", "--output", "s.npz")
    assert result.exit_code == 1 and "No space left on device: 's.npz'" in result.output
    assert (tmp_path / "s.npz").read_bytes() == b"before"


@pytest.mark.usefixtures("plain_svi")
def test_a_seed_has_the_figures_of_its_own_labels(tmp_path):
    """Classifiers on features learn from the labels that the seed keeps, and evaluate takes the same ones."""
    result = call("train", "digits-m1", "--epochs", 1, "--seeds", 2)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "runs" / "digits-m1+epochs=1"
    runs = [json.loads((folder / f"seed-{seed}" / "figures.json").read_text())["figures"] for seed in (0, 1)]
    for name in ("SVM", "nearest neighbours"):
        first, second = (run[f"{name} on features test error"] for run in runs)
        assert first != second and f"{(first + second) / 2:.2f} ± {abs(first - second) / 2:.2f}" in result.output
    figures = call("evaluate", "digits-m1", "--set", "epochs=1", "--seed", 1).output
    measured = re.findall(r"│ ([^│]+?) \(\S+\) +│ +(\S+) +│", figures)
    assert {name: f"{value:.2f}" for name, value in runs[1].items() if name != "seconds"} == dict(measured)


def test_samples_have_weights_of_the_posterior(tmp_path, monkeypatch):
    """The pixels are 1 by a bias that the prior of the weights does not know."""
    model = BayesianVAE(64, z_size=2, hidden=(5,), data_size=10)
    torch.nn.init.constant_(model.p_x.logits.bias, 50.0)
    monkeypatch.setattr("pyrodgm.cli.evaluate._trained", lambda *args: (None, model, load("digits")))
    assert call("sample", "freyfaces-bayesian-vae", "--output", "s.npz", "--count", 3).exit_code == 0
    assert (np.load("s.npz")["x"] == np.ones((3, 64))).all()


def test_the_seed_decides_a_sample(tmp_path, monkeypatch):
    model = M2(64, 10, z_size=2, hidden=(5,))
    monkeypatch.setattr("pyrodgm.cli.evaluate._trained", lambda *args: (None, model, load("digits")))
    drawn = []
    for seed in (1, 1, 2):
        assert call("sample", "digits-m2", "--output", "s.npz", "--count", 3, "--seed", seed).exit_code == 0
        drawn.append(np.load("s.npz")["x"])
    assert (drawn[0] == drawn[1]).all() and (drawn[0] != drawn[2]).any()


def test_what_was_set_aside_stays(tmp_path):
    path = tmp_path / "results.json"
    assert _set_aside(path) is None
    for text in "abc":
        path.write_text(text)
        _set_aside(path)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "results.json.1": "a",
        "results.json.2": "b",
        "results.json.3": "c",
    }


def test_a_classifier_is_not_sampled(monkeypatch):
    model = BayesianMLP(64, 10, (5,), data_size=10)
    monkeypatch.setattr("pyrodgm.cli.evaluate._trained", lambda *args: (None, model, load("digits")))
    result = call("sample", "mnist-dropout-none-150", "--output", "s.npz")
    assert result.exit_code == 2 and "NAME: got mnist-dropout-none-150, a classifier of given x" in result.output


@pytest.mark.usefixtures("plain_svi")
def test_a_run_starts_from_the_one_that_its_own_command_left(tmp_path):
    assert call("train", "digits-m1", "--epochs", 1).exit_code == 0
    (checkpoint,) = tmp_path.rglob("checkpoint.safetensors")
    before = checkpoint.read_bytes()
    changes = ("--set", "start_from=digits-m1", "--set", "start_from.epochs=1")
    result = call("train", "digits-m1", "--epochs", 1, *changes)
    assert result.exit_code == 0, result.output
    assert checkpoint.read_bytes() == before
    runs = {path.name for path in (tmp_path / "runs").iterdir()}
    assert runs == {"digits-m1+epochs=1", "digits-m1+start_from=digits-m1+start_from.epochs=1+epochs=1"}
    assert call("train", "digits-m1", "--epochs", 1, *changes, "--fresh").exit_code == 0
    for run in runs:  # --fresh trains the first stage anew too
        assert {path.name for path in (tmp_path / "runs" / run).iterdir()} == {"seed-0", "seed-0.1"}


def test_there_is_nothing_to_keep_of_a_run_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr("pyrodgm.zoo.run", lambda *args: Outcome(None, None, None, {"seconds": 1.0}, []))
    assert call("train", "digits", "--fresh").exit_code == 0
    assert [path.name for path in (tmp_path / "runs" / "digits").iterdir()] == ["seed-0"]


@pytest.mark.usefixtures("plain_svi")
def test_a_run_of_other_epochs_is_not_the_recipe_s(tmp_path):
    assert call("train", "moons-m2", "--epochs", 1).exit_code == 0
    assert call("evaluate", "moons-m2").exit_code == 2
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["moons-m2+epochs=1"]


@pytest.mark.usefixtures("plain_svi")
def test_a_damaged_checkpoint_is_told_in_a_line_without_damage(tmp_path):
    train = ("train", "moons-m2", "--epochs", 1, "--set", "baselines=[]")
    assert call(*train).exit_code == 0
    (checkpoint,) = tmp_path.rglob("checkpoint.safetensors")
    checkpoint.write_bytes(checkpoint.read_bytes()[:300])
    result = call(*train)
    assert result.exit_code == 2 and "got a damaged file" in result.output and "Traceback" not in result.output
    assert len(checkpoint.read_bytes()) == 300
    assert isinstance(call("--traceback", *train).exception, ValueError)


@pytest.mark.usefixtures("plain_svi")
def test_own_data_train_like_a_named_set(tmp_path):
    data = load("moons").train
    lines = [
        f"{a},{b},{'' if i > 40 else ['top', 'bottom'][y]}" for i, ((a, b), y) in enumerate(zip(*data, strict=True))
    ]
    (tmp_path / "own.csv").write_text("\n".join(["a,b,curve", *lines[:400]]))
    own = ("--set", "data=own.csv", "--set", "data.label=curve", "--set", "num_labels=none")
    result = call("train", "moons-adgm", "--epochs", 2, *own)
    assert result.exit_code == 0, result.output
    assert "test error (%)" in result.output
    assert call("train", "moons-adgm", "--epochs", 2, *own).exit_code == 0
    (tmp_path / "own.csv").write_text("\n".join(["a,b,curve", *reversed(lines[:400])]))
    result = call("train", "moons-adgm", "--epochs", 2, *own)
    assert result.exit_code == 2 and "got a run with checksum of data = " in result.output


def test_data_are_listed_and_found():
    result = call("data", "list")
    assert result.exit_code == 0 and "mnist" in result.output and "generated" in result.output
    assert "included in scikit-learn" in call("data", "fetch", "digits").output
    assert call("data", "path", "mnist").output.strip().endswith("mnist")


def test_a_set_whose_alternative_files_are_there_is_present(tmp_path, monkeypatch):
    monkeypatch.setenv("PYRODGM_DATA", str(tmp_path))
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache")

    def present():
        lines = call("data", "list", columns=200).output.splitlines()
        return {line.split("│")[1].strip() for line in lines if line.count("│") > 2 and "yes" in line}

    without_files = {"circles", "digits", "moons", "potential", "pv"}
    assert present() == without_files
    for name in ("freyfaces/freyfaces.npz", "cache/omniglot/chardata.mat", "binarized_mnist/binarized_mnist_train.mat"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert present() == without_files | {"freyfaces", "omniglot"}


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_an_interruption_ends_with_an_exit_code_of_its_own(error, code, monkeypatch):
    def interrupt(*args):
        raise error("stopped in epoch 3 and saved to runs/digits/seed-0")

    monkeypatch.setattr("pyrodgm.zoo.run", interrupt)
    result = call("train", "digits")
    assert result.exit_code == code and "stopped in epoch 3 and saved" in result.output


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


def test_an_error_that_nobody_foresaw_is_a_line_too(monkeypatch):
    def fail(*args):
        raise RuntimeError("CUDA out of memory\nmore")

    monkeypatch.setattr("pyrodgm.zoo.run", fail)
    result = call("train", "digits")
    assert result.exit_code == 1 and result.output.endswith("RuntimeError: CUDA out of memory (see --traceback)\n")


def test_a_choice_may_come_with_its_options():
    posterior = 'model.posterior=["iaf", {"num_steps": 2}]'
    assert "iaf" in call("show", "digits", "--set", posterior, "--set", "model.likelihood=normal").output


def test_an_error_is_printed_as_it_is(monkeypatch):
    def refuse(*args):
        raise ValueError("labelled: got [red] ink, want [b] ink")

    monkeypatch.setattr("pyrodgm.zoo.run", refuse)
    assert "labelled: got [red] ink, want [b] ink" in call("train", "digits").output


@pytest.mark.usefixtures("plain_svi")
def test_reproduce_writes_what_it_measured(tmp_path):
    result = call("reproduce", "digits", "--epochs", 1, "--seeds", 2, "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "digits+epochs=1.json").read_text())
    assert set(record["figures"]) == {"0", "1"} and record["changed"] == ["epochs=1"]
    assert record["command"] == "pyrodgm reproduce digits --seeds 2 --epochs 1"
    table = (tmp_path / "README.md").read_text()
    mean = sum(run["test error"] for run in record["figures"].values()) / 2
    assert f"| test error | {mean:.2f} ±" in table and "Changed from the recipe" in table


@pytest.fixture
def measuring(monkeypatch):
    """Quick runs of a commit "abc". Returns the seeds that are measured, in order, and a function that stops a seed."""
    seeds, stopped = [], []

    def measuring(recipe, model, data, seed):
        if seed in stopped:
            raise KeyboardInterrupt("stopped")
        seeds.append(seed)
        return measure(recipe, model, data, seed)

    monkeypatch.setattr("pyrodgm.zoo.training.CompiledSVI", SVI)
    monkeypatch.setattr("pyrodgm.zoo.outcome.measure", measuring)
    monkeypatch.setattr("pyrodgm.zoo.results.package_commit", lambda: "abc")
    return seeds, stopped


QUICK = ("moons-m2", "--epochs", 1, "--set", "baselines=[]")
LABEL = "moons-m2+baselines=__+epochs=1"


def reproduced(*options, end=0, name=f"{LABEL}.json"):
    result = call("reproduce", *QUICK, *options)
    assert result.exit_code == end, result.output
    return json.loads(Path("results", name).read_text())


def test_an_interruption_costs_only_the_seed_under_way(measuring, tmp_path):
    measured, stopped = measuring
    stopped.append(2)
    first = reproduced("--seeds", 3, end=130)
    assert list(first["figures"]) == ["0", "1"] and measured == [0, 1]
    assert first["command"] == "pyrodgm reproduce moons-m2 --seeds 2 --epochs 1 --set 'baselines=[]'"
    assert "(2 seeds, 1 epoch, float32, 2" in (tmp_path / "results" / "README.md").read_text()
    stopped.clear()
    again = reproduced("--seeds", 3)
    assert measured == [0, 1, 2] and "--seeds 3" in again["command"]
    assert list(again["figures"]) == ["0", "1", "2"] and first["figures"].items() <= again["figures"].items()
    assert [path.name for path in (tmp_path / "results").glob("*.json*")] == [f"{LABEL}.json"]


def test_seeds_that_another_process_measures_in_the_meantime_stay(measuring, monkeypatch):
    whole, path = reproduced("--seeds", 3), Path("results", f"{LABEL}.json")
    path.unlink()

    def run_beside(recipe, seed, *args):
        if seed == 1:  # the other process has finished all its seeds
            path.write_text(json.dumps(whole))
        return run_recipe(recipe, seed, *args)

    monkeypatch.setattr("pyrodgm.zoo.run", run_beside)
    assert list(reproduced("--seeds", 2)["figures"]) == ["0", "1", "2"]


def test_fewer_seeds_of_the_same_commit_leave_the_others_in_the_results(measuring):
    before = reproduced("--seeds", 2)
    seconds = before["figures"]["0"].pop("seconds")
    after = reproduced("--seeds", 1, "--runs", "others")  # trained again: the same figures, and another time
    assert measuring[0] == [0, 1, 0] and before["command"] == after["command"]
    assert after["figures"]["0"].pop("seconds") != seconds and after["figures"] == before["figures"]


def test_results_of_another_commit_are_kept_under_another_name(measuring, monkeypatch):
    before = reproduced("--seeds", 2)
    monkeypatch.setattr("pyrodgm.zoo.results.package_commit", lambda: "def")
    measuring[1].append(1)
    after = reproduced("--seeds", 3, end=130)
    assert list(after["figures"]) == ["0"] and after["versions"]["commit"] == "def" and measuring[0] == [0, 1, 0]
    assert json.loads(Path("results", f"{LABEL}.json.1").read_text()) == before
    assert "kept in" in call("reproduce", *QUICK, "--fresh").output  # seed 0 is measured before seed 1 is stopped
    assert json.loads(Path("results", f"{LABEL}.json.2").read_text()) == after


def test_fresh_trains_and_measures_anew(measuring):
    before = reproduced("--seeds", 2)
    after = reproduced("--seeds", 1, "--fresh")
    assert measuring[0] == [0, 1, 0] and list(after["figures"]) == ["0"]
    assert json.loads(Path("results", f"{LABEL}.json.1").read_text()) == before
    kept = Path("runs", LABEL, "seed-0.1", "figures.json")
    assert json.loads(kept.read_text())["figures"] == before["figures"]["0"]


def test_the_figures_of_train_are_those_of_reproduce(measuring):
    assert call("train", *QUICK).exit_code == 0
    figures = reproduced("--seeds", 1)["figures"]
    assert measuring[0] == [0]
    assert figures["0"] == json.loads(Path("runs", LABEL, "seed-0", "figures.json").read_text())["figures"]


def test_results_of_uncommitted_changes_are_never_reused(measuring, monkeypatch):
    monkeypatch.setattr("pyrodgm.zoo.results.package_commit", lambda: "abc and changes")
    before = reproduced("--seeds", 2)
    assert list(reproduced("--seeds", 1)["figures"]) == ["0"] and measuring[0] == [0, 1, 0]
    assert json.loads(Path("results", f"{LABEL}.json.1").read_text()) == before


def test_other_files_among_the_results_are_passed_over(tmp_path, monkeypatch):
    outcomes = iter([{"test error": 1.0, "test error, epoch 2": 3.0}, {"test error": 2.0}])
    monkeypatch.setattr("pyrodgm.zoo.run", lambda *args: Outcome(None, None, None, next(outcomes), []))
    for name, text in (("digits", "{}"), ("other", "[1]"), ("damaged", "{")):
        (tmp_path / f"{name}.json").write_text(text)
    assert "damaged" in call("list", "--results", tmp_path).output
    result = call("reproduce", "moons-m2", "--seeds", 2, "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    table = (tmp_path / "README.md").read_text()
    assert "| test error | 1.50 ± 0.50 |" in table and "| test error, epoch 2 | 3.00 (1 seed) |" in table


@pytest.mark.usefixtures("plain_svi")
def test_demo_draws_its_figures(tmp_path, monkeypatch):
    """Analogies of a test row of every class, the latents of the guide's first latent, and the validation error."""
    seen = {}

    def watch(name):
        draw = getattr(figures, name)

        def watched(*args, **options):
            seen[name] = args, options
            return draw(*args, **options)

        monkeypatch.setattr(figures, name, watched)

    for name in ("analogies", "latent_pca", "learning_curve"):
        watch(name)
    result = call("demo", "--epochs", 1, "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    x, y = load(*RECIPES["digits"].data[:1], **RECIPES["digits"].data[1]).test
    first, (latents, labels) = seen["analogies"][0][1], seen["latent_pca"][0][1:]
    assert torch.equal(first, torch.stack([x[int((y == k).nonzero()[0])] for k in range(10)]))
    assert torch.equal(latents, x) and torch.equal(labels, y) and seen["latent_pca"][1] == {"site": "a"}
    assert seen["learning_curve"][0][1] == ["validation error"]
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == {"analogies.png", "samples.png", "latents.png", "learning_curve.png"}


def test_a_run_that_is_refused_leaves_no_folder(tmp_path):
    (tmp_path / "digits").mkdir()
    (tmp_path / "digits" / "notes.txt").write_text("kept")
    (tmp_path / "digits" / "rows.csv").write_text("a,b\n1,2\n")
    for change in ("model.z_size=0", f"data={tmp_path / 'digits' / 'rows.csv'}"):
        assert call("train", "digits", "--runs", str(tmp_path), "--set", change).exit_code == 2
    assert {path.name for path in tmp_path.rglob("*")} == {"digits", "notes.txt", "rows.csv"}
