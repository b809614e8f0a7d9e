"""The first site that is not finite."""

import math

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.infer import TraceEnum_ELBO

from pyrodgm.distributions import ObservedCells, SumAndSample
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


@pytest.mark.parametrize(("observed", "found"), [(0.5, None), (1e30, "the log-probability of site 'x' is not finite")])
def test_a_missing_cell_is_finite(observed, found):
    p = ObservedCells(dist.Normal(torch.zeros(2), 1.0), 1)
    with pyro.validation_enabled(False), FirstNonFinite() as sites:
        pyro.sample("x", p, obs=torch.tensor([math.nan, observed]))
    assert sites.found == found


def test_a_site_below_classes_that_are_summed_in_part_is_named():
    def model():
        y = pyro.sample("y", dist.OneHotCategorical(logits=torch.zeros(4)))
        pyro.sample("x", dist.Normal(y[..., 0], 1.0), obs=torch.tensor(1e30))

    def guide():
        pyro.sample("y", SumAndSample(torch.zeros(4), 2), infer={"enumerate": "parallel"})

    with FirstNonFinite() as sites:
        TraceEnum_ELBO(max_plate_nesting=0).loss(model, guide)
    assert sites.found == "the log-probability of site 'x' is not finite"
