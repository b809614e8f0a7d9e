"""Annealing scales only the model's part of a latent."""

import math

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import Trace_ELBO

from pyrodgm.handlers import annealed, warm_up
from pyrodgm.models import AVAE
from tests.pairs import small


@pytest.mark.parametrize("particles", [1, 3])
def test_the_models_density_of_the_site_alone_is_scaled(particles):
    model = small(AVAE, z_sizes=(3,), a_sizes=(2,)).double()
    x, seen = torch.rand(5, 6).double(), []

    def watched(call):
        def run(*args):
            with poutine.trace() as capture:
                call(*args)
            seen.append(capture.trace)

        return run

    elbo = Trace_ELBO(num_particles=particles, vectorize_particles=particles > 1, max_plate_nesting=1)
    with annealed(torch.tensor(0.25), site="z1"):
        loss = elbo.loss(watched(model.model), watched(model.guide), x)
    guide, generative = seen[-2:]
    log_p = {
        site: generative.nodes[site]["fn"].log_prob(generative.nodes[site]["value"]).sum() for site in ("x", "a1", "z1")
    }
    log_q = sum(guide.nodes[site]["fn"].log_prob(guide.nodes[site]["value"]).sum() for site in ("a1", "z1"))
    expected = log_q - log_p["x"] - log_p["a1"] - 0.25 * log_p["z1"]
    assert loss == pytest.approx(expected.item() / particles, rel=1e-9)


def test_a_sites_name_counts_in_any_plate():
    def pair():
        with pyro.plate("anything", 4):
            return pyro.sample("other", dist.Normal(0.0, 1.0))

    with annealed(torch.tensor(0.5), site="other"):
        found = Trace_ELBO().differentiable_loss(pair, pair)
    assert float(found) != 0.0
    with annealed(torch.tensor(0.5)):
        assert float(Trace_ELBO().differentiable_loss(pair, pair)) == 0.0


def test_a_guide_that_was_traced_in_a_context_counts():
    """Such a trace has neither arguments nor a return value."""

    def pair(*sites):
        with poutine.trace() as capture:
            for site in sites:
                pyro.sample(site, dist.Normal(0.0, 1.0))
        return capture.trace

    beta = torch.tensor(0.5)
    for handler in (annealed(beta), warm_up(beta)):
        with handler, poutine.replay(trace=pair("z")):
            generative = pair("z", "other")
        assert [float(generative.nodes[site]["scale"]) for site in ("z", "other")] == [0.5, 1.0]


@pytest.mark.parametrize(
    ("beta", "message"),
    [
        (0.5, "beta: got 0.5, want a 0-d tensor, to be updated in place"),
        (torch.zeros(2), "beta: got tensor"),
        (torch.tensor(0.0), "beta: got 0, want a value above zero"),
        (torch.tensor(math.nan), "beta: got nan, want a value above zero"),
    ],
)
def test_bad_weights(beta, message):
    with pytest.raises(ValueError, match=message):
        annealed(beta)
