"""The importance-weighted bound by hand, its two gradients, and unsupported cases."""

import gc
import inspect
import math
import weakref

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam
from torch.distributions import constraints

from pyrodgm import testing
from pyrodgm.handlers import warm_up
from pyrodgm.infer import ImportanceWeightedELBO, SemiSupervisedELBO
from pyrodgm.models import ADGM, AVAE, M2, SDGM, VAE, CaGeM, LadderVAE, LatentClassifierVAE, SplitLatentClassifierVAE
from tests import by_hand
from tests.evaluate.known_evidence import Discrete, LinearNormal
from tests.infer.test_compiled_svi import assert_equal_losses, backends, with_backend
from tests.models.test_matrix import constant_variances
from tests.pairs import accepted, every_pair, model_classes, of_known_evidence, rows, slow_unless, small

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
DOUBLY = "doubly_reparameterised"
VARIED = every_pair(thorough=())
WITHOUT_A_CLASS = [  # in the guide
    c
    for c in model_classes()
    if "num_classes" not in inspect.signature(c).parameters or c in (LatentClassifierVAE, SplitLatentClassifierVAE)
]
RELAXED = [pytest.param(c, {"classes": "relaxed"}, id=f"{c.__name__}-relaxed") for c in (M2, ADGM, SDGM, CaGeM)]


def loss_and_gradients(objective, model, *args, seed=3):
    """The loss at the noise of a seed, and its gradients by name."""
    pyro.set_rng_seed(seed)
    loss = objective.differentiable_loss(model.model, model.guide, *args)
    return loss, gradients(loss, model)


def gradients(loss, model):
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(loss, list(parameters.values()), materialize_grads=True)
    return dict(zip(parameters, found, strict=True))


def assert_same_gradients(got, want, rtol=1e-8, atol=1e-10):
    for name, gradient in got.items():
        expected = torch.zeros_like(gradient) if want[name] is None else want[name]
        torch.testing.assert_close(gradient, expected, rtol=rtol, atol=atol, msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.parametrize("classes", ["bounded", "all"])
@pytest.mark.parametrize(("model_class", "options"), VARIED)
def test_loss_and_gradients_agree_with_the_formulas_by_hand(model_class, options, classes):
    model = small(model_class, **options).double()
    x, y = rows(model)
    x = x.double()
    objective = ImportanceWeightedELBO(4, classes)
    for labels in {None, y} if classes == "bounded" and y is not None else (None,):
        found, got = loss_and_gradients(objective, model, x, labels)
        torch.manual_seed(3)
        want = -by_hand.importance_weighted(model, x, by_hand.fresh(model, x, 4), labels, classes).sum()
        torch.testing.assert_close(found, want, rtol=1e-9, atol=0)
        assert_same_gradients(got, gradients(want, model))


@pytest.mark.parametrize(
    ("model_class", "options"), [*slow_unless(lambda c, o: c is VAE, every_pair(thorough=[VAE])), *RELAXED]
)
def test_one_sample_is_pyros_bound(model_class, options):
    model = small(model_class, **options).double()
    x = rows(model)[0].double()
    found, got = loss_and_gradients(ImportanceWeightedELBO(1), model, x)
    expected, want = loss_and_gradients(ELBO, model, x)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    scale = max(float(gradient.abs().max()) for gradient in want.values())
    assert_same_gradients(got, want, rtol=1e-12, atol=1e-12 * scale)


def of_rows(objective, model, x, repeats):
    """The bound a row, ``repeats`` times over, and the standard error of its mean."""
    values = torch.tensor([-objective.loss(model.model, model.guide, x) / len(x) for _ in range(repeats)])
    return float(values.mean()), float(values.std()) / math.sqrt(repeats)


def test_bounds_of_a_linear_normal_pair_are_in_order_and_reach_the_evidence():
    model = LinearNormal()
    x = torch.randn(20, 4).double()
    exact = float(model.evidence(x).mean())
    found = [of_rows(ImportanceWeightedELBO(k), model, x, repeats=40) for k in (1, 5, 50)]
    for (below, one), (above, other) in zip(found, [*found[1:], (exact, 0.0)], strict=True):
        assert below < above + 3 * math.hypot(one, other)
    assert found[0][0] < found[1][0] < found[2][0]
    assert found[2][0] == pytest.approx(exact, abs=3 * found[2][1])
    assert found[2][1] < 0.01


@pytest.mark.parametrize("classes", ["bounded", "all"])
@pytest.mark.parametrize("model_class", model_classes())
def test_bounds_are_below_the_evidence(model_class, classes):
    model = constant_variances(of_known_evidence(model_class).double())
    x = 0.7 * torch.randn(5, 6, dtype=torch.float64)
    exact = float(by_hand.evidence(model, x).detach().mean())
    x = x.repeat(40, 1)
    one, _ = of_rows(ImportanceWeightedELBO(1), model, x, repeats=5)
    many, error = of_rows(ImportanceWeightedELBO(20, classes), model, x, repeats=5)
    assert one < many
    assert many < exact + 3 * error


@pytest.mark.parametrize("samples", [1, 10])
def test_a_drawn_class_has_a_weight_of_its_own(samples):
    model = Discrete("nowhere")
    x = model.data()
    weights = [-ImportanceWeightedELBO(samples, "all").loss(model.model, model.guide, x[[5]].repeat(4000, 1))]
    assert weights[0] / 4000 < float(model.evidence(x)[5])
    if samples == 10:
        assert weights[0] / 4000 == pytest.approx(float(model.evidence(x)[5]), abs=0.2)


@pytest.mark.parametrize("model_class", [M2, ADGM])
def test_the_classifier_learns_but_for_all_classes_summed(model_class):
    model = small(model_class)
    x, _ = rows(model)
    for classes, learns in (("bounded", True), ("all", False)):
        _, found = loss_and_gradients(ImportanceWeightedELBO(3, classes), model, x)
        of_q_y = [gradient for name, gradient in found.items() if name.startswith("q_y")]
        assert all(bool(gradient.abs().sum() > 0) == learns for gradient in of_q_y)


@pytest.mark.parametrize("gradient", ["plain", DOUBLY])
def test_samples_are_the_particles_of_the_class_term(gradient):
    model = small(ADGM).double()
    x, y = rows(model)
    x = x.double()
    losses, found = [], []
    for alpha in (1.0, 0.0):
        pyro.set_rng_seed(3)
        objective = SemiSupervisedELBO(ImportanceWeightedELBO(5, gradient=gradient), alpha)
        losses.append(objective.differentiable_loss(model.model, model.guide, labelled=(x, y)))
        found.append(gradients(losses[-1], model))
    torch.manual_seed(3)
    (run,) = by_hand.runs(model, x, by_hand.fresh(model, x, 5), y)
    term = -by_hand.log_mean(run.log_q_y)[0].sum()
    torch.testing.assert_close(losses[0] - losses[1], term, rtol=1e-9, atol=0)
    assert_same_gradients({name: found[0][name] - found[1][name] for name in found[0]}, gradients(term, model))


def test_a_class_term_without_a_bound_has_as_many_samples():
    model = small(ADGM).double()
    x, y = rows(model)
    seen = []
    model.q_a.register_forward_hook(lambda *args: seen.append(1))
    objective = SemiSupervisedELBO(ImportanceWeightedELBO(5), alpha=1.0, labelled_weight=0.0)
    objective.loss(model.model, model.guide, labelled=(x.double(), y))
    assert len(seen) == 5


@pytest.mark.parametrize("gradient", ["plain", DOUBLY])
@pytest.mark.parametrize("model_class", [AVAE, LadderVAE])
def test_batch_statistics_are_fed_once_a_step(model_class, gradient):
    model = small(model_class, batch_norm="heads")
    SVI(model.model, model.guide, Adam({"lr": 1e-3}), ImportanceWeightedELBO(3, gradient=gradient)).step(rows(model)[0])
    norms = [module for module in model.modules() if hasattr(module, "num_batches_tracked")]
    assert [int(norm.num_batches_tracked) for norm in norms] == [1] * len(norms)


def test_evaluation_needs_no_gradient():
    model = Discrete("nowhere")
    x = model.data()
    assert math.isfinite(ImportanceWeightedELBO(2, "all").loss(model.model, model.guide, x))
    model = small(VAE)
    x, _ = rows(model)
    losses = []
    for gradient in ("plain", DOUBLY):
        pyro.set_rng_seed(0)
        losses.append(ImportanceWeightedELBO(4, gradient=gradient).loss(model.model, model.guide, x))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def is_guides(name):
    return not name.startswith("p_")


class TestDoublyReparameterised:
    @pytest.mark.parametrize("model_class", WITHOUT_A_CLASS)
    def test_loss_and_gradients_agree_with_the_formulas_by_hand(self, model_class):
        model = small(model_class).double()
        x = rows(model)[0].double()
        found, got = loss_and_gradients(ImportanceWeightedELBO(4, gradient=DOUBLY), model, x)
        torch.manual_seed(3)
        noise = by_hand.fresh(model, x, 4)
        expected = -by_hand.importance_weighted(model, x, noise).sum()
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=0)
        assert_same_gradients(got, gradients(by_hand.doubly_reparameterised(model, x, noise), model))

    @pytest.mark.parametrize("posterior", ["full", "planar", "radial"])
    def test_any_posterior_whose_copies_can_be_scored(self, posterior):
        model = small(VAE, posterior=posterior).double()
        x = rows(model)[0].double()
        loss, got = loss_and_gradients(ImportanceWeightedELBO(4, gradient=DOUBLY), model, x)
        pyro.set_rng_seed(3)
        with pyro.plate("particles", 4, dim=-2):
            z = poutine.trace(model.guide).get_trace(x).nodes["z"]["value"]
            copy = z.detach().requires_grad_()
            guide, pair = (
                testing.row_log_prob(poutine.trace(poutine.condition(f, {"z": copy})).get_trace(x))
                for f in (model.guide, model.model)
            )
        torch.testing.assert_close(loss, -((pair - guide).exp().mean(0)).log().sum(), rtol=1e-9, atol=0)
        w = (pair - guide).detach().softmax(0)
        (slope,) = torch.autograd.grad((pair - guide).sum(), copy, retain_graph=True)
        want = gradients(-(w * pair).sum() - (w[..., None] ** 2 * slope * z).sum(), model)
        assert_same_gradients(got, want)

    def test_parameters_that_pyro_does_not_know_have_the_same_gradients(self):
        """A pair without ``pyro.module``, whose parameters an optimiser of PyTorch trains."""
        found = []
        for known in (True, False):
            torch.manual_seed(0)
            encoder, decoder = torch.nn.Linear(6, 4), torch.nn.Linear(2, 6)

            def model(x, known=known, decoder=decoder):
                if known:
                    pyro.module("decoder", decoder)
                with pyro.plate("rows", len(x)):
                    z = pyro.sample("z", dist.Normal(torch.zeros(2), 1.0).to_event(1))
                    pyro.sample("x", dist.Bernoulli(logits=decoder(z)).to_event(1), obs=x)

            def guide(x, known=known, encoder=encoder):
                if known:
                    pyro.module("encoder", encoder)
                with pyro.plate("rows", len(x)):
                    loc, log_scale = encoder(x).chunk(2, -1)
                    pyro.sample("z", dist.Normal(loc, log_scale.exp()).to_event(1))

            pyro.clear_param_store()
            x = torch.bernoulli(torch.full((5, 6), 0.5))
            ImportanceWeightedELBO(3, gradient=DOUBLY).differentiable_loss(model, guide, x).backward()
            found.append([p.grad for net in (encoder, decoder) for p in net.parameters()])
        for with_pyro, without in zip(*found, strict=True):
            torch.testing.assert_close(without, with_pyro)

    def test_labels_may_be_given_where_the_guide_enumerates_them(self):
        model = small(ADGM)
        x, y = rows(model)
        plain, _ = loss_and_gradients(ImportanceWeightedELBO(4), model, x, y)
        found, _ = loss_and_gradients(ImportanceWeightedELBO(4, gradient=DOUBLY), model, x, y)
        torch.testing.assert_close(found, plain)

    def test_a_step_leaves_no_tensors_behind(self):
        model = small(AVAE)
        x, _ = rows(model)
        svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), ImportanceWeightedELBO(3, gradient=DOUBLY))
        found = []
        model.p_x.register_forward_hook(lambda net, parents, fn: found.append(weakref.ref(parents[0])))
        svi.step(x)  # the copies are what the decoder reads
        gc.collect()
        assert found[0]() is None

    def test_parameters_train_after_a_step_that_failed(self):
        model = small(VAE)
        calls = []

        def guide(x):
            calls.append(1)
            if len(calls) == 2:
                raise RuntimeError("the second run of the guide")
            model.guide(x)

        with pytest.raises(RuntimeError, match="the second run"):
            ImportanceWeightedELBO(2, gradient=DOUBLY).differentiable_loss(model.model, guide, rows(model)[0])
        assert all(parameter.requires_grad for parameter in model.parameters())

    def test_parameters_that_do_not_train_stay_so(self):
        model = small(VAE)
        model.q_z.requires_grad_(False)
        ImportanceWeightedELBO(2, gradient=DOUBLY).loss(model.model, model.guide, rows(model)[0])
        assert [name for name, p in model.named_parameters() if p.requires_grad == is_guides(name)] == []

    def draws(self, gradient, model, x, k, number):
        """Gradients of the guide's parameters, ``(number, P)``."""
        objective, found = ImportanceWeightedELBO(k, gradient=gradient), []
        for _ in range(number):
            loss = objective.differentiable_loss(model.model, model.guide, x)
            of_guide = [g.flatten() for name, g in gradients(loss, model).items() if is_guides(name)]
            found.append(torch.cat(of_guide))
        return torch.stack(found)

    def check_unbiased(self, model, x, k, number):
        plain, doubly = (self.draws(gradient, model, x, k, number) for gradient in ("plain", DOUBLY))
        error = ((plain.var(0) + doubly.var(0)) / number).sqrt()
        z = ((plain.mean(0) - doubly.mean(0)) / error)[error > 0]
        assert float(z.square().mean().sqrt()) < 1.5  # about 1 where both have one mean
        assert float(z.abs().max()) < 5

    @pytest.mark.parametrize("k", [1, 3])
    def test_it_is_unbiased(self, k):
        model = small(VAE, hidden=(4,)).double()
        self.check_unbiased(model, rows(model)[0][:2].double().repeat(50, 1), k, number=50)

    @pytest.mark.slow
    @pytest.mark.parametrize("k", [1, 10])
    @pytest.mark.parametrize("model_class", WITHOUT_A_CLASS)
    def test_it_is_unbiased_thoroughly(self, model_class, k):
        model = small(model_class).double()
        self.check_unbiased(model, rows(model)[0][:2].double().repeat(50, 1), k, number=800)

    def test_it_is_unbiased_for_a_parameter_with_a_constraint(self):
        """The guide reads a function of the tensor that is optimised."""
        x = torch.tensor([[0.5, -1.0]], dtype=torch.float64).repeat(100, 1)

        def model(x):
            with pyro.plate("rows", len(x)):
                z = pyro.sample("z", dist.Normal(torch.zeros_like(x[0]), 1.0).to_event(1))
                pyro.sample("x", dist.Normal(z, 0.7).to_event(1), obs=x)

        def guide(x):
            loc = pyro.param("loc", torch.zeros_like(x[0]))
            scale = pyro.param("scale", torch.full_like(x[0], 0.8), constraint=constraints.positive)
            with pyro.plate("rows", len(x)):
                pyro.sample("z", dist.Normal(loc, scale).to_event(1))

        def draws(gradient):
            objective, found = ImportanceWeightedELBO(3, gradient=gradient), []
            for _ in range(60):
                with accepted(RuntimeError):
                    loss = objective.differentiable_loss(model, guide, x)
                optimised = [pyro.param(name).unconstrained() for name in ("loc", "scale")]
                found.append(torch.cat(torch.autograd.grad(loss, optimised)))
            return torch.stack(found)

        plain, doubly = draws("plain"), draws(DOUBLY)
        error = ((plain.var(0) + doubly.var(0)) / 60).sqrt()
        assert bool(((plain.mean(0) - doubly.mean(0)).abs() < 4 * error).all())

    def test_its_variance_is_a_hundredth_at_fifty_samples(self):
        model = small(VAE).double()
        x = rows(model)[0].double()
        plain, doubly = (self.draws(gradient, model, x, 50, 30).var(0).sum() for gradient in ("plain", DOUBLY))
        assert float(plain / doubly) > 100


def steps(make, model_class, objective, number=6):
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    model = small(model_class, hidden=(5,))
    x, y = rows(model)
    semi_supervised = isinstance(objective, SemiSupervisedELBO)
    batch = {"labelled": (x, y), "unlabelled": x.flip(0)[:5]} if semi_supervised else {"x": x}
    svi = make(model.model, model.guide, Adam({"lr": 1e-3}), objective)
    return [svi.step(**batch) for _ in range(number)], svi


@pytest.mark.parametrize(
    ("model_class", "objective"),
    [
        pytest.param(VAE, ImportanceWeightedELBO(3, gradient=DOUBLY), id="doubly"),
        pytest.param(M2, SemiSupervisedELBO(ImportanceWeightedELBO(3), alpha=3.0), id="semi-supervised"),
    ],
)
def test_compiled_steps_are_those_of_plain_svi(model_class, objective):
    expected, _ = steps(SVI, model_class, objective)
    found, svi = steps(with_backend("replay"), model_class, objective)
    assert backends(svi) == {"replay"}
    assert_equal_losses(found, expected)


@pytest.mark.slow
@pytest.mark.parametrize("gradient", ["plain", DOUBLY])
@pytest.mark.parametrize("model_class", model_classes())
def test_compiled_steps_of_every_model(model_class, gradient):
    if gradient == DOUBLY and model_class not in WITHOUT_A_CLASS:
        return
    objective = ImportanceWeightedELBO(3, gradient=gradient)
    expected, _ = steps(SVI, model_class, objective)
    for backend in ("replay", "inductor"):
        found, svi = steps(with_backend(backend), model_class, objective)
        assert backends(svi) == {backend}
        assert_equal_losses(found, expected)


def test_training_tightens_it():
    model = small(VAE, hidden=(16,))
    x = torch.tensor([[1.0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]).repeat(10, 1)
    svi = SVI(model.model, model.guide, Adam({"lr": 2e-2}), ImportanceWeightedELBO(5, gradient=DOUBLY))
    losses = [svi.step(x) for _ in range(80)]
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_samples": 0}, "num_samples: got 0, want a positive int"),
        ({"num_samples": -2}, "num_samples: got -2, want a positive int"),
        ({"num_samples": 2.0}, "num_samples: got 2.0, want a positive int"),
        ({"num_samples": True}, "num_samples: got True, want a positive int"),
        ({"num_samples": np.int64(0)}, "num_samples: got 0, want a positive int"),
        ({"num_samples": "5"}, "num_samples: got '5', want a positive int"),
        ({"num_samples": 5, "classes": "drawn"}, "classes: got 'drawn', want one of all, bounded"),
        ({"num_samples": 5, "gradient": "doubly"}, "gradient: got 'doubly'.*, want one of doubly_reparameterised, pla"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ImportanceWeightedELBO(**arguments)


class Weighted(dist.Categorical):
    """A categorical whose classes have other weights than their probabilities."""

    def score_parts(self, value):
        return super().score_parts(value)._replace(score_function=0.5 * self.log_prob(value))


def pair(sample):
    """A pair whose guide draws, or enumerates, its latent z as ``sample`` does."""

    def model(x):
        with pyro.plate("rows", len(x)):
            z = pyro.sample("z", dist.Gamma(2.0, 1.0) if sample is gamma else dist.Categorical(torch.ones(3) / 3))
            pyro.sample("x", dist.Normal(z * 1.0, 1.0), obs=x[:, 0])

    def guide(x):
        with pyro.plate("rows", len(x)):
            sample(x)

    return model, guide


def gamma(x):
    return pyro.sample("z", Rejected(x[:, 0] + 1.0, 1.0))


class Rejected(dist.Gamma):
    """A gamma that says it has no gradient."""

    has_rsample = False


def drawn(x):
    return pyro.sample("z", dist.Categorical(torch.ones(3) / 3))


def weighted(x):
    return pyro.sample("z", Weighted(torch.ones(3) / 3), infer={"enumerate": "parallel"})


def zoo(model_class, **options):
    model = small(model_class, **options)
    return model.model, model.guide


def flow_in_another():
    model = small(VAE, posterior="iaf")

    def guide(x):
        with pyro.plate("batch", len(x)):
            scaled = dist.TransformedDistribution(model.q_z(x), [dist.transforms.AffineTransform(0.0, 2.0)])
            pyro.sample("z", scaled)

    return model.model, guide


NO_GRADIENT = "which is drawn without a gradient, want a reparameterised one"
REFUSED = [
    (
        lambda: zoo(M2, classes="relaxed"),
        (2,),
        "classes: got 'bounded' and 2 samples with site 'y', a Straight.* which",
    ),
    (lambda: pair(drawn), (2,), "classes: got 'bounded' and 2 samples with site 'z', a Categorical, which the guide"),
    (lambda: pair(drawn), (1,), f"guide: got site 'z', a Categorical, {NO_GRADIENT}"),
    (lambda: pair(drawn), (2, "all"), f"guide: got site 'z', a Categorical, {NO_GRADIENT}"),
    (lambda: pair(gamma), (1,), f"guide: got site 'z', a Rejected, {NO_GRADIENT}"),
    (lambda: pair(weighted), (2,), "guide: got site 'z', a Weighted, whose classes have other weights than"),
    (lambda: pair(weighted), (1, "all"), "guide: got site 'z', a Weighted, whose classes have other weights than"),
    (
        lambda: zoo(M2),
        (2, "bounded", DOUBLY),
        "gradient: got 'doubly_.*' with site 'y', a OneHot.* which the guide enu",
    ),
    (
        lambda: zoo(M2, classes="relaxed"),
        (1, "all", DOUBLY),
        "with site 'y', a Straight.* which is not reparameterised",
    ),
    (lambda: pair(gamma), (2, "bounded", DOUBLY), "with site 'z', a Rejected, which is not reparameterised"),
    (
        lambda: zoo(VAE, posterior="iaf"),
        (2, "bounded", DOUBLY),
        "with site 'z', a Transformed.* the sequential inverse",
    ),
    (flow_in_another, (2, "bounded", DOUBLY), "with site 'z', a Transformed.* the sequential inverse"),
]


@pytest.mark.parametrize(("make", "arguments", "message"), REFUSED)
def test_sites_that_have_no_such_bound_or_gradient(make, arguments, message):
    model, guide = make()
    with pyro.validation_enabled(False), pytest.raises(ValueError, match=message):
        ImportanceWeightedELBO(*arguments).differentiable_loss(model, guide, torch.rand(5, 6))


@pytest.mark.parametrize("gradient", ["plain", DOUBLY])
def test_scaled_masked_and_global_sites(gradient):
    model = small(VAE)
    x, _ = rows(model)
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), ImportanceWeightedELBO(5, gradient=gradient))
    over = warm_up(torch.tensor(1.0))  # a tensor may change at the next step
    for handler in (warm_up(torch.tensor(0.5)), over, poutine.scale(scale=2.0)):
        with handler, pytest.raises(ValueError, match="model: got site '.' scaled by .*, want .* outside a warm-up"):
            svi.step(x)
    with poutine.mask(mask=torch.tensor(True)), pytest.raises(ValueError, match="model: got site 'z' masked, want"):
        svi.step(x)

    def with_a_global(function):
        def inner(x):
            pyro.sample("w", dist.Normal(0.0, 1.0))
            function(x)

        return inner

    svi = SVI(with_a_global(model.model), with_a_global(model.guide), Adam({"lr": 1e-3}), svi.loss.__self__)
    with pytest.raises(ValueError, match="model: got site 'w' outside the plate over rows, want every site in it"):
        svi.step(x)


def test_a_subsampled_plate_is_refused():
    def guide(x):
        with pyro.plate("rows", 2 * len(x), subsample_size=len(x)):
            pyro.sample("z", dist.Normal(x[:, 0], 1.0))

    def model(x):
        with pyro.plate("rows", 2 * len(x), subsample_size=len(x)):
            z = pyro.sample("z", dist.Normal(x.new_zeros(()), 1.0))
            pyro.sample("x", dist.Normal(z, 1.0), obs=x[:, 0])

    with pytest.raises(ValueError, match="model: got site 'z' scaled by 2"):
        ImportanceWeightedELBO(2).loss(model, guide, torch.rand(5, 6))
