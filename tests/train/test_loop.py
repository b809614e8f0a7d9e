import math

import pytest
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.optim import Adam, ExponentialLR

from pyrodgm.data import Batches
from pyrodgm.models import VAE
from pyrodgm.train import fit
from tests.pairs import rows, small


class Fake:
    """Records what the loop asks of an SVI."""

    def __init__(self, losses):
        self.losses, self.seen, self.optim = iter(losses), [], None

    def step(self, **batch):
        self.seen.append(batch)
        return next(self.losses)


def test_history_has_the_mean_loss_of_every_epoch():
    history = fit(Fake([1.0, 3.0, 5.0, 7.0]), [{"x": 1}, {"x": 2}], epochs=2, progress=False)
    assert [(row["epoch"], row["loss"]) for row in history] == [(1, 2.0), (2, 6.0)]
    assert 0 <= history[0]["seconds"] <= history[1]["seconds"]


def test_the_figures_of_an_epoch_join_its_row():
    history = fit(Fake([1.0] * 3), [{}], 3, measure=lambda e: {"error": 10 * e} if e > 1 else {}, progress=False)
    assert [row.get("error") for row in history] == [None, 20, 30]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_the_run(loss):
    with pytest.raises(FloatingPointError, match="the loss is (nan|inf) at epoch 2, batch 1"):
        fit(Fake([1.0, 1.0, loss]), [{}, {}], 3, progress=False)


def test_warm_up_rises_to_one_and_is_left():
    model = small(VAE)
    x = rows(model)[0]
    temperatures = []

    class Scales(Trace_ELBO):
        def loss_and_grads(self, model, guide, *args, **kwargs):
            for pair, _ in self._get_traces(model, guide, args, kwargs):
                temperatures.append(float(pair.nodes["z"]["scale"]))
            return 0.0

    svi = SVI(model.model, model.guide, Adam({"lr": 0.0}), Scales())
    fit(svi, Batches(x, 7), epochs=6, warm_up_epochs=4, progress=False)
    assert temperatures == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_a_pyro_scheduler_steps_once_an_epoch():
    model = small(VAE)
    x = rows(model)[0]
    optim = ExponentialLR({"optimizer": torch.optim.SGD, "optim_args": {"lr": 1e-4}, "gamma": 0.5})
    svi = SVI(model.model, model.guide, optim, Trace_ELBO())
    fit(svi, Batches(x, 3), epochs=3, progress=False)
    rates = {scheduler.get_last_lr()[0] for scheduler in optim.optim_objs.values()}
    assert rates == {1e-4 / 8}


def test_it_trains():
    model = small(VAE)
    x = torch.tensor([[1.0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]).repeat(50, 1)
    svi = SVI(model.model, model.guide, Adam({"lr": 2e-2}), Trace_ELBO(max_plate_nesting=1))
    history = fit(svi, Batches(x, 20), epochs=60, warm_up_epochs=5, progress=False)
    assert history[-1]["loss"] < 0.7 * history[0]["loss"]


def test_the_bar_shows_the_figures(capsys):
    fit(Fake([1.0]), [{}], 1, measure=lambda epoch: {"error": 12.345}, description="digits")
    shown = capsys.readouterr().err
    assert "digits" in shown and "error=12.35" in shown and "loss=1.00" in shown
