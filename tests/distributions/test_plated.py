import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine

from pyrodgm.distributions import Plated


@pytest.mark.parametrize("shape", [(5,), (3, 5), (3, 2, 5)])
def test_log_probabilities_are_the_base_s(shape):
    logits = torch.randn(*shape, 4)
    base = dist.OneHotCategorical(logits=logits)
    value = torch.eye(4)[torch.randint(4, (5,))]
    p = Plated(base).expand((5,))
    assert p.batch_shape == (5,) and p.event_shape == (4,)
    torch.testing.assert_close(p.log_prob(value), base.log_prob(value))
    assert torch.equal(p.mean, base.mean)


def test_a_base_without_the_plates_counts_once_for_every_element():
    base, y = dist.OneHotCategorical(logits=torch.randn(4)), torch.eye(4)[2]
    p = Plated(base).expand((3, 5))
    torch.testing.assert_close(p.log_prob(y), base.log_prob(y).expand(3, 5))
    torch.testing.assert_close(p.mean, base.mean.expand(3, 5, 4))


def test_samples_fill_the_plates():
    p = Plated(dist.OneHotCategorical(logits=torch.randn(4)))
    with pyro.plate("particles", 2, dim=-2), pyro.plate("rows", 5, dim=-1):
        assert pyro.sample("y", p).shape == (2, 5, 4)
    for loc in (torch.zeros(()), torch.zeros(1), torch.zeros(5)):
        normal = Plated(dist.Normal(loc, 1.0)).expand((5,))
        assert normal.has_rsample and normal.sample().unique().shape == normal.rsample().unique().shape == (5,)
    assert Plated(dist.Normal(torch.zeros(3, 1), 1.0)).expand((5,)).sample().shape == (3, 5)


def test_pyro_scores_an_enumerated_site_under_enumerated_parameters():
    logits = torch.randn(3, 5, 3)  # p(y | z_y) for three enumerated classes, five rows

    def model():
        with pyro.plate("rows", 5):
            pyro.sample("y", Plated(dist.OneHotCategorical(logits=logits)))

    def guide():
        with pyro.plate("rows", 5):
            pyro.sample("y", dist.OneHotCategorical(logits=torch.zeros(5, 3)), infer={"enumerate": "parallel"})

    loss = pyro.infer.TraceEnum_ELBO(max_plate_nesting=1).loss(model, guide)
    own = torch.stack([logits[k].log_softmax(-1)[:, k] for k in range(3)])
    torch.testing.assert_close(torch.tensor(loss), -(own.mean(0) + torch.tensor(3.0).log()).sum())


def test_enumerates_the_base_s_values():
    p = Plated(dist.OneHotCategorical(logits=torch.randn(5, 3))).expand((5,))
    assert p.has_enumerate_support and p.enumerate_support(expand=False).shape == (3, 1, 3)
    assert torch.equal(p.enumerate_support(), torch.eye(3)[:, None].expand(3, 5, 3))
    trace = poutine.trace(lambda: pyro.sample("y", p)).get_trace()
    assert bool(p.support.check(trace.nodes["y"]["value"]).all())
    assert not bool(p.support.check(torch.full((5, 3), 0.5)).any())
