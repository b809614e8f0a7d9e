"""Posteriors of latents that are feature maps: a diagonal normal, and its inverse autoregressive flow."""

import inspect
import math
from collections.abc import Sequence
from typing import Any, Literal

import pyro.distributions as dist
import torch

from pyrodgm.checks import check_choice, check_size, is_number, shown, split_option
from pyrodgm.distributions import Autoregressive
from pyrodgm.nn.convolution import Convolution
from pyrodgm.nn.flows import STEPS
from pyrodgm.nn.masked_conv import MaskedConvNet
from pyrodgm.nn.scale_heads import standard_deviation
from pyrodgm.types import Option

CONTEXTS = {"both": slice(None), "bottom_up": slice(0, 1), "top_down": slice(1, 2)}  # which parents
INITIAL_SCALE = 0.1  # initial scale of heads, relative to the usual initialisation


class MapNormalNet(torch.nn.Module):
    """Diagonal normal of feature maps: (mu, log sigma^2) = W * [h_1; h_2; ...] + b, a convolution.

    The outputs start at a tenth of their usual scale, also after data-dependent initialisation, so that the normal
    starts near N(0, I). Otherwise prior and posterior, each with its own variance, may be so far apart in the first
    steps that training diverges.

    Args:
        parents: numbers of feature maps of h_1, h_2, ...
        size: number C of feature maps of the latent.
        weight_norm, precision: see ``Linear``; the moments have the parameters' dtype.

    Shapes:
        h_i ``(..., m_i, H, W)``; a distribution of batch shape ``(...)`` and event shape ``(C, H, W)``.

    Example::

        MapNormalNet((64, 64), 32)(h_q, h_p).rsample()      # (B, 64, 16, 16) each: (B, 32, 16, 16)
    """

    def __init__(
        self, parents: Sequence[int], size: int, weight_norm: bool = False, precision: str = "float32"
    ) -> None:
        super().__init__()
        check_size("size", size)
        self.moments = Convolution(parents, 2 * size, precision=precision, weight_norm=weight_norm)
        self.moments.first_spread = INITIAL_SCALE
        with torch.no_grad():
            (self.moments.weight if self.moments.gain is None else self.moments.gain).mul_(INITIAL_SCALE)

    def forward(self, *h: torch.Tensor) -> dist.Independent:
        loc, log_variance = self.moments(*h).to(self.moments.weight.dtype).chunk(2, -3)
        return dist.Normal(loc, standard_deviation(log_variance)).to_event(3)


class MapFlowNet(torch.nn.Module):
    """Inverse autoregressive flow of a ``MapNormalNet``, with one masked convolutional network per step.

    z_0 = mu + sigma eps                                                     (Kingma 2017, eq. 5.25)
    (m_t, s_t) = MaskedConvNet_t(z_{t-1}, c),  z_t = mu_t + sigma_t z_{t-1}  by ``step`` (eqs 5.27-5.32, sec. 5.B.3)

    The steps are those of ``InverseAutoregressiveFlow``. The order is position by position, and map by map within a
    position; ``reverse_every`` reverses it. The context c is the parents, or one of them. The last layer of a network
    starts at a tenth of its usual scale, so that a step starts near the identity (a gated step near its gate).

    Args:
        parents, size, weight_norm, precision: as for ``MapNormalNet``; the masked convolutions have no weight norm.
        num_steps, step, made_activation, reverse_every, gate_bias: as for ``InverseAutoregressiveFlow``.
        made_hidden: numbers of feature maps of the hidden layers; ``()`` for a linear network, which with
            ``step="location"`` gives a normal that is not diagonal (sec. 5.B.3); by default one layer as wide as the
            last parent, and at least as wide as z.
        context: which parents are inputs of the networks: ``"both"`` for all; of two parents, ``"bottom_up"`` for the
            first and ``"top_down"`` for the second.

    Shapes:
        As for ``MapNormalNet``.

    Raises:
        ValueError: if the context is not among the parents; and as for ``InverseAutoregressiveFlow``.

    Example::

        MapFlowNet((64, 64), 32, made_hidden=(160, 160), step="location")(h_q, h_p).rsample()
    """

    def __init__(
        self,
        parents: Sequence[int],
        size: int,
        weight_norm: bool = False,
        precision: str = "float32",
        num_steps: int = 1,
        step: Literal["gated", "affine", "location"] = "affine",
        made_hidden: Sequence[int] | None = None,
        made_activation: str = "elu",
        reverse_every: int = 1,
        gate_bias: float = 2.0,
        context: Literal["both", "bottom_up", "top_down"] = "both",
    ) -> None:
        super().__init__()
        check_size("num_steps", num_steps)
        check_choice("step", step, STEPS)
        check_size("reverse_every", reverse_every)
        check_choice("context", context, CONTEXTS)
        if not is_number(gate_bias):
            raise ValueError(f"gate_bias: got {shown(gate_bias)}, want a finite number")
        if not parents[CONTEXTS[context]]:
            raise ValueError(f"context: got {context!r} with {len(parents)} parent, want 'both' or 'bottom_up'")
        hidden = (max(parents[-1], size),) if made_hidden is None else made_hidden
        if not isinstance(hidden, (tuple, list)):
            raise ValueError(f"made_hidden: got {hidden!r}, want a tuple of positive ints, () for a linear network")
        self.step, self.gate_bias, self.context, self.size = step, gate_bias, context, size
        self.base = MapNormalNet(parents, size, weight_norm, precision)
        self.reversed = [t // reverse_every % 2 == 1 for t in range(num_steps)]
        read, num_outputs = parents[CONTEXTS[context]], STEPS[step][1]
        nets = [
            MaskedConvNet(
                size, read, (), hidden, num_outputs=num_outputs, activation=made_activation, precision=precision
            )
            for _ in range(num_steps)
        ]
        self.steps = torch.nn.ModuleList(nets)
        with torch.no_grad():
            for net in nets:
                last: Any = net.layers[-1]
                for weight in (last.weight, *last.of_maps):
                    weight.mul_(INITIAL_SCALE)

    def forward(self, *h: torch.Tensor) -> dist.TransformedDistribution:
        context, base = h[CONTEXTS[self.context]], self.base(*h)
        batch_shape = torch.broadcast_shapes(*(maps.shape[:-3] for maps in context))
        orders = [order_of_maps(base.event_shape, backward) for backward in self.reversed]
        moments = [self._moments(*step, context) for step in zip(self.steps, self.reversed, strict=True)]
        steps = zip(moments, orders, strict=True)
        return dist.TransformedDistribution(base, [Autoregressive(*step, batch_shape, event_dim=3) for step in steps])

    def _moments(self, net, backward, context):
        """mu and log sigma as a function of z; with ``backward`` the order is from the last value to the first."""

        def moments(z):
            if backward:
                outputs = net(z.flip(-3, -2, -1), *(maps.flip(-2, -1) for maps in context))
                outputs = [part.flip(-3, -2, -1) for part in outputs]
            else:
                outputs = net(z, *context)
            if self.step == "gated":
                outputs = outputs[0], outputs[1] + self.gate_bias
            return STEPS[self.step][0](*outputs)

        return moments


def order_of_maps(shape: Sequence[int], backward: bool = False) -> list[int]:
    """Indices into flattened feature maps ``(C, H, W)``: position by position, and map by map within a position."""
    order = torch.arange(math.prod(shape)).reshape(shape).movedim(0, -1).flatten().tolist()
    return order[::-1] if backward else order


MAP_POSTERIORS = {"iaf": MapFlowNet, "normal": MapNormalNet}
NETWORK = {"parents", "size", "weight_norm", "precision"}  # arguments that the model sets


def map_posterior_net(
    posterior: Option, parents: Sequence[int], size: int, weight_norm: bool = False, precision: str = "float32"
) -> MapNormalNet | MapFlowNet:
    """The network of q(z | parents) for feature maps z, for a posterior by name.

    Args:
        posterior: ``"normal"`` (diagonal) or ``"iaf"``; alone or with options, as ``("iaf", {"made_hidden": (160,)})``,
            see ``MapFlowNet``.
        parents, size, weight_norm, precision: as for ``MapNormalNet``.

    Raises:
        ValueError: if there is no such posterior or option; the message names the choices.

    Example::

        map_posterior_net(("iaf", {"step": "location"}), parents=(64, 64), size=32)
    """
    name, options = split_option("posterior", posterior)
    check_choice("posterior", name, MAP_POSTERIORS)
    known = inspect.signature(MAP_POSTERIORS[name]).parameters.keys() - NETWORK
    for option in options:
        check_choice(f"posterior {name!r}: option", option, known)
    return MAP_POSTERIORS[name](tuple(parents), size, weight_norm, precision, **options)
