"""One-hot rows that remember which class each is of, so that nothing need look for it or multiply by zeros."""

import math

import pyro.distributions as dist
import torch


def one_hot_rows(classes, num_classes, dtype):
    """One-hot rows ``(..., K)`` of classes ``(...)``, which they remember."""
    rows = torch.zeros(*classes.shape, num_classes, dtype=dtype, device=classes.device)
    return remember_classes(rows.scatter_(-1, classes.unsqueeze(-1), 1.0), classes)


def remember_classes(rows, classes):
    """Note of one-hot rows ``(..., K)`` which class ``(...)`` each is of; returns the rows.

    It is a note on this tensor, not on what is computed from it: whatever is, such as a relaxed sample or a sum, is a
    tensor like any other.
    """
    if not rows.is_inference():
        rows._classes = classes, rows._version
    return rows


def known_classes(rows):
    """The class ``(...)`` of each row; None where it is not known, or where the rows were written to since."""
    classes, version = getattr(rows, "_classes", (None, None))
    return classes if version is not None and version == rows._version else None


def class_of(rows):
    """The class ``(...)`` of each row, looked for where it is not known."""
    classes = known_classes(rows)
    return rows.argmax(-1) if classes is None else classes


class KnownOneHotCategorical(dist.OneHotCategorical):
    """A one-hot categorical that does not look for the class of rows that remember it."""

    def log_prob(self, value):
        """log q(y)."""
        if self._validate_args:
            self._validate_sample(value)
        classes = class_of(value)
        shape = torch.broadcast_shapes(self.batch_shape, classes.shape)
        extra = len(shape) - len(self.batch_shape)  # dimensions in front, each row's classes
        rows = shape[extra:]
        classes = classes.expand(shape).reshape(math.prod(shape[:extra]), *rows).movedim(0, -1)
        log_q = self.logits.expand(*rows, -1).gather(-1, classes)  # a gradient of the logits' size, not K of them
        return log_q.movedim(-1, 0).reshape(shape)
