"""The importance-weighted bound: the time of a step by number of samples, and the variance of its two gradients.

Writes benchmarks/iwae.md. Run it with ``OMP_NUM_THREADS=1 python -m benchmarks.iwae``. With ``--quick``, it makes few
rounds of everything and writes nothing.
"""

import argparse
import time
from pathlib import Path

import pyro
import torch
from pyro.infer import SVI
from pyro.optim import Adam

from benchmarks.case import Case
from benchmarks.measure import interleaved, milliseconds, ratios, spread, table
from benchmarks.steps import machine
from pyrodgm.data import Batches, load
from pyrodgm.infer import CompiledSVI, ImportanceWeightedELBO
from pyrodgm.models import AVAE, VAE, HierarchicalVAE, LadderVAE

SAMPLES = (1, 5, 50)
GRADIENTS = {"plain": "plain", "doubly reparameterised": "doubly_reparameterised"}
MODELS = {
    "VAE, z of 8": lambda size: VAE(size, z_size=8, hidden=(64,)),
    "AVAE, a and z of 8": lambda size: AVAE(size, z_sizes=(8,), a_sizes=(8,), hidden=(64,)),
    "HierarchicalVAE, z of 8 and 4": lambda size: HierarchicalVAE(size, z_sizes=(8, 4), hidden=(64,)),
    "LadderVAE, z of 8 and 4": lambda size: LadderVAE(size, z_sizes=(8, 4), hidden=(64,)),
}
EPOCHS = (0, 20)


def arrangements():
    """A step for every number of samples, gradient and class of SVI.

    The network is Burda's: hidden layers of [200, 200] tanh units and z of 50 units.
    """
    x, steps = Case("VAE").data()[2], {}
    makes = {"SVI": SVI, "CompiledSVI": lambda *pair: CompiledSVI(*pair, backend="replay")}
    for k in SAMPLES:
        for gradient, name in GRADIENTS.items():
            for svi, make in makes.items():
                pyro.set_rng_seed(0)
                model = VAE(784, z_size=50, hidden=(200, 200), activation="tanh")
                pair = make(model.model, model.guide, Adam({"lr": 1e-3}), ImportanceWeightedELBO(k, gradient=name))
                steps[k, gradient, svi] = lambda pair=pair: pair.step(x)
    return steps


def trained(make, data, epochs):
    """A model trained on the digits with the plain gradient of five samples."""
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    model = make(data.x_size)
    svi = SVI(model.model, model.guide, Adam({"lr": 3e-3}), ImportanceWeightedELBO(5))
    for _ in range(epochs):
        for batch in Batches(data.train.x, batch_size=100):
            svi.step(**batch)
    return model


def variance(model, x, k, gradient, draws):
    """The variance of the gradient, summed over the parameters of the guide and over those of the model."""
    objective, found = ImportanceWeightedELBO(k, gradient=gradient), []
    names, parameters = zip(*model.named_parameters(), strict=True)
    for _ in range(draws):
        loss = objective.differentiable_loss(model.model, model.guide, x)
        parts = zip(names, torch.autograd.grad(loss, parameters, materialize_grads=True), strict=True)
        parts = [(name, part.flatten()) for name, part in parts]
        found.append(
            [torch.cat([p for name, p in parts if name.startswith("p_") == models]) for models in (False, True)]
        )
    return [float(torch.stack(of).var(0).sum()) for of in zip(*found, strict=True)]


def variances(draws, epochs):
    """The table of the variances."""
    data, rows = load("digits"), []
    for name, make in MODELS.items():
        for number in epochs:
            model, found = trained(make, data, number), []
            for k in SAMPLES:
                plain, doubly = (variance(model, data.train.x[:50], k, g, draws) for g in GRADIENTS.values())
                found += [f"{a / b:.2g}" for a, b in zip(plain, doubly, strict=True)]
            rows.append([name, number, *found[::2], *found[1::2]])
    header = ["model", "epochs", *(f"guide, k = {k}" for k in SAMPLES), *(f"model, k = {k}" for k in SAMPLES)]
    return table(header, rows)


def report(rounds, draws, epochs):
    """The page."""
    times, rows = interleaved(arrangements(), rounds, warm=3, clock=time.process_time), []
    for k, gradient, svi in times:
        to_one = spread(ratios(times, (k, gradient, svi), (1, gradient, svi)))
        to_plain = spread(ratios(times, (k, gradient, svi), (k, "plain", svi)))
        to_svi = spread(ratios(times, (k, gradient, "SVI"), (k, gradient, svi)))
        rows.append([k, gradient, svi, milliseconds(times[k, gradient, svi]), to_one, to_plain, to_svi])
    lines = [
        f"""# The importance-weighted bound by number of samples

This benchmark measures the time of a training step of the importance-weighted bound with k samples per row,
and the variance of its gradient. The gradient is the plain one or the doubly reparameterised one.

The model is a VAE with 784 inputs, hidden layers of [200, 200] tanh units and z of 50 units. A step takes 100 rows.
CompiledSVI uses its backend replay.

Written by `OMP_NUM_THREADS=1 python -m benchmarks.iwae`. Every arrangement makes one step in turn, in
{rounds} rounds after 3 for building and warming up. Times are the CPU time of the one thread. The table gives median
(quartiles); ratios are taken round by round.

{machine()}
""",
        table(["k", "gradient", "by", "CPU ms", "ratio to k = 1", "ratio to plain", "speed-up over SVI"], rows),
        f"""
## Variance of the gradient: plain divided by doubly reparameterised

A number is the variance of the plain gradient divided by that of the doubly reparameterised one. One number is for the
parameters of the guide, and one for those of the model. The gradient is that of the sum over 50 digits. Its variance
is estimated from {draws} draws. The networks have 64 hidden units. They are untrained, or trained with the plain
gradient of k = 5 for the number of epochs in the table. The gain is large where the weights of the samples are even,
and small where a few samples carry most of the weight.

{variances(draws, epochs)}
""",
    ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds of everything; write nothing")
    quick = parser.parse_args().quick
    text = report(rounds=2, draws=3, epochs=(0,)) if quick else report(rounds=15, draws=40, epochs=EPOCHS)
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
