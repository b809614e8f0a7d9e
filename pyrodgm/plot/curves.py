"""Learning curves."""

import matplotlib.pyplot as plt


def learning_curve(history, keys, ylabel, reference=None, ax=None):
    """Columns of a training history against the epoch.

    Args:
        history: a list of dicts with ``"epoch"``, as ``pyrodgm.train.fit`` returns it; a row without a key is
            skipped for it.
        keys: the columns to draw.
        ylabel: what they measure, with its unit.
        reference: dict from a name to a value, drawn as dashed lines.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes.

    Example::

        learning_curve(history, ["validation error"], "error (%)", reference={"paper": 0.96})
    """
    ax = ax or plt.subplots(figsize=(6, 4), layout="constrained")[1]
    for key in keys:
        points = [(row["epoch"], row[key]) for row in history if key in row]
        ax.plot(*zip(*points, strict=True), label=key)
    for i, (name, value) in enumerate((reference or {}).items()):
        ax.axhline(value, linestyle="--", color=f"C{len(keys) + i}", label=name)
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.legend(fontsize="small")
    return ax
