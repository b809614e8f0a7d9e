"""A GPU gives the same numbers. Skipped without one."""

import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm.data import Batches, binarise
from pyrodgm.infer import SemiSupervisedELBO
from pyrodgm.testing import brute_force_loss, check_every_parameter_moves
from tests.pairs import every_pair, rows, small

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_the_densities_are_those_of_the_cpu(model_class, options):
    torch.set_default_dtype(torch.float64)  # Pyro's sequential inverse works in the default dtype
    model = small(model_class, **options).double().eval()
    x = rows(model)[0].double()
    trace = poutine.trace(model.guide).get_trace(x)
    latents = {site: trace.nodes[site]["value"] for site in trace.stochastic_nodes if site not in ("y", "batch")}
    expected = brute_force_loss(model, x, latents)
    on_gpu = brute_force_loss(model.to("cuda"), x.cuda(), {site: value.cuda() for site, value in latents.items()})
    torch.testing.assert_close(on_gpu.cpu(), expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_a_model_moved_after_a_step_trains(model_class, options):
    model = small(model_class, **options)
    x, y = rows(model)
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    SVI(model.model, model.guide, Adam({"lr": 1e-3}), elbo).step(x)
    check_every_parameter_moves(model.to("cuda"), x.cuda(), None if y is None else y.cuda())


def test_batches_stay_on_the_device():
    x, y = torch.rand(50, 6, device="cuda"), torch.arange(50, device="cuda") % 3
    for batch in Batches(x, 10, labelled=(x[:9], y[:9]), labelled_batch_size=3, resample=binarise):
        assert {t.device.type for t in (*batch["labelled"], batch["unlabelled"])} == {"cuda"}


def test_the_objective_trains():
    from pyrodgm.models import ADGM

    model = small(ADGM).to("cuda")
    x, y = (t.cuda() for t in rows(model))
    elbo = TraceEnum_ELBO(max_plate_nesting=1, num_particles=3, vectorize_particles=True)
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-2}), SemiSupervisedELBO(elbo, alpha=1.0))
    losses = [svi.step(labelled=(x, y), unlabelled=x) for _ in range(50)]
    assert losses[-1] < losses[0]
