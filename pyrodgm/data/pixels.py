"""From bytes to rows, and how rows are held out."""

import numpy as np
import torch

from pyrodgm.data.dataset import Rows


def rows(path, images, labels=None, num_classes=None):
    """Images ``(N, ...)`` of bytes as rows in [0, 1], with their labels as indices.

    Args:
        path: the file, for an error to name.
        images: uint8.
        labels: integers ``(N,)`` from 0 to K - 1, or None.
        num_classes: number of classes K.

    Raises:
        ValueError: for images that are no bytes, or labels that are not one for each image or leave 0..K-1.
    """
    if images.dtype != np.uint8 or not len(images):
        raise ValueError(f"{path}: got {len(images)} images of {images.dtype}, want at least one of uint8")
    if labels is not None and labels.shape != (len(images),):
        raise ValueError(f"{path}: got {len(images)} images and {labels.size} labels, want as many of each")
    if labels is not None and (labels.min() < 0 or labels.max() >= num_classes):
        raise ValueError(f"{path}: got labels from {labels.min()} to {labels.max()}, want 0 to {num_classes - 1}")
    x = torch.tensor(images.reshape(len(images), -1), dtype=torch.float32).div_(255)
    return Rows(x, None if labels is None else torch.tensor(labels.astype(np.int64)))


def shuffled(part):
    """The rows in another, fixed order."""
    return _take(part, torch.randperm(len(part.x), generator=torch.Generator().manual_seed(0)))


def hold_out(part, number):
    """All rows but the last ``number``, and those."""
    if number >= len(part.x):
        raise ValueError(f"rows: got {len(part.x)}, want more than the {number} that are held out")
    return _take(part, slice(None, -number)), _take(part, slice(-number, None))


def _take(part, chosen):
    return Rows(part.x[chosen], None if part.y is None else part.y[chosen])
