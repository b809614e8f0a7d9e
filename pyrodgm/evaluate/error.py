"""Classification error, as the papers' tables print it."""

from functools import partial

from pyrodgm.checks import check_labels
from pyrodgm.evaluate.batches import in_batches
from pyrodgm.evaluate.mode import evaluating


def classification_error(model, x, y, batch_size=1000, classifier=None, matching=None, progress=False, **options):
    """Share of rows, in per cent, whose most probable class is not ``y``.

    Args:
        model: a model with a ``classifier``.
        x: rows ``(B, D)``.
        y: their class indices ``(B,)`` or one-hot rows ``(B, K)``.
        batch_size: rows a call.
        classifier: a function of (model, rows) that returns ``(B, K)``, such as ``bayes_classifier``; or None for
            the model's own.
        matching: the class of each of the model's clusters, see ``match_clusters``; None where clusters are classes.
        progress: show a bar.
        options: of the classifier, such as ``num_samples=100``.

    Returns:
        A float from 0 to 100.

    Example::

        classification_error(m, data.test.x, data.test.y, num_samples=100)
    """
    check_labels("y", y, len(x), model.num_classes if matching is None else y.shape[-1])
    y = y.argmax(-1) if y.dim() == 2 else y
    classify = model.classifier if classifier is None else partial(classifier, model)
    wrong = 0
    with evaluating(model):
        for rows, labels in in_batches(x, y, batch_size, progress):
            predicted = classify(rows, **options).argmax(-1)
            wrong = wrong + ((predicted if matching is None else matching[predicted]) != labels).sum()
    return 100 * float(wrong) / len(x)
