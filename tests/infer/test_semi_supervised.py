import math

import pyro
import pyro.distributions as dist
import pytest
import torch
import torch.nn.functional as F
from pyro import poutine
from pyro.infer import SVI, RenyiELBO, Trace_ELBO, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm.handlers import ObserveClass, warm_up
from pyrodgm.infer import CompiledSVI, ImportanceWeightedELBO, Objective, SemiSupervisedELBO
from pyrodgm.models import ADGM, M2, SDGM, VAE, AdversarialM2, CaGeM, SplitLatentClassifierVAE
from tests.pairs import rows, small

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)


def labelled_loss(objective, model, *args):
    pyro.set_rng_seed(3)
    return objective.differentiable_loss(model.model, model.guide, labelled=args).item()


@pytest.mark.parametrize("model_class", [M2, ADGM, SDGM])
def test_objective_is_the_sum_of_its_three_terms(model_class):
    model = small(model_class).double()
    x, y = rows(model)
    x = x.double()
    objective = SemiSupervisedELBO(ELBO, alpha=2.5, labelled_weight=0.7)
    pyro.set_rng_seed(3)
    got = objective.loss(model.model, model.guide, labelled=(x, y), unlabelled=x[:4])

    pyro.set_rng_seed(3)
    guide = poutine.trace(poutine.condition(model.guide, {"y": F.one_hot(y, 3).double()})).get_trace(x)
    latents = {site: guide.nodes[site]["value"] for site in ("a", "z") if site in guide.nodes}
    pair = poutine.trace(poutine.condition(model.model, latents)).get_trace(x, y)
    guide.compute_log_prob()
    log_q_y = guide.nodes["y"]["log_prob"].sum()
    bound = pair.log_prob_sum() - guide.log_prob_sum() + log_q_y
    unlabelled = ELBO.loss(model.model, model.guide, x[:4])
    want = -0.7 * bound - 2.5 * log_q_y + unlabelled
    assert got == pytest.approx(want.item(), rel=1e-9)


def test_either_kind_of_rows_may_come_alone():
    model = small(M2).double()
    x, y = rows(model)
    x = x.double()
    objective = SemiSupervisedELBO(ELBO, alpha=2.5)

    def loss(*batches):
        pyro.set_rng_seed(3)
        return sum(objective.loss(model.model, model.guide, **batch) for batch in batches)

    labelled, unlabelled = {"labelled": (x, y)}, {"unlabelled": x[:4]}
    assert loss(labelled, unlabelled) == pytest.approx(loss(labelled | unlabelled), rel=1e-12)


def test_labels_are_indices_or_one_hot_rows_of_any_dtype():
    model = small(M2).double()
    x, y = rows(model)
    objective = SemiSupervisedELBO(ELBO, alpha=2.5)
    given = [y, F.one_hot(y, 3), F.one_hot(y, 3).float(), F.one_hot(y, 3).double()]
    for labels in given:
        with ObserveClass(labels), pyro.plate("rows", len(y)):
            observed = pyro.sample("y", dist.OneHotCategorical(logits=torch.zeros(len(y), 3).double()))
        assert observed.dtype == torch.float64 and torch.equal(observed, given[-1])
    losses = [labelled_loss(objective, model, x.double(), labels) for labels in given]
    assert losses[1:] == pytest.approx(losses[:1] * 3, rel=1e-12)


@pytest.mark.parametrize("vectorize", [False, True])
def test_class_term_is_the_log_of_the_mean_over_particles(vectorize):
    model = small(ADGM).double()
    x, y = rows(model)
    x = x.double()
    elbo = TraceEnum_ELBO(max_plate_nesting=1, num_particles=5, vectorize_particles=vectorize)
    with_term = labelled_loss(SemiSupervisedELBO(elbo, alpha=1.0), model, x, y)
    without = labelled_loss(SemiSupervisedELBO(elbo, alpha=0.0), model, x, y)
    seen = []

    def guide(*args):
        with poutine.trace() as capture:
            model.guide(*args)
        seen.append(capture.trace.nodes["a"]["value"])

    pyro.set_rng_seed(3)
    SemiSupervisedELBO(elbo, alpha=0.0).differentiable_loss(model.model, guide, labelled=(x, y))
    a = torch.cat([value.reshape(-1, 7, 3) for value in seen])
    q = (
        model.q_y(a, x).probs[..., torch.arange(7), y]
        if a.dim() == 2
        else model.q_y(a, x).probs.gather(-1, y.expand(5, 7)[..., None])
    )
    assert with_term - without == pytest.approx(-q.mean(0).log().sum().item(), rel=1e-9)


def test_a_labelled_weight_of_zero_leaves_the_class_term():
    model = small(M2)
    x, y = rows(model)
    loss = labelled_loss(SemiSupervisedELBO(ELBO, alpha=2.0, labelled_weight=0.0), model, x, y)
    assert loss == pytest.approx(2 * F.cross_entropy(model.q_y(x).logits, y, reduction="sum").item(), rel=1e-5)


PARTICLES = {
    "one by one": TraceEnum_ELBO(max_plate_nesting=1, num_particles=4),
    "importance weighted": ImportanceWeightedELBO(4),
}


@pytest.mark.parametrize("elbo", PARTICLES.values(), ids=PARTICLES)
def test_without_the_labelled_bound_the_class_term_has_as_many_particles(elbo):
    model = small(ADGM).double()
    x, y = rows(model)
    x = x.double()
    seen = []

    def guide(x):
        with poutine.trace() as capture:
            model.guide(x)
        seen.append(capture.trace.nodes["a"]["value"])

    objective = SemiSupervisedELBO(elbo, alpha=2.0, labelled_weight=0.0)
    loss = objective.differentiable_loss(model.model, guide, labelled=(x, y))
    q = torch.stack([model.q_y(a, x).probs[torch.arange(len(x)), y] for a in seen])
    assert len(seen) == 4
    torch.testing.assert_close(loss, -2 * q.mean(0).log().sum(), rtol=1e-9, atol=0)


def test_a_classification_loss_takes_the_place_of_the_class_term():
    model = small(M2)
    x, y = rows(model)
    calls = []

    def mine(x, y):
        calls.append((x, y))
        return torch.tensor(5.0)

    objective = SemiSupervisedELBO(ELBO, alpha=2.0, labelled_weight=0.0, classification_loss=mine)
    assert labelled_loss(objective, model, x, y) == 10.0
    assert calls == [(x, y)]


def test_a_model_brings_its_paper_s_class_term_and_weight():
    model = small(M2)
    x, y = rows(model)
    model.labelled_weight, model.classification_loss = 0.0, lambda x, y: torch.tensor(5.0)
    assert labelled_loss(SemiSupervisedELBO.of(model, ELBO, alpha=2.0), model, x, y) == 10.0
    with_bound = labelled_loss(SemiSupervisedELBO.of(model, ELBO, alpha=2.0, labelled_weight=0.5), model, x, y)
    alone = labelled_loss(SemiSupervisedELBO(ELBO, alpha=0.0), model, x, y)
    assert with_bound == pytest.approx(10.0 + 0.5 * alone)


def index_pair():
    """A user's own pair: no class of ours, y an index, a plate of another name."""
    means = torch.nn.Parameter(torch.randn(3, 2))
    logits = torch.nn.Linear(2, 3)

    def model(x, y=None):
        pyro.param("means", means)
        with pyro.plate("rows", len(x)):
            y = pyro.sample("y", dist.Categorical(torch.ones(3) / 3), obs=y)
            pyro.sample("x", dist.Normal(means[y], 1.0).to_event(1), obs=x)

    def guide(x, y=None):
        pyro.module("logits", logits)
        with pyro.plate("rows", len(x)):
            if y is None:
                pyro.sample("y", dist.Categorical(logits=logits(x)), infer={"enumerate": "parallel"})

    return model, guide, logits


@pytest.mark.parametrize("one_hot", [False, True])
def test_a_pair_of_the_users_own_with_indices_for_y(one_hot):
    model, guide, logits = index_pair()
    x, y = torch.randn(5, 2), torch.tensor([0, 1, 2, 0, 1])
    objective = SemiSupervisedELBO(ELBO, alpha=2.0, labelled_weight=0.0)
    labels = F.one_hot(y, 3) if one_hot else y
    loss = objective.differentiable_loss(model, guide, labelled=(x, labels))
    torch.testing.assert_close(loss, 2 * F.cross_entropy(logits(x), y, reduction="sum"))
    svi = SVI(model, guide, Adam({"lr": 0.1}), SemiSupervisedELBO(ELBO, alpha=2.0))
    losses = [svi.step(labelled=(x, y), unlabelled=x) for _ in range(30)]
    assert losses[-1] < losses[0]


def test_the_class_term_takes_the_scale_of_its_site():
    model, guide, logits = index_pair()
    x, y = torch.randn(5, 2), torch.tensor([0, 1, 2, 0, 1])
    objective = SemiSupervisedELBO(ELBO, alpha=2.0, labelled_weight=0.0)
    loss = objective.differentiable_loss(model, poutine.scale(guide, 3.0), labelled=(x, y))
    torch.testing.assert_close(loss, 6 * F.cross_entropy(logits(x), y, reduction="sum"))


@pytest.mark.parametrize("vectorize", [False, True])
def test_the_scale_of_the_site_stays_outside_the_mean_over_particles(vectorize):
    model = small(ADGM)
    x, y = rows(model)
    elbo = TraceEnum_ELBO(max_plate_nesting=1, num_particles=4, vectorize_particles=vectorize)

    def class_term(guide):
        losses = []
        for alpha in (1.0, 0.0):
            pyro.set_rng_seed(3)
            objective = SemiSupervisedELBO(elbo, alpha=alpha)
            losses.append(objective.differentiable_loss(model.model, guide, labelled=(x, y)).item())
        return losses[0] - losses[1]

    assert class_term(poutine.scale(model.guide, 3.0)) == pytest.approx(3 * class_term(model.guide), rel=1e-3)


def test_a_masked_row_has_no_class_term():
    model, guide, logits = index_pair()
    x, y = torch.randn(5, 2), torch.tensor([0, 1, 2, 0, 1])
    objective = SemiSupervisedELBO(ELBO, alpha=2.0, labelled_weight=0.0)
    mask = torch.tensor([True, True, False, True, False])
    loss = objective.differentiable_loss(model, poutine.mask(guide, mask), labelled=(x, y))
    torch.testing.assert_close(loss, 2 * F.cross_entropy(logits(x[mask]), y[mask], reduction="sum"))


def test_a_guide_without_y_has_no_class_term():
    model = small(VAE)
    x, _ = rows(model)

    def pair(method):
        return lambda x, y=None: method(x)

    def loss(alpha):
        pyro.set_rng_seed(3)
        objective = SemiSupervisedELBO(Trace_ELBO(), alpha=alpha)
        return objective.loss(pair(model.model), pair(model.guide), labelled=(x, torch.zeros(7)))

    assert loss(0.0) == loss(100.0)


def test_running_statistics_come_from_unlabelled_rows_only():
    model = small(M2, batch_norm=True)
    x, y = rows(model)
    norm = model.q_y.trunk.norms[0]
    objective = SemiSupervisedELBO(ELBO, alpha=1.0)
    objective.loss(model.model, model.guide, labelled=(x, y))
    assert int(norm.num_batches_tracked) == 0
    objective.loss(model.model, model.guide, labelled=(x, y), unlabelled=x)
    assert int(norm.num_batches_tracked) == 1


def test_batch_normalisation_of_a_single_labelled_row_is_told():
    model = small(M2, batch_norm=True)
    x, y = rows(model)
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), SemiSupervisedELBO.of(model, ELBO, alpha=1.0))
    with pytest.raises(ValueError, match="labelled: got a single row .*want at least two, .*labelled_batch_size"):
        svi.step(labelled=(x[:1], y[:1]), unlabelled=x)
    for given in ((x[:1],), (x[:1], y[:1])):
        with pytest.raises(
            ValueError, match="x: got a single row while training with batch_norm=True, want at least two"
        ):
            SVI(model.model, model.guide, Adam({"lr": 1e-3}), ELBO).step(*given)
    svi.step(labelled=(x[:2], y[:2]), unlabelled=x)


def test_as_a_module_it_trains_the_models_own_parameters():
    model = small(M2)
    x, y = rows(model)
    loss = SemiSupervisedELBO(ELBO, alpha=1.0)(model.model, model.guide)
    before = [p.detach().clone() for p in model.parameters()]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    loss(labelled=(x, y), unlabelled=x).backward()
    optimizer.step()
    assert all(not torch.equal(b, p) for b, p in zip(before, model.parameters(), strict=True))


def test_loss_leaves_no_gradients_and_equals_the_step():
    model = small(M2)
    x, y = rows(model)
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-2}), SemiSupervisedELBO(ELBO, alpha=1.0))
    pyro.set_rng_seed(3)
    loss = svi.evaluate_loss(labelled=(x, y), unlabelled=x)
    assert all(p.grad is None for p in model.parameters())
    pyro.set_rng_seed(3)
    assert svi.step(labelled=(x, y), unlabelled=x) == pytest.approx(loss, rel=1e-6)


def test_the_elbo_that_is_given_stays_as_it_was():
    elbo = TraceEnum_ELBO(max_plate_nesting=1)
    SemiSupervisedELBO(elbo, alpha=1.0)
    assert elbo.strict_enumeration_warning


def normal_pair():
    """Model and guide of one normal latent, without parameters."""

    def model(x):
        with pyro.plate("rows", len(x)):
            pyro.sample("x", dist.Normal(pyro.sample("z", dist.Normal(torch.zeros(()), 1.0)), 1.0), obs=x)

    def guide(x):
        with pyro.plate("rows", len(x)):
            pyro.sample("z", dist.Normal(x / 2, 1.0))

    return model, guide


def test_a_pair_without_parameters_takes_steps():
    pair, objective = normal_pair(), ImportanceWeightedELBO(2)
    pyro.set_rng_seed(3)
    loss = objective.loss(*pair, torch.ones(4))
    pyro.set_rng_seed(3)
    assert SVI(*pair, Adam({"lr": 1e-2}), objective).step(torch.ones(4)) == loss


def test_a_new_objective_needs_only_its_differentiable_loss():
    assert Objective.__abstractmethods__ == {"differentiable_loss"}


@pytest.mark.parametrize("take", ["step", "evaluate_loss"])
def test_a_loss_that_is_nan_is_told(take):
    svi = SVI(*normal_pair(), Adam({"lr": 1e-2}), ImportanceWeightedELBO(2))
    with pyro.validation_enabled(False), pytest.warns(UserWarning, match="Encountered NaN: loss"):
        getattr(svi, take)(torch.tensor([1.0, torch.nan]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SemiSupervisedELBO(ELBO, alpha=-1.0), "alpha: got -1.0, want a number of at least zero"),
        (lambda: SemiSupervisedELBO(ELBO, alpha=math.nan), "alpha: got nan, want a number of at least zero"),
        (lambda: SemiSupervisedELBO(ELBO, 1.0, labelled_weight=-2), "labelled_weight: got -2, want a number"),
        (lambda: SemiSupervisedELBO(RenyiELBO(), 1.0), "elbo: got RenyiELBO, want one with a differentiable loss"),
        (lambda: SemiSupervisedELBO(ELBO, 1.0).loss(None, None), "labelled, unlabelled: got None for both"),
        (lambda: warm_up(0.5), "beta: got 0.5, want a 0-d tensor, to be updated in place"),
        (lambda: warm_up(torch.tensor(0.0)), "beta: got 0, want a value above zero"),
        (lambda: warm_up(torch.ones(2)), "beta: got tensor.*, want a 0-d tensor"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


class MixturePrior(VAE):
    """A VAE with a mixture of two normals as prior: the component c is enumerated in the model, or in the guide."""

    enumerated_by_guide = False

    def __init__(self):
        super().__init__(x_size=4, z_size=2, hidden=(5,))

    def model(self, x=None, y=None, size=1):
        with self.batch(x, y, size):
            infer = {} if self.enumerated_by_guide else {"enumerate": "parallel"}
            c = pyro.sample("c", dist.Categorical(torch.ones(2)), infer=infer)
            z = pyro.sample("z", dist.Normal(c[..., None].float().expand(*c.shape, 2), 1.0).to_event(1))
            return pyro.sample("x", self.p_x(z), obs=x)

    def guide(self, x, y=None, size=1):
        with self.batch(x, y, size):
            pyro.sample("z", self.q_z(x))
            if self.enumerated_by_guide:
                pyro.sample("c", dist.Categorical(torch.ones(2)), infer={"enumerate": "parallel"})


def test_a_warm_up_leaves_a_site_that_both_observe():
    model, x, losses = normal_pair()[0], torch.tensor([0.5, -1.0, 2.0]), []
    for observed in (False, True):

        def guide(x, observed=observed):
            with pyro.plate("rows", len(x)):
                pyro.sample("z", dist.Normal(x / 2, 1.0))
                if observed:
                    own = dist.Normal(torch.zeros(()), 1.0)
                    pyro.sample("x", own, obs=x, infer={"is_auxiliary": True})

        pyro.set_rng_seed(3)
        with warm_up(torch.tensor(0.25)):
            losses.append(Trace_ELBO().loss(model, guide, x))
    own = dist.Normal(torch.zeros(()), 1.0).log_prob(x).sum().item()
    assert losses[1] - losses[0] == pytest.approx(own, rel=1e-5)


class TestWarmUp:
    def terms(self, model, x, y=None):
        """The loss without temperature, its KL terms of continuous sites, and those of y, at one noise."""
        pyro.set_rng_seed(3)
        guide = poutine.trace(poutine.enum(model.guide, first_available_dim=-2)).get_trace(x, y)
        pair = poutine.trace(poutine.replay(model.model, guide)).get_trace(x, y)
        guide.compute_log_prob()
        pair.compute_log_prob()
        q = guide.nodes["y"]["log_prob"].exp() if y is None else torch.ones(1, len(x))
        kl = {}
        for site in guide.stochastic_nodes:
            if site != "batch":
                kl[site] = (q * (guide.nodes[site]["log_prob"] - pair.nodes[site]["log_prob"])).sum()
        return kl

    @pytest.mark.parametrize("model_class", [M2, ADGM, SDGM])
    @pytest.mark.parametrize("discrete", [False, True])
    def test_it_scales_the_latents_that_model_and_guide_share(self, model_class, discrete):
        model = small(model_class).double()
        x = rows(model)[0].double()
        kl = self.terms(model, x)
        pyro.set_rng_seed(3)
        plain = ELBO.loss(model.model, model.guide, x)
        beta = torch.tensor(0.25, dtype=torch.float64)
        pyro.set_rng_seed(3)
        with warm_up(beta, discrete=discrete):
            warm = ELBO.differentiable_loss(model.model, model.guide, x).item()
        scaled = sum(v for site, v in kl.items() if discrete or site != "y")
        assert warm == pytest.approx((plain - 0.75 * scaled).item(), rel=1e-9)

    @pytest.mark.parametrize("objective", [SVI, CompiledSVI])
    def test_a_prior_that_depends_on_a_class_of_the_model_alone(self, objective):
        model = MixturePrior()
        svi, x = objective(model.model, model.guide, Adam({"lr": 1e-3}), ELBO), torch.rand(5, 4).round()
        svi.step(x)
        with warm_up(torch.tensor(0.5)), pytest.raises(ValueError, match="site 'z' that depends on 'c'"):
            svi.step(x)
        model.enumerated_by_guide = True
        with warm_up(torch.tensor(0.5)):
            svi.step(x)

    def test_of_two_classes_of_the_model_alone_the_error_names_the_one_that_a_latent_depends_on(self):
        def model(x):
            with pyro.plate("rows", len(x)):
                for name in "cd":
                    given = pyro.sample(name, dist.Categorical(torch.ones(2)), infer={"enumerate": "parallel"})
                z = pyro.sample("z", dist.Normal(given.float(), 1.0))
                pyro.sample("x", dist.Normal(z, 1.0), obs=x)

        def guide(x):
            with pyro.plate("rows", len(x)):
                pyro.sample("z", dist.Normal(x, 1.0))

        with warm_up(torch.tensor(0.5)), pytest.raises(ValueError, match="site 'z' that depends on 'd'"):
            ELBO.loss(model, guide, torch.zeros(5))

    def test_beta_is_read_anew_at_every_step(self):
        model = small(M2)
        x = rows(model)[0]
        beta, losses = torch.tensor(0.1), []
        with warm_up(beta):
            for value in (0.1, 1.0):
                beta.fill_(value)
                pyro.set_rng_seed(3)
                losses.append(ELBO.loss(model.model, model.guide, x))
        pyro.set_rng_seed(3)
        assert losses[1] == pytest.approx(ELBO.loss(model.model, model.guide, x), rel=1e-6)
        assert losses[0] != losses[1]

    def test_a_site_that_only_the_model_enumerates_stays_at_one(self):
        def model(x):
            with pyro.plate("rows", len(x)):
                z = pyro.sample("z", dist.Normal(0.0, 1.0))
                k = pyro.sample("k", dist.Categorical(torch.tensor([0.3, 0.7])), infer={"enumerate": "parallel"})
                pyro.sample("x", dist.Normal(z + k, 1.0), obs=x)

        def guide(x):
            with pyro.plate("rows", len(x)):
                pyro.sample("z", dist.Normal(x / 2, 0.7))

        x = torch.randn(4)
        pyro.set_rng_seed(3)
        z = poutine.trace(guide).get_trace(x).nodes["z"]["value"]
        likelihood = torch.stack([dist.Normal(z + k, 1.0).log_prob(x) + math.log(p) for k, p in ((0, 0.3), (1, 0.7))])
        kl = dist.Normal(x / 2, 0.7).log_prob(z) - dist.Normal(0.0, 1.0).log_prob(z)
        pyro.set_rng_seed(3)
        with warm_up(torch.tensor(0.25), discrete=True):
            loss = ELBO.loss(model, guide, x)
        assert loss == pytest.approx((0.25 * kl - likelihood.logsumexp(0)).sum().item(), rel=1e-5)

    def test_the_class_term_is_not_scaled(self):
        model = small(M2)
        x, y = rows(model)
        objective = SemiSupervisedELBO(ELBO, alpha=2.0, labelled_weight=0.0)
        plain = labelled_loss(objective, model, x, y)
        with warm_up(torch.tensor(0.25), discrete=True):
            assert labelled_loss(objective, model, x, y) == plain


BAD_LABELS = [
    (lambda x, y: x, "labelled: got Tensor, want a pair"),
    (lambda x, y: (x, y, y), "labelled: got tuple, want a pair"),
    (lambda x, y: (x, y.numpy()), "labelled: got y of type ndarray, want a torch.Tensor of labels"),
    (lambda x, y: (x, y - 1), "y: got labels from -1 to 1, want 0 to 2"),
    (lambda x, y: (x, y + 1), "y: got labels from 1 to 3, want 0 to 2"),
    (lambda x, y: (x, y.float()), "y: got dtype torch.float32, want class indices"),
    (lambda x, y: (x[:0], y[:0]), "[xy]: got an empty batch"),
    (lambda x, y: (x, y[:3]), "y: got 3 labels, want 7"),
]


@pytest.mark.parametrize(("labelled", "message"), BAD_LABELS)
@pytest.mark.parametrize("model_class", [M2, CaGeM, AdversarialM2, SplitLatentClassifierVAE])
def test_bad_labels_are_told(model_class, labelled, message):
    model = small(model_class)
    x, y = rows(model)
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), SemiSupervisedELBO.of(model, ELBO, alpha=1.0))
    with pytest.raises(ValueError, match=message):
        svi.step(labelled=labelled(x, y), unlabelled=x)


@pytest.mark.parametrize(
    ("y", "message"),
    [([-1] * 7, "y: got labels from -1"), ([0.7] * 7, "y: got dtype torch.float32"), ([1], "y: got 1 labels, want 7")],
)
def test_labels_are_checked_without_a_labelled_bound_too(y, message):
    model = small(M2)
    objective = SemiSupervisedELBO(ELBO, alpha=1.0, labelled_weight=0.0)
    with pytest.raises(ValueError, match=message):
        objective.loss(model.model, model.guide, labelled=(rows(model)[0], torch.tensor(y)))
