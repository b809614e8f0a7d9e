"""Columns of several kinds in one likelihood, beside the densities of scipy."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import stats

from pyrodgm.checks import check_values
from pyrodgm.distributions import OneHotCells
from pyrodgm.models import IAFVAE
from pyrodgm.nn import likelihood_net

NAN = torch.nan
COLUMNS = (("categorical", 3), "normal", "bernoulli", "normal", ("categorical", 2), "bernoulli")
CELLS = ([0, 1, 2], [3], [4], [5], [6, 7], [8])
MIXED = ("mixed", {"columns": COLUMNS})
ROWS = torch.tensor(
    [
        [0.0, 1, 0, -0.7, 1, 2.5, 0, 1, 0],
        [1.0, 0, 0, 0.3, 0, -1.0, 1, 0, 1],
        [0.0, 0, 1, 4.0, 1, 0.1, 1, 0, 1],
    ],
    dtype=torch.float64,
)


def net_of(missing=None, **options):
    return likelihood_net(MIXED, (2, 3), (4,), 9, missing=missing, **options).double()


def log_p_of_columns(net, z, y, row):
    """log p of each column of one row, by scipy."""
    h = net.trunk(z, y)
    loc, variance, logits = (head(*h).detach().numpy() for head in (net.loc, net.log_variance, net.logits))
    switches, first, second = logits[:2], logits[2:5], logits[5:]
    normal = stats.norm(loc, np.exp(0.5 * variance)).logpdf(row[[3, 5]])
    bernoulli = stats.bernoulli(1 / (1 + np.exp(-switches))).logpmf(row[[4, 8]])
    first, second = (np.exp(block) / np.exp(block).sum() for block in (first, second))
    categories = stats.multinomial(1, first).logpmf(row[:3]), stats.multinomial(1, second).logpmf(row[6:8])
    return np.array([categories[0], normal[0], bernoulli[0], normal[1], categories[1], bernoulli[1]])


@pytest.mark.parametrize("lost", [(), (0,), (1,), (2,), (4,), (0, 3, 5), (0, 1, 2, 3, 4, 5)])
def test_log_p_is_the_sum_over_the_observed_columns(lost):
    net, z, y = net_of("mask" if lost else None), torch.randn(5, 2).double(), torch.eye(3).double()[:, None]
    x = ROWS.clone()
    for column in lost:
        x[:, CELLS[column]] = NAN
    found = net(z[:3], y).log_prob(x)
    assert found.shape == (3, 3)
    for k in range(3):
        for b in range(3):
            columns = log_p_of_columns(net, z[b], y[k, 0], ROWS[b].numpy())
            want = sum(columns[d] for d in range(6) if d not in lost)
            assert float(found[k, b].detach()) == pytest.approx(want, rel=1e-12, abs=1e-12)


def test_columns_of_as_many_categories_are_one_distribution():
    columns = (("categorical", 3), ("categorical", 2), "bernoulli", ("categorical", 3), ("categorical", 2))
    net = likelihood_net(("mixed", {"columns": columns}), (2,), (4,), 11).double()
    z, x = torch.randn(5, 2).double(), torch.tensor([0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1]).double()
    p, logits = net(z), net.logits(*net.trunk(z))
    assert len(p.base_dist.parts) == 3
    switch, first, second, third, fourth = logits.split([1, 3, 2, 3, 2], -1)  # in the order of the columns
    blocks = zip((first, second, third, fourth), (2, 0, 0, 1), strict=True)
    want = F.logsigmoid(switch[:, 0]) + sum(block.log_softmax(-1)[:, k] for block, k in blocks)
    torch.testing.assert_close(p.log_prob(x), want)
    torch.testing.assert_close(p.mean[:, 6:9], third.softmax(-1))
    draws = p.expand((20_000, 5)).sample()
    assert bool(net.support.check(draws).all())
    spread = (p.mean * (1 - p.mean) / 20_000).sqrt()
    assert bool(((draws.mean(0) - p.mean).abs() < 5 * spread).all())


def test_samples_and_means_have_the_order_of_the_columns():
    net, z, y = net_of(), torch.randn(1, 2).double(), torch.eye(3).double()[:1]
    p = net(z, y)
    draws = p.expand((20_000, 1)).sample()[:, 0]
    assert draws.shape == (20_000, 9) and bool(net.support.check(draws).all())
    spread = draws.std(0) / 20_000**0.5
    assert bool(((draws.mean(0) - p.mean[0]).abs() < 5 * spread + 1e-9).all())
    torch.testing.assert_close(p.mean[0, CELLS[0]].sum(), torch.tensor(1.0).double())


def test_one_kind_alone_is_the_likelihood_of_that_kind():
    z = torch.randn(5, 2)
    for kind in ("normal", "bernoulli"):
        alone = likelihood_net(kind, (2,), (4,), 3)
        mixed = likelihood_net(("mixed", {"columns": (kind,) * 3}), (2,), (4,), 3)
        mixed.load_state_dict(alone.state_dict())
        torch.testing.assert_close(mixed(z).log_prob(torch.ones(5, 3)), alone(z).log_prob(torch.ones(5, 3)))
    net = likelihood_net(("mixed", {"columns": [["categorical", 3]]}), (2,), (4,), 3)  # lists, as JSON has them
    logits = net.logits(*net.trunk(z))
    torch.testing.assert_close(net(z).log_prob(torch.eye(3)[1]), logits.log_softmax(-1)[:, 1])


def test_the_heads_of_sigma():
    net, z, y = net_of(scale_head="softplus_sigma"), torch.randn(5, 2).double(), torch.eye(3).double()[:1]
    assert hasattr(net, "sigma")
    sigma = net(z, y).base_dist.parts[0].scale
    torch.testing.assert_close(sigma, torch.log1p(net.sigma(*net.trunk(z, y)).exp()) + 1e-4)


def test_values_that_a_column_cannot_have():
    support, missing = net_of().support, net_of("mask").support
    assert bool(support.check(ROWS).all()) and bool(missing.check(ROWS).all())
    row = ROWS[0].clone()
    for cell, value, wrong in (
        (4, 0.3, []),  # a grey value
        (0, 1.0, CELLS[0]),  # two categories
        (1, 0.0, CELLS[0]),  # none
        (1, 0.5, CELLS[0]),
        (4, 2.0, [4]),
        (4, -0.1, [4]),
        (3, NAN, [3]),
    ):
        x = row.clone()
        x[cell] = value
        assert (~support.check(x)).nonzero().flatten().tolist() == wrong
    x = ROWS.clone()
    x[:, CELLS[0]] = x[:, 3] = NAN
    check_values("x", x, missing, "columns")
    x[:, 2] = 1  # a category of which the other cells are missing
    with pytest.raises(ValueError, match="x: got values from .* want columns"):
        check_values("x", x, missing, "columns")
    with pytest.raises(ValueError, match="x: got 6 NaN or infinite values, want finite numbers"):
        check_values("x", torch.where(torch.arange(9) < 2, NAN, ROWS), support, "columns")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((), "columns: got .., want a tuple with the kind of each column"),
        ("normal", "columns: got 'normal', want a tuple with the kind of each column"),
        (("normal", "poisson"), "columns: got 'poisson', want 'normal', 'bernoulli' or .'categorical', number of cat"),
        ((3,), "columns: got 3, want 'normal'"),
        ((("categorical", 0),), "columns: got .'categorical', 0., want 'normal'"),
        ((("categorical",),), "columns: got .'categorical',., want 'normal'"),
        (("normal", ("categorical", 3)), "size: got 3, want 4, the cells of the columns .'normal', .'categorical', 3"),
    ],
)
def test_columns_that_no_row_can_have(columns, message):
    with pytest.raises(ValueError, match=message):
        likelihood_net(("mixed", {"columns": columns}), (2,), (4,), 3)


def test_a_head_of_sigma_that_does_not_exist_is_refused_without_normal_columns_too():
    with pytest.raises(ValueError, match="scale_head: got 'sigma', want one of log_variance, softplus_sigma"):
        likelihood_net(("mixed", {"columns": ("bernoulli",)}), (2,), (4,), 1, scale_head="sigma")


def test_a_column_may_have_a_single_category():
    columns, refused = ("normal", ("categorical", 1)), None
    try:
        net = likelihood_net(("mixed", {"columns": columns}), (2,), (4,), 2)
    except ValueError as error:
        refused = error
    assert refused is None
    assert net(torch.zeros(3, 2)).sample()[:, 1].tolist() == [1.0, 1.0, 1.0]


def test_images_have_pixels_of_one_kind():
    with pytest.raises(ValueError, match="likelihood: got 'mixed' with networks for images, want one likelihood"):
        IAFVAE((3, 2), maps=(3,), likelihood=("mixed", {"columns": ("normal",) * 6}))


@pytest.mark.parametrize("size", [4, 0])
def test_one_hot_cells_of_another_number_than_columns_times_categories(size):
    with pytest.raises(ValueError, match=f"size: got {size} with 6 logits, want a divisor of their number"):
        OneHotCells(torch.zeros(5, 6), size)
