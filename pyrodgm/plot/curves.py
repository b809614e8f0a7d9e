"""Learning curves, by epoch or by number of rows seen."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes


def dot(points: Sequence[Any]) -> dict[str, Any]:
    """A marker for a curve of one point, which has no line to see."""
    return {"marker": "o", "markersize": 4} if len(points) == 1 else {}


def learning_curve(
    history: list[dict[str, Any]],
    keys: Sequence[str],
    ylabel: str,
    reference: dict[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot columns of a training history by epoch.

    Args:
        history: a list of dicts with ``"epoch"``, as returned by ``pyrodgm.train.fit``. Rows without a key are skipped
            for that key.
        keys: the columns to plot.
        ylabel: label of the y axis, with the unit.
        reference: dict from a name to a value, drawn as a dashed line.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes. A curve of one point is a dot.

    Raises:
        ValueError: for a key that no row has.

    Example::

        learning_curve(history, ["validation error"], "error (%)", reference={"paper": 0.96})
    """
    curves = {key: [(row["epoch"], row[key]) for row in history if key in row] for key in keys}
    missing = [key for key, points in curves.items() if not points]
    if missing or not curves:
        there = list(dict.fromkeys(key for row in history for key in row if key != "epoch"))
        raise ValueError(f"keys: got {missing or list(keys)}, want one or more of the columns {there}")
    ax = ax or plt.subplots(figsize=(6, 4), layout="constrained")[1]
    for key, points in curves.items():
        ax.plot(*zip(*points, strict=True), label=key, **dot(points))
    for i, (name, value) in enumerate((reference or {}).items()):
        ax.axhline(value, linestyle="--", color=f"C{len(keys) + i}", label=name)
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.legend(fontsize="small")
    return ax


def training_curves(panels: dict[str, dict[str, list[list[dict[str, float]]]]], ylabel: str) -> list[Axes]:
    """Plot training and test figures by number of rows seen, on a log scale (Kingma 2017, figs 2.5 and 2.6).

    Args:
        panels: dict from a panel's title to its curves: a dict from a name to a list of runs. A run is a list of dicts
            with ``"samples"``, ``"train"`` and ``"test"``. Runs of the same name share a colour; test figures are
            dashed.
        ylabel: label of the y axis, with the unit.

    Returns:
        The axes, one per panel. A curve of one point is a dot. The legend of the first one has the names of all.

    Raises:
        ValueError: for no panels, no curves, or a run without rows.

    Example::

        run = [{"samples": 1000, "train": -150.2, "test": -151.0}, {"samples": 2000, "train": -130.5, "test": -132.1}]
        training_curves({"3 latents": {"AEVB": [run]}}, "bound (nats)")
    """
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    if not names or not all(run for curves in panels.values() for runs in curves.values() for run in runs):
        raise ValueError(f"panels: got {len(panels)} with the curves {names}, want one or more, and rows in every run")
    size = (3.2 * len(panels) + 0.8, 3.6)
    _, axes = plt.subplots(1, len(panels), figsize=size, sharey=True, squeeze=False, layout="constrained")
    for ax, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for name, runs in curves.items():
            for number, run in enumerate(runs):
                for part, style in (("train", "-"), ("test", "--")):
                    points = [(row["samples"], row[part]) for row in run]
                    label = f"{name} ({part})" if number == 0 else None
                    colour = f"C{names.index(name)}"
                    ax.plot(*zip(*points, strict=True), style, color=colour, linewidth=1, label=label, **dot(points))
        ax.set(title=title, xscale="log", xlabel="rows seen")
    axes[0, 0].set(ylabel=ylabel)
    entries = {label: line for ax in axes[0] for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    axes[0, 0].legend(entries.values(), entries.keys(), fontsize="small")
    return list(axes[0])
