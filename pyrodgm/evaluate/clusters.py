"""Which class a cluster stands for, where a model was trained without labels."""

import torch
from scipy.optimize import linear_sum_assignment

from pyrodgm.checks import check_labels
from pyrodgm.evaluate.batches import in_batches
from pyrodgm.evaluate.mode import evaluating


def match_clusters(model, x, y, batch_size=1000, progress=False, **options):
    """The class of each cluster of a model trained without labels, for ``classification_error``.

    Clusters and classes are matched one to one so that most rows agree, by the Hungarian method; where there are more
    clusters than classes, each cluster left over stands for the class that most of its rows have.

    Args:
        model: a model with a ``classifier``, of K clusters.
        x: rows ``(B, D)``.
        y: their class indices ``(B,)``.
        batch_size: rows a call.
        progress: show a bar.
        options: of the classifier, such as ``num_samples=100``.

    Returns:
        ``(K,)``: class indices.

    Raises:
        ValueError: if there are not as many labels as rows, or there is none.

    Example::

        matching = match_clusters(m, data.validation.x, data.validation.y)
        classification_error(m, data.test.x, data.test.y, matching=matching)
    """
    classes = int(y.max()) + 1 if y.numel() else 0
    check_labels("y", y, len(x), classes)
    counts = torch.zeros(model.num_classes, classes)
    with evaluating(model):
        for rows, labels in in_batches(x, y, batch_size, progress):
            clusters = model.classifier(rows, **options).argmax(-1).cpu()
            counts.index_put_((clusters, labels.cpu()), torch.ones(len(rows)), accumulate=True)
    matching = counts.argmax(1)
    clusters, matched = linear_sum_assignment(counts.numpy(), maximize=True)
    matching[torch.from_numpy(clusters)] = torch.from_numpy(matched)
    return matching.to(x.device)
