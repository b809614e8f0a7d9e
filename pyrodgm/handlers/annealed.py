"""Annealing: a weight on the model's log-density of a latent."""

import torch
from pyro.poutine.messenger import Messenger

from pyrodgm.handlers.warm_up import check_beta, guide_traces


class annealed(Messenger):
    """Scale the model's log-density of a latent by ``beta``, in an ELBO; that of the guide is unchanged.

    E_q[beta log p(z) - log q(z)]                                            (Rezende and Mohamed 2015, eq. 20)

    q is fitted to p(z)^beta, whose modes are connected while beta is small. ``warm_up`` scales both log-densities
    instead, so that its optimum stays the same. While ``beta`` is below 1, the loss is not a bound on log Z; leave the
    context when it is 1. ``TraceMeanField_ELBO`` does not anneal a latent whose KL divergence it has in closed form:
    Pyro scales such a divergence by the guide's scale.

    Args:
        beta: a 0-d tensor, updated in place between steps. It starts above zero.
        site: name of the latent.

    Raises:
        ValueError: if ``beta`` is not a 0-d tensor, or not above zero.

    Example::

        beta = torch.tensor(0.05)
        with annealed(beta):
            svi.step(256)
            beta.fill_(0.1)
    """

    def __init__(self, beta: torch.Tensor, site: str = "z") -> None:
        super().__init__()
        check_beta(beta)
        self.beta, self.site = beta, site

    def _process_message(self, msg):
        if msg["type"] == "sample" and msg["name"] == self.site and any(self.site in trace for trace in guide_traces()):
            msg["scale"] = msg["scale"] * self.beta
