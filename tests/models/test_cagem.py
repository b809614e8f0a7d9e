"""CaGeM's two classifiers and their cross-entropies, compared with loops over classes."""

import math

import pytest
import torch
import torch.nn.functional as F
from pyro.infer import Predictive, TraceEnum_ELBO

from pyrodgm.infer import SemiSupervisedELBO
from pyrodgm.models import CaGeM
from tests.pairs import accepted, rows, small

ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
CLASS_NETWORKS = ("p_y.", "q_y.")


def cascade(model, x, z1, z2):
    """sum_c q(c | z1, x) p(y | z2_c), one class c at a time."""
    q = model.q_y(z1, x).probs
    return sum(q[..., [c]] * model.p_y(z2[c]).probs for c in range(model.num_classes))


def q_z2(model, x, c, z1):
    y = F.one_hot(torch.full((len(x),), c), model.num_classes).to(x)
    return (model.q_z2(x, y, z1) if model.skip else model.q_z2(y, z1)).base_dist


@pytest.mark.parametrize("skip", [True, False])
def test_class_term_is_the_two_cross_entropies(skip):
    model = small(CaGeM, skip=skip).double()
    x, y = rows(model)
    x = x.double()
    torch.manual_seed(3)
    loss = model.classification_loss(x, y)
    torch.manual_seed(3)
    q = model.q_z1(x).base_dist
    z1 = q.loc + q.scale * torch.randn_like(q.loc)
    noise = torch.randn(model.num_classes, len(x), model.z_size, dtype=x.dtype)
    posteriors = [q_z2(model, x, c, z1) for c in range(model.num_classes)]
    z2 = torch.stack([q.loc + q.scale * e for q, e in zip(posteriors, noise, strict=True)])
    each = torch.arange(len(x))
    h_q = -model.q_y(z1, x).probs[each, y].log().sum()
    h_p = -cascade(model, x, z1, z2)[each, y].log().sum()
    torch.testing.assert_close(loss, h_q + h_p, rtol=1e-9, atol=0)


def test_class_term_reaches_the_class_networks_alone():
    model = small(CaGeM, batch_norm=True)
    x, y = rows(model)
    objective = SemiSupervisedELBO.of(model, ELBO, alpha=3.0)
    parameters = dict(model.named_parameters())
    loss = objective.differentiable_loss(model.model, model.guide, labelled=(x, y))
    grads = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    for name, grad in zip(parameters, grads, strict=True):
        if name.startswith(CLASS_NETWORKS):
            assert grad is not None and bool(grad.any()), f"the class term does not reach {name}"
        else:
            assert grad is None or not bool(grad.any()), f"the class term reaches {name}"


def test_h_p_reaches_the_inference_classifier_through_the_weights_of_the_cascade():
    model = small(CaGeM)
    x, _ = rows(model)
    z1 = torch.randn(len(x), 3)
    z2 = torch.randn(3, len(x), 2)
    log_p = model._cascade(model.q_y(z1, x), model.p_y(z2))
    (grad,) = torch.autograd.grad(log_p[:, 0].sum(), model.q_y.logits.weight)
    assert bool(grad.any())


def test_statistics_of_batch_normalisation_come_from_unlabelled_rows():
    model = small(CaGeM, batch_norm=True)
    x, y = rows(model)
    objective = SemiSupervisedELBO.of(model, ELBO, alpha=3.0)
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    objective.loss(model.model, model.guide, labelled=(x, y))
    assert all(torch.equal(before[name], buffer) for name, buffer in model.named_buffers())
    objective.loss(model.model, model.guide, unlabelled=x)
    assert not any(torch.equal(before[n], b) for n, b in model.named_buffers() if n.endswith("running_mean"))


@pytest.mark.parametrize("network", ["generative", "inference"])
def test_classifiers_are_averages_over_samples(network):
    model = small(CaGeM).double().eval()
    x = rows(model)[0].double()
    samples = 4000
    with torch.no_grad():
        got = model.classifier(x, network=network, num_samples=samples)
        z1 = model.q_z1(x).sample((samples,))
        draws = model.q_y(z1, x).probs
        if network == "generative":
            draws = cascade(model, x, z1, torch.stack([q_z2(model, x, c, z1).sample() for c in range(3)]))
    error = draws.std(0) / math.sqrt(samples)
    assert bool(((got - draws.mean(0)).abs() < 6 * error).all())
    torch.testing.assert_close(got.sum(-1), torch.ones(7, dtype=torch.float64))


@pytest.mark.parametrize(("classes", "sites"), [("enumerated", 2), ("relaxed", 3)])
def test_the_noises_of_the_sites_are_drawn_apart(classes, sites, monkeypatch):
    """Noise of one seed would tie z2 to z1, and both to a drawn class."""
    seeds, original = [], CaGeM.shared_noise

    def noted(self, num_samples, seed, size):
        seeds.append(seed)
        return original(self, num_samples, seed, size)

    monkeypatch.setattr(CaGeM, "shared_noise", noted)
    model = small(CaGeM, classes=classes)
    model.classifier(rows(model)[0], seed=7)
    assert len(seeds) == len(set(seeds)) == sites


def test_a_drawn_class_gives_the_cascade_on_average():
    enumerated, drawn = small(CaGeM).eval(), small(CaGeM, classes="relaxed").eval()
    drawn.load_state_dict(enumerated.state_dict())
    x, _ = rows(drawn)
    with torch.no_grad():
        want = enumerated.classifier(x, num_samples=4000)
        torch.testing.assert_close(drawn.classifier(x, num_samples=20_000), want, atol=0.01, rtol=0)


def test_the_class_term_of_a_drawn_class_is_that_of_its_z2():
    """H_q + H_p with p(y | z2) at the z2 of the drawn class of each row, instead of a sum over classes."""
    model = small(CaGeM, classes="relaxed").double()
    x, y = rows(model)
    x, each = x.double(), torch.arange(len(y))
    torch.manual_seed(3)
    loss = model.classification_loss(x, y)
    torch.manual_seed(3)
    with torch.no_grad():
        z1 = model.q_z1(x).rsample()
        c = model.categorical(model.q_y(z1, x)).rsample()
        z2 = model.q_z2(x, c, z1).rsample()
    log_p, log_q = model.p_y(z2).probs.log(), model.q_y(z1, x).probs.log()
    torch.testing.assert_close(loss, -(log_p + log_q)[each, y].sum(), rtol=1e-9, atol=0)


def all_and_sampled():
    """CaGeMs of equal parameters whose classes are all enumerated, and sampled, with rows and labels."""
    enumerated, sampled = small(CaGeM).double(), small(CaGeM, classes=("sampled", {"top": 1})).double()
    sampled.load_state_dict(enumerated.state_dict())
    x, y = rows(enumerated)
    return enumerated, sampled, x.double(), y


def test_sampled_classes_have_the_class_term_of_all():
    *models, x, y = all_and_sampled()
    found = []
    for model in models:
        torch.manual_seed(3)
        with accepted(NotImplementedError):
            found.append(model.classification_loss(x, y))
    assert torch.equal(*found)


@pytest.mark.parametrize("network", ["generative", "inference"])
def test_sampled_classes_have_the_classifier_of_all(network):
    *models, x, _ = all_and_sampled()
    with accepted(ValueError):
        assert torch.equal(*(model.classifier(x, network=network) for model in models))


def test_the_two_classifiers_differ_and_others_are_refused():
    model = small(CaGeM)
    x, _ = rows(model)
    assert not torch.allclose(model.classifier(x), model.classifier(x, network="inference"), atol=1e-3)
    with pytest.raises(ValueError, match="network: got 'q', want one of generative, inference"):
        model.classifier(x, network="q")


def test_a_class_that_is_not_given_is_drawn_from_z2():
    model = small(CaGeM).eval()
    with torch.no_grad():
        model.p_y.logits.weight.zero_()
        model.p_y.logits.bias.copy_(torch.tensor([0.0, 3.0, -20.0]))
    y = Predictive(model.model, num_samples=400)(size=5)["y"]
    share = y.flatten(0, 1).mean(0)
    torch.testing.assert_close(share, torch.tensor([0.0474, 0.9526, 0.0]), atol=0.02, rtol=0)
