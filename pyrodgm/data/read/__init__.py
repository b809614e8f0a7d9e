"""Readers of the formats that data sets come in: each checks a file whole, and none executes what it reads."""

from pyrodgm.data.read.amat import read_amat
from pyrodgm.data.read.cifar import read_cifar
from pyrodgm.data.read.idx import read_idx
from pyrodgm.data.read.matlab import read_matlab
from pyrodgm.data.read.matrix import read_matrix
from pyrodgm.data.read.npz import read_npz
from pyrodgm.data.read.table import read_csv, read_parquet

__all__ = [
    "read_amat",
    "read_cifar",
    "read_csv",
    "read_idx",
    "read_matlab",
    "read_matrix",
    "read_npz",
    "read_parquet",
]
