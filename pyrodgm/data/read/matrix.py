"""The binary matrices of small NORB, which are called .mat and are not MATLAB's."""

import numpy as np

from pyrodgm.data.read.gz import read_gzip

TYPES = {0x1E3D4C51: "<f4", 0x1E3D4C53: "<f8", 0x1E3D4C54: "<i4", 0x1E3D4C55: "u1", 0x1E3D4C56: "<i2"}


def read_matrix(path, dimensions):
    """Read a gzipped binary matrix.

    The header, little-endian: a magic number that names the type, the number of dimensions, then the sizes, three of
    them even where there are fewer dimensions; the values follow (LeCun, Huang and Bottou 2004, the data set's page).

    Args:
        path: the file.
        dimensions: how many dimensions it must have.

    Returns:
        An array.

    Raises:
        ValueError: if the file is truncated, damaged or of another kind, naming it.
    """
    content = read_gzip(path)
    start = 8 + 4 * max(3, dimensions)
    header = np.frombuffer(content[:start], "<u4") if len(content) >= start else [0, 0]
    if header[0] not in TYPES or header[1] != dimensions:
        raise ValueError(
            f"{path}: got a file that begins with {content[:8].hex()}, want a binary matrix of {dimensions} dimensions"
        )
    shape, dtype = tuple(header[2 : 2 + dimensions].tolist()), np.dtype(TYPES[int(header[0])])
    want = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if len(content) - start != want:
        raise ValueError(f"{path}: got {len(content) - start} bytes of data, want {want} for shape {shape}")
    return np.frombuffer(content, dtype, offset=start).reshape(shape)
