"""Every model over rows with columns of several kinds."""

import inspect
import itertools

import pyro
import pytest
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.optim import Adam

from pyrodgm import testing
from pyrodgm.evaluate import impute
from pyrodgm.infer import CompiledSVI
from pyrodgm.models import VAE, DeepGenerativeModel
from tests.pairs import ROWS, model_classes, small

COLUMNS = (("categorical", 3), "normal", "bernoulli", ("categorical", 2))
OPTIONS = {"x_size": 7, "likelihood": ("mixed", {"columns": COLUMNS}), "missing": "mask"}
TABLES = [
    c
    for c in model_classes()
    if issubclass(c, DeepGenerativeModel) and {"x_size", "missing"} <= set(inspect.signature(c).parameters)
]


def rows(seed=0):
    """Rows with missing cells, a category among them."""
    generator = torch.Generator().manual_seed(seed)
    first, second = (torch.eye(c)[torch.randint(c, (ROWS,), generator=generator)] for c in (3, 2))
    number, switch = torch.randn(ROWS, 1, generator=generator), torch.rand(ROWS, 1, generator=generator).round()
    x = torch.cat([first, number, switch, second], 1)
    x[0, :3] = x[1, 3] = x[2, 4:] = torch.nan
    x[3] = torch.nan
    return x


@pytest.mark.parametrize("model_class", TABLES)
def test_every_pair(model_class):
    """Brute force over y, every parameter moves, copies, state and generation."""
    model = small(model_class, **OPTIONS)
    x, y = rows(), None if model.num_classes is None else torch.arange(ROWS) % model.num_classes
    testing.check_pair(model, x, y)
    assert bool(model.p_x.support.check(model.eval().model(size=5)).all())
    assert model.reconstruct(x).isfinite().all()


def test_imputed_cells_are_the_means_given_the_observed_ones():
    """A latent of two units on a grid: E[x | x_obs] by a sum over all z."""
    model = small(VAE, **OPTIONS, hidden=()).double().eval()
    for parameter in model.p_x.parameters():
        torch.nn.init.normal_(parameter)
    x = rows()[:4].double()
    axis = torch.linspace(-5, 5, 61).double()
    z = torch.tensor(list(itertools.product(axis.tolist(), axis.tolist()))).double()
    p = model.p_x(z[:, None])
    weights = (p.log_prob(x) - 0.5 * (z**2).sum(1, keepdim=True)).softmax(0)  # (G, B)
    want = torch.where(x.isnan(), (weights[..., None] * p.mean).sum(0), x)
    found = impute(model, x, num_samples=20_000)
    torch.testing.assert_close(found, want, atol=0.05, rtol=0)
    draws = impute(model, x, num_samples=500, num_draws=300)
    assert bool(model.p_x.support.check(draws).all())
    torch.testing.assert_close(draws.mean(0), want, atol=0.3, rtol=0)


def test_a_compiled_step_is_a_plain_one():
    losses = []
    for kind in (SVI, lambda *args: CompiledSVI(*args, backend="replay")):
        pyro.set_rng_seed(0)
        model = small(VAE, **OPTIONS)
        svi = kind(model.model, model.guide, Adam({"lr": 1e-2}), Trace_ELBO())
        pyro.set_rng_seed(1)
        losses.append([svi.step(rows(seed)) for seed in range(4)])
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)


def test_a_saved_model_comes_back(tmp_path):
    model = small(VAE, **OPTIONS)
    model.save_pretrained(tmp_path)
    again = VAE.from_pretrained(tmp_path)
    assert again.p_x.support.base.columns == COLUMNS
    torch.testing.assert_close(again.p_x(torch.ones(2)).log_prob(rows()), model.p_x(torch.ones(2)).log_prob(rows()))
