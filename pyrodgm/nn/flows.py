"""Normalising flows by name, whose parameters come from the features of a trunk (Kingma 2017, sec. 5.2.2)."""

import inspect
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import pyro.distributions as dist
import torch
import torch.nn.functional as F

from pyrodgm.checks import check_choice, check_size, is_number, shown, split_option
from pyrodgm.distributions import Autoregressive, Planar, Radial
from pyrodgm.distributions.planar import one_to_one
from pyrodgm.nn.masked import MaskedNet
from pyrodgm.nn.scale_heads import BoundedLogVariance, standard_deviation
from pyrodgm.nn.trunk import Head
from pyrodgm.types import Option


class PlanarFlow(torch.nn.Module):
    """A flow of ``num_steps`` planar steps, see ``Planar``. Their u, w and b are linear in the features.

    Args:
        features: sizes of the features h.
        size: number of units D.
        num_steps: length T of the flow.
        network: ``init``, ``precision`` and ``weight_norm``, see ``Linear``.

    Shapes:
        base of batch shape ``(...)`` and event shape ``(D,)``, h ``(..., f_i)``; a distribution of the same shape.

    Example::

        PlanarFlow((500,), 32)(dist.Normal(mu, sigma).to_event(1), h)
    """

    def __init__(self, features: Sequence[int], size: int, num_steps: int = 8, **network: Any) -> None:
        super().__init__()
        check_size("num_steps", num_steps)
        self.size, self.num_steps = size, num_steps
        self.head = Head(features, num_steps * (2 * size + 1), **network)

    def forward(self, base: dist.Distribution, *h: torch.Tensor) -> dist.TransformedDistribution:
        parts = self.head(*h).unflatten(-1, (self.num_steps, 2 * self.size + 1))
        u, w, b = parts.split((self.size, self.size, 1), -1)  # (..., T, D), (..., T, D), (..., T, 1)
        v, slope = one_to_one(u, w)
        steps = zip(v.unbind(-2), w.unbind(-2), b.squeeze(-1).unbind(-1), slope.unbind(-1), strict=True)
        return dist.TransformedDistribution(base, [Planar(*step) for step in steps])


class RadialFlow(torch.nn.Module):
    """A flow of ``num_steps`` radial steps, see ``Radial``. Their z_0, log alpha^2 and c are linear in the features.

    log alpha^2 is bounded like a log-variance, see ``BoundedLogVariance``. Arguments and shapes as for ``PlanarFlow``.
    """

    def __init__(self, features: Sequence[int], size: int, num_steps: int = 8, **network: Any) -> None:
        super().__init__()
        check_size("num_steps", num_steps)
        self.size, self.num_steps = size, num_steps
        self.head = Head(features, num_steps * (size + 2), **network)

    def forward(self, base: dist.Distribution, *h: torch.Tensor) -> dist.TransformedDistribution:
        parts = self.head(*h).unflatten(-1, (self.num_steps, self.size + 2))
        centre, a, c = parts.split((self.size, 1, 1), -1)  # (..., T, D), (..., T, 1), (..., T, 1)
        alpha = standard_deviation(a)
        steps = zip(centre.unbind(-2), *(part.squeeze(-1).unbind(-1) for part in (alpha, c)), strict=True)
        return dist.TransformedDistribution(base, [Radial(*step) for step in steps])


def gated(m: torch.Tensor, s: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """mu and log sigma of z_t = sigma z_{t-1} + (1 - sigma) m, sigma = sigmoid(s)    (Kingma 2017, eqs 5.31-5.32)."""
    return torch.sigmoid(-s) * m, F.logsigmoid(s)


def affine(m: torch.Tensor, s: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """mu and log sigma of z_t = m + sigma z_{t-1} (eq. 5.27), s = log sigma^2, see ``BoundedLogVariance``."""
    return m, 0.5 * BoundedLogVariance.apply(s)


def location(m: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """mu and log sigma of z_t = m + z_{t-1}    (sec. 5.B.3)."""
    return m, torch.zeros_like(m)


STEPS = {"gated": (gated, 2), "affine": (affine, 2), "location": (location, 1)}  # with their number of arguments


class InverseAutoregressiveFlow(torch.nn.Module):
    """Inverse autoregressive flow (Kingma 2017, algorithm 5), with one masked network per step.

    (m_t, s_t) = MADE_t(z_{t-1}, h)                                             (eq. 5.30)
    z_t = sigma_t z_{t-1} + (1 - sigma_t) m_t,  sigma_t = sigmoid(s_t + b)      ``"gated"`` (eq. 5.32)
    z_t = sigma_t z_{t-1} + m_t,  log sigma_t^2 = s_t                           ``"affine"`` (eq. 5.27)
    z_t = z_{t-1} + m_t                                                         ``"location"`` (sec. 5.B.3)

    log q(z) = log q(z_0) - sum_t sum_i log sigma_ti                            (eq. 5.29)

    The features h enter the first layer of every MADE together with z. b is ``gate_bias``: a gate starts near
    sigmoid(b), so that a step changes little at first (sec. 5.4). A gated step only contracts: sigma_t < 1.

    Args:
        features, size, num_steps, network, shapes: as for ``PlanarFlow``.
        step: kind of step, ``"gated"``, ``"affine"`` or ``"location"``.
        made_hidden: sizes of the hidden layers of each MADE, ``()`` for a linear one; by default one layer as wide as
            the last feature, and at least as wide as z.
        made_activation: activation of each MADE, see ``Trunk``.
        reverse_every: number of steps after which the order of the units is reversed.
        gate_bias: bias of the gate of a gated step.

    Example::

        InverseAutoregressiveFlow((450,), 32, made_hidden=(320, 320))(dist.Normal(mu, sigma).to_event(1), h)
    """

    def __init__(
        self,
        features: Sequence[int],
        size: int,
        num_steps: int = 2,
        step: Literal["gated", "affine", "location"] = "gated",
        made_hidden: Sequence[int] | None = None,
        made_activation: str = "elu",
        reverse_every: int = 1,
        gate_bias: float = 2.0,
        **network: Any,
    ) -> None:
        super().__init__()
        check_size("num_steps", num_steps)
        check_choice("step", step, STEPS)
        check_size("reverse_every", reverse_every)
        if not is_number(gate_bias):
            raise ValueError(f"gate_bias: got {shown(gate_bias)}, want a finite number")
        self.step, self.reverse_every, self.gate_bias = step, reverse_every, gate_bias
        hidden = (max((*features[-1:], size)),) if made_hidden is None else made_hidden
        self.steps = torch.nn.ModuleList(
            MaskedNet(
                size,
                features,
                hidden,
                num_outputs=STEPS[step][1],
                reverse=t // reverse_every % 2 == 1,
                activation=made_activation,
                **network,
            )
            for t in range(num_steps)
        )

    def forward(self, base: dist.Distribution, *h: torch.Tensor) -> dist.TransformedDistribution:
        batch_shape = torch.broadcast_shapes(*(part.shape[:-1] for part in h))
        nets: Iterable[Any] = self.steps
        steps = [Autoregressive(self._moments(net, h), net.order, batch_shape) for net in nets]
        return dist.TransformedDistribution(base, steps)

    def _moments(self, net, h):
        def moments(z):
            outputs = net(z, *h)
            if self.step == "gated":
                outputs = outputs[0], outputs[1] + self.gate_bias
            return STEPS[self.step][0](*outputs)

        return moments


FLOWS = {"iaf": InverseAutoregressiveFlow, "planar": PlanarFlow, "radial": RadialFlow}


def flow_net(
    flow: Option, features: Sequence[int], size: int, **network: Any
) -> PlanarFlow | RadialFlow | InverseAutoregressiveFlow:
    """A normalising flow by name: a module whose ``forward(base, *h)`` returns the flow of a distribution.

    Args:
        flow: ``"planar"``, ``"radial"`` or ``"iaf"``, alone or with options, as ``("iaf", {"num_steps": 4})``.
        features: sizes of the features h from which its parameters are computed, the ``sizes`` of a trunk.
        size: number of units D.
        network: ``init``, ``precision`` and ``weight_norm``, see ``Linear``.

    Raises:
        ValueError: if there is no such flow or option; the message names the choices.

    Example::

        trunk = Trunk((784,), (500,))
        h = trunk(x)
        flow_net("planar", trunk.sizes, 32)(dist.Normal(mu(*h), sigma(*h)).to_event(1), *h)
    """
    name, options = split_option("flow", flow)
    check_choice("flow", name, FLOWS)
    known = inspect.signature(FLOWS[name]).parameters.keys() - {"features", "size", "network"}
    for option in options:
        check_choice(f"flow {name!r}: option", option, known)
    return FLOWS[name](tuple(features), size, **options, **network)
