"""What the estimators share of training."""

from types import SimpleNamespace

import torch
from pyro.infer import Trace_ELBO

from pyrodgm.data import Batches
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
