"""Where a model keeps its information: KL divergence by latent unit and by layer."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import LogNorm

INACTIVE = 0.01  # nats; below it a unit is white
KEY = "KL of "  # and the latent: a column of a history


def _array(values):
    """A tensor, an array, numbers, or a list of any of these, as an array."""
    if isinstance(values, (list, tuple)):
        return np.array([_array(value) for value in values])
    return values.detach().cpu().double().numpy() if isinstance(values, torch.Tensor) else np.asarray(values, float)


def kl_of_units(history: list[dict]) -> dict:
    """What ``kl_units`` of a recipe keeps in a history, by latent.

    Args:
        history: a list of dicts, as ``pyrodgm.zoo.train`` returns it; an epoch without a measurement is passed over.

    Returns:
        A dict from site to the epochs, a list, and the KL of every unit at each, ``(epochs, units)``; in the history's
        order.

    Raises:
        ValueError: if nothing was measured.

    Example::

        epochs, kl = kl_of_units(history)["z1"]
    """
    found = {}
    for row in history:
        for key, kl in row.items():
            if key.startswith(KEY):
                epochs, rows = found.setdefault(key.removeprefix(KEY), ([], []))
                epochs.append(row["epoch"])
                rows.append(_array(kl))
    if not found:
        raise ValueError("history: got none of the columns 'KL of ...', want that of a recipe with kl_units=True")
    return {site: (epochs, np.array(rows)) for site, (epochs, rows) in found.items()}


def kl_heat_maps(history: list[dict]) -> list:
    """The heat map of every latent of a history, side by side (Sønderby et al. 2016, fig. 4).

    Args:
        history: as for ``kl_of_units``.

    Returns:
        The axes, one for each latent.

    Example::

        recipe, folder = RECIPES["mnist-lvae"], "runs/mnist-lvae/seed-0"
        *_, history = pyrodgm.zoo.train(recipe, folder=folder)          # at once, where the run is finished
        kl_heat_maps(history)[0].figure.savefig("kl.png")
    """
    found = kl_of_units(history)
    _, axes = plt.subplots(1, len(found), figsize=(3.5 * len(found), 4), layout="constrained", squeeze=False)
    for ax, (site, (epochs, kl)) in zip(axes[0], found.items(), strict=True):
        kl_heat_map(kl, epochs=epochs, ax=ax).set_title(site)
    return list(axes[0])


def kl_curves(history: list[dict], ax=None):
    """KL(q || p) of every latent, the sum over its units, against the epoch.

    Args:
        history: as for ``kl_of_units``.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes, a line for each latent.

    Example::

        kl_curves(history)
    """
    ax = ax or plt.subplots(figsize=(6, 4), layout="constrained")[1]
    for site, (epochs, kl) in kl_of_units(history).items():
        ax.plot(epochs, kl.sum(1), label=site)
    ax.set(xlabel="epoch", ylabel="KL (nats)")
    ax.legend(fontsize="small")
    return ax


def kl_heat_map(kl, every=1, ax=None, epochs=None):
    """KL(q(z_k | x) || p(z_k)) of each latent unit over training, on a log scale (Sønderby et al. 2016, fig. 4).

    A line for each unit, sorted by the last epoch's KL with the largest on top. White is inactive, below 0.01 nats.

    Args:
        kl: nats ``(epochs, units)``, an array, a tensor, or a list of rows.
        every: epochs from one row to the next; the first row is of epoch ``every``.
        ax: axes to draw on, or None for new ones.
        epochs: of the rows, rising, where they are not ``every`` so many; or None.

    Returns:
        The axes.

    Raises:
        ValueError: for an array of other than two dimensions, and for NaN or infinite values; or if there is not an
            epoch for each row.

    Example::

        _, kl = kl_of_units(history)["z1"]
        kl_heat_map(kl)
    """
    kl = _array(kl)
    if kl.ndim != 2 or kl.size == 0:
        raise ValueError(f"kl: got shape {kl.shape}, want (epochs, units)")
    if not np.isfinite(kl).all():
        raise ValueError(f"kl: got {(~np.isfinite(kl)).sum()} NaN or infinite values, want nats")
    rows, units = kl.shape
    epochs = every * np.arange(1, rows + 1) if epochs is None else np.asarray(epochs)
    if epochs.shape != (rows,):
        raise ValueError(f"epochs: got {epochs.size}, want {rows}, one for each row of kl")
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
    return ax


def _edges(epochs, every):
    """Where the column of each epoch begins and ends: half way to its neighbours."""
    between = (epochs[1:] + epochs[:-1]) / 2
    first, last = (between[0], between[-1]) if len(between) else (epochs[0] + every / 2,) * 2
    return np.concatenate([[2 * epochs[0] - first], between, [2 * epochs[-1] - last]])


def kl_bars(kl, ax=None):
    """KL(q || p) of each layer, the sum over its units, for one model or several (Sønderby et al. 2016, fig. 5).

    Args:
        kl: dict from a model's name to a dict from a latent site to the nats of its units ``(units,)``, or of all.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes: a group of bars for each site, one bar for each model that has it.

    Example::

        kl_bars({"VAE": {"z1": [9.1, 2.0], "z2": [0.0]}, "LVAE": {"z1": [8.7, 2.2], "z2": [1.5]}})
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
