"""Which weights local reparameterisation treats as sampled by the guide."""

import pyro
import torch
from pyro import poutine

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
