"""One-hot rows that store their class indices, and the categorical distribution that uses them."""

import pyro.distributions as dist
import pytest
import torch

from pyrodgm.distributions import OneHotCells, StraightThroughOneHot
from pyrodgm.distributions.one_hot import KnownOneHotCategorical, class_of, known_classes, one_hot_rows

SHAPES = [((), (4,)), ((4,), (4,)), ((4,), (3, 4)), ((4,), (2, 3, 4)), ((1,), (3, 4)), ((2, 1), (3, 1, 4)), ((4,), ())]


def test_rows_of_classes():
    classes = torch.tensor([[2, 0], [1, 1]])
    rows = one_hot_rows(classes, 3, torch.float64)
    assert rows.dtype == torch.float64 and torch.equal(rows, torch.nn.functional.one_hot(classes, 3).double())
    assert torch.equal(known_classes(rows), classes)
    assert known_classes(rows * 1) is None and known_classes(rows.mul_(2)) is None


def test_rows_made_in_inference_mode_have_their_class_by_a_search():
    """Such a tensor does not say whether it was written to, so no class is attached to it."""
    classes = torch.tensor([2, 0])
    with torch.inference_mode():
        try:
            rows = one_hot_rows(classes, 3, torch.float64)
        except RuntimeError as error:
            pytest.fail(str(error))
        assert known_classes(rows) is None and torch.equal(class_of(rows), classes)


@pytest.mark.parametrize(("batch", "shape"), SHAPES)
@pytest.mark.parametrize("known", [True, False])
def test_the_log_probability_is_the_categoricals(batch, shape, known, monkeypatch):
    """The value and the gradient, without a search where the classes are known."""
    torch.manual_seed(0)
    logits = torch.randn(*batch, 5, dtype=torch.float64, requires_grad=True)
    y = one_hot_rows(torch.randint(5, shape), 5, torch.float64)
    y = y if known else y.clone()
    expected = dist.OneHotCategorical(logits=logits).log_prob(y)
    weights = torch.randn_like(expected)
    (gradient,) = torch.autograd.grad((weights * expected).sum(), logits)
    if known:
        monkeypatch.setattr(torch.Tensor, "argmax", lambda *args: pytest.fail("looked for the class"))
    found = KnownOneHotCategorical(logits=logits, validate_args=False).log_prob(y)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    torch.testing.assert_close(torch.autograd.grad((weights * found).sum(), logits)[0], gradient)
    assert isinstance(KnownOneHotCategorical(logits=logits).expand((6, *batch)), KnownOneHotCategorical)


def test_cells_of_an_impossible_class_add_nothing_unless_it_is_the_class():
    """And a possible class keeps its gradient in the cells, also where they are 0."""
    logits = torch.tensor([0.5, -torch.inf, -1.0], dtype=torch.float64, requires_grad=True)
    rows = torch.eye(3, dtype=torch.float64, requires_grad=True)
    want = dist.OneHotCategorical(logits=logits).log_prob(rows)
    for found in (StraightThroughOneHot(1.0, logits).log_prob(rows), OneHotCells(logits).log_prob(rows).sum(-1)):
        torch.testing.assert_close(found, want)
        in_logits, in_rows = torch.autograd.grad(found[0] + found[2], (logits, rows))
        pi = logits.detach().softmax(-1)
        torch.testing.assert_close(in_logits, torch.tensor([1.0, 0.0, 1.0]).double() - 2 * pi)
        torch.testing.assert_close(in_rows[0, [0, 2]], pi.log()[[0, 2]])


def test_a_value_that_is_no_one_hot_row_is_refused():
    with pytest.raises(ValueError, match="within the support"):
        KnownOneHotCategorical(logits=torch.zeros(3), validate_args=True).log_prob(torch.ones(3))
