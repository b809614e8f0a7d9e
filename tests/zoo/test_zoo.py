from dataclasses import replace

import pytest
import torch

from pyrodgm.zoo import RECIPES, prepare, run, write_results
from pyrodgm.zoo.baselines import BASELINES
from pyrodgm.zoo.results import summary


def without_files(recipe):
    return recipe.data[0] != "mnist"


@pytest.mark.parametrize("recipe", [r for r in RECIPES.values() if without_files(r)], ids=lambda r: r.name)
def test_a_recipe_runs(recipe):
    outcome = run(replace(recipe, epochs=1, milestones=(1,), baselines=()), seed=1, progress=False)
    assert all(isinstance(value, float) for value in outcome.figures.values())
    assert len(outcome.history) == 1
    if recipe.num_labels is not None:
        assert len(outcome.labelled.x) == recipe.num_labels and "test error" in outcome.figures


def test_the_seed_decides_everything():
    recipe = replace(RECIPES["digits"], epochs=1, baselines=())
    first, second, other = (run(recipe, seed, progress=False) for seed in (3, 3, 4))
    del first.figures["seconds"], second.figures["seconds"]
    assert first.figures == second.figures
    for name, parameter in first.model.named_parameters():
        assert torch.equal(parameter, second.model.get_parameter(name))
    assert not torch.equal(first.labelled.x, other.labelled.x)


def test_prepare_gives_the_untrained_model_and_the_labelled_rows():
    data, rows, model = prepare(RECIPES["digits"], seed=2)
    assert torch.bincount(data.train.y[rows]).tolist() == [10] * 10
    assert model.x_size == 64 and model.num_classes == 10


def test_baselines_do_not_read_the_unkept_labels():
    data, rows, _ = prepare(RECIPES["digits"], seed=0)
    hidden = torch.ones(len(data.train.y), dtype=torch.bool)
    hidden[rows] = False
    shuffled = data.train.y.clone()
    shuffled[hidden] = (shuffled[hidden] + 3) % 10
    other = data._replace(train=data.train._replace(y=shuffled))
    for name in RECIPES["digits"].baselines:
        baseline = BASELINES[name]
        assert baseline(RECIPES["digits"], data, rows, 0) == baseline(RECIPES["digits"], other, rows, 0)


def test_summary_is_mean_and_standard_error():
    assert summary([1.0, 2.0, 3.0]) == "2.00 ± 0.58"
    assert summary([1.234]) == "1.23"


def test_results_are_replaced_whole(tmp_path, monkeypatch):
    recipe = RECIPES["digits"]
    path = write_results(tmp_path, recipe, {0: {"test error": 5.0}}, "pyrodgm reproduce digits", "cpu", [], "abc")
    before = path.read_text()
    monkeypatch.setattr("os.replace", lambda *args: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_results(tmp_path, recipe, {0: {"test error": 9.0}}, "pyrodgm reproduce digits", "cpu", [], "abc")
    assert path.read_text() == before


def test_data_that_the_likelihood_cannot_score_are_refused():
    recipe = replace(RECIPES["digits"], data=("digits", {"counts": False}), epochs=1, baselines=())
    with pytest.raises(ValueError, match="x: got values from 0 to 1, want integers from 0 to 16"):
        run(recipe, progress=False)
