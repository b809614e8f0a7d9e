"""Other threads are not affected while one thread traces."""

import builtins
import threading

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.infer.util import is_validation_enabled
from pyro.ops.provenance import get_provenance, track_provenance
from pyro.optim import Adam
from pyro.poutine.indep_messenger import CondIndepStackFrame
from pyro.util import torch_isnan

from pyrodgm.infer import CompiledSVI
from tests.infer.set_ups import adam, network, rows, vae
from tests.infer.test_compiled_svi import assert_equal_losses, backends, losses_of_set_up, with_backend

FRAME = CondIndepStackFrame("data", -1, 3, 0)
FRAME_HASH = hash(FRAME)


def in_a_thread(function):
    """Start a thread; returns a function that waits for it and raises what it raised."""
    errors = []

    def run():
        try:
            function()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()

    def join():
        thread.join()
        if errors:
            raise errors[0]

    return join


def plain_behaviour():
    """What the replaced functions do where nothing is traced."""
    x = torch.arange(3.0)
    assert type(x.sum().item()) is float
    assert type(len(x)) is int
    assert float(x[1]) == 1.0
    assert is_validation_enabled()
    assert pyro.distributions.is_validation_enabled()
    assert torch_isnan(x * float("nan"))
    assert get_provenance(track_provenance(x, frozenset({"a"})) + 1) == {"a"}
    assert type(track_provenance(x, frozenset({"a"}))._t) is torch.Tensor
    normal = dist.Normal(x, 1.0)
    assert normal._validate_args
    assert hash(FRAME) == FRAME_HASH
    with pytest.raises(ValueError, match="scale"):
        dist.Normal(0.0, torch.tensor(-1.0))
    with pytest.raises(ValueError, match="support"):
        dist.Bernoulli(0.5).log_prob(torch.tensor(0.5))
    weight = torch.ones(3, requires_grad=True)
    torch.autograd.backward((weight * x).sum())
    assert torch.equal(weight.grad, x)


def test_other_threads_see_no_replaced_function():
    finished, rounds = threading.Event(), []

    def watch():
        while not finished.wait(0.003):
            plain_behaviour()
            rounds.append(1)

    before = builtins.len, torch.Tensor.item, dist.Distribution.__init__, pyro.util.torch_isnan
    join = in_a_thread(watch)
    try:
        for name in ["vae_by_pyro_module"]:
            _, svi = losses_of_set_up(with_backend("replay"), name, 4)
            assert backends(svi) == {"replay"}
    finally:
        finished.set()
        join()
    assert len(rounds) > 5
    assert before == (builtins.len, torch.Tensor.item, dist.Distribution.__init__, pyro.util.torch_isnan)


def test_validation_stays_on_for_the_others_while_the_model_runs():
    """Seen from within the trace, which waits for another thread to look."""
    plain_model, guide = vae(network(2, 5, 4), network(4, 5, 4))

    def model(x):
        in_a_thread(plain_behaviour)()
        plain_model(x)

    svi = CompiledSVI(model, guide, adam(), Trace_ELBO(), backend="replay")
    for step in range(2):
        svi.step(rows(step))
    assert backends(svi) == {"replay"}  # it was traced


def test_two_threads_each_train_their_own():
    def pair(name):
        """A pair whose noise is an argument, so that the order of the threads does not count."""
        pyro.set_rng_seed(len(name))
        weight = torch.nn.Linear(4, 4)

        def model(x, noise):
            pyro.module(name, weight)
            with pyro.plate("data", len(x)):
                z = pyro.sample("z", dist.Delta(noise).to_event(1))
                pyro.sample("x", dist.Normal(weight(z), 1.0).to_event(1), obs=x)

        def guide(x, noise):
            with pyro.plate("data", len(x)):
                pyro.sample("z", dist.Delta(noise).to_event(1))

        return model, guide, Adam({"lr": 0.01}), Trace_ELBO()

    def losses(svi):
        return [svi.step(rows(step), rows(step + 100)) for step in range(12)]

    names = ("first", "second one")
    expected = {name: losses(SVI(*pair(name))) for name in names}
    pyro.clear_param_store()
    svis = {name: CompiledSVI(*pair(name), backend="replay") for name in names}
    found = {}
    waiting = [in_a_thread(lambda name=name: found.update({name: losses(svis[name])})) for name in names]
    for join in waiting:
        join()
    for name in names:
        assert backends(svis[name]) == {"replay"}
        assert_equal_losses(found[name], expected[name])
