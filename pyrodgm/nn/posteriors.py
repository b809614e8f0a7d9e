"""Networks for q(z | parents): a posterior by name, with one call signature for all."""

import pyro.distributions as dist
import torch
from pyro.distributions.transforms import ConditionalAffineAutoregressive
from pyro.nn import ConditionalAutoRegressiveNN

from pyrodgm.checks import check_choice
from pyrodgm.distributions import FullNormal
from pyrodgm.nn.likelihoods import NormalNet


class FullNormalNet(NormalNet):
    """Normal with full covariance, L = mask * L' + diag(sigma) (Kingma 2017, sec. 2.6.1, eqs 2.53-2.54).

    Arguments and shapes as for ``NormalNet``; returns a ``FullNormal``.

    Example::

        posterior_net("full", parents=(784,), hidden=(500,), size=50)(x).scale_tril     # (B, 50, 50)
    """

    def __init__(self, parents, hidden, size, **network):
        super().__init__(parents, hidden, size, **network)
        self.lower = self.trunk.head(size * size)

    def forward(self, *parents):
        h = self.trunk(*parents)
        loc, sigma = self.moments(*h)
        lower = self.lower(*h).unflatten(-1, (loc.shape[-1], loc.shape[-1]))
        return FullNormal(loc, scale_tril=lower.tril(-1) + torch.diag_embed(sigma))


class IAFNet(NormalNet):
    """Inverse autoregressive flow of a diagonal normal (Kingma 2017, ch. 5, algorithm 5).

    z_0 = mu + sigma * eps                                                   (eq. 5.25)
    (m_t, s_t) = MADE_t(z_{t-1}, h),  sigma_t = sigmoid(s_t)                 (eqs 5.30-5.31)
    z_t = sigma_t * z_{t-1} + (1 - sigma_t) * m_t                            (eq. 5.32)

    The steps are Pyro's conditional autoregressive transforms, each conditioned on the context h anew at every
    call; every other one reads z in reverse order; s_t starts near +2, Pyro's gate bias. The base takes the full
    batch shape before the flow, so y may be enumerated. A sample is scored through the transforms' caches: the
    sequential inverse runs only for values that came from elsewhere.

    Arguments and shapes as for ``NormalNet``, and ``num_steps``, the flow's length T, ``made_hidden``, the hidden
    sizes of each MADE (each at least ``size``; by default one layer as wide as the trunk's last), and
    ``context_size``, the size of h.

    Example::

        posterior_net(("iaf", {"num_steps": 4}), parents=(784,), hidden=(500,), size=32)(x).rsample()
    """

    def __init__(self, parents, hidden, size, num_steps=2, made_hidden=None, context_size=None, **network):
        if num_steps < 1:
            raise ValueError(f"num_steps: got {num_steps}, want at least 1")
        super().__init__(parents, hidden, size, **network)
        context_size = context_size or max(self.trunk.sizes[-1], size)
        made_hidden = list(made_hidden or [max(self.trunk.sizes[-1], size)])
        if min(made_hidden) < size:
            raise ValueError(f"made_hidden: got {made_hidden}, want every layer at least as wide as z, {size}")
        self.context = self.trunk.head(context_size)
        order = torch.arange(size)
        self.steps = torch.nn.ModuleList(
            ConditionalAffineAutoregressive(
                ConditionalAutoRegressiveNN(
                    size, context_size, made_hidden, permutation=order if step % 2 == 0 else order.flip(0)
                ),
                stable=True,
            )
            for step in range(num_steps)
        )

    def forward(self, *parents):
        h = self.trunk(*parents)
        base = dist.Normal(*self.moments(*h)).to_event(1)
        context = self.context(*h)
        return dist.TransformedDistribution(base, [step.condition(context) for step in self.steps])


POSTERIORS = {"full": FullNormalNet, "iaf": IAFNet, "normal": NormalNet}


def posterior_net(posterior, parents, hidden, size, **network):
    """The network of q(z | parents) for a posterior by name.

    Args:
        posterior: ``"normal"`` (diagonal), ``"full"`` (Cholesky factor) or ``"iaf"``, alone or with options, as
            ``("iaf", {"num_steps": 4})``.
        parents, hidden, size, network: as for ``NormalNet``.

    Raises:
        ValueError: if there is no such posterior, naming those there are.

    Example::

        posterior_net("normal", parents=(784, 10), hidden=(500,), size=50)
    """
    name, options = (posterior, {}) if isinstance(posterior, str) else posterior
    check_choice("posterior", name, POSTERIORS)
    return POSTERIORS[name](parents, hidden, size, **options, **network)
