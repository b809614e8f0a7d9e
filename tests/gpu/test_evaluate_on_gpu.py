"""Evaluation on a GPU. Skipped without one."""

import pytest
import torch

from pyrodgm.evaluate import active_units, bayes_classifier, elbo_parts, kl_per_unit, log_likelihood, row_bounds
from pyrodgm.models import ADGM
from tests.pairs import rows, small

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


@pytest.mark.parametrize("backend", ["replay", "cuda_graph"])
@pytest.mark.parametrize("classes", ["all", "drawn"])
def test_log_likelihood_is_that_of_the_cpu(classes, backend):
    model = small(ADGM)
    x, _ = rows(model)
    expected = log_likelihood(model, x, num_samples=20_000)
    found = log_likelihood(model.to("cuda"), x.cuda(), num_samples=20_000, classes=classes, backend=backend)
    assert found.rows.is_cuda
    errors = (expected.row_errors**2 + found.row_errors.cpu() ** 2).sqrt()
    assert bool(((expected.rows - found.rows.cpu()).abs() < 4 * errors).all())


def test_the_rest_stays_on_the_device():
    model = small(ADGM).to("cuda")
    x = rows(model)[0].cuda()
    for function in (row_bounds, kl_per_unit, active_units, bayes_classifier):
        assert function(model, x).is_cuda
    assert set(elbo_parts(model, x)) == {"z", "y", "x", "a"}
