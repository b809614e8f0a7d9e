"""Anomaly scores of the estimators: distance in the latents, log p(x) in several ways, and 1 - max q(y | x)."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.validation import check_is_fitted

from pyrodgm.checks import check_choice, shown
from pyrodgm.evaluate import latent_means
from pyrodgm.infer.traces import run_guide

MOST_KEPT = 5000  # training rows whose latents are kept
MOST_CLASSES = 50_000  # rows times classes, which bounds the time that a fit spends on them
NEAREST = 5  # of them that a row is compared with
DRAWS = 3  # of earlier latents, for a mean
MOST_SCORED = 500  # training rows whose mean bound is kept
IMPORTANCE_SAMPLES = 50
METHODS = ("neighbours", "density", "importance", "typicality", "conditional", "class")


class AnomalyScores:
    """The method ``anomaly_score``; a subclass calls ``_keep_latents`` with the rows it was trained on."""

    score_samples: Callable[..., np.ndarray]
    _score_checked: Callable[..., np.ndarray]
    _check_rows: Callable[..., np.ndarray]
    predict_proba: Callable[..., np.ndarray]  # of a classifier
    _of_rows: Callable[..., np.ndarray]
    _of_checked_rows: Callable[..., np.ndarray]

    def anomaly_score(
        self, X: np.ndarray, method: str = "neighbours", given: Sequence[int] | None = None
    ) -> np.ndarray:
        """Anomaly score of every row. Higher is more anomalous.

        Choose a limit from the scores of normal rows that the estimator was not trained on: a training row is its own
        nearest neighbour. Rows with values outside the support of the likelihood get infinity, except with ``"class"``.

        Args:
            X: rows ``(B, D)``.
            method: ``"neighbours"`` is the mean distance to the 5 nearest training rows in the latents, which are the
                posterior means of all continuous latents of the guide, such as z and a. At most 5,000 training rows are
                used, chosen at random, or 50,000 divided by the number of classes if that is less. After
                ``partial_fit``, they are rows of the last call. ``"density"`` is minus ``score_samples``. It is low for
                simple rows, such as images with little ink. ``"importance"`` is the same with the tighter estimate of
                50 importance samples. ``"typicality"`` is the absolute difference between the bound of a row and the
                mean bound of at most 500 of these training rows, in nats (the test of Nalisnick et al. 2019, for a
                single row). It is also high for rows that are too simple. ``"conditional"`` is -log p(x_rest | x_given)
                = log p(x_given) - log p(x), both with importance samples. It ignores how rare the values of the columns
                ``given`` are, such as the weather. ``"class"`` is 1 - max q(y | x), for classifiers. It is high for
                rows whose class is uncertain.
            given: indices of the columns to condition on, from 0; for ``"conditional"`` only.

        Returns:
            ``(B,)``.

        Raises:
            ValueError: for an unknown method; if ``given`` has no column or every column, or if the method does not
                take it; for ``"neighbours"`` and ``"typicality"`` if the estimator was saved by an older version, which
                did not keep the data that they need.

        Example::

            classifier = DeepGenerativeClassifier("m2", epochs=2).fit(X, y)
            limit = np.quantile(classifier.anomaly_score(X_new), 0.99)
            classifier.anomaly_score(X_new) > limit
            classifier.anomaly_score(X_new, method="class")
            classifier.anomaly_score(X_new, method="conditional", given=[0])
        """
        methods = [name for name in METHODS if name != "class" or hasattr(self, "predict_proba")]
        check_choice("method", method, methods)
        check_is_fitted(self)
        if (given is not None) != (method == "conditional"):
            raise ValueError(
                f"given: got {shown(given)} for the method {method!r}, want columns for 'conditional' only"
            )
        if method == "density":
            return -self.score_samples(X)
        if method == "importance":
            return -self.score_samples(X, importance_samples=IMPORTANCE_SAMPLES)
        if method == "typicality":
            return np.abs(self.score_samples(X) - self._kept("mean_bound_", method))
        if method == "conditional":
            return self._conditional(X, given)
        if method == "class":
            return 1 - self.predict_proba(X).max(1)
        known = self._kept("kept_latents_", method)
        return mean_distance(known, self._of_rows(X, lambda model, x: _latents_inside(model, x, known.shape[1])))

    def _conditional(self, X, given):
        """log p(x_given) - log p(x) of every row; infinity where a row is outside the support."""
        X = self._check_rows(X, reset=False)
        columns = np.unique(given)
        able = columns.dtype.kind in "iu" and np.isin(columns, np.arange(X.shape[1])).all()
        if not able or not 0 < len(columns) < X.shape[1]:
            raise ValueError(f"given: got {shown(given)}, want some of the columns 0 to {X.shape[1] - 1}, not all")
        score = self._score_checked(X, IMPORTANCE_SAMPLES)
        alone = np.full_like(X, np.nan)
        alone[:, columns] = X[:, columns]
        inside = np.isfinite(score)
        found = np.full(len(X), np.inf)
        if inside.any():
            found[inside] = self._score_checked(alone[inside], IMPORTANCE_SAMPLES) - score[inside]
        return found

    def _keep_latents(self, X, seed):
        """Keep the latents and the mean bound of rows X of the table, or of a random choice if there are too many."""
        most = min(MOST_KEPT, max(1, MOST_CLASSES // len(getattr(self, "classes_", [0]))))
        rows = np.sort(np.random.RandomState(seed).permutation(len(X))[:most])
        self.kept_latents_ = self._of_checked_rows(X[rows], _latents)
        rows = rows[:: -(-len(rows) // MOST_SCORED)]
        self.mean_bound_ = float(self._score_checked(X[rows], num_samples=1).mean())

    def _kept(self, name, method):
        """An attribute that ``_keep_latents`` set."""
        if getattr(self, name, None) is None:
            what = "latents" if name == "kept_latents_" else "mean bound"
            raise ValueError(
                f"method: got {method!r} for a {type(self).__name__} without the {what} of its training rows, want "
                "one fitted by this version, or method='density'"
            )
        return getattr(self, name)


def mean_distance(known: np.ndarray, points: np.ndarray, nearest: int = NEAREST) -> np.ndarray:
    """The mean Euclidean distance of points ``(B, D)`` to the nearest of the known ones ``(N, D)``, ``(B,)``.

    It is infinite for points that are not finite. With fewer than ``nearest`` known points, all of them are used.

    Example::

        mean_distance(np.array([[0.0], [1.0], [9.0]]), np.array([[3.0]]), nearest=2)        # array([2.5])
    """
    distance, finite = np.full(len(points), np.inf), np.isfinite(points).all(1)
    if finite.any():
        neighbours = NearestNeighbors(n_neighbors=min(nearest, len(known))).fit(known)
        distance[finite] = neighbours.kneighbors(points[finite])[0].mean(1)
    return distance


def _latents(model, x):
    """The posterior means of all continuous latents, concatenated, ``(B, width)``."""
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
