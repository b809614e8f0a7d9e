"""Runs a guide a second time at copies of its samples."""

from typing import Any

import torch
from pyro.poutine.messenger import Messenger
from pyro.poutine.runtime import _PYRO_STACK


class AtCopies(Messenger):
    """Replace every latent of a guide by a copy of its sample, whose gradient is multiplied by weights.

    The copies make sure that each gradient is multiplied once. At the samples themselves, the gradient of z2 would be
    multiplied again on its way through z1, if z2 was computed from z1.

    Args:
        sites: the sites of the guide by name, as in a trace, with values ``(S, B, *event)``.

    Example::

        copies = AtCopies(latent_sites(poutine.trace(m.guide).get_trace(x)))
        with copies:
            m.guide(x)
        copies.weigh(torch.full((1, B), 0.5))
    """

    def __init__(self, sites: dict[str, Any]) -> None:
        super().__init__()
        self._weights: list[torch.Tensor] = []
        self.values = {name: _copy(site["value"], site["fn"].event_dim, self._weights) for name, site in sites.items()}

    def weigh(self, weights: torch.Tensor) -> None:
        """Set the weights ``(S, B)``, before the backward pass."""
        self._weights.append(weights)

    def _pyro_sample(self, msg):
        if msg["name"] in self.values and not msg["is_observed"]:
            msg["value"], msg["done"] = self.values[msg["name"]], True


def _copy(value, event_dim, weights):
    """A copy. Its hook refers to the weights only: a reference to the copy would keep the graph alive forever."""
    copy = value.view_as(value)
    if copy.requires_grad:
        copy.register_hook(lambda gradient: gradient * weights[0][(..., *[None] * event_dim)])
    return copy


def at_copies() -> bool:
    """Whether a guide is being run at copies of its samples."""
    return any(isinstance(handler, AtCopies) for handler in _PYRO_STACK)
