"""A run on a GPU, saved and resumed."""

import pyro
import pytest
import torch
from pyro.infer import TraceEnum_ELBO

from pyrodgm.data import Batches, binarise
from pyrodgm.infer import CompiledSVI, Optimizer, SemiSupervisedELBO
from pyrodgm.models import M2
from pyrodgm.train import fit
from tests.pairs import small

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]


def run(epochs, folder=None, backend="replay"):
    """Train up to so many epochs; gives the history and the parameters."""
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    model = small(M2).cuda()
    x = torch.rand(40, 6, generator=torch.Generator().manual_seed(0)).cuda()
    elbo = SemiSupervisedELBO(TraceEnum_ELBO(max_plate_nesting=1), alpha=1.0)
    optim = Optimizer(torch.optim.Adam, {"lr": 1e-2}, max_norm=50.0)
    svi = CompiledSVI(model.model, model.guide, optim, elbo, backend=backend)
    batches = Batches(x, 10, (x[:6].round(), torch.arange(6).cuda() % 3), resample=binarise)
    history = fit(svi, batches, epochs, warm_up_epochs=2, ema=0.9, folder=folder, progress=False)
    return [row["loss"] for row in history], torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.mark.parametrize("backend", ["off", "replay", "cuda_graph"])
def test_a_resumed_run_ends_as_one_left_alone(backend, tmp_path):
    losses, expected = run(4, backend=backend)
    run(2, tmp_path, backend)
    resumed, found = run(4, tmp_path, backend)
    torch.testing.assert_close(resumed, losses, rtol=1e-3, atol=0)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
