"""Data sets in the plane, made on the spot."""

import math

import torch

from pyrodgm.data.dataset import Dataset, Rows
from pyrodgm.distributions.potential import RingPotential

SIZES = (10_000, 1_000, 10_000)


def moons(noise=0.1, seed=0):
    """Two half-moons (Maaløe et al. 2016, sec. 4.2): 10,000 rows to train on, 1,000 for validation, 10,000 to test.

    top = (cos t, sin t), bottom = (1 - cos t, 1 - sin t - 0.5), t uniform in [0, pi], plus normal noise.

    Args:
        noise: standard deviation of the noise, which the paper does not state.
        seed: fixes the draw.
    """

    def curves(y, uniform):
        t = math.pi * uniform
        top = torch.stack([t.cos(), t.sin()], -1)
        bottom = torch.stack([1 - t.cos(), 1 - t.sin() - 0.5], -1)
        return torch.where(y[:, None] == 0, top, bottom)

    return _two_curves("moons", curves, noise, seed)


def circles(noise=0.05, factor=0.5, seed=0):
    """Two concentric circles (Jurasiński, sec. 3.1): 10,000 rows to train on, 1,000 for validation, 10,000 to test.

    outer = (cos t, sin t), inner = factor (cos t, sin t), t uniform in [0, 2 pi], plus normal noise. The author takes
    10,000 points from scikit-learn's generator, 50 of them labelled, and states neither the noise nor the factor;
    those here are of scikit-learn's own examples.

    Args:
        noise: standard deviation of the noise.
        factor: radius of the inner circle, between 0 and 1.
        seed: fixes the draw.
    """
    if not 0 < factor < 1:
        raise ValueError(f"factor: got {factor}, want the inner circle's radius between 0 and 1")

    def curves(y, uniform):
        t = 2 * math.pi * uniform
        return torch.stack([t.cos(), t.sin()], -1) * torch.where(y[:, None] == 0, 1.0, factor)

    return _two_curves("circles", curves, noise, seed)


def potential(seed=0):
    """Exact samples of ``RingPotential`` (Rezende and Mohamed 2015, table 1): 10,000, 1,000 and 10,000 rows, no labels.

    Args:
        seed: fixes the draw.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = [Rows(RingPotential().sample((rows,))) for rows in SIZES]
    return Dataset("potential", *parts)


def _two_curves(name, curves, noise, seed):
    """Rows of two classes in turn: ``curves(y, uniform)`` plus noise."""
    if not noise >= 0:
        raise ValueError(f"noise: got {noise}, want a standard deviation of at least zero")
    generator = torch.Generator().manual_seed(seed)
    parts = []
    for rows in SIZES:
        y = torch.arange(rows) % 2
        x = curves(y, torch.rand(rows, generator=generator)) + noise * torch.randn(rows, 2, generator=generator)
        parts.append(Rows(x, y))
    return Dataset(name, *parts, num_classes=2)
