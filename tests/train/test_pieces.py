"""Parameter averages, schedules, the best epoch, histories, and decomposed values."""

import csv
import math

import numpy as np
import pytest
import torch

from pyrodgm.train import EMA, linear_decay, step_decay
from pyrodgm.train.checkpoint import load_state, pack, save_state, unpack
from pyrodgm.train.early_stopping import EarlyStopping
from pyrodgm.train.history import write_csv


def test_the_average_is_the_corrected_exponential_one():
    module = torch.nn.Linear(2, 1).double()
    average, decay, values = EMA(module, 0.9), 0.9, []
    for _ in range(7):
        with torch.no_grad():
            module.weight.normal_()
        values.append(module.weight.detach().clone())
        average.update()
    terms = [(1 - decay) * decay ** (6 - t) * value for t, value in enumerate(values)]  # theta-bar, written out
    expected = sum(terms) / (1 - decay**7)
    with average.in_place():
        torch.testing.assert_close(module.weight.detach(), expected, rtol=1e-12, atol=0)
    assert torch.equal(module.weight, values[-1])


def test_an_average_of_nothing_is_the_parameters():
    module = torch.nn.Linear(2, 1)
    before = module.weight.detach().clone()
    with EMA(module, 0.5).in_place():
        assert torch.equal(module.weight, before)


def test_a_parameter_that_is_not_trained_is_not_averaged():
    module = torch.nn.Linear(30, 1).requires_grad_(False)
    module.bias.requires_grad_(True)
    before, average = module.weight.detach().clone(), EMA(module, 0.9)
    for _ in range(7):
        average.update()
    average.copy_to_parameters()
    assert torch.equal(module.weight, before)  # to the last bit


def test_parameters_have_their_own_values_after_an_error_too():
    module = torch.nn.Linear(2, 1)
    average = EMA(module, 0.9)
    average.update()
    with torch.no_grad():
        module.weight.fill_(7.0)
    with pytest.raises(RuntimeError, match="mine"), average.in_place():
        raise RuntimeError("mine")
    assert module.weight.tolist() == [[7.0, 7.0]]


@pytest.mark.parametrize("decay", [0, 1, -0.1, 2])
def test_a_decay_outside_the_unit_interval(decay):
    with pytest.raises(ValueError, match=f"decay: got {decay}, want a number above 0 and below 1"):
        EMA(torch.nn.Linear(1, 1), decay)


def test_schedules():
    papers = step_decay(0.75, every=50)
    assert [papers(epoch) for epoch in (0, 49, 50, 149)] == [1.0, 1.0, 0.75, 0.5625]
    assert step_decay(0.5, every=1, least=0.1)(9) == 0.1
    falling = linear_decay(10, 20)
    assert [falling(epoch) for epoch in (0, 10, 15, 20)] == [1.0, 1.0, 0.5, 0.01]


@pytest.mark.parametrize(
    ("make", "epoch", "factor"), [(lambda: linear_decay(0, 4), 1, 0.75), (lambda: step_decay(1, every=1), 200, 1.0)]
)
def test_the_least_start_and_the_largest_factor(make, epoch, factor):
    try:
        found = make()(epoch)
    except ValueError as refused:
        found = refused
    assert found == factor


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: step_decay(0), "factor: got 0, want a number above 0 and at most 1"),
        (lambda: step_decay(0.5, every=0), "every: got 0, want at least 1 epoch"),
        (lambda: linear_decay(5, 5), "start: got 5, want an epoch from 0 and below end, 5"),
        (lambda: EarlyStopping("bound", "largest"), "mode: got 'largest'.*want one of max, min"),
        (lambda: EarlyStopping(None, patience=3), "patience: got 3 with monitor None, want at least 1 and a figure"),
        (lambda: EarlyStopping("bound", patience=0), "patience: got 0 with monitor 'bound', want at least 1"),
    ],
)
def test_bad_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("mode", "figures", "chosen"),
    [
        ("min", [3, 1, 2], 2.0),
        ("max", [3, 5, math.nan], 2.0),
        ("min", [math.nan, -math.inf, 4], 3.0),
        ("max", [math.inf, 4, 4], 2.0),
    ],
)
def test_the_best_epoch_is_remembered(mode, figures, chosen):
    module, best = torch.nn.Linear(1, 1), EarlyStopping("figure", mode)
    for epoch, figure in enumerate(figures, start=1):
        with torch.no_grad():
            module.weight.fill_(epoch)
        best.note({"figure": figure}, module)
    best.note({"another": 0}, module)
    assert best.parameters["weight"].item() == chosen


def test_patience_counts_measurements_without_a_better_one():
    best, module = EarlyStopping("figure", patience=2), torch.nn.Linear(1, 1)
    waited = []
    for figure in (3, 2, 2, 2.5):
        best.note({"figure": figure}, module)
        waited.append(best.out_of_patience())
    assert waited == [False, False, False, True]


@pytest.mark.parametrize("figure", [math.nan, math.inf])
def test_patience_counts_measurements_that_are_not_finite(figure):
    best, module = EarlyStopping("figure", patience=2), torch.nn.Linear(1, 1)
    best.note({"figure": figure}, module)
    assert not best.out_of_patience()
    best.note({"figure": figure}, module)
    assert best.out_of_patience()


def test_a_history_as_csv(tmp_path):
    write_csv(tmp_path / "h.csv", [{"epoch": 1, "loss": 2.5}, {"epoch": 2, "loss": 1.5, "test error, epoch 2": 3.0}])
    with open(tmp_path / "h.csv") as file:
        assert list(csv.reader(file)) == [
            ["epoch", "loss", "test error, epoch 2"],
            ["1", "2.5", ""],
            ["2", "1.5", "3.0"],
        ]


def test_a_tensor_in_a_history_is_a_cell_of_its_values(tmp_path):
    write_csv(tmp_path / "h.csv", [{"epoch": 1, "kl": torch.tensor([[0.5, 1.0], [2.0, 4.0]])}])
    assert (tmp_path / "h.csv").read_text().splitlines() == ["epoch,kl", "1,0.5 1.0 2.0 4.0"]


def test_values_are_taken_apart_and_put_together():
    value = {
        "moments": {0: torch.randn(2, 3), "step": torch.tensor(3.0)},
        "betas": (0.9, 0.999),
        "none": [None, True, 7, "text", math.inf],
        "generator": torch.get_rng_state(),
        "numpy": ("MT19937", np.arange(5, dtype=np.uint32), 3, 0, 0.5),
        "empty": {},
        "a.b": torch.tensor(1.0),
        "a": {"b": torch.tensor(2.0)},
    }
    again = unpack(*pack(value))
    assert again["betas"] == (0.9, 0.999) and again["none"] == value["none"] and again["empty"] == {}
    assert torch.equal(again["moments"][0], value["moments"][0]) and torch.equal(again["generator"], value["generator"])
    assert (again["a.b"], again["a"]["b"]) == (1.0, 2.0)
    assert again["numpy"][1].dtype == np.uint32 and again["numpy"][1].tolist() == [0, 1, 2, 3, 4]


def test_tensors_that_share_memory_are_saved_as_they_are_now(tmp_path):
    whole = torch.arange(6.0).reshape(2, 3)
    value = {"tied": [whole, whole], "part": whole[1], "turned": whole.t()}
    want = {"tied": [whole.clone(), whole.clone()], "part": whole[1].clone(), "turned": whole.t().clone()}
    tensors, rest = pack(value)
    whole += 1
    torch.testing.assert_close(unpack(tensors, rest), want, rtol=0, atol=0)
    whole -= 1
    save_state(tmp_path / "s.safetensors", "test", value)
    torch.testing.assert_close(load_state(tmp_path / "s.safetensors", "test")[0], want, rtol=0, atol=0)


def test_what_would_have_to_be_pickled_is_refused():
    with pytest.raises(ValueError, match=r"state.a.1: got set, want tensors, arrays and plain values"):
        pack({"a": [1, {2}]})
    with pytest.raises(ValueError, match=r"state.a: got an array of dtype object, want tensors, arrays of numbers and"):
        pack({"a": np.array([None])})
