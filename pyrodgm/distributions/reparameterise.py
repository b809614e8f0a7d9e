"""z = g(noise, phi, x): the sample that a distribution makes from given noise."""

import torch
from torch.distributions import Independent, MultivariateNormal, Normal, TransformedDistribution

from pyrodgm.distributions.discrete import StraightThroughOneHot
from pyrodgm.distributions.full_normal import FullNormal

STANDARD = Normal(0.0, 1.0)


def reparameterise(distribution, noise, normal_only=False):
    """The value that ``distribution`` takes at standard normal ``noise`` (Kingma 2017, eqs 2.40, 2.47, 5.32).

    A diagonal normal gives mu + sigma * noise, a full one mu + L noise, a flow the flow of its base's value. Any other
    distribution of one variable gives its quantile F^-1(Phi(noise)), and a relaxed class the one that Gumbel noise
    -log(-log Phi(noise)) picks. With one noise for all rows, a row's answer does not depend on its neighbours.

    Args:
        distribution: of batch shape ``(..., B)`` and event shape ``(D,)``, also as an ``Independent`` or transformed
            one.
        noise: ``(..., D)``, broadcast against the batch.
        normal_only: refuse what draws its own samples from other than normal noise.

    Returns:
        The value, ``(..., B, D)``.

    Raises:
        ValueError: if ``distribution`` has no such value, or is refused.

    Example::

        reparameterise(dist.Normal(loc, scale).to_event(1), torch.zeros(5))    # loc
    """
    if isinstance(distribution, Independent):
        return reparameterise(distribution.base_dist, noise, normal_only)
    if isinstance(distribution, Normal):
        return distribution.loc + distribution.scale * noise
    if isinstance(distribution, FullNormal):
        return distribution.at(noise)
    if isinstance(distribution, MultivariateNormal):
        return distribution.loc + (distribution.scale_tril @ noise.unsqueeze(-1)).squeeze(-1)
    if isinstance(distribution, TransformedDistribution):
        value = reparameterise(distribution.base_dist, noise, normal_only)
        value = value.expand(torch.broadcast_shapes(value.shape, distribution.batch_shape + distribution.event_shape))
        for transform in distribution.transforms:
            value = transform(value)
        return value
    if not normal_only and distribution.has_rsample:
        uniform = STANDARD.cdf(noise).clamp(torch.finfo(noise.dtype).tiny, 1 - torch.finfo(noise.dtype).eps / 2)
        if isinstance(distribution, StraightThroughOneHot):
            return distribution.relaxed(-(-uniform.log()).log())
        if not distribution.event_shape:
            try:
                return distribution.icdf(uniform)
            except NotImplementedError:
                pass
    wanted = "a normal or a flow of one" if normal_only else "a normal, a flow, or what has a quantile function"
    raise ValueError(f"distribution: got {type(distribution).__name__}, want {wanted}")
