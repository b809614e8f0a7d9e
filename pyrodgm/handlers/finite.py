"""Finds the first site that is not finite."""

import torch
from pyro.poutine.messenger import Messenger
from pyro.poutine.util import site_is_subsample

from pyrodgm.distributions import SumAndSample


class FirstNonFinite(Messenger):
    """Remembers the first site whose value or log-probability is not finite.

    Example::

        with FirstNonFinite() as sites:
            m.guide(x)
        sites.found     # None if all are finite
    """

    def __init__(self) -> None:
        super().__init__()
        self.found = None

    def _pyro_post_sample(self, msg):
        fn, value = msg["fn"], msg["value"]
        if self.found is None and isinstance(value, torch.Tensor) and not site_is_subsample(msg):
            if not bool((torch.isfinite(value) | _missing(fn, value)).all()):
                self.found = f"the value of site {msg['name']!r} is not finite"
            elif not bool(torch.isfinite(_log_prob(fn, value)).all()):
                self.found = f"the log-probability of site {msg['name']!r} is not finite"


def _missing(fn, value):
    """Where a cell is missing: it is NaN, and the distribution leaves it out."""
    return value.isnan() & hasattr(fn, "given_observed")


def _log_prob(fn, value):
    """log p. ``SumAndSample`` gives that of its enumerated classes as a part of their score only."""
    return fn.score_parts(value).log_prob if isinstance(fn, SumAndSample) else fn.log_prob(value)
