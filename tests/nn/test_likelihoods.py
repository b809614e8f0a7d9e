import pytest
import torch
from torch.distributions import Binomial, Categorical, Normal

from pyrodgm.nn import CategoricalNet, likelihood_net, posterior_net
from tests.pairs import LIKELIHOODS, POSTERIORS, name


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=name)
@pytest.mark.parametrize("hidden", [(), (8,)])
def test_shapes_under_enumeration_and_particles(likelihood, hidden):
    net = likelihood_net(likelihood, (4, 3), hidden, 6)
    y = torch.eye(3).reshape(3, 1, 1, 3)
    p = net(torch.randn(2, 5, 4), y)
    assert p.batch_shape == (3, 2, 5) and p.event_shape == (6,)
    assert p.sample().shape == p.mean.shape == (3, 2, 5, 6)
    assert bool(net.support.check(p.sample()).all())
    assert p.log_prob(torch.zeros(5, 6)).shape == (3, 2, 5)


@pytest.mark.parametrize("posterior", POSTERIORS, ids=name)
def test_posterior_shapes_under_enumeration_and_particles(posterior):
    q = posterior_net(posterior, (4, 3), (8,), 6)(torch.randn(2, 5, 4), torch.eye(3).reshape(3, 1, 1, 3))
    assert q.batch_shape == (3, 2, 5) and q.event_shape == (6,)
    z = q.rsample()
    assert z.shape == (3, 2, 5, 6) and q.log_prob(z).shape == (3, 2, 5)


def test_bernoulli_scores_grey_values_by_equation_2_74():
    p, x = likelihood_net("bernoulli", (4,), (8,), 6)(torch.randn(5, 4)), torch.rand(5, 6)
    pi = p.mean
    torch.testing.assert_close(p.log_prob(x), (x * pi.log() + (1 - x) * (1 - pi).log()).sum(-1))


def test_a_grey_value_scores_the_mean_over_its_binarisations():
    p, x = likelihood_net("bernoulli", (4,), (), 2)(torch.randn(1, 4)), torch.tensor([[0.3, 0.9]])
    corners = torch.cartesian_prod(torch.arange(2.0), torch.arange(2.0))
    chance = torch.where(corners == 1, x, 1 - x).prod(-1)
    torch.testing.assert_close(p.log_prob(x), (chance * p.log_prob(corners)).sum(0, keepdim=True))


def test_binomial_and_categorical_are_those_of_torch():
    z = torch.randn(5, 4)
    net = likelihood_net(("binomial", {"total_count": 16}), (4,), (8,), 6)
    x = torch.randint(0, 17, (5, 6)).float()
    logits = net.logits(*net.trunk(z))
    torch.testing.assert_close(net(z).log_prob(x), Binomial(16, logits=logits).log_prob(x).sum(-1))
    net = likelihood_net(("categorical", {"num_levels": 17}), (4,), (8,), 6)
    logits = net.logits(*net.trunk(z)).reshape(5, 6, 17)
    torch.testing.assert_close(net(z).log_prob(x), Categorical(logits=logits).log_prob(x).sum(-1))
    torch.testing.assert_close(net(z).mean, (logits.softmax(-1) * torch.arange(17.0)).sum(-1))


def test_the_largest_value_is_the_scale():
    for likelihood, largest in zip(LIKELIHOODS, (1, 1, 4, 4), strict=True):
        net = likelihood_net(likelihood, (4,), (8,), 6)
        assert net.scale == largest and bool(net.support.check(torch.tensor(float(largest))))


def test_normal_variance_is_the_exponential_of_its_head():
    net, z = likelihood_net("normal", (4,), (8,), 6), torch.randn(5, 4)
    p = net(z)
    torch.testing.assert_close(p.variance, net.log_variance(*net.trunk(z)).exp())


def test_a_fixed_variance_is_that_of_every_feature():
    net, z = likelihood_net(("normal", {"variance": 0.3}), (4,), (8,), 6), torch.randn(5, 4)
    x, p = torch.randn(5, 6), net(z)
    torch.testing.assert_close(p.log_prob(x), Normal(net.loc(*net.trunk(z)), 0.3**0.5).log_prob(x).sum(-1))
    assert not any("variance" in name for name, _ in net.named_parameters())


def test_classifier_network():
    q = CategoricalNet((4, 2), (8,), 3)(torch.randn(2, 5, 4), torch.randn(5, 2))
    assert q.batch_shape == (2, 5) and q.event_shape == (3,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: likelihood_net("poisson", (4,), (), 6),
            "likelihood: got 'poisson', want one of bernoulli, binomial, categorical, normal",
        ),
        (lambda: posterior_net("flow", (4,), (), 6), "posterior: got 'flow', want one of full, iaf, normal"),
        (
            lambda: likelihood_net(("binomial", {"total_count": 0}), (4,), (), 6),
            "total_count: got 0, want a positive int",
        ),
        (
            lambda: likelihood_net(("normal", {"variance": 0}), (4,), (), 6),
            "variance: got 0, want a positive number or None",
        ),
        (
            lambda: likelihood_net(("categorical", {"num_levels": 1}), (4,), (), 6),
            "num_levels: got 1, want an int of at least 2",
        ),
        (
            lambda: posterior_net(("iaf", {"made_hidden": (3,)}), (4,), (8,), 6),
            r"made_hidden: got \[3\], want every layer at least as wide as z, 6",
        ),
        (lambda: posterior_net(("iaf", {"num_steps": 0}), (4,), (8,), 6), "num_steps: got 0, want at least 1"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
