import math

import pytest
import torch

from pyrodgm.data import RingPotential

GRID = torch.linspace(-6, 6, 1201, dtype=torch.float64)
POINTS = torch.cartesian_prod(GRID, GRID)


def test_the_density_integrates_to_one_on_a_grid_of_its_own():
    density = RingPotential().log_prob(POINTS).exp()
    assert float(density.sum()) * 0.01**2 == pytest.approx(1, abs=1e-6)
    assert RingPotential().log_normaliser == pytest.approx(1.8775, abs=5e-5)


def test_the_energy_is_the_papers_formula():
    for z1, z2 in ((1.3, -0.7), (0.1, 1.9)):  # at one bump, and where both count
        ring = 0.5 * ((math.hypot(z1, z2) - 2) / 0.4) ** 2
        bumps = math.exp(-0.5 * ((z1 - 2) / 0.6) ** 2) + math.exp(-0.5 * ((z1 + 2) / 0.6) ** 2)
        assert float(RingPotential().energy(torch.tensor([z1, z2]))) == pytest.approx(ring - math.log(bumps), rel=1e-5)


def test_samples_have_the_densitys_moments():
    """Each mean within four standard errors of the integral over the grid."""
    potential = RingPotential()
    z, density = potential.sample((100_000,)).double(), potential.log_prob(POINTS).exp() * 0.01**2
    statistics = {
        "z1": lambda z: z[:, 0],
        "z1^2": lambda z: z[:, 0] ** 2,
        "z2": lambda z: z[:, 1],
        "z2^2": lambda z: z[:, 1] ** 2,
        "|z|": lambda z: z.norm(dim=-1),
        "|z|^3": lambda z: z.norm(dim=-1) ** 3,
        "z1^2 z2^2": lambda z: (z[:, 0] * z[:, 1]) ** 2,
        "near the ring's top": lambda z: (z[:, 0].abs() < 1).double(),
    }
    for name, statistic in statistics.items():
        values, expected = statistic(z), float((statistic(POINTS) * density).sum())
        error = float(values.std()) / len(values) ** 0.5
        assert float(values.mean()) == pytest.approx(expected, abs=4 * error + 1e-4), name


def test_shapes_in_a_plate():
    batch = RingPotential().expand((3, 1))
    z = batch.sample((5,))
    assert batch.batch_shape == (3, 1) and z.shape == (5, 3, 1, 2) and batch.log_prob(z).shape == (5, 3, 1)
    assert batch.log_prob(torch.zeros(2)).shape == (3, 1)


def test_the_seed_fixes_the_samples():
    torch.manual_seed(1)
    first = RingPotential().sample((10,))
    torch.manual_seed(1)
    assert torch.equal(first, RingPotential().sample((10,)))
