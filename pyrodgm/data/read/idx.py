"""The IDX format of MNIST's files, read whole or not at all."""

import numpy as np

from pyrodgm.data.read.gz import read_gzip


def read_idx(path, dimensions):
    """Read a gzipped IDX file of bytes.

    The header is a magic number 0x0000080d for d dimensions, then d big-endian sizes; the bytes follow.

    Args:
        path: the file.
        dimensions: how many dimensions it must have.

    Returns:
        A uint8 array.

    Raises:
        ValueError: if the file is truncated, damaged or of another kind, naming it.
    """
    content = read_gzip(path)
    start = 4 + 4 * dimensions
    magic = bytes([0, 0, 8, dimensions])
    if content[:4] != magic or len(content) < start:
        raise ValueError(f"{path}: got a file that begins with {content[:4].hex()}, want an IDX file, {magic.hex()}")
    shape = tuple(np.frombuffer(content, ">u4", dimensions, offset=4).tolist())
    if len(content) - start != np.prod(shape):
        raise ValueError(f"{path}: got {len(content) - start} bytes of data, want {np.prod(shape)} for shape {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
