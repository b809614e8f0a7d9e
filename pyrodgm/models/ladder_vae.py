"""LVAE, the ladder VAE. Sønderby et al. 2016 as printed in Maaløe 2018, app. B, sec. 2.2.

    p(x, z) = p(x | z_1) p(z_L) prod_{i=1}^{L-1} p(z_i | z_{i+1})           eqs 1-3, as in HierarchicalVAE

    d_i = MLP(d_{i-1}),  d_0 = x                                            eq. 13
    mu_i, sigma_i^2 = Linear(d_i), Softplus(Linear(d_i))                    eqs 14-15
    q(z | x) = q(z_L | x) prod_{i=1}^{L-1} q(z_i | z_{i+1}, x)              eq. 16; Maaløe 2018, eq. 5.1
    q(z_L | x) = N(mu_L, sigma_L^2)                                         below eq. 19
    q(z_i | z_{i+1}, x) ∝ N(mu_i, sigma_i^2) p(z_i | z_{i+1})               eqs 17-19, normalised

    log p(x) >= E_q(z|x)[log p(x, z) - log q(z | x)]                        eq. 4

The merge adds precisions: the variance is 1 / (sigma_i^-2 + sigma_{p,i}^-2). Eq. 17 prints sigma for the variance, as
do Maaløe 2018, eq. 5.4 and app. E, eq. 9. The top layer is not merged with N(0, I). q shares the parameters of
p(z_i | z_{i+1}): the guide calls the model's ``p_z``. Batch statistics are paused there, so that they are updated once
a step.

Deviations: heads give log sigma^2. ``scale_head="softplus_variance"`` gives eq. 15, ``batch_norm="heads"`` the
normalised heads of Maaløe 2018, sec. 5.1.1. The KL terms are sampled; the paper computes them analytically "when
possible" (sec. 2). Guide and model sample in the same order, so that Pyro's ``TraceMeanField_ELBO`` computes them
analytically.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch
from torch.nn import ModuleList

from pyrodgm.models.ladder import LadderPosterior, UpwardPass, prior_for_the_guide
from pyrodgm.models.layers import LayeredModel, networks_by_layer
from pyrodgm.types import Option


class LadderVAE(LayeredModel):
    """Ladder VAE: latents z1, ..., zL, with top-down inference.

    Args:
        x_size: number of features D.
        z_sizes: number of units of z1, ..., zL.
        hidden: sizes of the hidden layers, the same in every network; or a tuple per layer, the first for p(x | z1)
            and d1, the next for p(z1 | z2) and d2, ...
        posterior: ``"normal"``, or a flow after every merge: ``"planar"``, ``"radial"`` or ``"iaf"``, alone or with
            options, see ``flow_net``.
        options: ``likelihood`` and the options of every network, see ``Networks``.

    Example::

        m = LadderVAE(784, z_sizes=(64, 32), hidden=((512, 512), (256, 256)), batch_norm="heads")
        with warm_up(beta):
            SVI(m.model, m.guide, Adam({"lr": 1e-3}), Trace_ELBO()).step(x)
    """

    def __init__(
        self,
        x_size: int,
        z_sizes: Sequence[int] = (64, 32),
        hidden: Sequence[int] | Sequence[Sequence[int]] = (512, 512),
        posterior: Option = "normal",
        **options: Any,
    ) -> None:
        nets = networks_by_layer(x_size, None, z_sizes, hidden, **options)
        super().__init__(x_size, z_sizes, nets)
        self.d = UpwardPass(nets)
        self.q_z = ModuleList(
            LadderPosterior(net, (d,), size=z, posterior=posterior)
            for net, d, z in zip(nets, self.d.sizes, z_sizes, strict=True)
        )

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size):
            d, z = self.d(self.scaled(x)), None
            for i in reversed(range(len(d))):
                prior = None if z is None else prior_for_the_guide(self.p_z[i], z)
                z = pyro.sample(f"z{i + 1}", self.q_z[i](d[i], prior=prior))  # (B, z_i)
