"""Data sets of colour images."""

import numpy as np

from pyrodgm.data.dataset import Dataset
from pyrodgm.data.pixels import hold_out, rows
from pyrodgm.data.read import read_cifar, read_matlab, read_npz
from pyrodgm.data.store import fetch

THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def cifar10():
    """CIFAR-10 (Krizhevsky 2009): 32x32 colour in [0, 1], ten kinds of animals and vehicles.

    45,000 rows to train on, the last 5,000 of the training files for validation, 10,000 to test.
    """
    (path,) = fetch("cifar10")
    whole = rows(path, *read_cifar(path, [f"data_batch_{i}" for i in range(1, 6)]), len(THINGS))
    test = rows(path, *read_cifar(path, ["test_batch"]), len(THINGS))
    return Dataset("cifar10", *hold_out(whole, 5_000), test, len(THINGS), (32, 32, 3), THINGS)


def cifar10_subset():
    """The first 4,000 training and 1,000 test images of CIFAR-10: 32x32 colour in [0, 1].

    3,500 rows to train on, the last 500 of the 4,000 for validation, 1,000 to test: for trials without the whole, not
    for figures beside published ones. The file has the arrays ``x_train``, ``y_train``, ``x_test``, ``y_test`` and is
    looked for in the user's folder alone.
    """
    (path,) = fetch("cifar10-subset")
    arrays = read_npz(path)
    if missing := {"x_train", "y_train", "x_test", "y_test"} - set(arrays):
        raise ValueError(f"{path}: got no array {sorted(missing)[0]!r}, want x_train, y_train, x_test and y_test")
    whole, test = (rows(path, arrays[f"x_{part}"], arrays[f"y_{part}"], len(THINGS)) for part in ("train", "test"))
    return Dataset("cifar10-subset", *hold_out(whole, 500), test, len(THINGS), (32, 32, 3), THINGS)


def svhn(extra=False):
    """Street View House Numbers, cropped (Netzer et al. 2011): 32x32 colour in [0, 1], ten digits.

    68,257 rows to train on, the last 5,000 of the training file for validation, 26,032 to test. The last rows, not
    random ones, because neighbours come from one house.

    Args:
        extra: train on the 531,131 easier images of the third file too, as Maaløe et al. (2016) do: 599,388 rows in
            all, which take 7.4 GB.
    """
    paths = fetch("svhn", extra=extra)
    images, labels = zip(*map(_read_svhn, paths), strict=True)
    whole, test = rows(paths[0], images[0], labels[0], 10), rows(paths[1], images[1], labels[1], 10)
    train, validation = hold_out(whole, 5_000)
    if extra:
        images, labels = (
            np.concatenate([images[0][:-5_000], images[2]]),
            np.concatenate([labels[0][:-5_000], labels[2]]),
        )
        train = rows(paths[2], images, labels, 10)
    return Dataset("svhn", train, validation, test, num_classes=10, image_shape=(32, 32, 3))


def _read_svhn(path):
    """Images ``(N, 32, 32, 3)`` and labels ``(N,)`` of a file in which the digit zero is labelled 10."""
    images, labels = read_matlab(path, "X", "y")
    if images.shape[:3] != (32, 32, 3) or labels.size != images.shape[-1]:
        raise ValueError(f"{path}: got shapes {images.shape} and {labels.shape}, want (32, 32, 3, N) and (N, 1)")
    if labels.min() < 1:
        raise ValueError(f"{path}: got a label {labels.min()}, want labels from 1 to 10")
    return images.transpose(3, 0, 1, 2), labels.flatten() % 10
