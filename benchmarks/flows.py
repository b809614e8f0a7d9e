"""The time of a step of an inverse autoregressive flow, beside Pyro and zuko; writes benchmarks/flows.md.

Run it with ``OMP_NUM_THREADS=2 python -m benchmarks.flows``. With ``--quick``, it makes two rounds and writes nothing.
zuko is left out if it is not installed.
"""

import importlib.util

import pyro.distributions as dist
import torch
from pyro.distributions.transforms import ConditionalAffineAutoregressive
from pyro.nn import ConditionalAutoRegressiveNN

from benchmarks.measure import interleaved, milliseconds, ratios, spread, table, write_page
from benchmarks.steps import installed, machine
from pyrodgm.nn import flow_net

SIZE, FEATURES, HIDDEN = 32, 450, (320, 320)
SHAPES = {  # the shapes of the rows and of the draws
    "1,000 rows": ((1000,), (1000,)),
    "100 rows, each for ten classes on which h does not depend": ((100,), (10, 100)),
}


def ours(step):
    """One step of this package, by name."""
    flow = flow_net(("iaf", {"num_steps": 1, "made_hidden": HIDDEN, "step": step}), (FEATURES,), SIZE)
    return flow, flow


def pyros():
    """Pyro's gated step. It was the posterior ``"iaf"`` of this package before.

    The activation is ELU, and ReLU in Pyro's examples.
    """
    order = torch.arange(SIZE)
    net = ConditionalAutoRegressiveNN(SIZE, FEATURES, list(HIDDEN), permutation=order, nonlinearity=torch.nn.ELU())
    step = ConditionalAffineAutoregressive(net, stable=True)
    return step, lambda base, h: dist.TransformedDistribution(base, [step.condition(h)])


def zukos():
    """zuko's affine step. One call gives the value and the log-determinant.

    A draw is scored by the base and by the log-determinant that came with it.
    """
    import zuko

    step = zuko.flows.MaskedAutoregressiveTransform(SIZE, FEATURES, hidden_features=HIDDEN, activation=torch.nn.ELU)

    class Flow:
        def __init__(self, base, h):
            self.base, self.transform = base, step(h)

        def rsample(self):
            self.z_0 = self.base.rsample()
            z, self.log_det = self.transform.call_and_ladj(self.z_0)
            return z

        def log_prob(self, z):
            return self.base.log_prob(self.z_0) - self.log_det

    return step, Flow


ARRANGEMENTS = {
    "gated": {"pyrodgm": lambda: ours("gated"), "Pyro": pyros},
    "affine": {"pyrodgm": lambda: ours("affine"), "zuko": zukos},
}


def stepper(module, flow, rows, drawn):
    """A function that draws z, scores it, and takes the gradients of the network, of h and of the base."""
    h = torch.randn(*rows, FEATURES, requires_grad=True)
    mu, sigma = torch.randn(*drawn, SIZE, requires_grad=True), torch.rand(*drawn, SIZE).add(0.5).requires_grad_()
    inputs = [*module.parameters(), h, mu, sigma]

    def step():
        q = flow(dist.Normal(mu, sigma).to_event(1), h)
        z = q.rsample()
        torch.autograd.grad((q.log_prob(z) + 0.5 * z.square().sum(-1)).sum(), inputs)

    return step


def report(rounds):
    """The page."""
    lines = [
        f"""# A step of an inverse autoregressive flow

This benchmark measures the time of one step of an inverse autoregressive flow in pyrodgm, in Pyro and in
zuko. The time is that of drawing z, scoring it, and computing the gradients of the flow's network, of its
input h and of the base.

z has {SIZE} units, and h has {FEATURES}. The masked networks have hidden layers of {HIDDEN} units with ELU.
A gated step is eq. 5.32 of Kingma 2017, and an affine step is eq. 5.27. Pyro and zuko concatenate h and
z, and copy h for every class. pyrodgm computes the contribution of h to the first layer separately and adds it.
Pyro's validation is on, which is its default.

Written by `OMP_NUM_THREADS=2 python -m benchmarks.flows`. Every arrangement makes one step in turn, in
{rounds} rounds after 5 for warming up. The tables give median (quartiles). Ratios are to pyrodgm with the same
kind of step, round by round.

{machine()[:-1]}, {installed("zuko")}.
""",
    ]
    for title, (rows, drawn) in SHAPES.items():
        steppers = {
            (kind, name): stepper(*make(), rows, drawn)
            for kind, makers in ARRANGEMENTS.items()
            for name, make in makers.items()
            if name != "zuko" or importlib.util.find_spec("zuko")
        }
        times = interleaved(steppers, rounds)
        cells = [
            [kind, name, milliseconds(values), "" if name == "pyrodgm" else over(times, kind, name)]
            for (kind, name), values in times.items()
        ]
        lines += [f"## {title}", "", table(["step", "library", "ms", "ratio to pyrodgm"], cells), ""]
    return "\n".join(lines)


def over(times, kind, name):
    return spread(ratios(times, (kind, name), (kind, "pyrodgm")))


if __name__ == "__main__":
    write_page(report, 40, __doc__, __file__)
