"""The evidence lower bound, of a data set and of each row."""

import torch

from pyrodgm.evaluate.batches import in_batches
from pyrodgm.evaluate.mode import evaluating
from pyrodgm.evaluate.pair import run_pair


def bound(model, x, y=None, num_samples=1, batch_size=1000, progress=False):
    """The mean of log p(x), or log p(x, y), from below, in nats a row: the ELBO with y summed exactly.

    Arguments as for ``row_bounds``.

    Returns:
        A float.

    Example::

        bound(m, data.test.x, num_samples=10)
    """
    return float(row_bounds(model, x, y, num_samples, batch_size, progress).mean())


def row_bounds(model, x, y=None, num_samples=1, batch_size=1000, progress=False):
    """log p(x), or log p(x, y), of every row from below, in nats.

    E_q(y,z|x)[log p(x, y, z) - log q(y, z | x)]    (Kingma 2017, eqs 2.10, 3.7 and 3.8)

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        y: labels, or None to sum y out, exactly where the guide enumerates it.
        num_samples: Monte Carlo samples of the latents a row.
        batch_size: rows a call.
        progress: show a bar.

    Returns:
        ``(B,)``.

    Raises:
        ValueError: if a site is scaled or masked, or not in the plate over the rows.

    Example::

        row_bounds(m, data.test.x).argsort()[:10]      # the strangest rows
    """
    rows = []
    with evaluating(model):
        for batch in in_batches(x, y, batch_size, progress):
            rows.append(sum(_bounds(run_pair(model, *batch)) for _ in range(num_samples)) / num_samples)
    return torch.cat(rows)


def _bounds(pair):
    return pair.mean(pair.log_p() - pair.log_q(*pair.guide))
