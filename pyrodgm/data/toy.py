"""Generated two-dimensional data sets, and a toy density with two modes."""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar, Self

import torch
from pyro.distributions import TorchDistribution
from torch.distributions import constraints

from pyrodgm.data.dataset import Dataset, Rows
from pyrodgm.isolation import seeded, seeded_generator

SIZES = (10_000, 1_000, 10_000)


def moons(noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two half-moons (Maaløe et al. 2016, sec. 4.2): 10,000 training, 1,000 validation and 10,000 test rows.

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


def circles(noise: float = 0.05, factor: float = 0.5, seed: int = 0) -> Dataset:
    """Two concentric circles (Jurasiński, sec. 3.1): 10,000 training, 1,000 validation and 10,000 test rows.

    outer = (cos t, sin t), inner = factor (cos t, sin t), t uniform in [0, 2 pi], plus normal noise. The author uses
    10,000 points from scikit-learn's generator, 50 of them labelled, and states neither the noise nor the factor. The
    defaults here are those of scikit-learn's examples.

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


def potential(seed: int = 0) -> Dataset:
    """Exact samples of ``RingPotential`` (Rezende and Mohamed 2015, table 1): 10,000, 1,000 and 10,000 rows, no labels.

    Args:
        seed: fixes the draw.
    """
    with seeded(seed):
        train, validation, test = (Rows(RingPotential().sample((rows,))) for rows in SIZES)
    return Dataset("potential", train, validation, test)


def _two_curves(name, curves, noise, seed):
    """A data set of rows ``curves(y, uniform)`` plus noise, with alternating classes."""
    if not noise >= 0:
        raise ValueError(f"noise: got {noise}, want a standard deviation of at least zero")
    generator = seeded_generator(seed)
    parts = []
    for rows in SIZES:
        y = torch.arange(rows) % 2
        x = curves(y, torch.rand(rows, generator=generator)) + noise * torch.randn(rows, 2, generator=generator)
        parts.append(Rows(x, y))
    return Dataset(name, *parts, num_classes=2)


RADIUS, WIDTH, BUMP = 2.0, 0.4, 0.6


class RingPotential(TorchDistribution):
    """p(z) = exp(-U(z)) / Z with two modes near (2, 0) and (-2, 0) (Rezende and Mohamed 2015, table 1, potential 1).

        U(z) = 1/2 ((|z| - 2) / 0.4)^2 - log(exp(-1/2 ((z1 - 2) / 0.6)^2) + exp(-1/2 ((z1 + 2) / 0.6)^2))

    Batch shape ``batch_shape``, event shape ``(2,)``. Samples are exact, by rejection sampling on the CPU. ``log_prob``
    runs on the device of its argument.

    Args:
        batch_shape: shape of independent copies.

    Example::

        RingPotential().sample((100,))      # (100, 2)
        RingPotential().log_normaliser      # 1.8775
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.real_vector

    def __init__(self, batch_shape: Sequence[int] = (), validate_args: bool | None = None) -> None:
        super().__init__(torch.Size(batch_shape), torch.Size((2,)), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any | None = None) -> Self:
        """Independent copies of shape ``batch_shape``."""
        return type(self)(batch_shape, validate_args=self._validate_args)

    @property
    def log_normaliser(self) -> float:
        """log Z, by numerical integration."""
        return _log_normaliser()

    def energy(self, z: torch.Tensor) -> torch.Tensor:
        """U(z) ``(...)`` of points ``(..., 2)``."""
        ring = 0.5 * ((z.norm(dim=-1) - RADIUS) / WIDTH).square()
        bumps = (-0.5 * ((z[..., 0] + centre) / BUMP).square() for centre in (-RADIUS, RADIUS))
        return ring - torch.logaddexp(*bumps)

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """log p(z) = -U(z) - log Z."""
        if self._validate_args:
            self._validate_sample(value)
        log_prob = -self.energy(value) - self.log_normaliser
        return log_prob.expand(torch.broadcast_shapes(log_prob.shape, self.batch_shape))

    def sample(self, sample_shape: Sequence[int] = ()) -> torch.Tensor:
        """Samples ``(*sample_shape, *batch_shape, 2)``.

        exp(-U) is a sum of two mirror images, so one is sampled and the sign of z1 chosen at random. In polar
        coordinates its density is r ring(r) bump(r cos t - 2). The proposal is t uniform and r ~ N(m, 0.4^2) with
        m = 2 + 0.4^2 / m. It is accepted with probability (r / m) exp(1 - r / m) times the bump, both at most 1.
        """
        shape = self._extended_shape(torch.Size(sample_shape))
        wanted, kept = shape[:-1].numel(), [torch.empty(0, 2)]
        peak = RADIUS / 2 + math.sqrt(RADIUS**2 / 4 + WIDTH**2)  # m = 2 + 0.4^2 / m
        while sum(map(len, kept)) < wanted:
            draws = 6 * wanted + 100
            r, t = peak + WIDTH * torch.randn(draws), 2 * math.pi * torch.rand(draws)
            z = torch.stack([r * t.cos(), r * t.sin()], -1)
            accept = r / peak * (1 - r / peak - 0.5 * ((z[:, 0] - RADIUS) / BUMP).square()).exp()
            kept.append(z[torch.rand(draws) < accept])
        z = torch.cat(kept)[:wanted]
        sign = torch.randint(2, (wanted,)) * 2.0 - 1
        return torch.stack([sign * z[:, 0], z[:, 1]], -1).reshape(shape)


@cache
def _log_normaliser(steps=500):
    """log of the integral of exp(-U) in polar coordinates, by the trapezoidal rule, whose error is negligible here."""
    farthest = RADIUS + 12 * WIDTH
    r = torch.linspace(0, farthest, steps + 1, dtype=torch.float64)
    t = torch.arange(steps, dtype=torch.float64) * (2 * math.pi / steps)
    z = torch.stack([r[:, None] * t.cos(), r[:, None] * t.sin()], -1)
    density = r[:, None] * (-RingPotential().energy(z)).exp()
    return math.log(float(density.sum()) * (farthest / steps) * (2 * math.pi / steps))
