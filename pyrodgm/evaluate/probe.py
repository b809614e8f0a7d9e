"""What a plain classifier can read off the latents."""

import numpy as np
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from pyrodgm.evaluate.batches import in_batches
from pyrodgm.evaluate.latents import latent_means, latents


def probe(model, train, test, site="z", classifier=None, means=True, batch_size=1000):
    """Test error, in per cent, of a classifier trained on a latent alone.

    Where the guide takes labels every row is encoded with each of them (Jurasiński, sec. 3.3): the latent then says
    nothing of the row's own label but what it holds by itself. If y and z were disentangled the classifier would do
    no better than chance.

    Args:
        model: a ``DeepGenerativeModel``.
        train: ``Rows``, x ``(N, D)`` and y ``(N,)``, to train the classifier on.
        test: ``Rows`` to measure it on.
        site: the latent.
        classifier: an estimator of scikit-learn, which is left as it is; None for a logistic regression.
        means: read posterior means, see ``latent_means``; else one draw of the latent a row.
        batch_size: rows a call.

    Returns:
        A float from 0 to 100.

    Raises:
        ValueError: if there are not as many labels as rows, or the guide has no such site.

    Example::

        probe(m, data.train, data.test)
    """
    classifier = LogisticRegression(max_iter=1000) if classifier is None else clone(classifier)

    def encoded(x, y):
        if means:
            return latent_means(model, x, y, site=site, batch_size=batch_size)
        return torch.cat([latents(model, *batch)[site] for batch in in_batches(x, y, batch_size)])

    def features(rows):
        if len(rows.x) != len(rows.y):
            raise ValueError(f"y: got {len(rows.y)} labels, want {len(rows.x)}, one for each row of x")
        classes = [None] if model.num_classes is None else range(model.num_classes)
        labels = [None if k is None else torch.full_like(rows.y, k) for k in classes]
        z = torch.cat([encoded(rows.x, y) for y in labels])
        return z.cpu().numpy(), np.tile(rows.y.cpu().numpy(), len(labels))

    classifier.fit(*features(train))
    return 100 * (1 - float(classifier.score(*features(test))))
