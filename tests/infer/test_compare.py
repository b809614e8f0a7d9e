"""What counts as a difference between a graph's results and those of a plain run."""

import math

import pytest
import torch

from pyrodgm.infer.compiled.compare import difference

PRECISION = 1e-6


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


def differs(part, errors, expected):
    found = {part: [value + error for value, error in zip(expected, errors, strict=True)]}
    return difference(found, {part: expected}, PRECISION)[0] == part


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_values_differ_by_their_precision(factor):
    """sizes 5 and 0.001: together, and for each beside the largest."""
    expected = [vector(3, 4), vector(1e-3)]
    assert differs("loss", (factor * PRECISION * vector(3, 4), 0), expected) == (factor > 1)
    assert differs("loss", (0, vector(factor * PRECISION * 5)), expected) == (factor > 1)
    errors = vector(factor * PRECISION * 8), vector(factor * PRECISION * 11)  # 13.6 together
    assert differs("loss", errors, [vector(5), vector(12)]) == (factor > 1)


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_gradients_differ_by_a_hundred_times_that_together_and_by_three_per_cent_alone(factor):
    expected = [vector(3, 4), vector(1e-3)]
    assert differs("gradients", (factor * 100 * PRECISION * vector(3, 4), 0), expected) == (factor > 1)
    alone = (0.03 + 100 * PRECISION) * 1e-3 + PRECISION * 5
    assert differs("gradients", (0, vector(factor * alone)), expected) == (factor > 1)


def test_the_message_has_the_relative_error():
    assert difference(vector(1.5), vector(1), PRECISION) == (
        "value",
        "the graph's value differs by 0.5 from that of a plain run",
    )


@pytest.mark.parametrize(
    ("found", "expected", "what"),
    [
        ([vector(1)], [vector(1), vector(2)], "has a different structure"),
        ([vector(1), None], [vector(1), vector(2)], "has a different structure"),
        ([vector(1, 2)], [vector(1)], "has different shapes"),
        ([vector(1, math.nan)], [vector(1, 1)], "is finite in other places"),
        ([vector(1, 1)], [vector(1, math.nan)], "is finite in other places"),
        ([vector(0.5, math.nan)], [vector(1, math.nan)], "differs by 0.5 from that of a plain run"),
    ],
)
def test_other_differences(found, expected, what):
    assert difference({"gradients": found}, {"gradients": expected}, PRECISION) == (
        "gradients",
        f"the graph's gradients {what}",
    )


def test_the_same_is_no_difference():
    """Nor a value that is nowhere finite, nor what the plain run has not."""
    same = {"loss": vector(math.inf), "gradients": [None, vector(0, 0), vector(2, math.nan)]}
    assert difference(same | {"more": vector(1)}, same, PRECISION) == ("", "")


class OnGPU(torch.Tensor):
    """A tensor that torch compares only with tensors of its own device."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function is torch.equal and not all(isinstance(value, cls) for value in args):
            pytest.fail("torch.equal of tensors on two devices")
        return super().__torch_function__(function, types, args, kwargs)


@pytest.mark.parametrize("error", [0.0, 0.5])
def test_a_loss_on_a_gpu_is_compared_with_the_float_of_a_plain_run(error):
    found = torch.tensor(1 + error).as_subclass(OnGPU)
    parts = [{"loss": value} for value in (found, vector(1)[0], vector(1)[0])]
    assert difference(*parts[:2], PRECISION)[0] == ("loss" if error else "")
    assert difference(*parts[:2], PRECISION, parts[2])[0] == ("loss" if error else "")
