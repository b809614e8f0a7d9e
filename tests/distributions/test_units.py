"""The density of a vector, unit by unit."""

import pyro.distributions as dist
import pytest
import torch

from pyrodgm.distributions import log_prob_of_units
from pyrodgm.nn import posterior_net
from pyrodgm.nn.masked import MaskedNet


@pytest.mark.parametrize("posterior", ["normal", "iaf", ("iaf", {"num_steps": 3, "step": "affine"})])
def test_units_add_up_to_the_density(posterior):
    q = posterior_net(posterior, (5, 3), (8,), 4).double()(torch.randn(6, 5).double(), torch.eye(3).double()[:, None])
    z = q.rsample()
    units = log_prob_of_units(q, z)
    assert units.shape == (3, 6, 4)
    torch.testing.assert_close(units.sum(-1), q.log_prob(z))
    torch.testing.assert_close(units, log_prob_of_units(q, z.clone()))


def test_a_flows_units_are_those_of_equation_5_29():
    net = posterior_net(("iaf", {"num_steps": 1}), (5,), (8,), 3).double()
    x = torch.randn(6, 5).double()
    h = net.trunk(x)
    (mu, sigma), (masked,) = net.moments(*h), net.flow.steps
    q = net(x)
    z = q.rsample()
    z_0 = q.transforms[0].inv(z)
    log_sigma = torch.nn.functional.logsigmoid(masked(z_0, *h)[1] + 2)
    expected = dist.Normal(mu, sigma).log_prob(z_0) - log_sigma
    torch.testing.assert_close(log_prob_of_units(q, z), expected)


def test_a_flow_of_several_kinds_is_refused():
    flows = [posterior_net(name, (5,), (8,), 4)(torch.randn(6, 5)) for name in ("planar", "iaf")]
    q = dist.TransformedDistribution(flows[0].base_dist, [*flows[0].transforms, *flows[1].transforms])
    with pytest.raises(ValueError, match="distribution: got Planar of Autoregressive of TransformedDistribution, want"):
        log_prob_of_units(q, q.rsample())


def test_a_drawn_value_is_scored_without_another_pass(monkeypatch):
    q = posterior_net("iaf", (5,), (8,), 4)(torch.randn(6, 5))
    z = q.rsample()
    monkeypatch.setattr(MaskedNet, "forward", None)
    assert log_prob_of_units(q, z).shape == z.shape


def test_any_independent_units_will_do():
    maps = dist.Laplace(torch.zeros(2, 3, 4), 1.0).to_event(3)
    value = torch.randn(7, 2, 3, 4)
    torch.testing.assert_close(log_prob_of_units(maps, value).sum((-3, -2, -1)), maps.log_prob(value))


@pytest.mark.parametrize(
    ("posterior", "kind"),
    [
        ("full", "FullNormal"),
        ("planar", "Planar of TransformedDistribution"),
        ("radial", "Radial of TransformedDistribution"),
    ],
)
def test_a_density_without_units_is_refused_by_name(posterior, kind):
    q = posterior_net(posterior, (5,), (8,), 4)(torch.randn(6, 5))
    with pytest.raises(ValueError, match=f"distribution: got {kind}, want one that is a product over units"):
        log_prob_of_units(q, q.rsample())


def test_vectors_with_a_full_covariance_have_no_units():
    q = dist.MultivariateNormal(torch.zeros(6, 4), torch.eye(4)).to_event(1)
    with pytest.raises(ValueError, match="distribution: got Independent, want one that is a product over units"):
        log_prob_of_units(q, q.rsample())
