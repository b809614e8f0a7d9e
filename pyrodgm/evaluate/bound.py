"""The evidence lower bound, of a data set and of each row; and what is read off it: anomalies, classes."""

import torch

from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.infer.traces import run_pair


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


def anomaly_score(model, x, num_samples=1, batch_size=1000, progress=False):
    """Minus the lower bound of log p(x), in nats: the larger, the stranger (Maaløe 2018, app. D).

    Arguments as for ``row_bounds``.

    Returns:
        ``(B,)``.

    Example::

        limit = anomaly_score(m, data.train.x).quantile(0.99)
        anomaly_score(m, data.test.x) > limit
    """
    return -row_bounds(model, x, num_samples=num_samples, batch_size=batch_size, progress=progress)


def bayes_classifier(model, x, num_samples=1, batch_size=1000, progress=False):
    """Class probabilities by Bayes' rule: p(y | x) = p(x, y) / sum_y' p(x, y'), each p(x, y) as its bound has it.

    log p(x, y) >= E_q(z|x,y)[log p(x, y, z) - log q(z | x, y)]    (Kingma 2017, eq. 3.7)

    What the generative model knows of y, beside what q(y | x) has learnt; the noise differs from class to class.

    Args:
        model: a model with ``num_classes``, whose ``model`` and ``guide`` take labels.
        x: rows ``(B, D)``.
        num_samples: Monte Carlo samples of the latents a row and class.
        batch_size: rows a call.
        progress: show a bar a class.

    Returns:
        ``(B, K)``.

    Example::

        classification_error(m, data.test.x, data.test.y, classifier=bayes_classifier, num_samples=10)
    """
    labels = torch.arange(model.num_classes, device=x.device)[:, None].expand(-1, len(x))
    joint = [row_bounds(model, x, y, num_samples, batch_size, progress) for y in labels]
    return torch.stack(joint, -1).softmax(-1)
