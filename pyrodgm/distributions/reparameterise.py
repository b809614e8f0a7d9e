"""z = g(noise, phi, x): the sample of a distribution for given noise."""

import torch
from torch.distributions import Distribution, Independent, MultivariateNormal, Normal, TransformedDistribution

from pyrodgm.distributions.discrete import StraightThroughOneHot
from pyrodgm.distributions.full_normal import FullNormal

STANDARD = Normal(0.0, 1.0)


def reparameterise(distribution: Distribution, noise: torch.Tensor, normal_only: bool = False) -> torch.Tensor:
    """The sample of ``distribution`` for standard normal ``noise`` (Kingma 2017, eqs 2.40, 2.47, 5.32).

    A diagonal normal gives mu + sigma * noise, a full one mu + L noise. A flow transforms the sample of its base. Any
    other distribution of one variable gives its quantile F^-1(Phi(noise)). A relaxed class is picked by the Gumbel
    noise -log(-log Phi(noise)). With the same noise for all rows, the result for a row does not depend on other rows.

    Args:
        distribution: batch shape ``(..., B)`` and event shape ``(D,)``; may be an ``Independent`` or transformed
            distribution.
        noise: ``(..., D)``, broadcast against the batch.
        normal_only: refuse a distribution whose own samples do not come from normal noise.

    Returns:
        The sample, ``(..., B, D)``.

    Raises:
        ValueError: if ``distribution`` cannot be sampled from such noise, or is refused.

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
        least = torch.finfo(noise.dtype).eps / 2  # Laplace's quantile rounds a smaller one to 0, and is infinite there
        uniform = STANDARD.cdf(noise).clamp(least, 1 - least)
        if isinstance(distribution, StraightThroughOneHot):
            return distribution.relaxed(-(-uniform.log()).log())
        if not distribution.event_shape:
            try:
                return distribution.icdf(uniform)
            except NotImplementedError:
                pass
    wanted = "a normal or a flow of one" if normal_only else "a normal, a flow, or one with a quantile function"
    raise ValueError(f"distribution: got {type(distribution).__name__}, want {wanted}")
