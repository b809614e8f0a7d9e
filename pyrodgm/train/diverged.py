"""Where a loss stopped being finite."""

import torch
from pyro.poutine.messenger import Messenger
from pyro.poutine.util import site_is_subsample


class _Finite(Messenger):
    """Remembers the first site whose value or log-probability is not finite."""

    def __init__(self):
        super().__init__()
        self.found = None

    def _pyro_post_sample(self, msg):
        if self.found is None and isinstance(msg["value"], torch.Tensor) and not site_is_subsample(msg):
            if not bool(torch.isfinite(msg["value"]).all()):
                self.found = f"the value of site {msg['name']!r} is not finite"
            elif not bool(torch.isfinite(msg["fn"].log_prob(msg["value"])).all()):
                self.found = f"the log-probability of site {msg['name']!r} is not finite"


def not_finite(module):
    """The names of a module's parameters that hold NaN or infinity."""
    named = dict(module.named_parameters())
    if not named:
        return []
    norms = torch.stack(torch._foreach_norm([p.detach() for p in named.values()], float("inf"))).isfinite()
    return [] if bool(norms.all()) else [name for name, finite in zip(named, norms.tolist(), strict=True) if not finite]


def culprit(svi, batch):
    """What is not finite in the loss of a batch, in words: the first site that makes it so.

    Args:
        svi: with the parameters and the random numbers as they were before the step.
        batch: dict, the arguments of its step.

    Example::

        culprit(svi, {"x": x})       # "the log-probability of site 'x' is not finite"
    """
    sites = _Finite()
    try:
        with torch.no_grad(), sites:
            svi.loss(svi.model, svi.guide, **batch)
    except (ValueError, RuntimeError):  # a distribution's own check of its arguments, which are not finite
        return sites.found or "the arguments of a site are not finite"
    return sites.found or "every site is finite, the objective is not"
