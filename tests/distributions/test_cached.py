"""Results that a distribution keeps for its last value: they hold as long as the value and the gradients stay."""

import pyro.distributions as dist
import pytest
import torch

from pyrodgm.distributions import Autoregressive, ClassMixture, FullNormal, Planar, Radial


def full(parameters):
    return FullNormal(
        parameters[:2], scale_tril=torch.diag_embed(parameters[2:4].exp()) + parameters[4:8].view(2, 2).tril(-1)
    )


def flow(step):
    def make(parameters):
        return dist.TransformedDistribution(dist.Normal(torch.zeros(2), 1.0).to_event(1), [step(parameters)])

    return make


def planar(parameters):
    v, w = parameters[:2], parameters[2:4].sigmoid()
    return Planar(v.sigmoid(), w, parameters[4], 1 + (v.sigmoid() * w).sum())


def radial(parameters):
    return Radial(parameters[:2], parameters[2].exp(), parameters[3])


def autoregressive(parameters):
    def moments(z):
        before = torch.nn.functional.pad(z[..., :1], (1, 0))
        return parameters[:2] * before, (parameters[2:4] * before).tanh()

    return Autoregressive(moments, (0, 1))


def mixture(parameters):
    components = dist.Normal(parameters[:6].view(3, 2), 1.0).to_event(1)
    return ClassMixture(dist.Categorical(logits=parameters[5:8]), components)


MAKE = {"autoregressive": flow(autoregressive), "full": full, "planar": flow(planar), "radial": flow(radial)}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_drawn_value_has_the_gradient_of_the_parameters(make):
    """``sample`` records no gradients; the score of its value is that of any tensor of these numbers."""
    parameters = torch.randn(8, dtype=torch.float64, requires_grad=True)
    q = make(parameters)
    z = q.sample((4,))
    found, want = q.log_prob(z).sum(), make(parameters).log_prob(z.clone()).sum()
    assert found.requires_grad
    found, want = (torch.autograd.grad(log_q, parameters)[0] for log_q in (found, want))
    torch.testing.assert_close(found, want)


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_without_gradients_a_result_is_kept(make, monkeypatch):
    """A value that was drawn with gradients needs no inverse where none are recorded, nor one drawn without."""
    q = make(torch.randn(8, dtype=torch.float64, requires_grad=True))
    for kind in (*map(type, getattr(q, "transforms", ())), dist.MultivariateNormal):
        name = "log_prob" if kind is dist.MultivariateNormal else "inverse_and_log_det"
        monkeypatch.setattr(kind, name, lambda *args: pytest.fail("looked for the noise"))
    with_gradients = q.rsample()
    with torch.no_grad():
        q.log_prob(with_gradients)
        q.log_prob(q.sample())
    q.log_prob(q.rsample())


@pytest.mark.parametrize("make", [*MAKE.values(), mixture], ids=[*MAKE, "mixture"])
def test_a_value_that_was_written_to_has_its_own_density(make):
    q = make(torch.randn(8, dtype=torch.float64))
    z = q.sample((4,))
    before = q.log_prob(z)
    z[0] += 2.0
    torch.testing.assert_close(q.log_prob(z), q.log_prob(z.clone()))
    assert float(q.log_prob(z)[0]) != float(before[0])


@pytest.mark.parametrize("make", [*MAKE.values(), mixture], ids=[*MAKE, "mixture"])
def test_a_value_that_requires_a_gradient_later_has_its_own(make):
    """Such as a draw from the prior from which Langevin dynamics starts."""
    q = make(torch.randn(8, dtype=torch.float64))
    z = q.rsample((4,)) if q.has_rsample else q.sample((4,))
    q.log_prob(z)
    copy = z.clone().requires_grad_()
    found, want = (torch.autograd.grad((q.log_prob(v) + v.sum(-1)).sum(), v)[0] for v in (z.requires_grad_(), copy))
    torch.testing.assert_close(found, want)


def test_a_mixture_learns_after_an_evaluation():
    parameters, x = torch.randn(8, requires_grad=True), torch.randn(5, 2)
    p = mixture(parameters)
    with torch.no_grad():
        p.log_prob(x)
    assert p.log_prob(x).requires_grad


@pytest.mark.parametrize("make", [autoregressive, planar, radial])
def test_a_value_that_was_written_to_has_its_own_image(make):
    step, z = make(torch.randn(8, dtype=torch.float64)), torch.randn(4, 2, dtype=torch.float64)
    y = step(z)
    z += 1.0
    copy = z.clone()
    torch.testing.assert_close(step.log_abs_det_jacobian(z, y), step.log_abs_det_jacobian(copy, y))
    y = step(z)
    z += 1.0
    torch.testing.assert_close(step(z), step(z.clone()))
    assert not torch.equal(step(z), y)


def test_values_of_inference_mode_have_no_version():
    q = full(torch.randn(8))
    with torch.inference_mode():
        z = q.rsample()
        torch.testing.assert_close(q.log_prob(z), q.log_prob(z.clone()))
