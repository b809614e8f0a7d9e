"""Data sets by name, with training, validation and test tensors."""

import inspect
from pathlib import Path
from typing import Any

import torch

from pyrodgm.checks import check_choice
from pyrodgm.data.dataset import Dataset, Rows
from pyrodgm.data.image_sets import (
    binarised_mnist,
    cifar10,
    cifar10_subset,
    digits,
    fashion_mnist,
    frey_faces,
    mnist,
    omniglot,
    small_norb,
    svhn,
)
from pyrodgm.data.pv.dataset import pv
from pyrodgm.data.toy import circles, moons, potential
from pyrodgm.data.user_data import from_file, is_file

__all__ = ["DATASETS", "Dataset", "Rows", "load"]

DATASETS = {
    "binarised-mnist": binarised_mnist,
    "cifar10": cifar10,
    "cifar10-subset": cifar10_subset,
    "circles": circles,
    "digits": digits,
    "fashion-mnist": fashion_mnist,
    "freyfaces": frey_faces,
    "mnist": mnist,
    "moons": moons,
    "omniglot": omniglot,
    "potential": potential,
    "pv": pv,
    "small-norb": small_norb,
    "svhn": svhn,
}


def load(name: str | Path, **options: Any) -> Dataset:
    """Load a data set by name, or your own file, on the CPU, whatever torch's default device.

    Args:
        name: one of ``DATASETS``, whose docstrings give the sizes and the scale of x; or the path of a ``.csv``,
            ``.csv.gz``, ``.parquet`` or ``.npz`` file. The files of a named set are looked for in its folder below
            ``$PYRODGM_DATA``, then in the cache, and otherwise downloaded and verified, see ``fetch``.
        options: arguments of the set, such as ``counts`` for the digits, ``noise`` and ``seed`` for the moons, and
            ``levels=True`` for images as bytes from 0 to 255. For a file: ``label``, ``split`` and ``seed``, see
            ``from_file``.

    Returns:
        A ``Dataset``.

    Raises:
        ValueError: if the data set is unknown, a file is damaged, or ``levels`` is given for data that are not bytes.
        FileNotFoundError: if a file is missing and cannot be downloaded.

    Example::

        data = load("moons", noise=0.2)
        data.train.x, data.test.y
        load("penguins.csv", label="species")
    """
    if "levels" in options and name not in (of_bytes := [key for key in DATASETS if _has_levels(key)]):
        raise ValueError(f"levels: got {options['levels']} for {name}, want a set of bytes: {', '.join(of_bytes)}")
    if is_file(name):
        with torch.device("cpu"):
            return from_file(name, **options)
    if name not in DATASETS and Path(name).is_file():
        raise ValueError(f"name: got the file {name}, want one that ends in .csv, .csv.gz, .parquet or .npz")
    check_choice("name", name, DATASETS)
    with torch.device("cpu"):
        return DATASETS[str(name)](**options)


def _has_levels(name):
    return "levels" in inspect.signature(DATASETS[name]).parameters
