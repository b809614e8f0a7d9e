"""The hand-written loss of the benchmark equals the package's, so both do the same work."""

from dataclasses import replace

import pyro
import pytest
import torch
from pyro.infer import Trace_ELBO, TraceEnum_ELBO

from benchmarks import hand, ours
from benchmarks.case import Case
from pyrodgm.infer import SemiSupervisedELBO

SMALL = Case("VAE", num_classes=3, rows=8, hidden=(12, 9), z_size=4, a_size=5, x_size=10)


def copy_weights(source, target, order=None):
    """Give a network by hand the weights of ours; ``order`` puts our parents into its order."""
    layers = [target.first, *(module for module in target.rest if isinstance(module, torch.nn.Linear))]
    heads = [source.loc, source.log_variance] if hasattr(source, "loc") else [source.logits]
    with torch.no_grad():
        for layer, ours_layer in zip(layers, source.trunk.layers, strict=False):
            parts = ours_layer.weight.split(ours_layer.parents, 1)
            parts = [parts[i] for i in order] if order and layer is target.first else parts
            layer.weight.copy_(torch.cat(parts, 1))
            layer.bias.copy_(ours_layer.bias)
        layers[-1].weight.copy_(torch.cat([head.weight for head in heads]))
        layers[-1].bias.copy_(torch.cat([head.bias for head in heads]))


@pytest.mark.parametrize("network", [hand.Network, hand.SplitNetwork])
@pytest.mark.parametrize("name", ["VAE", "M2", "ADGM"])
def test_the_same_loss(name, network):
    case = replace(SMALL, model=name)
    model, module = ours.build(case), hand.build(case, network)
    for part, net in module.named_children():
        copy_weights(getattr(model, part), net, (1, 0) if (name, part) == ("M2", "q_z") else None)
    labelled, y, x = case.data()
    pyro.set_rng_seed(7)
    if name == "VAE":
        expected = Trace_ELBO().differentiable_loss(model.model, model.guide, x)
    else:
        objective = SemiSupervisedELBO(TraceEnum_ELBO(max_plate_nesting=1), alpha=1.0)
        expected = objective.differentiable_loss(model.model, model.guide, labelled=(labelled, y), unlabelled=x)
    pyro.set_rng_seed(7)
    found = module.loss(labelled, y, x)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)
    assert sum(p.numel() for p in module.parameters()) == sum(p.numel() for p in model.parameters())


def test_flops_of_a_vae():
    b, (h, k), z, x = SMALL.rows, SMALL.hidden, SMALL.z_size, SMALL.x_size
    forward = x * h + h * k + k * 2 * z + z * h + h * k + k * x
    backward = 2 * forward - x * h  # no gradient to x
    assert hand.flops(SMALL) == 2 * b * (forward + backward)
