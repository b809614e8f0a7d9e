"""Training shared by the estimators."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pyro.infer import Trace_ELBO

from pyrodgm.data import Batches
from pyrodgm.estimators import DeepGenerativeClassifier
from pyrodgm.estimators.training import train
from pyrodgm.models import VAE
from tests.pairs import rows, small


def test_the_learning_rate_falls_over_the_second_half(monkeypatch):
    rates = []

    class Watched(torch.optim.Adam):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    monkeypatch.setattr("torch.optim.Adam", Watched)
    model = small(VAE, hidden=())
    settings = SimpleNamespace(epochs=8, learning_rate=0.5, warm_up_epochs=0, patience=1, verbose=False)
    train(model, Trace_ELBO(), Batches(rows(model)[0], 7), settings)
    falling = [0.5 * share for share in (1, 1, 1, 1, 1, 0.75, 0.5, 0.25)]
    assert [rates[i] for i in range(0, len(rates), len(rates) // 8)] == falling


@pytest.mark.parametrize("monitor", [None, "bound"])
def test_the_settings_of_an_estimator_are_those_of_its_training(monkeypatch, monitor):
    """Patience is for a figure that is watched."""
    seen = {}
    monkeypatch.setattr("pyrodgm.estimators.training.fit", lambda *args, **options: seen.update(options, args=args))
    model = small(VAE, hidden=())
    settings = SimpleNamespace(epochs=8, learning_rate=0.5, warm_up_epochs=3, patience=4, verbose=2)
    train(model, Trace_ELBO(), Batches(rows(model)[0], 7), settings, monitor=monitor)
    assert (seen["args"][2], seen.get("warm_up_epochs"), seen["monitor"], seen["progress"]) == (8, 3, monitor, True)
    assert seen["patience"] == (None if monitor is None else 4) and not model.training


def test_alpha_counts_the_labels_that_are_learnt_from(watched):
    """beta (N_l + N_u) / N_l: 24 of 40 rows have labels, 6 of which are held out."""
    x, y = np.random.RandomState(0).rand(40, 3), np.arange(40) % 2
    y[24:] = -1
    options = {"z_size": 1, "hidden": (4,), "epochs": 1, "random_state": 0, "beta": 0.3}
    for share in (0.25, 0):
        DeepGenerativeClassifier("m2", validation_fraction=share, **options).fit(x, y)
    assert [run.svi.loss.__self__.alpha for run in watched] == pytest.approx([0.3 * 40 / 18, 0.3 * 40 / 24])


def test_batches_are_of_equal_size(watched):
    """Of 150 rows, batches of up to 100 are 75 rows each, beside all 20 labels."""
    x, y = np.random.RandomState(0).rand(150, 3), np.where(np.arange(150) < 20, np.arange(150) % 2, -1)
    options = {"z_size": 1, "hidden": (4,), "epochs": 1, "batch_size": 100, "random_state": 0}
    DeepGenerativeClassifier("m2", **options).fit(x, y)
    sizes = [(len(batch["unlabelled"]), len(batch["labelled"][0])) for batch in watched[0].batches]
    assert sizes == [(75, 20), (75, 20)]


def test_the_seed_decides_the_order_of_the_rows(watched):
    x, y = np.array([[i >> bit & 1 for bit in range(6)] for i in range(60)], float), np.arange(60) % 2
    options = {"z_size": 1, "hidden": (4,), "epochs": 1, "batch_size": 20, "validation_fraction": 0}
    for seed in (1, 1, 2):
        DeepGenerativeClassifier("m2", random_state=seed, **options).fit(x, y)
    first, again, other = (torch.cat([batch["unlabelled"] for batch in run.batches]) for run in watched)
    assert torch.equal(first, again) and not torch.equal(first, other)
