"""The log-uniform prior and the dropout posterior, compared with numerical integration."""

import math

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.infer import Predictive
from scipy.integrate import quad
from torch.distributions import kl_divergence

from pyrodgm.distributions import DropoutNormal, LogUniform, log_uniform


def divergence(theta, alpha):
    """KL(N(theta, alpha theta^2) || exp(c) / |w|), with the c that makes it zero at alpha = 1 (eq. 6.37)."""

    def minus(alpha):
        def integrand(e):
            return math.log(abs(theta * e)) * math.exp(-0.5 * (e - 1) ** 2 / alpha) / math.sqrt(2 * math.pi * alpha)

        reach = 12 * math.sqrt(alpha)
        parts = [quad(integrand, a, b, limit=500)[0] for a, b in ((min(1 - reach, -1), 0), (0, 1), (1, 1 + reach))]
        entropy = 0.5 * (1 + math.log(2 * math.pi * alpha * theta**2))
        return entropy - sum(parts)

    return minus(1.0) - minus(alpha)


@pytest.mark.parametrize("alpha", [1e-3, 0.05, 0.25, 0.5, 0.8, 1.0])
def test_the_divergence_is_the_exact_one_within_004_nats(alpha):
    q, p = DropoutNormal(torch.tensor([-0.3, 2.0]), torch.tensor(alpha)), LogUniform(torch.empty(2))
    got = kl_divergence(q, p)
    assert float(got[0]) == float(got[1]) == pytest.approx(divergence(2.0, alpha), abs=0.04)
    by_hand = 0.24570927 - 0.5 * math.log(alpha) - 1.16145124 * alpha + 1.50204118 * alpha**2 - 0.58629921 * alpha**3
    assert float(got[0]) == pytest.approx(by_hand, abs=1e-6)


def test_the_polynomial_is_of_no_use_above_one():
    alpha = torch.tensor(2.0)
    q = DropoutNormal(torch.ones(()), alpha, validate_args=False)
    assert abs(float(kl_divergence(q, LogUniform(torch.empty(())))) - divergence(1.0, 2.0)) > 0.8
    with pytest.raises(ValueError, match="alpha"):
        DropoutNormal(torch.ones(()), alpha)


@pytest.mark.parametrize("event_dim", [0, 1, 2, 3])
@pytest.mark.parametrize("shape", [(), (5,), (1, 1), (1, 5), (4, 5), (2, 1, 5), (2, 4, 1)])
def test_the_divergence_of_an_event_is_the_sum_over_its_weights(shape, event_dim):
    alpha = torch.rand(shape).double()
    q = DropoutNormal(torch.randn(2, 4, 5).double(), alpha)
    p = LogUniform(torch.empty(2, 4, 5).double())
    want = kl_divergence(q, p)
    assert want.shape == (2, 4, 5)
    torch.testing.assert_close(want, kl_divergence(DropoutNormal(q.loc, q.alpha.clone()), p), rtol=1e-14, atol=0)
    want = want.reshape(*want.shape[: 3 - event_dim], -1).sum(-1)
    torch.testing.assert_close(kl_divergence(q.to_event(event_dim), p.to_event(event_dim)), want, rtol=1e-13, atol=0)
    wide = q.to_event(event_dim).expand((3, *want.shape))
    got = kl_divergence(wide, p.to_event(event_dim).expand((3, *want.shape)))
    torch.testing.assert_close(got, want.expand(3, *want.shape), rtol=1e-13, atol=0)


def test_the_divergence_is_computed_once_for_each_alpha(monkeypatch):
    shapes, of_one = [], log_uniform._divergence
    monkeypatch.setattr(log_uniform, "_divergence", lambda alpha: shapes.append(alpha.shape) or of_one(alpha))
    p = LogUniform(torch.empty(4, 5)).to_event(2)
    kl_divergence(DropoutNormal(torch.randn(4, 5), torch.rand(1, 5)).to_event(2), p)
    kl_divergence(DropoutNormal(torch.randn(4, 5), torch.tensor(0.5)).to_event(2).expand(()), p)
    assert shapes == [(1, 5), ()]


def test_an_event_has_the_divergence_from_a_density_of_another_kind():
    q = DropoutNormal(torch.randn(4, 5), torch.tensor(0.5))
    p = dist.Normal(torch.zeros(4, 5), 1.0)
    torch.testing.assert_close(kl_divergence(q.to_event(2), p.to_event(2)), kl_divergence(q, p).sum())
    with pytest.raises(NotImplementedError):
        kl_divergence(q.to_event(2), LogUniform(torch.empty(4, 5)).to_event(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_weight_of_zero_has_a_density_too(dtype):
    q = DropoutNormal(torch.zeros(3, dtype=dtype), torch.tensor(0.5, dtype=dtype), validate_args=False)
    value = q.sample()
    assert value.abs().max() < 1e-18 and bool(q.log_prob(value).isfinite().all())


def test_the_log_probabilities_have_the_divergence_s_constant():
    """E_q[log q - log p], by samples, is the exact divergence within five standard errors."""
    q, p = DropoutNormal(torch.tensor(0.7), torch.tensor(0.3)), LogUniform(torch.empty(()))
    w = q.sample((400_000,)).double()
    terms = q.log_prob(w) - p.log_prob(w)
    assert float(terms.mean()) == pytest.approx(divergence(0.7, 0.3), abs=5 * float(terms.std()) / len(w) ** 0.5)


def test_draws_are_floating_point_numbers():
    w = LogUniform(torch.empty(2, 3)).to_event(2).sample((20_000,))
    octaves = w.abs().log2()
    assert w.shape == (20_000, 2, 3) and float(octaves.min()) >= -8 and float(octaves.max()) <= 8
    histogram = np.histogram(octaves, bins=8, range=(-8, 8))[0] / octaves.numel()
    assert np.abs(histogram - 1 / 8).max() < 5 * math.sqrt(1 / 8 * 7 / 8 / octaves.numel())
    assert float((w < 0).float().mean()) == pytest.approx(0.5, abs=5 * 0.5 / w.numel() ** 0.5)
    assert abs(np.corrcoef(octaves.flatten(), (w < 0).flatten())[0, 1]) < 5 / w.numel() ** 0.5


def test_draws_have_the_dtype_of_the_weights():
    """Also of single-precision weights where double is the default."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert LogUniform(torch.empty(3, dtype=torch.float32)).sample().dtype == torch.float32
    finally:
        torch.set_default_dtype(before)


def test_both_expand_and_predict():
    q, p = DropoutNormal(torch.randn(3), torch.rand(3)), LogUniform(torch.empty(3, dtype=torch.float64))
    wide = q.expand((4, 1, 3))
    assert isinstance(wide, DropoutNormal) and wide.alpha.shape == wide.rsample().shape == (4, 1, 3)
    assert torch.equal(wide.alpha[2, 0], q.alpha) and torch.equal(wide.scale[2, 0], q.alpha.sqrt() * q.loc.abs())
    assert p.expand((4, 1, 3)).sample().shape == (4, 1, 3) and p.sample().dtype == torch.float64

    def model():
        return pyro.sample("y", dist.Normal(pyro.sample("w", p.to_event(1)).sum(), 1.0))

    assert Predictive(model, num_samples=5)()["y"].shape == (5,)
