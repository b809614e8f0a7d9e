"""An estimator does not change the global state of the user's session."""

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import numpy as np
import pyro
import pytest
import torch
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam
from sklearn.datasets import load_iris

from pyrodgm.data import Batches, load, select_labels
from pyrodgm.estimators import M1, DeepGenerativeClassifier
from pyrodgm.isolation import isolated, seeded, seeded_generator
from pyrodgm.models import M2
from pyrodgm.zoo import RECIPES, prepare

X, Y = load_iris(return_X_y=True)


def test_random_numbers_parameters_and_validation_stay_as_they_were():
    mine = M2(4, 3, z_size=2, hidden=(8,), likelihood="normal")
    x = torch.randn(10, 4)
    svi = SVI(mine.model, mine.guide, Adam({"lr": 1e-2}), TraceEnum_ELBO(max_plate_nesting=1))
    svi.step(x)
    names = set(pyro.get_param_store())
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    estimator = DeepGenerativeClassifier("m2", z_size=2, hidden=(8,), epochs=2, random_state=0).fit(X, Y)
    estimator.partial_fit(X, Y)
    for ask in (estimator.predict, estimator.score_samples, estimator.transform, M1(epochs=1, random_state=0).fit):
        ask(X)
    estimator.sample(3)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (np.random.get_state()[1].tolist(), random.getstate())
    assert set(pyro.get_param_store()) == names
    assert pyro.settings.get("validate_poutine")
    svi.step(x)  # and the user's own model trains on


def test_one_thread_at_a_time_is_inside():
    entered = Event()

    def enter():
        with isolated(0):
            entered.set()

    thread = Thread(target=enter)
    with isolated(0), isolated(1):  # the same thread may enter again
        thread.start()
        assert not entered.wait(0.2)
    thread.join()
    assert entered.is_set()


def test_threads_that_ask_at_the_same_time_get_the_same_answers():
    estimator = DeepGenerativeClassifier("m2", z_size=2, hidden=(8,), epochs=2, random_state=0).fit(X, Y)
    alone = estimator.score_samples(X)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(estimator.score_samples, [X] * 12))
    assert all(np.array_equal(scores, alone) for scores in found)


@pytest.mark.parametrize("seed", ["a", 1.5, None, 2**64])
@pytest.mark.parametrize(
    "function",
    [
        seeded_generator,
        lambda seed: seeded(seed).__enter__(),
        lambda seed: select_labels(torch.arange(20) % 2, 4, 2, seed),
        lambda seed: Batches(torch.rand(4, 2), 2, seed=seed),
        lambda seed: load("moons", seed=seed),
        lambda seed: prepare(RECIPES["digits-m2"], seed),
    ],
    ids=["generator", "seeded", "select_labels", "Batches", "load", "prepare"],
)
def test_a_seed_is_an_int(function, seed):
    with pytest.raises(ValueError, match=r"seed: got .*, want an int from (-2\*\*63 to 2\*\*64|0 to 2\*\*32) - 1"):
        function(seed)


def test_a_seed_may_be_of_numpy():
    wanted = torch.rand(3, generator=seeded_generator(7))
    assert torch.equal(torch.rand(3, generator=seeded_generator(np.int64(7))), wanted)
    with seeded(np.int64(7)):
        assert torch.equal(torch.rand(3), wanted)
