"""A density without data: the loss by hand, which parameters train, and the KL divergence in the gap."""

import copy
import math
import pickle

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, Predictive, Trace_ELBO
from pyro.optim import Adam

from pyrodgm.data import RingPotential
from pyrodgm.handlers import annealed
from pyrodgm.infer import CompiledSVI
from pyrodgm.models import DensityModel
from pyrodgm.nn.trunk import Linear
from tests import by_hand, by_hand_posteriors
from tests.models.test_matrix import noise_of
from tests.pairs import POSTERIORS, name

OPTIONS = [{"posterior": p} for p in POSTERIORS] + [{"a_size": 3, "hidden": (5,)}, {"a_size": 2, "posterior": "full"}]


def label(options):
    return "-".join([name(options.get("posterior", "normal")), *(["auxiliary"] if "a_size" in options else [])])


def energy(z):
    """U(z) of Rezende and Mohamed 2015, table 1."""
    bumps = (-0.5 * ((z[..., 0] - 2) / 0.6) ** 2).exp() + (-0.5 * ((z[..., 0] + 2) / 0.6) ** 2).exp()
    return 0.5 * (((z**2).sum(-1).sqrt() - 2) / 0.4) ** 2 - bumps.log()


@pytest.mark.parametrize("options", OPTIONS, ids=label)
def test_the_loss_is_the_formula_by_hand(options):
    m = DensityModel(RingPotential(), **options).double()
    seen = []

    def guide(size):
        with poutine.trace() as capture:
            m.guide(size)
        seen.append(capture.trace.nodes)

    with annealed(torch.tensor(0.25)):
        loss = Trace_ELBO().differentiable_loss(m.model, guide, 4)
    a = seen[0]["a"]["value"] if m.a_size else torch.ones(4, 1).double()
    mu, log_variance = by_hand.moments(m.q_z, a)
    z_0 = mu + (0.5 * log_variance).exp() * noise_of(seen[0]["z"])
    z, log_det = z_0, 0.0
    if name(options.get("posterior", "normal")) != "normal":
        z, log_det = by_hand_posteriors.transformed(m.q_z, z_0, mu, by_hand.mlp(m.q_z.trunk, a))
    log_q = by_hand.log_normal(z_0, mu, log_variance) - log_det
    log_p = 0.25 * (-energy(z) - RingPotential().log_normaliser)
    if m.a_size:
        log_q = log_q + by_hand.log_normal(a, *by_hand.standard(a))
        log_p = log_p + by_hand.log_normal(a, *by_hand.moments(m.p_a, z))
    expected = (log_q - log_p).sum()
    torch.testing.assert_close(loss, expected, rtol=1e-8, atol=0)
    parameters = list(m.parameters())
    for got, want in zip(torch.autograd.grad(loss, parameters), torch.autograd.grad(expected, parameters), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-7, atol=1e-9)


def test_every_network_has_the_options():
    m = DensityModel(RingPotential(), a_size=3, hidden=(5,), activation="tanh", weight_norm=True)
    for net, x in ((m.q_z, torch.randn(4, 3)), (m.p_a, torch.randn(4, 2))):
        (features,) = net.trunk(x)
        torch.testing.assert_close(features, net.trunk.layers[0](x).tanh())
        assert all(layer.gain is not None for layer in net.modules() if isinstance(layer, Linear))


def losses(m, make=SVI, steps=5):
    svi = make(m.model, m.guide, Adam({"lr": 1e-2}), Trace_ELBO())
    return [svi.step(size) for size in (16, 16, 16, 7, 16)[:steps]]


@pytest.mark.parametrize("options", OPTIONS, ids=label)
def test_every_parameter_moves_in_copies_and_pickles_too(options):
    m = DensityModel(RingPotential(), **options)
    losses(m, steps=1)
    for trained in (m, copy.deepcopy(m), pickle.loads(pickle.dumps(m))):
        before = {key: value.clone() for key, value in trained.state_dict().items()}
        losses(trained, steps=1)
        assert not [key for key, value in trained.state_dict().items() if torch.equal(before[key], value)]


def test_replayed_steps_are_the_plain_ones_while_beta_rises():
    found = {}
    for backend in (None, "replay"):
        pyro.set_rng_seed(0)
        m = DensityModel(RingPotential(), ("iaf", {"num_steps": 1, "step": "affine"}))
        make = SVI if backend is None else lambda *args: CompiledSVI(*args, backend="replay")
        svi, beta = make(m.model, m.guide, Adam({"lr": 1e-2}), Trace_ELBO()), torch.tensor(0.05)
        found[backend] = []
        with annealed(beta):
            for step in range(5):
                found[backend].append(svi.step(16))
                beta.fill_(0.1 * (step + 1))
    assert found["replay"] == pytest.approx(found[None], rel=1e-6)
    assert {row["backend"] for row in svi.explain()} == {"replay"}


def test_the_bound_is_log_z_where_q_is_p():
    """Also of a density that is not normalised."""

    class Unnormalised(dist.MultivariateNormal):
        def log_prob(self, value):
            return super().log_prob(value) + 3.7

    m = DensityModel(Unnormalised(torch.tensor([1.0, -2.0]), scale_tril=torch.tensor([[2.0, 0.0], [0.0, 0.5]])))
    with torch.no_grad():
        for layer in (m.q_z.loc, m.q_z.log_variance):
            layer.weight.zero_()
        m.q_z.loc.bias.copy_(torch.tensor([1.0, -2.0]))
        m.q_z.log_variance.bias.copy_(2 * torch.tensor([2.0, 0.5]).log())
    assert Trace_ELBO().loss(m.model, m.guide, 10) / 10 == pytest.approx(-3.7, rel=1e-5)


@pytest.mark.parametrize("posterior", [("planar", {"num_steps": 2}), ("iaf", {"step": "affine"})], ids=name)
def test_what_the_bound_lacks_is_the_kl_divergence(posterior):
    m = DensityModel(RingPotential(), posterior).double()
    grid = torch.linspace(-12, 12, 241).double()
    points = torch.cartesian_prod(grid, grid)
    with torch.no_grad():
        log_q = m.q_z(m.one).log_prob(points)
        kl = float((log_q.exp() * (log_q - RingPotential().log_prob(points))).sum()) * 0.1**2
        rows = torch.stack([torch.tensor(Trace_ELBO().loss(m.model, m.guide, 2000)) / 2000 for _ in range(20)])
    assert float(rows.mean()) == pytest.approx(kl, abs=4 * float(rows.std()) / math.sqrt(20))


@pytest.mark.parametrize("options", [{}, {"a_size": 3}])
def test_draws_of_both(options):
    m = DensityModel(RingPotential(), **options)
    assert m.model(7).shape == m.guide(7).shape == (7, 2)
    assert Predictive(m.model, num_samples=3)(5)["z"].shape == (3, 5, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DensityModel(dist.Normal(0.0, 1.0)), r"density: got event shape \(\), want that of a vector, \(D,\)"),
        (lambda: DensityModel(RingPotential(), a_size=0), "a_size: got 0, want a positive int"),
        (lambda: DensityModel(RingPotential(), posterior="flow"), "posterior: got 'flow', want one of full, iaf"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
