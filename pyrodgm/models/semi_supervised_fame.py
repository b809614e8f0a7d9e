"""FAME with a class y at the top. Proposed in Maaløe 2018, app. E, sec. 4; no published experiment is known.

    p(x, y, z) = p(y) p(z_L) p(z_{L-1} | z_L, y) prod_{i=1}^{L-2} p(z_i | z_{i+1}) p(x | z_1)
    p(x | z_1) = prod_j p(x_j | x_<j, z_1)                              as FAME's
    h_i = CNN(h_{i-1}),  h_0 = x                                        as FAME's
    q(y, z | x) = q(y | h_L) q(z_L | y, h_L) q(z_{L-1} | z_L, y, h_{L-1}) prod_{i=1}^{L-2} q(z_i | z_{i+1}, h_i)
    q(z_i | z_{i+1}, ...) ∝ N(mu_i, sigma_i^2) p(z_i | z_{i+1}, ...)  normalised

    log p(x) >= sum_y q(y | x) E_q(z|x,y)[log p(x, y, z) - log q(z | x, y) - log q(y | x)]

The paper names a semi-supervised FAME as future work, and says no more. The rest is chosen here: y and the top latent
z_L are the parents of the layer below, as y and z in M2 (Kingma 2017, eq. 3.4). With one layer they are the parents of
x. Labels enter as in Kingma 2017, eqs 3.7-3.10, by a labelled bound and the class term -log q(y | x).
The sum over y decodes every row K times.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch
from torch.nn import ModuleList

from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.fame import FeatureMaps, networks_of_maps
from pyrodgm.models.ladder import LadderPosterior, prior_for_the_guide
from pyrodgm.nn import CategoricalNet
from pyrodgm.types import Option


class SemiSupervisedFAME(DeepGenerativeModel):
    """FAME with a class y beside the top latent.

    Args:
        image_shape: ``(H, W)`` or ``(H, W, C)``, as for ``FAME``; small images, because every row is decoded K times.
        num_classes: number of classes K.
        z_sizes, hidden, maps, concatenation, pixel_maps, likelihood, posterior, options: as for ``FAME``.
        classes: ``"enumerated"``, or ``"sampled"`` or ``"relaxed"`` if there are many, see ``DeepGenerativeModel``.
        class_prior: p(y), K probabilities; None for a uniform one.

    Raises:
        ValueError: as for ``FAME``.

    Example::

        sizes = {"z_sizes": (16, 8, 4), "hidden": ((64,), (64,), (32,)), "maps": (16, 32), "pixel_maps": 16}
        m = SemiSupervisedFAME((8, 8), 10, **sizes, batch_norm=True, scale_head="softplus_sigma")
        svi = SVI(m.model, m.guide, Adam({"lr": 3e-4}), SemiSupervisedELBO.of(m, elbo, alpha=10.0))
        svi.step(labelled=(x[:20], y[:20]), unlabelled=x)           # x (B, 64), zeros and ones
        m.classifier(x)                                             # (B, 10)
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        num_classes: int,
        z_sizes: Sequence[int] = (64, 32, 16, 8, 4),
        hidden: Sequence[int] | Sequence[Sequence[int]] = ((256,), (256,), (128,), (64,), (32,)),
        maps: Sequence[int] = (32, 64, 64),
        concatenation: bool = True,
        pixel_maps: int = 64,
        likelihood: Option = "bernoulli",
        posterior: Option = "normal",
        classes: Option = "enumerated",
        class_prior: Sequence[float] | None = None,
        **options: Any,
    ) -> None:
        decoder: dict[str, Any] = {"concatenation": concatenation, "pixel_maps": pixel_maps, "likelihood": likelihood}
        x_size, nets = networks_of_maps(image_shape, z_sizes, hidden, maps, **decoder, **options)
        super().__init__(x_size, num_classes, z_sizes[-1], classes)
        self.set_class_prior(class_prior)
        self.image_shape, self.z_sizes, self.top = tuple(image_shape), z_sizes, f"z{len(z_sizes)}"
        above = [*z_sizes[:-1], z_sizes[-1] + num_classes]  # z_L and y are read side by side
        self.p_x = nets[0].likelihood(above[0])
        self.p_z = ModuleList(nets[i + 1].normal(above[i + 1], size=z_sizes[i]) for i in range(len(z_sizes) - 1))
        self.h = FeatureMaps(nets, image_shape, maps)
        heads = [(h,) for h in self.h.sizes[:-1]] + [(self.h.sizes[-1], num_classes)]
        self.q_z = ModuleList(
            LadderPosterior(net, parents, size=z, posterior=posterior)
            for net, parents, z in zip(nets, heads, z_sizes, strict=True)
        )
        self.q_y = CategoricalNet((self.h.sizes[-1],), hidden=(), size=num_classes, **nets[-1].network)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size) as y:
            z = pyro.sample(self.top, self.standard_normal(self.z_size))  # (B, z_L) or (K, B, z_L)
            y = pyro.sample("y", self.prior_one_hot(), obs=y)  # (B, K) or (K, 1, K) enumerated
            above = side_by_side(z, y)
            for i in reversed(range(len(self.p_z))):
                above = pyro.sample(f"z{i + 1}", self.p_z[i](above))  # (B, z_i) or (K, B, z_i)
            return pyro.sample("x", self.p_x(above), obs=x)  # (B, x) or (K, B, x)

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size) as y:
            h = self.h(self.scaled(x))
            if y is None:
                y = self.sample_class(self.q_y(h[-1]))  # (K, 1, K)
            above = side_by_side(pyro.sample(self.top, self.q_z[-1](h[-1], y)), y)
            for i in reversed(range(len(self.p_z))):
                prior = prior_for_the_guide(self.p_z[i], above)
                above = pyro.sample(f"z{i + 1}", self.q_z[i](h[i], prior=prior))  # (B, z_i) or (K, B, z_i)

    def classifier(self, x: torch.Tensor) -> torch.Tensor:
        """Class probabilities q(y | x) of rows ``(B, D)``: ``(B, K)``."""
        return self.q_y(self.h(self.scaled(x))[-1]).probs


def side_by_side(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Latent and class as one vector, ``(..., z + K)``, with their batch dimensions broadcast."""
    batch = torch.broadcast_shapes(z.shape[:-1], y.shape[:-1])
    return torch.cat([z.expand(*batch, -1), y.expand(*batch, -1)], -1)
