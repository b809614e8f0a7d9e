"""Plots in the plane: principal components of latents, decision regions."""

from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from sklearn.decomposition import PCA

from pyrodgm.evaluate import evaluating, latents
from pyrodgm.types import ModelAndGuide, ModelWithClassifier


def latent_pca(model: ModelAndGuide, x: torch.Tensor, y: torch.Tensor, site: str = "z", ax: Axes | None = None) -> Axes:
    """Plot a latent's first two principal components, coloured by class (Maaløe et al. 2016, figs 2d and 4b).

    Args:
        model: a model with the site.
        x: rows ``(B, D)``.
        y: their class indices ``(B,)``, used only for colours.
        site: the latent to show.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes.

    Example::

        latent_pca(m, data.test.x, data.test.y, site="a")
    """
    values = latents(model, x)[site].flatten(1).cpu().numpy()
    plane = PCA(2).fit(values)
    points = plane.transform(values)
    ax = ax or plt.subplots(figsize=(5, 5), layout="constrained")[1]
    for k in range(int(y.max()) + 1):
        of_class = (y == k).cpu().numpy()
        ax.scatter(points[of_class, 0], points[of_class, 1], s=8, color=plt.get_cmap("tab10")(k % 10), label=str(k))
    first, second = 100 * plane.explained_variance_ratio_
    ax.set(xlabel=f"first component of {site} ({first:.0f} %)", ylabel=f"second component ({second:.0f} %)")
    ax.legend(title="class", fontsize="small", markerscale=2)
    return ax


def decision_regions(
    model: ModelWithClassifier,
    x: torch.Tensor,
    y: torch.Tensor,
    labelled: torch.Tensor | None = None,
    ax: Axes | None = None,
    steps: int = 200,
) -> Axes:
    """Plot class probabilities over the plane, the rows, and labelled rows in black (Maaløe et al. 2016, fig. 2c).

    Args:
        model: a model with a ``classifier`` of two-dimensional rows.
        x: rows ``(B, 2)``.
        y: their class indices ``(B,)``, used only for colours.
        labelled: the labelled rows ``(N_l, 2)``, or None.
        ax: axes to draw on, or None for new ones.
        steps: grid points per side.

    Returns:
        The axes.

    Example::

        decision_regions(m, data.test.x, data.test.y, labelled=data.train.x[rows])
    """
    x, y = x.cpu(), y.cpu()
    low, high = x.min(0).values - 0.3, x.max(0).values + 0.3
    across, up = (torch.linspace(float(a), float(b), steps) for a, b in zip(low, high, strict=True))
    points = torch.cartesian_prod(up, across).flip(-1).to(next(model.parameters()))
    with evaluating(model):
        probability = model.classifier(points)
    tab10: Any = plt.get_cmap("tab10")  # a list of colours
    colours = torch.tensor(tab10.colors)[torch.arange(model.num_classes) % 10]
    ax = ax or plt.subplots(figsize=(5, 4), layout="constrained")[1]
    blend = (probability.cpu().float() @ colours.float()).reshape(steps, steps, 3)
    extent = (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    ax.imshow((0.35 * blend + 0.65).numpy(), origin="lower", extent=extent, aspect="auto")
    for k in range(model.num_classes):
        ax.scatter(x[y == k, 0], x[y == k, 1], s=2, color=colours[k].tolist(), label=f"class {k}")
    if labelled is not None:
        of_labelled = labelled.cpu().numpy()
        ax.scatter(of_labelled[:, 0], of_labelled[:, 1], s=50, color="black", edgecolor="white", label="labelled")
    ax.legend(fontsize="small", markerscale=2)
    return ax
