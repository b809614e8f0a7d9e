"""Data sets as tensors, labels to keep, binarisation, and batches that live on the device."""

from pyrodgm.data.batches import Batches, binarise, resample_counts
from pyrodgm.data.datasets import DATASETS, Dataset, Rows, load
from pyrodgm.data.labels import alpha, select_labels

__all__ = ["DATASETS", "Batches", "Dataset", "Rows", "alpha", "binarise", "load", "resample_counts", "select_labels"]
