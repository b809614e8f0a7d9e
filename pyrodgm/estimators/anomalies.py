"""Anomaly scores of the estimators: distance to the training rows in the latents, log p(x), and 1 - max q(y | x)."""

from collections.abc import Callable

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.validation import check_is_fitted

from pyrodgm.checks import check_choice
from pyrodgm.evaluate import latent_means
from pyrodgm.infer.traces import run_guide

MOST_KEPT = 5000  # training rows whose latents are kept
MOST_CLASSES = 50_000  # rows times classes, which bounds the time that a fit spends on them
NEAREST = 5  # of them that a row is compared with
DRAWS = 3  # of earlier latents, for a mean


class AnomalyScores:
    """The method ``anomaly_score``; a subclass calls ``_keep_latents`` with the rows it was trained on."""

    score_samples: Callable[..., np.ndarray]
    predict_proba: Callable[..., np.ndarray]  # of a classifier
    _of_rows: Callable[..., np.ndarray]
    _of_checked_rows: Callable[..., np.ndarray]

    def anomaly_score(self, X: np.ndarray, method: str = "neighbours") -> np.ndarray:
        """Anomaly score of every row. Higher is more anomalous.

        Choose a limit from the scores of normal rows that the estimator was not trained on: a training row is its own
        nearest neighbour. Rows with values outside the support of the likelihood get infinity, except with ``"class"``.

        Args:
            X: rows ``(B, D)``.
            method: ``"neighbours"`` is the mean distance to the 5 nearest training rows in the latents: the posterior
                means of all continuous latents of the guide, such as z and a. The training rows are at most 5,000,
                chosen at random, or 50,000 divided by the number of classes if that is less; after ``partial_fit``,
                they are rows of the last call. ``"density"`` is minus ``score_samples``. It prefers simple rows, such
                as images with little ink. ``"class"`` is 1 - max q(y | x), for classifiers: rows whose class is
                uncertain.

        Returns:
            ``(B,)``.

        Raises:
            ValueError: for an unknown method, or for ``"neighbours"`` if the latents were not kept, because the
                estimator was saved by an older version.

        Example::

            classifier = DeepGenerativeClassifier("m2", epochs=2).fit(X, y)
            limit = np.quantile(classifier.anomaly_score(X_new), 0.99)
            classifier.anomaly_score(X_new) > limit
            classifier.anomaly_score(X_new, method="class")
        """
        classifies = hasattr(self, "predict_proba")
        check_choice("method", method, ("neighbours", "density", "class") if classifies else ("neighbours", "density"))
        check_is_fitted(self)
        if method == "density":
            return -self.score_samples(X)
        if method == "class":
            return 1 - self.predict_proba(X).max(1)
        if getattr(self, "kept_latents_", None) is None:
            raise ValueError(
                f"method: got 'neighbours' for a {type(self).__name__} without the latents of its training rows, want "
                "it fitted by this version, or method='density'"
            )
        width = self.kept_latents_.shape[1]
        return mean_distance(self.kept_latents_, self._of_rows(X, lambda model, x: _latents_inside(model, x, width)))

    def _keep_latents(self, X, seed):
        """Keep the latents of rows X of the table, of a random choice if they are too many."""
        most = min(MOST_KEPT, max(1, MOST_CLASSES // len(getattr(self, "classes_", [0]))))
        rows = np.sort(np.random.RandomState(seed).permutation(len(X))[:most])
        self.kept_latents_ = self._of_checked_rows(X[rows], _latents)


def mean_distance(known: np.ndarray, points: np.ndarray, nearest: int = NEAREST) -> np.ndarray:
    """The mean Euclidean distance of points ``(B, D)`` to the nearest of the known ones ``(N, D)``, ``(B,)``.

    It is infinite for points that are not finite. With fewer than ``nearest`` known points, it is over all of them.

    Example::

        mean_distance(np.array([[0.0], [1.0], [9.0]]), np.array([[3.0]]), nearest=2)        # array([2.5])
    """
    distance, finite = np.full(len(points), np.inf), np.isfinite(points).all(1)
    if finite.any():
        neighbours = NearestNeighbors(n_neighbors=min(nearest, len(known))).fit(known)
        distance[finite] = neighbours.kneighbors(points[finite])[0].mean(1)
    return distance


def _latents(model, x):
    """The posterior means of all continuous latents, beside each other, ``(B, width)``."""
    sites = [name for name in run_guide(model.guide, (x[:1],)).guide if name != "y"]
    means = [latent_means(model, x, site=site, num_samples=DRAWS, batch_size=len(x)) for site in sites]
    return torch.cat([mean.flatten(1) for mean in means], 1)


def _latents_inside(model, x, width):
    """The same; infinity for rows outside the support of the likelihood, which networks were never shown."""
    inside = model.p_x.support.check(x).all(-1)
    found = x.new_full((len(x), width), torch.inf)
    if bool(inside.any()):
        found[inside] = _latents(model, x[inside])
    return found
