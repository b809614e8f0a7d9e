"""Wake-sleep: the gradient of each phase by hand, for any pair, plain and compiled."""

import shutil
from dataclasses import replace

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI
from pyro.nn import PyroModule
from pyro.optim import Adam

from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO, WakeSleep
from pyrodgm.models import M2, VAE, CaGeM, LatentClassifierVAE
from pyrodgm.zoo import RECIPES
from pyrodgm.zoo.objectives import objective_of
from tests.by_hand import log_bernoulli, log_normal, moments
from tests.pairs import every_pair, rows, small


def gradients(module, model, guide, *args):
    """The loss of a step at seed 3, and the gradient of every parameter by name."""
    for parameter in module.parameters():
        parameter.grad = None
    pyro.set_rng_seed(3)
    loss = WakeSleep().loss_and_grads(model, guide, *args)
    return loss, {name: p.grad for name, p in module.named_parameters()}


def assert_gradients(module, found, loss):
    """The gradients found are those of a loss in which every sample is a constant, so that its phases keep apart."""
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    want = torch.autograd.grad(loss, list(trained.values()), allow_unused=True)
    for (name, parameter), gradient in zip(trained.items(), want, strict=True):
        zeros = torch.zeros_like(parameter)
        pair = [zeros if g is None else g for g in (found[name], gradient)]
        torch.testing.assert_close(*pair, rtol=1e-9, atol=1e-12, msg=lambda text, name=name: f"{name}: {text}")


def test_vae_by_hand():
    m = small(VAE).double()
    x = (rows(m)[0] > 0.5).double()
    loss, found = gradients(m, m.model, m.guide, x)

    def noise():
        return torch.normal(torch.zeros(7, 2).double(), torch.ones(7, 2).double())

    pyro.set_rng_seed(3)
    mu, log_variance = moments(m.q_z, x)
    z = (mu + (log_variance / 2).exp() * noise()).detach()
    zero = torch.zeros(2).double()
    wake = -(log_normal(z, zero, zero) + log_bernoulli(m.p_x, x, z)).sum()
    dreamt_z = noise()
    with torch.no_grad():
        dreamt_x = torch.bernoulli(m.p_x(dreamt_z).base_dist.probs)
    sleep = -log_normal(dreamt_z, *moments(m.q_z, dreamt_x)).sum()
    assert loss == pytest.approx((wake + log_normal(z, mu, log_variance).sum() + sleep).item(), rel=1e-9)
    assert_gradients(m, found, wake + sleep)


def drawn(guide):
    return poutine.infer_config(guide, lambda site: {"enumerate": None})


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize(("model_class", "options"), every_pair(thorough=[VAE, M2]))
def test_every_model_by_its_traces(model_class, options, labelled):
    m = small(model_class, **options).double()
    x, y = rows(m)
    if (labelled and y is None) or (not labelled and (model_class, options) == (LatentClassifierVAE, {})):
        pytest.skip("no labels, or a class that the model alone has")
    args = (x.double(), y) if labelled else (x.double(),)
    _, found = gradients(m, m.model, m.guide, *args)

    pyro.set_rng_seed(3)
    awake = poutine.trace(drawn(m.guide)).get_trace(*args)
    latents = {name: awake.nodes[name]["value"].detach() for name in awake.stochastic_nodes if name != "batch"}
    wake = -poutine.trace(poutine.condition(m.model, latents)).get_trace(*args).log_prob_sum()
    dream = poutine.trace(poutine.uncondition(m.model)).get_trace(*args)
    values = {name: dream.nodes[name]["value"].detach() for name in dream.stochastic_nodes if name != "batch"}
    observed = (values["x"].double(), values["y"]) if labelled else (values["x"].double(),)
    sleep = -poutine.trace(poutine.condition(m.guide, values)).get_trace(*observed).log_prob_sum()
    assert_gradients(m, found, wake + sleep)


def losses(make, model_class, options, steps=8):
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    m = small(model_class, **options)
    x, _ = rows(m)
    svi = make(m.model, m.guide, Adam({"lr": 1e-3}), WakeSleep())
    return [svi.step(x[: 7 - step % 2]) for step in range(steps)], svi


@pytest.mark.parametrize(
    "backend",
    [
        "replay",
        pytest.param(
            "inductor",
            marks=[
                pytest.mark.slow,
                pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="inductor needs a compiler"),
            ],
        ),
    ],
)
@pytest.mark.parametrize(("model_class", "options"), [(VAE, {"batch_norm": True}), (M2, {}), (CaGeM, {})])
def test_compiled_steps_are_those_of_plain_svi(model_class, options, backend):
    expected, _ = losses(SVI, model_class, options)
    found, svi = losses(lambda *pair: CompiledSVI(*pair, backend=backend), model_class, options)
    assert {row["backend"] for row in svi.explain()} == {backend}
    torch.testing.assert_close(torch.tensor(found), torch.tensor(expected), rtol=1e-6, atol=0)


def test_a_class_that_the_guide_enumerates_is_drawn():
    m, seen = small(M2), []

    def guide(x):
        with poutine.trace() as trace:
            m.guide(x)
        seen.append(trace.trace.nodes["y"]["value"].shape)

    WakeSleep().loss_and_grads(m.model, guide, rows(m)[0])
    assert seen == [(7, 3), (7, 3)]


def test_evaluating_leaves_no_gradients_and_equals_the_step():
    m = small(VAE)
    x, _ = rows(m)
    svi = SVI(m.model, m.guide, Adam({"lr": 1e-2}), WakeSleep())
    pyro.set_rng_seed(3)
    loss = svi.evaluate_loss(x)
    assert all(parameter.grad is None for parameter in m.parameters())
    pyro.set_rng_seed(3)
    assert svi.step(x) == pytest.approx(loss, rel=1e-6)


def test_batch_statistics_are_fed_once_a_step_by_the_data():
    m = small(VAE, batch_norm=True)
    x, _ = rows(m)
    norm = m.q_z.trunk.norms[0]
    mean = m.q_z.trunk.layers[0](x).mean(0)
    WakeSleep().loss_and_grads(m.model, m.guide, x)
    assert {int(b) for name, b in m.named_buffers() if name.endswith("num_batches_tracked")} == {1}
    torch.testing.assert_close(norm.running_mean, norm.momentum * mean)


def line():
    """x = z + noise, z ~ N(0, 1): a user's own pair, its plate called otherwise, its guide a module."""

    class Guide(PyroModule):
        def __init__(self):
            super().__init__()
            self.out = torch.nn.Linear(1, 2)

        def forward(self, x):
            loc, log_scale = self.out(x[:, None]).unbind(-1)
            with pyro.plate("rows of mine", len(x)):
                pyro.sample("z", dist.Normal(loc, log_scale.exp()))

    def model(x):
        loc = pyro.param("loc", torch.tensor(0.0))
        with pyro.plate("rows of mine", len(x)):
            z = pyro.sample("z", dist.Normal(0.0, 1.0))
            pyro.sample("x", dist.Normal(loc + z, 1.0), obs=x)

    return model, Guide()


def test_it_learns_a_model_and_its_posterior():
    """Of x ~ N(loc + z, 1): loc is the mean of x, and p(z | x) = N((x - loc) / 2, 1 / 2)."""
    model, guide = line()
    x = 2.0 + 2**0.5 * torch.randn(2000)
    svi = SVI(model, guide, Adam(lambda name: {"lr": 0.02, "betas": (0.9, 0.999)}), WakeSleep())
    for step in range(400):
        svi.step(x[step % 10 * 200 :][:200])
    loc = pyro.param("loc").item()
    (slope,), (log_scale_slope,) = guide.out.weight.tolist()
    offset, log_scale = guide.out.bias.tolist()
    # the last steps of 0.02 on batches of 200 leave about 0.05
    assert loc == pytest.approx(x.mean().item(), abs=0.15)
    assert slope == pytest.approx(0.5, abs=0.1)
    assert offset == pytest.approx(-loc / 2, abs=0.2)
    assert log_scale + 2 * log_scale_slope == pytest.approx(torch.tensor(0.5).sqrt().log().item(), abs=0.1)


def test_latents_of_the_model_alone_are_refused():
    m = small(LatentClassifierVAE)
    svi = SVI(m.model, m.guide, Adam({"lr": 1e-2}), WakeSleep())
    message = r"guide: got the latents \['z'\], want those of the model, \['y', 'z'\]"
    with pytest.warns(UserWarning, match="Found vars in model but not guide"), pytest.raises(ValueError, match=message):
        svi.step(rows(m)[0])
    with pyro.validation_enabled(False), pytest.raises(ValueError, match=message):
        svi.step(rows(m)[0])


def test_latents_of_the_guide_alone_are_refused():
    model, guide = line()

    def wider(x):
        guide(x)
        pyro.sample("u", dist.Normal(0.0, 1.0))

    message = r"guide: got the latents \['u', 'z'\], want those of the model, \['z'\]"
    with pyro.validation_enabled(False), pytest.raises(ValueError, match=message):
        WakeSleep().loss(model, wider, torch.randn(3))


def test_a_class_term_is_refused_whose_guide_would_read_dreams():
    with pytest.raises(ValueError, match="elbo: got WakeSleep, want a bound"):
        SemiSupervisedELBO(WakeSleep(), alpha=1.0)


@pytest.mark.parametrize(("field", "value"), [("warm_up_epochs", 5), ("num_particles", 3)])
def test_a_recipe_refuses_what_wake_sleep_has_no_use_for(field, value):
    recipe = replace(RECIPES["mnist-normal"], objective=("wake_sleep", {}), **{field: value})
    with pytest.raises(ValueError, match=f"{field}: got {value} with the objective wake_sleep, want"):
        objective_of(recipe)


def test_a_guide_without_an_argument_for_what_is_dreamt_is_refused():
    model, guide = line()
    with pytest.raises(ValueError, match=r"guide: got arguments \(data\), want x too"):
        WakeSleep().loss(model, lambda data: guide(data), torch.randn(3))
