"""How strange a row is to a model."""

from pyrodgm.evaluate.bound import row_bounds


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
