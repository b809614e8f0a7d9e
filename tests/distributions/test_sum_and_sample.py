"""SumAndSample: the probability-weighted sum over all possible draws equals the sum over all classes."""

import inspect
import itertools
import math
from contextlib import nullcontext
from functools import partial

import pyro
import pyro.distributions as dist
import pytest
import torch
import torch.nn.functional as F
from pyro import poutine
from pyro.infer import SVI, TraceEnum_ELBO, TraceTMC_ELBO, infer_discrete
from pyro.optim import Adam
from pyro.poutine.messenger import Messenger

from pyrodgm import evaluate
from pyrodgm.distributions import SumAndSample, reparameterise
from pyrodgm.distributions.one_hot import known_classes
from pyrodgm.handlers import JointNoise, warm_up
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO
from pyrodgm.infer.traces import run_pair
from pyrodgm.models import ADGM, M2, AdversarialM2, CaGeM
from tests.pairs import VARIANTS, accepted, model_classes, rows, small

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
NEEDED = {"LatentClassifierVAE": {"bound": "jensen"}, "M1M2": {"joint": True}}
SAMPLED = [c for c in model_classes() if "classes" in inspect.signature(c).parameters]


class NoiseByClass(Messenger):
    """Makes every latent from noise of its row and class, however many classes are enumerated."""

    def __init__(self, num_classes):
        super().__init__()
        self.num_classes, self.y = num_classes, None

    def __enter__(self):
        self.y = None
        return super().__enter__()

    def _pyro_sample(self, msg):
        fn, name = msg["fn"], msg["name"]
        if name == "y" or msg["done"] or msg["is_observed"] or not getattr(fn, "event_shape", ()):
            return
        generator = torch.Generator().manual_seed(sum(map(ord, name)))
        shape = (fn.batch_shape[-1], self.num_classes, *fn.event_shape)
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        if len(fn.batch_shape) == 1:
            noise = noise[:, 0]
        else:
            noise = torch.einsum("...bk,bkd->...bd", self.y.expand(*self.y.shape[:-2], shape[0], -1), noise)
        msg["value"], msg["done"] = reparameterise(fn, noise), True

    def _pyro_post_sample(self, msg):
        if msg["name"] == "y":
            self.y = msg["value"]


def make(model_class, classes, scale=1.5, **options):
    torch.manual_seed(0)
    options = NEEDED.get(model_class.__name__, {}) | options
    model = small(model_class, num_classes=4, classes=classes, **options).double()
    for parameter in model.parameters():  # classes that differ
        parameter.data.mul_(scale)
    return model


def loss_and_gradients(model, x, within, elbo=ELBO):
    model.zero_grad()
    with within:
        loss = elbo.differentiable_loss(model.model, model.guide, x)
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return torch.cat([loss.detach()[None], *(gradient.flatten() for gradient in gradients)])


def every_draw(monkeypatch, top, num_rows, num_classes, compute):
    """The values of ``compute()`` for every drawn class of every row, and their probabilities."""
    values, probabilities = [], []
    for picks in itertools.product(range(num_classes - top), repeat=num_rows):
        seen = []

        def forced(self, weights, picks=picks, seen=seen):
            flat = weights.reshape(num_rows, num_classes)
            index = torch.stack([row.nonzero()[pick] for row, pick in zip(flat, picks, strict=True)])
            seen.append((flat.gather(-1, index)[:, 0] / flat.sum(-1)).prod())
            return index.reshape(*weights.shape[:-1], 1)

        monkeypatch.setattr(SumAndSample, "_draw", forced)
        values.append(compute())
        probabilities.append(seen[0])
    assert sum(probabilities) == pytest.approx(1, abs=1e-12)
    return torch.stack(values), torch.stack(probabilities)


@pytest.mark.parametrize("top", [1, pytest.param(2, marks=pytest.mark.slow), 3])
@pytest.mark.parametrize("model_class", SAMPLED)
def test_the_draws_weighted_are_the_sum(model_class, top, monkeypatch):
    noise = NoiseByClass(4)
    summed, sampled = make(model_class, "enumerated"), make(model_class, ("sampled", {"top": top}))
    x = rows(summed)[0].double()[:2]
    expected = loss_and_gradients(summed, x, noise)
    values, probabilities = every_draw(monkeypatch, top, 2, 4, lambda: loss_and_gradients(sampled, x, noise))
    torch.testing.assert_close((probabilities[:, None] * values).sum(0), expected, rtol=1e-12, atol=1e-12)
    if top < 3:
        assert values.std(0).max() > 1e-3  # the draws differ


@pytest.mark.parametrize(
    ("model_class", "options"), [(c, options) for c in (ADGM, CaGeM) for options in VARIANTS[c.__name__]], ids=str
)
def test_the_draws_weighted_are_the_sum_in_every_variant(model_class, options, monkeypatch):
    noise = NoiseByClass(4)
    summed, sampled = (make(model_class, c, **options) for c in ("enumerated", ("sampled", {"top": 1})))
    x = rows(summed)[0].double()[:2]
    expected = loss_and_gradients(summed, x, noise)
    values, probabilities = every_draw(monkeypatch, 1, 2, 4, lambda: loss_and_gradients(sampled, x, noise))
    largest = max(1.0, float(expected.abs().max()))  # CaGeM's without a skip connection is a million
    torch.testing.assert_close((probabilities[:, None] * values).sum(0), expected, rtol=1e-12, atol=1e-12 * largest)
    assert values.std(0).max() > 1e-3


@pytest.mark.parametrize("model_class", [M2, ADGM, CaGeM, AdversarialM2])
def test_the_objective_with_labels_is_that_of_all_classes_on_average(model_class, monkeypatch):
    """The labelled bound, the class term and the adversary's loss do not depend on the draw; the rest is weighted."""
    summed, sampled = make(model_class, "enumerated"), make(model_class, ("sampled", {"top": 1}))
    x, y = rows(summed)[0].double()[:2], torch.tensor([0, 2])

    def gradient(model, unlabelled=x):
        pyro.set_rng_seed(5)  # the labelled rows' noise
        objective = SemiSupervisedELBO.of(model, ELBO, alpha=2.0)
        parameters = list(model.parameters())
        labelled_loss = objective.differentiable_loss(model.model, model.guide, labelled=(x, y))
        with NoiseByClass(4):
            loss = labelled_loss + (0 if unlabelled is None else ELBO.differentiable_loss(model.model, model.guide, x))
        gradients = torch.autograd.grad(loss, parameters, materialize_grads=True)
        return torch.cat([loss.detach()[None], *(g.flatten() for g in gradients)])

    assert torch.equal(gradient(sampled, None), gradient(summed, None))
    values, probabilities = every_draw(monkeypatch, 1, 2, 4, lambda: gradient(sampled))
    torch.testing.assert_close((probabilities[:, None] * values).sum(0), gradient(summed), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("model_class", [M2, CaGeM])
def test_the_draws_weighted_are_the_sum_in_a_warm_up(model_class, discrete, monkeypatch):
    noise, beta = NoiseByClass(4), torch.tensor(0.3, dtype=torch.float64)
    summed, sampled = make(model_class, "enumerated"), make(model_class, ("sampled", {"top": 1}))
    x = rows(summed)[0].double()[:2]
    without = loss_and_gradients(summed, x, noise)
    with warm_up(beta, discrete=discrete):
        expected = loss_and_gradients(summed, x, noise)
        values, probabilities = every_draw(monkeypatch, 1, 2, 4, lambda: loss_and_gradients(sampled, x, noise))
    torch.testing.assert_close((probabilities[:, None] * values).sum(0), expected, rtol=1e-12, atol=1e-12)
    assert values.std(0).max() > 1e-3 and not torch.allclose(expected, without)


def pair(top, offset=0.0, logits=None, scale=1.0, enumerate="parallel"):
    """A class of three rows, and functions of model and guide; ``offset`` moves every class's cost alike."""
    torch.manual_seed(3)
    logits = torch.randn(3, 5, dtype=torch.float64) if logits is None else logits
    logits = logits.clone().requires_grad_()
    means = torch.randn(5, dtype=torch.float64)

    def model():
        with pyro.plate("rows", 3), poutine.scale(scale=scale):
            y = pyro.sample("y", dist.OneHotCategorical(logits=means.new_zeros(5)))
            pyro.sample("x", dist.Normal(y @ means, 1.0), obs=torch.ones(3, dtype=torch.float64) + offset)

    def guide():
        with pyro.plate("rows", 3), poutine.scale(scale=scale):
            fn = dist.OneHotCategorical(logits=logits) if top is None else SumAndSample(logits, top)
            pyro.sample("y", fn, infer={"enumerate": enumerate})

    def gradient(elbo=ELBO):
        loss = elbo.differentiable_loss(model, guide)
        return torch.cat([loss.detach()[None], torch.autograd.grad(loss, logits)[0].flatten()])

    return gradient, model, guide


@pytest.mark.parametrize("model_class", [M2, ADGM])
def test_free_draws_and_free_latents_are_right_on_average(model_class):
    elbo = TraceEnum_ELBO(num_particles=100, vectorize_particles=True, max_plate_nesting=1)
    means, variances = [], []
    for classes in ("enumerated", ("sampled", {"top": 1})):
        model = make(model_class, classes, scale=0.8)
        x = rows(model)[0].double()[:2]
        pyro.set_rng_seed(len(means))
        draws = torch.stack([loss_and_gradients(model, x, nullcontext(), elbo) for _ in range(20)])
        means.append(draws.mean(0))
        variances.append(draws.var(0) / len(draws))
    assert bool(((means[0] - means[1]).abs() <= 4.5 * (variances[0] + variances[1]).sqrt() + 1e-12).all())


@pytest.mark.parametrize("options", [{}, {"scale": 2.5}])
def test_free_draws_are_right_on_average(options):
    expected = pair(None, **options)[0]()
    gradient = pair(2, **options)[0]
    pyro.set_rng_seed(0)
    draws = torch.stack([gradient() for _ in range(600)])
    error = draws.std(0) / math.sqrt(len(draws))
    assert bool(((draws.mean(0) - expected).abs() <= 4 * error + 1e-12).all())


def test_free_draws_of_a_class_that_depends_on_another_are_right_on_average():
    torch.manual_seed(3)
    of_a, of_b = (torch.randn(3, size, dtype=torch.float64, requires_grad=True) for size in (4, 20))
    means = torch.randn(4, 5, dtype=torch.float64)

    def model():
        with pyro.plate("rows", 3):
            a = pyro.sample("a", dist.OneHotCategorical(logits=means.new_zeros(4)))
            b = pyro.sample("b", dist.OneHotCategorical(logits=means.new_zeros(5)))
            pyro.sample("x", dist.Normal(((a @ means) * b).sum(-1), 0.5), obs=torch.ones(3, dtype=torch.float64))

    def gradient(tops):
        def class_of(logits, top):
            return dist.OneHotCategorical(logits=logits) if top is None else SumAndSample(logits, top)

        def guide():
            with pyro.plate("rows", 3):
                a = pyro.sample("a", class_of(of_a, tops[0]), infer={"enumerate": "parallel"})
                logits = (a[..., None, :] @ of_b.reshape(3, 4, 5)).squeeze(-2)
                pyro.sample("b", class_of(logits, tops[1]), infer={"enumerate": "parallel"})

        loss = ELBO.differentiable_loss(model, guide)
        return torch.cat([loss.detach()[None], *(g.flatten() for g in torch.autograd.grad(loss, [of_a, of_b]))])

    expected = gradient((None, None))
    draws = torch.stack([gradient((1, 2)) for _ in range(600)])
    error = draws.std(0) / math.sqrt(len(draws))
    assert bool(((draws.mean(0) - expected).abs() <= 4.5 * error + 1e-12).all())
    assert float(error.max()) > 1e-3  # the draws differ


def test_classes_that_are_enumerated_one_after_another(monkeypatch):
    """The guide runs again for each of them, so that another distribution gives the score."""
    expected = pair(None)[0]()
    gradient = pair(2, enumerate="sequential")[0]
    values, probabilities = every_draw(monkeypatch, 2, 3, 5, gradient)
    torch.testing.assert_close((probabilities[:, None] * values).sum(0), expected, rtol=1e-12, atol=1e-12)
    assert values.std(0).max() > 1e-3


def test_particles_draw_classes_of_their_own():
    elbo = TraceEnum_ELBO(num_particles=400, vectorize_particles=True, max_plate_nesting=1)
    expected, gradient = pair(None)[0](), pair(1)[0]
    pyro.set_rng_seed(0)
    draws = torch.stack([gradient(elbo) for _ in range(30)])
    error = draws.std(0) / math.sqrt(len(draws))
    assert bool(((draws.mean(0) - expected).abs() <= 4.5 * error + 1e-12).all())
    single = torch.stack([gradient() for _ in range(30)])
    assert draws[:, 0].std() < 0.2 * single[:, 0].std()


def test_the_baseline_takes_a_common_cost_out(monkeypatch):
    """An offset of all costs adds no variance to the gradient."""
    spreads = []
    for offset in (0.0, 50.0):
        gradient = pair(2, offset=offset, logits=torch.zeros(3, 5, dtype=torch.float64))[0]
        values, probabilities = every_draw(monkeypatch, 2, 3, 5, gradient)
        mean = (probabilities[:, None] * values).sum(0)
        spreads.append((probabilities[:, None] * (values - mean)[:, 1:].square()).sum())
    without = spreads[1] / 50**2
    assert spreads[0] > 0 and without < 20 * spreads[0]  # the costs differ by y's own share of the offset


def test_weights_sum_to_one_without_a_gradient():
    logits = torch.randn(6, 7, dtype=torch.float64, requires_grad=True)
    for top in range(1, 7):
        fn = SumAndSample(logits, top)
        total = fn.score_parts(fn.enumerate_support()).score_function.exp().sum(0)
        torch.testing.assert_close(total, torch.ones(6, dtype=torch.float64), rtol=1e-12, atol=0)
        (gradient,) = torch.autograd.grad(total.sum(), logits)
        torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    "logits",
    [
        [0.0, -math.inf, -math.inf, -math.inf],  # an impossible rest, and an impossible class among the summed
        [0.0, 1.0, -math.inf, -math.inf],
        [0.0, 0.0, 0.0, 0.0],
        [800.0, 0.0, -800.0, 1.0],
        [1e30, 0.0, -1e30, 1.0],
        [-math.inf, -math.inf, -math.inf, 0.0],
    ],
)
@pytest.mark.parametrize("top", [1, 2, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_numbers(logits, top, dtype):
    logits = torch.tensor([logits] * 40, dtype=dtype, requires_grad=True)
    fn = SumAndSample(logits, top)
    value = fn.enumerate_support()
    classes = value.argmax(-1).T  # (B, top + 1)
    assert value.shape == (top + 1, 40, 4) and bool((value.sum(-1) == 1).all())
    assert all(len(set(row)) == top + 1 for row in classes.tolist())  # no class twice
    expected = dist.OneHotCategorical(logits=logits).logits
    score = fn.score_parts(value).score_function
    assert not bool(score.isnan().any())
    weights = score.exp()
    torch.testing.assert_close(weights.sum(0), torch.ones(40, dtype=dtype), rtol=1e-6, atol=1e-6)
    log_q = fn.score_parts(value).log_prob
    assert torch.equal(log_q.T, expected.gather(-1, classes))
    cost = torch.where(weights.detach() > 0, weights * torch.randn(top + 1, 40, dtype=dtype), 0.0)
    (gradient,) = torch.autograd.grad(cost.sum(), logits)
    assert not bool(gradient.isnan().any())


def test_classes_are_drawn_in_proportion_and_by_row():
    logits = torch.tensor([2.0, -1.0, 0.5, 0.0, -0.5])
    torch.manual_seed(0)
    classes = SumAndSample(logits.expand(20_000, 5), 2).enumerate_support().argmax(-1)
    assert set(classes[:2].unique().tolist()) == {0, 2}
    share = torch.bincount(classes[2], minlength=5) / 20_000
    expected = logits.softmax(-1) * torch.tensor([0, 1, 0, 1, 1])
    torch.testing.assert_close(share, expected / expected.sum(), atol=4 * 0.5 / math.sqrt(20_000), rtol=0)


@pytest.mark.parametrize("backend", ["svi", "replay", pytest.param("inductor", marks=pytest.mark.slow)])
def test_many_classes_take_the_steps_of_products(backend, monkeypatch):
    """Classes, drawn and given, that the first layers read by their index."""

    def losses(product):
        pyro.set_rng_seed(2)
        pyro.clear_param_store()
        model = small(M2, num_classes=120, hidden=(), classes="sampled")
        x, y = rows(model)
        known = SumAndSample(torch.randn(7, 120), 2).enumerate_support()
        assert torch.equal(known_classes(known), known.argmax(-1))
        assert torch.equal(known_classes(model.one_hot(y)), y) and known_classes(model.one_hot(known[0])) is not y
        engine = SVI if backend == "svi" else partial(CompiledSVI, backend=backend)
        loss, seen = SemiSupervisedELBO.of(model, ELBO, alpha=2.0), []
        svi = engine(model.model, model.guide, Adam({"lr": 1e-2}), loss)
        if product:
            monkeypatch.setattr("pyrodgm.nn.trunk.MANY_CLASSES", 121)
        elif backend == "svi":  # a graph has no function that is noted
            embedding = F.embedding
            monkeypatch.setattr(F, "embedding", lambda index, weight: seen.append(index) or embedding(index, weight))
        found = [svi.step(labelled=(x, y), unlabelled=x) for _ in range(4)]
        monkeypatch.undo()
        assert len(seen) == (24 if backend == "svi" and not product else 0)  # in three layers, in two passes, a step
        if backend != "svi":
            assert [slot["backend"] for slot in svi.explain()] == [backend]  # which gave the gradients of a plain run
        return found

    assert losses(product=False) == pytest.approx(losses(product=True), rel=1e-6)


def test_as_a_distribution_it_is_the_categorical():
    logits = torch.randn(4, 3, dtype=torch.float64)
    fn, plain = SumAndSample(logits, 1), dist.OneHotCategorical(logits=logits)
    y = plain.sample((6,))
    assert torch.equal(fn.log_prob(y), plain.log_prob(y))
    larger = SumAndSample.of(plain, 2).expand((5, 4))
    assert larger.top == 2 and larger.enumerate_support().shape == (3, 5, 4, 3)
    assert torch.equal(fn.score_parts(y).score_function, plain.log_prob(y))
    assert fn.to_event(0).log_prob(y).shape == (6, 4)
    masked = SumAndSample(logits, 1).mask(torch.tensor([True, False, True, True]))
    parts = masked.score_parts(masked.enumerate_support())
    assert bool((parts.log_prob[:, 1] == 0).all()) and bool((parts.log_prob[:, 0] < 0).all())
    weights = parts.score_function[:, [0, 2, 3]].exp().sum(0)
    torch.testing.assert_close(weights, torch.ones(3, dtype=torch.float64))


def test_a_mask_of_true_changes_nothing():
    masked = SumAndSample(torch.randn(4, 3, dtype=torch.float64), 1).mask(True)
    weights = masked.score_parts(masked.enumerate_support()).score_function.exp().sum(0)
    torch.testing.assert_close(weights, torch.ones(4, dtype=torch.float64))


def test_one_distribution_at_two_sites_has_the_weights_of_each():
    """Each site has its own draw."""
    torch.manual_seed(0)
    fn = SumAndSample(torch.randn(20, 5, dtype=torch.float64), 2)
    first, second = fn.enumerate_support(), fn.enumerate_support().reshape(3, 1, 20, 5)
    assert not torch.equal(first, second[:, 0])
    for value in (first, first.reshape(3, 1, 20, 5), second):
        total = fn.score_parts(value).score_function.exp().sum(0)
        torch.testing.assert_close(total, torch.ones_like(total), rtol=1e-12, atol=0)


def test_whoever_reads_log_prob_in_place_of_the_score_is_told():
    guide = pair(2)[2]
    with pytest.raises(ValueError, match="SumAndSample: got log_prob of classes that it enumerated, want score_parts"):
        infer_discrete(guide, first_available_dim=-2)()

    def in_the_model():
        with pyro.plate("rows", 3):
            pyro.sample("y", SumAndSample(torch.zeros(3, 4), 1), infer={"enumerate": "parallel"})

    with pytest.raises(ValueError, match="Enumerate it in a guide, under an ELBO that weights classes by their score"):
        ELBO.differentiable_loss(in_the_model, lambda: None)
    with pytest.raises(ValueError, match="SumAndSample: got log_prob of classes that it enumerated"):
        ELBO.compute_marginals(in_the_model, lambda: None)


def test_tensor_monte_carlo_which_sums_without_weights_is_refused():
    _, model, guide = pair(2)
    elbo = TraceTMC_ELBO(max_plate_nesting=1)
    for loss in (elbo.differentiable_loss, elbo.loss_and_grads):
        with pytest.raises(ValueError, match="SumAndSample: got TraceTMC_ELBO, which sums over .*, want an ELBO that"):
            loss(model, guide)


@pytest.mark.parametrize("top", [0, 3, 4, 1.0, None, True])
def test_bad_top(top):
    with pytest.raises(ValueError, match=r"top: got .*, want an int from 1 to 2, fewer than the classes"):
        SumAndSample(torch.zeros(2, 3), top)


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match="SumAndSample: got a single class, want at least two"):
        SumAndSample(torch.zeros(2, 1), 1)


@pytest.mark.parametrize("model_class", SAMPLED)
def test_evaluation_sums_every_class(model_class):
    summed, sampled = make(model_class, "enumerated"), make(model_class, ("sampled", {"top": 1}))
    x = rows(summed)[0].double()
    found = []
    for model in (summed, sampled):
        torch.manual_seed(1)
        found.append(evaluate.row_bounds(model, x))
    assert torch.equal(*found)


def evaluable(top):
    """The pair as a module of a user's own, whose guide samples in evaluation too."""
    model, guide = pair(top)[1:]
    own = torch.nn.Module()
    own.model, own.guide = (lambda x, y=None: model()), (lambda x, y=None: guide())
    return own, torch.zeros(3, 1, dtype=torch.float64)


def test_the_bound_of_a_guide_that_always_samples(monkeypatch):
    expected = evaluate.row_bounds(*evaluable(None))
    values, probabilities = every_draw(monkeypatch, 2, 3, 5, lambda: evaluate.row_bounds(*evaluable(2)))
    torch.testing.assert_close((probabilities[:, None] * values).sum(0), expected, rtol=1e-12, atol=1e-12)


def test_the_evidence_by_a_guide_that_always_samples():
    expected = evaluate.log_likelihood(*evaluable(None), num_samples=1, backend="off").rows
    found = evaluate.log_likelihood(*evaluable(2), num_samples=1500, chunk_size=10_000, backend="off")
    assert bool(((found.rows - expected).abs() < 4 * found.row_errors + 1e-9).all())
    assert bool((found.row_errors > 1e-6).all())


def test_the_evidence_where_a_summed_class_is_impossible():
    """Its weight and its probability are both zero, so that it stands for itself; a difference would be NaN."""
    logits = torch.tensor([[0.0, 1.0, -math.inf, -math.inf, -math.inf]] * 3, dtype=torch.float64)
    found, everything = (run_pair(*pair(top, logits=logits)[1:]).log_weights() for top in (4, None))
    torch.testing.assert_close(found, everything, rtol=1e-12, atol=0)


@pytest.mark.parametrize("objective", ["unlabelled", "semi-supervised"])
def test_compiled_steps_are_those_of_svi(objective):
    losses = []
    for engine in (SVI, CompiledSVI):
        pyro.set_rng_seed(2)
        pyro.clear_param_store()
        model = small(SAMPLED[0], num_classes=4, classes=("sampled", {"top": 2}))
        x, y = rows(model)
        loss = ELBO if objective == "unlabelled" else SemiSupervisedELBO.of(model, ELBO, alpha=2.0)
        options = {"backend": "replay"} if engine is CompiledSVI else {}
        svi = engine(model.model, model.guide, Adam({"lr": 1e-2}), loss, **options)
        batch = {"x": x} if objective == "unlabelled" else {"labelled": (x, y), "unlabelled": x}
        losses.append([svi.step(**batch) for _ in range(6)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@pytest.mark.parametrize("particles", [(), (8,)])
def test_processes_draw_the_classes_of_one(particles):
    logits = torch.randn(*particles, 6, 5)
    torch.manual_seed(4)
    together = SumAndSample(logits, 1).enumerate_support()
    for rank in range(2):
        torch.manual_seed(4)
        with JointNoise(rank, 2), accepted(RuntimeError):
            part = SumAndSample(logits[..., 3 * rank : 3 * rank + 3, :], 1).enumerate_support()
        assert torch.equal(part, together[..., 3 * rank : 3 * rank + 3, :])
