"""Plots in the plane: principal components of latents, decision regions."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from sklearn.decomposition import PCA

from pyrodgm.checks import check_choice, check_size
from pyrodgm.evaluate import evaluating, latents
from pyrodgm.types import ModelAndGuide, ModelWithClassifier


def _class_colours(num_classes: int) -> np.ndarray:
    """A colour for each class ``(K, 3)``: those of tab10 or tab20 while they last, then steps along the hues."""
    if num_classes > 20:
        return plt.get_cmap("turbo")(np.linspace(0, 1, num_classes))[:, :3]
    palette: Any = plt.get_cmap("tab10" if num_classes <= 10 else "tab20")  # a list of colours
    return np.array(palette.colors[:num_classes])


def _legend(ax, num_classes, **options):
    """A legend of the classes. More than ten would cover the rows, so it is then beside the axes."""
    if num_classes > 10:
        options |= {"loc": "center left", "bbox_to_anchor": (1, 0.5), "ncols": -(-num_classes // 20)}
    ax.legend(fontsize="small", markerscale=2, **options)


def latent_pca(model: ModelAndGuide, x: torch.Tensor, y: torch.Tensor, site: str = "z", ax: Axes | None = None) -> Axes:
    """Plot a latent's first two principal components, coloured by class (Maaløe et al. 2016, figs 2d and 4b).

    Args:
        model: a model with the site.
        x: rows ``(B, D)``.
        y: their class indices ``(B,)``, used only for colours.
        site: the latent to show, of two or more units.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes. With more than ten classes, the legend is beside them.

    Raises:
        ValueError: for fewer than two rows, labels that are not class indices, one for each row, an unknown site, or
            one of a single unit.

    Example::

        latent_pca(m, data.test.x, data.test.y, site="a")
    """
    found = latents(model, x)
    check_choice("site", site, found)
    values = found[site].flatten(1).cpu().numpy()
    if min(values.shape) < 2:
        raise ValueError(f"site: got values of shape {values.shape} of {site}, want two or more rows and units")
    y = y.cpu()
    classes = _num_classes(y, len(values))
    colours = _class_colours(classes)
    plane = PCA(2).fit(values)
    points = plane.transform(values)
    ax = ax or plt.subplots(figsize=(5, 5), layout="constrained")[1]
    for k in range(classes):
        of_class = (y == k).numpy()
        ax.scatter(points[of_class, 0], points[of_class, 1], s=8, color=colours[k].tolist(), label=str(k))
    first, second = 100 * plane.explained_variance_ratio_
    ax.set(xlabel=f"first component of {site} ({first:.0f} %)", ylabel=f"second component ({second:.0f} %)")
    _legend(ax, classes, title="class")
    return ax


def _num_classes(y, rows):
    """One more than the largest of the class indices, which are checked."""
    if y.shape != (rows,) or y.is_floating_point() or y.is_complex():
        raise ValueError(
            f"y: got {y.dtype} of shape {tuple(y.shape)}, want class indices ({rows},), one for each row of x"
        )
    if y.min() < 0:
        raise ValueError(f"y: got a label {int(y.min())}, want class indices from 0")
    return int(y.max()) + 1


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
        The axes. With more than ten classes, the legend is beside them.

    Raises:
        ValueError: for rows that are not in the plane, labels that are not class indices, one for each row, or
            ``steps`` below 1.

    Example::

        decision_regions(m, data.test.x, data.test.y, labelled=data.train.x[rows])
    """
    check_size("steps", steps)
    for argument, rows in (("x", x), ("labelled", labelled)):
        if rows is not None and (rows.dim() != 2 or rows.shape[1] != 2 or not rows.isfinite().all()):
            raise ValueError(f"{argument}: got shape {tuple(rows.shape)}, want finite rows (B, 2)")
    if len(x) == 0:
        raise ValueError("x: got no rows, want at least one")
    x, y = x.cpu(), y.cpu()
    if _num_classes(y, len(x)) > model.num_classes:
        raise ValueError(f"y: got labels up to {int(y.max())}, want 0 to {model.num_classes - 1}")
    low, high = x.min(0).values - 0.3, x.max(0).values + 0.3
    across, up = (torch.linspace(float(a), float(b), steps) for a, b in zip(low, high, strict=True))
    points = torch.cartesian_prod(up, across).flip(-1).to(next(model.parameters()))
    with evaluating(model):
        probability = model.classifier(points)
    colours = torch.from_numpy(_class_colours(model.num_classes))
    ax = ax or plt.subplots(figsize=(5, 4), layout="constrained")[1]
    blend = (probability.cpu().float() @ colours.float()).reshape(steps, steps, 3)
    extent = (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    ax.imshow((0.35 * blend + 0.65).numpy(), origin="lower", extent=extent, aspect="auto")
    for k in range(model.num_classes):
        ax.scatter(x[y == k, 0], x[y == k, 1], s=2, color=colours[k].tolist(), label=f"class {k}")
    if labelled is not None:
        of_labelled = labelled.cpu().numpy()
        ax.scatter(of_labelled[:, 0], of_labelled[:, 1], s=50, color="black", edgecolor="white", label="labelled")
    _legend(ax, model.num_classes)
    return ax
