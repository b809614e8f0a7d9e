"""Data sets as tensors, a user's own data, preprocessing, labels to keep, and batches that live on the device."""

from pyrodgm.data.batches import Batches, binarise, resample_counts
from pyrodgm.data.dataset import Dataset, Rows
from pyrodgm.data.datasets import DATASETS, load
from pyrodgm.data.labels import alpha, labelled_rows, select_labels
from pyrodgm.data.own import from_arrays, from_file
from pyrodgm.data.preprocess import dequantise, keep_varying, project, standardise
from pyrodgm.data.store import fetch, files, origin, path

__all__ = [
    "DATASETS",
    "Batches",
    "Dataset",
    "Rows",
    "alpha",
    "binarise",
    "dequantise",
    "fetch",
    "files",
    "from_arrays",
    "from_file",
    "keep_varying",
    "labelled_rows",
    "load",
    "origin",
    "path",
    "project",
    "resample_counts",
    "select_labels",
    "standardise",
]
