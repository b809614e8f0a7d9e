"""The VAE of L layers with bottom-up inference. Sønderby et al. 2016 as printed in Maaløe 2018, app. B, sec. 2.1.

    p(x, z) = p(x | z_1) p(z_L) prod_{i=1}^{L-1} p(z_i | z_{i+1})           eqs 1-3; Maaløe 2018, eqs 3.32-3.34
    q(z | x) = q(z_1 | x) prod_{i=2}^L q(z_i | z_{i-1})                     eqs 7-9; Maaløe 2018, eqs 3.35-3.36

    log p(x) >= E_q(z|x)[log p(x, z) - log q(z | x)]                        eq. 4

p(z_L) = N(0, I). Every other factor is a diagonal normal; those of q can be any posterior by name. Without batch
normalisation and a warm-up of the KL terms, the layers above the second collapse onto their prior (app. B, sec. 3.2).

Deviations: heads give log sigma^2. Eq. 12 gives sigma^2 by a softplus function, which is an option
(``scale_head="softplus_variance"``). The normalised heads of Maaløe 2018, sec. 5.1.1 are another
(``batch_norm="heads"``). The KL terms are sampled; the paper computes them analytically "when possible" (sec. 2), which
with bottom-up inference is possible for z_L only.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch
from torch.nn import ModuleList

from pyrodgm.models.layers import LayeredModel, networks_by_layer


class HierarchicalVAE(LayeredModel):
    """VAE with latents z1, ..., zL and bottom-up inference; the baseline of ``LadderVAE``.

    Args:
        x_size: number of features D.
        z_sizes: number of units of z1, ..., zL.
        hidden: sizes of the hidden layers, the same in every network; or a tuple per layer, the first for p(x | z1)
            and q(z1 | x), the next for p(z1 | z2) and q(z2 | z1), ...
        options: ``likelihood``, ``posterior`` and the options of every network, see ``Networks``.

    Example::

        m = HierarchicalVAE(784, z_sizes=(64, 32), hidden=((512, 512), (256, 256)), batch_norm="heads")
        with warm_up(beta):
            SVI(m.model, m.guide, Adam({"lr": 1e-3}), Trace_ELBO()).step(x)
    """

    def __init__(
        self,
        x_size: int,
        z_sizes: Sequence[int] = (64, 32),
        hidden: Sequence[int] | Sequence[Sequence[int]] = (512, 512),
        **options: Any,
    ) -> None:
        nets = networks_by_layer(x_size, None, z_sizes, hidden, **options)
        super().__init__(x_size, z_sizes, nets)
        below = (nets[0].input_size, *z_sizes)
        self.q_z = ModuleList(net.posterior(below[i], size=z_sizes[i]) for i, net in enumerate(nets))

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size):
            h = self.scaled(x)
            for i, q_z in enumerate(self.q_z):
                h = pyro.sample(f"z{i + 1}", q_z(h))  # (B, z_i)
