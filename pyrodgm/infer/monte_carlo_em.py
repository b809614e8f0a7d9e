"""Monte Carlo EM: trains a model on samples from its posterior, without a guide. Kingma 2017, app. 2.B."""

import sys
from collections.abc import Callable
from typing import Any

import torch
from pyro import poutine
from pyro.infer import SVI, Trace_ELBO
from pyro.infer.mcmc import HMC
from pyro.optim import PyroOptim
from torch.distributions import constraints

from pyrodgm.checks import check_rows, check_size, check_values
from pyrodgm.infer.traces import latent_sites


class MonteCarloEM:
    """Monte Carlo EM with Hamiltonian Monte Carlo (Kingma 2017, sec. 2.11.2 and app. 2.B).

        E step    z ~ p(z | x), by one HMC transition from the last z of the same rows, along
                  grad_z log p(z | x) = grad_z log p(z) + grad_z log p(x | z)
        M step    num_updates steps of the optimiser on -log p(x, z), z held fixed

    Every row keeps its own z, first drawn from the prior. Transitions are those of Pyro's ``HMC``. All rows of a batch
    form one target, so they are accepted or rejected together. The step size is tuned by dual averaging throughout,
    because the target changes with the parameters.

    Args:
        model: a function of rows of x, such as ``m.model``, with continuous latents of unbounded support.
        optim: a Pyro optimiser for the parameters of the model.
        x: all rows of the data set, ``(N, D)``.
        num_steps: number of leapfrog steps of a transition.
        acceptance: target acceptance probability of the step size, between 0 and 1.
        num_updates: number of optimiser steps after every transition.

    Attributes:
        latents: dict from a site to its last samples, ``(N, ...)``.

    Raises:
        ValueError: if an argument is out of range, if x has the wrong shape or values that are not finite, or if a
            latent of the model is not continuous and unbounded.

    Example::

        em = MonteCarloEM(m.model, Adagrad({"lr": 0.02}), x)
        for rows in torch.randperm(len(x)).split(100):
            em.step(rows)
    """

    def __init__(
        self,
        model: Callable[..., Any],
        optim: PyroOptim,
        x: torch.Tensor,
        num_steps: int = 10,
        acceptance: float = 0.9,
        num_updates: int = 5,
    ) -> None:
        check_size("num_steps", num_steps)
        check_size("num_updates", num_updates)
        if not 0 < acceptance < 1:
            raise ValueError(f"acceptance: got {acceptance!r}, want a number between 0 and 1")
        check_rows("x", x, x.shape[-1] if isinstance(x, torch.Tensor) and x.dim() else "D")
        check_values("x", x, constraints.real, "finite numbers")
        with torch.no_grad():
            sites = latent_sites(poutine.trace(model).get_trace(x))
        for name, site in sites.items():
            support = site["fn"].support
            if getattr(support, "base_constraint", support) is not constraints.real:
                raise ValueError(
                    f"model: got site {name!r} with values in {support}, want real values, which HMC needs"
                )
        self.latents = {name: site["value"] for name, site in sites.items()}
        self.model, self.x, self.num_updates = model, x, num_updates
        self._hmc = _HMC(self._potential, num_steps, acceptance)
        self._m_step = SVI(self._complete, lambda x, latents: None, optim, Trace_ELBO())

    def draw(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """The E step: move the latents of some rows by one transition.

        Args:
            rows: indices of the rows ``(B,)``, the same number at every call.

        Returns:
            The new samples, a dict from a site to ``(B, ...)``.

        Raises:
            ValueError: if the number of rows differs from that of earlier calls.
        """
        self._batch, latents = self.x[rows], {name: value[rows] for name, value in self.latents.items()}
        latents = self._hmc.move(latents)
        for name, value in latents.items():
            self.latents[name][rows] = value
        return latents

    def step(self, rows: torch.Tensor) -> float:
        """The E step and the M step of some rows.

        Args:
            rows: indices of the rows ``(B,)``, the same number at every call.

        Returns:
            -log p(x, z), summed over the rows and averaged over the updates, a float.
        """
        latents = self.draw(rows)
        return sum(self._m_step.step(self.x[rows], latents) for _ in range(self.num_updates)) / self.num_updates

    def _complete(self, x, latents):
        """The model with its latents observed."""
        return poutine.condition(self.model, latents)(x)

    def _potential(self, latents):
        """-log p(x, z) = -log p(z | x) + constant, for the rows of the transition."""
        return -poutine.trace(self._complete).get_trace(self._batch, latents).log_prob_sum()


class _HMC(HMC):
    """Pyro's HMC kernel with a fixed number of leapfrog steps and a step size that is always tuned."""

    num_steps = None  # replaces Pyro's property, which fixes the length of the trajectory instead

    def __init__(self, potential, num_steps, acceptance):
        super().__init__(potential_fn=potential, adapt_mass_matrix=False, target_accept_prob=acceptance)
        self.num_steps = num_steps

    def move(self, latents):
        """One transition from given latents, which may differ from those where the last one ended."""
        if self.initial_params is None:
            self.initial_params = latents
            self.setup(sys.maxsize)
        got, want = (len(next(iter(values.values()))) for values in (latents, self.initial_params))
        if got != want:
            raise ValueError(f"rows: got {got}, want {want}, as many as at the first step")
        self.clear_cache()
        return self.sample(latents)
