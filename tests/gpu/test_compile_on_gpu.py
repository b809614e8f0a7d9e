"""CompiledSVI on a GPU: captured steps equal plain steps. Skipped without a GPU."""

import pyro
import pytest
import torch
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO
from pyro.optim import Adam, AdamW, ClippedAdam

from pyrodgm.handlers import warm_up
from pyrodgm.infer import CompiledFunction, CompiledSVI, SemiSupervisedELBO
from pyrodgm.models import M2
from tests.pairs import every_pair, rows, small

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
BACKENDS = ["replay", "inductor", "cuda_graph"]


def losses(make, model_class=M2, optim=lambda: Adam({"lr": 1e-3}), steps=50, sizes=(7,), **options):
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    model = small(model_class, **options).cuda()
    x, y = (None if t is None else t.cuda() for t in rows(model))
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)  # some models enumerate nothing
    loss = Trace_ELBO() if y is None else SemiSupervisedELBO.of(model, elbo, alpha=3.0)
    svi = make(model.model, model.guide, optim(), loss)
    found = []
    for step in range(steps):
        size = sizes[step % len(sizes)]
        batch = {"x": x[:size]} if y is None else {"labelled": (x[:size], y[:size]), "unlabelled": x[:size]}
        found.append(svi.step(**batch))
    return found, svi


def assert_agree(found, expected):
    torch.testing.assert_close(torch.tensor(found), torch.tensor(expected), rtol=2e-5, atol=0)


def with_backend(backend):
    return lambda *pair: CompiledSVI(*pair, backend=backend)


@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_every_model_replayed(model_class, options):
    expected, _ = losses(SVI, model_class, **options)
    found, svi = losses(with_backend("replay"), model_class, **options)
    assert [row["backend"] for row in svi.explain()] == ["replay"]
    assert_agree(found, expected)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("options", [{}, {"batch_norm": True}, {"precision": "bfloat16"}], ids=str)
def test_backends(backend, options):
    expected, _ = losses(SVI, steps=20, **options)
    found, svi = losses(with_backend(backend), steps=20, **options)
    assert [row["backend"] for row in svi.explain()] == [backend]
    tolerance = 1e-2 if options.get("precision") else 2e-5
    torch.testing.assert_close(torch.tensor(found), torch.tensor(expected), rtol=tolerance, atol=0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_changing_batch_sizes(backend):
    expected, _ = losses(SVI, sizes=(7, 3, 5))
    found, _ = losses(with_backend(backend), sizes=(7, 3, 5))
    assert_agree(found, expected)


@pytest.mark.parametrize("optim", [AdamW, ClippedAdam])
def test_optimisers(optim):
    expected, _ = losses(SVI, optim=lambda: optim({"lr": 1e-3}))
    found, _ = losses(with_backend("cuda_graph"), optim=lambda: optim({"lr": 1e-3}))
    assert_agree(found, expected)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_temperature_is_read_at_every_launch(device):
    def run(make):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        model = small(M2).cuda()
        x, y = (t.cuda() for t in rows(model))
        loss = SemiSupervisedELBO(TraceEnum_ELBO(max_plate_nesting=1), alpha=3.0)
        svi = make(model.model, model.guide, Adam({"lr": 1e-3}), loss)
        beta, found = torch.tensor(0.1, device=device), []
        with warm_up(beta):
            for _ in range(8):
                found.append(svi.step(labelled=(x, y), unlabelled=x))
                beta.add_(0.1)
        return found

    assert_agree(run(with_backend("cuda_graph")), run(SVI))


def test_alternating_with_plain_svi():
    class Alternating:
        def __init__(self, *pair):
            self.both, self.steps = (SVI(*pair), CompiledSVI(*pair, backend="cuda_graph")), 0

        def step(self, **batch):
            self.steps += 1
            return self.both[self.steps % 5 > 2].step(**batch)

    assert_agree(losses(Alternating)[0], losses(SVI)[0])


def test_a_model_moved_between_steps():
    model = small(M2)
    x, y = rows(model)
    loss = SemiSupervisedELBO(TraceEnum_ELBO(max_plate_nesting=1), alpha=3.0)
    svi = CompiledSVI(model.model, model.guide, Adam({"lr": 0.0}), loss, backend="replay")
    for _ in range(3):
        svi.step(labelled=(x, y), unlabelled=x)
    pyro.clear_param_store()
    model.cuda()
    svi.optim = Adam({"lr": 1e-3})
    plain = SVI(model.model, model.guide, Adam({"lr": 0.0}), loss)
    x, y = x.cuda(), y.cuda()
    for step in range(3):
        pyro.set_rng_seed(step)
        expected = plain.evaluate_loss(labelled=(x, y), unlabelled=x)
        pyro.set_rng_seed(step)
        assert svi.evaluate_loss(labelled=(x, y), unlabelled=x) == pytest.approx(expected, rel=2e-5)


def test_a_loss_without_waiting():
    _, svi = losses(with_backend("cuda_graph"), steps=3)
    model = small(M2).cuda()
    assert CompiledFunction(lambda x: model.q_y(x).probs, "replay")(rows(model)[0].cuda()).is_cuda
    assert all(row["reason"] == "" for row in svi.explain())
