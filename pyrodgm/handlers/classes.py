"""Handlers of the class y in a guide: observe its label, or draw it instead of enumerating it."""

import math

import pyro.distributions as dist
import torch
from pyro.distributions.util import scale_and_mask
from pyro.poutine.messenger import Messenger
from pyro.poutine.util import is_validation_enabled

from pyrodgm.checks import check_label_values, check_labels
from pyrodgm.distributions.one_hot import one_hot_rows
from pyrodgm.handlers.copies import at_copies

UNIFORM = 0.1  # share of the uniform distribution in the mixture that classes are drawn from


class ObserveClass(Messenger):
    """Observe the labels at the site ``y`` of a guide, store log q(y | ...), and hide the site from the ELBO.

    Example::

        with ObserveClass(y) as observed:
            m.guide(x)
        observed.log_q(len(x))
    """

    def __init__(self, y: torch.Tensor) -> None:
        super().__init__()
        self.y = y
        self.log_probs: list[torch.Tensor] = []

    def _pyro_sample(self, msg):
        if msg["name"] == "y":
            msg["value"], msg["is_observed"], msg["stop"] = _as_event(self.y, msg["fn"]), True, True

    def _pyro_post_sample(self, msg):
        if msg["name"] == "y" and not at_copies():
            self.log_probs.append(msg["fn"].log_prob(msg["value"]))
            self.scale, self.mask = msg["scale"], msg["mask"]

    def log_q(self, rows: int) -> torch.Tensor | float:
        """The sum over the rows of log E[q(y | ...)], the mean over all particles, with the site's scale and mask."""
        if not self.log_probs:
            return 0.0
        log_q = torch.cat([log_prob.reshape(-1, rows) for log_prob in self.log_probs])  # (particles, B)
        return scale_and_mask(log_q.logsumexp(0) - math.log(len(log_q)), self.scale, self.mask).sum()


def _as_event(y, fn):
    """Labels in the form that the distribution of the site takes: one-hot rows or indices."""
    if fn.event_dim == 1 and y.dim() == 1:
        check_labels("y", y, None, fn.event_shape[0])
        if is_validation_enabled():
            check_label_values("y", y, fn.event_shape[0])
        return one_hot_rows(y.long(), fn.event_shape[0], fn.mean.dtype)
    if fn.event_dim == 0 and y.dim() == 2:
        return y.argmax(-1)
    return y.to(fn.mean.dtype) if fn.event_dim == 1 else y


class DrawnClass(Messenger):
    """Draws one class from r = 0.9 q + 0.1 / K, at sites where the guide enumerates all classes.

    Example::

        trace = poutine.trace(DrawnClass()(m.guide)).get_trace(x)
        trace.nodes["y"]["value"]       # (B, K)
    """

    def _pyro_sample(self, msg):
        if msg["is_observed"] or msg["infer"].get("enumerate") != "parallel":
            return
        fn = msg["fn"]
        if not isinstance(fn, (dist.Categorical, dist.OneHotCategorical)):
            raise ValueError(f"classes: got 'drawn' with {msg['name']!r}, a {type(fn).__name__}, want a categorical")
        log_q = fn.logits + math.log1p(-UNIFORM)
        uniform = torch.full_like(log_q, math.log(UNIFORM / log_q.shape[-1]))
        kind = dist.OneHotCategorical if fn.event_dim else dist.Categorical
        msg["fn"] = kind(logits=torch.logaddexp(log_q, uniform))
        msg["infer"] = {}
