"""Experiments (ii) and (iii) on a photovoltaic string, on small data in its place."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pyrodgm.data import Dataset, Rows, select_labels, standardise
from pyrodgm.zoo import pv_few_labels, pv_new_conditions
from pyrodgm.zoo.pv_few_labels import errors, keep_labels, record
from pyrodgm.zoo.pv_new_conditions import STAGES, figures_of_stage, rows_of_stage

NAMES = ("PS7", "RS4", "PS50", "RS8", "PSRS", "PS75", "C", "S", "N", "IV")


def rows(size, seed):
    """Ten classes around a circle."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(size) % 10
    angle = 2 * torch.pi * y / 10
    x = torch.stack([angle.cos(), angle.sin()], 1) + 0.1 * torch.randn(size, 2, generator=generator)
    return Rows(x, y)


@pytest.fixture
def data(monkeypatch):
    monkeypatch.setattr(pv_few_labels, "STEPS", 60)
    monkeypatch.setattr(pv_new_conditions, "STEPS", 60)
    monkeypatch.setattr(pv_new_conditions, "LABELS", 20)
    return standardise(Dataset("ring", rows(400, 0), rows(50, 1), rows(200, 2), num_classes=10, classes=NAMES))


class TestFewLabels:
    def test_a_fifth_of_the_kept_labels_of_each_class_is_held_out(self, data):
        part, learn = keep_labels(data, 100, seed=3)
        kept = select_labels(data.train.y, 100, 10, seed=3)
        assert torch.bincount(data.train.y[learn]).tolist() == [8] * 10
        assert torch.isin(learn, kept).all() and part.test is data.test
        stop = kept[~torch.isin(kept, learn)]
        order = part.validation.x[:, 0].argsort(), data.train.x[stop, 0].argsort()
        assert torch.equal(part.validation.x[order[0]], data.train.x[stop][order[1]])
        assert torch.equal(part.validation.y[order[0]], data.train.y[stop][order[1]])
        assert not torch.equal(keep_labels(data, 100, seed=4)[1], learn)

    def test_no_method_sees_another_label(self, data, monkeypatch):
        recipe, kept = record("sensors", epochs=1), select_labels(data.train.y, 50, 10, seed=0)
        for user in ("pv_few_labels", "preparation"):
            monkeypatch.setattr(f"pyrodgm.zoo.{user}.select_labels", lambda *_: kept)

        def found(data):
            monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda *_, **__: data)
            return errors(recipe, data, 50, seed=0)

        hidden = (data.train.y + 1) % 10
        hidden[kept] = data.train.y[kept]
        validation = data.validation._replace(y=data.validation.y.flip(0))
        changed = data._replace(train=Rows(data.train.x, hidden), validation=validation)
        assert found(changed) == (first := found(data))
        assert list(first) == ["SDGM", "dropout network", "network without dropout", "forest", "LabelSpreading"]
        assert all(first[name] < 30 for name in ("network without dropout", "forest", "LabelSpreading"))

    def test_the_sdgm_learns_from_all_rows_and_all_kept_labels_for_all_epochs(self, data, monkeypatch):
        seen = SimpleNamespace()

        def stub(recipe, seed, progress):
            seen.recipe, seen.seed = recipe, seed
            return data, None, "trained", []

        def error(model, x, y, num_samples):
            assert model == "trained" and torch.equal(x, data.test.x) and torch.equal(y, data.test.y)
            return float(num_samples)

        monkeypatch.setattr(pv_few_labels, "train", stub)
        monkeypatch.setattr(pv_few_labels, "classification_error", error)
        assert pv_few_labels.sdgm_error(record("iv", epochs=7), data, 100, seed=5) == 100
        assert seen.recipe.num_labels == seen.recipe.labelled_batch_size == 100 and seen.seed == 5
        assert seen.recipe.monitor is None and seen.recipe.epochs == 7
        pv_few_labels.sdgm_error(record("iv", epochs=7), data, 500, seed=5)
        assert seen.recipe.num_labels == 500 and seen.recipe.labelled_batch_size == 200

    def test_the_tables_and_the_figure_are_written(self, data, tmp_path, monkeypatch):
        monkeypatch.setattr(pv_few_labels, "load_data", lambda recipe: data)
        monkeypatch.setattr(pv_few_labels, "errors", lambda recipe, data, count, seed: {"SDGM": count + seed / 10})
        paths = pv_few_labels.reproduce(tmp_path, ["iv", "ratios"], [50, 60], seeds=2, epochs=1)
        names = ["pv-few-labels-iv", "pv-few-labels-ratios", "pv-few-labels"]
        assert [path.stem for path in paths] == [f"{name}+labels=50,60+epochs=1" for name in names]
        written = json.loads(paths[0].read_text())
        assert "pv_few_labels --columns iv --labels 50 60 --seeds 2 --epochs 1" in written["command"]
        expected = {"SDGM, 50 labels, test error": 50.1, "SDGM, 60 labels, test error": 60.1}
        assert written["figures"]["1"] == expected
        assert paths[-1].read_bytes().startswith(b"\x89PNG")
        paths = pv_few_labels.reproduce(tmp_path, ["iv"], [50], seeds=2, epochs=1)
        assert [path.name for path in paths] == ["pv-few-labels-iv+labels=50+epochs=1.json"]


class TestNewConditions:
    def test_rows_of_a_stage(self, data):
        y = data.train.y
        found, labelled = rows_of_stage(y, [2, 5], 10, seed=0)
        assert torch.bincount(y[found]).tolist() == [40 if k in (2, 5) else 1 for k in range(10)]
        assert torch.bincount(y[labelled]).tolist() == [21 if k in (2, 5) else 1 for k in range(10)]
        assert len(found.unique()) == len(found) and torch.isin(labelled, found).all()
        assert torch.isin(rows_of_stage(y, [2], 10, seed=0)[1], labelled).all()

    def test_figures_by_hand(self, data, monkeypatch):
        """An SDGM that says class 0 of every row, and whose bound is the row's class."""
        seen = SimpleNamespace()

        class Stub:
            classes_ = np.arange(10)

            def __init__(self, model, **options):
                seen.options = options

            def fit(self, x, y):
                seen.x, seen.y = x, y

            def predict_and_score(self, x):
                return np.eye(10)[np.zeros(len(x), int)], data.test.y.numpy()

        monkeypatch.setattr(pv_new_conditions, "DeepGenerativeClassifier", Stub)
        found = figures_of_stage(record("sensors"), data, [2, 5], seed=0, steps=30)
        assert found["SDGM test error"] == pytest.approx(90)
        assert found["median bound of conditions that are in"] == pytest.approx(3.5)
        assert found["median bound of conditions not yet in"] == pytest.approx(5)
        assert np.unique(seen.y, return_counts=True)[1].tolist() == [2 * 19, 1, 1, 21, 1, 1, 21, 1, 1, 1, 1]
        assert seen.options["epochs"] == 30 and seen.options["validation_fraction"] == 0
        first = figures_of_stage(record("sensors"), data, [], seed=0)
        assert "median bound of conditions that are in" not in first and len(seen.x) == 10
        assert first["network without dropout test error"] < 20

    def test_the_tables_and_the_figure_are_written(self, data, tmp_path, monkeypatch):
        monkeypatch.setattr(pv_new_conditions, "load_data", lambda recipe: data)
        monkeypatch.setattr(
            pv_new_conditions,
            "figures_of_stage",
            lambda recipe, data, known, seed, steps: {
                "SDGM test error": float(sum(known)),
                "median bound of all": -1.0,
            },
        )
        paths = pv_new_conditions.reproduce(tmp_path, ["ratios"], seeds=1, steps=10)
        assert [path.name for path in paths] == [f"pv-new-conditions-ratios+steps=10.{end}" for end in ("json", "png")]
        figures = json.loads(paths[0].read_text())["figures"]["0"]
        found = [figures[f"{place} in ({stage}): SDGM test error"] for place, stage in enumerate(STAGES)]
        assert found == [0, 0, 1, 3, 6, 10, 15]
        assert paths[1].read_bytes().startswith(b"\x89PNG")
