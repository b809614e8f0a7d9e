"""What a data set is: three sets of rows, and what a row means."""

from typing import NamedTuple

import torch

from pyrodgm.checks import check_rows


class Rows(NamedTuple):
    """Rows ``x (N, D)``, floats, and their classes ``y (N,)``, indices.

    ``y`` is -1 where a row has no label, and None where the data set has no labels at all.
    """

    x: torch.Tensor
    y: torch.Tensor | None = None

    def to(self, device):
        """The same rows on another device."""
        return Rows(self.x.to(device), None if self.y is None else self.y.to(device))


class Dataset(NamedTuple):
    """Three sets of rows that have none in common, and what a row is.

    Args:
        name: of the data set.
        train: rows to train on.
        validation: rows to choose by.
        test: rows to report on.
        num_classes: number of classes K; None where there are no labels.
        image_shape: ``(H, W)`` or ``(H, W, C)`` of the image that a row is, else None. A row is its pixels from left
            to right, line by line, with the C values of a pixel beside each other.
        classes: the names of the classes, in the order of their indices, where they have names.
        columns: which of the image's H * W * C values a row holds, ``(D,)``; None for all of them.
    """

    name: str
    train: Rows
    validation: Rows
    test: Rows
    num_classes: int | None = None
    image_shape: tuple[int, ...] | None = None
    classes: tuple[str, ...] | None = None
    columns: torch.Tensor | None = None

    @property
    def x_size(self):
        """Number of features D of a row."""
        return self.train.x.shape[1]

    @property
    def parts(self):
        """The three sets of rows by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def to(self, device):
        """The same data on another device."""
        return self._replace(**{name: rows.to(device) for name, rows in self.parts.items()})

    def images(self, x):
        """Rows ``(N, D)`` as images ``(N, H, W)`` or ``(N, H, W, C)``, with zeros where a column was dropped.

        Raises:
            ValueError: if a row of this data set is no image, or x has another number of columns.

        Example::

            data = keep_varying(load("mnist"))
            data.images(data.test.x[:10]).shape     # (10, 28, 28)
        """
        if self.image_shape is None:
            raise ValueError(f"data: got {self.name} without image_shape, want a data set whose rows are images")
        check_rows("x", x, self.x_size)
        if self.columns is not None:
            whole = x.new_zeros(len(x), torch.Size(self.image_shape).numel())
            x = whole.index_copy(1, self.columns.to(x.device), x)
        return x.reshape(len(x), *self.image_shape)
