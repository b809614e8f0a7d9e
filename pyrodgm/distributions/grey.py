"""A Bernoulli that scores grey values, the papers' likelihood for images in [0, 1]."""

import pyro.distributions as dist
from torch.distributions import constraints


class GreyBernoulli(dist.Bernoulli):
    """Bernoulli whose support is the whole interval [0, 1].

    log p(x) = x log pi + (1 - x) log(1 - pi)    (Kingma 2017, eq. 2.74)

    For x in {0, 1} this is the Bernoulli's log-probability. For a grey x it is the expectation of that under
    binarisation by sampling, E[log p(b)] with b ~ Bernoulli(x), so the bound of grey images is the expected
    bound of binarised ones and not a density of the grey values.

    Example::

        GreyBernoulli(logits=torch.zeros(3, 64)).to_event(1).log_prob(torch.rand(3, 64))   # (3,)
    """

    support = constraints.unit_interval
