"""The comparison of AEVB, wake-sleep and Monte Carlo EM: training, counts, figures and files."""

import itertools
import json

import pyro
import pytest
import torch
from pyro.infer import SVI

from pyrodgm.data import Dataset, Rows
from pyrodgm.evaluate import log_likelihood
from pyrodgm.models import VAE
from pyrodgm.zoo.experiment import reproduce
from pyrodgm.zoo.experiments import aevb
from pyrodgm.zoo.experiments.aevb import AEVB, MCEM, WAKE_SLEEP, Setting


def grey(rows, seed):
    return Rows(torch.rand(rows, 8, generator=torch.Generator().manual_seed(seed)), torch.zeros(rows).long())


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Both figures at a size for tests, by plain steps."""
    data = Dataset("mnist", grey(340, 7), grey(20, 8), grey(40, 9), num_classes=10, image_shape=(2, 4))
    monkeypatch.setattr(aevb, "load", lambda name: data)
    monkeypatch.setattr(aevb, "CompiledSVI", SVI)
    monkeypatch.setattr(aevb, "TRIAL", 100)
    monkeypatch.setattr(aevb, "POINTS", [100, 200, 500])
    for name, settings in (
        ("2.5", [Setting(AEVB, 2, 300), Setting(WAKE_SLEEP, 2, 300)]),
        ("2.5-freyfaces", [Setting(AEVB, 2, 340), Setting(WAKE_SLEEP, 2, 340)]),
        ("2.6", [Setting(a, 2, 200) for a in (AEVB, WAKE_SLEEP, MCEM)]),
    ):
        figure = aevb.FIGURES[name]._replace(settings=settings, hidden=4, num_evaluated=10, evaluate=aevb.row_bounds)
        monkeypatch.setitem(aevb.FIGURES, name, figure)


@pytest.mark.parametrize("z_size", [2, 3])
def test_log_p_on_a_grid_sums_to_one_over_every_x(z_size):
    m = VAE(5, z_size, (6,), activation="tanh").double()
    every_x = torch.tensor(list(itertools.product([0.0, 1.0], repeat=5))).double()
    assert float(aevb.log_p_on_grid(m, every_x).exp().sum()) == pytest.approx(
        1, abs=1e-3
    )  # what lies beyond four sigma


def test_log_p_on_a_grid_is_that_of_importance_weights():
    m = VAE(6, 2, (8,), activation="tanh").double()
    with torch.no_grad():
        for parameter in m.p_x.parameters():
            parameter.mul_(3)
    x = torch.rand(4, 6).round().double()
    for row, value in zip(x, aevb.log_p_on_grid(m, x), strict=True):
        estimates = torch.tensor([log_likelihood(m, row[None], num_samples=2000).mean for _ in range(10)])
        assert float(value) == pytest.approx(float(estimates.mean()), abs=4 * float(estimates.std()) / 10**0.5 + 1e-3)


@pytest.mark.parametrize(
    ("algorithm", "seen"), [(AEVB, [100, 200, 500, 700]), (WAKE_SLEEP, [100, 200, 500, 700]), (MCEM, [500, 1000])]
)
def test_rows_are_counted_as_often_as_they_are_trained_on(algorithm, seen):
    curve = aevb.curve(aevb.FIGURES["2.6"], Setting(algorithm, 2, 200), samples=700)
    assert [point["samples"] for point in curve["points"]] == seen
    assert curve["points"][-1]["train"] != curve["points"][0]["train"]


def test_the_step_size_is_the_best_one_after_the_first_rows(monkeypatch):
    trained = []

    def train(figure, setting, x, parts, rate, samples, seed):
        trained.append((rate, samples))
        last = {0.01: -3.0, 0.02: -1.0, 0.1: -2.0}[rate]
        return [{"train": -9.0 - last, "test": 0.0}, {"train": last, "test": -9.0 - last}]

    monkeypatch.setattr(aevb, "_train", train)
    assert aevb.curve(aevb.FIGURES["2.5"], Setting(AEVB, 2, 300), samples=400)["learning rate"] == 0.02
    assert trained == [(0.01, 100), (0.02, 100), (0.1, 100), (0.02, 400)]


def test_a_seed_has_its_own_parameters_and_its_figures_are_those_of_the_last_point():
    """The model is the thesis's: one hidden layer of tanh units."""
    setting = Setting(AEVB, 2, 300)
    part = next(name for name, found in aevb.settings_of("2.5").items() if found == setting)
    measured = [aevb.measure("2.5", part, seed, samples=400) for seed in (0, 1)]
    for seed, (figures, details) in enumerate(measured):
        points = aevb.curve(aevb.FIGURES["2.5"], setting, 400, seed)["points"]
        assert details["points"] == points and len(points) == 3
        assert figures == {f"{part}: {rows} bound": points[-1][rows] for rows in ("train", "test")}
    first, second = (details["points"] for _, details in measured)
    assert all(one["test"] != other["test"] for one, other in zip(first, second, strict=True))


def test_a_curve_is_the_same_however_often_it_is_evaluated(monkeypatch):
    often = aevb.curve(aevb.FIGURES["2.5"], Setting(AEVB, 2, 300), samples=700)["points"]
    monkeypatch.setattr(aevb, "POINTS", [])
    assert aevb.curve(aevb.FIGURES["2.5"], Setting(AEVB, 2, 300), samples=700)["points"] == often[-1:]


def test_the_model_has_small_parameters_and_one_layer_of_tanh_units(monkeypatch):
    made, real = [], aevb.VAE
    monkeypatch.setattr(aevb, "VAE", lambda *sizes, **options: made.append(real(*sizes, **options)) or made[-1])
    monkeypatch.setattr(aevb, "_batches", lambda num_rows: iter([torch.arange(100)]))
    monkeypatch.setattr(aevb, "CompiledSVI", lambda *pair: type("Still", (), {"step": lambda self, x: 0.0})())
    aevb.curve(aevb.FIGURES["2.5"], Setting(AEVB, 2, 300), samples=100)
    model = made[-1]
    values = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
    assert float(values.std()) == pytest.approx(0.01, rel=0.3) and float(values.abs().max()) < 0.05
    assert model.arguments["activation"] == "tanh" and model.arguments["hidden"] == (4,)


def test_it_trains_on_the_first_rows_binarised_and_measures_both_parts(monkeypatch):
    drawn, real = [], aevb.binarise
    monkeypatch.setattr(aevb, "binarise", lambda *arguments: drawn.append(real(*arguments)) or drawn[-1])
    stepped = []

    class Steps:
        def __init__(self, *pair):
            pass

        def step(self, x):
            stepped.append(x)
            return 0.0

    monkeypatch.setattr(aevb, "CompiledSVI", Steps)
    figure = aevb.FIGURES["2.6"]._replace(evaluate=lambda model, x: x.sum(-1))
    (point,) = aevb.curve(figure, Setting(AEVB, 2, 200), samples=200)["points"][-1:]
    x, test = drawn
    assert set(x.unique().tolist()) == set(test.unique().tolist()) == {0.0, 1.0}
    epoch = torch.cat(stepped[-2:])
    assert sorted(epoch.tolist()) == sorted(x[:200].tolist())
    assert point == {
        "samples": 200,
        "train": pytest.approx(x[:10].sum(-1).mean().item()),
        "test": pytest.approx(test[:10].sum(-1).mean().item()),
    }


@pytest.mark.parametrize("name", ["2.5-freyfaces", "2.6"])
def test_a_figure_goes_on_after_its_last_curve(name, tmp_path, monkeypatch):
    experiment = {found.name: found for found in aevb.experiments()}[f"figure-{name}"]
    changed = experiment.with_settings(["samples=100"])
    path, drawn = reproduce(changed[0], tmp_path, 1, changed[1])
    assert drawn.name == f"figure-{name}+samples=100.png" and drawn.stat().st_size > 10_000
    before = json.loads(path.read_text())
    trained = []
    curve = aevb.curve
    monkeypatch.setattr(aevb, "curve", lambda *arguments: trained.append(arguments[-1]) or curve(*arguments))
    reproduce(changed[0], tmp_path, 2, changed[1])
    settings = aevb.FIGURES[name].settings
    assert trained == [1] * len(settings)
    record = json.loads(path.read_text())
    assert record["details"]["0"] == before["details"]["0"] and record["details"].keys() == {"0", "1"}
    assert record["command"] == f"pyrodgm reproduce figure-{name} --seeds 2 --set samples=100"
    assert "100 training rows instead of" in record["deviations"]
    last = before["details"]["0"][experiment.parts[0]]["points"][-1]
    figures = record["figures"]["0"]
    assert list(figures.values())[:2] == [last["train"], last["test"]] and experiment.figure in figures
    assert len(figures) == 2 * len(settings)
    assert f"![figure-{name}+samples=100](figure-{name}+samples=100.png)" in (tmp_path / "README.md").read_text()


def test_grey_rows_of_faces_are_trained_on_in_whole_batches(monkeypatch):
    stepped = []

    class Steps:
        def __init__(self, *pair):
            pass

        def step(self, x):
            stepped.append(x)
            return 0.0

    monkeypatch.setattr(aevb, "CompiledSVI", Steps)
    figure = aevb.FIGURES["2.5-freyfaces"]._replace(evaluate=lambda model, x: x.sum(-1))
    aevb.curve(figure, Setting(AEVB, 2, 340), samples=400)
    assert {len(x) for x in stepped} == {100}
    assert len(torch.cat(stepped[-4:-1]).unique(dim=0)) == 300
    assert torch.cat(stepped).unique().numel() > 2


def test_a_step_size_that_leads_to_nan_is_not_chosen(monkeypatch):
    def train(figure, setting, x, parts, rate, samples, seed):
        if rate == 0.1:
            raise FloatingPointError("the loss is nan")
        return [{"train": -rate}]

    monkeypatch.setattr(aevb, "_train", train)
    assert aevb.curve(aevb.FIGURES["2.5"], Setting(AEVB, 2, 300), samples=400)["learning rate"] == 0.01


def test_a_loss_that_is_not_finite_stops_it(monkeypatch):
    monkeypatch.setattr(aevb, "CompiledSVI", lambda *pair: type("Broken", (), {"step": lambda self, x: float("nan")})())
    with pytest.raises(FloatingPointError, match="the loss is nan after 0 rows of .*'AEVB'.* at rate 0.01"):
        aevb.curve(aevb.FIGURES["2.5"], Setting(AEVB, 2, 300), samples=400)


def test_wake_sleep_takes_the_wake_sleep_objective(monkeypatch):
    seen = []
    monkeypatch.setattr(aevb, "CompiledSVI", lambda *pair: seen.append(type(pair[-1]).__name__) or SVI(*pair))
    for algorithm in (AEVB, WAKE_SLEEP):
        aevb.curve(aevb.FIGURES["2.5"], Setting(algorithm, 2, 300), samples=100)
    assert seen == ["TraceMeanField_ELBO"] * 4 + ["WakeSleep"] * 4


def test_steps_are_of_adagrad_with_the_prior_of_every_parameter(monkeypatch):
    """A first step of Adagrad is the rate times the sign of the gradient; the prior N(0, I) of 300 rows adds w / 3."""
    seen = []
    real = aevb.Optimizer

    def optimizer(kind, options):
        seen.append((kind, options))
        return real(kind, options)

    monkeypatch.setattr(aevb, "Optimizer", optimizer)
    pyro.set_rng_seed(0)
    aevb.curve(aevb.FIGURES["2.5"], Setting(AEVB, 2, 300), samples=100)
    assert seen[0] == (torch.optim.Adagrad, {"lr": 0.01, "weight_decay": 100 / 300})
