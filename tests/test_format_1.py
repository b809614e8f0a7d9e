"""Later versions read the files written in format 1, see ``tests/format_1/write.py``."""

import dataclasses
import json
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch
from pyro.infer import SVI
from safetensors.torch import load, load_file
from typer.testing import CliRunner

from pyrodgm import models
from pyrodgm.cli import app
from pyrodgm.estimators import M1
from pyrodgm.evaluate import bound
from pyrodgm.formats import changes_of_format_1, of_run
from pyrodgm.infer import Optimizer
from pyrodgm.models import DeepGenerativeModel
from pyrodgm.models.pretrained import from_plain
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.results import read_record
from tests.format_1.set_ups import RUNS, run, table

FOLDER = Path(__file__).parent / "format_1"
MODELS = sorted(folder.name for folder in (FOLDER / "models").iterdir())
ESTIMATORS = sorted(path.stem for path in (FOLDER / "estimators").glob("*.pickle"))


def close(found, expected, tolerance=1e-5):
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=tolerance, atol=tolerance)


class TestModels:
    def test_every_class_is_among_them(self):
        written = {json.loads((FOLDER / "models" / name / "config.json").read_text())["model"] for name in MODELS}
        assert written == {
            "VAE", "M2", "AdversarialM2", "M1M2", "AVAE", "ADGM", "SDGM", "CaGeM", "LatentClassifierVAE",
            "SplitLatentClassifierVAE",
        }  # fmt: skip
        assert written <= set(models.__all__)

    @pytest.mark.parametrize("name", MODELS)
    @pytest.mark.filterwarnings("ignore:precision")  # bfloat16 is slow on some processors
    def test_they_say_what_they_said(self, name):
        model = DeepGenerativeModel.from_pretrained(FOLDER / "models" / name)
        expected = json.loads((FOLDER / "models" / name / "expected.json").read_text())
        tolerance = 0.02 if name == "M2-bfloat16" else 1e-5  # processors differ in how they add in bfloat16
        x = torch.tensor(expected["x"]).to(next(model.parameters()))
        if model.num_classes is not None:
            close(model.classifier(x).tolist(), expected["classifier"], tolerance)
        torch.manual_seed(0)
        close(bound(model, x), expected["bound"], tolerance)
        torch.manual_seed(0)
        close(model.reconstruct(x).tolist(), expected["mean"], tolerance)

    @pytest.mark.parametrize("name", MODELS)
    @pytest.mark.filterwarnings("ignore:precision")
    def test_they_are_saved_and_read_again(self, name, tmp_path):
        model = DeepGenerativeModel.from_pretrained(FOLDER / "models" / name)
        model.save_pretrained(tmp_path)
        again = DeepGenerativeModel.from_pretrained(tmp_path)
        assert again.arguments == model.arguments and repr(again) == repr(model)
        assert all(torch.equal(value, again.state_dict()[key]) for key, value in model.state_dict().items())


class TestFormerIAF:
    """The posterior ``"iaf"`` whose network was Pyro's."""

    def plain(self):
        config = json.loads((FOLDER / "models" / "M2-iaf" / "config.json").read_text())
        tensors = (FOLDER / "models" / "M2-iaf" / "model.safetensors").read_bytes()
        arguments = config["arguments"] | {"hidden": (4,), "posterior": ("iaf", {"num_steps": 2, "context_size": 4})}
        return {"model": "M2", "arguments": arguments, "tensors": tensors}

    def test_an_estimators_model_with_it_is_read(self):
        model = from_plain(self.plain())
        assert model.arguments["posterior"] == ("iaf", {"num_steps": 2, "made_activation": "relu"})
        whole = DeepGenerativeModel.from_pretrained(FOLDER / "models" / "M2-iaf")
        assert all(torch.equal(value, whole.state_dict()[key]) for key, value in model.state_dict().items())

    def test_it_must_be_named_by_the_argument(self):
        plain = self.plain()
        del plain["arguments"]["posterior"]
        with pytest.raises(
            ValueError, match="model: got the posterior 'iaf' of an older pyrodgm at 'q_z' and posterior='"
        ):
            from_plain(plain)

    def test_a_run_with_it_is_refused(self):
        state = {"about": {}, "module": load(self.plain()["tensors"]), "optimizer": {}}
        with pytest.raises(
            ValueError, match="checkpoint: got a run with the posterior 'iaf' of an older pyrodgm, whose"
        ):
            of_run(state, 2)


class TestEstimators:
    @pytest.mark.parametrize("name", ESTIMATORS)
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
    def test_they_say_what_they_said(self, name):
        estimator = pickle.loads((FOLDER / "estimators" / f"{name}.pickle").read_bytes())
        expected = json.loads((FOLDER / "estimators" / f"{name}.json").read_text())
        x = np.array(expected["X"])
        if expected["columns"] is not None:
            x = pandas.DataFrame(x, columns=expected["columns"])
        for figure in ("predict_proba", "score_samples", "transform"):
            if figure in expected and (name, figure) != ("m1-samples", "transform"):  # drawn anew, now in doubles
                close(getattr(estimator, figure)(x), expected[figure])
        if "sample" in expected:
            close(estimator.sample(3)[0], expected["sample"])
        again = pickle.loads(pickle.dumps(estimator))
        assert np.array_equal(again.score_samples(x), estimator.score_samples(x))

    def test_one_of_a_newer_version_is_refused(self):
        state = M1().__getstate__() | {"_format": 3}
        with pytest.raises(ValueError, match="M1: got format 3, want at most 2: it was written by a newer pyrodgm"):
            M1().__setstate__(state)

    def test_one_goes_on_learning_where_it_was(self):
        estimator = pickle.loads((FOLDER / "estimators" / "partial.pickle").read_bytes())
        expected = json.loads((FOLDER / "estimators" / "partial.json").read_text())
        x = (table().numpy() + 0.01 * np.arange(200).reshape(40, 5) % 0.7).astype(float)
        estimator.partial_fit(x, np.array(["a", "b", "c", None] * 10, dtype=object))
        close(estimator.predict_proba(np.array(expected["X"])), expected["predict_proba after another partial_fit"])


class TestRuns:
    @pytest.mark.parametrize("name", RUNS)
    def test_a_run_of_fit_ends_as_one_left_alone(self, name, tmp_path):
        folder = FOLDER / "fits" / name
        shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
        found, history = run(name, Optimizer, tmp_path)
        expected = load_file(folder / "end.safetensors")
        assert found.keys() == expected.keys()
        for key in expected:
            if name == "warm-up-steps" and re.search(r"layers\.\d+\.bias|running_mean", key):
                continue  # batch normalisation removes that bias: its gradient is rounding, which Adam makes a step of
            close(found[key], expected[key])
        close([row["loss"] for row in history], json.loads((folder / "end.json").read_text()))

    @pytest.mark.parametrize("name", ["moons-adgm", "moons-m2"])
    def test_a_run_of_the_command_line_ends_as_one_left_alone(self, name, tmp_path, monkeypatch):
        monkeypatch.setattr("pyrodgm.zoo.training.CompiledSVI", SVI)  # compiling takes longer than all the rest
        folder = FOLDER / "recipes" / name
        shutil.copytree(folder / "interrupted", tmp_path, dirs_exist_ok=True)
        (held,) = tmp_path.iterdir()
        command = json.loads((folder / "command.json").read_text())
        command = [part.replace("optimiser", "optimizer").replace("average", "ema") for part in command]
        result = CliRunner().invoke(app, [*command, "--runs", str(tmp_path)])
        assert result.exit_code == 0, result.output
        assert list(tmp_path.iterdir()) == [held]
        found = load_file(held / "seed-0" / "model" / "model.safetensors")
        expected = load_file(folder / "end.safetensors")
        assert found.keys() == expected.keys()
        for key in expected:
            close(found[key], expected[key])

    def test_fields_of_recipes_are_renamed_and_settings_of_ones_own_are_not(self):
        own = {"about": {"optimiser": "mine", "average": 3, "seed": 0}, "optimiser": {}}
        assert of_run(own, 1) == {"about": own["about"], "optimizer": {}}
        recipe = {"data": ["digits", {}], "model": ["M1M2", {}], "batch_size": 10, "learning_rate": 0.1, "seed": 0}
        old = recipe | {"average": 0.9, "optimiser": ["Adamax", {}], "pretrained": ["digits-m1", {"average": 0.8}]}
        new = recipe | {"ema": 0.9, "optimizer": ["Adamax", {}], "pretrained": ["digits-m1", {"ema": 0.8}]}
        assert of_run({"about": old}, 1) == of_run({"about": new}, 2) == {"about": new}
        changes = ["ema=0.9", "optimizer.betas=[0.9, 0.99]", "pretrained.ema=0.8", "model.z_size=3", "epochs=2"]
        assert changes_of_format_1(changes) == [
            "average=0.9", "optimiser.betas=[0.9, 0.99]", "pretrained.average=0.8", "model.z_size=3", "epochs=2"
        ]  # fmt: skip
        assert {field.name for field in dataclasses.fields(Recipe)} > {*recipe, "ema", "optimizer"} - {"seed"}

    def test_a_finished_run_of_the_command_line_is_evaluated(self):
        folder = FOLDER / "recipes" / "moons-adgm"
        (path,) = (folder / "results").glob("*.json")
        record = read_record(path)
        settings = [part for change in record["changed"] for part in ("--set", change)]
        command = ["evaluate", "moons-adgm", *settings, "--runs", str(folder / "finished")]
        result = CliRunner().invoke(app, command, env={"COLUMNS": "200"})
        assert result.exit_code == 0, result.output
        assert f"{record['figures']['0']['test bound']:.2f}" in result.output
