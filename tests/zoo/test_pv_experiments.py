"""Experiments (ii) and (iii) on a photovoltaic string, on small data in its place, and a tiny run on the string."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from pyrodgm.cli import app
from pyrodgm.data import Dataset, Rows, select_labels, standardise
from pyrodgm.zoo import EXPERIMENTS
from pyrodgm.zoo.experiments import pv_few_labels, pv_new_conditions
from pyrodgm.zoo.experiments.pv_few_labels import METHODS, data_of, error, keep_labels, recipe_of
from pyrodgm.zoo.experiments.pv_new_conditions import STAGES, rows_of_stage, sdgm_figures

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


@pytest.fixture
def loaded(data, monkeypatch):
    """The options with which data were loaded; all loads give the small data."""
    options = []
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda _, **given: options.append(given) or data)
    data_of.cache_clear()
    yield options
    data_of.cache_clear()


def reproduce(name, folder, *arguments):
    """The record that the command writes."""
    command = ["reproduce", name, "--folder", str(folder), "--seeds", "1", *map(str, arguments)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return json.loads(next(folder.glob(f"{name}*.json")).read_text())


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
        recipe = recipe_of("single minutes", "sensors", epochs=1)
        kept = select_labels(data.train.y, 50, 10, seed=0)
        for user in ("experiments.pv_few_labels", "preparation"):
            monkeypatch.setattr(f"pyrodgm.zoo.{user}.select_labels", lambda *_: kept)

        def found(data):
            monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda *_, **__: data)
            return {method: error(method, recipe, data, 50, seed=0) for method in METHODS}

        hidden = (data.train.y + 1) % 10
        hidden[kept] = data.train.y[kept]
        validation = data.validation._replace(y=data.validation.y.flip(0))
        changed = data._replace(train=Rows(data.train.x, hidden), validation=validation)
        assert found(changed) == (first := found(data))
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
        recipe = recipe_of("single minutes", "iv", epochs=7)
        assert pv_few_labels.sdgm_error(recipe, data, 100, seed=5) == 100
        assert seen.recipe.num_labels == seen.recipe.labelled_batch_size == 100 and seen.seed == 5
        assert seen.recipe.monitor is None and seen.recipe.epochs == 7
        pv_few_labels.sdgm_error(recipe, data, 500, seed=5)
        assert seen.recipe.num_labels == 500 and seen.recipe.labelled_batch_size == 200

    def test_the_networks_differ_in_dropout_and_take_the_same_number_of_steps(self, data, monkeypatch):
        """Of 300 labels 240 are learnt from, in two batches of 200, so 60 steps are 30 epochs."""
        seen = []
        monkeypatch.setattr(pv_few_labels, "batched_network", lambda *given, **options: seen.append((given, options)))
        recipe = recipe_of("single minutes", "sensors")
        for method in ("dropout network", "network without dropout"):
            error(method, recipe, data, 300, seed=3)
        assert [options for _, options in seen] == [{"dropout": p, "epochs": 30} for p in (0.5, 0.0)]
        for _, part, learn, seed in (given for given, _ in seen):
            assert seed == 3 and len(part.validation.y) == 60 and torch.equal(learn, keep_labels(data, 300, 3)[1])

    def test_every_seed_is_a_draw_of_its_own(self, loaded, monkeypatch):
        seen = []
        monkeypatch.setattr(pv_few_labels, "error", lambda *given: seen.append(given) or 1.0)
        found = pv_few_labels.measure("single minutes", "iv", "SDGM, 300 labels", seed=4, epochs=6)
        (method, recipe, _, num_labels, seed) = seen[0]
        assert (method, num_labels, seed, recipe.epochs) == ("SDGM", 300, 4, 6)
        assert found.figures == {"SDGM, 300 labels, test error": 1.0}

    def test_the_schedules_of_the_sdgm(self):
        """Warm-up over a third of the epochs, at most 20; the learning rate falls over the second half."""
        for epochs, warm_up in ((60, 20), (30, 10), (90, 20)):
            recipe = recipe_of("single minutes", "sensors", epochs)
            assert recipe.warm_up_epochs == warm_up and recipe.measure_every == epochs
            assert recipe.schedule == ("linear", {"start": epochs // 2, "end": epochs})
            assert (recipe.learning_rate, recipe.beta, recipe.baselines) == (2e-3, 1.0, ())

    def test_the_command_writes_the_table_and_the_plot(self, loaded, tmp_path):
        """Every method with 100 and 300 labels; the whole days of the three columns are loaded."""
        part = ("--part", "*, 100 labels", "--part", "*, 300 labels")
        record = reproduce("pv-days-few-labels-ratios", tmp_path, "--epochs", 1, *part)
        assert list(record["figures"]["0"]) == [f"{m}, {n} labels, test error" for n in (100, 300) for m in METHODS]
        figures = record["figures"]["0"]
        assert all(figures[f"{method}, 300 labels, test error"] < 20 for method in METHODS[2:])
        assert figures["forest, 100 labels, test error"] != figures["forest, 300 labels, test error"]
        assert (tmp_path / "pv-days-few-labels-ratios+epochs=1.png").read_bytes().startswith(b"\x89PNG")
        assert (
            loaded == [{"columns": "ratios", "arrangement": "days", "held_out": "days"}] * 3
        )  # once, and by each SDGM

    def test_a_single_number_of_labels_is_not_plotted(self, loaded, tmp_path):
        record = reproduce("pv-few-labels-iv", tmp_path, "--part", "forest, 100 labels")
        assert list(record["figures"]["0"]) == ["forest, 100 labels, test error"]
        assert not list(tmp_path.glob("*.png")) and loaded == [{"columns": "iv"}]

    def test_errors_of_all_seeds_are_plotted_by_the_number_of_labels(self):
        runs = {"0": {"SDGM, 300 labels, test error": 4.0, "SDGM, 100 labels, test error": 9.0}}
        runs["1"] = {"SDGM, 100 labels, test error": 11.0}
        (ax,) = pv_few_labels.draw({"figures": runs}).axes
        (bars,) = ax.containers
        assert bars.lines[0].get_xdata().tolist() == [100, 300] and bars.lines[0].get_ydata().tolist() == [10, 4]
        low, high = (line.get_ydata().tolist() for line in bars.lines[1])
        assert low == pytest.approx([10 - 2**0.5, 4]) and high == pytest.approx([10 + 2**0.5, 4])


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
        recipe = recipe_of("single minutes", "sensors")
        found = sdgm_figures(recipe, data, [2, 5], seed=0, steps=30)
        assert found["SDGM test error"] == pytest.approx(90)
        assert found["median bound of conditions that are in"] == pytest.approx(3.5)
        assert found["median bound of conditions not yet in"] == pytest.approx(5)
        assert np.unique(seen.y, return_counts=True)[1].tolist() == [2 * 19, 1, 1, 21, 1, 1, 21, 1, 1, 1, 1]
        assert seen.options["epochs"] == 30 and seen.options["validation_fraction"] == 0
        first = sdgm_figures(recipe, data, [], seed=0, steps=30)
        assert "median bound of conditions that are in" not in first and len(seen.x) == 10

    def test_the_sdgm_takes_the_steps_of_its_setting_in_batches_of_the_recipe(self, data, monkeypatch):
        """Of 88 rows a batch of 20 is the fifth part, so 30 steps are 6 epochs."""
        seen = []

        def stub(model, **options):
            seen.append((model, options))
            raise InterruptedError

        monkeypatch.setattr(pv_new_conditions, "DeepGenerativeClassifier", stub)
        recipe = replace(recipe_of("single minutes", "sensors"), batch_size=20)
        with pytest.raises(InterruptedError):
            sdgm_figures(recipe, data, [2, 5], seed=3, steps=30)
        ((model, options),) = seen
        assert model == ("sdgm", {"class_prior": None}) and options.items() >= recipe.model[1].items()
        assert {key: options[key] for key in ("epochs", "batch_size", "beta", "random_state")} == {
            "epochs": 6,
            "batch_size": 20,
            "beta": 1.0,
            "random_state": 3,
        }

    def test_another_seed_draws_other_rows(self, data):
        one, other = (rows_of_stage(data.train.y, [2], 10, seed=seed)[1] for seed in (0, 1))
        assert not torch.equal(one, other)

    def test_the_networks_differ_in_dropout_and_take_the_same_number_of_steps(self, data, monkeypatch):
        """50 labelled rows are three batches of 20, so 60 steps are 20 epochs."""
        seen = []
        monkeypatch.setattr(
            pv_new_conditions, "batched_network", lambda *given, **options: seen.append((given, options))
        )
        recipe = replace(recipe_of("single minutes", "sensors"), batch_size=20)
        for method in ("dropout network", "network without dropout"):
            pv_new_conditions.error(method, recipe, data, [2, 5], seed=3)
        assert [options for _, options in seen] == [{"dropout": p, "epochs": 20} for p in (0.5, 0.0)]
        for _, _, labelled, seed in (given for given, _ in seen):
            assert seed == 3 and torch.equal(labelled, rows_of_stage(data.train.y, [2, 5], 10, 3)[1])

    def test_every_seed_is_a_draw_of_its_own(self, loaded, monkeypatch):
        seen = []
        monkeypatch.setattr(pv_new_conditions, "error", lambda *given: seen.append(given[3:]) or 1.0)
        monkeypatch.setattr(pv_new_conditions, "sdgm_figures", lambda *given: seen.append(given[2:]) or {"a": 2.0})
        for method in ("forest", "SDGM"):
            pv_new_conditions.measure("single minutes", "ratios", f"1 in (PS7): {method}", seed=4, steps=6)
        assert seen == [([0], 4), ([0], 4, 6)]

    @pytest.mark.parametrize("method", METHODS[1:])
    def test_no_method_sees_a_label_or_a_row_that_is_not_in(self, data, method):
        recipe = recipe_of("single minutes", "sensors")

        def found(data):
            return pv_new_conditions.error(method, recipe, data, [2, 5], seed=0)

        inside, labelled = rows_of_stage(data.train.y, [2, 5], 10, seed=0)
        outside = ~torch.isin(torch.arange(400), inside)
        x = torch.where(outside[:, None], 9.0, data.train.x)
        validation = data.validation._replace(y=data.validation.y.flip(0))
        changed = data._replace(train=Rows(x, data.train.y), validation=validation)
        assert found(changed) == (first := found(data))
        assert method == "dropout network" or first < 80  # one row of each of eight conditions
        if method != "LabelSpreading":
            unlabelled = ~torch.isin(torch.arange(400), labelled)
            moved = torch.where(unlabelled[:, None], 9.0, data.train.x)
            assert found(data._replace(train=Rows(moved, data.train.y))) == first

    def test_label_spreading_gets_the_rows_of_the_stage_with_their_labels(self, data, monkeypatch):
        seen = SimpleNamespace()
        monkeypatch.setattr(pv_new_conditions, "label_spreading", lambda *arguments: vars(seen).update(a=arguments))
        pv_new_conditions.error("LabelSpreading", recipe_of("single minutes", "sensors"), data, [2, 5], seed=0)
        _, part, known, _ = seen.a
        inside, labelled = rows_of_stage(data.train.y, [2, 5], 10, seed=0)
        assert torch.equal(part.train.x, data.train.x[inside]) and torch.equal(part.train.y, data.train.y[inside])
        assert sorted(inside[known].tolist()) == sorted(labelled.tolist())
        assert torch.equal(part.validation.x, data.train.x[labelled])

    def test_the_command_writes_the_table_and_the_plot(self, loaded, tmp_path):
        record = reproduce("pv-new-conditions-ratios", tmp_path, "--set", "steps=3", "--part", "[06] in*")
        figures = record["figures"]["0"]
        assert set(figures) == {
            *(f"{stage}: {method} test error" for stage in ("0 in (none)", "6 in (PS75)") for method in METHODS),
            *(f"{stage}: median bound of conditions not yet in" for stage in ("0 in (none)", "6 in (PS75)")),
            "6 in (PS75): median bound of conditions that are in",
        }
        assert loaded == [{"columns": "ratios"}] and "the SDGM by 3 steps" in record["deviations"]
        assert (tmp_path / "pv-new-conditions-ratios+steps=3.png").read_bytes().startswith(b"\x89PNG")

    def test_conditions_come_in_by_name(self, loaded, tmp_path, monkeypatch):
        seen = []
        monkeypatch.setattr(
            pv_new_conditions, "error", lambda method, recipe, data, known, seed: seen.append(known) or 1
        )
        reproduce("pv-days-new-conditions-sensors", tmp_path, "--part", "*: forest")
        assert seen == [[NAMES.index(name) for name in STAGES[1 : place + 1]] for place in range(7)]
        assert loaded == [{"columns": "sensors", "arrangement": "days", "held_out": "days"}]

    def test_errors_and_bounds_have_a_plot_each(self):
        run = {
            f"{place} in (x): {name}": 1.0 for place in (0, 1) for name in ("SDGM test error", "median bound of all")
        }
        left, right = pv_new_conditions.draw({"figures": {"0": run}}).axes
        assert left.get_legend_handles_labels()[1] == ["SDGM"] and right.get_legend_handles_labels()[1] == ["all"]
        assert pv_new_conditions.draw({"figures": {"0": {"0 in (none): SDGM test error": 1.0}}}) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name.startswith("pv-")])
def test_a_tiny_run_on_the_string(name, tmp_path):
    """The cheapest part of each kind with a model, and a method without latents, on the simulated string."""
    first = ", 100 labels" if "few-labels" in name else "0 in (none)"
    parts = [part for part in EXPERIMENTS[name].parts if first in part and ("SDGM" in part or "forest" in part)]
    change = ("--epochs", 1) if "few-labels" in name else ("--set", "steps=5")
    figures = reproduce(name, tmp_path, *change, *(word for part in parts for word in ("--part", part)))["figures"]["0"]
    errors = {figure: value for figure, value in figures.items() if figure.endswith("test error")}
    assert len(errors) == 2 and all(0 < value < 100 for value in errors.values())
    forest = next(value for figure, value in errors.items() if "forest" in figure)
    assert forest < 90  # ten conditions, so by chance
