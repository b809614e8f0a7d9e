"""y sampled by a straight-through relaxation instead of enumerated."""

import inspect
import math

import pyro
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm import testing
from pyrodgm.distributions import StraightThroughOneHot
from pyrodgm.evaluate import log_likelihood
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO
from pyrodgm.infer.traces import random_sites
from pyrodgm.models import M1M2, M2, CaGeM, LatentClassifierVAE
from tests.pairs import labels_alone, model_classes, rows
from tests.pairs import small as small_model

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
NEEDED = {"LatentClassifierVAE": {"bound": "jensen"}, "M1M2": {"joint": True}}
RELAXABLE = [c for c in model_classes() if "classes" in inspect.signature(c).parameters]


def small(model_class, **options):
    return small_model(model_class, **options, **NEEDED.get(model_class.__name__, {}))


@pytest.mark.parametrize("temperature", [0.3, 1e9])
def test_samples_are_categorical_draws(temperature):
    """At a high temperature too, where all units of the relaxed sample are equal in single precision."""
    p = StraightThroughOneHot(temperature, logits=torch.tensor([0.0, 1.0, -1.0]))
    y = p.rsample((20_000,))
    assert bool(p.support.check(y).all())
    torch.testing.assert_close(y.mean(0), p.probs, atol=0.02, rtol=0)
    torch.testing.assert_close(p.log_prob(y), torch.distributions.OneHotCategorical(logits=p.logits).log_prob(y))


def test_gradients_are_those_of_the_relaxed_sample():
    logits = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(5, 4, dtype=torch.float64)
    torch.manual_seed(1)
    y = StraightThroughOneHot(0.7, logits=logits).rsample()
    (got,) = torch.autograd.grad((y * weights).sum(), logits)
    torch.manual_seed(1)
    noise = torch.distributions.Gumbel(torch.zeros_like(logits), 1.0).rsample()
    relaxed = ((logits.log_softmax(-1) + noise) / 0.7).softmax(-1)
    (want,) = torch.autograd.grad((relaxed * weights).sum(), logits)
    torch.testing.assert_close(got, want, rtol=1e-12, atol=1e-14)
    assert torch.equal(y.argmax(-1), relaxed.argmax(-1))
    expanded = StraightThroughOneHot(0.7, logits=logits[0]).expand((5,))
    assert expanded.temperature == 0.7 and expanded.rsample().shape == (5, 4)
    with pytest.raises(ValueError, match="temperature: got 0.0, want a number above zero"):
        StraightThroughOneHot(0.0, logits=logits)


def test_an_entropy_has_a_gradient():
    """The mean gradient of -log q(y) points where the entropy grows, as it would not without y's own share."""
    logits = torch.tensor([1.0, -0.5, 0.0], requires_grad=True)
    q = StraightThroughOneHot(0.5, logits=logits.expand(40_000, 3))
    (got,) = torch.autograd.grad(-q.log_prob(q.rsample()).mean(), logits)
    (want,) = torch.autograd.grad(torch.distributions.Categorical(logits=logits).entropy(), logits)
    assert torch.cosine_similarity(got, want, 0) > 0.9
    assert 0.5 < float(got.norm() / want.norm()) < 2  # biased, but no noise about zero


def test_a_model_relaxes_q_of_y_at_its_own_temperature():
    model = small(M2, classes=("relaxed", {"temperature": 0.3})).double()
    with torch.no_grad():
        model.q_y.logits.weight.mul_(20)  # a q(y | x) that is far from uniform
        x = rows(model)[0].double()
        fn = poutine.trace(model.guide).get_trace(x).nodes["y"]["fn"]
        want = model.classifier(x)
    assert isinstance(fn, StraightThroughOneHot) and fn.temperature == 0.3
    torch.testing.assert_close(fn.probs, want, rtol=1e-12, atol=0)
    assert float(want.max()) > 0.6


@pytest.mark.parametrize("model_class", RELAXABLE)
class TestRelaxed:
    def test_one_class_a_row_is_drawn_and_scored(self, model_class):
        model = small(model_class, classes="relaxed").double()
        x = rows(model)[0].double()
        pyro.set_rng_seed(4)
        loss = ELBO.loss(model.model, model.guide, x)
        pyro.set_rng_seed(4)
        guide = poutine.trace(model.guide).get_trace(x)
        pair = poutine.trace(poutine.replay(model.model, trace=guide)).get_trace(x)
        assert guide.nodes["y"]["value"].shape == (7, 3)
        expected = (testing.row_log_prob(guide) - testing.row_log_prob(pair)).sum().item()
        assert loss == pytest.approx(expected, rel=1e-9)

    def test_log_p_and_log_q_of_a_drawn_class_have_a_gradient_in_y(self, model_class):
        """log p(y) = sum_k y_k log pi_k in model and guide, with every class probability of the model."""
        takes_prior = "class_prior" in inspect.signature(model_class).parameters
        prior = {"class_prior": (0.7, 0.2, 0.1)} if takes_prior else {}
        model = small(model_class, classes="relaxed", **prior).double()
        x = rows(model)[0].double()

        def log_prob(trace):
            sites = {name: (site["fn"], site["value"]) for name, site in random_sites(trace).items()}
            p, y = sites.pop("y")
            logits = getattr(p, "base", p).logits.log_softmax(-1)
            return (y * logits).sum() + sum(fn.log_prob(value).sum() for fn, value in sites.values())

        pyro.set_rng_seed(4)
        loss = ELBO.differentiable_loss(model.model, model.guide, x)
        pyro.set_rng_seed(4)
        guide = poutine.trace(model.guide).get_trace(x)
        pair = poutine.trace(poutine.replay(model.model, trace=guide)).get_trace(x)
        want = log_prob(guide) - log_prob(pair)
        names, parameters = zip(*[(n, p) for n, p in model.named_parameters() if p.requires_grad], strict=True)
        gradients = (torch.autograd.grad(of, parameters, materialize_grads=True) for of in (loss, want))
        for name, *both in zip(names, *gradients, strict=True):
            torch.testing.assert_close(*both, rtol=1e-8, atol=1e-10, msg=name)

    def test_the_mean_is_the_enumerated_bound(self, model_class):
        relaxed = small(model_class, classes="relaxed").eval()
        enumerated = small(model_class).eval()
        enumerated.load_state_dict(relaxed.state_dict())
        x = rows(relaxed)[0]
        means, errors = [], []
        for model in (relaxed, enumerated):
            draws = torch.tensor([ELBO.loss(model.model, model.guide, x) for _ in range(150)])
            means.append(draws.mean())
            errors.append(draws.std() / math.sqrt(150))
        assert abs(means[0] - means[1]) < 4 * math.hypot(*errors)

    def test_every_parameter_moves_and_copies_train(self, model_class):
        model = small(model_class, classes="relaxed")
        testing.check_every_parameter_moves(model, *rows(model))
        testing.check_every_parameter_moves(model, rows(model)[0], labels_alone=labels_alone(model))
        testing.check_instances_are_apart(model, *rows(model))

    def test_it_learns_a_separable_problem(self, model_class):
        if model_class in (M1M2, LatentClassifierVAE):
            pytest.skip("classes are read from a latent, which takes longer to learn, enumerated too")
        model = small(model_class, classes="relaxed")
        y = torch.arange(60) % 3
        x = (0.15 + 0.7 * torch.eye(3)[y].repeat(1, 2) + 0.1 * torch.rand(60, 6)).clamp(0, 1)
        svi = SVI(model.model, model.guide, Adam({"lr": 1e-2}), SemiSupervisedELBO.of(model, ELBO, alpha=10.0))
        for _ in range(60):
            svi.step(labelled=(x[:12], y[:12]), unlabelled=x)
        options = {"network": "inference"} if model_class is CaGeM else {}
        assert bool((model.classifier(x, **options).argmax(-1) == y).all())

    def test_the_evidence_is_that_of_the_enumerated_model(self, model_class):
        relaxed = small(model_class, classes="relaxed").eval()
        enumerated = small(model_class).eval()
        enumerated.load_state_dict(relaxed.state_dict())
        x = rows(relaxed)[0]
        estimates = [log_likelihood(model, x, num_samples=3000, backend="off") for model in (relaxed, enumerated)]
        error = torch.hypot(*(estimate.row_errors for estimate in estimates))
        assert bool(((estimates[0].rows - estimates[1].rows).abs() < 5 * error).all())


@pytest.mark.parametrize("model_class", [c if c is M2 else pytest.param(c, marks=pytest.mark.slow) for c in RELAXABLE])
def test_compiled_steps_are_those_of_svi(model_class):
    losses = []
    for engine in (SVI, CompiledSVI):
        pyro.set_rng_seed(2)
        pyro.clear_param_store()
        model = small(model_class, classes="relaxed")
        x, y = rows(model)
        options = {"backend": "replay"} if engine is CompiledSVI else {}
        objective = SemiSupervisedELBO.of(model, ELBO, alpha=2.0)
        svi = engine(model.model, model.guide, Adam({"lr": 1e-2}), objective, **options)
        losses.append([svi.step(labelled=(x, y), unlabelled=x) for _ in range(5)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("gumbel", "classes: got 'gumbel', want one of enumerated, relaxed"),
        (("relaxed", {"temperature": 0}), "temperature: got 0, want a number above zero"),
        (("relaxed", {"temperature": "1"}), "temperature: got '1', want a number above zero"),
        (
            ("relaxed", {"temprature": 1}),
            "classes: relaxed: got 'temprature' (did you mean 'temperature'?), want one of temperature",
        ),
    ],
)
def test_bad_input(classes, message):
    with pytest.raises(ValueError) as error:
        small(RELAXABLE[0], classes=classes)
    assert message in str(error.value)
