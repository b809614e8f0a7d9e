"""Which rows a recipe's figures are of, and how many samples they average."""

from dataclasses import replace

import pytest
import torch

from pyrodgm.data import Dataset, Rows
from pyrodgm.zoo import RECIPES, experiment, measure, train


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
            return result

        return function

    class Estimate:
        mean, standard_error = -80.0, 1.0

    monkeypatch.setattr(experiment, "load", lambda name, **options: DATA)
    monkeypatch.setattr(experiment, "bound", stub("bound", -90.0))
    monkeypatch.setattr(experiment, "log_likelihood", stub("log p(x)", Estimate))
    monkeypatch.setattr(experiment, "classification_error", stub("error", 5.0))
    return seen


def small(name, **changed):
    model, options = RECIPES[name].model
    options = options | {"hidden": (4, 4), "precision": "float32"}
    return replace(RECIPES[name], model=(model, options), batch_size=100, **changed)


def test_bounds_are_of_binarised_rows_and_errors_of_grey_ones(calls):
    recipe = small("mnist-adgm", importance_rows=30)
    model = experiment.prepare(recipe)[2]
    figures = measure(recipe, model, DATA)
    assert calls == [
        ("bound", 40, "binary", 10),
        ("log p(x)", 30, "binary", 5000),
        ("error", 20, 0.25, 100),
        ("error", 40, 0.75, 100),
        ("bayes", 40, "binary", 10),
    ]
    assert figures["test log p(x)"] == -80.0 and figures["validation error"] == figures["test error"] == 5.0


def test_rows_that_are_not_binarised_are_measured_as_they_are(calls):
    recipe = small("mnist-latent-classifier")
    measure(recipe, experiment.prepare(recipe)[2], DATA)
    assert {kind for _, _, kind, _ in calls} == {0.25, 0.75}


def test_an_epoch_is_chosen_by_validation_rows_and_test_rows_are_seen_at_milestones_alone(calls):
    recipe = small("mnist-adgm", epochs=3, milestones=(2,))
    history = train(recipe, progress=False)[-1]
    epoch = [("bound", 20, "binary", None), ("error", 20, 0.25, None)]  # by 10 samples of a, what the model has
    assert calls == [*epoch, *epoch, ("error", 40, 0.75, None), *epoch]
    assert [row.get("test error") for row in history] == [None, 5.0, None]
