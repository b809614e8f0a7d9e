"""The log-density of every unit of a vector, for a density that is a product over units."""

import torch
from torch.distributions import Distribution, Independent, TransformedDistribution

from pyrodgm.distributions.autoregressive import Autoregressive


def log_prob_of_units(distribution: Distribution, value: torch.Tensor) -> torch.Tensor:
    """log q of every unit of a vector or of feature maps; their sum is log q (Kingma 2017, eq. 5.29 without its sum).

    Independent units have one density each. An autoregressive flow has log q_i = log q(z_0i) - sum_t log sigma_ti; for
    its own samples it uses the cached z_0 and log sigma.

    Args:
        distribution: independent units, such as a diagonal normal, or an autoregressive flow (``"iaf"``) of them.
        value: ``(..., D)``, or ``(..., C, H, W)``.

    Returns:
        The same shape.

    Raises:
        ValueError: for a density that is not a product over units, as of ``"full"``, ``"planar"`` and ``"radial"``.

    Example::

        q = posterior_net("iaf", parents=(784,), hidden=(500,), size=32)(x)
        z = q.rsample()
        log_prob_of_units(q, z).sum(-1)         # q.log_prob(z)
    """
    if isinstance(distribution, Independent) and not distribution.base_dist.event_shape:
        return distribution.base_dist.log_prob(value)
    steps = getattr(distribution, "transforms", ())
    if isinstance(distribution, TransformedDistribution) and all(isinstance(step, Autoregressive) for step in steps):
        log_scales = 0.0
        for step in reversed(steps):
            value = step.inv(value)
            log_scales = log_scales + step.log_scales(value)
        return log_prob_of_units(distribution.base_dist, value) - log_scales
    kinds = " of ".join([*dict.fromkeys(type(step).__name__ for step in steps), type(distribution).__name__])
    raise ValueError(
        f"distribution: got {kinds}, want one that is a product over units: independent units, or an 'iaf' of them"
    )
