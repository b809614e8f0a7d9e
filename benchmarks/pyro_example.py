"""A training step of M2 that follows ``examples/vae/ss_vae_M2.py`` in Pyro's repository, but is written anew.

As there, inputs are concatenated at their joint shape, and activations are softplus. The classifier returns
probabilities, and the decoder returns means. The two losses of labelled rows have a step each, one after the other.
"""

from itertools import count, pairwise

import pyro
import pyro.distributions as dist
import torch
import torch.nn.functional as F
from pyro import poutine
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO, config_enumerate
from pyro.optim import Adam

_numbers = count()


class Network(torch.nn.Module):
    """Linear and softplus layers over the concatenated parents, with one linear output for each of ``sizes``."""

    def __init__(self, parents, hidden, *sizes):
        super().__init__()
        layers = [torch.nn.Linear(*pair) for pair in pairwise([sum(parents), *hidden])]
        self.hidden = torch.nn.Sequential(*(module for layer in layers for module in (layer, torch.nn.Softplus())))
        self.outputs = torch.nn.ModuleList(torch.nn.Linear(hidden[-1], size) for size in sizes)

    def forward(self, *parents):
        shape = torch.broadcast_shapes(*(parent.shape[:-1] for parent in parents))
        h = self.hidden(torch.cat([parent.expand(*shape, -1) for parent in parents], -1))
        return [output(h) for output in self.outputs]


class ExampleM2(torch.nn.Module):
    """M2 with the sites and networks of the example. Labels are one-hot rows."""

    def __init__(self, case, class_weight):
        super().__init__()
        self.num_classes, self.z_size, self.class_weight = case.num_classes, case.z_size, class_weight
        self.name = f"pyro_example_{next(_numbers)}"  # the parameter store is shared with every other case
        self.encoder_y = Network((case.x_size,), case.hidden, case.num_classes)
        self.encoder_z = Network((case.x_size, case.num_classes), case.hidden, case.z_size, case.z_size)
        self.decoder = Network((case.z_size, case.num_classes), case.hidden, case.x_size)

    def q_y(self, x):
        (logits,) = self.encoder_y(x)
        return dist.OneHotCategorical(logits.softmax(-1))

    def model(self, x, y=None):
        pyro.module(self.name, self)
        with pyro.plate("data"):
            zeros = x.new_zeros(len(x), self.z_size)
            z = pyro.sample("z", dist.Normal(zeros, torch.ones_like(zeros)).to_event(1))
            uniform = x.new_ones(len(x), self.num_classes) / self.num_classes
            y = pyro.sample("y", dist.OneHotCategorical(uniform), obs=y)
            (logits,) = self.decoder(z, y)
            pyro.sample("x", dist.Bernoulli(logits.sigmoid(), validate_args=False).to_event(1), obs=x)

    def guide(self, x, y=None):
        with pyro.plate("data"):
            if y is None:
                y = pyro.sample("y", self.q_y(x))
            loc, log_scale = self.encoder_z(x, y)
            pyro.sample("z", dist.Normal(loc, log_scale.exp()).to_event(1))

    def model_classify(self, x, y):
        pyro.module(self.name, self)
        with pyro.plate("data"), poutine.scale(scale=self.class_weight):
            pyro.sample("y_aux", self.q_y(x), obs=y)

    def guide_classify(self, x, y):
        """Nothing is latent in ``model_classify``."""


def pyro_example(case, validation=True):
    """The labelled bound, the class term with weight 1 and the unlabelled bound, each with its own SVI step.

    The matrix products are those of ``hand_eager``. Adam moves every parameter three times; a single objective would
    move it once. The returned loss is the sum of the three, each taken after the step of the one before.

    Args:
        case: an M2 in float32 with one particle.
        validation: whether Pyro checks distributions and sites, which is its default.

    Raises:
        ValueError: for any other case.
    """
    if (case.model, case.precision, case.num_particles) != ("M2", "float32", 1):
        raise ValueError(f"case: got {case}, want M2 in float32 with one particle")
    pyro.set_rng_seed(0)
    m2 = ExampleM2(case, class_weight=1.0).to(case.device)
    optimiser = Adam({"lr": 3e-4})
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    bound = SVI(m2.model, config_enumerate(m2.guide, "parallel", expand=True), optimiser, elbo)
    class_term = SVI(m2.model_classify, m2.guide_classify, optimiser, Trace_ELBO())
    labelled, y, unlabelled = case.data()
    y = F.one_hot(y, case.num_classes).to(labelled.dtype)

    def step():
        with pyro.validation_enabled(validation):
            return bound.step(labelled, y) + class_term.step(labelled, y) + bound.step(unlabelled)

    return step
