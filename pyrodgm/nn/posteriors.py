"""Networks for q(z | parents): posteriors by name, all with the same call signature."""

from collections.abc import Sequence
from typing import Any

import pyro.distributions as dist
import torch

from pyrodgm.checks import check_choice, split_option
from pyrodgm.distributions import FullNormal
from pyrodgm.nn.flows import FLOWS, flow_net
from pyrodgm.nn.likelihoods import NormalNet
from pyrodgm.types import Option


class FullNormalNet(NormalNet):
    """Normal with full covariance, L = mask * L' + diag(sigma) (Kingma 2017, sec. 2.6.1, eqs 2.53-2.54).

    Arguments and shapes as for ``NormalNet``; returns a ``FullNormal``.

    Example::

        posterior_net("full", parents=(784,), hidden=(500,), size=50)(x).scale_tril     # (B, 50, 50)
    """

    def __init__(
        self, parents: Sequence[int] | torch.nn.Module, hidden: Sequence[int] | None, size: int, **network: Any
    ) -> None:
        super().__init__(parents, hidden, size, **network)
        self.lower = self.trunk.head(size * size)

    def forward(self, *parents: torch.Tensor) -> FullNormal:
        h = self.trunk(*parents)
        loc, sigma = self.moments(*h)
        lower = self.lower(*h).unflatten(-1, (loc.shape[-1], loc.shape[-1]))
        return FullNormal(loc, scale_tril=lower.tril(-1) + torch.diag_embed(sigma))


class FlowNet(NormalNet):
    """A normalising flow of a diagonal normal. One trunk gives all parameters (Kingma 2017, ch. 5).

    z_0 = mu + sigma eps                                                     (eq. 5.25)
    z = f_T(... f_1(z_0, h) ..., h)                                          (eqs 5.12-5.13)
    log q(z) = log q(z_0) - sum_t log |det df_t/dz_{t-1}|                    (eq. 5.16)

    h are the features of the trunk. The base has the full batch shape before the flow, so y may be enumerated. The
    log-density of a sample uses its cached z_0; the flow is inverted only for values from elsewhere.

    Arguments and shapes as for ``NormalNet``; for ``flow`` see ``flow_net``.

    Example::

        posterior_net(("iaf", {"num_steps": 4}), parents=(784,), hidden=(500,), size=32)(x).rsample()
    """

    def __init__(
        self,
        parents: Sequence[int] | torch.nn.Module,
        hidden: Sequence[int] | None,
        size: int,
        flow: Option,
        **network: Any,
    ) -> None:
        super().__init__(parents, hidden, size, **network)
        self.flow = flow_net(flow, self.trunk.sizes, size, **self.trunk.linear)

    def forward(self, *parents: torch.Tensor) -> dist.TransformedDistribution:
        h = self.trunk(*parents)
        return self.flow(dist.Normal(*self.moments(*h)).to_event(1), *h)


POSTERIORS = {"full": FullNormalNet, "normal": NormalNet, **dict.fromkeys(FLOWS, FlowNet)}


def posterior_net(
    posterior: Option, parents: Sequence[int] | torch.nn.Module, hidden: Sequence[int] | None, size: int, **network: Any
) -> NormalNet:
    """The network of q(z | parents) for a posterior by name.

    Args:
        posterior: ``"normal"`` (diagonal), ``"full"`` (Cholesky factor), or a flow, ``"planar"``, ``"radial"`` or
            ``"iaf"``; alone or with options, as ``("iaf", {"num_steps": 4})``, see ``flow_net``.
        parents, hidden, size, network: as for ``NormalNet``.

    Raises:
        ValueError: if there is no such posterior; the message names the choices.

    Example::

        posterior_net("normal", parents=(784, 10), hidden=(500,), size=50)
    """
    name, options = split_option("posterior", posterior)
    check_choice("posterior", name, POSTERIORS)
    if name in FLOWS:
        options = {"flow": (name, options)}
    return POSTERIORS[name](parents, hidden, size, **options, **network)
