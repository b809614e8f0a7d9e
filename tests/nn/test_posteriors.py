"""Densities and Jacobians of the posteriors, and the flow's cost."""

import math

import pytest
import torch
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.nn import ConditionalAutoRegressiveNN
from pyro.optim import Adam

from pyrodgm.distributions import FullNormal, reparameterise
from pyrodgm.models import ADGM
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


def flow(size=4, steps=3, std=0.5):
    net = posterior_net(("iaf", {"num_steps": steps}), (5,), (8,), size).double()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=std)
    return net


def test_flow_density_is_the_base_density_over_the_jacobian():
    net = flow()
    x = torch.randn(1, 5, dtype=torch.float64)
    noise = torch.randn(4, dtype=torch.float64)
    q = net(x)
    jacobian = torch.autograd.functional.jacobian(lambda e: reparameterise(net(x), e)[0], noise)
    z = reparameterise(q, noise)
    log_base = -0.5 * (noise**2 + math.log(2 * math.pi)).sum()
    torch.testing.assert_close(q.log_prob(z)[0], log_base - torch.linalg.slogdet(jacobian).logabsdet)


def test_the_flow_begins_from_the_normal_of_equation_5_25():
    net = flow(steps=1)
    x, noise = torch.randn(1, 5, dtype=torch.float64), torch.randn(1, 4, dtype=torch.float64)
    h = net.trunk(x)
    z = net.loc(*h) + (0.5 * net.log_variance(*h)).exp() * noise
    torch.testing.assert_close(reparameterise(net(x), noise), net.steps[0].condition(net.context(*h))(z))


def test_flow_density_integrates_to_one():
    torch.set_default_dtype(torch.float64)  # Pyro's sequential inverse works in the default dtype
    net, x = flow(size=2, std=0.2), torch.randn(1, 5)
    grid = torch.linspace(-12, 12, 241)
    z = torch.cartesian_prod(grid, grid)
    with torch.no_grad():
        density = net(x).log_prob(z).exp()
    assert float(density.sum()) * 0.1**2 == pytest.approx(1.0, abs=1e-3)


def test_each_step_is_the_gated_update_and_reverses_the_order():
    net = flow(steps=2)
    x, z = torch.randn(1, 5, dtype=torch.float64), torch.randn(1, 4, dtype=torch.float64)
    context = net.context(*net.trunk(x))
    for t, (step, order) in enumerate(zip(net.steps, ([0, 1, 2, 3], [3, 2, 1, 0]), strict=True)):
        m, s = step.nn(z, context)
        gate = torch.sigmoid(s + 2)
        torch.testing.assert_close(step.condition(context)(z), gate * z + (1 - gate) * m)  # eq. 5.32
        jacobian = torch.autograd.functional.jacobian(lambda v, step=step: step.condition(context)(v)[0], z)[:, 0]
        in_order = jacobian[order][:, order]
        assert not in_order.triu(1).any(), f"step {t} reads what comes later in its order"
        assert bool(in_order.tril(-1)[1:].any(-1).all()), f"step {t} does not read what comes before"


def test_flow_under_enumeration_is_that_of_each_class():
    net = posterior_net("iaf", (5, 3), (8,), 4).double()
    x, y = torch.randn(6, 5, dtype=torch.float64), torch.eye(3, dtype=torch.float64)
    noise = torch.randn(3, 6, 4, dtype=torch.float64)
    q = net(x, y[:, None])
    z = reparameterise(q, noise)
    for k in range(3):
        alone = net(x, y[k].expand(6, 3))
        z_k = reparameterise(alone, noise[k])
        torch.testing.assert_close(z[k], z_k)
        torch.testing.assert_close(q.log_prob(z)[k], alone.log_prob(z_k))


def test_training_calls_each_network_of_the_flow_once_a_site(monkeypatch):
    calls, forward = [], ConditionalAutoRegressiveNN.forward

    def counted(self, *args, **kwargs):
        calls.append(self)
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(ConditionalAutoRegressiveNN, "forward", counted)
    model = ADGM(6, 3, z_size=4, a_size=4, hidden=(8,), posterior=("iaf", {"num_steps": 2}))
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), TraceEnum_ELBO(max_plate_nesting=1))
    svi.step(torch.rand(5, 6))
    assert len(calls) == 4 and len(set(calls)) == 4  # two steps of q(a | x), two of q(z | a, y, x)


def test_reparameterise_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="distribution: got Bernoulli, want a normal, a flow, or what has a quantile"):
        reparameterise(torch.distributions.Bernoulli(0.5), torch.zeros(1))
