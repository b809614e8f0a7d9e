import json
import re
import subprocess
from dataclasses import fields, replace

import numpy as np
import pyro
import pytest
import torch
from pyro.optim import Adam

from pyrodgm.data import Dataset, Rows, binarise, files, keep_varying, load, project, standardise
from pyrodgm.evaluate import bound
from pyrodgm.infer import CompiledSVI, ImportanceWeightedELBO
from pyrodgm.models import M2, VAE, HierarchicalVAE, LadderVAE, ResNetVAE
from pyrodgm.models.catalogue import is_of_images
from pyrodgm.nn import precision
from pyrodgm.zoo import RECIPES, first_stage, measure, prepare, results, run, train, write_results
from pyrodgm.zoo.baselines import BASELINES
from pyrodgm.zoo.objectives import objective_of
from pyrodgm.zoo.preparation import labels_kept, load_data
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.results import summary, unit
from pyrodgm.zoo.training import _initial_batch, _objective
from tests import by_hand_weights, pairs


def stand_in(name, **options):
    """A few small images in place of a data set whose files are not everywhere."""
    if not files(name):
        return load(name, **options)
    generator, largest = torch.Generator().manual_seed(0), 1 if options.get("levels") else 255
    parts = [
        Rows(torch.randint(0, 256, (n, 12), generator=generator) / largest, torch.arange(n) % 5) for n in (3200, 50, 50)
    ]
    if name == "binarised-mnist":
        parts = [Rows(rows.x.round(), rows.y) for rows in parts]
    return Dataset(name, *parts, num_classes=5, image_shape=(2, 2, 3))


def kinds():
    """A recipe of each kind: those that differ in how many labels, layers, samples or epochs, or in images, are one."""
    seen = []
    for recipe in RECIPES.values():
        settings = recipe.training() | {"num_labels": recipe.num_labels == 0, "objective": recipe.objective[0]}
        if "z_sizes" in recipe.model[1]:
            layers = {"z_sizes": (), "a_sizes": (), "hidden": ()}
            settings["model"] = [recipe.model[0].__name__, recipe.model[1] | layers]
            settings |= {"data": files(recipe.data[0]) == (), "warm_up_epochs": 0, "measure_every": 1}
        if is_of_images(recipe.model[0]):
            settings["model"] = [recipe.model[0].__name__, recipe.model[1] | {"posterior": ""}]
        if recipe.model[0].supervised:
            settings["model"] = [recipe.model[0].__name__, recipe.model[1] | {"hidden": ()}]
        if settings not in seen:
            seen.append(settings)
            yield recipe


@pytest.mark.parametrize("recipe", list(kinds()), ids=lambda r: r.name)
@pytest.mark.usefixtures("plain_svi")
def test_a_recipe_runs(recipe, monkeypatch):
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", stand_in)
    changed = {"epochs": 1, "milestones": (1,), "baselines": ()}
    changed["importance_samples"] = min(recipe.importance_samples, 3)
    fields = [field for field in ("pretrained", "start_from") if getattr(recipe, field) is not None]
    for field in fields:
        changed[field] = (getattr(recipe, field)[0], {"epochs": 1})
    if files(recipe.data[0]):
        few = {"hidden": (8,)} | ({"maps": (2,)} if is_of_images(recipe.model[0]) else {})
        if recipe.model[0] is ResNetVAE:
            few = {"maps": 2, "z_maps": 1, "depth": 2}
        changed["model"] = (recipe.model[0], recipe.model[1] | few)
        for field in fields:
            first = RECIPES[changed[field][0]]
            changed[field][1]["model"] = (first.model[0], first.model[1] | {"hidden": (8,)})
    outcome = run(replace(recipe, **changed), seed=1, progress=False)
    assert all(isinstance(value, float) for value in outcome.figures.values())
    assert len(outcome.history) == 1
    if recipe.num_labels:
        assert len(outcome.labelled.x) == recipe.num_labels and recipe.figure.split(",")[0] in outcome.figures


@pytest.mark.usefixtures("plain_svi")
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


def test_the_seed_decides_the_initial_parameters():
    first, same, other = (next(prepare(RECIPES["moons-m2"], seed)[2].parameters()) for seed in (1, 1, 2))
    assert torch.equal(first, same) and not torch.equal(first, other)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ValueError, match=rf"seed: got {seed}, want an int from"):
        prepare(RECIPES["moons-m2"], seed)


@pytest.mark.usefixtures("plain_svi")
def test_the_bar_shows_the_name_of_the_recipe(capsys):
    train(replace(RECIPES["moons-m2"], epochs=1, batch_size=10_000), progress=True)
    assert "moons-m2: 100%" in capsys.readouterr().err


@pytest.mark.usefixtures("plain_svi")
@pytest.mark.parametrize("tensorboard", [True, False])
def test_a_run_has_a_tensorboard_log_if_asked(tensorboard, tmp_path):
    recipe = replace(RECIPES["moons-m2"], epochs=1, batch_size=10_000)
    train(recipe, folder=tmp_path, tensorboard=tensorboard, progress=False)
    assert bool(list(tmp_path.glob("events.out.tfevents*"))) == tensorboard


def test_data_are_preprocessed_in_the_order_of_the_recipe():
    steps = ("keep_varying", {}), ("standardise", {}), ("project", {"components": 2})
    found = load_data(replace(RECIPES["digits"], data=("digits", {}), preprocess=steps))
    expected = project(standardise(keep_varying(load("digits"))), components=2)
    torch.testing.assert_close(found.train.x, expected.train.x)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (("standardise",), r"got \('standardise',\), want a name and its options, such as \[\"standardise\", \{\}\]"),
        (("standardise", "centre"), "got .*'centre'.*, want a name and its options"),
        (("standardize", {}), r"got 'standardize' \(did you mean 'standardise'"),
        (("standardise", {"center": True}), "got standardise with .*, want options that it takes .*'center'"),
        (("project", {}), "got project with {}, want options that it takes .*'components'"),
    ],
)
def test_preprocessing_that_is_none_is_refused(step, message):
    with pytest.raises(ValueError, match=f"preprocess: {message}"):
        load_data(replace(RECIPES["digits"], preprocess=(step,)))


class TestDataWithoutLabels:
    @pytest.mark.parametrize("name", ["moons-m2", "digits-m1"])
    def test_are_refused_where_labels_are_used(self, name, tmp_path):
        (tmp_path / "own.csv").write_text("a,b\n" + "1,2\n3,4\n" * 20)
        recipe = replace(RECIPES[name], data=(tmp_path / "own.csv", {}), num_labels=None)
        with pytest.raises(
            ValueError, match="data: got own.csv without labels, want labels, which the recipe uses; data"
        ):
            prepare(recipe)

    def test_will_do_for_a_model_without_classes(self, tmp_path):
        (tmp_path / "own.csv").write_text("a,b\n" + "0,1\n1,0\n" * 20)
        recipe = replace(RECIPES["digits-m1"], data=(tmp_path / "own.csv", {}), num_labels=0)
        assert prepare(recipe)[1] is None

    @pytest.mark.parametrize(("part", "labelled"), [("validation", "test"), ("test", "validation")])
    def test_a_part_without_labels_is_refused(self, part, labelled, tmp_path):
        x, y = torch.rand(20, 2), torch.arange(20) % 2
        parts = {f"x_{part}": x, f"y_{part}": 0 * y - 1, f"x_{labelled}": x, f"y_{labelled}": y}
        np.savez(tmp_path / "own.npz", x=x, y=y, **parts)
        recipe = replace(RECIPES["moons-m2"], data=(tmp_path / "own.npz", {}), num_labels=None)
        with pytest.raises(ValueError, match=f"data: got own.npz without a labelled row for {part}, want at least one"):
            prepare(recipe)


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


def test_a_recipe_is_trained_by_compiled_steps(watched):
    """One step, which is not yet traced; that traced ones are the same is tested beside ``CompiledSVI``."""
    train(replace(RECIPES["moons-adgm"], epochs=1, batch_size=10_000), seed=1, progress=False)
    assert type(watched[0].svi) is CompiledSVI


def test_a_recipe_may_sum_fewer_classes_from_epoch_to_epoch(plain_svi, monkeypatch):
    seen, sample_class = [], M2.sample_class

    def noted(self, q_y):
        seen.append((self.training, self.classes))
        return sample_class(self, q_y)

    monkeypatch.setattr(M2, "sample_class", noted)
    few = ("sampled", {"top": 3})
    recipe = replace(RECIPES["digits-m2"], epochs=2, batch_size=1000, classes_by_epoch=((1, few),), milestones=())
    model = train(recipe, progress=False)[2]
    trained = [classes for training, classes in seen if training]
    assert trained[0] == "enumerated" and trained[-1] == few and model.classes == "enumerated"


@pytest.mark.usefixtures("plain_svi")
def test_the_average_of_the_parameters_is_kept(watched):
    recipe = replace(RECIPES["moons-adgm"], epochs=2, batch_size=5000, schedule=None)
    for ema in (None, 0.5):
        train(replace(recipe, ema=ema), seed=1, progress=False)
    last, average = watched
    assert all(torch.equal(value, last.kept[name]) for name, value in last.states[-1].items())
    assert all(torch.equal(value, average.kept[name]) for name, value in average.states[-1].items())
    assert not torch.equal(last.kept["p_x.loc.weight"], average.kept["p_x.loc.weight"])


@pytest.mark.usefixtures("plain_svi")
def test_the_first_stage_is_trained_once_and_saved(tmp_path):
    recipe = replace(RECIPES["digits-m1m2"], epochs=1, pretrained=("digits-m1", {"epochs": 1}))
    *_, model, _ = train(recipe, seed=1, progress=False, folder=tmp_path)
    saved = (tmp_path / "pretrained" / "checkpoint.safetensors").read_bytes()
    *_, again, _ = train(recipe, seed=1, progress=False, pretrained_folder=tmp_path / "pretrained")
    assert (tmp_path / "pretrained" / "checkpoint.safetensors").read_bytes() == saved
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in model.state_dict().items())
    *_, m1, _ = train(first_stage(recipe), seed=1, progress=False, folder=tmp_path / "pretrained")
    for net, trained in ((model.p_x, m1.p_x), (model.q_z1, m1.q_z)):
        assert all(torch.equal(value, net.state_dict()[name]) for name, value in trained.state_dict().items())


FREE = {"name", "summary", "source", "paper", "figure", "deviations"}  # words
FREE |= {
    "epochs",
    "milestones",
    "baselines",
    "importance_samples",
    "importance_rows",
    "feature_classifiers",
    "kl_units",
}


@pytest.mark.parametrize("field", [field.name for field in fields(Recipe)])
def test_a_setting_that_training_depends_on_is_part_of_what_a_resumed_run_must_have(field):
    recipe = RECIPES["moons-adgm"]
    for changed in ("another", ("another", {"option": 1})):
        if field == "model":
            changed = (M2, recipe.model[1]) if changed == "another" else (recipe.model[0], {"z_size": 3})
        assert (replace(recipe, **{field: changed}).training() == recipe.training()) == (field in FREE)


def test_a_weight_of_the_labelled_bound_may_be_zero():
    recipe, rows = RECIPES["moons-m2"], torch.arange(6)
    model = prepare(recipe)[2]
    weights = (0.0, 0.5, None)
    found = [_objective(replace(recipe, labelled_weight=w), model, rows, 100, 10).labelled_weight for w in weights]
    assert found == [0.0, 0.5, 1.0]


@pytest.mark.usefixtures("plain_svi")
def test_a_run_is_not_resumed_with_another_seed(tmp_path):
    recipe = replace(RECIPES["moons-m2"], epochs=1, batch_size=10_000)
    train(recipe, seed=1, progress=False, folder=tmp_path)
    with pytest.raises(ValueError, match="got a run with seed = 1, want 2; give another folder"):
        train(recipe, seed=2, progress=False, folder=tmp_path)


@pytest.mark.usefixtures("plain_svi")
def test_the_seed_decides_the_order_of_the_rows_and_patience_the_number_of_epochs(watched):
    recipe = replace(RECIPES["moons-m2"], epochs=9, batch_size=10_000, monitor="validation error", patience=2)
    for seed in (3, 4):
        train(replace(recipe, learning_rate=0.0), seed=seed, progress=False)
    assert [len(run_.history) for run_ in watched] == [3, 3]  # nothing is learnt: no epoch is better than the first
    first, second = (next(iter(run_.batches))["unlabelled"] for run_ in watched)
    assert len(first) == len(second) and not torch.equal(first, second)


def test_weights_are_initialised_by_evenly_spaced_rows_drawn_as_in_training():
    x, y = torch.linspace(0.05, 0.95, 10)[:, None], torch.arange(10)
    state = torch.get_rng_state()
    batch, labels = _initial_batch(x, y, 4, None)
    assert batch.tolist() == x[[0, 3, 6, 9]].tolist() and labels.tolist() == [0, 3, 6, 9]
    assert torch.equal(_initial_batch(x, y, 40, None)[0], x)
    grey = torch.full((50, 8), 0.5)
    first, again = (_initial_batch(grey, None, 20, binarise)[0] for _ in range(2))
    assert first.unique().tolist() == [0.0, 1.0] and torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), state)


def started(**changed):
    """A VAE on digits that goes on from digits-m1 of another learning rate and one epoch."""
    first = ("digits-m1", {"epochs": 1, "learning_rate": 1e-2})
    recipe = replace(RECIPES["digits-m1"], epochs=2, start_from=first, feature_classifiers=(), num_labels=0)
    return replace(recipe, **changed)


@pytest.mark.usefixtures("plain_svi")
def test_a_recipe_starts_from_another_s_parameters_with_settings_of_its_own(tmp_path, watched):
    """Its steps are those of a new optimiser from the first recipe's end; an interrupted run of it is resumed."""
    *_, model, _ = train(started(), seed=1, progress=False, folder=tmp_path)
    saved = (tmp_path / "pretrained" / "checkpoint.safetensors").read_bytes()
    first, second = watched
    assert [run_.svi.optim.pt_optim_args["lr"] for run_ in (first, second)] == [1e-2, 2e-3]
    still = replace(started(), learning_rate=0.0, epochs=1)
    *_, unmoved, _ = train(still, seed=1, progress=False, pretrained_folder=tmp_path / "pretrained")
    assert all(torch.equal(value, unmoved.state_dict()[name]) for name, value in first.kept.items())
    for epochs in (1, 2):  # the run goes on, and the first one is not repeated
        *_, again, history = train(started(epochs=epochs), seed=1, progress=False, folder=tmp_path / "halves",
                                   pretrained_folder=tmp_path / "pretrained")  # fmt: skip
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in model.state_dict().items())
    assert len(history) == 2 and (tmp_path / "pretrained" / "checkpoint.safetensors").read_bytes() == saved


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"start_from": ("digits-m0", {})}, "start_from: got 'digits-m0' .did you mean 'digits-m"),
        ({"start_from": ("digits-m2", {})}, "start_from: got digits-m2 with a M2, want VAE"),
        (
            {"model": (VAE, RECIPES["digits-m1"].model[1] | {"z_size": 3})},
            "start_from: got digits-m1 with z_size = 16, want 3, as the model has here",
        ),
        (
            {"model": (VAE, RECIPES["digits-m1"].model[1] | {"batch_norm": True})},
            "start_from: got digits-m1 with batch_norm = False, want True, as the model has here",
        ),
        ({"pretrained": ("digits-m1", {})}, "start_from: got 'digits-m1' with pretrained, want one of them"),
        ({"kl_weight": 0.5}, "kl_weight: got 0.5 with VAE, want 1: only supervised models take a weight"),
        ({"objective": ("elbow", {})}, "objective: got 'elbow' .did you mean 'elbo'"),
        ({"objective": ("importance_weighted", {"num_samples": 0})}, "num_samples: got 0, want a positive int"),
        (
            {"objective": ("importance_weighted", {})},
            "objective: got 'importance_weighted' with the options {}, want others: missing .* 'num_samples'",
        ),
        (
            {"objective": ("elbo", {"k": 1})},
            "objective: got 'elbo' with the options {'k': 1}, want others: got an unexpected keyword argument 'k'",
        ),
        ({"objective": ("free_bits", {"nats": -1.0})}, "nats: got -1.0, want a finite number of at least zero"),
        (
            {"objective": ("importance_weighted", {"num_samples": 2}), "warm_up_epochs": 3},
            "warm_up_epochs: got 3 with the objective importance_weighted, want 0",
        ),
        (
            {"objective": ("importance_weighted", {"num_samples": 2}), "num_particles": 3},
            "num_particles: got 3 with the objective importance_weighted, want 1",
        ),
        (
            {"objective": ("wake_sleep", {}), "num_particles": 3},
            "num_particles: got 3 with the objective wake_sleep, want 1",
        ),
        (
            {"objective": ("wake_sleep", {}), "warm_up_epochs": 3},
            "warm_up_epochs: got 3 with the objective wake_sleep, want 0",
        ),
        (
            {"objective": ("mean_field", {}), "model": (M2, {}), "start_from": None},
            "objective: got mean_field with M2, want one that sums its classes: elbo",
        ),
        (
            {"objective": ("free_bits", {"nats": 0.25}), "warm_up_epochs": 3},
            "warm_up_epochs: got 3 with the objective free_bits, want 0",
        ),
    ],
    ids=[
        "no recipe",
        "another model",
        "other sizes",
        "other networks",
        "two first recipes",
        "a weight of the KL",
        "no objective",
        "no samples",
        "an option missing",
        "an unknown option",
        "no nats",
        "warm-up of weights",
        "particles of weights",
        "particles of wake-sleep",
        "warm-up of wake-sleep",
        "mean field of classes",
        "warm-up of free bits",
    ],
)
def test_a_recipe_that_cannot_be_trained_is_refused_before_anything_is(changed, message, monkeypatch):
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda *args, **options: pytest.fail("loaded data first"))
    with pytest.raises(ValueError, match=message):
        train(started(**changed), progress=False)


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match="schedule: got 'cosine', want one of linear, step"):
        train(replace(RECIPES["digits"], schedule=("cosine", {})), progress=False)


@pytest.mark.parametrize(
    "objective", [("elbo", {}), ("mean_field", {}), ("free_bits", {"nats": 0.5})], ids=lambda o: o[0]
)
def test_objectives_have_the_particles_of_the_recipe(objective):
    recipe = replace(RECIPES["digits-m1"], objective=objective, warm_up_epochs=0, num_particles=3)
    assert objective_of(recipe).num_particles == 3


def test_analytic_kls_are_refused_where_the_guide_draws_in_another_order():
    """Pyro, which would be wrong, only warns, and says nothing where validation is off, as it is in training."""
    for model_class, refused in ((HierarchicalVAE, True), (LadderVAE, False)):
        recipe = replace(RECIPES["digits-m1"], model=(model_class, {}), objective=("mean_field", {}))
        model = pairs.small(model_class)
        svi = CompiledSVI(model.model, model.guide, Adam({"lr": 1e-3}), objective_of(recipe))
        with pyro.validation_enabled(False):
            if refused:
                with pytest.raises(ValueError, match="mean_field with a guide that draws z1, z2 and a .* draws z2, z1"):
                    svi.step(pairs.rows(model)[0])
            else:
                with pairs.accepted(ValueError):
                    svi.step(pairs.rows(model)[0])


@pytest.mark.parametrize(
    ("model_class", "options"), [(M2, {"classes": "all"}), (VAE, {"gradient": "doubly_reparameterised"})]
)
def test_importance_weights_have_the_options_of_the_recipe(model_class, options):
    objective = ("importance_weighted", {"num_samples": 3, **options})
    recipe = replace(RECIPES["mnist-iwae-5"], model=(model_class, {}), objective=objective)
    model = pairs.small(model_class)
    x, _ = pairs.rows(model)

    def gradients(objective):
        torch.manual_seed(0)
        loss = objective.differentiable_loss(model.model, model.guide, x)
        found = torch.autograd.grad(loss, list(model.parameters()), materialize_grads=True)
        return torch.cat([gradient.flatten() for gradient in found])

    found = gradients(objective_of(recipe))
    assert torch.equal(found, gradients(ImportanceWeightedELBO(3, **options)))
    assert not torch.allclose(found, gradients(ImportanceWeightedELBO(3)))


@pytest.mark.parametrize(
    "changed", [{"importance_samples": 5}, {"kl_units": True}], ids=lambda changed: next(iter(changed))
)
def test_figures_of_rows_are_refused_where_the_weights_are_latents(changed, monkeypatch):
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda *args, **options: pytest.fail("loaded data first"))
    ((field, value),) = changed.items()
    message = rf"{field}: got {value} with BayesianVAE, want (0|False): its weights are latents"
    with pytest.raises(ValueError, match=message):
        train(replace(RECIPES["freyfaces-bayesian-vae"], **changed), progress=False)


def test_bounds_are_means_over_drawn_weights_whose_divergence_stands_beside(monkeypatch):
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", stand_in)
    recipe = RECIPES["freyfaces-bayesian-vae"]
    data, _, model = prepare(replace(recipe, model=(recipe.model[0], recipe.model[1] | {"hidden": (8,)})))
    assert model.data_size == 3200
    figures = measure(recipe, model, data)
    torch.manual_seed(0)
    bounds = [bound(model.at(model.draw_weights()), data.test.x) for _ in range(10)]
    assert figures["test bound"] == pytest.approx(sum(bounds) / 10, rel=1e-5)
    by_hand = by_hand_weights.divergences(model.p_x).item() / 3200
    assert figures["KL of the weights per training row"] == pytest.approx(by_hand, rel=1e-5)
    assert unit("KL of the weights per training row") == "nats"


@pytest.mark.parametrize(("method", "rates"), [("gaussian-a", [20, 50, 50, 50]), ("variational-a", None)])
def test_figures_of_a_supervised_model_by_hand(method, rates, monkeypatch):
    """Errors of rows with labels, by the mean weights and by the mean of 100 draws; rates alpha / (1 + alpha)."""
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", stand_in)
    recipe = RECIPES[f"mnist-dropout-{method}-150"]
    data, _, model = prepare(replace(recipe, model=(recipe.model[0], recipe.model[1] | {"hidden": (8, 8, 8)})))
    model.double()
    parts = {}
    for name in ("validation", "test"):
        y = torch.arange(500) % 5
        y[::7] = -1
        parts[name] = Rows(2 * torch.randn(500, 12, dtype=torch.float64), y)
    data = data._replace(**parts)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))
    figures = measure(recipe, model, data)
    for part, kind, probabilities in (
        ("validation", "validation error", model.classifier),
        ("test", "test error", model.classifier),
        ("test", "test error over 100 weights", lambda x: model.predict_draws(x, 100).mean(0)),
    ):
        x, y = parts[part]
        wrong = probabilities(x[y >= 0]).argmax(-1) != y[y >= 0]
        assert figures[kind] == pytest.approx(100 * float(wrong.double().mean()))
    assert figures["test error"] != figures["test error over 100 weights"] != figures["validation error"]
    if rates is None:
        alphas = [1 / (1 + (-p.detach()).exp()) for name, p in model.named_parameters() if name.endswith("alpha.logit")]
        rates = [100 * float((alpha / (1 + alpha)).mean()) for alpha in alphas]
    found = [value for name, value in figures.items() if name.startswith("dropout rate of layer ")]
    assert found == pytest.approx(rates)


def test_a_start_may_compute_in_another_precision():
    options = RECIPES["digits-m1"].model[1]
    here = started(model=(VAE, options | {"precision": "bfloat16", "activation": "relu"}))  # the default, said
    try:
        assert first_stage(here).learning_rate == 1e-2
    except ValueError as error:
        pytest.fail(f"refused: {error}")


def test_a_first_stage_has_the_data_of_the_recipe_that_builds_on_it():
    recipe = started(data=("moons", {"noise": 0.2}), preprocess=(("standardise", {}),))
    first = first_stage(recipe)
    assert (first.data, first.preprocess) == (recipe.data, recipe.preprocess) and first.name == "digits-m1"


@pytest.mark.parametrize(("num_labels", "data_size"), [(50, 50), (None, 3200)])
def test_the_data_of_a_supervised_model_are_the_rows_whose_labels_are_kept(num_labels, data_size, monkeypatch):
    """Or the divergence of its weights would count too little."""
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", stand_in)
    recipe = replace(RECIPES["mnist-dropout-variational-a-150"], num_labels=num_labels)
    _, rows, model = prepare(recipe)
    assert model.data_size == len(rows) == data_size


@pytest.mark.usefixtures("plain_svi")
def test_classifiers_on_features_see_the_kept_labels_alone(monkeypatch):
    recipe = replace(RECIPES["digits-m1"], epochs=1, baselines=())
    model, data = run(recipe, seed=1, progress=False)[:2]
    rows = labels_kept(recipe, data, 1)
    assert torch.bincount(data.train.y[rows]).tolist() == [10] * 10
    monkeypatch.setattr("pyrodgm.zoo.measurement.labels_kept", lambda *args: rows)
    kept = torch.zeros(len(data.train.y), dtype=torch.bool)
    kept[rows] = True

    def errors(changed):
        y = torch.where(changed, (data.train.y + 3) % 10, data.train.y)
        figures = measure(recipe, model, data._replace(train=data.train._replace(y=y)), 1)
        return [figures[f"{name} on features test error"] for name in recipe.feature_classifiers]

    assert errors(~kept) == errors(kept & ~kept)
    assert max(errors(kept & ~kept)) < 50 < 90 < min(errors(kept))


def test_units_of_figures():
    units = {
        "test error": "%",
        "test bound": "nats",
        "test bits/dim by the bound": "bits",
        "KL of z1": "nats",
        "z1 with KL > 0.01 nats": "units",
        "seconds": "s",
        "planar: % of draws in the rarer mode": "%",
    }
    assert {figure: unit(figure) for figure in units} == units


def test_summary_is_mean_and_standard_error():
    assert summary([1.0, 2.0, 3.0]) == "2.00 ± 0.58"
    assert summary([1.234]) == "1.23"


def test_a_commit_with_changes_says_so(tmp_path, monkeypatch):
    module = tmp_path / "package" / "zoo" / "results.py"
    module.parent.mkdir(parents=True)
    module.write_text("1")
    monkeypatch.setattr(results, "__file__", str(module))
    assert results.package_commit() == "unknown"
    author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    (tmp_path / "beside.py").write_text("2")  # not of the package
    clean = results.package_commit()
    assert re.fullmatch("[0-9a-f]{7,}", clean)
    module.write_text("2")
    assert results.package_commit() == f"{clean} and changes"
    installed = tmp_path / "venv" / "package" / "zoo" / "results.py"  # not ignored by the repository that it is in
    installed.parent.mkdir(parents=True)
    installed.write_text("1")
    monkeypatch.setattr(results, "__file__", str(installed))
    assert results.package_commit() == "unknown"


def test_a_bar_in_a_name_ends_no_cell_of_the_table(tmp_path):
    recipe = replace(RECIPES["digits"], paper="none of p(y|x)")
    write_results(tmp_path, recipe, {0: {"test error of q(y | x)": 5.0}}, "command", "cpu", [], "abc")
    lines = (tmp_path / "README.md").read_text().splitlines()
    assert {r"| test error of q(y \| x) | 5.00 |", r"| **paper** | none of p(y\|x) |"} <= set(lines)


def test_results_are_replaced_whole(tmp_path, monkeypatch):
    recipe = RECIPES["digits"]
    path = write_results(tmp_path, recipe, {0: {"test error": 5.0}}, "pyrodgm reproduce digits", "cpu", [], "abc")
    before = path.read_text()
    monkeypatch.setattr("os.replace", lambda *args: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_results(tmp_path, recipe, {0: {"test error": 9.0}}, "pyrodgm reproduce digits", "cpu", [], "abc")
    assert path.read_text() == before


def in_bfloat16(**changes):
    recipe = RECIPES["digits"]
    model = (recipe.model[0], recipe.model[1] | {"hidden": (8,), "precision": "bfloat16"})
    return replace(recipe, **{"epochs": 1, "baselines": (), "milestones": (), "model": model} | changes)


@pytest.mark.usefixtures("plain_svi")
def test_bfloat16_gives_way_to_float32_with_one_warning_where_it_is_slow(tmp_path, monkeypatch):
    recipe, folder = in_bfloat16(), tmp_path / "run"

    def recorded():
        path = write_results(tmp_path, recipe, {0: {"test error": 5.0}}, "pyrodgm reproduce digits", "cpu", [], "abc")
        found = json.loads(path.read_text())["precision"]
        assert f"(1 seed, 1 epoch, {found}, 2" in (tmp_path / "README.md").read_text()
        return found

    assert train(recipe, progress=False, folder=folder)[2].arguments["precision"] == "bfloat16"
    assert recorded() == "bfloat16"
    monkeypatch.setattr("pyrodgm.nn.precision.fast_bfloat16", lambda device: False)
    precision._warn_once.cache_clear()
    with pytest.warns(UserWarning, match="the recipe runs in float32 instead") as said:
        models = [train(recipe, seed, progress=False)[2] for seed in (0, 1)]
    assert len(said) == 1 and [model.arguments["precision"] for model in models] == ["float32"] * 2
    assert recorded() == "float32"
    *_, model, history = train(replace(recipe, epochs=2), progress=False, folder=folder)  # begun where it was fast
    assert len(history) == 2 and model.arguments["precision"] == "float32"
    assert prepare(RECIPES["digits"])[2].arguments.get("precision", "float32") == "float32"


def test_a_recipe_with_one_labelled_row_a_batch_and_batch_normalisation_is_told():
    recipe = in_bfloat16(labelled_batch_size=1)
    recipe = replace(recipe, model=(recipe.model[0], recipe.model[1] | {"batch_norm": True}))
    with pytest.raises(ValueError, match="labelled: got a single row while training with batch_norm=True"):
        train(recipe, progress=False)


def test_data_that_the_likelihood_cannot_score_are_refused():
    recipe = replace(RECIPES["digits"], data=("digits", {"counts": False}), epochs=1, baselines=())
    with pytest.raises(ValueError, match="x: got values from 0 to 1, want integers from 0 to 16"):
        run(recipe, progress=False)
