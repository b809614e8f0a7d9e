"""Monte Carlo EM: samples against an exact posterior, updates by hand."""

import math

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.optim import SGD, Adam

from pyrodgm.infer import MonteCarloEM
from pyrodgm.infer.monte_carlo_em import _HMC
from pyrodgm.models import M2, VAE
from tests.pairs import small

W = torch.tensor([[1.0, 0.5], [-0.3, 2.0], [0.8, -0.4]]).double()
SIGMA = 0.5


def linear_gaussian(x):
    """z ~ N(0, I), x ~ N(W z + b, sigma^2)."""
    b = pyro.param("b", torch.tensor([0.1, -0.2, 0.3]).double())
    with pyro.plate("rows of mine", len(x)):
        z = pyro.sample("z", dist.Normal(torch.zeros(2).double(), 1.0).to_event(1))
        pyro.sample("x", dist.Normal(z @ W.T + b, SIGMA).to_event(1), obs=x)


def frozen(x, **options):
    """Monte Carlo EM whose parameters stay."""
    return MonteCarloEM(linear_gaussian, SGD({"lr": 0.0}), x, **options)


def test_draws_are_those_of_the_posterior():
    """p(z | x) = N(S W'(x - b) / sigma^2, S), S = (I + W'W / sigma^2)^-1, of one x that 200 rows share.

    Mean and second moments of 60 draws a row within 4.5 standard errors, which are those of the 200 rows' averages.
    """
    x = torch.tensor([1.0, -1.5, 0.5]).double()
    em = frozen(x.expand(200, 3).clone())
    rows, draws, moved = torch.arange(200), [], 0
    for step in range(100):
        before = em.latents["z"].clone()
        draw = em.draw(rows)["z"]
        assert torch.equal(em.latents["z"], draw)
        if step >= 40:
            draws.append(draw.clone())
            moved += not torch.equal(before, draw)
    covariance = torch.linalg.inv(torch.eye(2).double() + W.T @ W / SIGMA**2)
    mean = covariance @ W.T @ (x - torch.tensor([0.1, -0.2, 0.3]).double()) / SIGMA**2
    centred = torch.stack(draws) - mean  # (60, 200, 2)
    squares = torch.stack([centred[..., i] * centred[..., j] for i, j in ((0, 0), (0, 1), (1, 1))], -1)
    for found, want in ((centred, torch.zeros(2)), (squares, covariance[[0, 0, 1], [0, 1, 1]])):
        by_row = found.mean(0)
        error = by_row.std(0) / math.sqrt(200)
        assert ((by_row.mean(0) - want).abs() < 4.5 * error).all()
    assert moved / 60 == pytest.approx(0.9, abs=0.12)  # three standard deviations of 60 tosses


def test_a_transition_has_as_many_leapfrog_steps_as_asked_for():
    calls = []

    def model(x):
        calls.append(1)
        linear_gaussian(x)

    em = MonteCarloEM(model, SGD({"lr": 0.0}), torch.randn(6, 3).double(), num_steps=7)
    em.draw(torch.arange(6))
    calls.clear()
    em.draw(torch.arange(6))
    assert len(calls) == 1 + 7  # the gradient at the start, and after every step


def test_the_acceptance_that_is_asked_for_is_the_one_obtained():
    em = frozen(torch.randn(20, 3).double(), acceptance=0.5)
    moved = 0
    for step in range(100):
        before = em.latents["z"].clone()
        em.draw(torch.arange(20))
        moved += step >= 40 and not torch.equal(before, em.latents["z"])
    assert moved / 60 == pytest.approx(0.5, abs=0.2)  # three standard deviations of 60 tosses


def test_the_m_step_ascends_log_p_of_x_and_z():
    x = torch.randn(6, 3).double()
    em = MonteCarloEM(linear_gaussian, SGD({"lr": 0.01}), x, num_updates=3)
    rows = torch.tensor([4, 1, 2])
    untouched = em.latents["z"][[0, 3, 5]].clone()
    loss = em.step(rows)
    assert torch.equal(em.latents["z"][[0, 3, 5]], untouched)
    b, z, losses = torch.tensor([0.1, -0.2, 0.3]).double(), em.latents["z"][rows], []
    constant = 3 * (1.5 * math.log(2 * math.pi * SIGMA**2) + math.log(2 * math.pi))
    for _ in range(3):
        residual = x[rows] - z @ W.T - b
        losses.append((residual**2 / (2 * SIGMA**2)).sum() + (z**2 / 2).sum() + constant)
        b = b + 0.01 * residual.sum(0) / SIGMA**2
    torch.testing.assert_close(pyro.param("b").detach(), b, rtol=1e-9, atol=0)
    assert loss == pytest.approx(sum(losses).item() / 3, rel=1e-9)


def test_it_finds_the_maximum_of_the_likelihood():
    """Of x ~ N(W z + b, sigma^2) that is b, the mean of x."""
    x = 1.0 + torch.randn(100, 3).double()
    em = MonteCarloEM(linear_gaussian, Adam({"lr": 0.05}), x)
    averages = []
    for _ in range(60):
        em.step(torch.arange(100))
        averages.append(pyro.param("b").detach().clone())
    # posterior samples of 100 rows leave about 0.03 on an average
    torch.testing.assert_close(torch.stack(averages[40:]).mean(0), x.mean(0), rtol=0, atol=0.15)


def test_a_model_of_the_zoo_trains_without_its_guide():
    m = small(VAE)
    em = MonteCarloEM(m.model, Adam({"lr": 0.01}), torch.rand(20, 6).round())
    before = {name: p.detach().clone() for name, p in m.named_parameters()}
    losses = [sum(em.step(rows) for rows in torch.randperm(20).split(10)) for _ in range(10)]
    assert losses[-1] < losses[0]
    moved = {name for name, p in m.named_parameters() if not torch.equal(p, before[name])}
    assert moved == {name for name in before if name.startswith("p_x")}


X = torch.rand(5, 6).round()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MonteCarloEM(small(VAE).model, None, X, num_steps=0), "num_steps: got 0, want a positive int"),
        (lambda: MonteCarloEM(small(VAE).model, None, X, num_updates=1.5), "num_updates: got 1.5, want a positive int"),
        (lambda: MonteCarloEM(small(VAE).model, None, X, acceptance=1), "acceptance: got 1, want a number between 0"),
        (lambda: MonteCarloEM(small(VAE).model, None, X, acceptance=math.nan), "acceptance: got nan, want a number"),
        (lambda: MonteCarloEM(small(VAE).model, None, X[0]), r"x: got shape \(6,\), want \(B, 6\)"),
        (lambda: MonteCarloEM(small(VAE).model, None, X / 0), "x: got .* NaN or infinite values, want finite numbers"),
        (
            lambda: MonteCarloEM(small(M2).model, None, X),
            "model: got site 'y' with values in .*, want real values, which HMC",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_another_number_of_rows_is_refused():
    em = frozen(torch.randn(6, 3).double())
    em.draw(torch.arange(4))
    with pytest.raises(ValueError, match="rows: got 2, want 4, as many as at the first step"):
        em.draw(torch.arange(2))


def test_the_mass_stays_one_however_many_transitions_there_are():
    kernel, latents = _HMC(lambda z: 50 * (z["z"] ** 2).sum(), 2, acceptance=0.9), {"z": torch.zeros(3, 1)}
    for _ in range(110):  # Pyro would adapt the mass after 100
        latents = kernel.move(latents)
    (inverse_mass,) = kernel.inverse_mass_matrix.values()
    assert inverse_mass.tolist() == [1.0, 1.0, 1.0]
