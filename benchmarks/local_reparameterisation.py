"""The time of a gradient by local reparameterisation, by a weight sample per row, and by one per batch.

Writes benchmarks/local_reparameterisation.md. Run it with ``OMP_NUM_THREADS=1 python -m
benchmarks.local_reparameterisation``. With ``--quick``, it makes two rounds and writes nothing.
"""

import time

import pyro
import torch
from pyro.infer import TraceMeanField_ELBO

from benchmarks.measure import interleaved, milliseconds, ratios, spread, table, write_page
from benchmarks.steps import machine
from pyrodgm.models import BayesianMLP
from pyrodgm.zoo.experiments.gradient_variance import ESTIMATORS

SIZES = {"x_size": 784, "num_classes": 10, "hidden": (300, 300, 300)}
ROWS = (100, 1000)
AT_ONCE = 25  # rows at a time that have a weight sample each; the fastest of 10, 25, 50 and 100
LOCAL, DATUM, BATCH, NONE = ESTIMATORS  # in the order of table 6.1


def arrangements(rows):
    """A function per estimator that computes the loss of a batch and its gradient in all parameters."""
    pyro.clear_param_store()
    torch.manual_seed(0)
    x, y = torch.rand(rows, 784), torch.randint(10, (rows,))
    model = BayesianMLP(**SIZES, data_size=50_000, weights="B")
    parameters, elbo = list(model.parameters()), TraceMeanField_ELBO()

    def step(name):
        size = AT_ONCE if name == DATUM else rows
        for part, labels in zip(x.split(size), y.split(size), strict=True):
            with ESTIMATORS[name]():
                loss = elbo.differentiable_loss(model.model, model.guide, part, labels)
            torch.autograd.grad(loss, parameters)

    return {name: lambda name=name: step(name) for name in ESTIMATORS}


def report(rounds):
    """The page."""
    lines = [
        f"""# Gradients of a network whose weights have a posterior

This benchmark measures the time of the loss and gradient of a `BayesianMLP`, by four estimators. The three
estimators with noise in the weights have the same mean. Tutorial 14 measures their variances.

The network has 784, 300, 300, 300 and 10 units, and variational dropout of type B. It is not compiled, and Pyro's
validation is off. A weight sample per datum takes 1.7 MB of weights per row, so its batch is split into parts of
{AT_ONCE} rows. That was the fastest of 10, 25, 50 and 100.

Written by `OMP_NUM_THREADS=1 python -m benchmarks.local_reparameterisation`. All four estimators run in turn,
in {rounds} rounds after one for warming up. Times are CPU times. The table gives median (quartiles); ratios are taken
round by round.

In Kingma (2017, sec. 6.5.2), an epoch takes 1,635 s with a weight sample per datum, and 7.4 s with local
reparameterisation, on a GPU.

{machine()}
""",
    ]
    rows = []
    for count in ROWS:
        with pyro.validation_enabled(False):
            times = interleaved(arrangements(count), rounds, warm=1, clock=time.process_time)
        over = [spread(ratios(times, name, to), 1) for name, to in ((DATUM, LOCAL), (LOCAL, BATCH), (LOCAL, NONE))]
        rows.append([count, *(milliseconds(times[name]) for name in ESTIMATORS), *over])
    header = ["rows", *(f"{name}, ms" for name in ESTIMATORS), "ratio of datum to local", "ratio of local to minibatch"]
    return "\n".join([*lines, table([*header, "ratio of local to no noise"], rows), ""])


if __name__ == "__main__":
    write_page(report, 7, __doc__, __file__)
