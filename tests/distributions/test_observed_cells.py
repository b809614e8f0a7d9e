"""The density of the observed cells is the marginal of the complete row's."""

import itertools

import pyro.distributions as dist
import pytest
import torch
from torch.distributions import constraints

from pyrodgm.checks import check_values
from pyrodgm.distributions import ClassMixture, ObservedCells, OrMissing
from pyrodgm.nn import likelihood_net

NAN = torch.nan
DISCRETE = ["bernoulli", ("binomial", {"total_count": 2}), ("categorical", {"num_levels": 3})]
DISCRETE += [("discretized_logistic", {"num_levels": 3, "num_components": m}) for m in (1, 2)]


def all_rows(row, levels):
    """Every complete row that has the observed cells of this one."""
    lost = row.isnan().nonzero().flatten().tolist()
    for values in itertools.product(range(levels), repeat=len(lost)):
        whole = row.clone()
        whole[lost] = torch.tensor(values, dtype=row.dtype)
        yield whole


@pytest.mark.parametrize("likelihood", DISCRETE, ids=str)
def test_it_is_the_sum_over_what_is_missing(likelihood):
    net = likelihood_net(likelihood, (2,), (4,), 3, missing="zeros").double()
    plain = likelihood_net(likelihood, (2,), (4,), 3).double()
    plain.load_state_dict(net.state_dict())
    z, levels = torch.randn(2, dtype=torch.float64), 2 if likelihood == "bernoulli" else 3
    for row in torch.tensor([[NAN, 1.0, 0.0], [1.0, NAN, NAN], [NAN] * 3, [1.0, 0.0, 1.0]], dtype=torch.float64):
        want = torch.stack([plain(z).log_prob(whole) for whole in all_rows(row, levels)]).logsumexp(0)
        torch.testing.assert_close(net(z).log_prob(row), want)


@pytest.mark.parametrize("likelihood", ["normal", ("normal", {"variance": 0.5}), *DISCRETE], ids=str)
def test_gradients_are_those_of_the_observed_columns_alone(likelihood):
    x = torch.tensor([[1.0, NAN, 0.0], [0.0, NAN, 1.0]])
    net = likelihood_net(likelihood, (2,), (4,), 3, missing="mask")
    z = torch.randn(5, 1, 2, requires_grad=True)  # against rows, as an enumerated class stands
    cells = getattr(net(z), "base_dist", None).log_prob(x.nan_to_num(0.0))
    want = torch.autograd.grad(cells[..., [0, 2]].sum(), [z, *net.parameters()], allow_unused=True)
    found = torch.autograd.grad(net(z).log_prob(x).sum(), [z, *net.parameters()], allow_unused=True)
    assert net(z).log_prob(x).shape == (5, 2)
    torch.testing.assert_close(found, want)


def test_a_mixture_given_the_observed_cells():
    """p(x_mis | x_obs) = sum_y p(y | x_obs) p(x_mis | y), against a sum over all rows."""
    logits, p_y = torch.randn(4, 3, 3).double(), torch.randn(4, 3).double()
    p = ClassMixture(dist.Categorical(logits=p_y), ObservedCells(dist.Bernoulli(logits=logits), 1))
    plain = ClassMixture(dist.Categorical(logits=p_y), dist.Bernoulli(logits=logits).to_event(1))
    row = torch.tensor([NAN, 1.0, NAN], dtype=torch.float64)
    rows = torch.stack(list(all_rows(row, 2)))  # (4, 3)
    log_p = torch.stack([plain.log_prob(whole.expand(4, 3)) for whole in rows], -1)
    want = log_p.softmax(-1) @ rows
    torch.testing.assert_close(p.given_observed(row.expand(4, 3)).mean[:, [0, 2]], want[:, [0, 2]])
    torch.testing.assert_close(p.log_prob(row.expand(4, 3)), log_p.logsumexp(-1))


def test_a_mixture_does_not_confuse_rows():
    p = ClassMixture(dist.Categorical(logits=torch.randn(4, 3)), dist.Normal(torch.randn(4, 3, 2), 1.0).to_event(1))
    for x in torch.randn(2, 4, 2).unbind():
        by_class = p.mixture_distribution.logits + p.component_distribution.log_prob(x[:, None])
        torch.testing.assert_close(p.log_prob(x), by_class.logsumexp(-1))
        torch.testing.assert_close(p.class_given(x).probs, by_class.softmax(-1))


def test_it_expands_and_samples_as_an_independent_does():
    p = ObservedCells(dist.Normal(torch.zeros(4, 1), torch.ones(3)), 1).expand((2, 4))
    assert type(p) is ObservedCells
    assert p.sample().shape == (2, 4, 3) and p.batch_shape == (2, 4)


def test_a_row_may_have_several_dimensions():
    loc, x = torch.randn(4, 2, 3), torch.randn(4, 2, 3)
    p = ObservedCells(dist.Normal(loc, 1.0), 2)
    torch.testing.assert_close(p.log_prob(x), dist.Normal(loc, 1.0).to_event(2).log_prob(x))
    x[0, 1, 2] = NAN
    want = dist.Normal(loc[0].flatten()[:5], 1.0).log_prob(x[0].flatten()[:5]).sum()
    torch.testing.assert_close(p.log_prob(x)[0], want)


def test_values_outside_the_support_are_refused_and_nan_is_not():
    p = ObservedCells(dist.Bernoulli(torch.full((3,), 0.5), validate_args=True), 1)
    assert p.log_prob(torch.tensor([NAN, 1.0, 0.0])).isfinite()
    with pytest.raises(ValueError, match="support"):
        p.log_prob(torch.tensor([NAN, 2.0, 0.0]))


@pytest.mark.parametrize("support", [constraints.real, constraints.unit_interval, constraints.integer_interval(0, 2)])
def test_the_support_with_missing_cells(support):
    both = OrMissing(support)
    assert both.check(torch.tensor([NAN, 0.0, 1.0])).all() and both.is_discrete == support.is_discrete
    check_values("x", torch.tensor([NAN, 1.0]), both, "numbers")
    with pytest.raises(ValueError, match="x: got 1 infinite values, want numbers"):
        check_values("x", torch.tensor([NAN, torch.inf]), both, "numbers")
    with pytest.raises(ValueError, match="x: got 2 NaN or infinite values, want finite numbers"):
        check_values("x", torch.tensor([NAN, torch.inf]), support, "numbers")
    if support is not constraints.real:
        assert not both.check(torch.tensor([torch.inf, -1.0])).any()
        with pytest.raises(ValueError, match="x: got values from -1 to 1, want numbers"):
            check_values("x", torch.tensor([NAN, 1.0, -1.0]), both, "numbers")
