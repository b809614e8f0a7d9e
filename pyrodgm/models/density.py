"""Variational approximation of a given density without data, such as a potential. Rezende and Mohamed 2015, sec. 6.1.

    p(z)                               given, normalised or not
    q(z)                               any posterior by name, with free parameters

    log Z >= E_q(z)[log p(z) - log q(z)],  p(z) = exp(-U(z)),  Z = int p(z) dz             eq. 15, without data

with an auxiliary variable a (Maaløe et al. 2016, sec. 4.1, figure 2):

    p(a, z) = p(z) p(a | z)            q(a, z) = q(a) q(z | a)
    log Z >= E_q(a,z)[log p(z) + log p(a | z) - log q(a) - log q(z | a)]

q(z) is then a mixture over a. The sign of U is as in Rezende and Mohamed; Maaløe et al. 2016, eq. 20, print exp(U(z)).
Deviation: q(a) = N(0, I), because q(z | a) can depend on any function of a.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import pyro.distributions as dist
import torch

from pyrodgm.checks import check_size
from pyrodgm.models.registry import register, state_to_pickle
from pyrodgm.nn import NormalNet, posterior_net
from pyrodgm.types import Option


class DensityModel(torch.nn.Module):
    """A pair without x: ``model`` is a given density of z, ``guide`` is the approximation to train.

    The loss is minus the bound, summed over ``size`` draws. If p is normalised, its mean per draw is KL(q(z) || p(z)),
    or more if there is an a; the optimum is 0. Anneal a density with several modes, see ``pyrodgm.handlers.annealed``:
    otherwise q settles in one of them, because missing a mode costs little.

    Args:
        density: a Pyro distribution of event shape ``(D,)``, whose ``log_prob`` is log p(z), up to a constant.
        posterior: q(z) or q(z | a), see ``posterior_net``. Without an a, the input of its network is the constant 1.
        a_size: number of units of a, or None for no a.
        hidden: sizes of the hidden layers of q(z | a) and p(a | z).
        network: ``activation``, ``init``, ... of every network, see ``Trunk``.

    Raises:
        ValueError: if the density is not over vectors, or ``a_size`` is not a positive int.

    Example::

        m = DensityModel(RingPotential(), posterior="planar")
        svi = SVI(m.model, m.guide, Adam({"lr": 1e-2}), Trace_ELBO())
        beta = torch.tensor(0.05)
        with annealed(beta):
            for step in range(2000):
                svi.step(256)
                beta.fill_(0.05 + 0.95 * step / 2000)
        svi.evaluate_loss(10_000) / 10_000      # KL(q || p)
    """

    one: torch.Tensor

    def __init__(
        self,
        density: dist.Distribution,
        posterior: Option = "normal",
        a_size: int | None = None,
        hidden: Sequence[int] = (),
        **network: Any,
    ) -> None:
        super().__init__()
        if len(density.event_shape) != 1:
            raise ValueError(f"density: got event shape {tuple(density.event_shape)}, want that of a vector, (D,)")
        self.density, self.a_size = density, a_size
        (size,) = density.event_shape
        if a_size is not None:
            check_size("a_size", a_size)
            self.p_a = NormalNet((size,), hidden, a_size, **network)
        self.q_z = posterior_net(posterior, (a_size or 1,), hidden, size, **network)
        self.register_buffer("one", torch.ones(1), persistent=False)

    def model(self, size: int = 1) -> torch.Tensor:
        """Sample z from p(z), and a from p(a | z) if there is one; returns z ``(size, D)``."""
        register(self)
        with pyro.plate("batch", size, device=self.one.device):
            z = pyro.sample("z", self.density)
            if self.a_size is not None:
                pyro.sample("a", self.p_a(z))
            return z

    def guide(self, size: int = 1) -> torch.Tensor:
        """Sample z from q(z), or a from q(a) and z from q(z | a); returns z ``(size, D)``."""
        register(self)
        with pyro.plate("batch", size, device=self.one.device):
            parent = self.one
            if self.a_size is not None:
                zeros = self.one.new_zeros(self.a_size)
                parent = pyro.sample("a", dist.Normal(zeros, torch.ones_like(zeros)).to_event(1))
            return pyro.sample("z", self.q_z(parent))

    def __getstate__(self):
        return state_to_pickle(self)
