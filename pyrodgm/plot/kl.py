"""Where a model keeps its information: KL divergence by latent unit and by layer."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import LogNorm

INACTIVE = 0.01  # nats; below it a unit is white


def _array(values):
    """A tensor, an array, numbers, or a list of any of these, as an array."""
    if isinstance(values, (list, tuple)):
        return np.array([_array(value) for value in values])
    return values.detach().cpu().double().numpy() if isinstance(values, torch.Tensor) else np.asarray(values, float)


def kl_heat_map(kl, every=1, ax=None):
    """KL(q(z_k | x) || p(z_k)) of each latent unit over training, on a log scale (Sønderby et al. 2016, fig. 4).

    A line for each unit, sorted by the last epoch's KL with the largest on top. White is inactive, below 0.01 nats.

    Args:
        kl: nats ``(epochs, units)``, an array, a tensor, or a list of rows.
        every: epochs from one row to the next; the first row is of epoch ``every``.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes.

    Raises:
        ValueError: for an array of other than two dimensions, and for NaN or infinite values.

    Example::

        kl_heat_map([row["kl"] for row in history])
    """
    kl = _array(kl)
    if kl.ndim != 2 or kl.size == 0:
        raise ValueError(f"kl: got shape {kl.shape}, want (epochs, units)")
    if not np.isfinite(kl).all():
        raise ValueError(f"kl: got {(~np.isfinite(kl)).sum()} NaN or infinite values, want nats")
    epochs, units = kl.shape
    order = np.argsort(-kl[-1], kind="stable")
    ax = ax or plt.subplots(figsize=(6, 4), layout="constrained")[1]
    image = ax.imshow(
        kl[:, order].T,
        cmap="Greys",
        norm=LogNorm(INACTIVE, max(kl.max(), 10 * INACTIVE), clip=True),
        extent=(every / 2, (epochs + 0.5) * every, units + 0.5, 0.5),
        aspect="auto",
        interpolation="nearest",
    )
    ax.figure.colorbar(image, ax=ax, label="KL (nats)")
    ax.set(xlabel="epoch", ylabel="unit, sorted")
    return ax


def kl_bars(kl, ax=None):
    """KL(q || p) of each layer, the sum over its units, for one model or several (Sønderby et al. 2016, fig. 5).

    Args:
        kl: dict from a model's name to a dict from a latent site to the nats of its units ``(units,)``, or of all.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes: a group of bars for each site, one bar for each model that has it.

    Example::

        kl_bars({"VAE": {"z1": kl_z1, "z2": kl_z2}, "LVAE": {"z1": ..., "z2": ...}})
    """
    sites = list(dict.fromkeys(site for layers in kl.values() for site in layers))
    ax = ax or plt.subplots(figsize=(6, 4), layout="constrained")[1]
    width = 0.8 / len(kl)
    for i, (name, layers) in enumerate(kl.items()):
        positions = [sites.index(site) - 0.4 + (i + 0.5) * width for site in layers]
        bars = ax.bar(positions, [_array(nats).sum() for nats in layers.values()], width, label=name)
        ax.bar_label(bars, fmt="%.1f", fontsize="small")
    ax.set_xticks(range(len(sites)), sites)
    ax.set_ylabel("KL (nats)")
    ax.margins(y=0.15)
    ax.legend(fontsize="small")
    return ax
