"""Which rows a recipe's figures use, and how many samples they average."""

from dataclasses import replace

import pytest
import torch

from pyrodgm.data import Dataset, Rows
from pyrodgm.plot import kl_of_units
from pyrodgm.zoo import RECIPES, measure, prepare, train


def grey(rows, value):
    """Rows of ten classes in which every other pixel has one grey value, by which they are known."""
    x = torch.rand(rows, 8, generator=torch.Generator().manual_seed(0))
    x[:, ::2] = value
    return Rows(x, torch.arange(rows) % 10)


DATA = Dataset("mnist", grey(200, 0.5), grey(20, 0.25), grey(40, 0.75), num_classes=10, image_shape=(2, 4))


@pytest.fixture
def calls(monkeypatch):
    """What was measured: (name of the function, number of rows, their grey value or "binary", samples)."""
    seen = []

    def stub(name, result):
        def function(model, x, *labels, **options):
            values = x[:, ::2].unique().tolist()
            kind = "binary" if set(x.unique().tolist()) <= {0.0, 1.0} else values[0]
            known = "classifier" in options
            seen.append(("bayes" if known else name, len(x), kind, options.get("num_samples")))
            return result(x) if callable(result) else result

        return function

    class Estimate:
        mean, standard_error = -80.0, 1.0

    monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda name, **options: DATA)
    monkeypatch.setattr("pyrodgm.zoo.training.bound", stub("bound", -90.0))
    monkeypatch.setattr("pyrodgm.zoo.measurement.row_bounds", stub("bound", lambda x: -80.0 - torch.arange(len(x))))
    monkeypatch.setattr("pyrodgm.zoo.measurement.log_likelihood", stub("log p(x)", Estimate()))
    for user in ("training", "measurement"):
        monkeypatch.setattr(f"pyrodgm.zoo.{user}.classification_error", stub("error", 5.0))
    return seen


def small(name, **changed):
    model, options = RECIPES[name].model
    options = options | {"hidden": (4, 4), "precision": "float32"}
    return replace(RECIPES[name], model=(model, options), batch_size=100, **changed)


def test_bounds_are_of_binarised_rows_and_errors_of_grey_ones(calls):
    recipe = small("mnist-adgm", importance_rows=30)
    model = prepare(recipe)[2]
    figures = measure(recipe, model, DATA)
    assert calls == [
        ("bound", 40, "binary", 10),
        ("log p(x)", 30, "binary", 5000),
        ("error", 20, 0.25, 100),
        ("error", 40, 0.75, 100),
        ("bayes", 40, "binary", 10),
    ]
    assert figures["test bound"] == -99.5 and figures["test log p(x) less the bound"] == 14.5  # of 30 rows: 0 to 29
    assert figures["test log p(x)"] == -80.0 and figures["validation error"] == figures["test error"] == 5.0


def test_bayes_rule_is_measured_with_all_labels_too(calls):
    recipe = small("mnist-adgm", num_labels=None)
    assert measure(recipe, prepare(recipe)[2], DATA).get("test error by Bayes' rule") == 5.0


def test_rows_that_are_not_binarised_are_measured_as_they_are(calls):
    recipe = small("mnist-latent-classifier")
    measure(recipe, prepare(recipe)[2], DATA)
    assert {kind for _, _, kind, _ in calls} == {0.25, 0.75}


def test_an_epoch_is_chosen_by_validation_rows_and_test_rows_are_seen_at_milestones_alone(calls):
    recipe = small("mnist-adgm", epochs=3, milestones=(2,))
    history = train(recipe, progress=False)[-1]
    epoch = [("bound", 20, "binary", None), ("error", 20, 0.25, None)]  # by 10 samples of a, what the model has
    assert calls == [*epoch, *epoch, ("error", 40, 0.75, None), *epoch]
    assert [row.get("test error") for row in history] == [None, 5.0, None]


def test_kl_of_every_unit_is_of_validation_rows_and_that_of_the_latents_of_test_rows(monkeypatch, plain_svi):
    """Rows as the bound has them: binarised once; at every measurement, and at the last epoch."""
    seen = []

    def units(pair, site):
        x = pair.model["x"]["value"]
        seen.append((site, len(x), set(x.unique().tolist()) <= {0.0, 1.0}))
        return torch.tensor([0.3, 0.01, 0.011, 0.0]) * len(x)

    monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda name, **options: DATA)
    monkeypatch.setattr("pyrodgm.zoo.measurement.summed_kl", units)
    recipe = small("mnist-avae-1", kl_units=True, epochs=3, measure_every=2, importance_samples=0)
    _, _, model, history = train(recipe, progress=False)
    assert [row.keys() >= {"KL of a1", "KL of z1"} for row in history] == [False, True, True]
    torch.testing.assert_close(history[1]["KL of z1"], torch.tensor([0.3, 0.01, 0.011, 0.0]))
    assert set(seen[2:]) == {("a1", 20, True), ("z1", 20, True)} and len(seen) == 2 + 4  # two before it begins
    seen.clear()
    figures = measure(recipe, model, DATA)
    assert set(seen) == {("a1", 40, True), ("z1", 40, True)}
    assert figures["KL of a1"] == figures["KL of z1"] == pytest.approx(0.321)
    assert figures["a1 with KL > 0.01 nats"] == figures["z1 with KL > 0.01 nats"] == 2.0
    assert "KL of z1" not in measure(replace(recipe, kl_units=False), model, DATA)


@pytest.mark.usefixtures("plain_svi")
def test_a_run_is_the_same_whether_the_kl_of_its_units_is_measured_or_not(monkeypatch):
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda name, **options: DATA)
    recipes = [small("mnist-avae-1", epochs=1, kl_units=kl_units) for kl_units in (False, True)]
    first, second = (train(recipe, progress=False)[2].state_dict() for recipe in recipes)
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_kl_of_units_that_are_not_independent_is_refused_before_training(calls):
    recipe = small("mnist-vae", kl_units=True)
    recipe = replace(recipe, model=(recipe.model[0], recipe.model[1] | {"posterior": "full"}))
    with pytest.raises(ValueError, match="kl_units: got True, want False: site: got 'z', FullNormal, want one that"):
        train(recipe, progress=False)


@pytest.mark.usefixtures("plain_svi")
def test_kl_of_every_unit_is_saved_and_found_again_with_the_run(monkeypatch, tmp_path):
    """Those that ``kl_per_unit`` gives of the epoch's own parameters, whether the run went on or not."""
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda name, **options: DATA)
    recipe = small("mnist-avae-1", kl_units=True, measure_every=1, epochs=2)
    *_, expected = train(recipe, progress=False)
    train(replace(recipe, epochs=1), progress=False, folder=tmp_path)
    *_, history = train(recipe, progress=False, folder=tmp_path)
    for row, other in zip(history, expected, strict=True):
        assert torch.equal(row["KL of z1"], other["KL of z1"]) and torch.equal(row["KL of a1"], other["KL of a1"])
    assert not torch.equal(history[0]["KL of z1"], history[1]["KL of z1"]) and len(history[1]["KL of z1"]) == 64
    text = (tmp_path / "history.csv").read_text().splitlines()
    assert "KL of z1" in text[0] and f" {float(history[1]['KL of z1'][-1])}" in text[2]
    assert len(train(recipe, progress=False, folder=tmp_path)[-1]) == 2
    assert kl_of_units(history)["z1"][1].shape == (2, 64)
