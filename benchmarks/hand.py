"""Training steps of VAE, M2 and ADGM in PyTorch without Pyro, and the operations of their matrix products.

    VAE        sum_u L(x_u)                                             L(x) = log q(z|x) - log p(x|z) p(z)
    M2, ADGM   sum_l L(x_l, y_l) - log q(y_l|.) + sum_u U(x_u)          U(x) = sum_y q(y|.) (L(x, y) + log q(y|.))

There is one sample of z and one of a. For M2 and ADGM, this is ``pyrodgm.infer.SemiSupervisedELBO`` with alpha = 1.
"""

import math
from dataclasses import replace
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode


class Network(torch.nn.Module):
    """Linear and ReLU layers over the concatenated parents, each expanded to their joint shape."""

    def __init__(self, parents, hidden, size):
        super().__init__()
        self.parents = parents
        layers = [torch.nn.Linear(*sizes) for sizes in pairwise([sum(parents), *hidden, size])]
        self.first = layers[0]
        self.rest = torch.nn.Sequential(*(module for layer in layers[1:] for module in (torch.nn.ReLU(), layer)))

    def forward(self, *parents):
        return self.rest(self.first_layer(parents)).float()

    def first_layer(self, parents):
        shape = torch.broadcast_shapes(*(parent.shape[:-1] for parent in parents))
        return self.first(torch.cat([parent.expand(*shape, -1) for parent in parents], -1))


class SplitNetwork(Network):
    """The same network with a first layer that is a sum of one product per parent, at the parent's own shape."""

    def first_layer(self, parents):
        weights = self.first.weight.split(self.parents, dim=1)
        pairs = sorted(zip(parents, weights, strict=True), key=lambda pair: pair[0].shape[:-1].numel())
        h = F.linear(*pairs[0], self.first.bias)
        for parent, weight in pairs[1:]:
            h = h + F.linear(parent, weight)
        return h


def draw(moments):
    """A draw ``(..., D)`` from the normal with ``moments`` (loc, log variance) ``(..., 2 D)``, and its log-density."""
    loc, log_variance = moments.chunk(2, -1)
    noise = torch.randn_like(loc)
    return loc + (0.5 * log_variance).exp() * noise, standard_normal(noise) - 0.5 * log_variance.sum(-1)


def standard_normal(value):
    """log N(value; 0, I)."""
    return -0.5 * (value.square().sum(-1) + value.shape[-1] * math.log(2 * math.pi))


def normal(moments, value):
    """log N(value; loc, exp(log variance))."""
    loc, log_variance = moments.chunk(2, -1)
    return standard_normal((value - loc) * (-0.5 * log_variance).exp()) - 0.5 * log_variance.sum(-1)


def bernoulli(logits, value):
    """log Bernoulli(value; logits), summed over the features."""
    return -F.binary_cross_entropy_with_logits(logits, value.expand_as(logits), reduction="none").sum(-1)


class VAE(torch.nn.Module):
    """p(z) p(x|z), q(z|x)."""

    def __init__(self, case, network):
        super().__init__()
        self.p_x = network((case.z_size,), case.hidden, case.x_size)
        self.q_z = network((case.x_size,), case.hidden, 2 * case.z_size)

    def loss(self, labelled, y, x):
        z, log_q_z = draw(self.q_z(x))
        return (log_q_z - bernoulli(self.p_x(z), x) - standard_normal(z)).sum()


class M2(torch.nn.Module):
    """p(y) p(z) p(x|z, y), q(y|x) q(z|x, y)."""

    def __init__(self, case, network, *a_size):
        super().__init__()
        x_size, num_classes, z_size, hidden = case.x_size, case.num_classes, case.z_size, case.hidden
        self.num_classes = num_classes
        self.p_x = network((z_size, num_classes), hidden, x_size)
        self.q_y = network((*a_size, x_size), hidden, num_classes)
        self.q_z = network((*a_size, num_classes, x_size), hidden, 2 * z_size)

    def loss(self, labelled, y, unlabelled):
        return self.labelled_loss(labelled, y) + self.unlabelled_loss(unlabelled)

    def labelled_loss(self, x, y, *a):
        """L(x, y) - log q(y|.), summed over the rows. Only a model with an a passes it."""
        bound = self.bound(x, F.one_hot(y, self.num_classes).to(x.dtype), *a)
        return bound.sum() + F.cross_entropy(self.q_y(*a, x), y, reduction="sum")

    def unlabelled_loss(self, x, *a):
        """U(x), summed over the rows. All classes are computed at once, with y ``(K, 1, K)``."""
        log_q_y = self.q_y(*a, x).log_softmax(-1).T  # (K, B)
        y = torch.eye(self.num_classes, dtype=x.dtype, device=x.device).unsqueeze(1)
        return (log_q_y.exp() * (self.bound(x, y, *a) + log_q_y)).sum()

    def bound(self, x, y):
        """L(x, y) of x ``(B, D)``: ``(B,)`` for y ``(B, K)``, ``(K, B)`` for y ``(K, 1, K)``."""
        z, log_q_z = draw(self.q_z(y, x))
        return log_q_z - bernoulli(self.p_x(z, y), x) - standard_normal(z) + math.log(self.num_classes)


class ADGM(M2):
    """p(y) p(z) p(x|z, y) p(a|z, y), q(a|x) q(y|a, x) q(z|a, y, x)."""

    def __init__(self, case, network):
        super().__init__(case, network, case.a_size)
        self.q_a = network((case.x_size,), case.hidden, 2 * case.a_size)
        self.p_a = network((case.z_size, case.num_classes), case.hidden, 2 * case.a_size)

    def loss(self, labelled, y, unlabelled):
        a, log_q_a = draw(self.q_a(labelled))
        loss = log_q_a.sum() + self.labelled_loss(labelled, y, a)
        a, log_q_a = draw(self.q_a(unlabelled))
        return loss + log_q_a.sum() + self.unlabelled_loss(unlabelled, a)

    def bound(self, x, y, a):
        """L(x, y) at a drawn a, without the term log q(a|x), which does not depend on y."""
        z, log_q_z = draw(self.q_z(a, y, x))
        log_p = bernoulli(self.p_x(z, y), x) + normal(self.p_a(z, y), a) + standard_normal(z)
        return log_q_z - log_p + math.log(self.num_classes)


def build(case, network):
    """The module of a case, with weights fixed by a seed."""
    if case.num_particles != 1:
        raise ValueError(f"num_particles: got {case.num_particles}, want 1")
    torch.manual_seed(0)
    return {"VAE": VAE, "M2": M2, "ADGM": ADGM}[case.model](case, network).to(case.device)


def stepper(case, network, compiled):
    """A function that makes one step and returns the loss.

    In bfloat16, autocast surrounds the loss, so that each weight is cast once per step. Only linear layers run in
    bfloat16: the networks return float32, and the densities have no matrix product.
    """
    module, data = build(case, network), case.data()
    loss = module.loss
    if compiled:  # isolated, so that dynamo's limit does not count the other cases of the same code
        loss = torch.compile(loss, fullgraph=True, dynamic=False, isolate_recompiles=True)
    optimiser = torch.optim.Adam(module.parameters(), lr=3e-4)
    autocast = torch.autocast(torch.device(case.device).type, torch.bfloat16, enabled=case.precision == "bfloat16")

    def step():
        optimiser.zero_grad()
        with autocast:
            value = loss(*data)
        value.backward()
        optimiser.step()
        return value.detach()

    return step


def hand_eager(case):
    """Concatenated inputs, eager."""
    return stepper(case, Network, compiled=False)


def hand_compiled(case):
    """Concatenated inputs. The loss is compiled as one graph."""
    return stepper(case, Network, compiled=True)


def hand_split(case):
    """First layers split by parent, eager."""
    return stepper(case, SplitNetwork, compiled=False)


def hand_split_compiled(case):
    """First layers split by parent. The loss is compiled as one graph."""
    return stepper(case, SplitNetwork, compiled=True)


def flops(case):
    """The floating point operations of the matrix products in one step with split first layers, 2 m n k per product.

    torch counts them from the shapes alone. They are the forward products, the gradients of the weights and those of
    the inputs, except for data and one-hot classes, which need none. Elementwise work, biases and Adam are left out.
    """
    case = replace(case, device="meta", precision="float32")
    module, data = build(case, SplitNetwork), case.data()
    with FlopCounterMode(display=False) as counter:
        module.loss(*data).backward()
    return counter.get_total_flops()
