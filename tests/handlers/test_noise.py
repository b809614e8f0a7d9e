"""Controlled noise: one sample for all rows, and a process's share of a joint sample."""

import pyro
import pyro.distributions as dist
import pytest
import torch

from pyrodgm.distributions import StraightThroughOneHot, reparameterise
from pyrodgm.distributions.sum_and_sample import UNIFORM
from pyrodgm.evaluate import row_bounds
from pyrodgm.handlers import JointNoise, SharedNoise
from pyrodgm.models import SDGM


def test_all_rows_share_their_noise_and_a_row_alone_has_the_same():
    model = SDGM(4, 3, z_size=2, a_size=2, hidden=(8,), likelihood="normal").double().eval()
    row = torch.randn(1, 4, dtype=torch.float64)
    bounds = []
    for rows in (row, row.repeat(3, 1)):
        torch.manual_seed(0)
        with SharedNoise():
            bounds.append(row_bounds(model, rows, num_samples=2))
    torch.testing.assert_close(bounds[1], bounds[0].repeat(3))
    assert not torch.allclose(*row_bounds(model, row.repeat(2, 1)))  # which it does not do of itself


def test_shared_noise_leaves_a_bound_unbiased():
    model = SDGM(4, 3, z_size=2, a_size=2, hidden=(8,), likelihood="normal").double().eval()
    x = torch.randn(1, 4, dtype=torch.float64)
    apart = row_bounds(model, x.repeat(4000, 1))
    with SharedNoise():
        shared = torch.cat([row_bounds(model, x.repeat(2, 1))[:1] for _ in range(300)])
    error = float((apart.var() / 4000 + shared.var() / 300).sqrt())
    assert abs(float(apart.mean() - shared.mean())) < 4 * error


RELAXED = StraightThroughOneHot(0.5, torch.zeros(50, 4))


@pytest.mark.parametrize("site", [dist.Laplace(torch.zeros(50), 1.0), dist.Exponential(torch.ones(50)), RELAXED])
def test_noise_of_other_kinds_is_shared_too(site):
    with SharedNoise(), pyro.plate("any name", 50):
        value = pyro.sample("z", site)
    assert torch.equal(value, value[:1].expand_as(value))
    with pyro.plate("any name", 50):
        assert len(pyro.sample("z", site).unique(dim=0)) > 1


def test_a_site_that_noise_cannot_make_is_refused_by_name():
    with (
        SharedNoise(),
        pyro.plate("rows", 3),
        pytest.raises(ValueError, match="site 'g': distribution: got Gamma, want a normal, a flow, or one with"),
    ):
        pyro.sample("g", dist.Gamma(torch.ones(3), 1.0))


@pytest.mark.parametrize(
    "fn", [dist.Normal(torch.ones(2), 2.0).to_event(1), dist.MultivariateNormal(torch.ones(2), torch.eye(2))]
)
def test_the_shares_of_joint_noise_are_the_draw_of_one_process(fn):
    torch.manual_seed(0)
    with pyro.plate("rows", 6):
        whole = pyro.sample("z", fn)
    parts = []
    for rank in range(2):
        torch.manual_seed(0)
        with JointNoise(rank, 2), pyro.plate("rows", 3):
            parts.append(pyro.sample("z", fn))
    assert torch.equal(torch.cat(parts), whole)
    assert UNIFORM.get() is torch.rand  # as before


LAPLACE = dist.Laplace(torch.zeros(3, 2), 1.0).to_event(1)


@pytest.mark.parametrize("fn", [LAPLACE, dist.TransformedDistribution(LAPLACE, [dist.transforms.ExpTransform()])])
def test_joint_noise_is_normal_alone(fn):
    """A single process would draw another one in another way."""
    with (
        JointNoise(0, 2),
        pyro.plate("rows", 3),
        pytest.raises(ValueError, match="site 'z': distribution: got Laplace, want a normal or a flow of one"),
    ):
        pyro.sample("z", fn)


def test_models_of_two_precisions_share_noise_drawn_in_one():
    drawn = []
    for dtype in (torch.float32, torch.float64):
        torch.manual_seed(0)
        with SharedNoise(dtype=torch.float64), pyro.plate("rows", 3):
            drawn.append(pyro.sample("z", dist.Normal(torch.zeros(3, 50, dtype=dtype), 1.0).to_event(1)))
    assert [z.dtype for z in drawn] == [torch.float32, torch.float64]
    torch.testing.assert_close(drawn[0].double(), drawn[1], rtol=1e-6, atol=0)


def test_a_relaxed_class_from_normal_noise_is_a_categorical_draw():
    logits = torch.tensor([0.5, -1.0, 0.2], dtype=torch.float64)
    noise = torch.randn(40_000, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    share = reparameterise(StraightThroughOneHot(0.5, logits), noise).mean(0)
    error = (logits.softmax(-1) * (1 - logits.softmax(-1)) / 40_000).sqrt()
    assert bool(((share - logits.softmax(-1)).abs() < 4 * error).all())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_quantiles_of_extreme_noise_are_finite(dtype):
    one = torch.ones((), dtype=dtype)
    noise = torch.tensor([-50.0, 50.0], dtype=dtype)
    for fn in (dist.Gumbel(0 * one, one), dist.Exponential(one), dist.Cauchy(0 * one, one), dist.Laplace(0 * one, one)):
        assert reparameterise(fn.expand((2,)), noise).isfinite().all()
    relaxed = StraightThroughOneHot(0.5, torch.zeros(2, dtype=dtype))
    assert reparameterise(relaxed, noise).tolist() == [0.0, 1.0]
