"""The matrix: every model of the zoo against brute force, by hand, and in use."""

import inspect
import math

import pyro
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO, TraceGraph_ELBO
from pyro.optim import Adam

from pyrodgm import testing
from pyrodgm.distributions import FullNormal
from pyrodgm.handlers import warm_up
from pyrodgm.infer import SemiSupervisedELBO
from pyrodgm.models import FAME, CaGeM, ClusterLadderVAE, ResNetVAE, SemiSupervisedFAME
from pyrodgm.models.catalogue import has_classes
from pyrodgm.nn import NormalNet
from tests import by_hand
from tests.pairs import (
    ALL_TRAIN,
    ROWS,
    every_pair,
    every_posterior,
    labels_alone,
    model_classes,
    of_known_evidence,
    rows,
    small,
)

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
VARIED = every_pair(thorough=())


@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_enumerated_loss_is_the_brute_force_sum(model_class, options):
    model = small(model_class, **options).eval()
    testing.check_enumeration(model, rows(model)[0])


@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_every_parameter_moves(model_class, options):
    model = small(model_class, **options)
    testing.check_every_parameter_moves(model, *rows(model))
    testing.check_every_parameter_moves(model, rows(model)[0], labels_alone=labels_alone(model))


@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_copies_and_pickles_train(model_class, options):
    model = small(model_class, **options)
    testing.check_instances_are_apart(model, *rows(model))


@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_state_dict_round_trip(model_class, options):
    model = small(model_class, **options)
    testing.check_round_trip(model, rows(model)[0])


@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_predictive_generates(model_class, options):
    model = small(model_class, **options).eval()
    testing.check_generates(model, *rows(model))


def record(model, x, elbo):
    """The loss and the values of the guide's sites in the run that made it."""
    seen = []

    def guide(*args):
        with poutine.trace() as capture:
            model.guide(*args)
        seen.append(capture.trace.nodes)

    return elbo.differentiable_loss(model.model, guide, x), seen


def noise_of(node):
    """The standard normal noise that the value of a site was made of."""
    fn, value = node["fn"], node["value"]
    if isinstance(fn, FullNormal):
        return fn._last[1].detach()
    for transform in reversed(getattr(fn, "transforms", [])):
        value = transform.inv(value)
    fn = fn.base_dist if hasattr(fn, "transforms") else fn
    return ((value - fn.base_dist.loc) / fn.base_dist.scale).detach()


def continuous(nodes):
    """The guide's latents by site, y left out."""
    return {site: n for site, n in nodes.items() if n["type"] == "sample" and site not in ("y", "batch")}


@pytest.mark.parametrize(("model_class", "options"), VARIED)
def test_loss_and_gradients_agree_with_the_formulas_by_hand(model_class, options):
    check_by_hand(small(model_class, **options).double())


@pytest.mark.parametrize(("model_class", "options"), every_posterior())
def test_every_posterior_agrees_with_the_formulas_by_hand(model_class, options):
    check_by_hand(small(model_class, **options).double(), num_rows=2)


HEADS = [
    {"batch_norm": "heads", "scale_head": "softplus_variance"},
    {"scale_head": "softplus_sigma", "likelihood": ("normal", {"mean": "sigmoid"})},
]


@pytest.mark.parametrize("options", HEADS, ids=["softplus_variance", "softplus_sigma"])
@pytest.mark.parametrize("model_class", model_classes())
def test_other_heads_agree_with_the_formulas_by_hand(model_class, options):
    """With batch normalisation by its running statistics; by the rows at hand where no class is enumerated too."""
    model = small(model_class, **options).double()
    for _ in range(3):
        ELBO.loss(model.model, model.guide, rows(model)[0].double())
    if model.num_classes is None:
        check_by_hand(model)
    check_by_hand(model.eval())


def check_by_hand(model, num_rows=ROWS):
    """Raise unless loss and gradients are those of the formulas at the same noise."""
    x = rows(model)[0].double()[:num_rows]
    loss, seen = record(model, x, ELBO)
    noise = {site: noise_of(node) for site, node in continuous(seen[0]).items()}
    expected = by_hand.unlabelled_loss(model, x, noise)
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    got = torch.autograd.grad(loss, list(parameters.values()), materialize_grads=True)
    want = torch.autograd.grad(expected, list(parameters.values()), materialize_grads=True)
    for name, g, w in zip(parameters, got, want, strict=True):
        torch.testing.assert_close(g, w, rtol=1e-8, atol=1e-10, msg=lambda m, name=name: f"gradient of {name}: {m}")


def draws_a_class(model_class, options):
    """Whether the guide draws an unknown y where nothing is enumerated."""
    return has_classes(model_class) and (model_class.__name__ != "LatentClassifierVAE" or "bound" in options)


@pytest.mark.parametrize(("model_class", "options"), [c for c in VARIED if draws_a_class(*c.values)])
@pytest.mark.filterwarnings("ignore:y\n")  # Pyro's advice to enumerate y
def test_graph_elbo_has_the_gradients_of_trace_elbo(model_class, options):
    """Except where the gradient of a drawn class is estimated: q(y | ...) and all that it depends on."""
    model = small(model_class, **options).double()
    x = rows(model)[0].double()
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    nodes = poutine.trace(model.guide).get_trace(x).nodes
    if "y" in nodes:
        log_q = nodes["y"]["fn"].log_prob(nodes["y"]["value"]).sum()
        estimated = torch.autograd.grad(log_q, list(parameters.values()), materialize_grads=True)
        parameters = {n: p for (n, p), g in zip(parameters.items(), estimated, strict=True) if not bool(g.any())}
    gradients = []
    for elbo in (Trace_ELBO(), TraceGraph_ELBO()):
        pyro.set_rng_seed(0)
        elbo.loss_and_grads(model.model, model.guide, x)
        gradients.append([torch.zeros_like(p) if p.grad is None else p.grad for p in parameters.values()])
        model.zero_grad()
    for name, want, got in zip(parameters, *gradients, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-11, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.parametrize("model_class", model_classes())
def test_batch_statistics_are_fed_once_a_step(model_class):
    """By the rows without labels, also where the guide calls networks of the model."""
    model = small(model_class, batch_norm="heads", **ALL_TRAIN.get(model_class.__name__, {}))
    x, y = rows(model)

    def counters():
        return {name: int(value) for name, value in model.named_buffers() if name.endswith("num_batches_tracked")}

    wanted = {name: 0 if name.split(".")[0] in labels_alone(model) else 1 for name in counters()}
    SVI(model.model, model.guide, Adam({"lr": 1e-3}), ELBO).step(x)
    assert counters() == wanted
    if y is not None:
        svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), SemiSupervisedELBO.of(model, ELBO, alpha=1.0))
        svi.step(labelled=(x, y), unlabelled=x)
        assert counters() == {name: 2 * count for name, count in wanted.items()}


@pytest.mark.parametrize(("model_class", "options"), VARIED)
def test_vectorised_particles_are_the_mean_of_single_ones(model_class, options):
    model = small(model_class, **options).double()
    x = rows(model)[0].double()
    options = {"max_plate_nesting": 1, "num_particles": 4, "vectorize_particles": True}
    elbo = TraceEnum_ELBO(strict_enumeration_warning=False, **options)
    if model.num_classes is None:
        elbo = Trace_ELBO(**options)
    loss, seen = record(model, x, elbo)
    nodes = continuous(seen[0])  # of values (P, B, d), or (K, P, B, d) after y
    singles = []
    for p in range(4):
        of_particle = {site: n["value"].select(-2 - n["fn"].event_dim, p) for site, n in nodes.items()}
        singles.append(testing.brute_force_loss(model, x, of_particle))
    torch.testing.assert_close(loss, sum(singles) / 4, rtol=1e-9, atol=0)


def constant_variances(model):
    """Without hidden layers, and with constant variances and class probabilities, the evidence has a closed form.

    Small weights keep the guide near the posterior, so that importance sampling converges.
    """
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.3)
        for name, net in model.named_modules():
            if name.startswith("p_") and isinstance(net, NormalNet):
                net.log_variance.weight.zero_()
                net.log_variance.bias.uniform_(-1.0, 0.5)
            elif name.startswith("q_") and isinstance(net, NormalNet):
                net.log_variance.bias.add_(0.4)  # too wide rather than too narrow: no weight is then far above the rest
        if isinstance(model, (CaGeM, ClusterLadderVAE)):
            model.p_y.logits.weight.zero_()
    return model


@pytest.mark.parametrize("model_class", model_classes())
def test_bounds_are_in_order_and_reach_the_known_evidence(model_class):
    model = constant_variances(of_known_evidence(model_class).double())
    x = 0.7 * torch.randn(5, 6, dtype=torch.float64)
    exact = by_hand.evidence(model, x)
    samples = 20_000

    def log_weights(k):  # (samples, B): log p(x, y, ...) - log q(... | x, y), latents drawn anew
        y = None if k is None else torch.full((len(x),), k)
        with torch.no_grad(), torch.random.fork_rng(), pyro.plate("particles", samples, dim=-2):
            guide = poutine.trace(model.guide).get_trace(x, y)
            pair = poutine.trace(poutine.replay(model.model, trace=guide)).get_trace(x, y)
        return testing.row_log_prob(pair) - testing.row_log_prob(guide)

    classes = [None] if model.num_classes is None else range(model.num_classes)
    log_w = torch.stack([log_weights(k) for k in classes])  # (K, samples, B)
    estimate = (log_w.logsumexp(1) - math.log(samples)).logsumexp(0)
    spread = (log_w - log_w.amax((0, 1))).exp().sum(0)  # the samples' weights, for the estimate's standard error
    error = spread.std(0) / spread.mean(0) / math.sqrt(samples)
    assert bool((error < 0.05).all()), "too few samples for the test to mean anything"
    assert bool(((estimate - exact).abs() < 5 * error).all()), (estimate, exact, error)

    tens = (log_w.reshape(len(log_w), -1, 10, len(x)).logsumexp(2) - math.log(10)).logsumexp(0).mean(0)
    particles = TraceEnum_ELBO(400, max_plate_nesting=1, vectorize_particles=True, strict_enumeration_warning=False)
    with torch.no_grad():
        elbo = -particles.loss(model.model, model.guide, x) / len(x)
    assert elbo < tens.mean() < exact.mean()


@pytest.mark.parametrize("model_class", [c for c in model_classes() if hasattr(c, "classifier")])
class TestClasses:
    def test_indices_and_one_hot_rows_are_the_same_labels(self, model_class):
        model = small(model_class)
        x, y = rows(model)
        losses = []
        for labels in (y, torch.eye(3)[y], torch.eye(3, dtype=torch.long)[y]):
            torch.manual_seed(1)
            losses.append(ELBO.loss(model.model, model.guide, x, labels))
        assert losses[0] == losses[1] == losses[2]

    def test_classifier_gives_probabilities_that_do_not_depend_on_the_neighbours(self, model_class):
        model = small(model_class).eval()
        x, _ = rows(model)
        together = model.classifier(x)
        alone = torch.cat([model.classifier(row[None]) for row in x])
        assert together.shape == (7, 3)
        torch.testing.assert_close(together.sum(-1), torch.ones(7))
        torch.testing.assert_close(together, alone)
        assert not torch.allclose(together[0], together[1])

    def test_the_seed_of_a_classifier_fixes_its_noise(self, model_class):
        model = small(model_class).eval()
        x, _ = rows(model)
        if "seed" not in inspect.signature(model.classifier).parameters:
            return
        first, again, other = (model.classifier(x, num_samples=1, seed=seed) for seed in (0, 0, 1))
        assert torch.equal(first, again) and not torch.allclose(first, other, atol=1e-4)

    def test_classifier_learns_a_separable_problem(self, model_class):
        """At a temperature below 1, as in a warm-up: at 1 CaGeM's z2 pays for y as much as it gains by it."""
        model = small(model_class, hidden=(32,), batch_norm=True, **ALL_TRAIN.get(model_class.__name__, {}))
        y = torch.arange(60) % 3
        x = (0.15 + 0.7 * torch.eye(3)[y].repeat(1, 2) + 0.1 * torch.rand(60, 6)).clamp(0, 1)
        svi = SVI(model.model, model.guide, Adam({"lr": 1e-2}), SemiSupervisedELBO.of(model, ELBO, alpha=10.0))
        with warm_up(torch.tensor(0.2)), pyro.validation_enabled(False):
            for _ in range(60):
                svi.step(labelled=(x[:12], y[:12]), unlabelled=x)
        model.eval()
        assert bool((model.classifier(x).argmax(-1) == y).all())


@pytest.mark.parametrize("model_class", model_classes())
def test_reconstructions_keep_shape_and_scale(model_class):
    model = small(model_class, likelihood=("binomial", {"total_count": 4})).eval()
    x, y = rows(model)
    for labels in {None, y} if y is None else (None, y):
        mean = model.reconstruct(x, labels)
        assert mean.shape == x.shape
        assert 1.0 < float(mean.mean()) < 3.0  # counts out of 4, not shares


TO_LEARN_SO_SMALL = {FAME: {"batch_norm": True}}  # an image, by large kernels
TO_LEARN_SO_SMALL |= {SemiSupervisedFAME: {"batch_norm": True, "pixel_maps": 32, "maps": (16,)}}
TO_LEARN_SO_SMALL |= {ResNetVAE: {"weight_norm": False}}


@pytest.mark.parametrize("model_class", model_classes())
def test_plain_svi_lowers_the_loss(model_class):
    options = TO_LEARN_SO_SMALL.get(model_class, ALL_TRAIN.get(model_class.__name__, {}))
    model = small(model_class, hidden=(32,), **options)
    x = torch.tensor([[1.0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]).repeat(20, 1)
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-2}), ELBO)
    with pyro.validation_enabled(False):
        losses = [svi.step(x) for _ in range(150)]
    assert sum(losses[-20:]) < 0.7 * sum(losses[:20])
