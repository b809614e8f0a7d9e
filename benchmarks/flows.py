"""A step of an inverse autoregressive flow beside Pyro's and zuko's; writes benchmarks/flows.md.

Run with ``OMP_NUM_THREADS=2 python -m benchmarks.flows``; ``--quick`` makes two rounds and writes nothing. zuko is left
out where it is not installed.
"""

import argparse
import importlib.util
from pathlib import Path

import pyro.distributions as dist
import torch
from pyro.distributions.transforms import ConditionalAffineAutoregressive
from pyro.nn import ConditionalAutoRegressiveNN

from benchmarks.measure import interleaved, milliseconds, ratios, spread, table
from benchmarks.steps import installed, machine
from pyrodgm.nn import flow_net

SIZE, FEATURES, HIDDEN = 32, 450, (320, 320)
SHAPES = {  # of the rows, and of what is drawn for each
    "1,000 rows": ((1000,), (1000,)),
    "100 rows, each for ten classes that h does not read": ((100,), (10, 100)),
}


def ours(step):
    """One step of ours, by name."""
    flow = flow_net(("iaf", {"num_steps": 1, "made_hidden": HIDDEN, "step": step}), (FEATURES,), SIZE)
    return flow, flow


def pyros():
    """Pyro's gated step, which was the posterior ``"iaf"`` before: ReLU in its examples, ELU here."""
    order = torch.arange(SIZE)
    net = ConditionalAutoRegressiveNN(SIZE, FEATURES, list(HIDDEN), permutation=order, nonlinearity=torch.nn.ELU())
    step = ConditionalAffineAutoregressive(net, stable=True)
    return step, lambda base, h: dist.TransformedDistribution(base, [step.condition(h)])


def zukos():
    """zuko's affine step, of which value and log-determinant come in one call; it scores the sample by the base."""
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
    lines = [
        "# A step of an inverse autoregressive flow",
        "",
        "`OMP_NUM_THREADS=2 python -m benchmarks.flows`: one step of the flow, drawn and scored, and the gradients of",
        f"its network, of h and of the base: z of {SIZE} units, h of {FEATURES}, masked networks of {HIDDEN} with ELU.",
        f"Pyro's validation is on, as it comes. {rounds} rounds in which every arrangement makes one in turn, after 5",
        "that warm up; median (quartiles), ratios to ours of the same kind, round by round. A gated step is eq. 5.32",
        "of Kingma 2017, an affine one eq. 5.27. Pyro and zuko join h to z, copied for every class; ours adds h's",
        "share of the first layer.",
        "",
        f"{machine()[:-1]}, {installed('zuko')}.",
        "",
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
        lines += [f"## {title}", "", table(["step", "by", "ms", "over ours"], cells), ""]
    return "\n".join(lines)


def over(times, kind, name):
    return spread(ratios(times, (kind, name), (kind, "pyrodgm")))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds; write nothing")
    quick = parser.parse_args().quick
    text = report(2 if quick else 40)
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
