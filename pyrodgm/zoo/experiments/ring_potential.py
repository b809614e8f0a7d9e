"""Posteriors fitted to a density with two modes: Rezende and Mohamed 2015, figure 3; Maaløe et al. 2016, sec. 4.1.

    pyrodgm reproduce ring-potential --seeds 5

This fits every posterior to ``RingPotential``. A part is a posterior. It has two figures: how far the bound is below
log Z, and the share of samples in the rarer mode (the side of z1 = 0 with fewer samples).
"""

import math
from typing import Any

import torch
from pyro.infer import Trace_ELBO

from pyrodgm.data import RingPotential
from pyrodgm.handlers import annealed
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.isolation import isolated
from pyrodgm.models import DensityModel
from pyrodgm.train import linear_decay
from pyrodgm.zoo.experiment import Experiment, Measured

MADE: dict[str, Any] = {"num_steps": 4, "made_hidden": (64, 64)}
POSTERIORS: dict[str, dict[str, Any]] = {
    "planar": {"posterior": ("planar", {"num_steps": 8})},
    "affine IAF": {"posterior": ("iaf", MADE | {"step": "affine"})},
    "gated IAF": {"posterior": ("iaf", MADE)},
    "radial": {"posterior": ("radial", {"num_steps": 8})},
    "auxiliary": {"a_size": 4, "hidden": (20, 20, 20), "activation": "tanh"},
    "normal": {},
}
DRAWS, START = 256, 0.05
LEARNING_RATE = dict.fromkeys(POSTERIORS, 0.01) | {"gated IAF": 0.003}  # at 0.01 it stays a wide normal
MEASURED = 100_000  # samples per figure


def fit_density(posterior: str, steps: int = 4000, seed: int = 0, backend: str = "replay") -> DensityModel:
    """Train one posterior by ``steps`` steps of Adam with 256 samples each.

    beta rises linearly from 0.05 to 1 over the first half of the steps. The learning rate falls over the second half.

    Args:
        posterior: a name in ``POSTERIORS``.
        steps: number of steps.
        seed: fixes parameters and noise.
        backend: backend of ``CompiledSVI``.

    Returns:
        The ``DensityModel``.

    Raises:
        FloatingPointError: if a loss is not finite.

    Example::

        m = fit_density("planar")
        m.guide(1000)                           # samples (1000, 2)
    """
    with isolated(seed):
        m = DensityModel(RingPotential(), **POSTERIORS[posterior])
        schedule = linear_decay(steps / 2, steps, least=0.02)
        optim = Optimizer(torch.optim.Adam, {"lr": LEARNING_RATE[posterior]}, schedule=schedule)
        svi = CompiledSVI(m.model, m.guide, optim, Trace_ELBO(), backend=backend)
        beta = torch.tensor(START)
        with annealed(beta):
            for step in range(steps):
                beta.fill_(min(1.0, START + (1 - START) * 2 * step / steps))
                loss = svi.step(DRAWS)
                if not math.isfinite(loss):
                    raise FloatingPointError(f"the loss is {loss} after {step} steps of {posterior!r}")
                optim.step()
    return m


@torch.no_grad()
def figures(m: DensityModel, seed: int = 0) -> dict[str, float]:
    """How many nats the bound is below log Z, and the share of samples in the rarer mode, in per cent."""
    with isolated(seed):
        below = Trace_ELBO().loss(m.model, m.guide, MEASURED) / MEASURED
        right = float((m.guide(MEASURED)[:, 0] > 0).double().mean())
    return {"nats below log Z": below, "% of draws in the rarer mode": 100 * min(right, 1 - right)}


def measure(posterior: str, seed: int, steps: int) -> Measured:
    """The figures of a posterior after ``steps`` steps."""
    found = figures(fit_density(posterior, steps, seed))
    return Measured({f"{posterior}: {figure}": value for figure, value in found.items()})


def experiments() -> list[Experiment]:
    """The one experiment."""
    return [
        Experiment(
            name="ring-potential",
            summary="Posteriors fitted to a density with two modes, without data",
            source="Rezende and Mohamed 2015, sec. 6.1; Maaløe et al. 2016, sec. 4.1",
            paper="plots only: planar flows of 8 steps and the auxiliary model show both modes",
            figure="planar: nats below log Z",
            deviations=(
                "Planar and radial flows of 8 steps; IAF of 4 steps with two hidden layers of 64; the auxiliary model "
                "has 4 units of a and three hidden layers of 20 tanh units (with ReLUs, a is not used). Adam with a "
                "learning rate of 0.01 that falls over the second half of the steps; 0.003 for the gated IAF, which "
                f"stays a wide normal at 0.01. {DRAWS} samples per step; beta rises from {START:g} to 1 over the first "
                "half. The length of the planar flow and the sizes of the auxiliary model are from the papers; Maaløe "
                "et al. 2016, sec. 3, use ReLUs, and Adam at 3e-4."
            ),
            settings={"steps": 4000},
            parts=tuple(POSTERIORS),
            measure=measure,
        )
    ]
