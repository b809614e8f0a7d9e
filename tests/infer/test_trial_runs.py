"""Trial runs have no side effects: a pair behaves as with plain SVI, with one warning that says why."""

import collections
import functools
import gc
import itertools
import queue
import random
from types import SimpleNamespace

import numpy as np
import pyro
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, Trace_ELBO, TraceGraph_ELBO
from pyro.optim import Adam

from pyrodgm.infer.compiled.guards import Guards
from pyrodgm.infer.compiled.rollback import Remembered
from tests.infer.set_ups import network, rows, two_classes, vae
from tests.infer.test_compiled_svi import backends, with_backend

total, latest = 0.0, None

EFFECTS = {}


def effect(reason):
    """Each function makes a function from the rows to the scale of a model, and one that tells what is left."""

    def register(function):
        EFFECTS[function.__name__] = function, reason
        return function

    return register


@effect("the model sets")
def a_nonlocal_number():
    steps = 0

    def scale(x):
        nonlocal steps
        steps += 1
        return min(1.0, 0.1 * steps)

    return scale, lambda: steps


@effect("the model sets")
def a_nonlocal_tensor():
    mean = torch.zeros(())

    def scale(x):
        nonlocal mean
        mean = 0.9 * mean + 0.1 * x.mean()
        return 1 + mean

    return scale, lambda: mean


@effect("the model sets")
def a_global():
    global total
    total = 0.0

    def scale(x):
        global total
        total += 1
        return 1 + total

    return scale, lambda: total


@effect("the model sets")
def a_global_that_is_only_set():
    def scale(x):
        global latest
        latest = x.mean()
        return 1.0

    return scale, lambda: latest


@effect("the model sets")
def an_attribute_that_is_only_set():
    class Holder:
        newest = None

    holder = Holder()
    holder.newest = None

    def scale(x):
        holder.newest = x.mean()
        return 1.0

    return scale, lambda: vars(holder)["new" + "est"]


class Settings:
    steps = 0


@effect("the model sets Settings.steps")
def an_attribute_of_a_class_itself():
    Settings.steps = 0

    def scale(x):
        Settings.steps += 1
        return 1.0 + Settings.steps

    return scale, lambda: Settings.steps


class Counter:
    """A plain object."""

    calls = 0

    def __init__(self):
        self.steps, self.mean, self._log, self.inner = 0, torch.ones(()), [], SimpleNamespace(steps=[0])

    def attribute(self, x):
        self.steps += 1
        return 1 + self.steps

    def tensor(self, x):
        self.mean = 0.5 * self.mean + x.mean()
        return self.mean

    def nested(self, x):
        self.inner.steps[0] += 1
        return 1.0 + self.inner.steps[0]

    def logged(self, x):
        self._log.append(len(self._log))
        return 1.0 + len(self._log)

    def of_class(self, x):
        type(self).calls += 1
        return 1.0 + self.calls


def state_of(counter):
    return counter.steps, counter.mean, counter._log, counter.inner.steps, counter.calls


@pytest.mark.parametrize("method", ["attribute", "tensor", "nested", "logged", "of_class"])
def test_attributes_of_plain_objects(method):
    def make():
        Counter.calls = 0
        counter = Counter()
        return getattr(counter, method), lambda: state_of(counter)

    check(make, "the model sets")


@effect("the model sets")
def a_tensor_of_a_module():
    module = network(4, 4)
    module.mean = torch.ones(())

    def scale(x):
        module.mean = 0.5 * module.mean + x.mean()
        return module.mean

    return scale, lambda: module.mean


@effect("the model sets")
def a_private_tensor_of_a_module():
    module = network(4, 4)
    module._mean = torch.ones(())

    def scale(x):
        module._mean = 0.5 * module._mean + x.mean()
        return module._mean

    return scale, lambda: module._mean


class Slotted:
    __slots__ = ("steps",)


@effect("the model sets")
def a_slot():
    slotted = Slotted()
    slotted.steps = 0

    def scale(x):
        slotted.steps += 1
        return 1.0 + slotted.steps

    return scale, lambda: slotted.steps


@effect("the model sets")
def containers():
    log, counts, last = [], collections.Counter(), collections.deque(maxlen=3)

    def scale(x):
        log.append(len(log))
        counts["steps"] += 1
        last.append(counts["steps"])
        return 1.0 + sum(last)

    return scale, lambda: (log, dict(counts), list(last))


@effect("the model sets")
def an_array():
    steps = np.zeros(2)

    def scale(x):
        steps[0] += 1
        return 1.0 + float(steps[0])

    return scale, lambda: steps.tolist()


@effect("the model sets")
def an_attribute_of_a_function():
    def scale(x):
        scale.steps += 1
        return 1.0 + scale.steps

    scale.steps = 0
    return scale, lambda: scale.steps


@effect("it draws random numbers outside torch")
def a_generator_of_numpy():
    generator = np.random.default_rng(0)
    return lambda x: 1 + generator.random(), lambda: generator.bit_generator.state["state"]


@effect("it draws random numbers outside torch")
def an_old_generator_of_numpy():
    holder = SimpleNamespace(generator=np.random.RandomState(0))
    return lambda x: 1 + holder.generator.rand(), lambda: holder.generator.get_state()[2]


@effect("it draws random numbers outside torch")
def the_bits_of_a_generator():
    bits = np.random.PCG64(0)
    return lambda x: 1.0 + bits.random_raw() % 7, lambda: bits.state["state"]


@effect("it draws random numbers outside torch")
def a_generator_of_python():
    generator = random.Random(0)
    return lambda x: 1 + generator.random(), generator.getstate


@effect("it draws random numbers outside torch")
def a_generator_of_torch():
    generator = torch.Generator().manual_seed(0)
    return lambda x: 1 + torch.rand((), generator=generator), lambda: generator.get_state().tolist()


@effect("it draws random numbers outside torch")
def the_method_of_a_generator():
    generator = np.random.default_rng(0)
    draw = generator.random
    return lambda x: 1 + draw(), lambda: generator.bit_generator.state["state"]


@effect("it reads a count, and items that a trial run takes from it cannot be put back")
def a_count():
    count = itertools.count()
    return lambda x: 1.0 + next(count), lambda: next(count)


@effect("it reads a list_iterator")
def batches():
    scales = iter([torch.tensor(1.0 + step) for step in range(40)])
    return lambda x: next(scales), lambda: len(list(scales))


@effect("it reads a generator")
def batches_of_an_attribute():
    holder = SimpleNamespace(batches=(1.0 + step for step in range(40)))

    def scale(x):
        for batch in holder.batches:
            return batch

    return scale, lambda: len(list(holder.batches))


@effect("it reads a map")
def a_default():
    scales = map(float, range(1, 40))

    def scale(x, scales=scales):
        return next(scales)

    return scale, lambda: len(list(scales))


@effect("it reads a zip")
def the_method_of_an_iterator():
    scales = zip(range(1, 40), range(40), strict=False)
    return lambda x, following=scales.__next__: float(following()[0]), lambda: len(list(scales))


@effect("it reads a Queue")
def a_queue():
    scales = queue.Queue()
    for step in range(40):
        scales.put(1.0 + step)
    return lambda x: scales.get(), scales.qsize


def check(make, reason):
    def run(kind):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        scale, left = make()
        plain_model, guide = vae(network(2, 5, 4), network(4, 5, 4))

        def model(x):
            with poutine.scale(scale=scale(x)):
                plain_model(x)

        svi = kind(model, guide, Adam({"lr": 0.01}), Trace_ELBO())
        return [svi.step(rows(step)) for step in range(6)], left(), svi

    expected, left, _ = run(SVI)
    with pytest.warns(UserWarning, match=reason) as caught:
        found, left_now, svi = run(with_backend("replay"))
    assert len(caught) == 1
    assert found == expected
    assert left_now == left
    assert backends(svi) == {"off"}


@pytest.mark.parametrize("name", EFFECTS)
def test_effects(name):
    check(*EFFECTS[name])


def test_an_iterator_among_the_arguments():
    plain_model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    batches = map(rows, range(10))
    svi = with_backend("replay")(
        lambda batches: plain_model(next(batches)), lambda batches: guide(rows(0)), Adam({"lr": 0.01}), Trace_ELBO()
    )
    with pytest.warns(UserWarning, match="it reads a map"):
        for _ in range(5):
            svi.step(batches)
    assert len(list(batches)) == 5


def test_a_cached_function_keeps_nothing_of_a_trace():
    @functools.lru_cache
    def ones(size):
        return torch.ones(2) / size

    plain_model, guide = vae(network(2, 5, 4), network(4, 5, 4))

    def model(x):
        plain_model(x * ones(x.shape[0]).sum())

    svi = with_backend("replay")(model, guide, Adam({"lr": 0.01}), Trace_ELBO())
    for size in (4, 4, 5, 5, 6):
        svi.step(rows(0, size))
    assert all(type(ones(size)) is torch.Tensor for size in (4, 5, 6))


def test_an_iterator_that_the_model_does_not_read():
    class Trainer:
        def __init__(self):
            self.batches = iter(range(3))
            self.plain_model, self.guide = vae(network(2, 5, 4), network(4, 5, 4))

        def train(self):
            return next(self.batches)

        def model(self, x):
            self.plain_model(x)

    trainer = Trainer()
    svi = with_backend("replay")(trainer.model, trainer.guide, Adam({"lr": 0.01}), Trace_ELBO())
    for step in range(3):
        svi.step(rows(step))
    assert backends(svi) == {"replay"}


def test_a_baseline_that_writes_to_the_store():
    def run(kind):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        pair = two_classes(lambda x: {"use_decaying_avg_baseline": True})
        svi = kind(*pair, Adam({"lr": 0.01}), TraceGraph_ELBO())
        return [svi.step(rows(step)) for step in range(6)], pyro.param("__baseline_avg_downstream_cost_b").tolist()

    expected = run(SVI)
    with pytest.warns(UserWarning, match="the model writes to Pyro's parameter store") as caught:
        found = run(with_backend("replay"))
    assert len(caught) == 1
    assert found == expected


def test_a_tensor_given_as_out_is_put_back():
    held, parameter = torch.ones(3), torch.nn.Parameter(torch.ones(3))
    with Guards(tuple).undone(), torch.no_grad():
        torch.mul(held, 2, out=held)
        parameter.mul_(2).add_(1)
        assert held.tolist() == [2.0] * 3 and parameter.tolist() == [3.0] * 3
    assert held.tolist() == [1.0] * 3 and parameter.tolist() == [1.0] * 3


def test_an_attribute_that_a_class_gets_is_removed():
    class Holder:
        kept = 1

    remembered = Remembered([Holder()])
    Holder.kept, Holder.added = 2, 3
    remembered.put_back()
    assert Holder.kept == 1 and not hasattr(Holder, "added")


def appended(given):
    given.steps.append(1)
    return 1.0 + len(given.steps)


def counted(given):
    given.number += 1
    return 1.0 + given.number


def exchanged(given):
    given["mean"] = 1.5 * given["mean"]
    return given["mean"]


@pytest.mark.parametrize("scale", [appended, counted, exchanged])
def test_an_argument_that_the_model_changes(scale):
    def run(kind):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        plain_model, guide = vae(network(2, 5, 4), network(4, 5, 4))

        def model(x, given):
            with poutine.scale(scale=scale(given)):
                plain_model(x)

        svi = kind(model, lambda x, given: guide(x), Adam({"lr": 0.01}), Trace_ELBO())
        given = {"mean": torch.ones(())} if scale is exchanged else SimpleNamespace(steps=[], number=0)
        return [svi.step(rows(step), given) for step in range(6)], given

    expected = run(SVI)
    with pytest.warns(UserWarning, match="the model sets a part of an argument") as caught:
        found = run(with_backend("replay"))
    assert len(caught) == 1
    assert found == expected


@pytest.mark.parametrize("collecting", [True, False])
def test_no_garbage_is_collected_in_a_trial_run(collecting):
    """A model of before that died in one would take its parameters from the store, as if the function had."""
    before = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError), Guards(tuple).undone():
            assert not gc.isenabled()
            _ = 1 / 0
        assert gc.isenabled() == collecting
    finally:
        (gc.enable if before else gc.disable)()
