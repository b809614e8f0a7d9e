"""Training steps of this package's models, with plain SVI and with CompiledSVI."""

import pyro
import torch
import torch.nn.functional as F
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO
from pyro.optim import Adam

import pyrodgm.models
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO
from pyrodgm.nn import Linear


class Concatenated(Linear):
    """The same layer, which first concatenates its parents at their joint shape."""

    def forward(self, *parents):
        shape = torch.broadcast_shapes(*(parent.shape[:-1] for parent in parents))
        return F.linear(torch.cat([parent.expand(*shape, -1) for parent in parents], -1), self.weight, self.bias)


def build(case, **options):
    """The model of a case."""
    pyro.set_rng_seed(0)
    sizes = {"z_size": case.z_size, "hidden": case.hidden, "precision": case.precision}
    if case.model != "VAE":
        sizes["num_classes"] = case.num_classes
    if case.model == "ADGM":
        sizes["a_size"] = case.a_size
    return getattr(pyrodgm.models, case.model)(case.x_size, **sizes, **options).to(case.device)


def stepper(case, make, model):
    """A function that makes one step and returns the loss. Pyro's validation is on, which is its default."""
    particles = {"num_particles": case.num_particles, "vectorize_particles": True, "max_plate_nesting": 1}
    labelled, y, unlabelled = case.data()
    if case.model == "VAE":
        loss, batch = Trace_ELBO(**particles), {"x": unlabelled}
    else:
        loss = SemiSupervisedELBO(TraceEnum_ELBO(**particles, strict_enumeration_warning=False), alpha=1.0)
        batch = {"labelled": (labelled, y), "unlabelled": unlabelled}
    svi = make(model.model, model.guide, Adam({"lr": 3e-4}), loss)
    return lambda: svi.step(**batch)


def plain(case):
    """Plain SVI with its defaults."""
    return stepper(case, SVI, build(case))


def concatenated(case):
    """Plain SVI with its defaults. Every first layer reads its concatenated inputs."""
    model = build(case)
    for module in model.modules():
        if type(module) is Linear:
            module.__class__ = Concatenated
    return stepper(case, SVI, model)


def compiled(backend, **options):
    """A function from a case to its step by CompiledSVI with this backend."""
    return lambda case: stepper(case, lambda *pair: CompiledSVI(*pair, backend=backend), build(case, **options))
