"""Batch normalisation when classes are sampled: which statistics fit the evaluation, which sums over all classes.

Writes benchmarks/batch_statistics.md. Run with ``OMP_NUM_THREADS=1 python -m benchmarks.batch_statistics``; ``--quick``
trains one seed for two epochs and writes nothing.
"""

import argparse
import copy
import statistics
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyro
import torch
from pyro.infer import TraceEnum_ELBO

from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.data import resample_counts
from pyrodgm.evaluate import bound, classification_error
from pyrodgm.nn import BatchNorm
from pyrodgm.zoo import RECIPES
from pyrodgm.zoo.training import train

SAMPLED = ("sampled", {"top": 2})
EPOCHS, SEEDS = 100, 3
TRAININGS = {  # the recipe's settings, and whether the statistics are weighted
    "all classes summed": (("enumerated", ()), False),
    "two summed, one sampled": ((SAMPLED, ()), False),
    "two summed, one sampled, weighted statistics": ((SAMPLED, ()), True),
    "all summed for 20 epochs, then sampled": ((SAMPLED, ((0, "enumerated"), (20, SAMPLED))), False),
}


@contextmanager
def weighted_statistics(num_classes):
    """While training, a summed class counts 1/K in the batch statistics, and the sampled one stands for the rest.

    The statistics of three decoded classes ``(3, B, H)`` are then, in the mean, those of all K classes.
    """
    plain = BatchNorm.forward
    weights = torch.tensor([1, 1, num_classes - 2]).view(3, 1, 1) / num_classes

    def forward(self, h):
        if not self.training or h.dim() != 3 or len(h) != 3:
            return plain(self, h)
        mean = (weights * h).sum(0).mean(0)
        variance = (weights * (h - mean).square()).sum(0).mean(0)
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance, self.momentum)
        return (h - mean) / (variance + self.eps).sqrt() * self.weight + self.bias

    BatchNorm.forward = forward
    try:
        yield
    finally:
        BatchNorm.forward = plain


@torch.no_grad()
def estimated_again(model, x, classes, num_batches=50):
    """A copy whose running statistics are the mean over batches of 100 training rows, with y treated as stated."""
    model = copy.deepcopy(model).train()
    model.classes = classes
    for module in model.modules():
        if isinstance(module, BatchNorm):
            module.reset_running_stats()
            module.momentum = None  # a plain mean
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    for _ in range(num_batches):
        batch = x[torch.randperm(len(x))[:100]]
        elbo.loss(model.model, model.guide, resample_counts(batch, total_count=16, draws=4))
    return model.eval()


def figures(name, seed, epochs):
    """The test error, and the test bound by three kinds of statistics."""
    (classes, by_epoch), weighted = TRAININGS[name]
    recipe = RECIPES["digits"]
    recipe = replace(
        recipe,
        model=(recipe.model[0], recipe.model[1] | {"batch_norm": True, "classes": classes}),
        classes_by_epoch=by_epoch,
        epochs=epochs,
        schedule=("linear", {"start": epochs // 2, "end": epochs}),
        warm_up_epochs=epochs // 4,
    )
    if weighted:
        with weighted_statistics(10):
            data, _, model, _ = train(recipe, seed, progress=False)
    else:
        data, _, model, _ = train(recipe, seed, progress=False)
    pyro.set_rng_seed(0)
    test, found = data.test, []
    for m in (
        model,
        estimated_again(model, data.train.x, SAMPLED),
        estimated_again(model, data.train.x, "enumerated"),
    ):
        pyro.set_rng_seed(0)
        found.append(bound(m, test.x, num_samples=20))
    return [classification_error(model, test.x, test.y), *found]


def shown(values):
    """The mean ± standard error."""
    error = f" ± {statistics.stdev(values) / len(values) ** 0.5:.2f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.2f}{error}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one seed, two epochs; write nothing")
    quick = parser.parse_args().quick
    epochs, seeds, rows = (2, 1, []) if quick else (EPOCHS, SEEDS, [])
    for name in TRAININGS:
        found = [figures(name, seed, epochs) for seed in range(seeds)]
        rows.append([name, *map(shown, zip(*found, strict=True))])
        print(*rows[-1], sep=" | ", flush=True)
    if quick:
        return
    header = [
        "training",
        "test error, %",
        "bound by the running statistics",
        "by statistics estimated again, y sampled",
        "all classes summed",
    ]
    text = f"""# Batch normalisation when classes are sampled

With `classes="sampled"`, a training step decodes the two most probable classes of each row and one sampled class.
The batch statistics come from these three. Evaluation sums all ten classes, and normalises by the running statistics of
training. Are these statistics right for the sum over all classes?

An SDGM with batch normalisation is trained on scikit-learn's digits with 100 labels: the recipe `digits` with {epochs}
epochs, a warm-up of {epochs // 4} and a learning rate that falls over the second half. After training, the statistics
are estimated again from 50 batches of training rows: once with y sampled as in training, and once with all classes
summed. Weighted statistics count a summed class 1/K and the sampled class (K - 2)/K, so that on average they equal
those of all classes.

The table gives the test error and test bounds in nats, as mean ± standard error over {seeds} seeds.

Written by `OMP_NUM_THREADS=1 python -m benchmarks.batch_statistics`.

{machine()}

{table(header, rows)}
"""
    Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
