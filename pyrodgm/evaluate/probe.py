"""What a plain classifier can read off the latents."""

import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from pyrodgm.evaluate.batches import in_batches
from pyrodgm.evaluate.latents import latent_means, latents


def probe(model, train, test, site="z", classifier=None, means=True, batch_size=1000):
    """Test error, in per cent, of a classifier trained on a latent (Jurasiński's thesis, sec. 3.3).

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        train: ``Rows``, x ``(N, D)`` and y ``(N,)``, to train the classifier on; y is not shown to the guide.
        test: ``Rows`` to measure it on.
        site: the latent.
        classifier: an estimator of scikit-learn, which is left as it is; None for a logistic regression.
        means: train on posterior means, one draw a row where a mean has to be sampled; else on one draw of the latent.
        batch_size: rows a call.

    Returns:
        A float from 0 to 100.

    Example::

        probe(m, data.train, data.test)
    """
    classifier = LogisticRegression(max_iter=1000) if classifier is None else clone(classifier)

    def features(x):
        if means:
            return latent_means(model, x, site=site, batch_size=batch_size).cpu().numpy()
        return torch.cat([latents(model, rows)[site] for rows, _ in in_batches(x, None, batch_size)]).cpu().numpy()

    classifier.fit(features(train.x), train.y.cpu().numpy())
    return 100 * (1 - float(classifier.score(features(test.x), test.y.cpu().numpy())))
