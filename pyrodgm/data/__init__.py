"""Data sets as tensors, your own data, preprocessing, label selection, and batches on the device."""

from pyrodgm.data.batches import Batches
from pyrodgm.data.dataset import Dataset, Rows
from pyrodgm.data.datasets import DATASETS, load
from pyrodgm.data.labels import labelled_rows, select_labels
from pyrodgm.data.preprocess import binarise, dequantise, keep_varying, project, resample_counts, standardise
from pyrodgm.data.store import fetch, files, origin, path
from pyrodgm.data.toy import RingPotential
from pyrodgm.data.user_data import from_arrays, from_file

__all__ = [
    "DATASETS",
    "Batches",
    "Dataset",
    "RingPotential",
    "Rows",
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
