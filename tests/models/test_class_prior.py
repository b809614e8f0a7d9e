"""The prior p(y) of the models in which y is a root: given shares instead of a uniform one."""

import pyro.poutine as poutine
import pytest
import torch
from pyro.infer import TraceEnum_ELBO

from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.models import ADGM, M1M2, M2, SDGM, AdversarialM2, SemiSupervisedFAME

SHARES = (0.7, 0.2, 0.1)
MODELS = (M2, AdversarialM2, ADGM, SDGM, M1M2, SemiSupervisedFAME)


def small(model_class, class_prior=SHARES):
    if model_class is SemiSupervisedFAME:
        sizes = {"z_sizes": (3, 2), "hidden": ((4,), (4,)), "maps": (2, 2), "concatenation": False}
        return model_class((4, 4), 3, class_prior=class_prior, **sizes)
    hidden = ((4,), (4,)) if model_class is M1M2 else (4,)
    return model_class(16, 3, z_size=2, hidden=hidden, class_prior=class_prior)


def log_p_y(m, y):
    """log p(y) of each row, as the model's trace has it."""
    trace = poutine.trace(m.model).get_trace(torch.zeros(len(y), 16), y)
    trace.compute_log_prob()
    return trace.nodes["y"]["log_prob"]


@pytest.mark.parametrize("model_class", MODELS)
def test_p_y_has_the_given_shares(model_class):
    y = torch.tensor([0, 1, 2])
    torch.testing.assert_close(log_p_y(small(model_class), y), torch.tensor(SHARES).log())
    torch.testing.assert_close(log_p_y(small(model_class, None), y), torch.full((3,), 1 / 3).log())


def test_classes_are_drawn_in_these_shares():
    nodes = poutine.trace(small(M2).model).get_trace(size=20_000).nodes
    shares = nodes["y"]["value"].mean(0)
    torch.testing.assert_close(shares, torch.tensor(SHARES), atol=4 * (0.25 / 20_000) ** 0.5, rtol=0)


@pytest.mark.parametrize("model_class", MODELS)
def test_a_saved_model_keeps_its_prior(model_class, tmp_path):
    m = small(model_class)
    for shares in (SHARES, (0.1, 0.3, 0.6)):
        m.set_class_prior(shares)
        m.save_pretrained(tmp_path)
        again = model_class.from_pretrained(tmp_path)
        assert again.class_prior == pytest.approx(shares)
        torch.testing.assert_close(log_p_y(again, torch.tensor([2])), torch.tensor([shares[2]]).log())
    assert set(m.state_dict()) - set(small(model_class, None).state_dict()) == {"log_class_prior"}


def test_a_prior_that_comes_later_has_the_precision_of_the_parameters():
    m = small(M2, None).double()
    m.set_class_prior(SHARES)
    assert m.log_class_prior.dtype == torch.float64
    torch.testing.assert_close(m.log_class_prior.exp(), torch.tensor(SHARES, dtype=torch.float64), rtol=1e-12, atol=0)


def test_a_prior_that_is_taken_back_is_uniform():
    m = small(M2)
    m.set_class_prior(None)
    assert m.class_prior is None
    torch.testing.assert_close(log_p_y(m, torch.tensor([0])), torch.tensor([1 / 3]).log())


def test_a_compiled_step_has_the_loss_of_a_plain_one():
    x, m = torch.bernoulli(torch.full((20, 16), 0.5)), small(M2)
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    svi = CompiledSVI(m.model, m.guide, Optimizer(torch.optim.SGD, {"lr": 0.0}), elbo, backend="replay")
    for shares in (SHARES, (0.1, 0.3, 0.6)):
        m.set_class_prior(shares)  # the compiled step reads the new one without being traced again
        losses = []
        for _ in range(3):
            torch.manual_seed(0)
            losses.append(svi.step(x))
        torch.manual_seed(0)
        assert losses == pytest.approx([elbo.loss(m.model, m.guide, x)] * 3, rel=1e-5)
    assert [len(slot.programs) for slot in svi._steps.slots.values()] == [1]


@pytest.mark.parametrize(
    "wrong",
    [(0.5, 0.5), (0.5, 0.5, 0.0), (0.5, 0.5, 0.5), (0.5, 0.3, 0.201), (1.2, -0.1, -0.1), (0.5, 0.5, float("nan"))],
)
def test_other_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match=r"class_prior: got .*, want 3 probabilities above zero that sum to 1"):
        small(M2, wrong)
