"""Which weights local reparameterisation treats as sampled by the guide."""

from contextlib import nullcontext

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import Trace_ELBO
from pyro.infer.autoguide import AutoNormal

from pyrodgm.handlers import DrawnWeights, local_reparameterisation
from pyrodgm.models import BayesianMLP

X = torch.rand(5, 6)


def test_weights_that_the_guide_did_not_draw_are_kept():
    """In a model that is replayed, weights of other origin; and outside of one, the guide's own."""
    m = BayesianMLP(6, 3, (4,), 10, weights="B")
    guide = poutine.trace(m.guide).get_trace()
    own = {site: guide.nodes[site]["value"] for site in ("w1", "w2")}
    others = {site: value + 1 for site, value in own.items()}

    def logits(values):
        with DrawnWeights(values):
            return m.p_y(X).logits

    expected = logits(others)
    with local_reparameterisation(), poutine.replay(trace=guide):
        assert torch.equal(logits(others), expected)
        assert not torch.equal(logits(own), logits(own))
    with local_reparameterisation():
        assert torch.equal(logits(own), logits(own))
    assert torch.equal(m.p_y(X).probs, m.classifier(X))
    pyro.clear_param_store()


def test_a_layer_with_a_weight_of_other_origin_is_not_touched():
    m, y = BayesianMLP(6, 3, (4,), 10), torch.tensor([0, 1, 2, 0, 1])
    guide = poutine.trace(m.guide).get_trace()
    values = {site: guide.nodes[site]["value"] for site in ("w1", "b1", "w2", "b2")}

    def log_p(values):
        given = poutine.condition(data={site: value for site, value in values.items() if site == "w1"})
        with given, poutine.replay(trace=guide):
            return poutine.trace(m.model).get_trace(X, y).nodes["y"]["fn"].logits

    values["w1"] = torch.zeros(4, 6)
    for site in ("w2", "b2"):
        guide.nodes[site]["fn"] = dist.Delta(values[site], event_dim=values[site].dim())
    expected = log_p(values)
    with local_reparameterisation():
        assert torch.equal(log_p(values), expected)
    pyro.clear_param_store()


@pytest.mark.parametrize(
    "kind",
    [
        lambda value: dist.Delta(value, event_dim=1),
        lambda value: dist.Laplace(value, torch.ones_like(value)).to_event(1),
    ],
    ids=["delta", "laplace"],
)
def test_one_weight_without_a_normal_is_enough(kind):
    """Of a guide of one's own, with point estimates of the biases, say."""
    m, y = BayesianMLP(6, 3, (4,), 10), torch.tensor([0, 1, 2, 0, 1])
    guide = poutine.trace(m.guide).get_trace()
    for site in ("b1", "b2"):
        value = guide.nodes[site]["value"]
        guide.nodes[site]["fn"] = kind(value)

    def logits():
        with poutine.replay(trace=guide):
            return poutine.trace(m.model).get_trace(X, y).nodes["y"]["fn"].logits

    expected = logits()
    with local_reparameterisation():
        assert torch.equal(logits(), expected)
    pyro.clear_param_store()


def test_a_guide_without_normals_at_the_sites_draws_weights():
    """Pyro's autoguides sample a delta at each site."""
    m, y = BayesianMLP(6, 3, (4,), 10), torch.tensor([0, 1, 2, 0, 1])
    guide, losses = AutoNormal(m.model), []
    guide(X, y)
    for local in (False, True):
        pyro.set_rng_seed(0)
        with local_reparameterisation() if local else nullcontext():
            losses.append(Trace_ELBO().loss(m.model, guide, X, y))
    assert losses[0] == losses[1]
    pyro.clear_param_store()
