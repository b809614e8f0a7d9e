"""The figures of the named posteriors on the ring potential."""

import json
import math

import pytest
import torch
from pyro.infer import Trace_ELBO
from torch.distributions import Normal

from pyrodgm.data import RingPotential
from pyrodgm.handlers import annealed
from pyrodgm.isolation import isolated
from pyrodgm.models import DensityModel
from pyrodgm.zoo.experiment import reproduce
from pyrodgm.zoo.experiments import ring_potential
from pyrodgm.zoo.experiments.ring_potential import POSTERIORS, figures, fit_density


def test_the_figures_are_those_of_a_known_normal():
    """q = N((2, 0), 0.3^2 I), whose bound is an integral over the plane."""
    m = DensityModel(RingPotential())
    with torch.no_grad():
        for layer, bias in ((m.q_z.loc, [2.0, 0.0]), (m.q_z.log_variance, [2 * math.log(0.3)] * 2)):
            layer.weight.zero_()
            layer.bias.copy_(torch.tensor(bias))
    grid = torch.linspace(-4, 6, 1001).double()
    points = torch.cartesian_prod(grid, grid)
    log_q = Normal(torch.tensor([2.0, 0.0]), 0.3).log_prob(points).sum(-1)
    expected = float((log_q.exp() * (log_q - RingPotential().log_prob(points))).sum()) * 0.01**2
    found = figures(m)
    assert found["nats below log Z"] == pytest.approx(expected, abs=0.01)
    assert found["% of draws in the rarer mode"] == 0
    assert figures(m) == found


def test_training_is_annealed_lowers_the_bounds_distance_and_leaves_no_trace(monkeypatch):
    weights = []
    whole = ring_potential.annealed.__init__

    def noted(self, beta, **options):
        weights.append(beta)
        whole(self, beta, **options)

    monkeypatch.setattr(ring_potential.annealed, "__init__", noted)
    before = torch.get_rng_state()
    m = fit_density("normal", steps=200, backend="off")
    assert torch.equal(torch.get_rng_state(), before)
    assert float(weights[0]) == 1.0
    again = fit_density("normal", steps=200, backend="off")
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in m.state_dict().items())
    untrained = figures(fit_density("normal", steps=1, backend="off"))
    assert figures(m)["nats below log Z"] < 0.5 * untrained["nats below log Z"]


@pytest.mark.parametrize(("posterior", "rate"), [("normal", 0.01), ("gated IAF", 0.003)])
def test_the_learning_rate_falls_over_the_second_half_of_the_steps(posterior, rate):
    found = fit_density(posterior, steps=8, backend="off").state_dict()
    with isolated(0):
        m = DensityModel(RingPotential(), **POSTERIORS[posterior])
        optim = torch.optim.Adam(m.parameters())
        for step, factor in enumerate((1, 1, 1, 1, 1, 0.75, 0.5, 0.25)):
            optim.param_groups[0]["lr"] = rate * factor
            optim.zero_grad()
            with annealed(torch.tensor(min(1.0, 0.05 + 0.95 * step / 4))):
                Trace_ELBO().differentiable_loss(m.model, m.guide, 256).backward()
            optim.step()
    for name, value in m.state_dict().items():
        torch.testing.assert_close(found[name], value, rtol=1e-5, atol=1e-6)


def test_the_table_is_written(tmp_path):
    experiment, changed = ring_potential.experiments()[0].with_settings(["steps=5"])
    (path,) = reproduce(experiment, tmp_path, 2, changed, ["normal"])
    record = json.loads(path.read_text())
    assert path.name == "ring-potential+steps=5.json"
    assert record["command"] == "pyrodgm reproduce ring-potential --seeds 2 --set steps=5"
    expected = figures(fit_density("normal", 5, 1, backend="off"))
    assert record["figures"]["1"]["normal: nats below log Z"] == pytest.approx(expected["nats below log Z"], rel=1e-5)
    assert set(record["figures"]) == {"0", "1"} and len(record["figures"]["0"]) == 2
