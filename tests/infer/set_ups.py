"""User-defined model/guide pairs, one for each thing that tracing could get wrong."""

from itertools import pairwise

import pyro
import pyro.distributions as dist
import torch
from pyro import poutine
from pyro.infer import RenyiELBO, Trace_ELBO, TraceEnum_ELBO, TraceGraph_ELBO, TraceMeanField_ELBO, config_enumerate
from pyro.infer.autoguide import AutoNormal
from pyro.nn import PyroModule, PyroParam, PyroSample
from pyro.optim import SGD, Adam, AdamW, ClippedAdam, ExponentialLR

SET_UPS = {}


def set_up(function):
    """Each function returns model, guide, optimiser, loss, and a function from the step to the arguments of a step."""
    SET_UPS[function.__name__] = function
    return function


def adam(**options):
    return Adam({"lr": 0.01, **options})


def rows(step, size=20, columns=4):
    generator = torch.Generator().manual_seed(step)
    return torch.rand(size, columns, generator=generator)


def network(*sizes):
    layers = []
    for a, b in pairwise(sizes):
        layers += [torch.nn.Linear(a, b), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


def vae(decoder, encoder):
    """A VAE by ``pyro.module``."""

    def model(x):
        pyro.module("decoder", decoder)
        with pyro.plate("data", len(x)):
            z = pyro.sample("z", dist.Normal(torch.zeros(2), 1.0).to_event(1))
            pyro.sample("x", dist.Bernoulli(logits=decoder(z), validate_args=False).to_event(1), obs=x)

    def guide(x):
        pyro.module("encoder", encoder)
        with pyro.plate("data", len(x)):
            loc, scale = encoder(x).chunk(2, -1)
            pyro.sample("z", dist.Normal(loc, scale.exp()).to_event(1))

    return model, guide


@set_up
def vae_by_pyro_module():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    return model, guide, adam(), Trace_ELBO(), lambda step: ((rows(step),), {})


@set_up
def changing_batch_sizes():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    return model, guide, adam(), Trace_ELBO(), lambda step: ((rows(step, 2 + step % 7),), {})


@set_up
def batches_of_one_row():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    return model, guide, adam(), Trace_ELBO(), lambda step: ((rows(step, 1 + step % 2),), {})


@set_up
def mean_field_with_adamw():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    optim = AdamW({"lr": 0.01, "weight_decay": 0.1})
    return model, guide, optim, TraceMeanField_ELBO(), lambda step: ((rows(step),), {})


@set_up
def vectorised_particles():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    elbo = Trace_ELBO(num_particles=3, vectorize_particles=True, max_plate_nesting=1)
    return model, guide, adam(amsgrad=True), elbo, lambda step: ((rows(step),), {})


@set_up
def sequential_particles_with_clipped_adam():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    optim = ClippedAdam({"lr": 0.01, "lrd": 0.99, "clip_norm": 0.5})
    return model, guide, optim, Trace_ELBO(num_particles=2), lambda step: ((rows(step),), {})


@set_up
def importance_weighted_particles():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    return model, guide, adam(), RenyiELBO(alpha=0, num_particles=3), lambda step: ((rows(step),), {})


@set_up
def renyi_bound_of_vectorised_particles():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    elbo = RenyiELBO(alpha=0.5, num_particles=2, vectorize_particles=True, max_plate_nesting=1)
    return model, guide, adam(), elbo, lambda step: ((rows(step),), {})


@set_up
def clipped_gradients():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    optim = Adam({"lr": 0.01}, {"clip_norm": 0.5})
    return model, guide, optim, Trace_ELBO(), lambda step: ((rows(step),), {})


@set_up
def learning_rate_by_parameter():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    optim = Adam(lambda name: {"lr": 0.02 if name.startswith("encoder") else 0.005})
    return model, guide, optim, Trace_ELBO(), lambda step: ((rows(step),), {})


@set_up
def scheduler_stepped_by_hand():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    optim = ExponentialLR({"optimizer": torch.optim.Adam, "optim_args": {"lr": 0.02}, "gamma": 0.9})

    def batch(step):
        if step:
            optim.step()
        return (rows(step),), {}

    return model, guide, optim, Trace_ELBO(), batch


@set_up
def batch_norm_and_dropout():
    decoder = torch.nn.Sequential(torch.nn.Linear(2, 6, bias=False), torch.nn.BatchNorm1d(6), torch.nn.Dropout(0.3))
    model, guide = vae(torch.nn.Sequential(decoder, torch.nn.Linear(6, 4)), network(4, 5, 4))
    return model, guide, adam(), Trace_ELBO(), lambda step: ((rows(step),), {})


@set_up
def changing_modes():
    decoder = torch.nn.Sequential(torch.nn.Linear(2, 4, bias=False), torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.3))
    model, guide = vae(decoder, network(4, 5, 4))

    def batch(step):
        decoder.train(step % 10 < 5)
        return (rows(step),), {}

    return model, guide, adam(), Trace_ELBO(), batch


@set_up
def constrained_parameters():
    def model(x):
        loc = pyro.param("loc", torch.zeros(4))
        scale = pyro.param("scale", torch.ones(4), constraint=dist.constraints.positive)
        weights = pyro.param("weights", lambda: torch.ones(3) / 3, constraint=dist.constraints.simplex)
        with pyro.plate("data", x.shape[0]):
            z = pyro.sample("z", dist.Normal(0.0, 1.0))
            pyro.sample("x", dist.Normal(loc + z[:, None] * weights.sum(), scale).to_event(1), obs=x)
            pyro.sample("k", dist.Categorical(weights), obs=torch.zeros(len(x)))

    def guide(x):
        a = pyro.param("a", torch.tensor(0.1))
        scale = pyro.param("z_scale", torch.tensor(1.0), constraint=dist.constraints.interval(0.1, 2.0))
        with pyro.plate("data", x.shape[0]):
            pyro.sample("z", dist.Normal(a * x.sum(-1), scale))

    return model, guide, adam(), Trace_ELBO(), lambda step: ((rows(step),), {})


@set_up
def pyro_module_with_autoguide():
    class Regression(PyroModule):
        def __init__(self):
            super().__init__()
            self.linear = PyroModule[torch.nn.Linear](3, 1)
            self.linear.weight = PyroSample(dist.Normal(0.0, 1.0).expand([1, 3]).to_event(2))
            self.noise = PyroParam(torch.tensor(1.0), constraint=dist.constraints.positive)

        def forward(self, x, y):
            mean = self.linear(x).squeeze(-1)
            with pyro.plate("data", len(x)):
                pyro.sample("y", dist.Normal(mean, self.noise), obs=y)

    model = Regression()
    return model, AutoNormal(model), adam(), Trace_ELBO(), lambda step: ((rows(step)[:, :3], rows(step)[:, 3]), {})


@set_up
def bayesian_weights_on_a_subsample():
    data = rows(0, 50)

    def model():
        mu = pyro.sample("mu", dist.Normal(torch.zeros(4), 1.0).to_event(1))
        with pyro.plate("data", len(data), subsample_size=10) as index:
            pyro.sample("x", dist.Normal(mu, 1.0).to_event(1), obs=data[index])

    def guide():
        loc = pyro.param("loc", torch.zeros(4))
        scale = pyro.param("scale", torch.ones(4), constraint=dist.constraints.positive)
        pyro.sample("mu", dist.Normal(loc, scale).to_event(1))

    return model, guide, adam(), Trace_ELBO(), lambda step: ((), {})


@set_up
def mixture_enumerated_in_the_model():
    def model(x):
        weights = pyro.param("weights", torch.ones(3) / 3, constraint=dist.constraints.simplex)
        locs = pyro.param("locs", lambda: torch.randn(3))
        with pyro.plate("data", len(x)):
            k = pyro.sample("k", dist.Categorical(weights), infer={"enumerate": "parallel"})
            pyro.sample("x", dist.Normal(locs[k], 1.0), obs=x)

    elbo = TraceEnum_ELBO(max_plate_nesting=1)
    return model, lambda x: None, adam(), elbo, lambda step: ((rows(step)[:, 0],), {})


@set_up
def class_enumerated_in_the_guide_or_given():
    classifier, decoder = network(4, 5, 3), network(3, 5, 4)

    def model(x, y=None):
        pyro.module("decoder", decoder)
        with pyro.plate("data", len(x)):
            y = pyro.sample("y", dist.OneHotCategorical(logits=torch.zeros(3)), obs=y)
            pyro.sample("x", dist.Normal(decoder(y), 1.0).to_event(1), obs=x)

    @config_enumerate(default="parallel")
    def guide(x, y=None):
        pyro.module("classifier", classifier)
        if y is None:
            with pyro.plate("data", len(x)):
                pyro.sample("y", dist.OneHotCategorical(logits=classifier(x)))

    def batch(step):
        y = torch.eye(3)[torch.arange(20) % 3]
        return (rows(step),), {"y": y} if step % 2 else {"y": None}

    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    return model, guide, adam(), elbo, batch


@set_up
def score_function_of_a_sampled_class():
    logits, locs = network(4, 3), torch.nn.Parameter(torch.randn(3, 4))

    def model(x):
        pyro.param("locs", locs)
        with pyro.plate("data", len(x)):
            k = pyro.sample("k", dist.Categorical(torch.ones(3) / 3))
            pyro.sample("x", dist.Normal(locs[k], 1.0).to_event(1), obs=x)

    def guide(x):
        pyro.module("logits", logits)
        with pyro.plate("data", len(x)):
            pyro.sample("k", dist.Categorical(logits=logits(x)))

    return model, guide, SGD({"lr": 1e-4}), Trace_ELBO(), lambda step: ((rows(step),), {})


def two_classes(baseline=None):
    """A class drawn from another one, and a Normal beside them; ``baseline`` returns Pyro's options for the second."""
    first, second, locs = network(4, 3), network(7, 3), torch.nn.Parameter(torch.randn(3, 4))

    def model(x):
        pyro.param("locs", locs)
        with pyro.plate("data", len(x)):
            a = pyro.sample("a", dist.OneHotCategorical(torch.ones(3) / 3))
            b = pyro.sample("b", dist.OneHotCategorical(logits=a))
            z = pyro.sample("z", dist.Normal(0.0, 1.0))
            pyro.sample("x", dist.Normal(b @ locs + z[:, None], 1.0).to_event(1), obs=x)

    def guide(x):
        pyro.module("first", first)
        pyro.module("second", second)
        scale = pyro.param("scale", torch.tensor(1.0), constraint=dist.constraints.positive)
        with pyro.plate("data", len(x)):
            a = pyro.sample("a", dist.OneHotCategorical(logits=first(x)))
            options = {} if baseline is None else {"baseline": baseline(x)}
            pyro.sample("b", dist.OneHotCategorical(logits=second(torch.cat([x, a], -1))), infer=options)
            pyro.sample("z", dist.Normal(x[:, 0], scale))

    return model, guide


@set_up
def score_functions_of_two_classes():
    elbo = TraceGraph_ELBO(num_particles=2)
    return *two_classes(), SGD({"lr": 1e-4}), elbo, lambda step: ((rows(step),), {})


@set_up
def baseline_by_a_network():
    network_of_baseline = network(4, 3, 1)

    def baseline(x):
        pyro.module("baseline", network_of_baseline)
        return {"nn_baseline": lambda x: network_of_baseline(x).squeeze(-1), "nn_baseline_input": x}

    return *two_classes(baseline), adam(), TraceGraph_ELBO(), lambda step: ((rows(step),), {})


@set_up
def tensor_temperature_by_poutine():
    temperature = torch.tensor(0.02)
    plain_model, plain_guide = vae(network(2, 5, 4), network(4, 5, 4))

    def scaled(function):
        def inner(x):
            with poutine.scale(scale=temperature):
                return function(x)

        return inner

    def batch(step):
        temperature.fill_(min(1.0, 0.02 * (step + 1)))
        return (rows(step),), {}

    return scaled(plain_model), scaled(plain_guide), adam(), Trace_ELBO(), batch


@set_up
def python_values_among_the_arguments():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))

    def scaled(function):
        return lambda x, scale, name=None: poutine.scale(function, scale=scale)(x)

    return (
        scaled(model),
        scaled(guide),
        adam(),
        Trace_ELBO(),
        lambda step: ((rows(step), 0.5 + step % 2), {"name": "a"}),
    )


@set_up
def loss_as_a_function():
    model, guide = vae(network(2, 5, 4), network(4, 5, 4))
    elbo = Trace_ELBO()

    def loss(model, guide, *args):
        return elbo.differentiable_loss(model, guide, *args) * 2.0

    return model, guide, adam(), loss, lambda step: ((rows(step),), {})


@set_up
def tensors_that_the_model_updates():
    count, decoder = torch.zeros(()), network(2, 5, 4)
    decoder.register_buffer("mean", torch.zeros(4))
    plain_model, guide = vae(decoder, network(4, 5, 4))

    def model(x):
        count.add_(1.0)
        decoder.mean.mul_(0.9).add_(x.mean(0), alpha=0.1)
        with poutine.scale(scale=1 - 0.5**count):
            plain_model(x - decoder.mean)

    return model, guide, Adam({"lr": 0.001}), Trace_ELBO(), lambda step: ((rows(step),), {})


@set_up
def double_precision_gamma():
    def model(x):
        with pyro.plate("data", len(x)):
            rate = pyro.sample("rate", dist.Gamma(torch.tensor(2.0).double(), 1.0))
            pyro.sample("x", dist.Exponential(rate), obs=x)

    def guide(x):
        a = pyro.param("a", torch.tensor(2.0).double(), constraint=dist.constraints.positive)
        with pyro.plate("data", len(x)):
            pyro.sample("rate", dist.Gamma(a + x, 1.0))

    return model, guide, adam(), Trace_ELBO(), lambda step: ((rows(step)[:, 0].double(),), {})
