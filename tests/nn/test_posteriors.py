"""Densities and Jacobians of the posteriors."""

import math

import pytest
import torch

from pyrodgm.distributions import FullNormal, reparameterise
from pyrodgm.nn import posterior_net


def test_full_covariance_is_the_normal_of_equations_2_45_to_2_54():
    net = posterior_net("full", (4,), (8,), 3).double()
    x = torch.randn(5, 4, dtype=torch.float64)
    q, h = net(x), net.trunk(x)
    lower = torch.zeros(5, 3, 3, dtype=torch.float64)
    raw, sigma = net.lower(*h).reshape(5, 3, 3), (0.5 * net.log_variance(*h)).exp()
    for i in range(3):
        lower[:, i, i] = sigma[:, i]
        for j in range(i):
            lower[:, i, j] = raw[:, i, j]
    noise = torch.randn(5, 3, dtype=torch.float64)
    z = net.loc(*h) + (lower @ noise[..., None])[..., 0]
    torch.testing.assert_close(reparameterise(q, noise), z)
    plain = torch.distributions.MultivariateNormal(net.loc(*h), scale_tril=lower)
    torch.testing.assert_close(reparameterise(plain, noise), z)
    by_noise = (-0.5 * (noise**2 + math.log(2 * math.pi)) - sigma.log()).sum(-1)  # eq. 2.49
    torch.testing.assert_close(q.log_prob(z), by_noise)
    torch.testing.assert_close(q.log_prob(reparameterise(q, noise)), by_noise)  # of which it knows the noise
    covariance = lower @ lower.mT
    torch.testing.assert_close(
        q.log_prob(z), torch.distributions.MultivariateNormal(net.loc(*h), covariance).log_prob(z)
    )


def test_full_covariance_scores_its_sample_by_the_noise_and_others_by_the_factor():
    net, x = posterior_net("full", (4,), (8,), 3).double(), torch.randn(5, 4, dtype=torch.float64)
    for q in (net(x), net(x).expand((2, 5))):
        z = q.rsample()
        torch.testing.assert_close(q.log_prob(z), q.log_prob(z.clone()))
        noise = torch.randn(1, 3, dtype=torch.float64)
        z = reparameterise(q, noise)
        torch.testing.assert_close(q.log_prob(z), q.log_prob(z.clone()))
        assert q.log_prob(z).shape == q.batch_shape
        plain = torch.distributions.MultivariateNormal(q.loc, scale_tril=q.scale_tril)
        torch.testing.assert_close(q.log_prob(z + 1), plain.log_prob(z + 1))  # no longer the last sample
    gradients = [
        torch.autograd.grad(q.log_prob(z).sum(), list(net.parameters()), retain_graph=True, materialize_grads=True)
        for q in [net(x)]
        for z in [q.rsample()]
        for z in (z, z.clone())
    ]
    for by_noise, by_factor in zip(*gradients, strict=True):
        torch.testing.assert_close(by_noise, by_factor)


def test_full_covariance_is_scored_right_where_its_factor_is_badly_conditioned():
    tril = torch.eye(4) * 1e-7 + torch.full((4, 4), 1e9).tril(-1)
    q = FullNormal(torch.zeros(4), scale_tril=tril)
    noise = torch.randn(4)
    log_q = q.log_prob(q.at(noise))
    want = torch.distributions.Normal(0.0, 1.0).log_prob(noise).sum() - 4 * math.log(1e-7)
    torch.testing.assert_close(log_q, want)


def test_of_a_full_covariance_the_moments_alone_are_normalised():
    net = posterior_net("full", (4,), (8,), 3, batch_norm="heads")
    assert net.loc.norm is not None and net.log_variance.norm is not None and net.lower.norm is None


def test_reparameterise_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="distribution: got Bernoulli, want a normal, a flow, or one with a quantile"):
        reparameterise(torch.distributions.Bernoulli(0.5), torch.zeros(1))
