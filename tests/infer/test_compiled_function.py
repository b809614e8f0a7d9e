"""CompiledFunction returns the function's values for every size, with current values of everything it reads."""

import pyro
import pytest
import torch
from pyro import poutine
from pyro.infer import Trace_ELBO

from pyrodgm.infer import CompiledFunction
from pyrodgm.models import VAE
from tests.infer.test_compiled_svi import needs_compiler
from tests.pairs import small


def log_weights(model, num_samples):
    """log p(x, z) - log q(z | x) of some samples: (S, B)."""

    def function(x):
        guide = poutine.trace(pyro.plate("samples", num_samples, dim=-2)(model.guide)).get_trace(x)
        trace = poutine.trace(poutine.replay(pyro.plate("samples", num_samples, dim=-2)(model.model), guide))
        trace = trace.get_trace(x)
        trace.compute_log_prob()
        guide.compute_log_prob()
        log_p = sum(node["log_prob"] for node in trace.nodes.values() if node["type"] == "sample")
        return log_p - sum(node["log_prob"] for node in guide.nodes.values() if node["type"] == "sample")

    return function


@pytest.mark.parametrize("backend", ["replay", pytest.param("inductor", marks=needs_compiler), "off"])
def test_importance_weights(backend):
    model = small(VAE)
    function = log_weights(model, 4)
    compiled = CompiledFunction(function, backend)
    for size in (7, 7, 3, 12):
        x = torch.rand(size, 6)
        pyro.set_rng_seed(size)
        expected = function(x)
        pyro.set_rng_seed(size)
        found = compiled(x)
        assert found.shape == (4, size)
        assert not found.requires_grad
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    if backend != "off":
        (row,) = compiled.explain()
        assert (row["backend"], row["calls"], row["reason"]) == (backend, 4, "")
        assert row["seconds"] > 0


def test_parameters_are_read_anew():
    model = small(VAE)
    compiled = CompiledFunction(lambda x: model.q_z(x).mean, "replay")
    x = torch.rand(5, 6)
    for _ in range(3):
        torch.testing.assert_close(compiled(x), model.q_z(x).mean)
        model.load_state_dict(small(VAE).state_dict())


def test_nests_of_tensors_and_keywords():
    compiled = CompiledFunction(lambda x, *, scale: {"a": (x * scale, None), "b": [x.sum(0)]}, "replay")
    x = torch.rand(5, 2)
    for scale in (2.0, 2.0, 3.0, 3.0):
        found = compiled(x, scale=scale)
        assert found["a"][1] is None
        torch.testing.assert_close(found["a"][0], x * scale)
        torch.testing.assert_close(found["b"][0], x.sum(0))
    assert len(compiled.explain()) == 2


def test_an_objective_is_a_function_too():
    model = small(VAE)
    elbo = Trace_ELBO(num_particles=5, vectorize_particles=True, max_plate_nesting=1)
    compiled = CompiledFunction(lambda x: elbo.differentiable_loss(model.model, model.guide, x), "replay")
    x = torch.rand(5, 6)
    for step in range(3):
        pyro.set_rng_seed(step)
        expected = elbo.loss(model.model, model.guide, x)
        pyro.set_rng_seed(step)
        assert float(compiled(x)) == pytest.approx(expected, rel=1e-6)


def test_an_argument_with_gradients_is_run_plainly():
    compiled = CompiledFunction(lambda x: x * 2, "replay")
    x = torch.rand(5, 2, requires_grad=True)
    compiled(x)
    with pytest.warns(UserWarning, match="an argument requires gradients"):
        torch.testing.assert_close(compiled(x), x.detach() * 2)


def test_a_strided_argument():
    compiled = CompiledFunction(lambda x: x.sum(1), "replay")
    x = torch.rand(8, 6)
    for view in (x[::2], x[:, ::2], x.t()[:, :6].t()):
        for _ in range(2):
            torch.testing.assert_close(compiled(view), view.sum(1))


@needs_compiler
def test_a_draw_that_depends_on_what_is_written_is_replayed():
    count = torch.zeros(())

    def function(x):
        count.add_(1.0)
        return torch.bernoulli((x * 0 + 0.5) ** count) + x

    compiled = CompiledFunction(function, "inductor")
    x = torch.rand(50, 4)
    with pytest.warns(
        UserWarning, match="a random draw depends on what aten.add_.Tensor writes; it uses the backend 'replay'"
    ):
        for step in range(4):
            pyro.set_rng_seed(step)
            found = compiled(x)
            pyro.set_rng_seed(step)
            torch.testing.assert_close(found, torch.bernoulli((x * 0 + 0.5) ** (step + 1)) + x)
    assert float(count) == 4
