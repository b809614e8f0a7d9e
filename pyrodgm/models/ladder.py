"""Parts of the ladder models: the deterministic upward pass, and the posterior of a layer, merged with its prior."""

from collections.abc import Sequence

import pyro.distributions as dist
import torch
from torch.nn import Module, ModuleList

from pyrodgm.checks import check_choice, split_option
from pyrodgm.distributions import precision_weighted
from pyrodgm.models.networks import Networks
from pyrodgm.nn import Trunk, paused_statistics
from pyrodgm.nn.flows import FLOWS, flow_net
from pyrodgm.types import Option


class UpwardPass(Module):
    """d_i = MLP(d_{i-1}), d_0 = x (Sønderby et al. 2016, eq. 13).

    Args:
        nets: the ``Networks`` of every layer, bottom first.

    Shapes:
        x ``(B, D)``; a list of d_1, ..., d_L, each ``(B, sizes[i])``.

    Attributes:
        sizes: sizes of d_1, ..., d_L.
    """

    def __init__(self, nets: Sequence[Networks]) -> None:
        super().__init__()
        self.trunks, self.sizes, below = ModuleList(), [], nets[0].input_size
        for net in nets:
            trunk = Trunk((below,), net.hidden, **net.network)
            (below,) = trunk.sizes
            self.trunks.append(trunk)
            self.sizes.append(below)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        d = [x]
        for trunk in self.trunks:
            d.extend(trunk(d[-1]))
        return d[1:]


class LadderPosterior(Module):
    """q(z_i | z_{i+1}, x): N(mu_i, sigma_i^2)(h) merged with p(z_i | z_{i+1}) (Sønderby et al. 2016, eqs 14-19).

    mu_i and sigma_i^2 are linear heads on h = d_i. The top layer has no prior to merge. A flow may follow
    the product. Its parameters are linear in h or networks of h (sec. 4: "orthogonal to ... Normalizing flows").

    Args:
        nets: the ``Networks`` of the layer.
        parents: sizes of h.
        size: units of z_i.
        posterior: ``"normal"``, or a flow by name, alone or with options, see ``flow_net``.

    Raises:
        ValueError: for any other posterior; the message names the choices.

    Example::

        q_z = LadderPosterior(Networks(784, None, (512,)), (512,), size=64)
        q_z(d, prior=p_z(z_above))          # d (B, 512), the prior of batch shape (B,) or (K, B)
    """

    def __init__(self, nets: Networks, parents: Sequence[int], size: int, posterior: Option = "normal") -> None:
        super().__init__()
        name, _ = split_option("posterior", posterior)
        check_choice("posterior", name, ("normal", *FLOWS))
        self.heads, self.flow = nets.having(()).normal(*parents, size=size), None
        if name != "normal":
            self.flow = flow_net(posterior, parents, size, **self.heads.trunk.linear)

    def forward(self, *h: torch.Tensor, prior: dist.Independent | None = None) -> dist.Distribution:
        q = self.heads(*h)
        q = q if prior is None else precision_weighted(q, prior)
        return q if self.flow is None else self.flow(q, *h)


def prior_for_the_guide(p_z: torch.nn.Module, *parents: torch.Tensor) -> dist.Independent:
    """p(z_i | parents) of the model, for use in the guide, without updating batch statistics.

    The model calls the same network and updates them once a step.
    """
    with paused_statistics():
        return p_z(*parents)
