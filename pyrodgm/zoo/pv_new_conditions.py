"""Experiment (iii) of Maaløe et al. 2018: conditions of a photovoltaic string become known one after the other.

    python -m pyrodgm.zoo.pv_new_conditions --output results

At first there is one labelled row of each of the ten conditions, and nothing else. At every stage one more condition is
added, in the order of table II from PS7 to PS75: 500 of its rows with a label, and its other rows without. At every
stage, an SDGM and two networks without latents are trained from scratch.

The errors and the SDGM's median bound, for the conditions that were added and for the others, are written to
``pv-new-conditions-COLUMNS.json`` as with ``pyrodgm reproduce``, and plotted in ``pv-new-conditions-COLUMNS.png``.
"""

from __future__ import annotations

import argparse
import io
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import torch

from pyrodgm.data import Dataset, Rows
from pyrodgm.estimators import DeepGenerativeClassifier
from pyrodgm.files import make_folder, write
from pyrodgm.zoo.baselines import batched_network
from pyrodgm.zoo.preparation import load_data
from pyrodgm.zoo.pv_few_labels import COLUMNS, STEPS
from pyrodgm.zoo.pv_few_labels import record as record_of_few_labels
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.results import package_commit, write_results

STAGES = ("none", "PS7", "RS4", "PS50", "RS8", "PSRS", "PS75")  # what comes in; table II goes on with C, S, N and IV
LABELS = 500  # of a condition that is in
SDGM_STEPS = 3000
SEEDS = 5


def rows_of_stage(y: torch.Tensor, known: Sequence[int], num_classes: int, seed: int) -> tuple[torch.Tensor, ...]:
    """The training rows at a stage, and which of them are labelled.

    Args:
        y: classes of all training rows, ``(N,)``.
        known: the classes that were added so far.
        num_classes: number of classes.
        seed: fixes the draw. The rows of a stage are among those of the next.

    Returns:
        Rows ``(M,)``: one of each class, and all rows of the added classes. Labelled rows ``(L,)``: one of each class,
        and 500 more of each added class, or all that it has.
    """
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    rows, labelled = [], []
    for k in range(num_classes):
        own = order[y[order] == k]
        rows.append(own if k in known else own[:1])
        labelled.append(own[: 1 + LABELS] if k in known else own[:1])
    return torch.cat(rows), torch.cat(labelled)


def figures_of_stage(
    recipe: Recipe, data: Dataset, known: Sequence[int], seed: int, steps: int = SDGM_STEPS
) -> dict[str, float]:
    """Test errors (%) of the methods on all conditions, and the SDGM's median bound (nats) on test rows.

    The median is used because the bounds of a few far rows can be as low as -1e18 nats, which would dominate a mean.

    No labels are held out, because a condition with one label has none to spare. The SDGM takes all its steps, and a
    network without latents keeps the epoch with the fewest errors on its own labels.
    """
    rows, labelled = rows_of_stage(data.train.y, known, data.num_classes, seed)
    y = torch.full_like(data.train.y, -1)
    y[labelled] = data.train.y[labelled]
    size = min(recipe.batch_size, len(rows))
    classifier = DeepGenerativeClassifier(
        "sdgm",
        **recipe.model[1],
        epochs=math.ceil(steps / math.ceil(len(rows) / size)),
        batch_size=size,
        beta=recipe.beta,
        validation_fraction=0,
        random_state=seed,
    )
    classifier.fit(data.train.x[rows].numpy(), y[rows].numpy())
    proba, bounds = classifier.predict_and_score(data.test.x.numpy())
    true, inside = data.test.y.numpy(), np.isin(data.test.y.numpy(), known)
    figures = {"SDGM test error": 100 * float((classifier.classes_[proba.argmax(1)] != true).mean())}
    part = data._replace(validation=Rows(data.train.x[labelled], data.train.y[labelled]))
    epochs = math.ceil(STEPS / math.ceil(len(labelled) / recipe.batch_size))
    for name, dropout in (("dropout network", 0.5), ("network without dropout", 0.0)):
        figures[f"{name} test error"] = batched_network(recipe, part, labelled, seed, dropout=dropout, epochs=epochs)
    if inside.any():
        figures["median bound of conditions that are in"] = float(np.median(bounds[inside]))
    figures["median bound of conditions not yet in"] = float(np.median(bounds[~inside]))
    return figures


def record(columns: str, steps: int = SDGM_STEPS) -> Recipe:
    """The entry of one choice of columns in the results, as a recipe."""
    return replace(
        record_of_few_labels(columns),
        name=f"pv-new-conditions-{columns}",
        summary=f"Conditions of a photovoltaic string become known one after the other, {COLUMNS[columns]}",
        source="Maaløe et al. 2018, experiment (iii)",
        paper="a plot only: accuracy rises with each condition, and the bound is much lower for those not yet in",
        deviations=(
            "The string is simulated, because the paper's data are not public. Single minutes are held out, and all "
            f"draws share one split. Every stage trains anew, the SDGM by {steps} steps in batches of 200 and the "
            f"networks without latents by {STEPS}. Nothing is held out (the paper stops on the validation error): the "
            "SDGM takes all its steps, without a warm-up (the paper uses one), and a network without latents keeps the "
            "epoch with the fewest errors on its own labels. The columns are standardised by all training rows, so "
            "that bounds of different stages are comparable. Bounds are medians over the test rows. Errors are over "
            "all ten conditions. Nothing was tuned."
        ),
        epochs=len(STAGES),
        warm_up_epochs=0,
        schedule=None,
        monitor=None,
    )


def reproduce(
    folder: str | Path, columns: Sequence[str] = ("sensors", "ratios"), seeds: int = SEEDS, steps: int = SDGM_STEPS
) -> list[Path]:
    """Measure all stages, and write the tables and the figures.

    Args:
        folder: folder to write to.
        columns: names in ``COLUMNS``.
        seeds: number of draws of the labels.
        steps: number of steps of the SDGM at each stage.

    Returns:
        The paths of the files.
    """
    commit, paths = package_commit(), []
    changed = [] if steps == SDGM_STEPS else [f"steps={steps}"]
    for name in columns:
        recipe = record(name, steps)
        runs: dict[int, dict[str, float]] = {seed: {} for seed in range(seeds)}
        data = load_data(recipe)
        names = data.classes or ()
        for seed, figures in runs.items():
            for place, stage in enumerate(STAGES):
                known = [names.index(condition) for condition in STAGES[1 : place + 1]]
                for figure, value in figures_of_stage(recipe, data, known, seed, steps).items():
                    figures[f"{place} in ({stage}): {figure}"] = value
                    print(name, "draw", seed, stage, figure, f"{value:.2f}", flush=True)
        command = f"python -m pyrodgm.zoo.pv_new_conditions --columns {name} --seeds {seeds} --steps {steps}"
        paths.append(write_results(folder, recipe, runs, command, "cpu", changed, commit))
        paths.append(make_folder(folder) / f"{'+'.join([recipe.name, *changed])}.png")
        write(paths[-1], draw(list(runs.values())))
    return paths


def draw(runs: list[dict[str, float]]) -> bytes:
    """Errors and bounds by stage, with one standard deviation over the draws, as a PNG.

    Args:
        runs: the figures of each draw, as in the results.
    """
    from matplotlib.figure import Figure

    picture = Figure(figsize=(9, 3.6), layout="constrained")
    axes = picture.subplots(1, 2)
    lines: dict[str, list[tuple[int, float, float]]] = {}
    for figure in runs[0]:
        stage, name = figure.split(": ", 1)
        values = [run[figure] for run in runs]
        point = (int(stage.split()[0]), mean(values), stdev(values) if len(values) > 1 else 0.0)
        lines.setdefault(name, []).append(point)
    for name, points in lines.items():
        ax = axes[1 if name.startswith("median bound") else 0]
        place, middle, deviation = zip(*points, strict=True)
        label = name.removesuffix(" test error").removeprefix("median bound of ")
        ax.errorbar(place, middle, deviation, marker="o", markersize=3, capsize=2, label=label)
    for ax, label in zip(axes, ("test error, %", "median bound, nats"), strict=True):
        ax.set_xticks(range(len(STAGES)), STAGES)
        ax.set(xlabel="the condition that came in last", ylabel=label)
        ax.legend(fontsize="small")
    axes[1].set_yscale("symlog")
    file = io.BytesIO()
    picture.savefig(file, format="png", dpi=150)
    return file.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--columns", nargs="+", choices=COLUMNS, default=["sensors", "ratios"])
    parser.add_argument("--seeds", type=int, default=SEEDS, help="draws of the labels")
    parser.add_argument("--steps", type=int, default=SDGM_STEPS, help="steps of the SDGM at each stage")
    parser.add_argument("--output", default="results", help="folder for the tables and the figures")
    arguments = vars(parser.parse_args())
    for path in reproduce(arguments.pop("output"), **arguments):
        print(path)
