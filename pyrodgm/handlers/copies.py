"""A guide scored again, at copies of what it drew."""

from pyro.poutine.messenger import Messenger
from pyro.poutine.runtime import _PYRO_STACK


class AtCopies(Messenger):
    """Give every latent of a guide a copy of its sample, whose gradient is multiplied by weights.

    The copies make sure that each gradient is multiplied once. At the samples themselves, the gradient of z2 would be
    multiplied again on its way through z1, from which z2 was made.

    Args:
        sites: the guide's sites by name, as a trace holds them, with values ``(S, B, *event)``.
    """

    def __init__(self, sites):
        super().__init__()
        self._weights = []
        self.values = {name: _copy(site["value"], site["fn"].event_dim, self._weights) for name, site in sites.items()}

    def weigh(self, weights):
        """Set the weights ``(S, B)``, before gradients flow."""
        self._weights.append(weights)

    def _pyro_sample(self, msg):
        if msg["name"] in self.values and not msg["is_observed"]:
            msg["value"], msg["done"] = self.values[msg["name"]], True


def _copy(value, event_dim, weights):
    """A copy. Its hook holds the weights alone: one that held the copy too would keep the graph alive for good."""
    copy = value.view_as(value)
    if copy.requires_grad:
        copy.register_hook(lambda gradient: gradient * weights[0][(..., *[None] * event_dim)])
    return copy


def at_copies():
    """Whether a guide is being scored again."""
    return any(isinstance(handler, AtCopies) for handler in _PYRO_STACK)
