"""AVAE, the auxiliary VAE with L layers of latents. Maaløe et al. 2016 as printed in Maaløe 2018, app. A, sec. 4.3.

    q(a, z | x) = q(a_1 | x) q(z_1 | a_1, x) prod_{i=2}^L q(a_i | a_{i-1}, x) q(z_i | a_i, z_{i-1})       eq. 19
    p(x, a, z) = p(x | z_1) p(z_L) p(a_L | z_L) prod_{i=1}^{L-1} p(z_i | z_{i+1}) p(a_i | z_i, ..., z_L)  eq. 20

    log p(x) >= E_q(a,z|x)[log p(x, a, z) - log q(a, z | x)]                             eq. 2, one layer

Integrating every a_i out of p gives a VAE of L layers. The posterior of z becomes a mixture over a. Eq. 2 and sec. 2.2
have p(a | x, z). Eq. 20, which describes the experiment, has no x, and neither does this model. In p, z_L is N(0, I);
the other latents are normals with heads for mu and log sigma^2 (eqs 14-16). If p(a | z) = p(a), the bound is no better
than the VAE's (app. A). This tends to happen without a warm-up of the KL terms, which is "crucial for activation of the
auxiliary variables". Batch normalisation is an option of the networks: sec. 4.3 has it, while Maaløe 2018, sec. 5.1.2
says that there is none.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch
from torch.nn import ModuleList

from pyrodgm.models.layers import LayeredModel, networks_by_layer
from pyrodgm.models.networks import check_layer_sizes


class AVAE(LayeredModel):
    """Auxiliary VAE: latents z1, ..., zL, each with an auxiliary variable a1, ..., aL.

    Args:
        x_size: number of features D.
        z_sizes: number of units of z1, ..., zL.
        a_sizes: number of units of a1, ..., aL.
        hidden: sizes of the hidden layers, the same in every network; or a tuple per layer, the first for p(x | z1),
            p(a1 | ...) and the posteriors of z1 and a1, the next for p(z1 | z2), p(a2 | ...), ...
        options: ``likelihood``, ``posterior`` and the options of every network, see ``Networks``.

    Example::

        m = AVAE(784, z_sizes=(64, 32), a_sizes=(64, 32), hidden=((512, 512), (256, 256)))
        with warm_up(beta):
            SVI(m.model, m.guide, Adam({"lr": 1e-3}), Trace_ELBO()).step(x)
    """

    def __init__(
        self,
        x_size: int,
        z_sizes: Sequence[int] = (64,),
        a_sizes: Sequence[int] = (64,),
        hidden: Sequence[int] | Sequence[Sequence[int]] = (512, 512),
        **options: Any,
    ) -> None:
        nets, layers = networks_by_layer(x_size, None, z_sizes, hidden, **options), range(len(z_sizes))
        check_layer_sizes("a_sizes", a_sizes, len(z_sizes))
        super().__init__(x_size, z_sizes, nets)
        self.a_sizes, read = a_sizes, nets[0].input_size
        self.p_a = ModuleList(nets[i].normal(*z_sizes[i:], size=a_sizes[i]) for i in layers)
        self.q_a = ModuleList(nets[i].posterior(*a_sizes[i - 1 : i], read, size=a_sizes[i]) for i in layers)
        below = (read, *z_sizes)
        self.q_z = ModuleList(nets[i].posterior(a_sizes[i], below[i], size=z_sizes[i]) for i in layers)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size):
            z = self.sample_layers()
            x = pyro.sample("x", self.p_x(z[0]), obs=x)  # (B, x)
            for i, p_a in enumerate(self.p_a):
                pyro.sample(f"a{i + 1}", p_a(*z[i:]))  # (B, a_i)
            return x

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size):
            x, a, z = self.scaled(x), (), None
            for i, (q_a, q_z) in enumerate(zip(self.q_a, self.q_z, strict=True)):
                a = (pyro.sample(f"a{i + 1}", q_a(*a, x)),)  # (B, a_i)
                z = pyro.sample(f"z{i + 1}", q_z(*a, x if i == 0 else z))  # (B, z_i)
