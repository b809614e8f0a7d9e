"""The adversarial M2: which networks ascend and which descend the adversary's loss."""

import copy

import pytest
import torch
import torch.nn.functional as F
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm.infer import SemiSupervisedELBO
from pyrodgm.models import M2, AdversarialM2
from tests import by_hand
from tests.pairs import rows, small

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)


def same_noise(function, *args, **kwargs):
    torch.manual_seed(5)
    return function(*args, **kwargs)


def gradients(model, loss):
    """The gradients by name, zero where there is none."""
    parameters = dict(model.named_parameters())
    found = torch.autograd.grad(loss, list(parameters.values()), materialize_grads=True)
    return dict(zip(parameters, found, strict=True))


def cross_entropy(model, x, y):
    """E_q(z|x,y)[-log f(y | z)] by hand, at the noise of seed 5."""
    noise = same_noise(torch.randn, len(x), model.z_size, dtype=x.dtype)
    mu, log_variance = by_hand.moments(model.q_z, x, F.one_hot(y, 3).to(x))
    z = mu + (0.5 * log_variance).exp() * noise
    return -by_hand.log_q_y(model.f_y, z)[torch.arange(len(x)), y].sum()


@pytest.mark.parametrize("one_hot", [False, True])
def test_the_adversary_descends_its_loss_and_the_encoder_ascends_it(one_hot):
    model = small(AdversarialM2).double()
    x, y = rows(model)
    x = x.double()
    expected = cross_entropy(model, x, y)
    loss = same_noise(model.adversarial_loss, x, F.one_hot(y, 3) if one_hot else y)
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=0)
    found, by_hand_ = gradients(model, loss), gradients(model, expected)
    for name, gradient in found.items():
        sign = {"f_y": 1.0, "q_z": -1.0}.get(name.split(".")[0], 0.0)
        torch.testing.assert_close(gradient, sign * by_hand_[name], rtol=1e-8, atol=1e-12)
        assert bool((gradient != 0).any()) == (sign != 0), name


def test_the_objective_is_m2s_and_the_game():
    model = small(AdversarialM2).double()
    x, y = rows(model)
    batch = {"labelled": (x.double(), y), "unlabelled": x.double()}
    torch.manual_seed(5)
    game = model.adversarial_loss(*batch["labelled"])
    objective = SemiSupervisedELBO(ELBO, alpha=2.0, labelled_weight=0.7)
    rest = objective.differentiable_loss(model.model, model.guide, **batch)
    both = SemiSupervisedELBO.of(model, ELBO, alpha=2.0, labelled_weight=0.7)
    both = same_noise(both.differentiable_loss, model.model, model.guide, **batch)
    torch.testing.assert_close(both, rest + game, rtol=1e-9, atol=0)
    found, want, played = (gradients(model, loss) for loss in (both, rest, game))
    for name in found:
        torch.testing.assert_close(found[name], want[name] + played[name], rtol=1e-8, atol=1e-10)


def test_model_and_guide_are_m2s():
    options = {"classifier_hidden": (4,), "class_prior": (0.2, 0.3, 0.5)}
    model, m2 = small(AdversarialM2, **options), small(M2, **options)
    own = {name: value for name, value in model.state_dict().items() if not name.startswith("f_y")}
    assert {name: v.shape for name, v in own.items()} == {name: v.shape for name, v in m2.state_dict().items()}
    m2.load_state_dict(own)
    x, y = rows(model)
    for args in ((x,), (x, y)):
        assert same_noise(ELBO.loss, model.model, model.guide, *args) == same_noise(
            ELBO.loss, m2.model, m2.guide, *args
        )


def test_the_adversary_has_the_hidden_layers_of_the_model_and_not_of_its_classifier():
    model = small(AdversarialM2, classifier_hidden=(4,))
    hidden = {name: [layer.out_features for layer in net.trunk.layers] for name, net in model.named_children()}
    assert hidden == {"p_x": [8, 5], "q_y": [4], "q_z": [8, 5], "f_y": [8, 5]}


def test_plain_svi_trains_m2_and_leaves_the_adversary():
    model = small(AdversarialM2)
    before = copy.deepcopy(model.state_dict())
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-2}), ELBO)
    x, y = rows(model)
    svi.step(x)
    svi.step(x, y)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) == name.startswith("f_y"), name
