"""Values that a pair reads: which changes CompiledSVI detects, and what it does about those it cannot detect."""

import array
import collections
import contextlib
import contextvars
import copy
import dataclasses
import enum
import functools
import itertools
import operator
import os
import sys
import types
import warnings
from argparse import Namespace

import numpy as np
import pyro
import pytest
import torch
from pyro import poutine
from pyro.distributions import Normal
from pyro.infer import SVI, Trace_ELBO
from pyro.optim import Adam

from pyrodgm.infer import CompiledSVI
from pyrodgm.infer.compiled import programs
from pyrodgm.infer.compiled.guards import Guards
from pyrodgm.infer.compiled.signature import describe, frozen, split, surroundings
from pyrodgm.infer.compiled.snapshots import Snapshots
from pyrodgm.isolation import seeded
from tests.infer.set_ups import network, rows, vae

KINDS, UNSEEN = {}, {}


def kind(function):
    """Each function returns a function that reads a number, 0.5 at first, and one that changes it to 2 or back."""
    KINDS[function.__name__] = function
    return function


def unseen(function):
    """The same, where no guard can see the number."""
    UNSEEN[function.__name__] = function
    return function


def setter(held, name):
    return lambda value: setattr(held, name, value)


settings = types.ModuleType("settings_of_the_user")
settings.rate, settings.section = 0.5, types.SimpleNamespace(weight=0.5)
sys.modules["settings_of_the_user"] = settings
namespace = Namespace(temperature=0.5)
number, nested = 0.5, {"inner": [1.0, [0.5]]}


class Schedule:
    share = 0.5
    bounds = (0.5, 1.0)

    def __init__(self):
        self.own, self.deep = 0.5, types.SimpleNamespace(deeper=[types.SimpleNamespace(deepest=0.5)])

    def value(self):
        return self.own

    def __call__(self):
        return self.deep.deeper[0].deepest

    @property
    def lower(self):
        return self.bounds[0]


class Inherited(Schedule):
    """Has the attributes of its base."""


class Slotted:
    __slots__ = ("slot",)


class Plain:
    """An object without code."""


plain = Plain()
plain.of_a_global = 0.5


class ByName:
    """An object whose attributes are read by names that are not in the code."""

    def value(self):
        return vars(self)["".join(("num", "ber_by_name"))]


class Mode(enum.Enum):
    LOW, HIGH = 0.5, 2.0


@dataclasses.dataclass
class Options:
    strength: float = 0.5


def replaceable():
    return 0.5


def another():
    return 2.0


@kind
def a_namespace_in_a_closure():
    config = types.SimpleNamespace(beta=0.5)
    return lambda: config.beta, setter(config, "beta")


@kind
def a_namespace_in_a_global():
    return lambda: namespace.temperature, setter(namespace, "temperature")


@kind
def a_namespace_handed_on():
    config = types.SimpleNamespace(far=0.5)
    return lambda: (lambda given: given.far)(config), setter(config, "far")


@kind
def a_namespace_by_its_dict():
    config = types.SimpleNamespace(hidden=0.5)
    return lambda: {**vars(config)}.popitem()[1], setter(config, "hidden")


@kind
def a_global():
    return lambda: number, lambda value: globals().update(number=value)


@kind
def a_global_in_an_inner_function():
    return lambda: sum(number for _ in range(1)), lambda value: globals().update(number=value)


@kind
def a_global_in_a_function_within_an_inner_function():
    return lambda: (lambda: sum(number for _ in range(1)))(), lambda value: globals().update(number=value)


@kind
def an_imported_module():
    return lambda: settings.rate, setter(settings, "rate")


@kind
def a_namespace_of_a_module():
    return lambda: settings.section.weight, setter(settings.section, "weight")


@kind
def a_module_imported_inside():
    def read():
        import settings_of_the_user

        return settings_of_the_user.rate

    return read, setter(settings, "rate")


@kind
def a_name_imported_inside():
    def read():
        from settings_of_the_user import rate

        return rate

    return read, setter(settings, "rate")


@kind
def a_dataclass():
    options = Options()
    return lambda: options.strength, setter(options, "strength")


@kind
def a_class_attribute():
    return lambda: Schedule.share, setter(Schedule, "share")


@kind
def a_class_attribute_by_an_object():
    schedule = Schedule()
    return lambda: schedule.share, setter(Schedule, "share")


@kind
def a_class_attribute_of_a_base():
    schedule = Inherited()
    return lambda: schedule.share, setter(Schedule, "share")


@kind
def an_attribute_that_hides_its_classs():
    schedule = Schedule()

    def change(value):
        schedule.share = value
        if value == 0.5:
            del schedule.share

    return lambda: schedule.share, change


@kind
def an_object_by_its_method():
    schedule = Schedule()
    return lambda: schedule.value(), setter(schedule, "own")


@kind
def a_bound_method():
    schedule = Schedule()
    return schedule.value, setter(schedule, "own")


@kind
def an_attribute_of_a_callable():
    schedule = Schedule()
    return schedule, setter(schedule.deep.deeper[0], "deepest")


@kind
def an_attribute_of_a_function():
    def read():
        return read.amount

    read.amount = 0.5
    return read, setter(read, "amount")


@kind
def a_default():
    def read(value=0.5):
        return value

    return read, lambda value: setattr(read, "__defaults__", (value,))


@kind
def a_default_by_keyword():
    def read(*, value=0.5):
        return value

    return read, lambda value: read.__kwdefaults__.update(value=value)


@kind
def a_default_by_keyword_that_is_replaced():
    def read(*, value=0.5):
        return value

    return read, lambda value: setattr(read, "__kwdefaults__", {"value": value})


@kind
def an_attribute_of_a_global_by_its_name():
    return lambda: getattr(plain, "_".join(("of", "a", "global"))), setter(plain, "of_a_global")


@kind
def an_attribute_of_a_closure_by_its_name():
    held = Plain()
    held.of_a_closure = 0.5
    return lambda: getattr(held, "_".join(("of", "a", "closure"))), setter(held, "of_a_closure")


@kind
def an_attribute_by_a_getter():
    held = Plain()
    held.by_a_getter = 0.5
    return lambda: operator.attrgetter("_".join(("by", "a", "getter")))(held), setter(held, "by_a_getter")


@dataclasses.dataclass(eq=False, repr=False)
class Unread:
    """No method reads its field."""

    strength: float = 0.5


@kind
def a_dataclass_as_a_dict():
    options = Unread()
    return lambda: sum(dataclasses.asdict(options).values()), setter(options, "strength")


@kind
def an_attribute_of_self_by_its_name():
    held = ByName()
    held.number_by_name = 0.5
    return held.value, setter(held, "number_by_name")


@kind
def what_a_method_reads_that_a_library_calls():
    config = types.SimpleNamespace(factor=0.5)

    class Scale(torch.distributions.transforms.Transform):
        def _call(self, x):
            return config.factor * x

    scale = Scale()
    return lambda: scale(1.0), setter(config, "factor")


@kind
def the_key_of_a_dict():
    values = {0.5: "first"}

    def change(value):
        values.clear()
        values[value] = "first"

    return lambda: next(iter(values)), change


@kind
def the_shape_of_an_array():
    values = np.zeros((1, 4))
    return lambda: values.shape[0] / 2, lambda value: values.resize(int(2 * value), 4 // int(2 * value), refcheck=False)


@kind
def a_numpy_number():
    value = np.float32(0.5)

    def change(new):
        nonlocal value
        value = np.float32(new)

    return lambda: float(value), change


@kind
def a_numpy_array():
    values = np.array([0.5, 1.0])
    return lambda: float(values[0]), lambda value: values.__setitem__(0, value)


@kind
def a_long_list():
    values = [1.0] * 500 + [0.5]
    return lambda: values[-1], lambda value: values.__setitem__(-1, value)


@kind
def a_long_dict():
    values = dict.fromkeys(range(100), 0.5)
    return lambda: values[70], lambda value: values.__setitem__(70, value)


@kind
def a_private_list_of_a_module():
    module = torch.nn.Linear(1, 1)

    class Private(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self._list, self._inner = [0.5], module

        def forward(self):
            return self._list[0]

    private = Private()
    return private, lambda value: private._list.__setitem__(0, value)


@kind
def a_private_object_of_a_module():
    class Private(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self._schedule = Schedule()

        def forward(self):
            return self._schedule.value()

    private = Private()
    return private, setter(private._schedule, "own")


@kind
def the_argument_of_a_partial():
    config = types.SimpleNamespace(given=0.5)
    return functools.partial(lambda held: held.given, config), setter(config, "given")


@kind
def the_keywords_of_a_partial():
    read = functools.partial(lambda held: held, held=0.5)
    return read, lambda value: read.keywords.update(held=value)


@kind
def a_property():
    schedule = Schedule()
    return lambda: schedule.lower, lambda value: setattr(Schedule, "bounds", (value, 1.0))


@kind
def a_nested_list_of_a_global():
    return lambda: nested["inner"][1][0], lambda value: nested["inner"][1].__setitem__(0, value)


@kind
def a_closure_over_a_closure():
    value = 0.5

    def outer():
        def inner():
            return value

        return inner

    def change(new):
        nonlocal value
        value = new

    inner = outer()
    return lambda: inner(), change


@kind
def a_member_of_an_enum():
    config = types.SimpleNamespace(mode=Mode.LOW)
    return lambda: config.mode.value, lambda value: setattr(config, "mode", Mode(value))


@kind
def another_owner_of_a_bound_method():
    low, high = Schedule(), Schedule()
    high.own = 2.0
    held = types.SimpleNamespace(method=low.value)
    return lambda: held.method(), lambda value: setattr(held, "method", (low if value == 0.5 else high).value)


@kind
def a_deque():
    values = collections.deque([1.0, 0.5])
    return lambda: values[-1], lambda value: values.__setitem__(-1, value)


@kind
def an_object_with_slots():
    slotted = Slotted()
    slotted.slot = 0.5
    return lambda: slotted.slot, setter(slotted, "slot")


@kind
def a_function_that_is_replaced():
    original = replaceable
    return lambda: replaceable(), lambda value: globals().update(replaceable=original if value == 0.5 else another)


@kind
def a_property_that_is_replaced():
    schedule, original = Schedule(), Schedule.lower
    changed = property(lambda self: 2.0)
    return lambda: schedule.lower, lambda value: setattr(Schedule, "lower", original if value == 0.5 else changed)


@kind
def the_code_of_a_function():
    def read():
        return 0.5

    original = read.__code__
    return read, lambda value: setattr(read, "__code__", original if value == 0.5 else another.__code__)


@unseen
def a_context_variable():
    variable = contextvars.ContextVar("variable", default=0.5)
    return lambda: variable.get(), lambda value: variable.set(value)


@unseen
def the_environment():
    os.environ["SCALE_OF_THE_TEST"] = "0.5"
    return lambda: float(os.environ["SCALE_OF_THE_TEST"]), lambda v: os.environ.update(SCALE_OF_THE_TEST=str(v))


@unseen
def a_list_of_thousands():
    values = [0.5] * 10_000
    return lambda: values[9_000], lambda value: values.__setitem__(9_000, value)


@unseen
def a_number_in_memory():
    values = array.array("d", [0.5])
    return lambda: values[0], lambda value: values.__setitem__(0, value)


@pytest.mark.parametrize("name", KINDS)
def test_a_change_is_another_state_and_back_is_the_old_one(name):
    read, change = KINDS[name]()
    guards = Guards(lambda: (read,))
    before = guards.state()
    assert read() == 0.5
    assert guards.state() == before
    change(2.0)
    assert read() == 2.0
    changed = guards.state()
    assert changed != before
    assert before.difference(changed)
    change(0.5)
    assert guards.state() == before
    assert before.difference(before) == ""


@pytest.mark.parametrize(("before", "after"), [(1, 1.0), (1, True), (0, False), (-1, -2), (-1.0, -2.0)])
def test_numbers_of_other_types_and_of_equal_hashes_are_other_states(before, after):
    config = types.SimpleNamespace(beta=before)
    read = lambda: config.beta  # noqa: E731
    guards = Guards(lambda: (read,))
    state, signature = guards.state(), frozen((before,))
    config.beta = after
    assert guards.state() != state
    assert frozen((after,)) != signature
    config.beta = before
    assert guards.state() == state


@pytest.mark.parametrize("name", UNSEEN)
def test_what_is_said_not_to_be_seen_is_not(name):
    read, change = UNSEEN[name]()
    guards = Guards(lambda: (read,))
    before = guards.state()
    change(2.0)
    assert guards.state() == before
    change(0.5)


def scaled_pair(read):
    """A VAE whose log-joint is scaled by what ``read`` returns; and its decoder."""
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    decoder = network(2, 5, 4)
    plain_model, guide = vae(decoder, network(4, 5, 4))

    def model(x):
        with poutine.scale(scale=read()):
            plain_model(x)

    return model, guide, decoder


def test_no_step_is_wrong_whatever_changes():
    def losses(make):
        reads, changes = zip(*[make_kind() for make_kind in KINDS.values()], strict=True)
        model, guide, _ = scaled_pair(lambda: sum(read() for read in reads))
        svi = make(model, guide, Adam({"lr": 0.01}), Trace_ELBO())
        found = [svi.step(rows(step)) for step in range(3)]
        for step, change in enumerate(changes, 3):
            change(2.0)
            found.append(svi.step(rows(step)))
            change(0.5)
            found.append(svi.step(rows(step)))
        return found, svi

    expected, _ = losses(SVI)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*input signatures were seen once each")
        found, svi = losses(lambda *pair: CompiledSVI(*pair, backend="replay"))
    wrong = [step for step, pair in enumerate(zip(found, expected, strict=True)) if abs(pair[0] / pair[1] - 1) > 1e-5]
    assert not wrong
    base, *changed = svi.explain()
    assert (base["backend"], base["calls"]) == ("replay", 3 + len(KINDS))
    assert len(changed) >= len(KINDS) - 7  # some kinds share their number
    assert sum(row["calls"] for row in changed) == len(KINDS)


def copies(svi, module):
    """The parameters of a module, and what their optimisers hold."""
    states = [optimizer.state[parameter] for parameter, optimizer in svi.optim.optim_objs.items()]
    tensors = [*module.parameters(), *(value for state in states for value in state.values())]
    return [value.detach().clone() for value in tensors]


class Witness:
    """Goes back with an SVI, and keeps what it is then."""

    def __init__(self, svi, module):
        self.svi, self.module, self.seen = svi, module, []

    def state_dict(self):
        return "taken along"

    def load_state_dict(self, state):
        self.seen.append((state, copies(self.svi, self.module)))


@pytest.mark.parametrize("name", UNSEEN)
def test_what_is_not_seen_is_told_and_undone(name):
    read, change = UNSEEN[name]()
    model, guide, decoder = scaled_pair(read)
    svi = CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    witness, before = Witness(svi, decoder), {}
    svi.companions.append(witness)
    with pytest.warns(
        UserWarning, match=r"was 0.5 and is 2.*; steps 4 to 7 may have been wrong and are undone"
    ) as caught:
        for step in range(1, 11):
            before[step] = copies(svi, decoder)
            if step == 5:
                change(2.0)
            svi.step(rows(step))
    change(0.5)
    assert len(caught) == 1
    assert svi.undone == [(4, 7)]
    ((state, after),) = witness.seen
    assert state == "taken along"
    assert not torch.equal(before[4][0], before[8][0])
    for found, expected in zip(after, before[4], strict=True):
        assert torch.equal(found, expected)


def test_the_last_steps_are_checked_when_asked():
    read, change = a_context_variable()
    model, guide, decoder = scaled_pair(read)
    svi = CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    for step in range(1, 7):
        svi.step(rows(step))
    svi.check()
    assert svi.undone == []
    before = copies(svi, decoder)
    svi.step(rows(7))
    change(2.0)
    with pytest.warns(UserWarning, match="steps 7 to 7 may have been wrong and are undone"):
        svi.check()
    change(0.5)
    for found, expected in zip(copies(svi, decoder), before, strict=True):
        assert torch.equal(found, expected)


def interval(check_seconds, seconds):
    return programs._interval(types.SimpleNamespace(check_seconds=check_seconds, seconds=seconds))


def test_checks_take_four_tenths_of_a_per_cent_within_limits():
    assert interval(check_seconds=0.01, seconds=1.0) == 100
    assert interval(check_seconds=3.0, seconds=1.0) == 750
    assert interval(check_seconds=20.0, seconds=1.0) == 1000


def test_checks_double_and_then_keep_their_distance(monkeypatch):
    monkeypatch.setattr(programs, "_interval", lambda program: 10)
    model, guide, _ = scaled_pair(lambda: 1.0)
    svi = CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    checked, seen = svi._steps._checked, []

    def noted(*args):
        seen.append(step)
        return checked(*args)

    svi._steps._checked = noted
    for step in range(1, 40):
        svi.step(rows(step))
    assert seen == [4, 8, 16, 26, 36]


step_of_the_run = 0


def test_a_global_named_as_an_attribute_that_is_read_makes_no_signature():
    def read():
        return counter.step_of_the_run * settings.rate

    counter, settings.step_of_the_run = types.SimpleNamespace(step_of_the_run=0.5), 0
    guards = Guards(lambda: (read,))
    before = guards.state()
    globals()["step_of_the_run"] = 1
    settings.step_of_the_run = 1
    assert guards.state() == before


def test_an_attribute_that_no_code_reads_makes_no_signature():
    class Trainer:
        def __init__(self):
            self.weight, self.steps, self.log = 0.5, 0, []

        def model(self):
            return self.weight

    trainer = Trainer()
    guards = Guards(lambda: (trainer.model,))
    before = guards.state()
    trainer.steps, trainer.note = 3, "new"
    trainer.log.append(1)
    assert guards.state() == before


def test_what_is_never_the_same_is_named_early():
    schedule = Schedule()
    model, guide, _ = scaled_pair(schedule.value)
    svi = CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    with pytest.warns(UserWarning, match=r"9 input signatures were seen once each: .*own is never the same") as caught:
        for step in range(12):
            schedule.own += 0.01
            svi.step(rows(step))
    assert len(caught) == 1


def taken_at(*steps):
    """Snapshots of a parameter that is the step's number, taken before some steps; and the parameter."""
    parameter = torch.nn.Parameter(torch.tensor(0.0))
    optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
    optimizer.state[parameter]["momentum_buffer"] = torch.tensor(0.0)
    svi = types.SimpleNamespace(
        optim=types.SimpleNamespace(optim_objs={parameter: optimizer}), companions=[], undone=[]
    )
    snapshots = Snapshots(svi)
    for step, needed in steps:
        parameter.data.fill_(step)
        optimizer.state[parameter]["momentum_buffer"] = torch.tensor(10.0 * step)
        snapshots.take(step, needed, [], [])
    optimizer.param_groups[0]["lr"] = 0.01
    return snapshots, parameter, optimizer


def test_one_goes_back_to_the_last_snapshot_before_a_step():
    snapshots, parameter, optimizer = taken_at((4, 4), (8, 4), (10, 4))
    assert snapshots.go_back(8, last=20) == 8
    assert parameter.item() == 8
    assert float(optimizer.state[parameter]["momentum_buffer"]) == 80
    assert optimizer.param_groups[0]["lr"] == 0.01
    assert snapshots.svi.undone == [(8, 20)]
    assert snapshots.go_back(30, last=40) == 8  # the one before step 10 held steps that are undone


class Companion:
    """Keeps the states that it goes back to."""

    def __init__(self, state):
        self.state, self.loaded = state, []

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.loaded.append(state)


def test_a_companion_never_gets_the_state_of_one_that_was_at_its_address():
    """The second run of an SVI has a companion of its own, and Python reuses the memory of the first one."""
    snapshots, *_ = taken_at()
    snapshots.svi.companions += [Companion("kept"), Companion("gone")]
    snapshots.take(4, 4, [], [])
    address, others = id(snapshots.svi.companions.pop()), [Companion("new")]
    while id(others[-1]) != address and len(others) < 10_000:
        others.append(Companion("new"))
    assert id(others[-1]) == address
    snapshots.svi.companions.append(others[-1])
    snapshots.go_back(4, last=20)
    assert [each.loaded for each in snapshots.svi.companions] == [["kept"], [None]]


def test_snapshots_that_nothing_needs_are_dropped():
    assert [step for step, *_ in taken_at((4, 4), (8, 8), (10, 10))[0].taken] == [10]
    assert [step for step, *_ in taken_at((4, 4), (8, 4), (10, 9))[0].taken] == [8, 10]
    assert [step for step, *_ in taken_at((4, 4), (6, 4), (8, 4), (10, 4))[0].taken] == [4, 8, 10]


def test_a_signature_goes_back_to_its_own_last_check():
    """Two signatures by turns, checked at their second and fourth call: steps 3, 4, 7, 8, and due at 15 and 16."""
    read, change = a_context_variable()
    model, guide, decoder = scaled_pair(lambda: 1.0)

    def stale(x, y=None):
        with poutine.scale(scale=1.0 if y is None else read()):
            model(x)

    svi = CompiledSVI(stale, lambda x, y=None: guide(x), Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    before = {}
    with pytest.warns(UserWarning, match="steps 8 to 15 may have been wrong and are undone"):
        for step in range(1, 17):
            before[step] = copies(svi, decoder)
            if step == 11:
                change(2.0)
            if step == 16:
                svi.companions.append(witness := Witness(svi, decoder))
            svi.step(rows(step), **({} if step % 2 else {"y": 1}))
    change(0.5)
    assert svi.undone == [(8, 15)]
    ((state, after),) = witness.seen
    assert state is None
    assert all(map(torch.equal, after, before[8]))


def test_a_nested_attribute_of_an_argument_is_seen():
    given = types.SimpleNamespace(options=Options(), scale=np.ones(2), me=None)
    given.me = given
    before = frozen(given)
    assert frozen(given) == before
    given.options.strength = 2.0
    changed = frozen(given)
    assert changed != before
    given.scale[0] = 3.0
    assert frozen(given) != changed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(4, np.float32), np.zeros(4, np.int32)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        ({"a": 1}, {"b": 1}),
        ([1, 2], (1, 2)),
        (0.5, "0.5"),
    ],
    ids=["dtypes", "shapes", "keys", "kinds", "a text"],
)
def test_arguments_that_look_alike_are_different(one, other):
    assert frozen(one) == frozen(copy.deepcopy(one))
    assert frozen(one) != frozen(other)


def test_an_attribute_of_an_argument_that_is_called_is_seen():
    given = Schedule()
    before = frozen(given)
    given.own = 2.0
    changed = frozen(given)
    assert changed != before
    given.deep.deeper[0].deepest = 2.0
    assert frozen(given) != changed


class SlottedArgument:
    __slots__ = ("strength", "unset")

    def __init__(self):
        self.strength = 1.0


strength_of_a_function = 1.0


def function_of_a_global():
    return strength_of_a_function


def function_of_a_variable(strength):
    return lambda: strength[0]


def function_of_a_default(strength):
    def function(x, strength=strength):
        return strength[0]

    return function


class Method:
    def __init__(self):
        self.strength = 1.0

    def __call__(self):
        return self.strength


def changed(given, name, value):
    setattr(given, name, value)


held = [1.0]  # what some of the arguments hold
CHANGED_ARGUMENTS = {
    "slot": (SlottedArgument(), lambda given: changed(given, "strength", 2.0)),
    "slot that was empty": (SlottedArgument(), lambda given: changed(given, "unset", 2.0)),
    "set": ({1, 2}, lambda given: given.add(3)),
    "deque": (collections.deque([1, 2]), lambda given: given.append(3)),
    "global": (function_of_a_global, lambda given: changed(sys.modules[__name__], "strength_of_a_function", 2.0)),
    "variable": (function_of_a_variable(held), lambda given: held.append(2.0)),
    "default": (function_of_a_default(held), lambda given: held.append(2.0)),
    "method": (Method().__call__, lambda given: changed(given.__self__, "strength", 2.0)),
    "partial": (functools.partial(max, held), lambda given: held.append(2.0)),
}


@pytest.mark.parametrize("name", CHANGED_ARGUMENTS)
def test_what_an_argument_holds_or_reads_is_seen(name):
    given, change = CHANGED_ARGUMENTS[name]
    before = frozen(given)
    assert frozen(given) == before and hash(frozen(given)) == hash(before)
    change(given)
    assert frozen(given) != before


def test_a_set_is_compared_by_its_entries():
    assert frozen({1, 2}) == frozen({2, 1})
    assert len({frozen({1, 2}), frozen({1, 3}), frozen(frozenset({1, 2})), frozen({1, 2.0})}) == 4


def test_a_step_is_right_whatever_changes_in_an_argument():
    decoder, factors = torch.nn.Linear(2, 3), [SlottedArgument(), {1.0}]

    def model(x, slotted, factors):
        pyro.module("decoder", decoder)
        with pyro.plate("data", len(x)):
            z = pyro.sample("z", Normal(torch.zeros(2), 1.0).to_event(1))
            pyro.sample("x", Normal(decoder(z) * slotted.strength * sum(factors), 1.0).to_event(1), obs=x)

    def guide(x, slotted, factors):
        with pyro.plate("data", len(x)):
            pyro.sample("z", Normal(x[:, :2], 1.0).to_event(1))

    svi = CompiledSVI(model, guide, Adam({"lr": 0.0}), Trace_ELBO(), backend="replay")
    for step in range(12):
        if step == 4:
            factors[0].strength = 2.0
        if step == 8:
            factors[1].add(0.5)
        pyro.set_rng_seed(step)
        loss = svi.step(rows(1)[:, :3], *factors)
        pyro.set_rng_seed(step)
        assert loss == pytest.approx(Trace_ELBO().loss(model, guide, rows(1)[:, :3], *factors), rel=1e-5)
    assert [row["calls"] for row in svi.explain()] == [4, 4, 4]


def test_arguments_of_other_kinds_are_other_signatures():
    x = torch.ones(2, 2)
    kinds = [{"x": x}, collections.OrderedDict(x=x), {"x": x.to_sparse()}]
    assert all(split(a, []) != split(b, []) for a, b in itertools.combinations(kinds, 2))
    assert describe(("", ("", split(kinds[1], [])), ("",))).count("float32[B, 2]") == 1


SURROUNDINGS = {
    "dtype": lambda: torch_default(torch.float64),
    "gradients": torch.no_grad,
    "default device": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "dtype of autocast": lambda: torch.autocast("cpu", torch.float16),
    "handler": lambda: poutine.scale(scale=2.0),
    "setting": lambda: pyro.settings.context(module_local_params=True),
}


@contextlib.contextmanager
def torch_default(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def test_surroundings_are_told_apart():
    seen = [surroundings()]
    for enter in SURROUNDINGS.values():
        with enter():
            seen.append(surroundings())
        assert surroundings() == seen[0]
    assert all(a != b for a, b in itertools.combinations(seen, 2))


def test_what_was_loaded_is_gone_back_to_before_its_first_step():
    model, guide, decoder = scaled_pair(lambda: 1.0)
    first = CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    first.step(rows(1))
    svi = CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    svi.optim.set_state(first.optim.get_state())
    snapshots, (weight, *_) = Snapshots(svi), decoder.parameters()
    snapshots.take(1, 1, [weight], [])
    before, moment = weight.detach().clone(), first.optim.optim_objs[weight].state[weight]["exp_avg"].clone()
    for step in (2, 3):  # steps after the first time do not change the snapshot
        svi.step(rows(step))
        snapshots.go_back(1, last=1)
        assert torch.equal(weight, before)
        assert torch.equal(svi.optim.optim_objs[weight].state[weight]["exp_avg"], moment)


def test_before_the_first_step_an_optimiser_had_no_moments_and_what_a_graph_writes_goes_back_too():
    model, guide, decoder = scaled_pair(lambda: 1.0)
    svi = CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    model(rows(1))  # registers the parameters
    snapshots, (weight, *_), statistics = Snapshots(svi), decoder.parameters(), torch.ones(3)
    snapshots.take(1, 1, [weight], [statistics])
    svi.step(rows(1))
    statistics += 1
    assert svi.optim.optim_objs[weight].state[weight]
    snapshots.go_back(1, last=1)
    assert statistics.tolist() == [1.0] * 3
    assert not svi.optim.optim_objs[weight].state[weight]


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("jumps", ["gradients", "loss"])
def test_what_jumps_at_one_point_alone_is_no_error(jumps, everywhere, monkeypatch):
    """As rounding has it where the input of a ReLU is zero: a wrong graph is wrong at parameters close by too."""
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    svi = CompiledSVI(model, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    svi.step(rows(0))
    before = {name: value.detach().clone() for name, value in pyro.get_param_store().items()}
    run = programs.Program.__call__

    def jumping(self, inputs):
        loss, *gradients = run(self, inputs)
        here = all(torch.equal(value, before[name]) for name, value in pyro.get_param_store().items())
        if not (here or everywhere):
            return [loss, *gradients]
        return [2 * loss, *gradients] if jumps == "loss" else [loss, *(2 * g for g in gradients)]

    monkeypatch.setattr(programs.Program, "__call__", jumping)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        svi.step(rows(1))
    assert [row["backend"] for row in svi.explain()] == ["off" if everywhere else "replay"]
    assert len(caught) == everywhere


@pytest.mark.parametrize("wrong", [False, True])
def test_the_rounding_of_a_loss_near_zero_is_no_error(wrong, monkeypatch):
    """Large terms that cancel leave their rounding in the loss, where it looks large."""
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    shift = torch.zeros(())

    def shifted(x):
        model(x)
        pyro.factor("shift", shift)

    svi = CompiledSVI(shifted, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    svi.step(rows(0))
    with seeded(1):
        shift += svi.evaluate_loss(rows(1)) - 0.01
    run = programs.Program.__call__

    def rounded(self, inputs):
        loss, *gradients = run(self, inputs)
        return [loss + (1.0 if wrong else 4e-6), *gradients]

    monkeypatch.setattr(programs.Program, "__call__", rounded)
    with warnings.catch_warnings(record=True) as caught, seeded(1):
        warnings.simplefilter("always")
        assert abs(svi.step(rows(1))) < 0.02
    assert [row["backend"] for row in svi.explain() if row["calls"] > 1] == ["off" if wrong else "replay"]
    assert len(caught) == wrong


@pytest.mark.parametrize("wrong", [False, True])
def test_a_gradient_that_is_rounding_may_have_another_sign(wrong, monkeypatch):
    """As that of a bias before batch normalisation, whose true gradient is zero: FAME lost its compiled graph to it."""
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    before, standardise = torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5, affine=False, track_running_stats=False)

    def with_rounding(x):
        pyro.module("before", before)
        model(x)
        pyro.factor("rounding", 1e4 * standardise(before(x)).sum())

    svi = CompiledSVI(with_rounding, guide, Adam({"lr": 0.01}), Trace_ELBO(), backend="replay")
    svi.step(rows(0))
    run = programs.Program.__call__
    names = sorted(pyro.get_param_store().keys())
    turned = {name for name in names if wrong or name.startswith("before")}
    assert 1 < len(turned) < len(names) or wrong

    def rounded(self, inputs):
        loss, *gradients = run(self, inputs)
        return [loss, *(-g if name in turned else g for name, g in zip(self.parameters, gradients, strict=True))]

    monkeypatch.setattr(programs.Program, "__call__", rounded)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        svi.step(rows(1))
    assert [row["backend"] for row in svi.explain()] == ["off" if wrong else "replay"]
    assert len(caught) == wrong


def test_parameters_close_by_are_put_back_to_the_last_bit():
    given = [torch.randn(4, 3), torch.zeros(2)]
    before = [parameter.clone() for parameter in given]
    with programs._moved(given, 1e-4):
        assert 0 < (given[0] / before[0] - 1).abs().max() < 1e-3
    assert all(map(torch.equal, given, before))
