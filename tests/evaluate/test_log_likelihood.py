import math
import warnings
from functools import partial

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine

from pyrodgm import evaluate, testing
from pyrodgm.evaluate import bound
from pyrodgm.evaluate.log_likelihood import DrawnClass, _summary, log_weights, moments
from pyrodgm.handlers import warm_up
from pyrodgm.infer.traces import run_pair
from pyrodgm.models import ADGM, M2, SDGM, VAE
from tests import by_hand
from tests.evaluate.known_evidence import Discrete, LinearNormal
from tests.infer.test_compiled_svi import needs_compiler
from tests.models.test_matrix import constant_variances
from tests.pairs import every_pair, model_classes, of_known_evidence, rows, small

CLASSES = ["all", "drawn"]
log_likelihood = partial(evaluate.log_likelihood, backend="off")  # no chunks enough here to repay tracing them


def check_evidence(estimate, exact):
    """Every row within 4 standard errors, their mean within 3 of its own."""
    assert bool((estimate.row_errors < 0.1).all()), "too few samples for the test to mean anything"
    assert bool(((estimate.rows - exact).abs() < 4 * estimate.row_errors).all())
    error = float(estimate.row_errors.square().mean() / len(exact)) ** 0.5
    assert estimate.mean == pytest.approx(float(exact.mean()), abs=3 * error)


def test_linear_normal_pair_has_its_closed_form_evidence():
    model = LinearNormal()
    x = torch.randn(20, 4).double()
    estimate, exact = log_likelihood(model, x), model.evidence(x)
    check_evidence(estimate, exact)
    ten = log_likelihood(model, x.repeat(50, 1), num_samples=10).mean
    assert bound(model, x, num_samples=200) < ten < float(exact.mean())


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("enumerated", ["guide", "model", "nowhere"])
def test_discrete_pair_has_its_enumerated_evidence(enumerated, classes):
    model = Discrete(enumerated)
    x = model.data()
    check_evidence(log_likelihood(model, x, classes=classes), model.evidence(x))
    y = torch.arange(16) % 3
    if enumerated != "model":
        check_evidence(log_likelihood(model, x, y, classes=classes), model.joint(x)[torch.arange(16), y])


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("model_class", model_classes())
def test_every_model_reaches_the_known_evidence(model_class, classes):
    model = constant_variances(of_known_evidence(model_class).double())
    x = 0.7 * torch.randn(5, 6, dtype=torch.float64)
    check_evidence(log_likelihood(model, x, num_samples=20_000, classes=classes), by_hand.evidence(model, x).detach())


@pytest.mark.parametrize("classes", CLASSES)
def test_the_mean_of_few_weights_is_unbiased(classes):
    model = Discrete()
    x = model.data()
    values = log_likelihood(model, x.repeat(4000, 1), num_samples=3, classes=classes).rows.exp().reshape(4000, 16)
    error = values.std(0) / math.sqrt(4000)
    assert bool(((values.mean(0) - model.evidence(x).exp()).abs() < 4 * error).all())


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_weights_are_those_of_brute_force(model_class, options, labelled):
    model = small(model_class, **options).double().eval()
    x, y = rows(model)
    x, y = x.double(), y if labelled else None
    if labelled and model.num_classes is None:
        return
    torch.manual_seed(3)
    found = log_weights(model, 4, drawn=False)(x, y)
    torch.manual_seed(3)
    guide = run_pair(model.model, model.guide, (x, y), num_samples=4).guide
    values = {name: site["value"] for name, site in guide.items() if name != "y"}
    classes = range(model.num_classes) if y is None and model.num_classes else [0]
    for s in range(4):
        terms = []
        for k in classes:  # one class and one sample at a time
            given = {name: value.select(-2 - guide[name]["fn"].event_dim, s) for name, value in values.items()}
            if model.num_classes is not None:
                given = {name: v[k if len(v) > 1 else 0] if v.dim() == 3 else v for name, v in given.items()}
            label = torch.full((len(x),), k) if y is None and model.num_classes else y
            q = poutine.trace(poutine.condition(model.guide, given)).get_trace(x, label)
            pair = poutine.trace(poutine.condition(model.model, given)).get_trace(x, label)
            terms.append(testing.row_log_prob(pair) - testing.row_log_prob(q))
        torch.testing.assert_close(found[s], torch.stack(terms).logsumexp(0), rtol=1e-9, atol=0)


@pytest.mark.parametrize("model_class", [M2, ADGM, SDGM])
def test_all_classes_and_drawn_ones_estimate_the_same(model_class):
    model = small(model_class)
    x, y = rows(model)
    every, drawn = log_likelihood(model, x), log_likelihood(model, x, num_samples=20_000, classes="drawn")
    errors = (every.row_errors**2 + drawn.row_errors**2).sqrt()
    assert float(errors.max()) < 0.3
    assert bool(((every.rows - drawn.rows).abs() < 4 * errors).all())
    joint = [log_likelihood(model, x, torch.full_like(y, k)) for k in range(3)]
    errors = torch.stack([every.row_errors, *(e.row_errors for e in joint)]).norm(dim=0)
    assert bool(((torch.stack([e.rows for e in joint]).logsumexp(0) - every.rows).abs() < 4 * errors).all())


def test_a_class_is_drawn_nine_times_in_ten_by_the_classifier():
    for model in (small(M2), Discrete()):
        x = model.data() if isinstance(model, Discrete) else rows(model)[0]
        q = run_pair(model.model, model.guide, (x,)).guide["y"]["fn"].probs
        site = run_pair(model.model, model.guide, (x,), within=DrawnClass()).guide["y"]
        torch.testing.assert_close(site["fn"].probs, 0.9 * q + 0.1 / 3)
        torch.testing.assert_close(site["log_prob"], site["fn"].log_prob(site["value"]))
        assert site["value"].shape[:2] == (1, len(x))


@pytest.mark.parametrize("classes", CLASSES)
def test_given_labels_are_neither_summed_nor_drawn(classes):
    model = small(M2)
    x, y = rows(model)
    found = []
    for labels in (y, torch.eye(3)[y], (y + 1) % 3):
        torch.manual_seed(2)
        found.append(log_likelihood(model, x, labels, num_samples=20, classes=classes).rows)
    torch.testing.assert_close(found[0], found[1])
    assert not torch.allclose(found[0], found[2], atol=0.01)


@pytest.mark.parametrize("samples", [1, 4, 7, 50, 60])
def test_summary_is_of_all_weights_whatever_the_chunk(samples):
    w = torch.rand(50, 4).double() + 0.1
    surplus = torch.full((samples, 4), 1e6).double()
    chunks = iter(torch.cat([w.log() - 1e4, surplus]).split(samples))
    found = _summary(*moments(lambda x, y: next(chunks), (torch.zeros(4, 1), None), 50, samples), 50)
    torch.testing.assert_close(found.rows, w.mean(0).log() - 1e4, rtol=1e-12, atol=0)
    torch.testing.assert_close(found.row_errors, w.std(0) / w.mean(0) / math.sqrt(50))
    torch.testing.assert_close(found.effective_samples, w.sum(0) ** 2 / (w**2).sum(0))
    assert found.mean == pytest.approx(float(w.mean(0).log().mean()) - 1e4)
    assert found.standard_error == pytest.approx(float(w.mean(0).log().std()) / 2)


def test_weights_are_summed_in_double_precision():
    """Far from zero, single precision has steps as large as the logarithm of a sum over a few samples."""
    log_w = torch.tensor([-5e6, -5e6 - 1, -5e6 - 2])[:, None]
    first, second = moments(lambda x, y: log_w, (torch.zeros(1, 1), None), num_samples=3, samples=3)
    weights = torch.tensor([0.0, -1.0, -2.0], dtype=torch.float64)
    torch.testing.assert_close(first[0] + 5e6, weights.logsumexp(0), rtol=1e-6, atol=0)
    torch.testing.assert_close(second[0] + 1e7, (2 * weights).logsumexp(0), rtol=1e-6, atol=0)


def test_no_more_than_a_chunk_is_decoded_at_once():
    model, seen = small(M2), []
    model.p_x.register_forward_hook(lambda net, parents, fn: seen.append(fn.batch_shape.numel()))
    log_likelihood(model, torch.rand(9, 6), num_samples=50, chunk_size=40, backend="off")
    assert seen == [39] * 9 * 4  # 13 samples, 3 classes, one row
    seen.clear()
    log_likelihood(model, torch.rand(9, 6), num_samples=5, chunk_size=40, backend="off", classes="drawn")
    assert seen == [40, 5]


def test_a_chunk_holds_more_rows_if_their_labels_are_given():
    model, seen = small(M2), []
    model.p_x.register_forward_hook(lambda net, parents, fn: seen.append(fn.batch_shape.numel()))
    log_likelihood(model, torch.rand(9, 6), torch.arange(9) % 3, num_samples=5, chunk_size=40, backend="off")
    assert seen == [40, 5]  # five samples of one class, eight rows and one


def test_one_row_has_no_standard_error_of_the_mean():
    estimate = log_likelihood(small(M2), torch.rand(1, 6), num_samples=10)
    assert estimate.rows.shape == (1,) and math.isnan(estimate.standard_error) and math.isfinite(estimate.mean)


def test_one_sample_has_no_standard_error_of_a_row():
    estimate = log_likelihood(small(M2), torch.rand(3, 6), num_samples=1)
    assert bool(estimate.row_errors.isnan().all())
    torch.testing.assert_close(estimate.effective_samples, torch.ones(3).double())


@pytest.mark.parametrize(
    ("classes", "backend"),
    [("all", "replay"), ("drawn", "replay"), pytest.param("drawn", "inductor", marks=needs_compiler)],
)
def test_graphs_give_the_numbers_of_the_pair(classes, backend):
    model = small(ADGM)
    x, _ = rows(model)
    found = []
    for name in ("off", backend):
        pyro.set_rng_seed(1)
        found.append(log_likelihood(model, x, num_samples=60, classes=classes, chunk_size=20, backend=name))
    torch.testing.assert_close(found[0].rows, found[1].rows, rtol=1e-5, atol=1e-5)


def test_a_training_model_stays_so_and_is_read_as_in_evaluation():
    model = small(M2, batch_norm=True)
    x, _ = rows(model)
    model.guide(x)
    before = model.state_dict()["q_y.trunk.norms.0.running_mean"].clone()
    log_likelihood(model, x, num_samples=20)
    assert model.training and model.p_x.trunk.norms[0].training
    torch.testing.assert_close(model.q_y.trunk.norms[0].running_mean, before)


def test_scaled_masked_and_unplated_sites_are_refused():
    model = small(M2)
    x, _ = rows(model)
    for handler in (poutine.scale(scale=0.5), warm_up(torch.tensor(0.5)), warm_up(torch.tensor(1.0))):
        with handler, pytest.raises(ValueError, match="model: got site '.' scaled by .*, want every density unscaled"):
            log_likelihood(model, x, num_samples=5)
    with poutine.mask(mask=torch.tensor(True)), pytest.raises(ValueError, match="model: got site 'z' masked, want"):
        log_likelihood(model, x, num_samples=5)

    class Global(LinearNormal):
        def guide(self, x, y=None):
            pyro.sample("w", pyro.distributions.Normal(0.0, 1.0))
            super().guide(x)

    with pytest.raises(ValueError, match="model: got site 'w' outside the plate over rows, want every site in it"):
        log_likelihood(Global(), torch.randn(3, 4).double(), num_samples=5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_samples": 0}, "num_samples: got 0, want a positive int"),
        ({"chunk_size": 0}, "chunk_size: got 0, want a positive int"),
        ({"classes": "some"}, "classes: got 'some', want one of all, drawn"),
        ({"backend": "jit"}, "backend: got 'jit', want one of"),
        ({"y": torch.zeros(3).long()}, "y: got 3 labels, want 7, one for each row of x"),
    ],
)
def test_bad_arguments(options, message):
    model = small(M2)
    with pytest.raises(ValueError, match=message):
        log_likelihood(model, rows(model)[0], **options)


def test_a_bar_where_one_is_wanted(capsys):
    model = small(VAE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a bar for notebooks that is not installed
        log_likelihood(model, torch.rand(9, 6), num_samples=5, progress=True)
    assert "9/9" in capsys.readouterr().err


class NoLatent(torch.nn.Module):
    """x ~ N(0, I): all weights of a row are equal."""

    def model(self, x, y=None):
        with pyro.plate("rows", len(x)):
            pyro.sample("x", dist.Normal(torch.zeros_like(x), 1.0).to_event(1), obs=x)

    def guide(self, x, y=None):
        pass


@pytest.mark.parametrize("num_samples", [3, 7, 100])
def test_equal_weights_have_no_error(num_samples):
    found = log_likelihood(NoLatent(), torch.randn(200, 3), num_samples=num_samples)
    assert float(found.row_errors.abs().max()) < 1e-6  # and not NaN
    torch.testing.assert_close(found.effective_samples, torch.full((200,), float(num_samples)).double())
