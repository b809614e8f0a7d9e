"""The first site that is not finite."""

import math

import pyro
import pyro.distributions as dist
import pytest
import torch

from pyrodgm.handlers import FirstNonFinite


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ((0.5, 0.5), None),
        ((0.5, math.nan), "the value of site 'b' is not finite"),
        ((math.inf, math.nan), "the value of site 'a' is not finite"),
        ((1e30, math.nan), "the log-probability of site 'a' is not finite"),  # its square overflows
    ],
)
def test_the_first_site_is_named(values, found):
    a, b = (torch.tensor([0.1, 0.2, value]) for value in values)
    with pyro.validation_enabled(False), FirstNonFinite() as sites:
        pyro.sample("a number, no tensor", dist.Normal(0.0, 1.0), obs=1.0)
        with pyro.plate("batch", 10, subsample_size=3):
            pyro.sample("a", dist.Normal(torch.zeros(3), 1.0), obs=a)
            pyro.sample("b", dist.Normal(torch.zeros(3), 1.0), obs=b)
    assert sites.found == found
