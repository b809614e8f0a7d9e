"""M1+M2: a fixed M1 does not change, and the bound is that of the whole pair."""

import copy

import pytest
import torch
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm.evaluate import elbo_parts, row_bounds
from pyrodgm.infer import SemiSupervisedELBO
from pyrodgm.models import M1M2, VAE
from tests.pairs import rows, small

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)


def stack(**options):
    """An M1+M2 over a VAE of its shape, and the VAE."""
    vae = small(VAE, z_size=3, **options)
    model = small(M1M2, **options)
    model.load_m1(vae)
    return model, vae


def step(model):
    x, y = rows(model)
    svi = SVI(model.model, model.guide, Adam({"lr": 0.1}), SemiSupervisedELBO(ELBO, alpha=1.0))
    svi.step(labelled=(x, y), unlabelled=x)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_fixed_m1_is_the_vaes_whatever_is_trained(batch_norm):
    model, vae = stack(batch_norm=batch_norm)
    for each in (model, copy.deepcopy(model)):
        step(each.train())
        for net, first in ((each.p_x, vae.p_x), (each.q_z1, vae.q_z)):
            assert all(torch.equal(value, net.state_dict()[name]) for name, value in first.state_dict().items())


def test_a_fixed_m1_normalises_by_its_running_statistics():
    model, vae = stack(batch_norm=True)
    x = rows(model)[0]
    vae.guide(x)  # feeds the statistics
    model.load_m1(vae)
    vae.eval()
    assert model.training and model.q_y.training
    torch.testing.assert_close(model.q_z1(x).mean, vae.q_z(x).mean)
    model.joint = True
    assert not torch.allclose(model.train().q_z1(x).mean, vae.q_z(x).mean)


def test_m1_trains_where_it_is_joint():
    model = small(M1M2, joint=True)
    before = copy.deepcopy(model.state_dict())
    step(model)
    assert not any(torch.equal(value, model.state_dict()[name]) for name, value in before.items())


def test_each_part_has_its_own_hidden_layers():
    model = small(M1M2, hidden=((8, 7), (5,)))
    hidden = {name: [layer.out_features for layer in net.trunk.layers] for name, net in model.named_children()}
    assert hidden == {"p_x": [8, 7], "q_z1": [8, 7], "p_z1": [5], "q_y": [5], "q_z2": [5]}


def test_with_an_m2_that_says_nothing_the_bound_is_the_vaes():
    """p(z1 | y, z2) = N(0, I), q(y | z1) = p(y) and q(z2 | z1, y) = p(z2): the stack is its M1."""
    model, vae = stack()
    with torch.no_grad():
        for net in (model.p_z1, model.q_y, model.q_z2):
            for parameter in net.parameters():
                parameter.zero_()
    x = rows(model)[0]
    torch.manual_seed(3)
    whole = row_bounds(model, x)
    torch.manual_seed(3)
    torch.testing.assert_close(whole, row_bounds(vae, x))
    assert list(elbo_parts(model, x)) == ["z2", "y", "z1", "x"]


@pytest.mark.parametrize(
    "options",
    [
        {"z_size": 5},
        {"hidden": (8,)},
        {"likelihood": "normal"},
        {"likelihood": ("binomial", {"total_count": 4})},
        {"posterior": "full"},
        {"activation": "tanh"},
        {"missing": "zeros"},
    ],
)
def test_a_vae_of_another_shape_is_refused(options):
    with pytest.raises(ValueError, match="vae: got other networks than those of M1, want the same:"):
        small(M1M2).load_m1(small(VAE, **{"z_size": 3} | options))


def test_a_vae_of_other_counts_is_refused():
    """Its parameters have the same shapes, but it reads shares of another largest count."""
    counts = [("binomial", {"total_count": n}) for n in (4, 8)]
    vae, model = small(VAE, z_size=3, likelihood=counts[0]), small(M1M2, likelihood=counts[1])
    with pytest.raises(ValueError, match="vae: got other networks than those of M1, want the same:"):
        model.load_m1(vae)
