"""Rows in batches, with a bar where one is wanted."""

from itertools import repeat

from tqdm.auto import tqdm


def in_batches(x, y=None, batch_size=1000, progress=False):
    """Yield rows ``x (b, D)`` and their labels, or None, some at a time.

    Raises:
        ValueError: if there are not as many labels as rows.
    """
    if y is not None and len(y) != len(x):
        raise ValueError(f"y: got {len(y)} labels, want {len(x)}, one for each row of x")
    labels = repeat(None) if y is None else y.split(batch_size)
    with tqdm(total=len(x), disable=not progress, unit="row") as bar:
        for rows, given in zip(x.split(batch_size), labels, strict=False):
            yield rows, given
            bar.update(len(rows))
