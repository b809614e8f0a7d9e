"""Classification error, matching of clusters to classes, and classifiers on the latents."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from pyrodgm.checks import check_has_classes, check_label_values, check_labels
from pyrodgm.data.dataset import Rows
from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.evaluate.latents import latent_means, latents
from pyrodgm.types import ModelWithClassifier


def classification_error(
    model: ModelWithClassifier,
    x: torch.Tensor,
    y: torch.Tensor,
    batch_size: int = 1000,
    classifier: Callable[..., torch.Tensor] | None = None,
    matching: torch.Tensor | None = None,
    progress: bool = False,
    **options: Any,
) -> float:
    """Classification error in per cent: the share of rows whose most probable class is not ``y``.

    Args:
        model: a model with ``num_classes`` and a ``classifier``.
        x: rows ``(B, D)``.
        y: their class indices ``(B,)`` or one-hot rows ``(B, K)``.
        batch_size: rows per call.
        classifier: a function of (model, rows) that returns ``(B, K)``, such as ``bayes_classifier``; None for
            ``model.classifier``.
        matching: the class of each cluster, see ``match_clusters``; None if clusters are classes.
        progress: show a progress bar.
        options: arguments of the classifier, such as ``num_samples=100``.

    Returns:
        A float from 0 to 100.

    Raises:
        ValueError: for a model without classes; if the numbers of labels and rows differ, a label is not a class, such
            as -1, or probabilities are NaN.

    Example::

        classification_error(m, data.test.x, data.test.y, num_samples=100)
    """
    check_has_classes("model", model)
    check_labels("y", y, len(x), model.num_classes if matching is None else y.shape[-1])
    check_label_values("y", y, model.num_classes if matching is None else int(y.max()) + 1)
    y = y.argmax(-1) if y.dim() == 2 else y
    classify = model.classifier if classifier is None else partial(classifier, model)
    wrong: torch.Tensor | int = 0
    with evaluating(model):
        for rows, labels in in_batches(x, y, batch_size, progress):
            predicted = check_probabilities(classify(rows, **options)).argmax(-1)
            wrong = wrong + ((predicted if matching is None else matching[predicted]) != labels).sum()
    return 100 * float(wrong) / len(x)


def check_probabilities(probabilities: torch.Tensor) -> torch.Tensor:
    """Return class probabilities ``(B, K)`` unchanged. Raise ``ValueError`` for NaN, which argmax would pick."""
    wrong = int(probabilities.isnan().any(-1).sum())
    if wrong:
        raise ValueError(f"classifier: got NaN for the probabilities of site 'y' in {wrong} rows, want numbers")
    return probabilities


def match_clusters(
    model: ModelWithClassifier,
    x: torch.Tensor,
    y: torch.Tensor,
    batch_size: int = 1000,
    progress: bool = False,
    **options: Any,
) -> torch.Tensor:
    """Match the clusters of a model trained without labels to classes, for ``classification_error``.

    Clusters and classes are matched one to one with the largest number of agreeing rows (Hungarian method). If there
    are more clusters than classes, each remaining cluster gets the class of most of its rows.

    Args:
        model: a model with a ``classifier`` of K clusters.
        x: rows ``(B, D)``.
        y: their class indices ``(B,)``, or one-hot rows.
        batch_size: rows per call.
        progress: show a progress bar.
        options: arguments of the classifier, such as ``num_samples=100``.

    Returns:
        Class indices ``(K,)``.

    Raises:
        ValueError: for a model without classes; if the numbers of labels and rows differ, there are no labels, a label
            is negative, or a row of y is not one-hot.

    Example::

        matching = match_clusters(m, data.validation.x, data.validation.y)
        classification_error(m, data.test.x, data.test.y, matching=matching)
    """
    check_has_classes("model", model)
    classes = y.shape[-1] if y.dim() == 2 else int(y.max()) + 1 if y.numel() else 0
    check_labels("y", y, len(x), classes)
    check_label_values("y", y, classes)
    y = y if y.dim() == 1 else y.argmax(-1)
    counts = torch.zeros(model.num_classes, classes)
    with evaluating(model):
        for rows, labels in in_batches(x, y, batch_size, progress):
            clusters = check_probabilities(model.classifier(rows, **options)).argmax(-1).cpu()
            counts.index_put_((clusters, labels.cpu()), torch.ones(len(rows)), accumulate=True)
    matching = counts.argmax(1)
    clusters, matched = linear_sum_assignment(counts.numpy(), maximize=True)
    matching[torch.from_numpy(clusters)] = torch.from_numpy(matched)
    return matching.to(x.device)


def probe(
    model: ModelWithClassifier,
    train: Rows,
    test: Rows,
    site: str = "z",
    classifier: Any = None,
    means: bool = True,
    batch_size: int = 1000,
) -> float:
    """Test error, in per cent, of a classifier trained only on a latent.

    If the guide takes labels, every row is encoded with each label (Jurasiński, sec. 3.3), so that the label given to
    the guide says nothing about the true one. If y and z are disentangled, the classifier does no better than chance.

    Args:
        model: a ``DeepGenerativeModel``.
        train: training ``Rows``, x ``(N, D)`` and y ``(N,)``.
        test: ``Rows`` to evaluate on.
        site: the latent.
        classifier: a scikit-learn classifier, which is cloned, not changed; None for logistic regression.
        means: use posterior means, see ``latent_means``; if False, one sample of the latent per row.
        batch_size: rows per call.

    Returns:
        A float from 0 to 100.

    Raises:
        ValueError: if the numbers of labels and rows differ, or the guide has no such site.

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
