"""z = g(noise, phi, x): the sample that a posterior makes from given noise."""

import torch
from torch.distributions import Independent, MultivariateNormal, Normal, TransformedDistribution


def reparameterise(distribution, noise):
    """The value that ``distribution`` takes at standard normal ``noise`` (Kingma 2017, eqs 2.40, 2.47, 5.32).

    A diagonal normal gives mu + sigma * noise, a full one mu + L noise, a flow the flow of its base's value.
    With one noise for all rows, a row's answer does not depend on its neighbours.

    Args:
        distribution: a normal, an ``Independent`` normal, a ``MultivariateNormal`` or a transformed one,
            batch shape ``(..., B)`` and event shape ``(D,)``.
        noise: ``(..., D)``, broadcast against the batch.

    Returns:
        The value, ``(..., B, D)``.

    Raises:
        ValueError: if ``distribution`` is none of these.

    Example::

        reparameterise(dist.Normal(loc, scale).to_event(1), torch.zeros(5))    # loc
    """
    if isinstance(distribution, Independent):
        return reparameterise(distribution.base_dist, noise)
    if isinstance(distribution, Normal):
        return distribution.loc + distribution.scale * noise
    if isinstance(distribution, MultivariateNormal):
        return distribution.loc + (distribution.scale_tril @ noise.unsqueeze(-1)).squeeze(-1)
    if isinstance(distribution, TransformedDistribution):
        value = reparameterise(distribution.base_dist, noise)
        value = value.expand(torch.broadcast_shapes(value.shape, distribution.batch_shape + distribution.event_shape))
        for transform in distribution.transforms:
            value = transform(value)
        return value
    raise ValueError(f"distribution: got {type(distribution).__name__}, want a normal or a flow of one")
