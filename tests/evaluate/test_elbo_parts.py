import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import TraceEnum_ELBO

from pyrodgm.evaluate import anomaly_score, bound, elbo_parts, row_bounds
from pyrodgm.models import M2, VAE
from tests.evaluate.known_evidence import Discrete, LinearNormal
from tests.pairs import every_pair, rows, small


def same_noise(function, *args, **kwargs):
    torch.manual_seed(5)
    return function(*args, **kwargs)


def test_a_row_with_one_impossible_cell_has_an_infinite_anomaly_score():
    model = small(VAE)
    x = rows(model)[0]
    x[2, 1] = 1.5
    assert anomaly_score(model, x).isinf().nonzero().flatten().tolist() == [2]


def test_an_anomaly_score_averages_its_samples_and_far_rows_are_computed_in_double_precision():
    model, seen = small(VAE, likelihood="normal"), []
    model.q_z.register_forward_pre_hook(lambda net, parents: seen.append((parents[0].dtype, len(parents[0]))))
    x = torch.randn(4, 6)
    score = same_noise(anomaly_score, model, x, num_samples=3)
    torch.testing.assert_close(score, -same_noise(row_bounds, model, x, num_samples=3))
    seen.clear()
    x[0, 1], x[1, 2] = -20.0, 20.0
    anomaly_score(model, x)
    assert seen == [(torch.float32, 2), (torch.float64, 2)]


def test_an_anomaly_score_leaves_the_model_in_single_precision():
    model = small(VAE, likelihood="normal")
    anomaly_score(model, torch.full((2, 6), 20.0))
    assert {value.dtype for value in model.parameters()} == {torch.float32}


def test_a_count_is_far_on_the_scale_of_its_likelihood():
    model, seen = small(VAE, likelihood=("binomial", {"total_count": 16})), []
    model.q_z.register_forward_pre_hook(lambda net, parents: seen.append(parents[0].dtype))
    anomaly_score(model, torch.full((2, 6), 16.0))
    assert seen == [torch.float32]


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_rows_and_parts_sum_to_pyros_bound(model_class, options, labelled):
    model = small(model_class, **options).double().eval()
    x, y = rows(model)
    x, y = x.double(), y if labelled else None
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    want = -same_noise(elbo.loss, model.model, model.guide, x, y) / len(x)
    assert float(same_noise(row_bounds, model, x, y).mean()) == pytest.approx(want, rel=1e-9)
    assert same_noise(bound, model, x, y) == pytest.approx(want, rel=1e-9)
    parts = same_noise(elbo_parts, model, x, y)
    latents = set(parts) - {"x"} - ({"y"} if labelled else set())
    total = sum(-part if site in latents else part for site, part in parts.items())
    assert total == pytest.approx(want, rel=1e-9)
    order = poutine.trace(model.model).get_trace(x, y).nodes
    assert list(parts) == [site for site in order if site in parts]


def test_a_row_has_its_own_bound():
    model = small(M2).double()
    x = rows(model)[0].double()
    repeated = row_bounds(model, x.repeat(2000, 1), batch_size=3500).reshape(2000, 7)
    error = repeated.std(0) / 2000**0.5
    for i, row in enumerate(x):
        alone = row_bounds(model, row.repeat(2000, 1))
        assert abs(float(alone.mean() - repeated[:, i].mean())) < 4 * 2**0.5 * float(error[i])
    means = repeated.mean(0)
    assert float(means.max() - means.min()) > 10 * float(error.max())
    torch.testing.assert_close(same_noise(anomaly_score, model, x), -same_noise(row_bounds, model, x))


def test_parts_of_a_linear_normal_pair_are_its_formulas():
    """KL(q(z | x) || N(0, I)) and E_q[log p(x | z)], within 4 standard errors of the samples."""
    model = LinearNormal()
    x = torch.randn(10, 4).double()
    values = [elbo_parts(model, x) for _ in range(400)]
    q = poutine.trace(model.guide).get_trace(x).nodes["z"]["fn"].base_dist
    kl = 0.5 * (q.loc**2 + q.scale**2 - 1 - 2 * q.scale.log()).sum(-1).mean()
    residual = (x - q.loc @ model.weight.T - model.bias) ** 2 + (model.weight**2 @ (q.scale**2).T).T
    log_p = (-0.5 * residual / 0.64 - 0.5 * torch.tensor(2 * torch.pi * 0.64).log()).sum(-1).mean()
    for site, want in (("z", kl), ("x", log_p)):
        found = torch.tensor([value[site] for value in values]).double()
        assert abs(float(found.mean() - want)) < 4 * float(found.std()) / 20


@pytest.mark.parametrize("enumerated", ["guide", "model"])
def test_a_discrete_bound_is_pyros(enumerated):
    model = Discrete(enumerated)
    x = model.data()
    elbo = TraceEnum_ELBO(max_plate_nesting=1)
    want = -same_noise(elbo.loss, model.model, model.guide, x) / len(x)
    assert same_noise(bound, model, x) == pytest.approx(want, rel=1e-9)
    if enumerated == "model":
        with pytest.raises(ValueError, match="model: got site 'y' enumerated in the model only, want it in the guide"):
            elbo_parts(model, x)


def test_a_class_of_the_model_alone_on_which_nothing_depends_has_no_part():
    class Unread(LinearNormal):
        def model(self, x, y=None):
            with pyro.plate("unread", len(x)):
                pyro.sample("c", dist.Categorical(torch.ones(3)), infer={"enumerate": "parallel"})
            super().model(x)

    assert list(elbo_parts(Unread(), torch.randn(5, 4).double())) == ["z", "x"]


def test_batches_do_not_matter():
    """Where x does not read c, and q(c | y) = p(c | y), there is no noise."""
    model = Discrete()
    model.p_x, model.q_c = model.p_x[:, :1].expand(-1, 2, -1), model.p_c
    x = model.data()
    for function in (row_bounds, anomaly_score):
        torch.testing.assert_close(function(model, x, batch_size=3), function(model, x, batch_size=100))
    parts = [elbo_parts(model, x, batch_size=size) for size in (3, 100)]
    assert parts[0] == pytest.approx(parts[1], rel=1e-9, abs=1e-9)


def test_an_impossible_class_counts_for_nothing():
    model = Discrete()
    x = model.data()
    model.q_y[1] = -torch.inf
    assert torch.isfinite(row_bounds(model, x)).all()
