"""CompiledSVI against SVI: the same seed gives the same losses, whatever happens between steps."""

import copy
import functools
import io
import random
import shutil
import subprocess
import sys
import warnings
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO
from pyro.nn import PyroModule, PyroParam
from pyro.optim import SGD, Adam, LambdaLR, PyroOptim
from pyro.poutine.messenger import Messenger

from pyrodgm.handlers import warm_up
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO
from pyrodgm.infer.compiled import backends as backends_of_graphs
from pyrodgm.infer.compiled import programs
from pyrodgm.infer.compiled.signature import describe, split
from pyrodgm.models import ADGM, M2, VAE
from tests.infer.set_ups import SET_UPS, network, rows, vae
from tests.pairs import accepted, as_it_comes, every_pair, slow_unless, small
from tests.pairs import rows as rows_of

STEPS = 20
needs_compiler = pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="inductor needs a compiler")
COMPILED_HERE = ["changing_batch_sizes", "batch_norm_and_dropout", "score_function_of_a_sampled_class"]


def losses_of_set_up(make, name, steps=STEPS):
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    *pair, batch = SET_UPS[name]()
    svi = make(*pair)
    losses = []
    for step in range(steps):
        args, kwargs = batch(step)
        losses.append(svi.step(*args, **kwargs))
    return losses, svi


def assert_equal_losses(found, expected, tolerance=1e-6):
    torch.testing.assert_close(
        torch.tensor(found, dtype=torch.float64), torch.tensor(expected, dtype=torch.float64), rtol=tolerance, atol=0
    )


def with_backend(backend):
    return lambda *pair: CompiledSVI(*pair, backend=backend)


def backends(svi):
    return {row["backend"] for row in svi.explain()}


def zoo_pair(model_class, **options):
    """A small model with its loss and a batch for it."""
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    model = small(model_class, **options)
    x, y = rows_of(model)
    if y is None:
        return model, Trace_ELBO(), {"x": x}
    elbo = SemiSupervisedELBO.of(
        model, TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False), alpha=3.0
    )
    return model, elbo, {"labelled": (x, y), "unlabelled": x.flip(0)[:5]}


def zoo_losses(make, model_class, options, steps=STEPS):
    model, loss, batch = zoo_pair(model_class, **options)
    svi = make(model.model, model.guide, Adam({"lr": 1e-3}), loss)
    return [svi.step(**batch) for _ in range(steps)], svi


def check_backend(losses, backend, *case):
    """The losses of a case are those of plain SVI, and it ran on the backend that was asked for; returns the SVI."""
    expected, _ = losses(SVI, *case)
    found, svi = losses(with_backend(backend), *case)
    assert backends(svi) == {backend}
    assert_equal_losses(found, expected)
    return svi


@pytest.mark.parametrize(("model_class", "options"), slow_unless(as_it_comes, every_pair(thorough=[VAE, M2])))
def test_every_model_replayed(model_class, options):
    check_backend(zoo_losses, "replay", model_class, options)


@pytest.mark.slow
@needs_compiler
@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_every_model_compiled(model_class, options):
    check_backend(zoo_losses, "inductor", model_class, options)


@pytest.mark.parametrize("name", SET_UPS)
def test_every_set_up_replayed(name):
    check_backend(losses_of_set_up, "replay", name)


@needs_compiler
@pytest.mark.parametrize(
    "name", [name if name in COMPILED_HERE else pytest.param(name, marks=pytest.mark.slow) for name in SET_UPS]
)
def test_every_set_up_compiled(name):
    check_backend(losses_of_set_up, "inductor", name)


@needs_compiler
@pytest.mark.parametrize("precision", [pytest.param("float32", marks=pytest.mark.slow), "bfloat16"])
def test_a_model_of_the_zoo_compiled_in_both_precisions(precision):
    expected, _ = zoo_losses(SVI, VAE, {"precision": precision}, steps=6)
    found, svi = zoo_losses(with_backend("inductor"), VAE, {"precision": precision}, steps=6)
    assert backends(svi) == {"inductor"}
    assert_equal_losses(found, expected, 1e-6 if precision == "float32" else 1e-2)


@pytest.mark.parametrize("model_class", [VAE, M2, pytest.param(ADGM, marks=pytest.mark.slow)])
def test_a_second_graph_serves_every_further_batch_size(model_class):
    model, loss, batch = zoo_pair(model_class)
    svi = CompiledSVI(model.model, model.guide, Adam({"lr": 1e-3}), loss, backend="replay")
    for size in (7, 2, 2, 3, 4, 5, 6):
        if "x" in batch:
            svi.step(batch["x"][:size])
        else:
            x, y = batch["labelled"]
            svi.step(labelled=(x[:size], y[:size]), unlabelled=x[: 9 - size])
    (slot,) = svi._steps.slots.values()
    assert [program.graph.symbolic for program in slot.programs] == [False, True]


def test_a_decision_on_the_batch_size_makes_another_graph():
    plain_model, guide = vae(network(2, 5, 4), network(4, 5, 4))

    def model(x):
        with poutine.scale(scale=2.0 if x.shape[0] > 5 else 1.0):
            plain_model(x)

    def losses(make):
        pyro.set_rng_seed(0)
        svi = make(model, guide, Adam({"lr": 0.0}), Trace_ELBO())
        return [svi.step(rows(0, size)) for size in (4, 4, 8, 8, 5, 6, 4)], svi

    expected, _ = losses(SVI)
    found, svi = losses(with_backend("replay"))
    assert_equal_losses(found, expected)
    (slot,) = svi._steps.slots.values()
    assert [program.graph.symbolic for program in slot.programs] == [False, True, True]


SHALLOW = {"batch_norm": True, "hidden": (5,)}
CHANGES = {}


class Noting(Messenger):
    """A handler of the user, which notes the sites of a call."""

    seen: ClassVar[list[str]] = []

    def _pyro_sample(self, msg):
        self.seen.append(msg["name"])


def test_a_users_handler_round_a_step_sees_its_sites():
    def model(x):
        z = pyro.sample("z", dist.Normal(0.0, 1.0))
        pyro.sample("x", dist.Normal(z, 1.0).expand([len(x)]).to_event(1), obs=x)

    def guide(x):
        pyro.sample("z", dist.Normal(pyro.param("loc", torch.zeros(())), 1.0))

    svi = CompiledSVI(model, guide, Adam({"lr": 1e-3}), Trace_ELBO(), backend="replay")
    with warnings.catch_warnings(record=True) as warned, Noting():
        for _ in range(10):
            Noting.seen.clear()
            svi.step(torch.arange(3.0))
            assert Noting.seen == ["z", "z", "x"]
    assert not warned and not svi.explain()


@pytest.mark.filterwarnings("ignore:.*it runs uncompiled")  # the last line tells it too
def test_a_class_whose_probability_becomes_zero_counts_nothing():
    def model(x):
        with pyro.plate("data", len(x)):
            y = pyro.sample("y", dist.Categorical(torch.ones(2)))
            pyro.sample("x", dist.Normal(pyro.param("loc", torch.zeros(2))[y], 1.0), obs=x)

    def guide(x):
        logits = pyro.param("logits", torch.zeros(2))
        with pyro.plate("data", len(x)):
            pyro.sample("y", dist.Categorical(logits=logits), infer={"enumerate": "parallel"})

    def losses(make):
        pyro.clear_param_store()
        svi, found = make(model, guide, Adam({"lr": 1e-3}), TraceEnum_ELBO(max_plate_nesting=1)), []
        for step in range(STEPS):
            if step == 10:
                pyro.param("logits").data[1] = -200.0
            found.append(svi.step(torch.arange(5.0)))
        return found, svi

    expected, (found, svi) = losses(SVI)[0], losses(with_backend("replay"))
    assert_equal_losses(found, expected)
    assert backends(svi) == {"replay"}


def change(function):
    """What a user may do to a model or a loss between two steps."""
    CHANGES[function.__name__] = function
    return function


@change
def evaluation_mode(model, loss):
    model.eval()


@change
def double_precision(model, loss):
    model.double()


@change
def loaded_state(model, loss):
    pyro.set_rng_seed(3)
    model.load_state_dict(small(type(model), **SHALLOW).state_dict())


@change
def assigned_state(model, loss):
    pyro.set_rng_seed(3)
    model.load_state_dict(small(type(model), **SHALLOW).state_dict(), assign=True)


@change
def cleared_store(model, loss):
    pyro.clear_param_store()


@change
def frozen_network(model, loss):
    model.q_z.requires_grad_(False)
    pyro.clear_param_store()


@change
def replaced_parameter(model, loss):
    model.p_x.logits.bias = torch.nn.Parameter(torch.ones_like(model.p_x.logits.bias))


@change
def replaced_network(model, loss):
    pyro.set_rng_seed(3)
    model.q_z = small(type(model), hidden=(8, 5)).q_z


@change
def other_weight(model, loss):
    loss.alpha = 30.0


@change
def a_forward_hook(model, loss):
    model.p_x.logits.register_forward_hook(lambda module, args, logits: 2 * logits)


@change
def an_attribute(model, loss):
    model.q_z.trunk.activation = "tanh"


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_is_stale_after(name):
    def losses(make):
        model, loss, batch = zoo_pair(M2, hidden=()) if name == "other_weight" else zoo_pair(VAE, **SHALLOW)
        # not Adam: a bias under batch normalisation has no gradient but rounding, which Adam would scale up
        svi = make(model.model, model.guide, SGD({"lr": 1e-4}), loss)
        found = [svi.step(**batch) for _ in range(5)]
        CHANGES[name](model, loss)
        if name == "double_precision":
            batch = {"x": batch["x"].double()}
        pyro.set_rng_seed(1)
        return found + [svi.step(**batch) for _ in range(5)], svi

    expected, _ = losses(SVI)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found, svi = losses(with_backend("replay"))
    assert not caught
    assert_equal_losses(found, expected)
    assert backends(svi) == {"replay"}


def test_a_network_that_grows_trains_its_new_parameters():
    def losses(make):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        decoder = network(2, 5, 4)
        model, guide = vae(decoder, network(4, 5, 4))
        svi = make(model, guide, Adam({"lr": 0.01}), Trace_ELBO())
        found = [svi.step(rows(i)) for i in range(5)]
        decoder.append(torch.nn.Linear(4, 4))
        return found + [svi.step(rows(i)) for i in range(5)]

    assert_equal_losses(losses(with_backend("replay")), losses(SVI))


@pytest.mark.parametrize("first", ["enumerated", ("sampled", {"top": 2})], ids=["all", "two"])
def test_classes_that_are_treated_otherwise_are_another_graph_that_is_kept(first):
    """All classes or two summed, then one, then as before: two graphs, each traced once."""

    def losses(make):
        model, _, _ = zoo_pair(M2, hidden=())
        loss = TraceEnum_ELBO(max_plate_nesting=1)
        svi = make(model.model, model.guide, Adam({"lr": 1e-2}), loss)
        found, batch = [], {"x": rows_of(model)[0]}
        for classes in (first, ("sampled", {"top": 1}), first):
            model.classes = classes
            found += [svi.step(**batch) for _ in range(3)]
        return found, svi

    found, svi = losses(with_backend("replay"))
    assert_equal_losses(found, losses(SVI)[0])
    rows = [row for row in svi.explain() if row["method"] == "step"]
    assert [(row["backend"], row["calls"], row["reason"]) for row in rows] == [("replay", 6, ""), ("replay", 3, "")]
    assert [len(slot.programs) for slot in svi._steps.slots.values()] == [1, 1]


@pytest.mark.parametrize(("model_class", "discrete"), [(VAE, False), (M2, True)])
def test_warm_up_is_a_tensor_that_is_read_at_every_step(model_class, discrete):
    def losses(make):
        model, loss, batch = zoo_pair(model_class, hidden=())
        svi = make(model.model, model.guide, Adam({"lr": 1e-3}), loss)
        beta, found = torch.tensor(0.1), []
        for _ in range(4):
            with warm_up(beta, discrete=discrete):
                found += [svi.step(**batch) for _ in range(3)]
            beta.add_(0.2)
        return found + [svi.step(**batch) for _ in range(3)], svi

    expected, _ = losses(SVI)
    found, svi = losses(with_backend("replay"))
    assert_equal_losses(found, expected)
    assert len(svi.explain()) == 2  # within the warm-up and after it


class Pair(torch.nn.Module):
    """A VAE whose scale is computed by ``effect`` from whatever it likes."""

    def __init__(self, effect):
        super().__init__()
        self.effect = effect
        self.decoder, self.encoder = network(2, 5, 4), network(4, 5, 4)
        self.register_buffer("beta", torch.tensor(0.2))
        self.steps, self.option, self.options, self.log = 0, None, {"scale": 1.0}, []
        self.plain_model, self.guide = vae(self.decoder, self.encoder)

    def model(self, x):
        with poutine.scale(scale=self.effect(self)):
            self.plain_model(x)


def counted(pair):
    pair.steps += 1
    return min(1.0, pair.steps / 10)


def logged(pair):
    pair.log.append(1)
    return 1.0


PLAIN_EFFECTS = {
    "counted": (counted, "the model sets Pair.steps"),
    "logged": (logged, "the model sets Pair.log"),
    "number of a buffer": (lambda pair: float(pair.beta), "a tensor is read as a Python value by __float__"),
    "numpy": (lambda pair: 1 + np.random.rand(), "it draws random numbers outside torch"),
    "python": (lambda pair: 1 + random.random(), "it draws random numbers outside torch"),
}


def pair_losses(make, effect, between=lambda pair, step: None, wrap=lambda pair: pair.model):
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    pair = Pair(effect)
    svi = make(wrap(pair), pair.guide, Adam({"lr": 0.01}), Trace_ELBO())
    found = []
    for step in range(12):
        between(pair, step)
        found.append(svi.step(rows(step)))
    return found, svi, pair


@pytest.mark.parametrize("name", PLAIN_EFFECTS)
def test_what_a_graph_cannot_do_is_seen_before_it_runs(name):
    effect, reason = PLAIN_EFFECTS[name]
    expected, _, plain = pair_losses(SVI, effect)
    with pytest.warns(UserWarning, match=reason) as caught:
        found, svi, pair = pair_losses(with_backend("replay"), effect)
    assert len(caught) == 1
    assert found == expected
    assert (pair.steps, pair.log) == (plain.steps, plain.log)
    assert backends(svi) == {"off"}


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda pair: pair.model, id="method"),
        pytest.param(lambda pair: lambda x: pair.model(x), id="lambda"),
        pytest.param(lambda pair: functools.partial(pair.model), id="partial"),
    ],
)
@pytest.mark.parametrize(
    "attribute", [*(pytest.param(name, marks=pytest.mark.slow) for name in ("option", "options")), "both"]
)
def test_attributes_are_seen_however_the_model_is_wrapped(wrap, attribute):
    def between(pair, step):
        if step == 5:
            pair.option = 3.0 if attribute != "options" else None
            if attribute != "option":
                pair.options["scale"] = 0.3

    def effect(pair):
        return (pair.option or 1.0) * pair.options["scale"]

    expected, _, _ = pair_losses(SVI, effect, between, wrap)
    found, svi, _ = pair_losses(with_backend("replay"), effect, between, wrap)
    assert_equal_losses(found, expected)
    assert backends(svi) == {"replay"}


def test_a_buffer_that_is_replaced():
    def between(pair, step):
        if step == 5:
            pair.beta = torch.tensor(3.0)

    expected, *_ = pair_losses(SVI, lambda pair: pair.beta, between)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found, svi, _ = pair_losses(with_backend("replay"), lambda pair: pair.beta, between)
    assert not caught
    assert_equal_losses(found, expected)
    assert backends(svi) == {"replay"}


def test_a_variable_that_is_rebound():
    scale = torch.tensor(0.5)

    def between(pair, step):
        nonlocal scale
        if step == 6:
            scale = torch.tensor(0.9)

    expected, _, _ = pair_losses(SVI, lambda pair: scale, between)
    scale = torch.tensor(0.5)
    found, svi, _ = pair_losses(with_backend("replay"), lambda pair: scale, between)
    assert_equal_losses(found, expected)
    assert backends(svi) == {"replay"}


def test_a_gradient_hook_is_called_at_every_step():
    def norms(make):
        seen = []

        def between(pair, step):
            if step == 4:
                pair.decoder[0].weight.register_hook(lambda gradient: seen.append(float(gradient.norm())))

        pair_losses(make, lambda pair: 1.0, between)
        return seen

    with pytest.warns(UserWarning, match="a parameter has a hook on its gradient"):
        found = norms(with_backend("replay"))
    assert len(found) == 8
    assert found == pytest.approx(norms(SVI), rel=1e-5)


def test_a_tensor_that_trains_outside_pyro_keeps_its_gradient():
    def gradient(make):
        weight = torch.nn.Parameter(torch.tensor(0.5))
        pair_losses(make, lambda pair: weight)
        return weight.grad

    with pytest.warns(UserWarning, match=r"a tensor of shape \(\) requires gradients and is not a Pyro parameter"):
        found = gradient(with_backend("replay"))
    torch.testing.assert_close(found, gradient(SVI))


class OwnGradients(Trace_ELBO):
    """An ELBO that calls for its gradients by a function of its own."""

    def __init__(self, call):
        super().__init__()
        self.call = call

    def loss_and_grads(self, model, guide, *args, **kwargs):
        loss = self.differentiable_loss(model, guide, *args, **kwargs)
        self.call(loss)
        return loss.item()


def own_gradient_losses(make, call):
    def with_elbo(model, guide, optim, loss):
        return make(model, guide, optim, OwnGradients(call))

    found, svi, _ = pair_losses(with_elbo, lambda pair: 0.1)
    return found, svi


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda loss: (-loss).backward(), id="reversed"),
        pytest.param(lambda loss: loss.backward(torch.tensor(-0.5)), id="weighted"),
        pytest.param(lambda loss: [(loss * w).backward(retain_graph=True) for w in (1.0, 2.0)], id="twice"),
    ],
)
def test_an_elbo_with_gradients_of_its_own(call):
    check_backend(own_gradient_losses, "replay", call)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda loss: torch.autograd.backward(loss), id="autograd"),
        pytest.param(lambda loss: loss.backward(inputs=[pyro.param("a").unconstrained()]), id="inputs"),
    ],
)
def test_gradients_that_cannot_be_collected_are_left_to_torch(call):
    def losses(make):
        pyro.clear_param_store()
        pyro.param("a", torch.tensor(0.0))
        pyro.set_rng_seed(0)
        model, guide = vae(network(2, 5, 4), network(4, 5, 4))

        def shifted(x):
            model(x + pyro.param("a"))

        svi = make(shifted, guide, Adam({"lr": 0.01}), OwnGradients(call))
        return [svi.step(rows(step)) for step in range(5)]

    expected = losses(SVI)
    with pytest.warns(UserWarning, match="it cannot be traced: ValueError: the objective calls") as caught:
        assert losses(CompiledSVI) == expected
    assert len(caught) == 1


class Recording(PyroOptim):
    """SGD that keeps the gradients it is given."""

    def __init__(self):
        super().__init__(torch.optim.SGD, {"lr": 1e-3})
        self.seen = []

    def __call__(self, params):
        params = list(params)
        name = pyro.get_param_store().param_name
        self.seen.append({name(p): None if p.grad is None else p.grad.clone() for p in params})
        super().__call__(params)


def gradients_by_step(make, name, steps=10):
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    model, guide, _, loss, batch = SET_UPS[name]()
    optim = Recording()
    svi = make(model, guide, optim, loss)
    found = [svi.step(*args, **kwargs) for args, kwargs in map(batch, range(steps))]
    return found, optim.seen, svi


@pytest.mark.parametrize(
    "name",
    [
        "importance_weighted_particles",
        "renyi_bound_of_vectorised_particles",
        "score_functions_of_two_classes",
        "baseline_by_a_network",
    ],
)
def test_objectives_without_a_differentiable_loss(name):
    expected, gradients, _ = gradients_by_step(SVI, name)
    found, found_gradients, svi = gradients_by_step(with_backend("replay"), name)
    assert backends(svi) == {"replay"}
    assert_equal_losses(found, expected)
    for now, wanted in zip(found_gradients, gradients, strict=True):
        assert now.keys() == wanted.keys()
        largest = max(float(gradient.abs().max()) for gradient in wanted.values())
        for key, gradient in wanted.items():
            torch.testing.assert_close(now[key], gradient, rtol=1e-5, atol=1e-5 * largest)


class LocalModel(PyroModule):
    """Its network, and its name for it, are its own."""

    def __init__(self):
        super().__init__()
        self.net = network(2, 5, 4)
        self.scale = PyroParam(torch.tensor(1.0), constraint=dist.constraints.positive)

    def forward(self, x):
        with pyro.plate("data", len(x)):
            z = pyro.sample("z", dist.Normal(torch.zeros(2), 1.0).to_event(1))
            pyro.sample("x", dist.Normal(self.net(z), self.scale).to_event(1), obs=x)


class LocalGuide(PyroModule):
    """The names of its parameters are the model's."""

    def __init__(self):
        super().__init__()
        self.net = network(4, 5, 2)
        self.scale = PyroParam(torch.tensor(0.5), constraint=dist.constraints.positive)

    def forward(self, x):
        with pyro.plate("data", len(x)):
            pyro.sample("z", dist.Normal(self.net(x), self.scale).to_event(1))


@pytest.fixture
def module_local_params():
    with pyro.settings.context(module_local_params=True):
        yield


def local_pair():
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    return LocalModel(), LocalGuide()


@pytest.mark.usefixtures("module_local_params")
@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.SGD])
def test_modules_with_parameters_of_their_own(optimizer):
    elbo = Trace_ELBO()(*local_pair())
    torchs = optimizer(elbo.parameters(), lr=0.01)
    expected = []
    for step in range(10):
        torchs.zero_grad()
        loss = elbo(rows(step))
        loss.backward()
        torchs.step()
        expected.append(loss.item())
    model, guide = local_pair()
    svi = CompiledSVI(model, guide, PyroOptim(optimizer, {"lr": 0.01}), Trace_ELBO(), backend="replay")
    assert_equal_losses([svi.step(rows(step)) for step in range(10)], expected)
    assert backends(svi) == {"replay"}
    for parameter, wanted in zip([*model.parameters(), *guide.parameters()], elbo.parameters(), strict=True):
        torch.testing.assert_close(parameter, wanted)
    assert len(svi.optim.get_state()) == len(list(elbo.parameters()))
    assert not pyro.get_param_store()._params


@pytest.mark.parametrize("optimizer", [Adam, SGD])
def test_a_pair_whose_parameters_are_all_frozen_for_a_while(optimizer):
    def losses(make):
        model, _, batch = zoo_pair(VAE)
        svi = make(model.model, model.guide, optimizer({"lr": 1e-3}), Trace_ELBO())
        found = []
        for trains in (True, False, True):
            model.requires_grad_(trains)
            found += [svi.step(**batch) for _ in range(4)]
        return found, svi

    check_backend(losses, "replay")


def test_parameters_that_are_frozen_by_turns_need_two_graphs():
    """As where two parts of a pair train in turn: one graph for each, not a new one at every turn."""

    def losses(make):
        model, _, batch = zoo_pair(VAE)
        svi = make(model.model, model.guide, Adam({"lr": 1e-3}), Trace_ELBO())
        found = []
        for step in range(12):
            model.q_z.requires_grad_(step % 2 == 0)
            found.append(svi.step(**batch))
        return found, svi

    assert [row["calls"] for row in check_backend(losses, "replay").explain()] == [6, 6]


@pytest.mark.usefixtures("module_local_params")
def test_what_plain_svi_trains_under_module_local_params_is_compiled():
    check_backend(losses_of_set_up, "replay", "vae_by_pyro_module", 10)


@pytest.mark.usefixtures("module_local_params")
def test_a_parameter_of_a_modules_own_that_is_replaced():
    model, guide = local_pair()
    svi = CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    for step in range(4):
        svi.step(rows(step))
    new = guide.net[0].bias = torch.nn.Parameter(torch.ones(5))
    for step in range(3):
        svi.step(rows(step))
    assert not torch.equal(new, torch.ones(5))


def test_a_copy_of_an_svi_trains_on_its_own():
    model, x = small(VAE), torch.rand(7, 6)
    svi = CompiledSVI(model.model, model.guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    for _ in range(4):
        svi.step(x)
    before = model.p_x.logits.weight.detach().clone()
    twin = copy.deepcopy(svi)
    for _ in range(4):
        twin.step(x)
    assert backends(twin) == {"replay"}
    torch.testing.assert_close(model.p_x.logits.weight.detach(), before)
    assert not torch.equal(twin.model.__self__.p_x.logits.weight, before)


def test_control_flow_on_values_runs_plainly_with_one_warning():
    plain_model, guide = vae(network(2, 5, 4), network(4, 5, 4))

    def model(x):
        with poutine.scale(scale=2.0 if x.sum() > 40 else 1.0):
            plain_model(x)

    def losses(make):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        svi = make(model, guide, Adam({"lr": 0.0}), Trace_ELBO())
        return [svi.step(rows(step)) for step in range(8)], svi

    expected, _ = losses(SVI)
    with pytest.warns(UserWarning, match=r"cannot be traced: .*it runs uncompiled") as caught:
        found, svi = losses(CompiledSVI)
    assert len(caught) == 1
    assert found == expected
    assert backends(svi) == {"off"}


@pytest.mark.parametrize("name", ["vae_by_pyro_module", "scheduler_stepped_by_hand", "mean_field_with_adamw"])
def test_alternating_with_plain_svi_changes_nothing(name):
    expected, _ = losses_of_set_up(SVI, name)

    class Alternating:
        def __init__(self, *pair):
            self.both = SVI(*pair), CompiledSVI(*pair, backend="replay")
            self.steps = 0

        def step(self, *args, **kwargs):
            self.steps += 1
            return self.both[self.steps % 5 > 2].step(*args, **kwargs)

    found, _ = losses_of_set_up(Alternating, name)
    assert_equal_losses(found, expected)


def test_the_optimisers_state_moves_between_plain_and_compiled():
    def losses(first, second):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        model, guide = vae(network(2, 5, 4), network(4, 5, 4))
        svi = first(model, guide, Adam({"lr": 0.01, "amsgrad": True}), Trace_ELBO())
        found = [svi.step(rows(step)) for step in range(10)]
        saved = io.BytesIO()
        torch.save(svi.optim.get_state(), saved)
        saved.seek(0)
        optim = Adam({"lr": 0.01, "amsgrad": True})
        optim.set_state(torch.load(saved, weights_only=False))
        svi = second(model, guide, optim, Trace_ELBO())
        return found + [svi.step(rows(step)) for step in range(10)]

    replayed = with_backend("replay")
    expected = losses(SVI, SVI)
    for first, second in ((SVI, replayed), (replayed, SVI), (replayed, replayed)):
        assert_equal_losses(losses(first, second), expected)


def test_gradients_are_left_at_zero_and_foreign_ones_are_taken_along():
    def parameters(make):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        decoder = network(2, 5, 4)
        model, guide = vae(decoder, network(4, 5, 4))
        svi = make(model, guide, Adam({"lr": 0.01}), Trace_ELBO())
        for step in range(6):
            svi.step(rows(step))
            assert not any(p.grad.any() for p in decoder.parameters())
            if step == 3:
                decoder[0].weight.grad += 100.0
        return torch.cat([p.detach().flatten() for p in decoder.parameters()])

    torch.testing.assert_close(parameters(with_backend("replay")), parameters(SVI), rtol=1e-5, atol=1e-7)


def test_a_parameter_that_the_loss_does_not_read_takes_a_foreign_gradient_and_goes_on_by_its_moments():
    def path(make):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        model, guide = vae(network(2, 5, 4), network(4, 5, 4))

        def with_another(x):
            pyro.param("another", torch.zeros(2))
            model(x)

        svi = make(with_another, guide, Adam({"lr": 0.01}), Trace_ELBO())
        seen = []
        for step in range(7):
            svi.step(rows(step))
            another = pyro.param("another").unconstrained()
            if step == 3:
                another.grad = torch.tensor([1.0, -2.0])
            seen.append(another.tolist())
        return seen

    plain = path(SVI)
    assert plain[3] == [0.0, 0.0] != plain[4] != plain[5] != plain[6]
    torch.testing.assert_close(torch.tensor(path(with_backend("replay"))), torch.tensor(plain), rtol=1e-5, atol=1e-7)


@needs_compiler
def test_a_long_run_compiles_by_its_own(monkeypatch):
    monkeypatch.setattr(programs, "COMPILE_AFTER", 6)
    expected, _ = losses_of_set_up(SVI, "vae_by_pyro_module", 12)
    seen = []

    class Watched(CompiledSVI):
        def step(self, *args, **kwargs):
            loss = super().step(*args, **kwargs)
            seen.append(self.explain()[0]["backend"])
            return loss

    found, _ = losses_of_set_up(Watched, "vae_by_pyro_module", 12)
    assert_equal_losses(found, expected)
    assert seen == ["replay"] * 6 + ["inductor"] * 6


def test_a_resumed_run_continues_bit_for_bit():
    def build():
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        model = small(M2, batch_norm=True)
        decay = {"optimizer": torch.optim.Adam, "optim_args": {"lr": 0.01}, "lr_lambda": lambda epoch: 0.9**epoch}
        loss = SemiSupervisedELBO(TraceEnum_ELBO(max_plate_nesting=1), alpha=3.0)
        return model, CompiledSVI(model.model, model.guide, LambdaLR(decay), loss, backend="replay")

    def train(model, svi, steps):
        x, y = rows_of(model)
        return [svi.step(labelled=(x, y), unlabelled=x[:5]) for _ in range(steps)]

    x = rows_of(small(M2))[0]
    assert len(x) > 5
    model, svi = build()
    train(model, svi, 7)
    saved = copy.deepcopy((model.state_dict(), svi.optim.get_state(), svi.state_dict())), pyro.util.get_rng_state()
    expected = train(model, svi, 10)

    model, svi = build()
    (parameters, optimiser, graphs), random = saved
    model.load_state_dict(parameters)
    svi.optim.set_state(optimiser)
    svi.load_state_dict(graphs)
    pyro.util.set_rng_state(random)
    assert train(model, svi, 10) == expected
    assert svi.explain()[0]["calls"] == 17


def test_step_async_and_evaluate_loss():
    pyro.set_rng_seed(0)
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    svi = CompiledSVI(model, guide, Adam({"lr": 0.0}), Trace_ELBO(), backend="replay")
    plain = SVI(model, guide, Adam({"lr": 0.0}), Trace_ELBO())
    for step in range(4):
        pyro.set_rng_seed(step)
        expected = plain.step(rows(step))
        pyro.set_rng_seed(step)
        loss = svi.step_async(rows(step))
        assert loss.dim() == 0
        assert not loss.requires_grad
        assert float(loss) == pytest.approx(expected, rel=1e-6)
        pyro.set_rng_seed(step)
        assert svi.evaluate_loss(rows(step)) == pytest.approx(expected, rel=1e-6)
    assert [(row["method"], row["signature"]) for row in svi.explain()] == [
        ("step", "float32[B, 4]"),
        ("evaluate_loss", "float32[B, 4]"),
    ]
    assert backends(svi) == {"replay"}


def test_a_signature_in_words():
    tensors = []
    given = split(((torch.zeros(1, 2), 0.5, None, object()), {"y": [torch.zeros(3).bool()], "z": {"a": 1}}), tensors)
    assert describe(given) == "float32[1, 2], 0.5, None, object, y=(bool[B]), z={a: 1}"
    assert len(tensors) == 2
    given = split(((np.zeros((2, 3)), np.float32(0.5), (1, 2, 3)), {}), tensors)
    assert describe(given) == "ndarray[2, 3], float32[], (1, 2, 3)"


def test_another_model_guide_or_loss():
    pair, other = vae(network(2, 5, 4), network(4, 5, 4)), vae(network(2, 5, 4), network(4, 5, 4))

    def losses(make):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        svi = make(*pair, Adam({"lr": 0.0}), Trace_ELBO())
        found = [svi.step(rows(0)) for _ in range(4)]
        pyro.clear_param_store()
        svi.model, svi.guide = other
        return found + [svi.step(rows(0)) for _ in range(4)]

    assert_equal_losses(losses(with_backend("replay")), losses(SVI))


def test_an_error_in_the_data_is_raised_and_forgotten():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    svi = CompiledSVI(model, guide, Adam({"lr": 0.0}), Trace_ELBO(), backend="replay")
    svi.step(rows(0))
    with pytest.raises(ValueError, match="Normal"):
        svi.step(rows(0) * float("nan"))
    svi.step(rows(0))
    assert backends(svi) == {"replay"}
    assert svi.explain()[0]["reason"] == ""


def test_a_nan_is_reported_as_plain_svi_does():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    svi = CompiledSVI(model, guide, Adam({"lr": 0.0}), Trace_ELBO(), backend="replay")
    with pyro.validation_enabled(False):
        for step in range(3):
            svi.step(rows(step))
        with pytest.warns(UserWarning, match="Encountered NaN: loss"):
            svi.step(rows(0) * float("nan"))


def test_off_is_plain_svi():
    expected, _ = losses_of_set_up(SVI, "batch_norm_and_dropout", 5)
    found, svi = losses_of_set_up(with_backend("off"), "batch_norm_and_dropout", 5)
    assert found == expected
    assert svi.explain() == []


@needs_compiler
def test_a_cuda_graph_without_a_device_falls_back_to_inductor():
    with pytest.warns(
        UserWarning, match="cuda_graph failed: ValueError: nothing it reads is on a CUDA device; it uses the backend"
    ):
        _, svi = losses_of_set_up(with_backend("cuda_graph"), "vae_by_pyro_module", 3)
    assert backends(svi) == {"inductor"}


def test_sizes_beyond_the_most_captures_run_without_one(monkeypatch):
    captured = []

    class Capture:
        def __init__(self, run, tensors, addresses, *_):
            self.addresses = addresses
            captured.append(len(tensors[0]))

        def __call__(self, tensors):
            return ["captured", len(tensors[0])]

    monkeypatch.setattr(backends_of_graphs, "_Capture", Capture)
    monkeypatch.setattr(backends_of_graphs, "MOST_CAPTURES", 2)
    graph = SimpleNamespace(fakes=[None], captured=[], written=[])
    launch = backends_of_graphs._launcher(graph, lambda x: ["plain", len(x)], torch.device("cpu"))
    found = [launch(torch.zeros(size))[0] for size in (3, 4, 5, 3, 6, 4, 5)]
    assert found == ["captured", "captured", "plain", "captured", "plain", "captured", "plain"]
    assert captured == [3, 4]


def test_a_capture_is_made_on_the_device_of_its_tensors(monkeypatch):
    """torch's own stream for captures belongs to the device that was current at the first capture."""

    class OnGPU(torch.Tensor):
        is_cuda = True

    class Stream:
        def __init__(self, device):
            self.device = device

        def wait_stream(self, other):
            pass

    captured_on, runs = [], []

    def graph(_, stream=None):
        captured_on.append(stream)
        return nullcontext()

    fakes = {"Stream": Stream, "current_stream": Stream, "stream": lambda stream: nullcontext(), "graph": graph}
    fakes |= {"get_rng_state": lambda device: None, "set_rng_state": lambda state, device: None}
    fakes |= {"CUDAGraph": lambda: SimpleNamespace(replay=lambda: runs.append("replay"))}
    for name, fake in fakes.items():
        monkeypatch.setattr(torch.cuda, name, fake)

    def run(x, parameter, beta):
        runs.append("run")
        return [parameter.add_(1), x * beta]

    x, parameter = (torch.ones(2).as_subclass(OnGPU) for _ in range(2))
    beta = torch.tensor(0.5)
    capture = backends_of_graphs._Capture(run, (x, parameter, beta), [], 1, [parameter])
    (stream,) = captured_on
    assert isinstance(stream, Stream) and stream.device == x.device
    assert parameter.tolist() == [2.0, 2.0]  # the captured run alone, which a GPU does not run
    assert capture.static[1] is parameter and capture.static[0] is not x
    capture((x * 3, parameter, beta.mul_(2)))
    assert runs == ["run"] * 4 + ["replay"]
    assert capture.static[0].tolist() == [3.0, 3.0] and capture.static[2].item() == 1.0


def test_a_failed_cuda_graph_leaves_the_places_of_tensors(monkeypatch):
    """The next backend compiles the same graph, which reads tensors on the host where they are."""
    places = []

    def refuse(graph):
        places.append(node.meta["val"])
        raise RuntimeError("no compiler")

    monkeypatch.setattr(backends_of_graphs, "inductor", refuse)
    value = SimpleNamespace(to=lambda device: f"on {device}")
    argument, node = (SimpleNamespace(op="placeholder", meta={"val": value}) for _ in range(2))
    module = SimpleNamespace(graph=SimpleNamespace(nodes=[argument, node]))
    fake = SimpleNamespace(is_cuda=True, device="cuda:1")
    graph = SimpleNamespace(fakes=[fake], captured=[torch.tensor(1.0)], module=module)
    with pytest.raises(RuntimeError, match="no compiler"):
        backends_of_graphs.cuda_graph(graph)
    assert places == ["on cuda:1"]
    assert node.meta["val"] is value


def test_nearby_parameters_under_a_default_device():
    """Their noise is drawn on the CPU."""
    parameter = torch.ones(3)
    with accepted(NotImplementedError), torch.device("meta"), programs._moved([parameter], 0.1):
        moved = parameter.clone()
    assert 0 < float((moved - 1).abs().max()) < 1
    assert parameter.tolist() == [1.0] * 3


def test_an_outer_trace_sees_the_sites():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    svi = CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    for step in range(3):
        svi.step(rows(step))
    with poutine.trace(param_only=True) as seen:
        for step in range(3, 6):
            seen.trace.nodes.clear()
            svi.step(rows(step))
            assert any(name.startswith("decoder") for name in seen.trace.nodes)


def test_an_argument_that_is_new_at_every_call_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(programs, "MOST_SIGNATURES", 8)
    plain_model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    svi = CompiledSVI(
        lambda x, tag: plain_model(x), lambda x, tag: guide(x), Adam({"lr": 0.01}), Trace_ELBO(), backend="replay"
    )
    with pytest.warns(UserWarning, match="8 input signatures were seen: argument 2 is never the same"):
        for step in range(12):
            svi.step(rows(step), object())
    assert len(svi.explain()) == 8


def test_a_backend_that_is_not_there():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    with pytest.raises(ValueError, match="backend: got 'jit', want one of auto, cuda_graph, inductor, off, replay"):
        CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="jit")


def test_x_is_never_repeated_for_each_class():
    model, loss, batch = zoo_pair(M2)
    svi = CompiledSVI(model.model, model.guide, Adam({"lr": 1e-3}), loss, backend="replay")
    for _ in range(2):
        svi.step(**batch)
    (slot,) = svi._steps.slots.values()
    graph = slot.programs[0].graph.module.graph
    (x,) = [node for node in graph.nodes if node.op == "placeholder" and node.meta["val"].shape[1:] == (6,)][1:2]
    views = {"expand", "view", "unsqueeze", "_unsafe_view"}
    copies = {"clone", "repeat", "cat", "stack", "index_select", "_to_copy"}
    aliases, copied = {x}, []
    for node in graph.nodes:
        name = getattr(node.target, "__name__", "").split(".")[0]
        if node.op == "call_function" and aliases.intersection(node.all_input_nodes):
            if name in views:
                aliases.add(node)
            elif name in copies:
                copied.append(node)
    assert len(aliases) > 1  # broadcast, and
    assert not copied  # read where it is


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_ten_particles_of_an_adgm_stay_under_a_gibibyte():
    program = """
import torch
from pyro.infer import TraceEnum_ELBO
from pyro.optim import Adam
from benchmarks.memory import high_water
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO
from pyrodgm.models import ADGM

torch.set_num_threads(1)
model = ADGM(784, 10, z_size=50, a_size=50, hidden=(500, 500))
elbo = TraceEnum_ELBO(max_plate_nesting=1, num_particles=10, vectorize_particles=True)
x, y = torch.rand(2, 100, 784).round(), torch.arange(100) % 10
svi = CompiledSVI(model.model, model.guide, Adam({"lr": 3e-4}), SemiSupervisedELBO(elbo, alpha=1.0), backend="replay")
before = high_water()
for _ in range(3):
    svi.step(labelled=(x[0], y), unlabelled=x[1])
print((high_water() - before) / 1024)
"""
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert 0.1 < float(run.stdout) < 1.0  # GiB beyond what is there before the first step


def test_a_scaled_enumeration_in_the_model_by_a_tensor():
    scale = torch.tensor(0.5)

    def model(x):
        weights = pyro.param("weights", torch.ones(3) / 3, constraint=dist.constraints.simplex)
        with pyro.plate("data", len(x)), poutine.scale(scale=scale):
            k = pyro.sample("k", dist.Categorical(weights), infer={"enumerate": "parallel"})
            pyro.sample("x", dist.Normal(torch.arange(3.0)[k], 1.0), obs=x)

    def losses(make):
        pyro.clear_param_store()
        scale.fill_(0.5)
        svi = make(model, lambda x: None, Adam({"lr": 0.01}), TraceEnum_ELBO(max_plate_nesting=1))
        found = [svi.step(rows(0)[:, 0]) for _ in range(3)]
        scale.fill_(0.9)
        return found + [svi.step(rows(0)[:, 0]) for _ in range(3)]

    assert_equal_losses(losses(with_backend("replay")), losses(SVI))
