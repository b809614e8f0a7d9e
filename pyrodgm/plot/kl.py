"""Plots of the KL divergence by latent unit and by layer."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from pyrodgm.checks import check_size
from pyrodgm.plot.curves import dot

INACTIVE = 0.01  # nats; units below this are drawn white
KEY = "KL of "  # prefix of a latent's column in a history


def _array(values):
    """Convert a tensor, an array, numbers or a list of these to an array."""
    if isinstance(values, (list, tuple)):
        return np.array([_array(value) for value in values])
    return values.detach().cpu().double().numpy() if isinstance(values, torch.Tensor) else np.asarray(values, float)


def kl_of_units(history: list[dict[str, Any]]) -> dict[str, tuple[list[int], np.ndarray]]:
    """The KL divergence of every latent unit by epoch, from the history of a recipe with ``kl_units=True``.

    Args:
        history: a list of dicts, as returned by ``pyrodgm.zoo.train``. Epochs without an evaluation are skipped.

    Returns:
        A dict from site to a pair: the list of epochs, and the KL of every unit ``(epochs, units)``.

    Raises:
        ValueError: if the history has no KL divergences, or if the number of units of a latent changes.

    Example::

        epochs, kl = kl_of_units(history)["z1"]
    """
    found: dict[str, tuple[list[int], list[Any]]] = {}
    for row in history:
        for key, kl in row.items():
            if key.startswith(KEY):
                epochs, rows = found.setdefault(key.removeprefix(KEY), ([], []))
                epochs.append(row["epoch"])
                rows.append(_array(kl))
    if not found:
        raise ValueError("history: got no column 'KL of ...', want the history of a recipe with kl_units=True")
    for site, (_, rows) in found.items():
        shapes = {np.shape(row) for row in rows}
        if len(shapes) > 1 or len(shapes.pop()) != 1:
            raise ValueError(
                f"history: got shapes {[np.shape(row) for row in rows]} of {KEY}{site}, want (units,) in all"
            )
    return {site: (epochs, np.array(rows)) for site, (epochs, rows) in found.items()}


def kl_heat_maps(history: list[dict[str, Any]]) -> list[Axes]:
    """Plot the KL heat map of every latent of a history, side by side (Sønderby et al. 2016, fig. 4).

    Args:
        history: as for ``kl_of_units``.

    Returns:
        The axes, one per latent. All have the same scale of greys.

    Example::

        recipe, folder = RECIPES["mnist-lvae"], "runs/mnist-lvae/seed-0"
        *_, history = pyrodgm.zoo.train(recipe, folder=folder)          # returns at once for a finished run
        kl_heat_maps(history)[0].figure.savefig("kl.png")
    """
    found = kl_of_units(history)
    _, axes = plt.subplots(1, len(found), figsize=(3.5 * len(found), 4), layout="constrained", squeeze=False)
    for ax, (site, (epochs, kl)) in zip(axes[0], found.items(), strict=True):
        kl_heat_map(kl, epochs=epochs, ax=ax).set_title(site)
    largest = max(ax.collections[0].get_clim()[1] for ax in axes[0])
    for ax in axes[0]:
        ax.collections[0].set_clim(INACTIVE, largest)
    return list(axes[0])


def kl_curves(history: list[dict[str, Any]], ax: Axes | None = None) -> Axes:
    """Plot KL(q || p) of every latent, summed over its units, by epoch.

    Args:
        history: as for ``kl_of_units``.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes, with one line per latent, or one dot after a single evaluation.

    Example::

        kl_curves(history)
    """
    found = kl_of_units(history)
    ax = ax or plt.subplots(figsize=(6, 4), layout="constrained")[1]
    for site, (epochs, kl) in found.items():
        ax.plot(epochs, kl.sum(1), label=site, **dot(epochs))
    ax.set(xlabel="epoch", ylabel="KL (nats)")
    ax.legend(fontsize="small")
    return ax


def kl_heat_map(kl: ArrayLike, every: int = 1, ax: Axes | None = None, epochs: Sequence[int] | None = None) -> Axes:
    """Plot KL(q(z_k | x) || p(z_k)) of each latent unit over training, on a log scale (Sønderby et al. 2016, fig. 4).

    One row per unit, sorted by the KL of the last epoch, largest on top. Inactive units, below 0.01 nats, are white.

    Args:
        kl: nats ``(epochs, units)``, an array, a tensor, or a list of rows.
        every: epochs between rows; the first row is epoch ``every``.
        ax: axes to draw on, or None for new ones.
        epochs: increasing epochs of the rows, instead of ``every``; or None.

    Returns:
        The axes.

    Raises:
        ValueError: if ``kl`` does not have two dimensions or has NaN or infinite values, if ``every`` is not positive,
            or if the epochs do not increase or their number differs from the number of rows.

    Example::

        _, kl = kl_of_units(history)["z1"]
        kl_heat_map(kl)
    """
    check_size("every", every)
    try:
        kl = _array(kl)
    except ValueError as error:
        raise ValueError("kl: got rows of different lengths, want (epochs, units)") from error
    if kl.ndim != 2 or kl.size == 0:
        raise ValueError(f"kl: got shape {kl.shape}, want (epochs, units)")
    if not np.isfinite(kl).all():
        raise ValueError(f"kl: got {(~np.isfinite(kl)).sum()} NaN or infinite values, want nats")
    rows, units = kl.shape
    epochs = every * np.arange(1, rows + 1) if epochs is None else np.asarray(epochs)
    if epochs.shape != (rows,):
        raise ValueError(f"epochs: got {epochs.size}, want {rows}, one for each row of kl")
    if (np.diff(epochs) <= 0).any():
        raise ValueError(f"epochs: got {epochs.tolist()}, want increasing numbers")
    order = np.argsort(-kl[-1], kind="stable")
    ax = ax or plt.subplots(figsize=(6, 4), layout="constrained")[1]
    image = ax.pcolormesh(
        _edges(epochs, every),
        np.arange(units + 1) + 0.5,
        kl[:, order].T,
        cmap="Greys",
        norm=LogNorm(INACTIVE, max(kl.max(), 10 * INACTIVE), clip=True),
    )
    ax.invert_yaxis()
    ax.figure.colorbar(image, ax=ax, label="KL (nats)")
    ax.set(xlabel="epoch", ylabel="unit, sorted")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return ax


def _edges(epochs, every):
    """The edges of the columns: half way between neighbouring epochs."""
    between = (epochs[1:] + epochs[:-1]) / 2
    first, last = (between[0], between[-1]) if len(between) else (epochs[0] + every / 2, epochs[0] - every / 2)
    return np.concatenate([[2 * epochs[0] - first], between, [2 * epochs[-1] - last]])


def kl_bars(kl: dict[str, dict[str, Any]], ax: Axes | None = None) -> Axes:
    """Plot KL(q || p) of each layer, summed over its units, for one or several models (Sønderby et al. 2016, fig. 5).

    Args:
        kl: dict from a model's name to a dict from a latent site to its KL in nats, per unit ``(units,)`` or in total.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes: a group of bars per site, with one bar per model that has the site.

    Raises:
        ValueError: if there is no model, or no site.

    Example::

        kl_bars({"VAE": {"z1": [9.1, 2.0], "z2": [0.0]}, "LVAE": {"z1": [8.7, 2.2], "z2": [1.5]}})
    """
    sites = list(dict.fromkeys(site for layers in kl.values() for site in layers))
    if not sites:
        raise ValueError(f"kl: got {kl}, want one or more models with one or more sites each")
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
