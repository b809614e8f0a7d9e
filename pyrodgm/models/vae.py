"""VAE, the variational autoencoder. Kingma 2017, ch. 2 (Kingma and Welling 2014).

    p(x, z) = p(z) p(x | z)            p(z) = N(0, I)
    q(z | x)                           eqs 2.36-2.37, or any other posterior

    log p(x) >= E_q(z|x)[log p(x, z) - log q(z | x)]               eqs 2.10-2.12

Deviation: heads give log sigma^2, as in eq. 2.75. Eq. 2.36 has log sigma.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch

from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.networks import Networks


class VAE(DeepGenerativeModel):
    """Variational autoencoder: log p(x) >= E_q(z|x)[log p(x, z) - log q(z | x)] (Kingma 2017, eqs 2.10-2.12).

    Args:
        x_size: number of features D.
        z_size: number of latent units.
        hidden: sizes of the hidden layers, the same in both networks.
        options: ``likelihood``, ``posterior`` and the options of every network, see ``Networks``.

    Example::

        m = VAE(x_size=784, z_size=2, hidden=(500,), activation="tanh")
        SVI(m.model, m.guide, Adam({"lr": 1e-3}), Trace_ELBO()).step(x)
    """

    def __init__(self, x_size: int, z_size: int = 50, hidden: Sequence[int] = (500,), **options: Any) -> None:
        super().__init__(x_size, None, z_size)
        nets = Networks(x_size, None, hidden, **options)
        self.p_x = nets.likelihood(z_size)
        self.q_z = nets.posterior(nets.input_size, size=z_size)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size):
            z = pyro.sample("z", self.standard_normal(self.z_size))  # (B, z)
            return pyro.sample("x", self.p_x(z), obs=x)  # (B, x)

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size):
            pyro.sample("z", self.q_z(self.scaled(x)))  # (B, z)
