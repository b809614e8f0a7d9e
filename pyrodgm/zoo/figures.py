"""Plots of a semi-supervised run on images."""

from pathlib import Path
from typing import cast

import matplotlib.pyplot as plt
import torch

from pyrodgm.evaluate import latents
from pyrodgm.models import DeepGenerativeModel
from pyrodgm.plot import analogies, class_samples, latent_pca, learning_curve
from pyrodgm.zoo.outcome import Outcome


def draw(outcome: Outcome, folder: Path) -> list[Path]:
    """Plot analogies, class-conditional samples, a PCA of the latents and the learning curve to PNG files.

    Args:
        outcome: the ``Outcome`` of a run with labels, on images.
        folder: an existing folder.

    Returns:
        The paths of the files.
    """
    model, data = cast(DeepGenerativeModel, outcome.model), outcome.data
    torch.manual_seed(0)
    first = torch.stack([data.test.x[data.test.y == k][0] for k in range(data.num_classes)])
    site = next(site for site in latents(model, first) if site != "y")  # the guide's first latent
    figures = {
        "analogies": lambda: analogies(model, first, data.image_shape),
        "samples": lambda: class_samples(model, 10, data.image_shape),
        "latents": lambda: latent_pca(model, *data.test, site=site),
        "learning_curve": lambda: _errors(outcome),
    }
    paths = []
    for name, make in figures.items():
        ax = make()
        paths.append(folder / f"{name}.png")
        ax.figure.savefig(paths[-1], dpi=150)
        plt.close(ax.figure)
    return paths


def _errors(outcome):
    reference = {name: value for name, value in outcome.figures.items() if name.endswith("test error")}
    reference = {f"{type(outcome.model).__name__} test error": reference.pop("test error"), **reference}
    return learning_curve(outcome.history, ["validation error"], "error (%)", reference)
