"""Classification error, as the papers' tables print it."""

from pyrodgm.checks import check_labels
from pyrodgm.evaluate.mode import evaluating


def classification_error(model, x, y, batch_size=1000, **options):
    """Share of rows, in per cent, whose most probable class is not ``y``.

    Args:
        model: a model with a ``classifier``.
        x: rows ``(B, D)``.
        y: their class indices ``(B,)``.
        batch_size: rows a call.
        options: of the classifier, such as ``num_samples=100``.

    Returns:
        A float from 0 to 100.

    Example::

        classification_error(m, data.test.x, data.test.y, num_samples=100)
    """
    check_labels("y", y, len(x), model.num_classes)
    with evaluating(model):
        wrong = sum(
            (model.classifier(rows, **options).argmax(-1) != labels).sum()
            for rows, labels in zip(x.split(batch_size), y.split(batch_size), strict=True)
        )
    return 100 * float(wrong) / len(x)
