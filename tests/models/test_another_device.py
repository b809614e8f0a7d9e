"""Every pair works on the device of its parameters and its rows, shown without a GPU.

The meta device keeps shapes and no numbers, and refuses most operations that mix its tensors with those of the CPU. So
a pair that makes a tensor and forgets the device fails here. ``tests/gpu`` compares the numbers too.
"""

import pyro
import pytest

from pyrodgm.infer import ImportanceWeightedELBO, SemiSupervisedELBO
from pyrodgm.models import M2, VAE
from tests.pairs import accepted, every_pair, rows, small


@pytest.fixture
def without_checks_of_values(monkeypatch):
    monkeypatch.setattr("pyro.util.torch_isnan", lambda value: False)
    monkeypatch.setattr("pyro.util.torch_isinf", lambda value: False)
    with pyro.validation_enabled(False):
        yield


@pytest.mark.parametrize(("model_class", "options"), every_pair(thorough=[VAE, M2]))
def test_loss_and_gradients_are_computed_on_the_device_of_the_rows(model_class, options, without_checks_of_values):
    model = small(model_class, **options)
    x, y = rows(model)
    model, x = model.to("meta"), x.to("meta")
    objective = ImportanceWeightedELBO(num_samples=2)
    batch = {"x": x}
    if y is not None:
        objective, batch = (
            SemiSupervisedELBO.of(model, objective, alpha=1.0),
            {"labelled": (x, y.to("meta")), "unlabelled": x},
        )
    with accepted(RuntimeError):
        loss = objective.differentiable_loss(model.model, model.guide, **batch)
        loss.backward()
    assert loss.device.type == "meta"
    assert any(p.grad is not None for p in model.parameters())
