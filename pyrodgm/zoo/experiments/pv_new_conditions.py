"""Experiment (iii) of Maaløe et al. 2018: conditions of a photovoltaic string become known one after the other.

    pyrodgm reproduce pv-new-conditions-sensors --seeds 5

At first there is one labelled row of each of the ten conditions, and nothing else. At every stage one more condition is
added, in the order of table II from PS7 to PS75: 500 of its rows with a label, and its other rows without. At every
stage, an SDGM and the methods beside it are trained from scratch.

There is an experiment for the six sensors and for the three weather-corrected columns. Either single minutes are held
out, as in the paper, or whole days. A part is one method at one stage. The figures are the errors, and the SDGM's
median bound for the conditions that were added and for the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from pyrodgm.data import Dataset, Rows
from pyrodgm.estimators import DeepGenerativeClassifier
from pyrodgm.zoo.baselines import batched_network, forest, label_spreading
from pyrodgm.zoo.comparison import errorbars
from pyrodgm.zoo.experiment import Experiment, Measured
from pyrodgm.zoo.experiments.pv_few_labels import (
    COLUMNS,
    METHODS,
    SPLIT,
    STEPS,
    data_of,
    name_of,
    recipe_of,
)
from pyrodgm.zoo.recipe import Recipe

STAGES = ("none", "PS7", "RS4", "PS50", "RS8", "PSRS", "PS75")  # added in turn; table II continues with C, S, N and IV
LABELS = 500  # of an added condition
KINDS = [(held_out, columns) for held_out in SPLIT for columns in ("sensors", "ratios")]


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


def sdgm_figures(recipe: Recipe, data: Dataset, known: Sequence[int], seed: int, steps: int) -> dict[str, float]:
    """The SDGM's test error (%) on all conditions, and its median bound (nats) on test rows.

    The median is used because the bounds of a few far rows can be as low as -1e18 nats, which would dominate a mean.
    No labels are held out, because a condition with one label has none to spare. The SDGM takes all its steps. Its
    prior p(y) is uniform, because most conditions have no labels at first.
    """
    rows, labelled = rows_of_stage(data.train.y, known, data.num_classes, seed)
    y = torch.full_like(data.train.y, -1)
    y[labelled] = data.train.y[labelled]
    size = min(recipe.batch_size, len(rows))
    classifier = DeepGenerativeClassifier(
        ("sdgm", {"class_prior": None}),
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
    if inside.any():
        figures["median bound of conditions that are in"] = float(np.median(bounds[inside]))
    figures["median bound of conditions not yet in"] = float(np.median(bounds[~inside]))
    return figures


def error(method: str, recipe: Recipe, data: Dataset, known: Sequence[int], seed: int) -> float:
    """Test error (%) of a method without latents on all conditions. It is tuned on its own training labels."""
    rows, labelled = rows_of_stage(data.train.y, known, data.num_classes, seed)
    part = data._replace(validation=Rows(data.train.x[labelled], data.train.y[labelled]))
    if method == "forest":
        return forest(recipe, part, labelled, seed)
    if method == "LabelSpreading":
        part = part._replace(train=Rows(data.train.x[rows], data.train.y[rows]))
        return label_spreading(recipe, part, torch.isin(rows, labelled).nonzero()[:, 0], seed)
    epochs = math.ceil(STEPS / math.ceil(len(labelled) / recipe.batch_size))
    dropout = 0.5 if method == "dropout network" else 0.0
    return batched_network(recipe, part, labelled, seed, dropout=dropout, epochs=epochs)


def measure(held_out: str, columns: str, part: str, seed: int, steps: int) -> Measured:
    """The figures of a part, a method at a stage: ``"1 in (PS7): forest"``."""
    stage, method = part.split(": ")
    recipe, data = recipe_of(held_out, columns), data_of(held_out, columns)
    names = data.classes or ()
    known = [names.index(condition) for condition in STAGES[1 : int(stage.split()[0]) + 1]]
    if method == "SDGM":
        figures = sdgm_figures(recipe, data, known, seed, steps)
    else:
        figures = {f"{method} test error": error(method, recipe, data, known, seed)}
    return Measured({f"{stage}: {name}": value for name, value in figures.items()})


def experiments() -> list[Experiment]:
    """The experiment for each choice of columns, and of what is held out."""
    return [
        Experiment(
            name=name_of("new-conditions", held_out, columns),
            summary=(
                f"Conditions of a photovoltaic string become known one after another, {COLUMNS[columns]}, {held_out} "
                "held out"
            ),
            source="Maaløe et al. 2018, experiment (iii)",
            paper="a plot only: accuracy rises with each condition; the bound is much lower for those not yet included",
            figure="6 in (PS75): SDGM test error",
            deviations=(
                f"The string is simulated, because the paper's data are not public. {SPLIT[held_out]} Every stage "
                "trains anew: the SDGM by {steps} steps in batches of 200, and the networks without latents by "
                f"{STEPS}. Nothing is held out (the paper stops on the validation error): the SDGM takes all its "
                "steps, without a warm-up (the paper uses one). A network without latents keeps the epoch with the "
                "fewest errors on its own labels, which also choose the leaf size of the forest and the number of "
                "neighbours of LabelSpreading. The columns are standardised by all training rows, so that bounds of "
                "different stages are comparable. Bounds are medians over the test rows. Errors are over all ten "
                "conditions. Nothing was tuned."
            ),
            settings={"steps": 2000},
            parts=tuple(f"{place} in ({stage}): {method}" for place, stage in enumerate(STAGES) for method in METHODS),
            measure=partial(measure, held_out, columns),
            model="SDGM",
            draw=draw,
        )
        for held_out, columns in KINDS
    ]


def draw(record: dict[str, Any]) -> Figure | None:
    """Plot errors and bounds by stage; None for a single stage.

    Args:
        record: the record of an experiment in the results.
    """
    lines: dict[str, dict[float, list[float]]] = {}
    for run in record["figures"].values():
        for figure, value in run.items():
            stage, name = figure.split(": ", 1)
            lines.setdefault(name, {}).setdefault(int(stage.split()[0]), []).append(value)
    if max(map(len, lines.values())) < 2:
        return None
    picture = Figure(figsize=(9, 3.6), layout="constrained")
    axes = picture.subplots(1, 2)
    bounds = [name for name in lines if name.startswith("median bound of ")]
    errorbars(axes[0], {name.removesuffix(" test error"): lines[name] for name in lines if name not in bounds})
    errorbars(axes[1], {name.removeprefix("median bound of "): lines[name] for name in bounds})
    for ax, label in zip(axes, ("test error, %", "median bound, nats"), strict=True):
        ax.set_xticks(range(len(STAGES)), STAGES)
        ax.set(xlabel="the condition that came in last", ylabel=label)
        if ax.has_data():
            ax.legend(fontsize="small")
    axes[1].set_yscale("symlog")
    return picture
