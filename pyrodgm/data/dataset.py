"""A data set: training, validation and test rows, and their description."""

from typing import Any, NamedTuple

import torch

from pyrodgm.checks import check_rows


class Rows(NamedTuple):
    """Rows ``x (N, D)`` of floats, and their class indices ``y (N,)``.

    ``y`` is -1 for a row without a label. It is None if the data set has no labels.

    Example::

        Batches(x, batch_size=50, labelled=Rows(x[rows], y[rows]))
    """

    x: torch.Tensor
    y: torch.Tensor | Any = None  # None without labels

    def to(self, device: torch.device | str) -> "Rows":
        """The same rows on another device."""
        return Rows(self.x.to(device), None if self.y is None else self.y.to(device))


class Dataset(NamedTuple):
    """Disjoint training, validation and test rows, and their description.

    Args:
        name: name of the data set.
        train: rows for training.
        validation: rows for choosing models and settings.
        test: rows for the reported figures.
        num_classes: number of classes K; None without labels.
        image_shape: ``(H, W)`` or ``(H, W, C)`` if the rows are images, else None. A row holds the pixels line by line,
            with the C values of a pixel next to each other.
        classes: names of the classes in the order of their indices, or None.
        columns: indices ``(D,)`` of the H * W * C image values that a row holds; None for all of them.

    Example::

        data = load("moons")
        data.x_size, data.num_classes, len(data.test.x)
    """

    name: str
    train: Rows
    validation: Rows
    test: Rows
    num_classes: int | Any = None  # None without labels
    image_shape: tuple[int, ...] | Any = None  # None for rows that are not images
    classes: tuple[str, ...] | None = None
    columns: torch.Tensor | None = None

    @property
    def x_size(self) -> int:
        """Number of features D of a row."""
        return self.train.x.shape[1]

    @property
    def parts(self) -> dict[str, Rows]:
        """The three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def to(self, device: torch.device | str) -> "Dataset":
        """The same data on another device."""
        train, validation, test = (rows.to(device) for rows in self.parts.values())
        return self._replace(train=train, validation=validation, test=test)

    def images(self, x: torch.Tensor) -> torch.Tensor:
        """Rows ``(N, D)`` as images ``(N, H, W)`` or ``(N, H, W, C)``, with zeros for dropped columns.

        Raises:
            ValueError: if the rows of this data set are not images, or x has another number of columns.

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
