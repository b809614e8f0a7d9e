"""The data sets by name, each as train, validation and test tensors."""

import math
from typing import NamedTuple

import torch
from sklearn.datasets import load_digits

from pyrodgm.checks import check_choice
from pyrodgm.data.idx import read_idx
from pyrodgm.data.store import find


class Rows(NamedTuple):
    """Rows ``x (N, D)``, floats, and their classes ``y (N,)``, indices."""

    x: torch.Tensor
    y: torch.Tensor

    def to(self, device):
        """The same rows on another device."""
        return Rows(self.x.to(device), self.y.to(device))


class Dataset(NamedTuple):
    """Three sets of rows that have none in common, and what a row is."""

    name: str
    train: Rows
    validation: Rows
    test: Rows
    num_classes: int
    image_shape: tuple | None = None

    @property
    def x_size(self):
        """Number of features D of a row."""
        return self.train.x.shape[1]

    def to(self, device):
        """The same data on another device."""
        return self._replace(
            train=self.train.to(device), validation=self.validation.to(device), test=self.test.to(device)
        )


def digits(counts=False):
    """The 1,797 handwritten digits that ship inside scikit-learn: 8x8, each pixel a count of ink from 0 to 16.

    1,097 rows to train on, 200 for validation, 500 for the test, by one fixed permutation.

    Args:
        counts: pixels as the counts 0..16, for the likelihood ``("binomial", {"total_count": 16})``; else in [0, 1].
    """
    bunch = load_digits()
    order = torch.randperm(len(bunch.target), generator=torch.Generator().manual_seed(0))
    x = torch.tensor(bunch.data if counts else bunch.data / 16.0, dtype=torch.float32)[order]
    y = torch.tensor(bunch.target)[order]
    parts = [Rows(*rows) for rows in zip(x.split([1097, 200, 500]), y.split([1097, 200, 500]), strict=True)]
    return Dataset("digits", *parts, num_classes=10, image_shape=(8, 8))


def moons(noise=0.1, seed=0):
    """Two half-moons (Maaløe et al. 2016, sec. 4.2): 10,000 rows to train on, 1,000 for validation, 10,000 to test.

    top = (cos t, sin t), bottom = (1 - cos t, 1 - sin t - 0.5), t uniform in [0, pi], plus normal noise.

    Args:
        noise: standard deviation of the noise, which the paper does not state.
        seed: fixes the draw.
    """
    if not noise >= 0:
        raise ValueError(f"noise: got {noise}, want a standard deviation of at least zero")
    generator = torch.Generator().manual_seed(seed)
    parts = []
    for rows in (10_000, 1_000, 10_000):
        y = torch.arange(rows) % 2
        t = math.pi * torch.rand(rows, generator=generator)
        top = torch.stack([t.cos(), t.sin()], -1)
        bottom = torch.stack([1 - t.cos(), 1 - t.sin() - 0.5], -1)
        x = torch.where(y[:, None] == 0, top, bottom) + noise * torch.randn(rows, 2, generator=generator)
        parts.append(Rows(x, y))
    return Dataset("moons", *parts, num_classes=2)


def mnist():
    """MNIST (LeCun et al. 1998): 50,000 rows to train on, the last 10,000 for validation, 10,000 to test, in [0, 1]."""
    arrays = []
    for part in ("train", "t10k"):
        images = read_idx(find("mnist", f"{part}-images-idx3-ubyte.gz"), dimensions=3)
        labels = read_idx(find("mnist", f"{part}-labels-idx1-ubyte.gz"), dimensions=1)
        if len(images) != len(labels):
            raise ValueError(f"mnist: got {len(images)} {part} images and {len(labels)} labels, want as many of each")
        arrays.append(Rows(torch.tensor(images).flatten(1).float() / 255, torch.tensor(labels).long()))
    full, test = arrays
    train, validation = Rows(full.x[:50_000], full.y[:50_000]), Rows(full.x[50_000:], full.y[50_000:])
    return Dataset("mnist", train, validation, test, num_classes=10, image_shape=(28, 28))


DATASETS = {"digits": digits, "mnist": mnist, "moons": moons}


def load(name, **options):
    """A data set by name, on the CPU.

    Args:
        name: ``"digits"``, ``"moons"`` or ``"mnist"``; MNIST's files are looked for in ``$PYRODGM_DATA/mnist``, then
            in the cache, else fetched with checksums.
        options: ``counts`` of the digits, ``noise`` and ``seed`` of the moons.

    Returns:
        A ``Dataset``.

    Raises:
        ValueError: if there is no such data set, or a file of it is damaged.
        FileNotFoundError: if a file is in neither place and cannot be fetched.

    Example::

        data = load("moons", noise=0.2)
        data.train.x, data.test.y
    """
    check_choice("name", name, DATASETS)
    return DATASETS[name](**options)
