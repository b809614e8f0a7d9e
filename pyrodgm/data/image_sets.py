"""Image data sets, grey and colour."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits

from pyrodgm.data.dataset import Dataset, Rows
from pyrodgm.data.readers import read_amat, read_cifar, read_idx, read_matlab, read_matrix, read_npz
from pyrodgm.data.store import fetch

CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
TOYS = ("animal", "human", "airplane", "truck", "car")


def digits(counts: bool = False) -> Dataset:
    """The 1,797 handwritten digits included in scikit-learn: 8x8, with pixel counts from 0 to 16.

    1,097 training, 200 validation and 500 test rows, by a fixed permutation.

    Args:
        counts: keep pixels as counts 0..16, for the likelihood ``("binomial", {"total_count": 16})``; otherwise pixels
            are scaled to [0, 1].
    """
    bunch = load_digits()
    order = torch.randperm(len(bunch.target), generator=torch.Generator().manual_seed(0))
    x = torch.tensor(bunch.data if counts else bunch.data / 16.0, dtype=torch.float32)[order]
    y = torch.tensor(bunch.target)[order]
    sizes = [1097, 200, 500]
    train, validation, test = (Rows(*part) for part in zip(x.split(sizes), y.split(sizes), strict=True))
    return Dataset("digits", train, validation, test, num_classes=10, image_shape=(8, 8))


def mnist(levels: bool = False) -> Dataset:
    """MNIST (LeCun et al. 1998): 28x28 in [0, 1], ten digits.

    50,000 training, 10,000 validation (the last of the training files) and 10,000 test rows.

    Args:
        levels: keep pixels as bytes, integers from 0 to 255, for the likelihood ``"discretized_logistic"``; otherwise
            they are divided by 255.
    """
    return _idx("mnist", levels)


def fashion_mnist(levels: bool = False) -> Dataset:
    """Fashion-MNIST (Xiao et al. 2017): 28x28 in [0, 1], ten kinds of clothes.

    50,000 training, 10,000 validation (the last of the training files) and 10,000 test rows.

    Args:
        levels: as for ``mnist``.
    """
    return _idx("fashion-mnist", levels)._replace(classes=CLOTHES)


def binarised_mnist() -> Dataset:
    """MNIST binarised once by sampling (Salakhutdinov and Murray 2008; Larochelle and Murray 2011): 28x28, no labels.

    Zeros and ones; 50,000 training, 10,000 validation and 10,000 test rows, each from a separate file. The validation
    rows are a random subset of MNIST's training rows, not the last ones. Reads the authors' text files, or MATLAB files
    with the same rows in the variable X.
    """
    read = {".amat": lambda path: read_amat(path, 784), ".mat": lambda path: read_matlab(path, "X")[0]}
    parts = []
    for path in fetch("binarised-mnist"):
        x = read[path.suffix](path)
        if x.ndim != 2 or x.shape[1] != 784 or not len(x):
            raise ValueError(f"{path}: got shape {x.shape}, want (N, 784) of zeros and ones")
        if not np.isin(x, (0, 1)).all():
            raise ValueError(f"{path}: got values from {x.min()} to {x.max()}, want zeros and ones")
        parts.append(Rows(torch.tensor(x, dtype=torch.float32)))
    train, validation, test = parts
    return Dataset("binarised-mnist", train, validation, test, image_shape=(28, 28))


def omniglot(box: bool | None = None) -> Dataset:
    """OMNIGLOT (Lake et al. 2015): 28x28 in [0, 1], ink is 1, with the 50 alphabets as classes.

    The file ``chardata.mat`` of Burda et al. (2016) has 24,345 training and 8,070 test rows. Of the training rows,
    1,345 are held out for validation by a fixed permutation, and 23,000 remain.

    Alternatively, the user's folder may hold ``omniglot_28x28_box.npz``: all 32,460 drawings, with their 105x105 pixels
    averaged over boxes. By a fixed permutation, 23,045 are for training, 1,345 for validation and 8,070 for testing.
    That data set is called ``omniglot-box``. Do not compare its figures with published ones: the images are reduced
    differently, and the split is different.

    Args:
        box: True for ``omniglot-box``, False for the file of Burda et al.; None for the latter, or for ``omniglot-box``
            if only that is present.
    """
    (path,) = fetch("omniglot", box=box)
    if path.suffix == ".npz":
        return _omniglot_box(path)
    x, y, x_test, y_test = read_matlab(path, "data", "target", "testdata", "testtarget")
    for images, alphabets in ((x, y), (x_test, y_test)):
        if images.ndim != 2 or len(images) != 784 or alphabets.shape != (50, images.shape[1]):
            raise ValueError(
                f"{path}: got images {images.shape} and alphabets {alphabets.shape}, want (784, N) and (50, N)"
            )
    train, validation = hold_out(shuffled(_columns(x, y)), 1345)
    return Dataset("omniglot", train, validation, _columns(x_test, y_test), num_classes=50, image_shape=(28, 28))


def small_norb(size: int = 32, pairs: bool = True, levels: bool = False) -> Dataset:
    """Small NORB (LeCun, Huang and Bottou 2004): toys of five categories seen by two cameras, in [0, 1].

    22,000 training, 2,300 validation (the last of the training file) and 24,300 test rows. The test toys do not occur
    in training, but the validation toys do, so the validation error is lower than the test error.

    Args:
        size: pixels per side: 96 as published, or a divisor of 96. The papers reduce images to 32 without saying how;
            here pixels are averaged over 3x3 boxes and rounded to whole grey levels.
        pairs: both cameras' images side by side, ``(size, 2 * size)``, as in Maaløe et al. (2016); otherwise only the
            left camera's image.
        levels: as for ``mnist``.
    """
    if size < 1 or 96 % size:
        raise ValueError(f"size: got {size}, want a divisor of 96")
    paths, parts = fetch("small-norb"), []
    for images_path, labels_path in (paths[:2], paths[2:]):
        images, labels = read_matrix(images_path, dimensions=4), read_matrix(labels_path, dimensions=1)
        if images.shape[1:] != (2, 96, 96):
            raise ValueError(f"{images_path}: got images of shape {images.shape[1:]}, want (2, 96, 96)")
        images = np.concatenate([_reduce(part, size) for part in np.array_split(images, -(-len(images) // 1000))])
        images = images.transpose(0, 2, 1, 3).reshape(len(images), size, 2 * size) if pairs else images[:, 0]
        parts.append(rows(images_path, images, labels, len(TOYS), levels))
    train, validation = hold_out(parts[0], 2_300)
    shape = (size, 2 * size) if pairs else (size, size)
    return Dataset("small-norb", train, validation, parts[1], len(TOYS), shape, TOYS)


def frey_faces(levels: bool = False) -> Dataset:
    """Frey faces (Roweis): 1,965 video frames of one face, 28x20 in [0, 1], no labels.

    1,565 training, 200 validation and 200 test rows, by a fixed permutation. Consecutive frames are similar, so
    validation and test bounds are close to training bounds.

    Args:
        levels: as for ``mnist``.
    """
    (path,) = fetch("freyfaces")
    if path.suffix == ".npz":
        images = read_npz(path).get("images", np.empty(0))
    else:
        images = read_matlab(path, "ff")[0].T.reshape(-1, 28, 20)
    if images.shape[1:] != (28, 20) or images.dtype != np.uint8:
        raise ValueError(f"{path}: got images {images.shape} of {images.dtype}, want (1965, 28, 20) of uint8")
    whole, test = hold_out(shuffled(rows(path, images, levels=levels)), 200)
    return Dataset("freyfaces", *hold_out(whole, 200), test, image_shape=(28, 20))


def _idx(name, levels):
    """A data set stored in four files of MNIST's format."""
    paths, parts = fetch(name), []
    for images_path, labels_path in (paths[:2], paths[2:]):
        images, labels = read_idx(images_path, dimensions=3), read_idx(labels_path, dimensions=1)
        parts.append(rows(images_path, images, labels, 10, levels))
    return Dataset(name, *hold_out(parts[0], 10_000), parts[1], num_classes=10, image_shape=images.shape[1:])


def _columns(images, alphabets):
    """Rows from a MATLAB matrix with an image per column, stored column by column, and one-hot alphabets."""
    x = torch.tensor(images.T.reshape(-1, 28, 28).transpose(0, 2, 1).reshape(-1, 784), dtype=torch.float32)
    return Rows(x, torch.tensor(alphabets.argmax(0)))


def _omniglot_box(path):
    arrays = read_npz(path)
    if missing := {"images", "alphabet", "alphabet_names"} - set(arrays):
        raise ValueError(f"{path}: got no array {sorted(missing)[0]!r}, want images, alphabet and alphabet_names")
    if arrays["images"].shape[1:] != (28, 28):
        raise ValueError(f"{path}: got images of shape {arrays['images'].shape[1:]}, want (28, 28)")
    names = tuple(name.replace("_", " ") for name in arrays["alphabet_names"].tolist())
    whole, test = hold_out(shuffled(rows(path, arrays["images"], arrays["alphabet"], len(names))), 8_070)
    return Dataset("omniglot-box", *hold_out(whole, 1_345), test, len(names), (28, 28), names)


def _reduce(images, size):
    """Average images ``(N, 2, 96, 96)`` over boxes and round to whole grey levels."""
    box = 96 // size
    means = images.reshape(len(images), 2, size, box, size, box).mean((3, 5), dtype=np.float32)
    return means.round().astype(np.uint8)


THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def cifar10(levels: bool = False) -> Dataset:
    """CIFAR-10 (Krizhevsky 2009): 32x32 colour in [0, 1], ten kinds of animals and vehicles.

    45,000 training, 5,000 validation (the last of the training files) and 10,000 test rows.

    Args:
        levels: as for ``mnist``.
    """
    (path,) = fetch("cifar10")
    whole = rows(path, *read_cifar(path, [f"data_batch_{i}" for i in range(1, 6)]), len(THINGS), levels)
    test = rows(path, *read_cifar(path, ["test_batch"]), len(THINGS), levels)
    return Dataset("cifar10", *hold_out(whole, 5_000), test, len(THINGS), (32, 32, 3), THINGS)


def cifar10_subset(levels: bool = False) -> Dataset:
    """The first 4,000 training and 1,000 test images of CIFAR-10: 32x32 colour in [0, 1].

    3,500 training, 500 validation (the last of the 4,000) and 1,000 test rows. For trials without the full data set; do
    not compare its figures with published ones. The file has the arrays ``x_train``, ``y_train``, ``x_test`` and
    ``y_test``, and is looked for only in the user's folder.

    Args:
        levels: as for ``mnist``.
    """
    (path,) = fetch("cifar10-subset")
    arrays = read_npz(path)
    if missing := {"x_train", "y_train", "x_test", "y_test"} - set(arrays):
        raise ValueError(f"{path}: got no array {sorted(missing)[0]!r}, want x_train, y_train, x_test and y_test")
    for part in ("train", "test"):
        if (shape := arrays[f"x_{part}"].shape[1:]) != (32, 32, 3):
            raise ValueError(f"{path}: got x_{part} with images of shape {shape}, want (32, 32, 3)")
    whole, test = (
        rows(path, arrays[f"x_{part}"], arrays[f"y_{part}"], len(THINGS), levels) for part in ("train", "test")
    )
    return Dataset("cifar10-subset", *hold_out(whole, 500), test, len(THINGS), (32, 32, 3), THINGS)


def svhn(extra: bool = False, levels: bool = False) -> Dataset:
    """Street View House Numbers, cropped (Netzer et al. 2011): 32x32 colour in [0, 1], ten digits.

    68,257 training, 5,000 validation (the last of the training file) and 26,032 test rows. The validation rows are not
    chosen at random because neighbouring rows come from the same house.

    Args:
        extra: also train on the 531,131 easier images of the third file, as Maaløe et al. (2016) do: 599,388 rows in
            total, which take 7.4 GB.
        levels: as for ``mnist``.
    """
    paths = fetch("svhn", extra=extra)
    images, labels = zip(*map(_read_svhn, paths), strict=True)
    whole, test = (rows(paths[i], images[i], labels[i], 10, levels) for i in (0, 1))
    train, validation = hold_out(whole, 5_000)
    if extra:
        images, labels = (
            np.concatenate([images[0][:-5_000], images[2]]),
            np.concatenate([labels[0][:-5_000], labels[2]]),
        )
        train = rows(paths[2], images, labels, 10, levels)
    return Dataset("svhn", train, validation, test, num_classes=10, image_shape=(32, 32, 3))


def _read_svhn(path):
    """Images ``(N, 32, 32, 3)`` and labels ``(N,)`` of a file. The file labels the digit zero as 10."""
    images, labels = read_matlab(path, "X", "y")
    if images.shape[:3] != (32, 32, 3) or labels.size != images.shape[-1]:
        raise ValueError(f"{path}: got shapes {images.shape} and {labels.shape}, want (32, 32, 3, N) and (N, 1)")
    if labels.min() < 1 or labels.max() > 10:
        raise ValueError(f"{path}: got labels from {labels.min()} to {labels.max()}, want 1 to 10")
    return images.transpose(3, 0, 1, 2), labels.flatten() % 10


def rows(
    path: str | Path,
    images: np.ndarray,
    labels: np.ndarray | None = None,
    num_classes: int | Any = None,
    levels: bool = False,
) -> Rows:
    """Convert byte images ``(N, ...)`` to rows in [0, 1], or of levels, with class indices.

    Args:
        path: the file, for error messages.
        images: uint8 array.
        labels: integers ``(N,)`` from 0 to K - 1, or None.
        num_classes: number of classes K.
        levels: keep the bytes 0 to 255; otherwise divide by 255.

    Raises:
        ValueError: if the images are not bytes, if there is not one label per image, or for labels outside 0..K-1.
    """
    if images.dtype != np.uint8 or not len(images):
        raise ValueError(f"{path}: got {len(images)} images of {images.dtype}, want at least one of uint8")
    if labels is not None and labels.shape != (len(images),):
        raise ValueError(f"{path}: got {len(images)} images and {labels.size} labels, want equal numbers")
    if labels is not None and (labels.min() < 0 or labels.max() >= num_classes):
        raise ValueError(f"{path}: got labels from {labels.min()} to {labels.max()}, want 0 to {num_classes - 1}")
    x = torch.tensor(images.reshape(len(images), -1), dtype=torch.float32).div_(1 if levels else 255)
    return Rows(x, None if labels is None else torch.tensor(labels.astype(np.int64)))


def shuffled(part: Rows) -> Rows:
    """The rows in a fixed random order."""
    return _take(part, torch.randperm(len(part.x), generator=torch.Generator().manual_seed(0)))


def hold_out(part: Rows, number: int) -> tuple[Rows, Rows]:
    """Split off the last ``number`` rows: the rows before them, and those rows."""
    if number >= len(part.x):
        raise ValueError(f"rows: got {len(part.x)}, want more than the {number} held out")
    return _take(part, slice(None, -number)), _take(part, slice(-number, None))


def _take(part, chosen):
    return Rows(part.x[chosen], None if part.y is None else part.y[chosen])
