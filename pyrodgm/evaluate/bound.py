"""The evidence lower bound of a data set."""

from pyro.infer import TraceEnum_ELBO

from pyrodgm.evaluate.mode import evaluating


def bound(model, x, y=None, num_samples=1, batch_size=1000):
    """The mean of log p(x), or log p(x, y), from below, in nats a row: the ELBO with y summed exactly.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        y: labels, or None to sum y out.
        num_samples: Monte Carlo samples of the latents a row.
        batch_size: rows a call.

    Returns:
        A float.

    Example::

        bound(m, data.test.x, num_samples=10)
    """
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    parts = zip(x.split(batch_size), [None] * len(x) if y is None else y.split(batch_size), strict=False)
    total = 0.0
    with evaluating(model):
        for rows, labels in parts:
            total -= sum(elbo.loss(model.model, model.guide, rows, labels) for _ in range(num_samples)) / num_samples
    return total / len(x)
