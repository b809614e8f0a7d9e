"""Of every distribution: shapes of samples and log-probabilities, what ``expand`` keeps, and the check of values."""

import pyro.distributions as dist
import pytest
import torch

from pyrodgm.distributions import (
    DiscretizedLogistic,
    DropoutNormal,
    Levels,
    LogUniform,
    MixedCells,
    OneHotCells,
    Plated,
    StraightThroughOneHot,
    SumAndSample,
)
from pyrodgm.distributions.one_hot import KnownOneHotCategorical
from pyrodgm.nn import PixelCNN


def mixed(validate_args):
    parts = dist.Normal(torch.randn(5, 2), 1.0), OneHotCells(torch.randn(5, 3))
    return MixedCells(parts, torch.tensor([0, 4, 1, 2, 3]), validate_args=validate_args)


def pixels(validate_args):
    p = PixelCNN((2, 3), maps=(2,))(torch.randn(5, 2, 2, 3))
    return type(p)(p.network, p.parents, p.batch_shape, validate_args=validate_args)


MAKE = {
    "discretized_logistic": lambda v: DiscretizedLogistic(torch.rand(5), torch.randn(5), 7, validate_args=v),
    "dropout_normal": lambda v: DropoutNormal(torch.randn(5), torch.rand(5), validate_args=v),
    "log_uniform": lambda v: LogUniform(torch.empty(5), validate_args=v),
    "mixed_cells": mixed,
    "one_hot_cells": lambda v: OneHotCells(torch.randn(5, 4), 2, validate_args=v),
    "known_one_hot": lambda v: KnownOneHotCategorical(logits=torch.randn(5, 4), validate_args=v),
    "pixel_by_pixel": pixels,
    "plated": lambda v: Plated(dist.OneHotCategorical(logits=torch.randn(4)), (5,), validate_args=v),
    "straight_through": lambda v: StraightThroughOneHot(0.3, torch.randn(5, 4), validate_args=v),
    "sum_and_sample": lambda v: SumAndSample(torch.randn(5, 4), 2, validate_args=v),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_an_expanded_one_is_the_same_for_every_row(make):
    p = make(None)
    batch_shape = (3, *p.batch_shape)
    wide, value = p.expand(batch_shape), p.sample()
    assert type(wide) is type(p) and wide.batch_shape == batch_shape and wide.event_shape == p.event_shape
    torch.testing.assert_close(wide.log_prob(value), p.log_prob(value).expand(batch_shape))


@pytest.mark.parametrize("validate_args", [True, False])
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_an_expanded_one_checks_values_if_the_first_does(make, validate_args):
    p = make(validate_args)
    assert p.expand((3, *p.batch_shape))._validate_args is validate_args


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_samples_have_the_shape_that_was_asked_for(make):
    p = make(None)
    for one in (p, p.expand((3, *p.batch_shape))):
        draws = one.sample((6, 2))
        assert draws.shape == (6, 2, *one.batch_shape, *one.event_shape)
        assert one.support.event_dim == len(one.event_shape) and bool(one.support.check(draws).all())
        assert len(draws.flatten(0, 1).unique(dim=0)) > 1 and one.log_prob(draws).shape == (6, 2, *one.batch_shape)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("discretized_logistic", 0.5),
        ("known_one_hot", 1.0),
        ("one_hot_cells", 0.5),
        ("pixel_by_pixel", 0.5),
        ("straight_through", 1.0),
    ],
)
def test_values_outside_the_support_are_refused_only_if_values_are_checked(kind, wrong):
    p = MAKE[kind](True)
    with pytest.raises(ValueError, match="within the support"):
        p.log_prob(torch.full_like(p.sample(), wrong))
    assert MAKE[kind](False).log_prob(torch.full_like(p.sample(), wrong)).shape == p.batch_shape


def test_levels_have_the_moments_of_their_draws():
    p = Levels(logits=torch.tensor([[0.0, 1.0, -1.0, 0.5], [2.0, -3.0, 0.0, 2.0]], dtype=torch.float64))
    levels = torch.arange(4.0, dtype=torch.float64)
    mean = (p.probs * levels).sum(-1)
    torch.testing.assert_close(p.mean, mean)
    torch.testing.assert_close(p.variance, (p.probs * levels**2).sum(-1) - mean**2)
    torch.testing.assert_close(p.expand((3, 2)).stddev, p.variance.sqrt().expand(3, 2))
