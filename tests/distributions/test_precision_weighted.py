import math

import torch
from torch.distributions import Normal

from pyrodgm.distributions import precision_weighted


def normal(*shape, dtype=torch.float64):
    return Normal(torch.randn(*shape, dtype=dtype), 0.5 + torch.rand(*shape, dtype=dtype))


def test_it_is_the_product_of_the_densities_normalised():
    """log N_a + log N_b - log N is the same everywhere, and N is a normal density."""
    a, b = normal(4, 1, 5, 3), normal(5, 3)
    product = precision_weighted(*(torch.distributions.Independent(q, 1) for q in (a, b)))
    assert product.batch_shape == (4, 1, 5) and product.event_shape == (3,)
    z = 5 * torch.randn(7, 1, 1, 1, 3, dtype=torch.float64)
    constant = a.log_prob(z) + b.log_prob(z) - product.base_dist.log_prob(z)
    torch.testing.assert_close(constant, constant[:1].expand_as(constant), rtol=1e-12, atol=1e-12)


def test_a_normal_as_narrow_or_wide_as_networks_make_them_has_a_finite_product():
    scale = torch.tensor([math.exp(-15.5), 1.0, math.exp(15.5)])
    a = Normal(torch.tensor([1.0, -2.0, 3.0]).expand(3, 3), scale.expand(3, 3))
    b = Normal(torch.zeros(3, 3), scale[:, None].expand(3, 3))
    product = precision_weighted(*(torch.distributions.Independent(q, 1) for q in (a, b)))
    want = 1 / (scale.double() ** -2 + scale.double()[:, None] ** -2)
    torch.testing.assert_close(product.variance.double(), want, rtol=1e-5, atol=0)
    assert bool(product.mean.isfinite().all())
