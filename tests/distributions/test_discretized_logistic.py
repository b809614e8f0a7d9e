"""The discretised logistic: probabilities against the CDF, and at the ends of the range."""

import math

import pyro.distributions as dist
import pytest
import torch

from pyrodgm.distributions import DiscretizedLogistic

LOCATIONS = [-30.0, -1.0, 0.0, 1e-3, 0.2, 1 / 3, 0.5, 0.99, 1.0, 1.7, 1e4, -1e7]
LOG_SCALES = torch.linspace(-9, 3, 49)


def levels(num_levels, dtype=torch.float64):
    return torch.arange(num_levels, dtype=dtype)


@pytest.mark.parametrize("log_scale", [-3.0, -1.0, 1.0])
@pytest.mark.parametrize("loc", [-0.3, 0.4, 1.2])
@pytest.mark.parametrize("num_levels", [2, 5, 256])
def test_masses_are_those_of_the_intervals(num_levels, loc, log_scale):
    p = DiscretizedLogistic(
        torch.tensor(loc, dtype=torch.float64), torch.tensor(log_scale, dtype=torch.float64), num_levels
    )
    inner = levels(num_levels)[1:] / num_levels
    below = torch.sigmoid((inner - loc) / math.exp(log_scale))
    want = torch.cat([below, torch.ones(1)]) - torch.cat([torch.zeros(1), below])
    torch.testing.assert_close(p.log_prob(levels(num_levels)).exp(), want, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
@pytest.mark.parametrize("num_levels", [2, 17, 256])
def test_masses_sum_to_one_and_gradients_are_finite_at_any_scale(num_levels, dtype, tolerance):
    loc = torch.tensor(LOCATIONS, dtype=dtype)[:, None].requires_grad_()
    log_scale = LOG_SCALES.to(dtype).requires_grad_()
    log_p = DiscretizedLogistic(loc, log_scale, num_levels).log_prob(levels(num_levels, dtype)[:, None, None])
    assert bool(log_p.isfinite().all())
    torch.testing.assert_close(log_p.detach().exp().sum(0), torch.ones_like(log_p[0]), rtol=0, atol=tolerance)
    for one in log_p:
        assert all(
            bool(g.isfinite().all()) for g in torch.autograd.grad(one.sum(), (loc, log_scale), retain_graph=True)
        )


def test_no_digit_is_lost_far_from_the_location():
    """Where the difference of two sigmoids is zero in double precision: the density times the width, nearly."""
    p = DiscretizedLogistic(torch.tensor(0.0), torch.tensor(-5.0), 256)
    want = -101 / 256 * math.exp(5) + math.log(math.expm1(math.exp(5) / 256))
    assert float(p.log_prob(torch.tensor(100.0))) == pytest.approx(want, rel=1e-6)
    assert float(p.log_prob(torch.tensor(255.0))) == pytest.approx(-255 / 256 * math.exp(5), rel=1e-6)


@pytest.mark.parametrize(("loc", "log_scale"), [(0.5, -2.0), (0.1, -4.0), (1.3, 0.0), (-1e4, 2.0)])
def test_the_mean_is_the_sum_over_the_levels(loc, log_scale):
    p = DiscretizedLogistic(torch.tensor(loc, dtype=torch.float64), torch.tensor(log_scale, dtype=torch.float64), 17)
    torch.testing.assert_close(p.mean, p.log_prob(levels(17)).exp() @ levels(17), rtol=1e-12, atol=1e-12)


def test_an_expanded_one_has_the_same_levels():
    p, n = DiscretizedLogistic(torch.tensor([0.2, 0.7]), torch.tensor([-1.0, -2.0]), 5), torch.tensor([1.0, 4.0])
    wide = p.expand((3, 2))
    assert wide.batch_shape == wide.sample().shape == (3, 2) and wide.num_levels == 5
    torch.testing.assert_close(wide.log_prob(n), p.log_prob(n).expand(3, 2))


def test_samples_are_levels_in_their_proportions():
    p = DiscretizedLogistic(torch.tensor([0.3, 1.0]), torch.tensor(-1.0), 5)
    n = 40_000
    draws = p.sample((n,))
    assert draws.dtype == torch.float32 and bool(p.support.check(draws).all()) and p.support.is_discrete
    share = (draws == levels(5, torch.float32)[:, None, None]).float().mean(1)  # (C, 2)
    chance = p.log_prob(levels(5, torch.float32)[:, None]).exp()
    assert bool(((share - chance).abs() < 4.5 * (chance * (1 - chance) / n).sqrt()).all())


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_a_mixture_of_them_by_torch_sums_to_one(dtype, tolerance):
    components = DiscretizedLogistic(torch.randn(7, 3, dtype=dtype), torch.empty(7, 3, dtype=dtype).uniform_(-9, 3))
    p = dist.MixtureSameFamily(dist.Categorical(logits=torch.randn(7, 3, dtype=dtype)), components)
    log_p = p.log_prob(levels(256, dtype)[:, None])
    torch.testing.assert_close(log_p.exp().sum(0), torch.ones(7, dtype=dtype), rtol=0, atol=tolerance)
    torch.testing.assert_close(p.mean, levels(256, dtype) @ log_p.exp(), rtol=1e3 * tolerance, atol=0)
    assert p.sample((4,)).shape == (4, 7)
    wide = p.expand((2, 7))
    torch.testing.assert_close(wide.log_prob(torch.zeros(7, dtype=dtype)), log_p[0].expand(2, 7))


def test_other_values_are_refused_while_values_are_checked():
    p = DiscretizedLogistic(torch.zeros(3), torch.zeros(3), 5, validate_args=True)
    for value in (-1.0, 0.5, 5.0):
        with pytest.raises(ValueError, match="within the support"):
            p.log_prob(torch.full((3,), value))
    for num_levels in (1, 4.0):
        with pytest.raises(ValueError, match=f"num_levels: got {num_levels}, want an int of at least 2"):
            DiscretizedLogistic(torch.zeros(3), torch.zeros(3), num_levels)
