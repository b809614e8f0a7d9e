"""Rows that a recipe must not use do not change its training, and its figures are what they claim to be."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from pyro.infer import SVI
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC

from pyrodgm.data import Rows, binarise, load, resample_counts
from pyrodgm.evaluate import bound, classification_error, match_clusters
from pyrodgm.models import ADGM, M1M2, M2, SDGM, VAE, CaGeM
from pyrodgm.nn import CategoricalNet
from pyrodgm.zoo import RECIPES, measure, run, train
from pyrodgm.zoo.baselines import BASELINES, chosen_error, supervised_network
from pyrodgm.zoo.outcome import _card
from pyrodgm.zoo.preparation import labels_kept, prepare
from tests import by_hand

COUNTS = {"likelihood": ("binomial", {"total_count": 16}), "z_size": 2, "hidden": (8,)}
SHORT = {"epochs": 3, "batch_size": 200, "milestones": (1,), "baselines": (), "warm_up_epochs": 2}
SHORT |= {"importance_samples": 0}
SIZES = {"train": 600, "validation": 100, "test": 80}
M1 = (VAE, COUNTS)
TINY = {
    "counts": replace(RECIPES["digits"], model=(SDGM, COUNTS), monitor="validation error", **SHORT),
    "binarised": replace(
        RECIPES["digits-m2"],
        data=("digits", {}),
        model=(M2, {"z_size": 2, "hidden": (8,)}),
        resample=("binarise", {}),
        monitor="validation bound",
        **SHORT,
    ),
    "stack": replace(
        RECIPES["digits-m1m2"],
        model=(M1M2, COUNTS | {"z1_size": 2}),
        pretrained=("digits-m1", SHORT | {"model": M1, "monitor": "validation bound"}),
        **SHORT,
    ),
    "clusters": replace(RECIPES["digits-cagem-0"], model=(CaGeM, COUNTS | {"z1_size": 2}), **SHORT),
    "features": replace(RECIPES["digits-m1"], model=M1, monitor="validation bound", **SHORT),
    "projected": replace(
        RECIPES["digits-m1"],
        data=("digits", {}),
        preprocess=(("keep_varying", {}), ("project", {"components": 5}), ("standardise", {})),
        resample=None,
        model=(VAE, {"z_size": 2, "hidden": (8,), "likelihood": "normal"}),
        **SHORT,
    ),
    "table": replace(
        RECIPES["moons-adgm"],
        preprocess=(("standardise", {}),),
        model=(ADGM, {"z_size": 1, "a_size": 2, "hidden": (8,), "likelihood": "normal"}),
        monitor="validation error",
        **SHORT,
    ),
}


def small_load(name, **options):
    """The first rows of a data set."""
    data = load(name, **options)
    return data._replace(**{part: Rows(*(t[:size] for t in data.parts[part])) for part, size in SIZES.items()})


def permuted(y):
    return y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))]


def nan_in_test(data):
    return data._replace(test=Rows(torch.full_like(data.test.x, math.nan), permuted(data.test.y)))


def shuffled_test(data):
    return data._replace(test=Rows(data.test.x.flip(0), permuted(data.test.y)))


def labels_permuted(data):
    return data._replace(validation=data.validation._replace(y=permuted(data.validation.y)))


def validation_mirrored(data):
    return data._replace(validation=data.validation._replace(x=data.validation.x.flip(1)))


@pytest.fixture
def trained(watched, monkeypatch):
    """A function of a recipe and of what is done to its raw data: the runs of the loop, and what ``train`` returns."""
    monkeypatch.setattr("pyrodgm.zoo.training.CompiledSVI", SVI)

    def trained(recipe, poison=lambda data: data):
        monkeypatch.setattr("pyrodgm.zoo.preparation.load", lambda name, **options: poison(small_load(name, **options)))
        watched.clear()
        data, rows, model, _ = train(recipe, seed=1, progress=False)
        return list(watched), data, rows, model

    return trained


def check_same_parameters(runs, others):
    """The state at the end of every epoch of every run, bit for bit."""
    assert len(runs) == len(others)
    for run_, other in zip(runs, others, strict=True):
        assert len(run_.states) == len(other.states) == 3
        for epoch, (state, poisoned) in enumerate(zip(run_.states, other.states, strict=True), start=1):
            for name, value in state.items():
                assert torch.equal(value, poisoned[name]), f"{name} at the end of epoch {epoch}"


def figures(run_, *others):
    """The history without the clock and the figures of other rows."""
    return [{k: v for k, v in row.items() if k not in ("seconds", *others)} for row in run_.history]


@pytest.mark.parametrize("recipe", TINY)
def test_test_rows_are_neither_trained_on_nor_chosen_by(recipe, trained):
    runs = trained(TINY[recipe])[0]
    unmeasured = replace(TINY[recipe], milestones=())  # the errors of rows of NaN are refused
    for other_recipe, poison in ((unmeasured, nan_in_test), (TINY[recipe], shuffled_test)):
        others = trained(other_recipe, poison)[0]
        check_same_parameters(runs, others)
        for run_, other in zip(runs, others, strict=True):
            assert figures(run_, "test error") == figures(other, "test error")
            assert all(torch.equal(value, other.kept[name]) for name, value in run_.kept.items())


@pytest.mark.parametrize("recipe", [name for name, recipe in TINY.items() if recipe.num_labels])
def test_validation_labels_choose_an_epoch_and_teach_nothing(recipe, trained):
    runs = trained(TINY[recipe])[0]
    others = trained(TINY[recipe], labels_permuted)[0]
    check_same_parameters(runs, others)
    has_errors = "validation error" in runs[-1].history[0]
    assert has_errors == (recipe not in ("features", "projected"))
    assert (figures(runs[-1]) != figures(others[-1])) == has_errors
    assert figures(runs[-1], "validation error") == figures(others[-1], "validation error")


@pytest.mark.parametrize("recipe", ["binarised", "projected", "table"])
def test_validation_rows_teach_nothing(recipe, trained):
    runs, others = trained(TINY[recipe])[0], trained(TINY[recipe], validation_mirrored)[0]
    check_same_parameters(runs, others)
    assert figures(runs[-1]) != figures(others[-1])


@pytest.mark.parametrize("recipe", TINY)
def test_labels_that_are_not_kept_are_not_seen(recipe, trained, monkeypatch):
    runs, _, rows, _ = trained(TINY[recipe])
    monkeypatch.setattr("pyrodgm.zoo.preparation.labels_kept", lambda *args: rows)

    def hidden(data):
        y = (data.train.y + 1) % data.num_classes
        if rows is not None:
            y[rows] = data.train.y[rows]
        return data._replace(train=data.train._replace(y=y))

    others = trained(TINY[recipe], hidden)[0]
    check_same_parameters(runs, others)
    assert [figures(run_) for run_ in runs] == [figures(other) for other in others]


@pytest.mark.parametrize("recipe", TINY)
def test_the_rows_of_a_run_are_those_of_the_data_each_with_its_label(recipe, trained):
    (*_, run_), data, _, model = trained(TINY[recipe])
    x, labelled = run_.batches.x, run_.batches.labelled
    assert torch.equal(x, data.train.x)
    if TINY[recipe].num_labels == 0 or model.num_classes is None:
        assert labelled is None
    else:
        assert len(labelled[1]) == TINY[recipe].num_labels
        for row, label in zip(*labelled, strict=True):
            found = (x == row).all(1).nonzero().flatten()
            assert set(data.train.y[found].tolist()) == {int(label)}
        assert torch.bincount(labelled[1]).unique().numel() == 1


@pytest.mark.parametrize("recipe", TINY)
def test_rows_are_drawn_anew_as_the_recipe_says(recipe, trained):
    (*_, run_), data, _, _ = trained(TINY[recipe])
    resample, x = run_.batches.resample, data.train.x
    if recipe in ("projected", "table"):
        assert resample is None
        return
    generator, same = (torch.Generator().manual_seed(5) for _ in range(2))
    for _ in range(2):  # the second draw is another
        want = binarise(x, same) if recipe == "binarised" else resample_counts(x, 16, 4, same)
        assert torch.equal(resample(x, generator=generator), want)


@pytest.mark.parametrize("recipe", ["counts", "binarised", "table"])
def test_figures_of_an_epoch_and_the_epoch_that_is_kept(recipe, trained):
    (*_, run_), data, _, model = trained(TINY[recipe])
    for row, state in zip(run_.history, run_.states, strict=True):
        model.load_state_dict(state)
        model.eval()
        x = data.validation.x
        if recipe == "binarised":
            x = torch.bernoulli(x, generator=torch.Generator().manual_seed(0))
        torch.manual_seed(0)
        assert row["validation bound"] == bound(model, x[:1000])
        assert row["validation error"] == classification_error(model, *data.validation)
        assert ("test error" in row) == (row["epoch"] == 1)
        if row["epoch"] == 1:
            assert row["test error"] == classification_error(model, *data.test)
    bounds, errors = ([row[f"validation {name}"] for row in run_.history] for name in ("bound", "error"))
    best = bounds.index(max(bounds)) if recipe == "binarised" else errors.index(min(errors))
    assert all(torch.equal(value, run_.kept[name]) for name, value in run_.states[best].items())


def in_double(recipe, seed=1):
    """An untrained model of a recipe, and its data, in double precision."""
    data, rows, model = prepare(recipe, seed)
    parts = {name: Rows(part.x.double(), part.y) for name, part in data.parts.items()}
    return data._replace(**parts), rows, model.double().eval()


@pytest.fixture
def small_data(monkeypatch):
    monkeypatch.setattr("pyrodgm.zoo.preparation.load", small_load)


def error(probabilities, y):
    return pytest.approx(100 * float((probabilities.argmax(-1) != y).double().mean()))


def test_figures_of_a_trained_model_by_hand(small_data):
    """The bound and Bayes' rule by 10 samples, errors by 100, of the rows with labels; log p(x) of the first rows."""
    recipe = replace(TINY["counts"], importance_samples=4, importance_rows=20)
    data, _, model = in_double(recipe)
    parts = {part: Rows(x, y.where(torch.arange(len(y)) % 5 > 0, -1)) for part, (x, y) in data.parts.items()}
    data = data._replace(test=parts["test"], validation=parts["validation"])
    found, x, y = measure(recipe, model, data), data.test.x, data.test.y
    with torch.no_grad():
        torch.manual_seed(0)
        wanted = torch.stack([by_hand.bounds(model, x, by_hand.fresh(model, x)) for _ in range(10)]).mean()
        assert found["test bound"] == pytest.approx(float(wanted), rel=1e-9)
        log_p, *_ = by_hand.log_mean(by_hand.log_weights(model, x[:20], by_hand.fresh(model, x[:20], 4)))
        assert found["test log p(x)"] == pytest.approx(float(log_p.mean()), rel=1e-9)
        for name, nats in (("the bound", wanted), ("log p(x)", log_p.mean())):
            bits = -float(nats) / math.log(2) / x.shape[1]
            assert found[f"test bits/dim by {name}"] == pytest.approx(bits, rel=1e-9)
        spread = float(log_p.std()) / math.sqrt(20)
        assert found["its standard error over the rows"] == pytest.approx(spread, rel=1e-9)
        for part in ("validation", "test"):
            rows = data.parts[part]
            known = rows.y >= 0
            assert found[f"{part} error"] == error(by_hand.classifier(model, rows.x[known], 100), rows.y[known])
        x, y, joint = x[known], y[known], []
        for k in range(data.num_classes):
            labels = torch.full_like(y, k)
            joint.append(sum(by_hand.bounds(model, x, by_hand.fresh(model, x), labels)[0] for _ in range(10)))
        assert found["test error by Bayes' rule"] == error(torch.stack(joint, -1), y)


def test_a_bound_of_binarised_images_is_of_binarised_test_rows(small_data):
    data, _, model = in_double(TINY["binarised"])
    x = torch.bernoulli(data.test.x, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    with torch.no_grad():
        wanted = torch.stack([by_hand.bounds(model, x, by_hand.fresh(model, x)) for _ in range(10)]).mean()
    assert measure(TINY["binarised"], model, data)["test bound"] == pytest.approx(float(wanted), rel=1e-9)


def test_clusters_stand_for_classes_by_the_validation_rows(small_data):
    """Shifted labels of the validation rows shift what a cluster stands for; those of the test rows do not."""
    data, _, model = in_double(TINY["clusters"])

    def errors(validation=0, test=0):
        moved = {"validation": validation, "test": test}
        moved = {name: Rows(data.parts[name].x, (data.parts[name].y + k) % 10) for name, k in moved.items()}
        figures = measure(TINY["clusters"], model, data._replace(**moved))
        return figures["validation error"], figures["test error"]

    both, neither, validation_alone = errors(3, 3), errors(), errors(validation=3)
    assert both == neither
    assert validation_alone[0] == neither[0] and validation_alone[1] != neither[1]


def test_the_inference_network_of_a_cagem_has_an_error_of_its_own(small_data):
    data, _, model = in_double(TINY["clusters"])
    figures, options = measure(TINY["clusters"], model, data), {"num_samples": 100, "network": "inference"}
    matching = match_clusters(model, *data.validation, **options)
    error = classification_error(model, *data.test, matching=matching, **options)
    assert figures["test error of q(y | x)"] == error != figures["test error"]


SVMS = [make_pipeline(StandardScaler(), SVC(C=c)) for c in (0.1, 1, 10, 100, 1000)]
NEIGHBOURS = [KNeighborsClassifier(k) for k in (1, 3, 5, 10)]
CANDIDATES = {"SVM": SVMS, "nearest neighbours": NEIGHBOURS}


def chosen(candidates, labelled, validation, test):
    """The test error of the candidate that errs least on the validation rows; the first of equals."""
    errors = []
    with np.errstate(invalid="ignore"):  # of rows that no label reaches
        for candidate in candidates:
            candidate.fit(labelled.x.numpy(), labelled.y.numpy())
            errors.append([float((candidate.predict(p.x.numpy()) != p.y.numpy()).mean()) for p in (validation, test)])
    return pytest.approx(100 * min(errors, key=lambda pair: pair[0])[1])


@pytest.mark.parametrize("name", CANDIDATES)
def test_classifiers_are_chosen_by_the_validation_rows(name):
    data = load("digits")
    labelled, validation = Rows(*(t[:100] for t in data.train)), data.validation
    flipped = Rows(validation.x, permuted(validation.y))
    for part in (validation, flipped, data.test, Rows(data.test.x, permuted(data.test.y))):
        assert chosen_error(name, labelled, part, data.test) == chosen(CANDIDATES[name], labelled, part, data.test)


def test_as_many_neighbours_as_there_are_labels(moons):
    data, _ = moons
    labelled = Rows(data.train.x[:4], torch.tensor([0, 1, 0, 1]))
    found = chosen_error("nearest neighbours", labelled, data.validation, data.test)
    assert found == chosen(NEIGHBOURS[:2], labelled, data.validation, data.test)


def test_three_labels_are_enough_for_three_neighbours(moons):
    data, _ = moons
    labelled = Rows(data.train.x[:3], torch.tensor([0, 1, 1]))
    of_one_class = Rows(data.validation.x, torch.ones_like(data.validation.y))  # three neighbours are right of each
    found = chosen_error("nearest neighbours", labelled, of_one_class, data.test)
    assert found == pytest.approx(100 * float((data.test.y != 1).double().mean()))


def test_classifiers_on_features_by_hand(small_data):
    data, rows, model = in_double(TINY["features"])
    found = measure(TINY["features"], model, data, seed=1)
    with torch.no_grad():
        parts = [
            Rows(by_hand.moments(model.q_z, by_hand.read(model, x))[0], y)
            for x, y in (Rows(data.train.x[rows], data.train.y[rows]), data.validation, data.test)
        ]
    for name, candidates in CANDIDATES.items():
        assert found[f"{name} on features test error"] == chosen(candidates, *parts)


BRIEF = BASELINES | {"supervised network": partial(supervised_network, steps=100)}
MOONS = replace(TINY["table"], num_labels=20)


@pytest.fixture(scope="module")
def moons():
    data = small_load("moons", noise=0.3)
    return data, labels_kept(MOONS, data, 1)


def flip(rows):
    return Rows(rows.x, 1 - rows.y)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_is_chosen_without_the_test_rows(name, moons):
    """One predictor, whatever the test rows: what is right of a label is wrong of its opposite."""
    data, rows = moons

    def error(**parts):
        return BRIEF[name](MOONS, data._replace(**parts), rows, 1)

    whole, halves = error(), [Rows(*half) for half in zip(*(t.tensor_split(2) for t in data.test), strict=True)]
    assert 0 < whole < 50
    assert error(test=flip(data.test)) == pytest.approx(100 - whole)
    assert sum(error(test=half) for half in halves) / 2 == pytest.approx(whole)
    hidden = 1 - data.train.y
    hidden[rows] = data.train.y[rows]
    assert error(train=Rows(data.train.x, hidden)) == whole


@pytest.mark.parametrize(("name", "rate"), [("dropout network", 0.5), ("network without dropout", 0.0)])
def test_a_batched_network_has_its_dropout_and_a_falling_rate(name, rate, monkeypatch, moons):
    rates, steps = [], []
    monkeypatch.setattr("torch.nn.Dropout", lambda rate: rates.append(rate) or torch.nn.Identity())
    take = torch.optim.Adam.step
    monkeypatch.setattr("torch.optim.Adam.step", lambda self: steps.append(self.param_groups[0]["lr"]) or take(self))
    BASELINES[name](MOONS, *moons, 1)
    assert rates == [rate] * len(MOONS.model[1]["hidden"])
    assert steps[:50] == [3e-3] * 50 and steps[75] == pytest.approx(1.5e-3) and len(steps) == 100
    data = moons[0]
    assert BASELINES[name](MOONS, data, torch.arange(len(data.train.x)), 1) < 15


def test_a_batched_network_follows_the_gradient_of_each_batch_alone(monkeypatch, moons):
    data, rows = moons
    x, y = data.train.x[rows], data.train.y[rows]
    take, steps = torch.optim.Adam.step, []

    def noted(self):
        parameters = self.param_groups[0]["params"]
        h = x
        for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            h = (h @ weight.mT + bias).relu()
        loss = -(h @ parameters[-2].mT + parameters[-1]).log_softmax(-1)[torch.arange(len(x)), y].mean()
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            torch.testing.assert_close(parameter.grad, gradient)
        steps.append(loss.item())
        return take(self)

    monkeypatch.setattr("torch.optim.Adam.step", noted)
    BASELINES["network without dropout"](MOONS, data, rows, 1)
    assert len(steps) == 100 and steps[-1] < steps[0]


def test_dropout_is_on_in_every_step_and_off_where_errors_are_measured(monkeypatch, moons):
    seen = []

    class Noted(torch.nn.Dropout):
        def forward(self, x):
            seen.append((torch.is_grad_enabled(), self.training))
            return super().forward(x)

    monkeypatch.setattr("torch.nn.Dropout", Noted)
    BASELINES["dropout network"](MOONS, *moons, 1)
    assert seen.count((True, True)) >= 100 and set(seen) == {(True, True), (False, False)}


def test_the_supervised_network_learns_from_the_kept_labels_and_stops_by_validation(monkeypatch, moons):
    data, rows = moons
    nets = []

    def noted(*args, **options):
        nets.append(CategoricalNet(*args, **options))
        return nets[-1]

    monkeypatch.setattr("pyrodgm.zoo.baselines.CategoricalNet", noted)

    def error(validation):
        return supervised_network(MOONS, data._replace(validation=validation), rows, 1, steps=100)

    errors = error(data.test), error(data.validation), error(flip(data.test))
    assert errors[0] <= errors[1] <= errors[2] and errors[0] < errors[2]
    for net in nets[1:]:
        assert all(torch.equal(value, net.state_dict()[key]) for key, value in nets[0].state_dict().items())
    other = replace(MOONS, model=(M2, {"hidden": (8,), "classifier_hidden": (5, 4)}))
    supervised_network(other, data, rows, 1, steps=1)
    assert [len(layer.weight) for net in nets[-2:] for layer in net.trunk.layers] == [8, 5, 4]
    smooth = replace(MOONS, model=(M2, {"hidden": (8,), "activation": "tanh"}))
    found = {supervised_network(each, data, rows, 1, steps=100) for each in (smooth, other)}
    assert len(found) == 2


def test_the_supervised_network_reads_every_part_on_the_scale_of_the_training_rows(moons):
    data, rows = moons
    larger = data._replace(**{name: Rows(1024 * part.x, part.y) for name, part in data.parts.items()})
    found = [BRIEF["supervised network"](MOONS, each, rows, 1) for each in (data, larger)]
    assert found[0] == found[1]


def test_label_spreading_by_hand(moons):
    data, rows = moons
    y = torch.full_like(data.train.y, -1)
    y[rows] = data.train.y[rows]
    candidates = [LabelSpreading(kernel="knn", n_neighbors=k) for k in (3, 5, 7, 10, 15)]
    for validation in (data.validation, flip(data.validation)):
        found = BASELINES["LabelSpreading"](MOONS, data._replace(validation=validation), rows, 1)
        assert found == chosen(candidates, Rows(data.train.x, y), validation, data.test)


def test_labels_are_spread_among_few_rows(moons):
    data, _ = moons
    few = Rows(data.train.x[:6], torch.tensor([0, 1, -1, -1, -1, -1]))
    try:
        found = BASELINES["LabelSpreading"](MOONS, data._replace(train=few), torch.arange(2), 1)
    except ValueError as refused:
        found = refused
    candidates = [LabelSpreading(kernel="knn", n_neighbors=k) for k in (3, 5)]
    assert found == chosen(candidates, few, data.validation, data.test)


def test_a_run_reports_its_milestones_and_baselines(trained):
    recipe = replace(TINY["counts"], baselines=("nearest neighbours",))
    trained(recipe)
    outcome = run(recipe, seed=1, progress=False)
    assert outcome.figures["test error, epoch 1"] == outcome.history[0]["test error"]
    parts = outcome.labelled, outcome.data.validation, outcome.data.test
    assert outcome.figures["nearest neighbours test error"] == chosen(NEIGHBOURS, *parts)
    assert outcome.figures["seconds"] == outcome.history[-1]["seconds"] > outcome.history[0]["seconds"]


def test_the_card_of_a_model_has_its_seed_figures_and_deviations():
    recipe = replace(TINY["counts"], deviations="fewer rows")
    lines = _card(recipe, 3, {"test error": 5.0, "test bound": -80.25, "q(y | x)": 1}).splitlines()
    assert lines[0].startswith("Recipe `digits`, seed 3: ")
    assert {"| test error (%) | 5.00 |", "| test bound (nats) | -80.25 |", "Deviations: fewer rows"} <= set(lines)
    assert f"Paper: {recipe.paper}." in lines and r"| q(y \| x) (nats) | 1.00 |" in lines


def test_a_run_measures_with_its_own_seed(trained):
    """Features are classified by the labels of the seed, and a baseline begins from its parameters."""
    trained(TINY["features"])
    recipe = replace(TINY["features"], epochs=1)
    model, data, _, figures, _ = run(recipe, seed=1, progress=False)
    own, other = (measure(recipe, model, data, seed) for seed in (1, 0))
    assert own == {name: figures[name] for name in own} != other
    recipe = replace(TINY["table"], num_labels=20, epochs=1, baselines=("network without dropout",))
    trained(recipe)
    _, data, _, figures, _ = run(recipe, seed=1, progress=False)
    rows = labels_kept(recipe, data, 1)
    own, other = (BASELINES["network without dropout"](recipe, data, rows, seed) for seed in (1, 0))
    assert figures["network without dropout test error"] == own != other
