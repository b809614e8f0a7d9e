"""The binary version of CIFAR-10, read from its archive without unpacking it."""

import tarfile
import zlib

import numpy as np

FOLDER = "cifar-10-batches-bin"


def read_cifar(path, batches):
    """Read batches of CIFAR-10's binary version (Krizhevsky 2009).

    A record is a label, then 1,024 bytes of red, of green and of blue, each line by line.

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
                    raise KeyError(f"{FOLDER}/{batch}.bin is no file")
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
