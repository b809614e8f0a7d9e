"""Readers of binary data set formats. Each validates the whole file, and none executes code from it."""

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.io import loadmat


def read_idx(path: str | Path, dimensions: int) -> np.ndarray:
    """Read a gzipped IDX file of bytes.

    The header is the magic number 0x0000080d for d dimensions, then d big-endian sizes. The bytes follow.

    Args:
        path: the file.
        dimensions: the required number of dimensions.

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


def read_gzip(path: str | Path) -> bytes:
    """Read the content of a gzip file.

    Raises:
        ValueError: if the file is truncated, damaged or not a gzip file, naming it.
    """
    try:
        with gzip.open(path) as file:
            return file.read()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: got a damaged gzip file ({error}), want a whole one") from error


TYPES = {0x1E3D4C51: "<f4", 0x1E3D4C53: "<f8", 0x1E3D4C54: "<i4", 0x1E3D4C55: "u1", 0x1E3D4C56: "<i2"}


def read_matrix(path: str | Path, dimensions: int) -> np.ndarray:
    """Read a gzipped binary matrix.

    The header is little-endian: a magic number for the data type, the number of dimensions, then the sizes (at least
    three, even for fewer dimensions). The values follow (LeCun, Huang and Bottou 2004, the data set's page).

    Args:
        path: the file.
        dimensions: the required number of dimensions.

    Returns:
        An array.

    Raises:
        ValueError: if the file is truncated, damaged or of another kind, naming it.
    """
    content = read_gzip(path)
    start = 8 + 4 * max(3, dimensions)
    header = np.frombuffer(content[:start], "<u4").tolist() if len(content) >= start else [0, 0]
    if header[0] not in TYPES or header[1] != dimensions:
        raise ValueError(
            f"{path}: got a file that begins with {content[:8].hex()}, want a binary matrix of {dimensions} dimensions"
        )
    shape, dtype = tuple(header[2 : 2 + dimensions]), np.dtype(TYPES[header[0]])
    want = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if len(content) - start != want:
        raise ValueError(f"{path}: got {len(content) - start} bytes of data, want {want} for shape {shape}")
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def read_matlab(path: str | Path, *names: str) -> list[np.ndarray]:
    """Read numeric arrays from a MATLAB level 5 file, as written by MATLAB up to version 7.

    Args:
        path: the file.
        names: the variables to read.

    Returns:
        A list of arrays, one per name.

    Raises:
        ValueError: if the file is damaged or of another kind, or lacks a numeric array of a given name.

    Example::

        images, labels = read_matlab("train_32x32.mat", "X", "y")
    """
    with open(path, "rb") as file:
        try:
            content = loadmat(file, variable_names=names)
        except Exception as error:  # scipy's parser raises many kinds of errors on other files
            raise ValueError(f"{path}: got a damaged file or another kind ({error}), want a MATLAB 5 file") from error
    for name in names:
        if name not in content:
            raise ValueError(f"{path}: got no variable {name!r}, want {', '.join(names)}")
        if not isinstance(content[name], np.ndarray) or content[name].dtype.kind not in "uifb":
            raise ValueError(f"{path}: got {name!r} that is not a numeric array, want one")
    return [content[name] for name in names]


FOLDER = "cifar-10-batches-bin"


def read_cifar(path: str | Path, batches: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read batches of CIFAR-10's binary version (Krizhevsky 2009).

    A record is a label, then 1,024 bytes each of red, green and blue, stored line by line.

    Args:
        path: the archive, a gzipped tar file.
        batches: names of the batches, such as ``"test_batch"``.

    Returns:
        Images ``(N, 32, 32, 3)`` and labels ``(N,)``, both uint8.

    Raises:
        ValueError: if the archive is truncated, damaged, of another kind or lacks a batch, naming it.

    Example::

        images, labels = read_cifar("cifar-10-binary.tar.gz", ["test_batch"])
    """
    contents = []
    try:
        with tarfile.open(path, "r:gz") as archive:
            for batch in batches:
                member = archive.extractfile(f"{FOLDER}/{batch}.bin")
                if member is None:
                    raise KeyError(f"{FOLDER}/{batch}.bin is not a file")
                contents.append(member.read())
    except KeyError as error:
        raise ValueError(f"{path}: got an archive without a batch ({error.args[0]}), want CIFAR-10's binary") from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: got a damaged archive ({error}), want a whole one") from error
    for batch, content in zip(batches, contents, strict=True):
        if not content or len(content) % 3073:
            raise ValueError(f"{path}: got {len(content)} bytes in {batch}, want a multiple of 3073")
    records = np.frombuffer(b"".join(contents), np.uint8).reshape(-1, 3073)
    if (labels := records[:, 0]).max() > 9:
        raise ValueError(f"{path}: got a label {labels.max()}, want labels from 0 to 9")
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels


def read_amat(path: str | Path, columns: int) -> np.ndarray:
    """Read text of zeros and ones separated by spaces, one row per line.

    Args:
        path: the file.
        columns: number of values D per row.

    Returns:
        A uint8 array of zeros and ones ``(N, D)``.

    Raises:
        ValueError: if the file is truncated, empty or of another kind, naming it.
    """
    content = Path(path).read_bytes()
    if not content or len(content) % (2 * columns):
        raise ValueError(
            f"{path}: got {len(content)} bytes, want a multiple of {2 * columns}: lines of {columns} values"
        )
    characters = np.frombuffer(content, np.uint8).reshape(-1, columns, 2)
    values, separators = characters[..., 0] - ord("0"), characters[..., 1]
    if (values > 1).any() or (separators[:, :-1] != ord(" ")).any() or (separators[:, -1] != ord("\n")).any():
        raise ValueError(f"{path}: got other text, want lines of {columns} zeros and ones with spaces between them")
    return values


def read_npz(path: str | Path) -> dict[str, np.ndarray]:
    """Read all arrays of an .npz file.

    Returns:
        A dict from name to array.

    Raises:
        ValueError: if the file is damaged, of another kind, or holds pickled objects, which are not loaded.
    """
    try:
        with open(path, "rb") as file:
            arrays = np.load(file, allow_pickle=False)
            if isinstance(arrays, np.ndarray):
                raise ValueError("it is a single array")
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path}: got a file that cannot be read ({error}), want an .npz of plain arrays") from error
