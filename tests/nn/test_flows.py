"""The named flows: densities, equivalent forms, and the calls of a training step."""

import math

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.distributions.transforms import ConditionalAffineAutoregressive
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO
from pyro.optim import Adam
from torch.distributions import MultivariateNormal

from pyrodgm.distributions import reparameterise
from pyrodgm.evaluate import latent_means, latents, log_likelihood
from pyrodgm.handlers import JointNoise, SharedNoise
from pyrodgm.infer import CompiledSVI
from pyrodgm.models import ADGM, M2, VAE, CaGeM
from pyrodgm.nn import MaskedNet, flow_net, posterior_net
from tests import by_hand
from tests.models.test_matrix import constant_variances
from tests.nn.test_masked import of_pyro
from tests.pairs import small

FLOWS = {
    "planar": ("planar", {"num_steps": 3}),
    "radial": ("radial", {"num_steps": 3}),
    "gated": ("iaf", {"num_steps": 3}),
    "affine": ("iaf", {"num_steps": 3, "step": "affine", "made_hidden": (2, 7), "reverse_every": 2}),
    "location": ("iaf", {"num_steps": 2, "step": "location", "made_hidden": ()}),
}


@pytest.fixture(params=FLOWS)
def posterior(request):
    return FLOWS[request.param]


def scattered(net, std):
    """A network in double precision with weights that make it a flow far from the identity."""
    for parameter in net.double().parameters():
        torch.nn.init.normal_(parameter, std=std)
    return net


def test_a_density_is_that_of_the_base_over_the_jacobian(posterior):
    net = scattered(posterior_net(posterior, (5,), (8,), 4), 0.4)
    x, noise = torch.randn(1, 5).double(), torch.randn(4).double()
    jacobian = torch.autograd.functional.jacobian(lambda e: reparameterise(net(x), e)[0], noise)
    expected = -0.5 * (noise**2 + math.log(2 * math.pi)).sum() - torch.linalg.slogdet(jacobian).logabsdet
    q = net(x)
    z = reparameterise(q, noise)
    torch.testing.assert_close(q.log_prob(z)[0], expected, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(net(x).log_prob(z.clone())[0], expected, rtol=1e-8, atol=1e-8)  # by the inverse


def test_a_density_in_the_plane_integrates_to_one(posterior):
    net, x = scattered(posterior_net(posterior, (5,), (8,), 2), 0.3), torch.randn(1, 5).double()
    grid = torch.linspace(-12, 12, 401).double()
    with torch.no_grad():
        density = net(x).log_prob(torch.cartesian_prod(grid, grid)).exp()
    assert float(density.sum()) * 0.06**2 == pytest.approx(1.0, abs=1e-3)


def test_the_flow_begins_from_the_normal_of_equation_5_25(posterior):
    net = posterior_net(posterior, (5,), (8,), 4).double()
    x, noise = torch.randn(6, 5).double(), torch.randn(4).double()
    h = net.trunk(x)
    z_0 = net.loc(*h) + (0.5 * net.log_variance(*h)).exp() * noise
    q = net.flow(dist.Normal(torch.zeros(6, 4).double(), 1.0).to_event(1), *h)
    for transform in q.transforms:
        z_0 = transform(z_0)
    torch.testing.assert_close(reparameterise(net(x), noise), z_0)


def test_under_enumeration_it_is_that_of_each_class(posterior):
    net = posterior_net(posterior, (5, 3), (8,), 4).double()
    x, y, noise = torch.randn(6, 5).double(), torch.eye(3).double(), torch.randn(3, 6, 4).double()
    q = net(x, y[:, None])
    z = reparameterise(q, noise)
    for k in range(3):
        alone = net(x, y[k].expand(6, 3))
        z_k = reparameterise(alone, noise[k])
        torch.testing.assert_close(z[k], z_k)
        torch.testing.assert_close(q.log_prob(z)[k], alone.log_prob(z_k))


def test_a_base_takes_the_batch_shape_of_the_features(posterior):
    """Every row has a draw of its own, also where one base serves all."""
    q = flow_net(posterior, (5,), 3)(dist.Normal(torch.zeros(3), 1.0).to_event(1), torch.zeros(4, 5))
    z = q.rsample()
    assert q.batch_shape == (4,) and z.shape == (4, 3) and len(z.unique(dim=0)) == 4
    torch.testing.assert_close(q.log_prob(z), q.log_prob(z.clone()), rtol=1e-4, atol=1e-4)


def test_the_gated_step_is_pyros():
    net = posterior_net(("iaf", {"num_steps": 2, "made_hidden": (7, 9)}), (5,), (8,), 4).double()
    x, z = torch.randn(6, 5).double(), torch.randn(6, 4).double()
    (h,) = net.trunk(x)
    q = net(x)
    for ours, masked in zip(q.transforms, net.flow.steps, strict=True):
        theirs = ConditionalAffineAutoregressive(of_pyro(masked, 4, 8, (7, 9)), stable=True).condition(h)
        y = theirs(z)
        torch.testing.assert_close(ours(z), y)
        torch.testing.assert_close(ours.log_abs_det_jacobian(z, y), theirs.log_abs_det_jacobian(z, y))


@pytest.mark.parametrize(("every", "reversed_steps"), [(1, [1, 3]), (2, [2, 3]), (3, [3])])
def test_the_order_is_reversed_after_every_step_or_fewer(every, reversed_steps):
    net = posterior_net(("iaf", {"num_steps": 4, "reverse_every": every}), (5,), (8,), 3)
    assert [t for t, step in enumerate(net.flow.steps) if step.order == (2, 1, 0)] == reversed_steps


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("gated", lambda z, m, s: torch.sigmoid(s + 0.7) * z + (1 - torch.sigmoid(s + 0.7)) * m),  # eq. 5.32
        ("affine", lambda z, m, s: (0.5 * s).exp() * z + m),  # eq. 5.27
    ],
)
def test_each_step_is_its_equation(step, expected):
    net = posterior_net(("iaf", {"num_steps": 1, "step": step, "gate_bias": 0.7}), (5,), (8,), 4).double()
    x, z = torch.randn(6, 5).double(), torch.randn(6, 4).double()
    m, s = net.flow.steps[0](z, *net.trunk(x))
    torch.testing.assert_close(net(x).transforms[0](z), expected(z, m, s))


@pytest.mark.parametrize(("features", "size", "width"), [((7, 5), 4, 5), ((7, 5), 6, 6), ((), 3, 3)])
def test_by_default_a_step_has_one_layer_as_wide_as_the_last_feature_and_as_z(features, size, width):
    (net,) = flow_net(("iaf", {"num_steps": 1}), features, size).steps
    assert [layer.weight.shape[0] for layer in net.layers] == [width, 2 * size]


def test_one_linear_location_step_is_the_full_covariance():
    """The remark of Kingma 2017, sec. 5.4, at one x: z = (I + M) z_0 + c with M below the diagonal."""
    net = posterior_net(("iaf", {"num_steps": 1, "step": "location", "made_hidden": ()}), (5,), (8,), 4).double()
    x = torch.randn(1, 5).double()
    h = net.trunk(x)
    (layer,), (mu, sigma) = net.flow.steps[0].layers, net.moments(*h)
    weight, of_h = layer.weight.split([4, 8], 1)
    lower = torch.eye(4).double() + weight.tril(-1)
    full = MultivariateNormal(mu @ lower.T + h[0] @ of_h.T + layer.bias, scale_tril=lower @ torch.diag_embed(sigma))
    q = net(x)
    z = q.rsample((20,))
    torch.testing.assert_close(q.log_prob(z), full.log_prob(z), rtol=1e-12, atol=1e-12)
    elsewhere = torch.randn(20, 1, 4).double()
    torch.testing.assert_close(q.log_prob(elsewhere), full.log_prob(elsewhere), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("step", ["gated", "affine", "location"])
def test_a_flow_that_reads_no_x_is_an_autoregressive_prior(step):
    """Kingma 2017, sec. 5.C: with z = f(y), a flow as the posterior of z under N(0, I) is a normal posterior of y under
    p(y) = prod_i N(y_i; -mu_i(y_<i) / sigma_i(y_<i), 1 / sigma_i^2(y_<i)).
    """
    flow = flow_net(("iaf", {"num_steps": 1, "step": step, "made_hidden": (7,)}), (), 3).double()
    mu, sigma, x = torch.randn(6, 3).double(), torch.rand(6, 3).double() + 0.1, torch.randn(6, 3).double()
    normal = dist.Normal(mu, sigma).to_event(1)

    def likelihood(z):
        pyro.sample("x", dist.Normal(torch.sin(z), 0.5).to_event(1), obs=x)

    def model_of_z():
        with pyro.plate("rows", 6):
            likelihood(pyro.sample("z", dist.Normal(torch.zeros(3).double(), 1.0).to_event(1)))

    def guide_of_z():
        with pyro.plate("rows", 6):
            pyro.sample("z", flow(normal))

    def model_of_y():
        with pyro.plate("rows", 6):
            y = pyro.sample("y", dist.ImproperUniform(dist.constraints.real_vector, (6,), (3,)))
            z = flow(normal).transforms[0](y)
            shift, scale = [], []
            for i in range(3):  # f_i is linear in y_i, whose coefficients two values of it give
                first = y * (torch.arange(3) < i)
                shift.append(flow(normal).transforms[0](first)[:, i])
                scale.append(flow(normal).transforms[0](first + torch.eye(3).double()[i])[:, i] - shift[-1])
            shift, scale = torch.stack(shift, -1), torch.stack(scale, -1)
            pyro.factor("p(y)", dist.Normal(-shift / scale, 1 / scale).log_prob(y).sum(-1))
            likelihood(z)

    def guide_of_y():
        with pyro.plate("rows", 6):
            pyro.sample("y", normal)

    losses = []
    for model, guide in ((model_of_z, guide_of_z), (model_of_y, guide_of_y)):
        pyro.set_rng_seed(3)
        losses.append(Trace_ELBO().differentiable_loss(model, guide))
    torch.testing.assert_close(*losses, rtol=1e-10, atol=0)


CASES = {"VAE": 2, "M2": 2, "ADGM": 4, "CaGeM": 4}  # with the networks of all flows in their guides


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("model_class", [VAE, M2, ADGM, CaGeM])
def test_a_step_of_training_calls_each_masked_network_once(model_class, particles, monkeypatch):
    calls, forward = [], MaskedNet.forward

    def counted(self, *args):
        calls.append(self)
        return forward(self, *args)

    monkeypatch.setattr(MaskedNet, "forward", counted)
    model = small(model_class, z_size=4, posterior=("iaf", {"num_steps": 2}))
    elbo = TraceEnum_ELBO(
        num_particles=particles,
        vectorize_particles=particles > 1,
        max_plate_nesting=1,
        strict_enumeration_warning=False,
    )
    SVI(model.model, model.guide, Adam({"lr": 1e-3}), elbo).step(torch.rand(5, 6))
    assert len(calls) == len(set(calls)) == CASES[model_class.__name__]


def test_chosen_noise_makes_the_values(posterior):
    """One noise for all rows, a process's share of a joint draw, and the bound of either by cached values alone."""
    model = small(VAE, posterior=posterior).double().eval()
    x = torch.rand(1, 6).double().expand(4, 6)
    with SharedNoise():
        z = latents(model, x)["z"]
    torch.testing.assert_close(z, z[:1].expand_as(z))
    shares = []
    for rank in range(2):
        torch.manual_seed(0)
        with JointNoise(rank, 2):
            shares.append(latents(model, x[:2])["z"])
    torch.manual_seed(0)
    torch.testing.assert_close(torch.cat(shares), latents(model, x)["z"])


@pytest.mark.parametrize("flow", ["planar", "affine"])
def test_the_mean_is_that_of_samples(flow):
    model = small(M2, posterior=FLOWS[flow]).double().eval()
    x = torch.rand(2, 6).double()
    with torch.no_grad():
        z = model.q_z(x, torch.eye(3).double()[:, None]).sample((4000,))  # (S, K, B, z)
        of_samples = (model.q_y(x).probs.T[..., None] * z).sum(1)
    error = float(4 * of_samples.std(0).amax() / 60**0.5)
    torch.testing.assert_close(latent_means(model, x, num_samples=60), of_samples.mean(0), rtol=0, atol=error)


def test_importance_weights_reach_the_known_evidence(posterior):
    """As they do for a normalised density alone."""
    model = constant_variances(small(VAE, hidden=(), likelihood="normal", posterior=posterior).double())
    x = 0.7 * torch.randn(5, 6).double()
    found = log_likelihood(model, x, num_samples=20_000, chunk_size=20_000, backend="off")
    assert bool((found.row_errors < 0.05).all()), "too few samples for the test to mean anything"
    assert bool(((found.rows - by_hand.evidence(model, x)).abs() < 5 * found.row_errors).all())


def test_dead_features_make_no_nan(posterior):
    """A trunk all of whose units are off: u, w, b and every weight are zero."""
    model = small(VAE, posterior=posterior)
    for layer in model.q_z.trunk.layers:
        torch.nn.init.constant_(layer.bias, -1e3)
    loss = Trace_ELBO().differentiable_loss(model.model, model.guide, torch.rand(5, 6))
    gradients = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    assert bool(loss.isfinite()) and all(bool(g.isfinite().all()) for g in gradients if g is not None)


def test_rows_far_from_any_data_make_no_nan(posterior):
    net = posterior_net(posterior, (5,), (8,), 4)
    for scale in (1e3, 1e6):
        q = net(scale * torch.randn(6, 5))
        z = q.rsample()
        log_q = q.log_prob(z)
        gradients = torch.autograd.grad(z.sum() + log_q.sum(), list(net.parameters()))
        assert all(bool(part.isfinite().all()) for part in (z, log_q, *gradients))


def test_bfloat16_is_near_float32(posterior):
    losses = []
    for precision in ("float32", "bfloat16"):
        pyro.set_rng_seed(0)
        model = small(VAE, posterior=posterior, precision=precision)
        losses.append(Trace_ELBO().loss(model.model, model.guide, torch.rand(5, 6)))
    assert losses[1] == pytest.approx(losses[0], rel=0.03)


@pytest.mark.parametrize(
    ("model_class", "flow"), [(VAE, "affine"), *(pytest.param(M2, f, marks=pytest.mark.slow) for f in FLOWS)]
)
def test_replayed_steps_are_the_plain_ones(model_class, flow):
    """By a graph for the first batch size, and another for all."""
    losses = {}
    for backend in (None, "replay"):
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        model = small(model_class, posterior=FLOWS[flow])
        elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
        svi = SVI if backend is None else lambda *args: CompiledSVI(*args, backend="replay")
        svi = svi(model.model, model.guide, Adam({"lr": 1e-2}), elbo)
        losses[backend] = [svi.step(torch.rand(rows, 6)) for rows in (5, 5, 5, 4, 7)]
    assert losses["replay"] == pytest.approx(losses[None], rel=1e-6)
    (slot,) = svi._steps.slots.values()
    assert [program.graph.symbolic for program in slot.programs] == [False, True]
    assert {row["backend"] for row in svi.explain()} == {"replay"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: posterior_net("flow", (4,), (), 6),
            "posterior: got 'flow', want one of full, iaf, normal, planar, radial",
        ),
        (lambda: flow_net("flow", (4,), 6), "flow: got 'flow', want one of iaf, planar, radial"),
        (lambda: posterior_net(("planar", {"num_steps": 0}), (4,), (8,), 6), "num_steps: got 0, want a positive int"),
        (
            lambda: posterior_net(("radial", {"num_steps": 1.5}), (4,), (8,), 6),
            "num_steps: got 1.5, want a positive int",
        ),
        (lambda: posterior_net(("iaf", {"num_steps": 0}), (4,), (8,), 6), "num_steps: got 0, want a positive int"),
        (
            lambda: posterior_net(("iaf", {"step": "gate"}), (4,), (8,), 6),
            r"step: got 'gate' \(did you mean 'gated'\?\), want one of affine, gated, location",
        ),
        (
            lambda: posterior_net(("iaf", {"made_hidden": (8, 0)}), (4,), (8,), 6),
            "made_hidden: got 0, want a positive int",
        ),
        (
            lambda: posterior_net(("iaf", {"made_hidden": 8}), (4,), (8,), 6),
            r"made_hidden: got 8, want a tuple of positive ints, \(\) for a linear network",
        ),
        (lambda: posterior_net(("iaf", {"made_activation": "gelu"}), (4,), (8,), 6), "made_activation: got 'gelu'"),
        (
            lambda: posterior_net(("iaf", {"reverse_every": 0}), (4,), (8,), 6),
            "reverse_every: got 0, want a positive int",
        ),
        (
            lambda: posterior_net(("iaf", {"gate_bias": math.nan}), (4,), (8,), 6),
            "gate_bias: got nan, want a finite number",
        ),
        (
            lambda: posterior_net(("iaf", {"gate_bias": math.inf}), (4,), (8,), 6),
            "gate_bias: got inf, want a finite number",
        ),
        (
            lambda: posterior_net(("iaf", {"gate_bias": None}), (4,), (8,), 6),
            "gate_bias: got None, want a finite number",
        ),
        (
            lambda: posterior_net(("iaf", {"step": ["gated"]}), (4,), (8,), 6),
            r"step: got \['gated'\] .*, want one of affine, gated, location",
        ),
        (
            lambda: posterior_net(("iaf", {"steps": 2}), (4,), (8,), 6),
            r"flow 'iaf': option: got 'steps' \(did you mean 'step'\?\), want one of gate_bias, made_activation,",
        ),
        (lambda: MaskedNet(0, (3,), (8,)), "size: got 0, want a positive int"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
