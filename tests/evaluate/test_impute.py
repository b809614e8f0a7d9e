"""Imputation against conditionals that are known, and the density of the observed cells beside it."""

import importlib
import math

import pyro
import pyro.distributions as dist
import pytest
import torch

from pyrodgm.distributions import ObservedCells
from pyrodgm.evaluate import impute, log_likelihood
from pyrodgm.models import M2, VAE, LatentClassifierVAE
from tests.evaluate.known_evidence import LinearNormal, LinearNormalWithMissing

NAN = torch.nan
REPEATS = 12


def rows_with_missing_cells(num_columns=4):
    x = torch.randn(5, num_columns, dtype=torch.float64)
    for row, lost in enumerate(([0], [1, 2], [3], list(range(num_columns)), [])):
        x[row, lost] = NAN
    return x


def check_mean(model, x, want, y=None, **options):
    """The mean of several imputations is within three of its standard errors, and observed cells are as they were."""
    runs = torch.stack([impute(model, x, y, **options) for _ in range(REPEATS)])
    error = runs.std(0) / math.sqrt(REPEATS)
    lost = x.isnan()
    assert bool((runs[:, ~lost] == x[~lost]).all())
    distance = ((runs.mean(0) - want) / error)[lost]
    assert bool((distance.abs() < 3).all()), distance
    assert bool((error[lost] < 0.05).all())  # or three of them would say little


class TestLinearNormal:
    """x = Wz + b + noise, whose conditional is a normal's."""

    @pytest.mark.parametrize("chunk_size", [100_000, 300])  # all samples at once, and in seven parts
    def test_the_mean_is_the_conditional_mean(self, chunk_size):
        model, x = LinearNormalWithMissing(), rows_with_missing_cells()
        want = x.clone()
        for row in want:
            row[row.isnan()] = model.conditional(row)[0]
        check_mean(model, x, want, num_samples=2000, chunk_size=chunk_size)

    @pytest.mark.parametrize("chunk_size", [100_000, 700])
    def test_draws_have_the_conditional_mean_and_covariance(self, chunk_size):
        model, x = LinearNormalWithMissing(), rows_with_missing_cells()[1:2]
        mean, covariance = model.conditional(x[0])
        draws = impute(model, x, num_samples=4000, num_draws=1000, chunk_size=chunk_size)
        assert draws.shape == (1000, 1, 4)
        assert bool((draws[:, 0, [0, 3]] == x[0, [0, 3]]).all())
        draws = draws[:, 0, [1, 2]]
        error = covariance.diagonal().sqrt() * math.sqrt(1 / 500)  # of the draws and of the samples
        assert bool(((draws.mean(0) - mean).abs() < 3 * error).all())
        torch.testing.assert_close(draws.T.cov(), covariance, rtol=0.12, atol=0.12 * float(covariance.trace()) / 2)

    def test_every_row_has_draws_of_its_own(self):
        model, x = LinearNormalWithMissing(), rows_with_missing_cells()[1:2].repeat(2, 1)
        x[0, [0, 3]], x[1, [0, 3]] = 2.0, -2.0
        draws = impute(model, x, num_samples=2000, num_draws=400)[:, :, [1, 2]]
        for row, found in zip(x, draws.unbind(1), strict=True):
            mean, covariance = model.conditional(row)
            assert bool(((found.mean(0) - mean).abs() < 5 * covariance.diagonal().sqrt() / math.sqrt(200)).all())

    def test_importance_weights_reach_the_marginal(self):
        model, x = LinearNormalWithMissing(), rows_with_missing_cells()
        found = log_likelihood(model, x, num_samples=20_000)
        assert bool(((found.rows - model.evidence(x)).abs() < 3 * found.row_errors).all())
        assert float(found.row_errors.max()) < 0.05


def made_wide(model):
    """The model with a q(z | ...) that is wider than any posterior, so that weights are bounded."""
    with torch.no_grad():
        model.q_z.log_variance.weight.zero_()
        model.q_z.log_variance.bias.fill_(0.5)
        for parameter in model.p_x.parameters():
            parameter.mul_(2.0)
    return model


def grid_of_units(size=4001):
    z = torch.linspace(-8, 8, size, dtype=torch.float64)
    return z[:, None], -0.5 * z**2 - 0.5 * math.log(2 * math.pi) + math.log(16 / (size - 1))


def by_grid(log_joint, p_x, x):
    """log p(x_obs), and E[x_mis | x_obs], by a sum over z and y: log_joint and p_x of every point, ``(points,)``."""
    rows, evidence = x.clone(), []
    for row in rows:
        log_w = log_joint + p_x.log_prob(row)
        evidence.append(log_w.logsumexp(0))
        row[row.isnan()] = (log_w.softmax(0) @ p_x.mean)[row.isnan()]
    return torch.stack(evidence), rows


def bits_with_missing_cells():
    return torch.where(rows_with_missing_cells().isnan(), NAN, torch.bernoulli(torch.full((5, 4), 0.5)).double())


class TestM2:
    """One latent unit and three classes: p(x_obs) is a sum over a grid."""

    def model(self, missing="mask"):
        return made_wide(M2(4, 3, z_size=1, hidden=(6,), missing=missing).double().eval())

    @torch.no_grad()
    def exact(self, model, x, classes=(0, 1, 2)):
        z, log_p = grid_of_units()
        y = torch.eye(3).double()[list(classes)]
        points = z.repeat(len(y), 1), y.repeat_interleave(len(z), 0)
        return by_grid(log_p.repeat(len(y)) - math.log(3), model.p_x(*points), x)

    @pytest.mark.parametrize("missing", ["mask", "zeros"])
    def test_the_class_is_summed(self, missing):
        model, x = self.model(missing), bits_with_missing_cells()
        evidence, want = self.exact(model, x)
        check_mean(model, x, want, num_samples=500)
        for classes in ("all", "drawn"):
            found = log_likelihood(model, x, num_samples=5000, classes=classes)
            assert bool(((found.rows - evidence).abs() < 3 * found.row_errors.clamp(min=1e-6)).all())

    def test_a_class_that_is_given(self):
        model, x = self.model(), bits_with_missing_cells()
        check_mean(model, x, self.exact(model, x, classes=(2,))[1], y=torch.full((5,), 2), num_samples=500)

    def test_draws(self):
        model, x = self.model(), bits_with_missing_cells()[:1]
        want = float(self.exact(model, x)[1][0, 0])
        draws = impute(model, x, num_samples=2000, num_draws=500)
        assert set(draws.unique().tolist()) <= {0.0, 1.0}
        error = math.sqrt(want * (1 - want) / 500)
        assert abs(float(draws[:, 0, 0].mean()) - want) < 3 * error


@pytest.mark.parametrize("options", [{}, {"bound": "jensen"}, {"x_reads_y": False}], ids=str)
def test_a_class_that_the_model_sums(options):
    """p(x, y | z) with a class network on z: the mixture of x is that of p(y | z, x_obs)."""
    model = made_wide(LatentClassifierVAE(4, 3, z_size=1, hidden=(6,), missing="mask", **options).double().eval())
    with torch.no_grad():
        x, (z, log_p) = bits_with_missing_cells(), grid_of_units()
        log_y = model.p_y(z).logits.log_softmax(-1).T.reshape(-1)  # (K points,)
        z = z.repeat(3, 1)
        parents = (z, torch.eye(3).double().repeat_interleave(len(log_p), 0)) if model.x_reads_y else (z,)
        evidence, want = by_grid(log_p.repeat(3) + log_y, model.p_x(*parents), x)
    check_mean(model, x, want, num_samples=500)
    found = log_likelihood(model, x, num_samples=10_000)
    assert bool(((found.rows - evidence).abs() < 3 * found.row_errors.clamp(min=1e-6)).all())


def test_parts_count_by_their_weights(monkeypatch):
    """The mean over parts is the weighted mean of all samples of all parts, seen as they were drawn."""
    module, seen = importlib.import_module("pyrodgm.evaluate.impute"), []
    of_pair = module._weights_and_cells

    def noted(*args):
        log_w, p_x = of_pair(*args)
        seen.append((log_w, p_x.mean.flatten(0, -3)))
        return log_w, p_x

    monkeypatch.setattr(module, "_weights_and_cells", noted)
    model, x = TestM2().model(), bits_with_missing_cells()[:1]
    filled = impute(model, x, num_samples=10, chunk_size=9)
    assert len(seen) == 4  # three samples of three classes at once, and one
    log_w, mean = (torch.cat(parts) for parts in zip(*seen, strict=True))
    want = (log_w.softmax(0)[..., None] * mean).sum(0)
    torch.testing.assert_close(filled[x.isnan()], want[x.isnan()], rtol=1e-12, atol=0)


def test_no_more_than_a_chunk_is_decoded_at_once():
    model, x, seen = TestM2().model(), bits_with_missing_cells()[:1].repeat(6, 1), []
    model.p_x.register_forward_hook(lambda net, parents, fn: seen.append(fn.batch_shape.numel()))
    impute(model, x, num_samples=10, chunk_size=9)
    assert seen == [9, 9, 9, 3] * 6  # three samples of three classes at once, then the one that is left
    seen.clear()
    impute(model, x, num_samples=10, chunk_size=60)
    assert seen == [60] * 3  # two rows at once
    seen.clear()
    impute(model, x, torch.zeros(6).long(), num_samples=10, chunk_size=40)
    assert seen == [40, 20]  # a given class is decoded alone


def test_labels_stay_with_their_rows():
    model, x, y = TestM2().model(), bits_with_missing_cells().flip(0), torch.tensor([0, 1, 2, 0, 1])
    found = []
    for begin in (0, 1):  # the first row is complete
        torch.manual_seed(3)
        found.append(impute(model, x[begin:], y[begin:], num_samples=5))
    assert torch.equal(found[0][1:], found[1])


def test_complete_rows_come_back_as_they_are():
    model, x = VAE(4, z_size=1, hidden=(3,), missing="zeros"), torch.rand(3, 4)
    assert torch.equal(impute(model, x), x)
    assert torch.equal(impute(model, x, num_draws=2), x.expand(2, 3, 4))


def test_the_model_goes_back_to_training():
    model = VAE(4, z_size=1, hidden=(3,), missing="zeros", batch_norm=True)
    x = torch.tensor([[NAN, 1.0, 0.0, 1.0]])
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert not impute(model, x, num_samples=5).requires_grad
    assert model.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


LOST = torch.tensor([[NAN, 1.0, 0.0, 1.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: impute(m, LOST, num_samples=0), "num_samples: got 0, want a positive int"),
        (lambda m: impute(m, LOST, num_draws=0), "num_draws: got 0, want a positive int"),
        (lambda m: impute(m, LOST, chunk_size=0), "chunk_size: got 0, want a positive int"),
        (lambda m: impute(m, LOST, site="v"), "site: got 'v', want one of x, z"),
        (lambda m: impute(m, LOST * torch.inf), "x: got 2 infinite values, want values in .0, 1., or NaN"),
        (lambda m: impute(m, LOST + 3), "x: got values from 3 to 4, want values in .0, 1., or NaN"),
        (lambda m: impute(VAE(4), LOST), "x: got 1 NaN or infinite values, want finite numbers"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call(VAE(4, z_size=1, hidden=(3,), missing="mask"))


def test_a_pair_that_does_not_leave_cells_out_is_refused():
    with pyro.validation_enabled(False), pytest.raises(ValueError, match="got Independent at site 'x', want ObservedC"):
        impute(LinearNormal(), LOST.double().nan_to_num(NAN))


class Switch(torch.nn.Module):
    """Both cells are z, 0 or 1 with equal probability; a row with another number is impossible."""

    def model(self, x, y=None):
        with pyro.plate("rows", len(x)):
            z = pyro.sample("z", dist.Bernoulli(torch.full((len(x),), 0.5)))
            pyro.sample("x", ObservedCells(dist.Normal(z[..., None].expand(*z.shape, 2), 1e-20), 1), obs=x)

    def guide(self, x, y=None):
        with pyro.plate("rows", len(x)):
            pyro.sample("z", dist.Bernoulli(torch.full((len(x),), 0.5)))


@pytest.mark.parametrize("num_draws", [None, 3])
def test_first_samples_that_are_impossible_count_nothing(num_draws):
    x = torch.tensor([[1.0, NAN]]).repeat(20, 1)
    filled = impute(Switch(), x, num_samples=30, num_draws=num_draws, chunk_size=1)
    torch.testing.assert_close(filled, torch.ones_like(filled))


@pytest.mark.parametrize("num_draws", [None, 3])
def test_observed_cells_that_are_impossible_are_refused(num_draws):
    x = torch.tensor([[1.0, NAN], [0.5, NAN], [0.0, NAN]])
    with pytest.raises(ValueError, match="x: got 1 rows with observed cells that are impossible under the model"):
        impute(Switch(), x, num_samples=30, num_draws=num_draws, chunk_size=90)


class Far(torch.nn.Module):
    """The first cell is far from its mean, and the second is z, 0 or 1: all samples of a row have the same weight."""

    def model(self, x, y=None):
        with pyro.plate("rows", len(x)):
            z = pyro.sample("z", dist.Bernoulli(torch.full((len(x),), 0.5)))
            means = torch.stack([torch.zeros_like(z), z], -1)
            pyro.sample("x", ObservedCells(dist.Normal(means, 1.0), 1), obs=x)

    guide = Switch.guide


def test_parts_are_weighed_in_double_precision():
    """Far from zero, single precision has steps as large as the logarithm of a sum over a few samples."""
    x = torch.tensor([[3000.0, NAN]]).repeat(20, 1)
    ones = 4 * impute(Far(), x, num_samples=4, chunk_size=3)[:, 1]  # three samples, and one
    torch.testing.assert_close(ones, ones.round())
