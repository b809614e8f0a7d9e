"""Every reported figure of every model equals its formula in plain torch with the same noise."""

import inspect
import math

import pytest
import torch
from pyro.infer import TraceEnum_ELBO
from pyro.poutine.messenger import Messenger

from pyrodgm.evaluate import (
    active_units,
    anomaly_score,
    bayes_classifier,
    bits_per_dimension,
    bound,
    classification_error,
    elbo_parts,
    kl_per_unit,
    latent_means,
    log_likelihood,
    row_bounds,
    to_inference_data,
)
from pyrodgm.evaluate.log_likelihood import log_weights
from pyrodgm.handlers import warm_up
from pyrodgm.infer import SemiSupervisedELBO
from tests import by_hand
from tests.pairs import CLASSES, LIKELIHOODS, every_pair, rows, small

SIZE = 4  # rows a call: the seven rows come in two parts
COUNTS = LIKELIHOODS[2]
TWO = (COUNTS, "bernoulli")
every_model = pytest.mark.parametrize(("model_class", "options"), every_pair(thorough=()))


def cases(model_class, options, likelihoods=TWO):
    """A model in double precision, rows, and labels or None: for every likelihood, each by a seed of its own."""
    for seed, likelihood in enumerate(likelihoods):
        torch.manual_seed(seed)
        model = small(model_class, likelihood=likelihood, **options).double().eval()
        x, y = rows(model)
        yield model, x.double(), None if y is None else y[torch.randperm(len(y))]


def labels_of(y):
    return (None,) if y is None else (None, y)


def in_parts(x, y=None, size=SIZE):
    return zip(x.split(size), [None] * len(x) if y is None else y.split(size), strict=False)


def averaged(figure, model, x, y=None, samples=3, size=SIZE):
    """A by-hand figure of every row: the mean over single samples, some rows at a time."""
    found = []
    for some, labels in in_parts(x, y, size):
        draws = [figure(model, some, by_hand.fresh(model, some), labels) for _ in range(samples)]
        found.append(torch.stack([draw.reshape(len(some), -1) for draw in draws]).mean(0))
    return torch.cat(found).squeeze(-1).detach()


def at_seed(function, *args, **options):
    torch.manual_seed(3)
    return function(*args, **options)


def close(found, wanted):
    torch.testing.assert_close(found, wanted.detach(), rtol=1e-9, atol=1e-12)


@every_model
def test_bounds(model_class, options):
    for model, x, y in cases(model_class, options, LIKELIHOODS):
        for labels in labels_of(y):
            want = at_seed(averaged, by_hand.bounds, model, x, labels)
            close(at_seed(row_bounds, model, x, labels, num_samples=3, batch_size=SIZE), want)
        found = at_seed(bound, model, x, labels, num_samples=3, batch_size=SIZE)
        assert found == pytest.approx(float(want.mean()), rel=1e-9)
    want = at_seed(averaged, by_hand.bounds, model, x, samples=1)
    close(at_seed(anomaly_score, model, x, batch_size=SIZE), -want)


@every_model
def test_parts_of_the_bound(model_class, options):
    for model, x, y in cases(model_class, options):
        for labels in labels_of(y):
            torch.manual_seed(3)
            want = {}
            for some, given in in_parts(x, labels):
                for _ in range(2):
                    for site, part in by_hand.parts(model, some, by_hand.fresh(model, some), given).items():
                        want[site] = want.get(site, 0.0) + part * len(some) / len(x) / 2
            assert at_seed(elbo_parts, model, x, labels, num_samples=2, batch_size=SIZE) == pytest.approx(
                want, rel=1e-9, abs=1e-12
            )


@every_model
def test_units_and_means_of_every_latent(model_class, options):
    for model, x, y in cases(model_class, options):
        for site in by_hand.runs(model, x, by_hand.fresh(model, x))[0].latents:
            torch.manual_seed(3)
            kl = 0.0
            for some in x.split(SIZE):
                for _ in range(2):
                    kl = kl + by_hand.kl_of_units(model, some, by_hand.fresh(model, some), site) / len(x) / 2
            close(at_seed(kl_per_unit, model, x, site, num_samples=2, batch_size=SIZE).flatten(), kl)
            for labels in labels_of(y):

                def figure(model, x, noise, y, site=site):
                    return by_hand.means(model, x, noise, site, y)

                want = at_seed(averaged, figure, model, x, labels, samples=2)
                found = at_seed(latent_means, model, x, labels, site, num_samples=2, batch_size=SIZE)
                close(found.flatten(1), want.reshape(len(x), -1))


@every_model
def test_active_units(model_class, options):
    """The covariance of two estimates of 10 samples is the largest threshold at which a unit is active."""
    model, x, _ = next(cases(model_class, options))
    site = list(by_hand.runs(model, x, by_hand.fresh(model, x))[0].latents)[-1]
    torch.manual_seed(3)
    first, second = (
        sum(by_hand.means(model, x, by_hand.fresh(model, x), site).detach() for _ in range(10)) / 10 for _ in range(2)
    )
    activity = ((first - first.mean(0)) * (second - second.mean(0))).sum(0) / (len(x) - 1)
    for threshold, active in ((activity[0] - 1e-12, True), (activity[0] + 1e-12, False)):
        found = at_seed(active_units, model, x, site, threshold=float(threshold))
        assert bool(found.flatten()[0]) == active


@every_model
def test_importance_weighted_log_likelihood(model_class, options):
    for model, x, y in cases(model_class, options, LIKELIHOODS):
        for labels in labels_of(y):
            log_w = at_seed(by_hand.log_weights, model, x, by_hand.fresh(model, x, 5), labels).detach()
            found = at_seed(log_likelihood, model, x, labels, num_samples=5, backend="off")
            for value, want in zip(found[:3], by_hand.log_mean(log_w), strict=True):
                close(value, want)
            assert found.mean == pytest.approx(float(found.rows.mean()), rel=1e-12)
            assert found.standard_error == pytest.approx(float(found.rows.std()) / math.sqrt(len(x)), rel=1e-12)


@every_model
def test_log_likelihood_by_chunks_of_samples(model_class, options):
    """Five samples of one row at a time, three at once: the sixth is not counted."""
    for model, x, _ in cases(model_class, options):
        torch.manual_seed(3)
        log_w = []
        for row in x.split(1):
            both = [by_hand.log_weights(model, row, by_hand.fresh(model, row, 3)) for _ in range(2)]
            log_w.append(torch.cat(both)[:5])
        chunk = 3 * (model.num_classes or 1)
        found = at_seed(log_likelihood, model, x, num_samples=5, chunk_size=chunk, backend="off")
        close(found.rows, by_hand.log_mean(torch.cat(log_w, 1))[0])


class Seen(Messenger):
    """The first values of the latents, by site."""

    def __enter__(self):
        super().__enter__()
        self.values = {}
        return self.values

    def _pyro_post_sample(self, msg):
        if msg["name"] not in ("x", "batch", "samples"):
            self.values.setdefault(msg["name"], msg["value"])


@every_model
def test_log_likelihood_with_one_class_drawn(model_class, options):
    """The draws are those of the package, at the same seed; what they weigh is by hand."""
    for model, x, _ in cases(model_class, options):
        with Seen() as seen:
            at_seed(log_weights(model, 5, drawn=True), x, None)
        found = at_seed(log_likelihood, model, x, num_samples=5, classes="drawn", backend="off").rows
        y, noise = seen.get("y"), by_hand.Given(drawn=seen)
        if y is None or not summed_in_the_guide(model, x):
            log_w = by_hand.log_weights(model, x, noise)
        else:
            assert y.shape == (5, len(x), CLASSES)
            log_w = by_hand.log_weights_of_drawn(model, x, noise, y)
        close(found, by_hand.log_mean(log_w.detach())[0])


def summed_in_the_guide(model, x):
    return by_hand.runs(model, x, by_hand.fresh(model, x))[0].log_q_y is not None


with_classes = pytest.mark.parametrize(
    ("model_class", "options"), [case for case in every_pair(thorough=()) if hasattr(case.values[0], "classifier")]
)


@with_classes
@pytest.mark.parametrize("weight", [None, 0.7])
def test_objective_with_labels_and_warm_up(model_class, options, weight):
    """Two vectorised samples, a weight of the class term, and KL terms at 0.3 of theirs."""
    elbo = TraceEnum_ELBO(
        num_particles=2, vectorize_particles=True, max_plate_nesting=1, strict_enumeration_warning=False
    )
    for model, x, y in cases(model_class, options):
        objective = SemiSupervisedELBO.of(model, elbo, 2.5, weight)
        own = 0.0 if model_class.__name__ == "CaGeM" else 1.0  # without a labelled bound
        torch.manual_seed(3)
        want = by_hand.objective(model, (x, y), x[:5], 2, 2.5, own if weight is None else weight, 0.3)
        with warm_up(torch.tensor(0.3, dtype=torch.float64)):
            found = at_seed(objective.differentiable_loss, model.model, model.guide, labelled=(x, y), unlabelled=x[:5])
        close(found.detach(), want)


@with_classes
def test_classifiers(model_class, options):
    for model, x, y in cases(model_class, options):
        averages = "num_samples" in inspect.signature(model.classifier).parameters
        chosen = {"num_samples": 7, "seed": 4} if averages else {}
        want = by_hand.classifier(model, x, 7, 4)
        close(model.classifier(x, **chosen).detach(), want)
        close(model.classifier(x).detach(), by_hand.classifier(model, x, 10))
        if model_class.__name__ == "CaGeM":
            close(
                model.classifier(x, network="inference", **chosen).detach(),
                by_hand.classifier(model, x, 7, 4, network="inference"),
            )
        error = 100 * float((want.argmax(-1) != y).double().mean())
        assert classification_error(model, x, y, batch_size=SIZE, **chosen) == pytest.approx(error)


def bounds_of_classes(model, x, y, size):
    """Bounds of log p(x, y) by two samples, ``(K, B)``, every class with noise of its own."""
    torch.manual_seed(3)
    return torch.stack([averaged(by_hand.bounds, model, x, torch.full_like(y, k), 2, size) for k in range(CLASSES)])


@with_classes
def test_bayes_rule(model_class, options):
    for model, x, y in cases(model_class, options):
        found = at_seed(bayes_classifier, model, x, num_samples=2, batch_size=SIZE)
        close(found, bounds_of_classes(model, x, y, SIZE).softmax(0).T)
        want = bounds_of_classes(model, x, y, len(x)).argmax(0)
        error = at_seed(classification_error, model, x, y, classifier=bayes_classifier, num_samples=2)
        assert error == pytest.approx(100 * float((want != y).double().mean()))


@every_model
def test_reconstructions(model_class, options):
    """With labels the mean of p(x | ...) at one draw; without, at that of a class which is drawn, one of the K."""
    for model, x, y in cases(model_class, options, LIKELIHOODS):
        if y is not None:
            torch.manual_seed(3)
            (run,) = by_hand.runs(model, x, by_hand.fresh(model, x), y)
            close(at_seed(model.reconstruct, x, y), by_hand.mean_of_x(model, run.x)[0])
        with Seen() as seen:
            found = at_seed(model.reconstruct, x)
        every = by_hand.runs(model, x, by_hand.Given(drawn=seen))
        means = torch.stack([by_hand.mean_of_x(model, run.x) for run in every]).detach()
        nearest = (means - found).abs().amax(-1).amin(0)
        assert float(nearest.max()) < 1e-9 * float(found.abs().max())


@every_model
def test_weights_for_arviz(model_class, options):
    model, x, _ = next(cases(model_class, options))
    draws = at_seed(to_inference_data, model, x, num_samples=2)
    seen = {site: torch.from_numpy(value.values[0]) for site, value in draws["posterior"].items()}
    given = by_hand.Given(drawn=seen)
    every = by_hand.runs(model, x, given)
    if len(every) > 1 and every[0].log_q_y is None:  # the model sums the class out of p(x | z)
        log_w = by_hand.bounds(model, x, given)
        log_x = torch.stack([run.log_p_y + by_hand.log_x(model, x, run.x) for run in every]).logsumexp(0)
    else:
        (run,) = by_hand.runs(model, x, given, seen["y"].double() if len(every) > 1 else None)
        log_w = by_hand.log_ratio(model, x, run) - (run.log_q_y if len(every) > 1 else 0.0)
        log_x = by_hand.log_x(model, x, run.x)
    close(torch.from_numpy(draws["sample_stats"]["log_weight"].values[0]), log_w)
    close(torch.from_numpy(draws["log_likelihood"]["x"].values[0]), log_x)


def test_bits_per_dimension_are_those_of_the_integers():
    """Integers of known probability, dequantised and divided by C, and a density that is constant on each level."""
    shares = torch.tensor([0.5, 0.25, 0.15, 0.1], dtype=torch.float64)
    rows_ = torch.tensor([[0, 0, 3], [1, 2, 0]])
    density = (len(shares) * shares)[rows_].log().sum(-1)
    close(bits_per_dimension(density, dimensions=3, levels=4), -shares[rows_].log2().mean(-1))
    close(bits_per_dimension(shares[rows_].log().sum(-1), dimensions=3), -shares[rows_].log2().mean(-1))
