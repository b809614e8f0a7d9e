"""The notes a guide leaves for its model: the same numbers with and without, and when a note is not taken."""

import copy
import gc
import weakref
from contextlib import suppress

import pyro
import pytest
import torch
from pyro import poutine
from pyro.infer import Trace_ELBO

from pyrodgm.infer import CompiledSVI, FreeBits, ImportanceWeightedELBO, Optimizer
from pyrodgm.models import ResNetVAE
from pyrodgm.models.guide_notes import GuideNote

OBJECTIVES = {
    "elbo": Trace_ELBO(),
    "two particles": Trace_ELBO(num_particles=2, vectorize_particles=True, max_plate_nesting=1),
    "free bits": FreeBits(0.2, groups="map"),
    "importance weighted": ImportanceWeightedELBO(3),
    "doubly reparameterised": ImportanceWeightedELBO(3, gradient="doubly_reparameterised"),
}


@pytest.fixture
def pair():
    torch.manual_seed(0)
    model = ResNetVAE((5, 4), depth=3, maps=4, z_maps=2, likelihood="bernoulli").double()
    x = torch.randint(2, (6, 20)).double()
    model.initialise(x)
    return model, x


def without_notes(monkeypatch):
    monkeypatch.setattr(GuideNote, "read", lambda note, *inputs: None)


def loss_and_gradients(model, x, elbo):
    pyro.set_rng_seed(1)
    model.zero_grad(set_to_none=True)
    loss = elbo.differentiable_loss(model.model, model.guide, x)
    loss.backward()
    return [loss.detach(), *(parameter.grad for parameter in model.parameters())]


def calls_of(model):
    """A list that grows by the index of a unit of the way down whenever it is called."""
    calls = []
    for i, unit in enumerate(model.down):
        unit.register_forward_hook(lambda *_, i=i: calls.append(i))
    return calls


def log_p(model, x, guide):
    return poutine.trace(poutine.replay(model.model, trace=guide)).get_trace(x).log_prob_sum()


def gradients(model, value):
    return torch.autograd.grad(value, list(model.p_x.parameters()) + list(model.down.parameters()))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_loss_and_gradients_are_those_of_two_ways_down(name, pair, monkeypatch):
    model, x = pair
    found = loss_and_gradients(model, x, OBJECTIVES[name])
    without_notes(monkeypatch)
    wanted = loss_and_gradients(model, x, OBJECTIVES[name])
    assert torch.equal(found[0], wanted[0])
    # not to the last bit: a gradient is summed before it goes through a network, in place of afterwards
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-12)


def test_a_compiled_step_is_that_of_two_ways_down(pair, monkeypatch):
    results = []
    for notes in (True, False):
        pyro.clear_param_store()
        model, x = copy.deepcopy(pair)
        if not notes:
            without_notes(monkeypatch)
        adam = Optimizer(torch.optim.Adam, {"lr": 1e-3})
        svi = CompiledSVI(model.model, model.guide, adam, Trace_ELBO(), backend="replay")
        pyro.set_rng_seed(1)
        results.append([*(torch.tensor(svi.step(x)) for _ in range(3)), *(p.detach() for p in model.parameters())])
        assert [row["backend"] for row in svi.explain()] == ["replay"]
    torch.testing.assert_close(*results, rtol=1e-8, atol=1e-10)


def test_one_step_goes_down_once(pair):
    model, x = pair
    calls = calls_of(model)
    Trace_ELBO().differentiable_loss(model.model, model.guide, x)
    assert calls == [2, 1, 0]


def test_the_model_alone_goes_down_by_itself(pair):
    model, x = pair
    calls = calls_of(model)
    model.model(x)
    assert calls == [2, 1, 0]


def test_a_guide_without_gradients_takes_none_from_the_model(pair):
    model, x = pair
    with torch.no_grad():
        guide = poutine.trace(model.guide).get_trace(x)
    found = gradients(model, log_p(model, x, guide))
    for site in guide.nodes.values():
        site.get("infer", {}).pop("note", None)
    assert all(map(torch.equal, found, gradients(model, log_p(model, x, guide))))


@pytest.mark.parametrize("change", ["parameters", "requires_grad", "mode", "no_grad", "network", "sample"])
def test_a_note_under_other_circumstances_is_not_taken(change, pair):
    model, x = pair
    guide = poutine.trace(model.guide).get_trace(x)
    if change == "parameters":
        with torch.no_grad():
            model.down[2].outer.bias.add_(1.0)
    elif change == "requires_grad":
        model.down[2].outer.bias.requires_grad_(False)
    elif change == "mode":
        model.eval()
    elif change == "network":
        model.down[2] = copy.deepcopy(model.down[0])
    elif change == "sample":
        with torch.no_grad():
            guide.nodes["z3"]["value"].zero_()
    calls = calls_of(model)
    with torch.set_grad_enabled(change != "no_grad"):
        log_p(model, x, guide)
    assert calls == [2, 1, 0]


def test_a_model_that_was_made_in_inference_mode_has_notes_too():
    with torch.inference_mode(), suppress(RuntimeError):  # of tensors that have no version
        model = ResNetVAE((5, 4), depth=2, maps=4, z_maps=2, likelihood="bernoulli")
        calls = calls_of(model)
        model.reconstruct(torch.ones(3, 20))
    assert calls == [1, 0]


def test_below_another_sample_no_note_is_taken(pair):
    """What is below z2 depends on z3, so that the note of z2 does not hold for another z3."""
    model, x = pair
    guide = poutine.trace(model.guide).get_trace(x)
    guide.nodes["z3"]["value"] = guide.nodes["z3"]["value"] + 1.0
    found = log_p(model, x, guide)
    for site in guide.nodes.values():
        site.get("infer", {}).pop("note", None)
    assert torch.equal(found, log_p(model, x, guide))


def test_notes_live_as_long_as_their_trace(pair):
    """Without the garbage collector: nothing in the graph of gradients refers to a note."""
    model, x = pair
    gc.collect()
    gc.disable()
    try:
        alive = []
        for _ in range(100):
            guide = poutine.trace(model.guide).get_trace(x)
            notes = [guide.nodes[f"z{i}"]["infer"]["note"] for i in (1, 2, 3)]
            contents = [note._entry[0] for note in notes[1:]]
            alive += map(weakref.ref, notes + contents)
            assert all(reference() is not None for reference in alive[-5:])
            del guide, notes, contents
        assert not any(reference() is not None for reference in alive)
    finally:
        gc.enable()
