import math
from contextlib import suppress
from types import SimpleNamespace

import pytest
import torch
from torch.distributions import Bernoulli, Binomial, Categorical, Normal
from torch.func import functional_call

from pyrodgm.nn import BatchNorm, CategoricalNet, NormalNet, likelihood_net, posterior_net
from pyrodgm.nn.scale_heads import BoundedLogVariance
from tests import by_hand
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


def test_one_count_at_most_is_a_bernoulli():
    z, x = torch.randn(5, 4), torch.randint(0, 2, (5, 6)).float()
    net = likelihood_net(("binomial", {"total_count": 1}), (4,), (8,), 6)
    logits = net.logits(*net.trunk(z))
    torch.testing.assert_close(net(z).log_prob(x), Bernoulli(logits=logits).log_prob(x).sum(-1))


LOGISTICS = [
    {"num_channels": 3},
    {"log_scale": "network"},
    {"num_channels": 2, "num_components": 3},
    {"log_scale": "network", "num_components": 2},
]


@pytest.mark.parametrize("options", LOGISTICS, ids=str)
def test_discretised_logistics_have_the_masses_of_their_intervals(options):
    net = likelihood_net(("discretized_logistic", {"num_levels": 5} | options), (4, 3), (8,), 6).double()
    if options.get("log_scale") != "network":
        torch.nn.init.normal_(net.log_scale)
    parents = torch.randn(2, 5, 4).double(), torch.eye(3).double().reshape(3, 1, 1, 3)
    p, x = net(*parents), torch.randint(0, 5, (5, 6)).double()
    assert p.batch_shape == (3, 2, 5) and p.sample().shape == (3, 2, 5, 6)
    wide = x.expand(3, 2, 5, 6)
    torch.testing.assert_close(p.log_prob(x), by_hand.log_x(SimpleNamespace(p_x=net), wide, parents))
    torch.testing.assert_close(p.mean, by_hand.mean_of_x(SimpleNamespace(p_x=net), parents))


def test_a_learned_scale_may_be_given_by_functional_call():
    """There it is a plain tensor."""
    net, z = likelihood_net("discretized_logistic", (4,), (8,), 6), torch.randn(5, 4)
    wide = {name: value.detach() + (name == "log_scale") for name, value in net.named_parameters()}
    found = None
    with suppress(TypeError):
        found = functional_call(net, wide, (z,)).mean
    net.load_state_dict(wide)
    assert found is not None and torch.equal(found, net(z).mean)


def test_a_discretised_logistic_begins_wide_in_the_middle_of_the_levels():
    p = likelihood_net("discretized_logistic", (4,), (8,), 6)(torch.zeros(1, 4)).base_dist
    assert p.num_levels == 256 and bool((p.loc == 0.5).all()) and bool((p.log_scale == -2).all())
    p = likelihood_net(("discretized_logistic", {"num_components": 2}), (4,), (8,), 6)(torch.zeros(1, 4)).base_dist
    assert p.component_distribution.loc[0, 0].tolist() == [0.25, 0.75]
    assert p.mixture_distribution.probs[0, 0].tolist() == [0.5, 0.5]


def test_no_log_scale_of_a_discretised_logistic_leaves_its_bound():
    net, z = likelihood_net(("discretized_logistic", {"log_scale": "network"}), (4,), (8,), 6), torch.randn(5, 4)
    for far in (1e30, -1e30):
        torch.nn.init.constant_(net.log_scale.bias, far)
        p = net(z)
        score = p.log_prob(torch.full((5, 6), 100.0))
        gradients = torch.autograd.grad(score.sum(), list(net.parameters()))
        assert bool(score.isfinite().all()) and all(bool(g.isfinite().all()) for g in gradients)
        torch.testing.assert_close(p.base_dist.log_scale, torch.full((5, 6), math.copysign(31.0, far)))


def test_the_largest_value_is_the_scale():
    for likelihood, largest in zip(LIKELIHOODS, (1, 1, 4, 4, 4), strict=True):
        net = likelihood_net(likelihood, (4,), (8,), 6)
        assert net.scale == largest and bool(net.support.check(torch.tensor(float(largest))))
        assert bool(net.support.check(torch.tensor(largest + 1.0))) == (likelihood == "normal")


def test_normal_variance_is_the_exponential_of_its_head():
    net, z = likelihood_net("normal", (4,), (8,), 6), torch.randn(5, 4)
    p = net(z)
    torch.testing.assert_close(p.variance, net.log_variance(*net.trunk(z)).exp())


SOFTPLUS = [("softplus_variance", "variance", 0.5), ("softplus_sigma", "sigma", 1.0)]


@pytest.mark.parametrize(("scale_head", "head", "power"), SOFTPLUS)
@pytest.mark.parametrize("posterior", POSTERIORS, ids=name)
def test_softplus_heads_give_the_variance_or_sigma_above_a_floor(posterior, scale_head, head, power):
    net, x = posterior_net(posterior, (4,), (8,), 3, scale_head=scale_head).double(), torch.randn(5, 4).double()
    v = getattr(net, head)(*net.trunk(x))
    want = (torch.log1p(v.exp()) + 1e-4 ** (1 / power)) ** power
    torch.testing.assert_close(sigma_of(net(x)), want, rtol=1e-12, atol=0)


def sigma_of(q):
    while hasattr(q, "base_dist"):
        q = q.base_dist
    return q.scale_tril.diagonal(dim1=-2, dim2=-1) if hasattr(q, "scale_tril") else q.scale


@pytest.mark.parametrize(("scale_head", "head", "power"), SOFTPLUS)
def test_no_softplus_head_leaves_its_floor_and_ceiling(scale_head, head, power):
    net, x = likelihood_net("normal", (4,), (8,), 6, scale_head=scale_head), torch.randn(5, 4)
    for far, sigma in ((-1e30, 1e-4), (-math.inf, 1e-4), (1e30, math.exp(15.5)), (math.inf, math.exp(15.5))):
        torch.nn.init.constant_(getattr(net, head).bias, far)
        p = net(x)
        value = p.rsample()
        gradients = torch.autograd.grad(value.sum() + p.log_prob(value).sum(), list(net.parameters()))
        torch.testing.assert_close(p.stddev, torch.full((5, 6), sigma))
        assert all(bool(g.isfinite().all()) for g in gradients)


def test_a_mean_may_be_a_sigmoid():
    net, z = likelihood_net(("normal", {"mean": "sigmoid", "variance": 0.25}), (4,), (8,), 6), torch.randn(5, 4)
    torch.testing.assert_close(net(z).mean, 1 / (1 + (-net.loc(*net.trunk(z))).exp()))
    torch.testing.assert_close(net(z).variance, torch.full((5, 6), 0.25))


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=name)
def test_heads_of_latents_alone_are_normalised(likelihood):
    net = likelihood_net(likelihood, (4,), (8,), 6, batch_norm="heads")
    assert [n for n, m in net.named_modules() if isinstance(m, BatchNorm)] == ["trunk.norms.0"]
    for posterior in POSTERIORS:
        net = posterior_net(posterior, (4,), (8,), 3, batch_norm=True)
        assert [n for n, m in net.named_modules() if isinstance(m, BatchNorm)] == ["trunk.norms.0"]
        net, x = posterior_net(posterior, (4,), (8,), 3, batch_norm="heads"), torch.randn(50, 4)
        norms = [n for n, m in net.named_modules() if isinstance(m, BatchNorm)]
        assert norms == ["trunk.norms.0", "loc.norm", "log_variance.norm"]
        loc, sigma = net.moments(*net.trunk(x))
        for head in (loc, 2 * sigma.log()):
            torch.testing.assert_close(head.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
            torch.testing.assert_close(head.var(0, correction=0), torch.ones(3), atol=1e-2, rtol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale_head": "softplus"}, r"scale_head: got 'softplus'.*, want one of log_variance, softplus_sigma, soft"),
        ({"mean": "tanh"}, "mean: got 'tanh', want one of linear, sigmoid"),
        ({"batch_norm": "all"}, "batch_norm: got 'all', want False, True or 'heads'"),
    ],
)
def test_options_that_do_not_exist(options, message):
    with pytest.raises(ValueError, match=message):
        NormalNet((4,), (8,), 6, **options)


def test_an_unknown_option_of_a_likelihood_is_named():
    with pytest.raises(ValueError, match=r"likelihood 'binomial': option: got 'total_counts' \(did you mean 'total_c"):
        likelihood_net(("binomial", {"total_count": 3, "total_counts": 3}), (4,), (8,), 6)


class TestBoundedLogVariance:
    L = 30.0
    bound = staticmethod(BoundedLogVariance.apply)

    def of(self, values, dtype=torch.float32):
        v = torch.tensor(values, dtype=dtype, requires_grad=True)
        out = self.bound(v)
        return out.detach(), torch.autograd.grad(out.sum(), v)[0]

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_it_is_the_identity_in_normal_use_to_the_last_bit(self, dtype):
        v = torch.cat(
            [torch.linspace(-self.L, self.L, 10_001, dtype=dtype), torch.tensor([1e-30, -1e-30], dtype=dtype)]
        )
        weight = torch.randn_like(v)
        v.requires_grad_()
        out = self.bound(v)
        (gradient,) = torch.autograd.grad((out * weight).sum(), v)
        assert torch.equal(out, v) and torch.equal(gradient, weight)

    def test_beyond_it_follows_the_formula_and_bends_without_a_kink(self):
        out, gradient = self.of([30.5, 31.0, 31.5, -31.0, 32.0, 33.0], torch.float64)
        want = torch.tensor([30.4375, 30.75, 30.9375, -30.75, 31.0, 31.0], dtype=torch.float64)
        assert torch.equal(out, want)
        assert gradient.tolist() == [0.75, 0.5, 0.25, 0.5, 0.0, 0.0]
        for joint in (self.L, self.L + 2, -self.L, -self.L - 2):
            (below, above), (slope_below, slope_above) = self.of([joint - 1e-7, joint + 1e-7], torch.float64)
            assert abs(float(above - below)) < 1e-6 and abs(float(slope_above - slope_below)) < 1e-6

    def test_derivatives_are_those_of_the_function(self):
        v = torch.tensor([-40.0, -31.3, -30.5, -3.0, 2.0, 30.3, 31.5, 35.0], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(self.bound, v) and torch.autograd.gradgradcheck(self.bound, v)

    def test_nothing_leaves_the_bound_and_no_gradient_is_nan(self):
        far = [1e30, -1e30, 3e38, math.inf, -math.inf, 1e3, -1e3]
        out, gradient = self.of(far)
        assert out.tolist() == [math.copysign(31.0, v) for v in far]
        assert gradient.tolist() == [0.0] * len(far)
        assert bool(self.of([math.nan])[0].isnan())
        wide, _ = self.of(torch.linspace(-1e4, 1e4, 100_001).tolist())
        assert float(wide.abs().max()) == 31.0 and bool((wide.diff() >= 0).all())

    @pytest.mark.parametrize("posterior", POSTERIORS, ids=name)
    def test_every_network_of_a_normal_keeps_to_it(self, posterior):
        net = posterior_net(posterior, (4,), (8,), 3)
        torch.nn.init.constant_(net.log_variance.bias, 1e30)
        torch.nn.init.constant_(net.loc.weight, 0.0)
        x = torch.randn(5, 4)
        for sign in (1, -1):
            net.log_variance.bias.data.copy_(sign * net.log_variance.bias.data.abs())
            q = net(x)
            z = q.rsample()
            log_q = q.log_prob(z)
            gradients = torch.autograd.grad((z.sum() + log_q.sum()), list(net.parameters()), allow_unused=True)
            assert z.isfinite().all() and log_q.isfinite().all()
            assert all(g is None or bool(g.isfinite().all()) for g in gradients)
            torch.testing.assert_close(sigma_of(q), torch.full((5, 3), math.exp(15.5 * sign)))


def test_a_fixed_variance_is_that_of_every_feature():
    net, z = likelihood_net(("normal", {"variance": 0.3}), (4,), (8,), 6), torch.randn(5, 4)
    x, p = torch.randn(5, 6), net(z)
    torch.testing.assert_close(p.log_prob(x), Normal(net.loc(*net.trunk(z)), 0.3**0.5).log_prob(x).sum(-1))
    assert not any("variance" in name for name, _ in net.named_parameters())


def test_an_option_of_the_likelihood_itself_comes_first():
    likelihood = ("normal", {"scale_head": "softplus_sigma"})
    assert hasattr(likelihood_net(likelihood, (4,), (8,), 6, scale_head="log_variance"), "sigma")


def test_classifier_network():
    q = CategoricalNet((4, 2), (8,), 3)(torch.randn(2, 5, 4), torch.randn(5, 2))
    assert q.batch_shape == (2, 5) and q.event_shape == (3,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: likelihood_net("poisson", (4,), (), 6),
            "likelihood: got 'poisson', want one of bernoulli, binomial, categorical, discretized_logistic, mixed, ",
        ),
        (
            lambda: likelihood_net(("binomial", {"total_count": 0}), (4,), (), 6),
            "total_count: got 0, want a positive int",
        ),
        (
            lambda: likelihood_net(("normal", {"variance": 0}), (4,), (), 6),
            "variance: got 0, want a positive number or None",
        ),
        (
            lambda: likelihood_net(("normal", {"variance": math.inf}), (4,), (), 6),
            "variance: got inf, want a positive number or None",
        ),
        (
            lambda: likelihood_net(("categorical", {"num_levels": 1}), (4,), (), 6),
            "num_levels: got 1, want an int of at least 2",
        ),
        (
            lambda: likelihood_net(("discretized_logistic", {"num_levels": 2.5}), (4,), (), 6),
            "num_levels: got 2.5, want an int of at least 2",
        ),
        (
            lambda: likelihood_net(("discretized_logistic", {"log_scale": "fixed"}), (4,), (), 6),
            "log_scale: got 'fixed', want one of learned, network",
        ),
        (
            lambda: likelihood_net(("discretized_logistic", {"num_channels": 4}), (4,), (), 6),
            "num_channels: got 4, want a divisor of the 6 features",
        ),
        (
            lambda: likelihood_net(("discretized_logistic", {"num_channels": -2, "log_scale": "network"}), (4,), (), 6),
            "num_channels: got -2, want a positive int",
        ),
        (
            lambda: likelihood_net(("discretized_logistic", {"num_components": 0}), (4,), (), 6),
            "num_components: got 0, want a positive int",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
