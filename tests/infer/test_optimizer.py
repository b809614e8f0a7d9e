"""The optimiser, compared with torch's own over all parameters at once."""

import pyro
import pytest
import torch
from pyro.infer import SVI, TraceEnum_ELBO

from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.models import M2, VAE
from tests.pairs import rows, small

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
OPTIMIZERS = {
    "Adam": (torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.3}),
    "Adamax": (torch.optim.Adamax, {"lr": 0.01}),
    "RMSprop": (torch.optim.RMSprop, {"lr": 0.01, "momentum": 0.9}),
    "Adagrad": (torch.optim.Adagrad, {"lr": 0.1}),
}


def gradients(model, x):
    """The gradients of one loss, and the random state that it began from."""
    pyro.set_rng_seed(1)
    loss = ELBO.differentiable_loss(model.model, model.guide, x)
    return torch.autograd.grad(loss, list(model.parameters()))


@pytest.mark.parametrize("kind", [SVI, CompiledSVI])
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("max_norm", [None, 2.0, 1e6])
def test_steps_are_torchs_with_the_joint_norm_clipped(kind, name, max_norm):
    optimizer, options = OPTIMIZERS[name]
    pyro.set_rng_seed(0)
    model = small(VAE).double()
    reference = small(VAE).double()
    reference.load_state_dict(model.state_dict())
    x = rows(model)[0].double()
    svi = kind(model.model, model.guide, Optimizer(optimizer, options, lambda e: 0.5**e, max_norm), ELBO)
    torchs = optimizer(reference.parameters(), **options)
    schedule = torch.optim.lr_scheduler.LambdaLR(torchs, lambda e: 0.5**e)
    for _ in range(4):
        for parameter, gradient in zip(reference.parameters(), gradients(reference, x), strict=True):
            parameter.grad = gradient
        norm = torch.nn.utils.clip_grad_norm_(reference.parameters(), max_norm or torch.inf)
        assert 2 < norm < 1e6
        torchs.step()
        schedule.step()
        pyro.set_rng_seed(1)
        svi.step(x)
        svi.optim.step()
    for parameter, expected in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(parameter, expected, rtol=1e-5, atol=1e-7)


def test_weight_decay_is_the_gradient_of_a_normal_prior():
    pyro.set_rng_seed(0)
    model = small(M2).double()
    x, num_rows, deviation = rows(model)[0].double(), 50, 2.0
    before = [parameter.detach().clone() for parameter in model.parameters()]
    expected = gradients(model, x)
    decay = len(x) / (num_rows * deviation**2)
    svi = SVI(model.model, model.guide, Optimizer(torch.optim.SGD, {"lr": 1.0, "weight_decay": decay}), ELBO)
    pyro.set_rng_seed(1)
    svi.step(x)
    for parameter, old, gradient in zip(model.parameters(), before, expected, strict=True):
        old.requires_grad_()
        log_prior = torch.distributions.Normal(0.0, deviation).log_prob(old).sum() * len(x) / num_rows
        (of_prior,) = torch.autograd.grad(log_prior, old)
        torch.testing.assert_close(parameter, old - gradient + of_prior, rtol=1e-10, atol=1e-10)


def test_the_order_of_the_gradients_is_that_of_their_names():
    pyro.clear_param_store()
    seen = []
    optim = Optimizer(torch.optim.SGD, {"lr": 0.0}, reduce=lambda gradients: seen.append(gradients) or gradients)
    for value, name in enumerate(("c", "a", "b")):
        pyro.param(name, torch.tensor(float(value))).unconstrained().grad = torch.tensor(float(value))
    optim({pyro.param(name).unconstrained() for name in "bca"})
    assert [float(gradient) for gradient in seen[0]] == [1.0, 2.0, 0.0]


def test_gradients_are_summed_over_processes_before_they_are_clipped():
    optim = Optimizer(torch.optim.SGD, {"lr": 0.0}, max_norm=1.0, reduce=lambda gradients: [2 * g for g in gradients])
    first, missing, last = optim.prepare([torch.tensor([0.6, 0.0]), None, torch.tensor([0.8])])
    torch.testing.assert_close((first, last), (torch.tensor([0.6, 0.0]), torch.tensor([0.8])))
    assert missing is None


def test_a_gradient_of_zeros_stays_with_its_parameter():
    optim = Optimizer(torch.optim.SGD, {"lr": 0.0})
    prepared = optim.prepare([torch.zeros(2), None, torch.ones(3)])
    assert [None if g is None else g.tolist() for g in prepared] == [[0.0, 0.0], None, [1.0, 1.0, 1.0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((pyro.optim.Adam, {"lr": 0.1}), "optimizer: got Adam, want a class of torch.optim, such as torch.optim.Adam"),
        (("Adam", {"lr": 0.1}), "optimizer: got 'Adam', want a class of torch.optim"),
        ((torch.optim.Adam, 0.1), "options: got float, want a dict"),
    ],
)
def test_optimisers_and_options_of_another_kind(arguments, message):
    with pytest.raises(ValueError, match=message):
        Optimizer(*arguments)


@pytest.mark.parametrize("max_norm", [0, -1.0])
def test_a_norm_that_is_not_positive(max_norm):
    with pytest.raises(ValueError, match=f"max_norm: got {max_norm}, want a positive number"):
        Optimizer(torch.optim.Adam, {}, max_norm=max_norm)
