"""Finds the first site that is not finite."""

import torch
from pyro.poutine.messenger import Messenger
from pyro.poutine.util import site_is_subsample


class FirstNonFinite(Messenger):
    """Remembers the first site whose value or log-probability is not finite."""

    def __init__(self) -> None:
        super().__init__()
        self.found = None

    def _pyro_post_sample(self, msg):
        if self.found is None and isinstance(msg["value"], torch.Tensor) and not site_is_subsample(msg):
            if not bool(torch.isfinite(msg["value"]).all()):
                self.found = f"the value of site {msg['name']!r} is not finite"
            elif not bool(torch.isfinite(msg["fn"].log_prob(msg["value"])).all()):
                self.found = f"the log-probability of site {msg['name']!r} is not finite"
