"""Models of several layers: tests in addition to the matrix."""

import pytest
import torch
from pyro.infer import SVI, TraceMeanField_ELBO
from pyro.optim import Adam

from pyrodgm.infer import ImportanceWeightedELBO
from pyrodgm.models import AVAE, AuxiliaryLadderVAE, ClusterLadderVAE, HierarchicalVAE, LadderVAE
from pyrodgm.nn.trunk import Linear
from tests import by_hand
from tests.models.test_matrix import check_by_hand
from tests.pairs import POSTERIORS, rows, small

LADDERS = [LadderVAE, AuxiliaryLadderVAE, ClusterLadderVAE]
PAPER = {"z_sizes": (64, 32, 16, 8, 4), "hidden": ((512, 512), (256, 256), (128, 128), (64, 64), (32, 32))}


@pytest.mark.parametrize(("model_class", "millions"), [(HierarchicalVAE, 1.71), (LadderVAE, 1.86)])
def test_parameters_at_the_sizes_of_the_paper(model_class, millions):
    with torch.device("meta"):
        model = model_class(784, **PAPER, batch_norm="heads", scale_head="softplus_variance")
    assert round(sum(parameter.numel() for parameter in model.parameters()) / 1e6, 2) == millions


@pytest.mark.parametrize("model_class", [HierarchicalVAE, AVAE, *LADDERS])
def test_the_networks_of_a_layer_have_the_hidden_sizes_of_that_layer(model_class):
    """Those of p(z_i | z_{i+1}) are of layer i + 1: the first sizes are those of p(x | z1)."""
    auxiliary = {"a_sizes": (2, 2, 2)} if model_class in (AVAE, AuxiliaryLadderVAE) else {}
    model = small(model_class, z_sizes=(3, 2, 2), hidden=((7,), (8,), (9,)), **auxiliary)
    assert model.p_x.trunk.sizes == (7,) and [net.trunk.sizes for net in model.p_z] == [(8,), (9,)]
    for name in ("p_a", "q_a", "q_z"):
        nets = [getattr(net, "heads", net) for net in getattr(model, name, ())]  # of a ladder, linear in its d_i
        assert [net.trunk.sizes[0] for net in nets] in ([], [7, 8, 9]), name
    if model_class is ClusterLadderVAE:  # p(y | z_L) and q(y | z_L, x)
        assert (model.p_y.trunk.sizes, model.q_y.trunk.sizes) == ((9,), (7,))


@pytest.mark.parametrize("model_class", [HierarchicalVAE, *LADDERS])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"z_sizes": ()}, r"z_sizes: got \(\), want one positive int per layer"),
        ({"z_sizes": (3, 0)}, r"z_sizes: got \(3, 0\), want one positive int per layer"),
        ({"z_sizes": 3}, "z_sizes: got 3, want one positive int per layer"),
        ({"z_sizes": (3, True)}, r"z_sizes: got \(3, True\), want one positive int per layer"),
        ({"hidden": ((8,),)}, r"hidden: got \(\(8,\),\), want ints, or a tuple of ints for each of 2 layers"),
        ({"hidden": ((8,), (5,), (4,))}, "hidden: got .*, want ints, or a tuple of ints for each of 2 layers"),
        ({"hidden": ((8,), 5)}, "hidden: got .*, want ints, or a tuple of ints for each of 2 layers"),
    ],
)
def test_sizes_that_make_no_layers(model_class, options, message):
    with pytest.raises(ValueError, match=message):
        small(model_class, **options)


@pytest.mark.parametrize(
    ("model_class", "options", "message"),
    [
        (LadderVAE, {"posterior": "full"}, "posterior: got 'full', want one of iaf, normal, planar, radial"),
        (AuxiliaryLadderVAE, {"posterior": "full"}, "posterior: got 'full', want one of iaf, normal, planar, radial"),
        (ClusterLadderVAE, {"posterior": "full"}, "posterior: got 'full', want one of iaf, normal, planar, radial"),
        (AVAE, {"a_sizes": (3,)}, r"a_sizes: got \(3,\), want 2 positive ints"),
        (AuxiliaryLadderVAE, {"a_sizes": (3,)}, r"a_sizes: got \(3,\), want 2 positive ints"),
        (ClusterLadderVAE, {"z_sizes": (3,)}, r"z_sizes: got \(3,\), want at least two layers, with y between them"),
    ],
)
def test_what_a_ladder_cannot_be_made_of(model_class, options, message):
    with pytest.raises(ValueError, match=message):
        small(model_class, **options)


@pytest.mark.parametrize("model_class", LADDERS)
def test_a_flow_follows_the_merge(model_class):
    """The flow is of the merged normal at every layer; what its parameters read has no dimension for y."""
    sizes = {"z_sizes": (3, 2, 2)} if model_class is ClusterLadderVAE else {}  # two layers below y
    for posterior in POSTERIORS[2:]:
        check_by_hand(small(model_class, posterior=posterior, **sizes).double(), 2)


@pytest.mark.parametrize("posterior", POSTERIORS[2:], ids=["planar", "radial", "iaf"])
@pytest.mark.parametrize("model_class", LADDERS)
def test_the_flow_has_the_options_of_the_networks(model_class, posterior):
    model = small(model_class, posterior=posterior, weight_norm=True, precision="bfloat16")
    for q_z in model.q_z:
        layers = [module for module in q_z.flow.modules() if isinstance(module, Linear)]
        assert layers and all(layer.gain is not None and layer.precision == "bfloat16" for layer in layers)


def test_the_analytic_kl_of_a_ladder_is_right():
    """Guide and model draw in one order, so that Pyro may compute the KL of every layer at the layer above."""
    model = small(LadderVAE, z_sizes=(4, 3, 2)).double()
    x = rows(model)[0].double()
    torch.manual_seed(1)
    found = TraceMeanField_ELBO().loss(model.model, model.guide, x)
    torch.manual_seed(1)
    noise = by_hand.fresh(model, x)
    (run,) = by_hand.runs(model, x, noise)
    kl = sum(by_hand.kl_of_units(model, x, noise, site).sum() for site in run.latents)
    assert found == pytest.approx((kl - by_hand.log_x(model, x, run.x).sum()).item(), rel=1e-9)


def test_the_doubly_reparameterised_gradient_of_networks_that_guide_and_model_share():
    """p_z has the guide's gradient through the draws and the model's, none through log q (Tucker et al. 2019)."""
    model = small(LadderVAE, z_sizes=(4, 3, 2)).double()
    x = rows(model)[0].double()
    parameters = dict(model.named_parameters())
    objective = ImportanceWeightedELBO(4, gradient="doubly_reparameterised")
    torch.manual_seed(3)
    found = torch.autograd.grad(objective.differentiable_loss(model.model, model.guide, x), list(parameters.values()))
    torch.manual_seed(3)
    (run,) = by_hand.runs(model, x, by_hand.fresh(model, x, 4))
    copies = {site: latent.value.detach().requires_grad_() for site, latent in run.latents.items()}
    (at_copies,) = by_hand.runs(model, x, by_hand.Given(drawn=copies))
    log_w = by_hand.log_ratio(model, x, at_copies)
    log_p = by_hand.log_x(model, x, at_copies.x)
    log_p = log_p + sum(by_hand.log_normal(latent.value, *latent.p) for latent in at_copies.latents.values())
    w = log_w.softmax(0).detach()
    slopes = torch.autograd.grad(log_w.sum(), list(copies.values()), retain_graph=True)
    draws = [latent.value for latent in run.latents.values()]
    loss = (
        -sum((w[..., None] ** 2 * slope * z).sum() for slope, z in zip(slopes, draws, strict=True)) - (w * log_p).sum()
    )
    wanted = torch.autograd.grad(loss, list(parameters.values()))
    for name, got, want in zip(parameters, found, wanted, strict=True):
        torch.testing.assert_close(
            got, want, rtol=1e-8, atol=1e-10, msg=lambda m, name=name: f"gradient of {name}: {m}"
        )


@pytest.mark.parametrize("gradient", ["plain", "doubly_reparameterised"])
def test_importance_weighted_steps_feed_batch_statistics_once(gradient):
    model = small(LadderVAE, batch_norm="heads")
    objective = ImportanceWeightedELBO(3, gradient=gradient)
    SVI(model.model, model.guide, Adam({"lr": 1e-3}), objective).step(rows(model)[0])
    counters = [int(value) for name, value in model.named_buffers() if name.endswith("num_batches_tracked")]
    assert counters == [1] * len(counters)
