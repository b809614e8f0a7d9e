"""Writers of tiny files in the formats of the data sets, following the descriptions of the formats."""

import gzip
import io
import struct
import tarfile

import numpy as np


def write_idx(path, array):
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes(), compresslevel=1))


def write_matrix(path, array, cut=0):
    """Small NORB's binary matrix: bytes of dimension 4, integers of dimension 1 with its header padded to three."""
    magic, dtype = (0x1E3D4C55, "u1") if array.ndim > 1 else (0x1E3D4C54, "<i4")
    sizes = [*array.shape, 1, 1][: max(3, array.ndim)]
    content = struct.pack(f"<{2 + len(sizes)}i", magic, array.ndim, *sizes) + array.astype(dtype).tobytes()
    path.write_bytes(gzip.compress(content[: len(content) - cut], compresslevel=1))


def write_amat(path, rows):
    path.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows.tolist()))


def write_cifar(path, batches, cut=0):
    """An archive of records: the label, then the red, the green and the blue plane."""
    with tarfile.open(path, "w:gz") as archive:
        for name, (images, labels) in batches.items():
            records = [
                bytes([label]) + image.transpose(2, 0, 1).tobytes() for image, label in zip(images, labels, strict=True)
            ]
            content = b"".join(records)
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            member.size = len(content) - cut
            archive.addfile(member, io.BytesIO(content[: member.size]))
