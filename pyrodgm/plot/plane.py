"""Plots in the plane: principal components of latents, decision regions."""

import matplotlib.pyplot as plt
import torch
from sklearn.decomposition import PCA

from pyrodgm.evaluate import evaluating, latents


def latent_pca(model, x, y, site="z", ax=None):
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
        ax.scatter(*points[of_class].T, s=8, color=plt.get_cmap("tab10")(k % 10), label=str(k))
    first, second = 100 * plane.explained_variance_ratio_
    ax.set(xlabel=f"first component of {site} ({first:.0f} %)", ylabel=f"second component ({second:.0f} %)")
    ax.legend(title="class", fontsize="small", markerscale=2)
    return ax


def decision_regions(model, x, y, labelled=None, ax=None, steps=200):
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
    colours = torch.tensor(plt.get_cmap("tab10").colors)[torch.arange(model.num_classes) % 10]
    ax = ax or plt.subplots(figsize=(5, 4), layout="constrained")[1]
    blend = (probability.cpu().float() @ colours.float()).reshape(steps, steps, 3)
    extent = tuple(map(float, (low[0], high[0], low[1], high[1])))
    ax.imshow((0.35 * blend + 0.65).numpy(), origin="lower", extent=extent, aspect="auto")
    for k in range(model.num_classes):
        ax.scatter(*x[y == k].numpy().T, s=2, color=colours[k].tolist(), label=f"class {k}")
    if labelled is not None:
        ax.scatter(*labelled.cpu().numpy().T, s=50, color="black", edgecolor="white", label="labelled")
    ax.legend(fontsize="small", markerscale=2)
    return ax
