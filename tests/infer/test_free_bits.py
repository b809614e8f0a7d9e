"""Free bits: the loss by hand for every model, its two limits, groups, gradients, and bad input."""

import math

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam
from torch.distributions import Normal, kl_divergence

from pyrodgm.evaluate import kl_per_unit
from pyrodgm.handlers import warm_up
from pyrodgm.infer import CompiledSVI, FreeBits, ImportanceWeightedELBO, SemiSupervisedELBO
from pyrodgm.models import ADGM, AVAE, M2, VAE, CaGeM, ResNetVAE
from pyrodgm.nn.masked import MaskedNet
from tests import by_hand
from tests.pairs import MERGED, OF_MAPS, accepted, as_it_comes, every_pair, model_classes, rows, slow_unless, small

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
SAMPLED = [
    (c, "full", "layer") for c in model_classes() if c.__name__ not in MERGED + OF_MAPS
]  # without an analytic KL
SAMPLED += [(ResNetVAE, "iaf", groups) for groups in ("map", "unit")]
SAMPLED += [(c, "iaf", "unit") for c in (VAE, ADGM, AVAE, CaGeM)] + [(VAE, p, "layer") for p in ("planar", "radial")]


def double(model_class, **options):
    model = small(model_class, **options).double()
    x, y = rows(model)
    return model, x.double(), y


def at_seed(objective, model, *args, seed=3, **kwargs):
    pyro.set_rng_seed(seed)
    return objective.differentiable_loss(model.model, model.guide, *args, **kwargs)


def gradients(loss, model):
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not loss.requires_grad:
        return {name: torch.zeros_like(p) for name, p in parameters.items()}
    return dict(zip(parameters, torch.autograd.grad(loss, parameters.values(), materialize_grads=True), strict=True))


def assert_equal(found, wanted, model, tolerance):
    """Losses and their gradients."""
    torch.testing.assert_close(found, wanted, rtol=tolerance, atol=0)
    found, wanted = gradients(found, model), gradients(wanted, model)
    scale = max(float(g.abs().max()) for g in wanted.values())
    for name in wanted:
        torch.testing.assert_close(
            found[name], wanted[name], rtol=tolerance, atol=tolerance * scale, msg=lambda m, name=name: f"{name}: {m}"
        )


def some_floors(model, x, groups):
    """A floor between the KLs of the groups, the floor zero, and one above all."""
    pyro.set_rng_seed(3)
    noise, kl = by_hand.fresh(model, x, 2), []
    for site in by_hand.runs(model, x, noise)[0].latents:
        units = by_hand.kl_of_units(model, x, noise, site).detach()
        kl += [float(group) / len(x) for group in (units if groups == "unit" else [units.sum()])]
    kl = sorted(kl)
    between = (kl[0] + kl[1]) / 2 if len(kl) > 1 else 0.9 * kl[0]
    return max(between, 0.01), 0, kl[-1] + 1


@pytest.mark.parametrize(("model_class", "options"), every_pair(thorough=()))
def test_loss_and_gradients_are_those_by_hand(model_class, options):
    check_by_hand("unit", model_class, options)


@pytest.mark.parametrize(("model_class", "options"), slow_unless(as_it_comes, every_pair(thorough=())))
def test_loss_and_gradients_by_layer_are_those_by_hand(model_class, options):
    check_by_hand("layer", model_class, options)


def check_by_hand(groups, model_class, options):
    """With a floor between the KLs, without and with labels, without one, and with one above all."""
    model, x, y = double(model_class, **options)
    between, zero, above = some_floors(model, x, groups)
    for nats, labels in ((between, None), (between, y), (zero, None), (above, None)):
        found = at_seed(FreeBits(nats, groups, num_particles=2), model, x, labels)
        pyro.set_rng_seed(3)
        wanted = by_hand.free_bits(model, x, by_hand.fresh(model, x, 2), nats, groups, labels)
        assert_equal(found, wanted, model, 1e-9)


@pytest.mark.parametrize(("model_class", "posterior", "groups"), SAMPLED)
def test_without_a_floor_it_is_the_elbo(model_class, posterior, groups):
    """To the last digits where no KL is analytic; with batch normalisation, as it is trained."""
    model, x, _ = double(model_class, posterior=posterior, batch_norm=True)
    found, wanted = at_seed(FreeBits(0, groups), model, x), at_seed(ELBO, model, x)
    assert_equal(found, wanted, model, 1e-12)


def test_units_of_an_autoregressive_flow_take_no_inverse():
    model, x, _ = double(VAE, posterior=("iaf", {"num_steps": 3}))
    calls = []
    for module in model.modules():
        if isinstance(module, MaskedNet):
            module.register_forward_hook(lambda *args: calls.append(args))
    at_seed(FreeBits(0.5), model, x)
    assert len(calls) == 3


def test_an_estimate_below_zero_stays_one():
    """Of a posterior that is nearly the prior."""
    model, x, _ = double(VAE, posterior="full")
    with torch.no_grad():
        for parameter in model.q_z.parameters():
            parameter.zero_()
        model.q_z.log_variance.bias.fill_(0.1)
    for seed in range(6):
        found, wanted = (at_seed(objective, model, x, seed=seed) for objective in (FreeBits(0, "layer"), ELBO))
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)


def test_a_floor_below_every_kl_changes_nothing():
    model, x, _ = double(VAE)
    least = float(kl_per_unit(model.eval(), x).min())
    assert least > 0
    assert_equal(at_seed(FreeBits(0.99 * least), model, x), at_seed(FreeBits(0), model, x), model, 1e-14)


@pytest.mark.parametrize("groups", ["unit", "layer"])
def test_below_its_floor_a_latent_is_free(groups):
    model, x, _ = double(VAE)
    pyro.set_rng_seed(3)
    z = model.q_z(x).rsample()
    wanted = -model.p_x(z).log_prob(x).sum()
    found = at_seed(FreeBits(50.0, groups), model, x)
    assert_equal(found - 7 * 50.0 * (2 if groups == "unit" else 1), wanted, model, 1e-12)


class Maps(torch.nn.Module):
    """x ~ N(z, 1) for z of any shape, whose means are the rows of x and whose prior is N(0, I)."""

    def __init__(self, events, plate="any name"):
        super().__init__()
        self.events, self.plate = events, plate

    def model(self, x, y=None):
        with pyro.plate(self.plate, len(x)):
            z = pyro.sample("z", dist.Normal(torch.zeros_like(x[0]), 1.0).to_event(self.events))
            pyro.sample("x", dist.Normal(z, 1.0).to_event(self.events), obs=x)

    def guide(self, x, y=None):
        with pyro.plate(self.plate, len(x)):
            pyro.sample("z", dist.Normal(x, 0.8).to_event(self.events))


@pytest.mark.parametrize("shape", [(), (4,), (2, 3, 4)])
@pytest.mark.parametrize("groups", ["unit", "map", "layer"])
def test_groups_of_latents_of_any_shape(shape, groups):
    x = torch.randn(5, *shape, dtype=torch.float64)
    pair, nats = Maps(len(shape)), 0.6
    units = kl_divergence(Normal(x, 0.8), Normal(0.0, 1.0)).sum(0)
    torch.testing.assert_close(kl_per_unit(pair, x), units / 5)
    if groups == "map":
        if len(shape) != 3:
            with pytest.raises(
                ValueError, match=r"groups: got 'map' with site 'z' of shape .*, want latents \(C, H, W"
            ):
                FreeBits(nats, groups).loss(pair.model, pair.guide, x)
            return
        nats, kl = float(units.sum((1, 2)).mean()) / 5, units.sum((1, 2))  # between those of the two channels
    else:
        kl = units.flatten() if groups == "unit" else units.sum()[None]
    wanted = sum(max(5 * nats, float(group)) for group in kl)
    assert wanted > float(kl.sum()) or len(kl) == 1
    pyro.set_rng_seed(3)
    z = x + 0.8 * torch.randn(5, *shape, dtype=torch.float64)
    log_p = dist.Normal(z, 1.0).log_prob(x).sum()
    assert float(at_seed(FreeBits(nats, groups), pair, x)) == pytest.approx(float(wanted - log_p), rel=1e-12)


def test_a_number_that_is_not_normal_has_the_difference_at_the_sample():
    x = torch.linspace(-3.0, 3.0, 5, dtype=torch.float64)

    class Laplace(Maps):
        def guide(self, x, y=None):
            with pyro.plate(self.plate, len(x)):
                pyro.sample("z", dist.Laplace(x, 0.8))

    pair, q = Laplace(0), dist.Laplace(x, 0.8)
    pyro.set_rng_seed(3)
    z = q.rsample()
    parts = q.log_prob(z) - dist.Normal(0.0, 1.0).log_prob(z)
    nats = float(parts.mean()) + 0.3
    wanted = 5 * nats - dist.Normal(z, 1.0).log_prob(x).sum()
    assert float(at_seed(FreeBits(nats), pair, x)) == pytest.approx(float(wanted), rel=1e-12)


def test_the_maximum_is_of_the_sum_over_the_rows():
    """One row says nothing and one a great deal: together they are above the floor, though the first is not."""
    x = torch.tensor([[0.6], [2.0]], dtype=torch.float64)
    pair = Maps(1)
    kl = kl_divergence(Normal(x, 0.8), Normal(0.0, 1.0))
    assert float(kl.min()) < 0.5 < float(kl.mean())
    assert at_seed(FreeBits(0.5), pair, x) == at_seed(FreeBits(0), pair, x)


@pytest.mark.parametrize("model_class", [M2, ADGM])
def test_both_bounds_of_the_semi_supervised_objective_have_their_floors(model_class):
    model, x, y = double(model_class)
    inner = FreeBits(0.5, num_particles=2)
    found = at_seed(SemiSupervisedELBO.of(model, inner, 2.5, 0.7), model, labelled=(x, y), unlabelled=x[:4])
    pyro.set_rng_seed(3)
    noise = by_hand.fresh(model, x, 2)
    wanted = 0.7 * by_hand.free_bits(model, x, noise, 0.5, "unit", y)
    (run,) = by_hand.runs(model, x, noise, y)
    wanted = wanted - 2.5 * (run.log_q_y.expand(2, 7).logsumexp(0) - math.log(2)).sum()
    wanted = wanted + by_hand.free_bits(model, x[:4], by_hand.fresh(model, x[:4], 2), 0.5, "unit")
    assert_equal(found, wanted, model, 1e-9)


def losses(make, model_class):
    pyro.set_rng_seed(0)
    model = small(model_class, batch_norm=True).double()
    (x, y), objective = rows(model), FreeBits(0.4)
    x = x.double()
    loss = objective if y is None else SemiSupervisedELBO.of(model, objective, alpha=3.0)
    batch = {"x": x} if y is None else {"labelled": (x, y), "unlabelled": x.flip(0)[:5]}
    svi, seen = make(model.model, model.guide, Adam({"lr": 0.02}), loss), []
    for step in range(14):
        if step == 8:
            objective.nats = 0.01
        if y is None:
            batch["x"] = x[: 7 - step % 3]
        seen.append(svi.step(**batch))
    return seen, svi


@pytest.mark.parametrize("model_class", [VAE, *(pytest.param(c, marks=pytest.mark.slow) for c in (M2, CaGeM))])
def test_compiled_steps_are_the_plain_ones(model_class):
    """In double precision: Adam makes much of a gradient that is zero but for rounding, as that of free KLs is."""
    wanted, _ = losses(SVI, model_class)
    found, svi = losses(lambda *pair: CompiledSVI(*pair, backend="replay"), model_class)
    assert {row["backend"] for row in svi.explain()} == {"replay"}
    assert found == pytest.approx(wanted, rel=1e-9)


def test_units_come_up_to_their_floor():
    """The rows say little, and the ELBO leaves every unit at its prior; with a floor every unit is used up to it."""
    x = torch.tensor([[0.6] * 6, [0.4] * 6]).repeat(50, 1).bernoulli()
    kl = {}
    for nats in (0, 0.2):
        pyro.set_rng_seed(0)
        pyro.clear_param_store()
        model = small(VAE)
        svi = SVI(model.model, model.guide, Adam({"lr": 0.02}), FreeBits(nats))
        for _ in range(150):
            svi.step(x)
        kl[nats] = kl_per_unit(model.eval(), x)
    assert float(kl[0].min()) < 0.05 and float(kl[0.2].min()) > 0.19


def test_a_drawn_class_has_a_loss_without_a_gradient():
    """Its KL is the difference of the log-densities at the draw, and has no floor."""
    x, drawn = torch.randn(5, dtype=torch.float64), []
    p, q = (dist.Categorical(logits=torch.randn(3, dtype=torch.float64)) for _ in range(2))

    def model(x):
        with pyro.plate("rows", 5):
            y = pyro.sample("y", p)
            pyro.sample("x", dist.Normal(y.double(), 1.0), obs=x)

    def guide(x):
        with pyro.plate("rows", 5):
            drawn.append(pyro.sample("y", q))

    with accepted(ValueError):
        found = FreeBits(50.0).loss(model, guide, x)
    y = drawn[0].flatten()
    expected = (q.log_prob(y) - p.log_prob(y) - dist.Normal(y.double(), 1.0).log_prob(x)).sum()
    assert found == pytest.approx(float(expected), rel=1e-12)


def test_a_class_that_the_guide_observes_is_no_draw():
    """It has a part of its own, without a gradient of a draw to want. So it is for importance weights."""
    x, y = torch.randn(5, dtype=torch.float64), torch.tensor([0, 2, 1, 1, 0])
    p, q = (dist.Categorical(logits=torch.randn(3, dtype=torch.float64)) for _ in range(2))
    of_z, given_z, drawn = dist.Normal(y.double(), 1.0), dist.Normal(x, 0.7), []

    def model(x):
        with pyro.plate("rows", 5):
            pyro.sample("y", p, obs=y)
            z = pyro.sample("z", of_z)
            pyro.sample("x", dist.Normal(z, 1.0), obs=x)

    def guide(x):
        with pyro.plate("rows", 5):
            pyro.sample("y", q, obs=y)
            drawn.append(pyro.sample("z", given_z))

    of_y = p.log_prob(y) - q.log_prob(y)
    for objective in (FreeBits(0, num_particles=2), ImportanceWeightedELBO(2)):
        with accepted(ValueError):
            found = objective.differentiable_loss(model, guide, x)
        z = drawn[-1]
        log_p = of_y + dist.Normal(z, 1.0).log_prob(x)
        wanted = kl_divergence(given_z, of_z) - log_p.mean(0)
        if isinstance(objective, ImportanceWeightedELBO):
            wanted = math.log(2) - (log_p + of_z.log_prob(z) - given_z.log_prob(z)).logsumexp(0)
        torch.testing.assert_close(found, wanted.sum(), rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FreeBits(-0.1), "nats: got -0.1, want a finite number of at least zero"),
        (lambda: FreeBits(math.nan), "nats: got nan, want a finite number"),
        (lambda: FreeBits(math.inf), "nats: got inf, want a finite number"),
        (lambda: FreeBits("1"), "nats: got '1', want a finite number"),
        (lambda: FreeBits(True), "nats: got True, want a finite number"),
        (lambda: FreeBits(1, groups="units"), r"groups: got 'units' \(did you mean 'unit'\?\), want one of layer, map"),
        (lambda: FreeBits(1, num_particles=0), "num_particles: got 0, want a positive int"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def scaled(pair, x):
    with poutine.scale(scale=2.0):
        FreeBits(1).loss(pair.model, pair.guide, x)


def warmed_up(pair, x):
    with warm_up(torch.tensor(0.5)):
        FreeBits(1).loss(pair.model, pair.guide, x)


def masked(pair, x):
    with poutine.mask(mask=torch.tensor([True, False])):
        FreeBits(1).loss(pair.model, pair.guide, x)


def with_a_global_latent(pair, x):
    def model(x):
        pyro.sample("w", dist.Normal(0.0, 1.0))
        pair.model(x)

    def guide(x):
        pyro.sample("w", dist.Normal(0.0, 1.0))
        pair.guide(x)

    FreeBits(1).loss(model, guide, x)


def drawn_class(pair, x):
    def both(x):
        with pyro.plate("rows", 2):
            pyro.sample("y", dist.Categorical(logits=torch.zeros(3)))

    FreeBits(1).differentiable_loss(both, both, x)


def without_a_prior(pair, x):
    FreeBits(1).loss(poutine.block(pair.model, hide=["z"]), pair.guide, x)


def without_a_posterior(pair, x):
    FreeBits(1).loss(pair.model, lambda x: None, x)


def units_of_a_full_covariance(pair, x):
    model = small(VAE, posterior="full")
    FreeBits(1).loss(model.model, model.guide, torch.rand(2, 6))


def units_of_a_planar_flow(pair, x):
    model = small(VAE, posterior="planar")
    FreeBits(1).loss(model.model, model.guide, torch.rand(2, 6))


class HiddenClass(Maps):
    """The prior of z reads a class that the model alone enumerates."""

    def model(self, x, y=None):
        with pyro.plate("rows", 2):
            y = pyro.sample("y", dist.Categorical(logits=torch.zeros(3)), infer={"enumerate": "parallel"})
            z = pyro.sample("z", dist.Normal(y[..., None].double(), 1.0).to_event(1))
            pyro.sample("x", dist.Normal(z, 1.0).to_event(1), obs=x)


def prior_that_reads_a_hidden_class(pair, x):
    pair = HiddenClass(1)
    FreeBits(1).loss(pair.model, pair.guide, x)


def units_whose_prior_reads_a_hidden_class(pair, x):
    kl_per_unit(HiddenClass(1), x)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (scaled, r"model: got site 'z' scaled by 2.0, want every density unscaled"),
        (warmed_up, r"model: got site 'z' scaled by .*, want every density unscaled"),
        (masked, "model: got site 'z' masked, want every density unmasked"),
        (with_a_global_latent, "model: got site 'w' outside the plate over rows"),
        (drawn_class, "guide: got site 'y' drawn without a gradient, want it enumerated"),
        (without_a_prior, "guide: got site 'z', which the model lacks, want every latent in both"),
        (without_a_posterior, "model: got site 'z', which the guide lacks, want every latent in both"),
        (
            units_of_a_full_covariance,
            "groups: got 'unit', want 'layer': site: got 'z', FullNormal, want one that is a ",
        ),
        (units_of_a_planar_flow, "groups: got 'unit', want 'layer': site: got 'z', Planar of TransformedDistribution"),
        (prior_that_reads_a_hidden_class, "model: got site 'y' enumerated in the model only, want it in the guide"),
        (units_whose_prior_reads_a_hidden_class, "model: got site 'y' enumerated in the model only, want it in the"),
    ],
)
def test_pairs_that_have_no_such_loss_are_refused(step, message):
    with pytest.raises(ValueError, match=message):
        step(Maps(1), torch.randn(2, 3, dtype=torch.float64))
