"""Network options reach every network of a model."""

import inspect

import pytest
import torch
from pyro import poutine

from pyrodgm.nn import Convolution, Linear, NormalNet
from tests.pairs import OF_MAPS, every_pair, model_classes, rows, small

DENSE = [c for c in model_classes() if c.__name__ not in OF_MAPS]


def norm_of(head):
    return getattr(head, "norm", None)


@pytest.mark.parametrize("model_class", DENSE)
def test_every_normal_has_the_heads_that_were_asked_for(model_class):
    model = small(model_class, likelihood="normal", scale_head="softplus_sigma", batch_norm="heads")
    nets = {name: net for name, net in model.named_modules() if isinstance(net, NormalNet)}
    assert "p_x" in nets and len(nets) > 1
    for name, net in nets.items():
        assert net.scale_head == "softplus_sigma"
        assert (norm_of(net.loc) is None) == (norm_of(net.sigma) is None) == (name == "p_x")


@pytest.mark.parametrize("model_class", DENSE)
def test_the_signature_shows_the_options_of_the_networks(model_class):
    parameters = inspect.signature(model_class).parameters
    assert (parameters["scale_head"].default, parameters["batch_norm"].default) == ("log_variance", False)


@pytest.mark.parametrize("model_class", DENSE)
def test_the_defaults_name_parameters_as_ever(model_class):
    with torch.device("meta"):
        model = small(model_class)
    tails = {name.rpartition(".")[0].rpartition(".")[2] for name, _ in model.named_parameters()}
    assert tails <= {"first", "layer", "loc", "log_variance", "logits", "out", "skip", *map(str, range(9))}


@pytest.mark.parametrize(("model_class", "options"), every_pair(thorough=()))
def test_every_layer_has_the_options(model_class, options):
    """Those of flows too, whose networks have an activation of their own; a masked convolution has only precision."""
    network = {"activation": "tanh", "init": 1e-3, "precision": "bfloat16", "weight_norm": True}
    network["posterior"] = ("iaf", {"made_hidden": (5,), "made_activation": "tanh"})
    taken = inspect.signature(model_class).parameters
    model = small(model_class, **options | {name: value for name, value in network.items() if name in taken})
    for name, module in model.named_modules():
        assert getattr(module, "activation", "tanh") == "tanh", name
        assert getattr(module, "precision", "bfloat16") == "bfloat16", name
        if isinstance(module, (Linear, Convolution)):
            assert module.gain is not None, name
            assert "init" not in taken or float(module.weight.detach().abs().max()) < 0.01, name


@pytest.mark.parametrize("model_class", model_classes())
def test_every_latent_has_the_posterior_that_was_asked_for(model_class):
    model = small(model_class, posterior=("iaf", {"made_hidden": (5,)}))
    sites = poutine.trace(model.guide).get_trace(*rows(model)).nodes
    kinds = {n: type(s["fn"]).__name__ for n, s in sites.items() if s["type"] == "sample" and n != "batch"}
    assert kinds and "Independent" not in kinds.values()
