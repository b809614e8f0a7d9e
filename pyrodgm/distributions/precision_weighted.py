"""The normalised product of two diagonal normal densities."""

import pyro.distributions as dist


def precision_weighted(a: dist.Independent, b: dist.Independent) -> dist.Independent:
    """N(mu, sigma^2), proportional to N(mu_a, sigma_a^2) N(mu_b, sigma_b^2) (Sønderby et al. 2016, eqs 17-18).

    sigma^2 = 1 / (sigma_a^-2 + sigma_b^-2)

    mu = sigma^2 (mu_a sigma_a^-2 + mu_b sigma_b^-2)

    Eq. 17 prints sigma instead of sigma^2, as do Maaløe 2018, eq. 5.4 and app. E, eq. 9.

    Args:
        a, b: diagonal normals, ``Normal(...).to_event(1)``, with batch shapes that broadcast against each other.

    Returns:
        A diagonal normal of the joint batch shape.

    Example::

        q, p = (dist.Normal(torch.zeros(3), torch.ones(3)).to_event(1) for _ in range(2))
        precision_weighted(q, p).variance           # a half each
    """
    a, b = a.base_dist, b.base_dist
    precision_a, precision_b = a.scale**-2, b.scale**-2
    variance = 1 / (precision_a + precision_b)
    loc = variance * (a.loc * precision_a + b.loc * precision_b)
    return dist.Normal(loc, variance.sqrt()).to_event(1)
