"""One-hot rows that carry their class indices, to avoid an argmax and products with zeros."""

import math

import pyro.distributions as dist
import torch


def one_hot_rows(classes: torch.Tensor, num_classes: int, dtype: torch.dtype) -> torch.Tensor:
    """One-hot rows ``(..., K)`` of classes ``(...)``, with the classes attached."""
    rows = torch.zeros(*classes.shape, num_classes, dtype=dtype, device=classes.device)
    return remember_classes(rows.scatter_(-1, classes.unsqueeze(-1), 1.0), classes)


def remember_classes(rows: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Attach the classes ``(...)`` to one-hot rows ``(..., K)``; returns the rows.

    Only this tensor carries them. A tensor computed from it, such as a relaxed sample or a sum, is an ordinary tensor.
    """
    if not rows.is_inference():
        rows._classes = classes, rows._version  # type: ignore[attr-defined]  # an attribute of our own
    return rows


def known_classes(rows: torch.Tensor) -> torch.Tensor | None:
    """The class ``(...)`` of each row; None if it is not attached, or if the rows have been modified since."""
    classes, version = getattr(rows, "_classes", (None, None))
    return classes if version is not None and version == rows._version else None


def class_of(rows: torch.Tensor) -> torch.Tensor:
    """The class ``(...)`` of each row: the attached one, else by argmax."""
    classes = known_classes(rows)
    return rows.argmax(-1) if classes is None else classes


def log_prob_of_cells(cells: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """x_k log pi_k of every cell, with a gradient in x; 0 for a cell of 0, even if its class is impossible."""
    return cells * torch.where((cells == 0) & logits.isneginf(), 0.0, logits)


class KnownOneHotCategorical(dist.OneHotCategorical):
    """A one-hot categorical that uses the classes attached to rows."""

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """log q(y)."""
        if self._validate_args:
            self._validate_sample(value)
        classes = class_of(value)
        shape = torch.broadcast_shapes(self.batch_shape, classes.shape)
        extra = len(shape) - len(self.batch_shape)  # leading dimensions, the classes of each row
        rows = shape[extra:]
        classes = classes.expand(shape).reshape(math.prod(shape[:extra]), *rows).movedim(0, -1)
        log_q = self.logits.expand(*rows, -1).gather(-1, classes)  # the gradient has the size of logits, not K times
        return log_q.movedim(-1, 0).reshape(shape)
