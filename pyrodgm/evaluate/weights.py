"""Importance weights of a pair, every class summed or one drawn in each."""

import math

import pyro.distributions as dist
import torch
from pyro.poutine.messenger import Messenger

from pyrodgm.evaluate.pair import run_pair

UNIFORM = 0.1  # the share of drawn classes that heed no q(y | x)


def log_weights(model, num_samples, drawn):
    """The function of rows and labels that draws log w_s, ``(S, B)``, see ``log_likelihood``."""
    within = DrawnClass() if drawn else None

    def draw(x, y):
        pair = run_pair(model, x, y, num_samples, within)
        summed = pair.classes
        log_w = pair.log_p() - pair.log_q(*(name for name in pair.guide if name not in summed))
        return log_w.expand(*log_w.shape[:-2], *pair.shape).reshape(-1, *pair.shape).logsumexp(0)

    return draw


def moments(weigh, batch, num_samples, samples):
    """log sum_s w_s and log sum_s w_s^2 of some rows, in double precision.

    Args:
        weigh: a function of ``*batch`` that draws ``samples`` log-weights a row, ``(samples, B)``.
        batch: rows ``(B, D)`` and labels, or None.
        num_samples: S. The surplus of the last call is dropped.
        samples: of a call.

    Returns:
        Two of ``(B,)``.
    """
    first = second = torch.full((), -math.inf, dtype=torch.float64, device=batch[0].device)
    for begin in range(0, num_samples, samples):
        log_w = weigh(*batch)[: num_samples - begin].double()
        first = torch.logaddexp(first, log_w.logsumexp(0))
        second = torch.logaddexp(second, (2 * log_w).logsumexp(0))
    return first, second


class DrawnClass(Messenger):
    """Draws one class where the guide enumerates all, from r = 0.9 q + 0.1 / K."""

    def _pyro_sample(self, msg):
        if msg["is_observed"] or msg["infer"].get("enumerate") != "parallel":
            return
        fn = msg["fn"]
        if not isinstance(fn, (dist.Categorical, dist.OneHotCategorical)):
            raise ValueError(f"classes: got 'drawn' with {msg['name']!r}, a {type(fn).__name__}, want a categorical")
        log_q = fn.logits + math.log1p(-UNIFORM)
        uniform = torch.full_like(log_q, math.log(UNIFORM / log_q.shape[-1]))
        msg["fn"] = type(fn)(logits=torch.logaddexp(log_q, uniform))
        msg["infer"] = {}
