"""Train a recipe's model and evaluate it as its paper does."""

from pathlib import Path
from typing import Any, NamedTuple

import torch

from pyrodgm.data import Dataset, Rows
from pyrodgm.models import Model
from pyrodgm.train.parallel import is_first
from pyrodgm.zoo.baselines import BASELINES
from pyrodgm.zoo.kept_figures import KeptFigures
from pyrodgm.zoo.measurement import measure
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.results import cell, unit
from pyrodgm.zoo.training import train


class Outcome(NamedTuple):
    """A trained model, its data and labelled rows, its figures by name, and its training history."""

    model: Model
    data: Dataset
    labelled: Rows | None
    figures: dict[str, float]
    history: list[dict[str, Any]]


def run(
    recipe: Recipe,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
    folder: Path | None = None,
    tensorboard: bool = False,
    pretrained_folder: Path | None = None,
    commit: str | None = None,
) -> Outcome:
    """Train the recipe's model and evaluate it as its paper does.

    Args:
        recipe, seed, device, progress, folder, tensorboard, pretrained_folder: as for ``train``. The trained model is
            saved to ``model`` in the folder by ``save_pretrained``.
        commit: the package's commit when the process began, see ``package_commit``. With it, the figures of a finished
            run are kept in the folder, and reused while nothing that they depend on has changed, see ``KeptFigures``.

    Returns:
        An ``Outcome``. Its figures are those of ``measure``, the milestones and the baselines, and the ``"seconds"`` of
        training without the first stage.

    Example::

        run(RECIPES["digits"], seed=1).figures["test error"]
    """
    data, rows, model, history = train(recipe, seed, device, folder, progress, tensorboard, pretrained_folder)
    seconds = history[-1]["seconds"]
    kept = figures = None
    if folder is not None and commit is not None:
        kept = KeptFigures(Path(folder), recipe, seed, device, commit)
        figures = kept.read(seconds)
    if figures is None:
        figures = measure(recipe, model, data, seed)
        figures |= {f"test error, epoch {row['epoch']}": row["test error"] for row in history if "test error" in row}
        for name in recipe.baselines:
            figures[f"{name} test error"] = BASELINES[name](recipe, data, rows, seed)
        figures["seconds"] = seconds
        if kept is not None and is_first():
            kept.write(figures)
    if folder is not None and is_first():
        model.save_pretrained(Path(folder) / "model", _card(recipe, seed, figures))
    labelled = None if rows is None else Rows(data.train.x[rows], data.train.y[rows])
    return Outcome(model, data, labelled, figures, history)


def _card(recipe, seed, figures):
    """The text of a model card: recipe, figures, paper and deviations."""
    lines = [f"Recipe `{recipe.name}`, seed {seed}: {recipe.summary}. {recipe.source}.", ""]
    lines += ["| figure | measured |", "|---|---|"]
    lines += [f"| {cell(name)} ({unit(name)}) | {value:.2f} |" for name, value in figures.items()]
    return "\n".join([*lines, "", f"Paper: {recipe.paper}.", "", f"Deviations: {recipe.deviations}"])
