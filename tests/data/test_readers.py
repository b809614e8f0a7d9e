"""Every reader, with a tiny file of its format and with damaged files."""

import gzip
import struct

import numpy as np
import pytest
from scipy.io import savemat

from pyrodgm.data.readers import read_amat, read_cifar, read_idx, read_matlab, read_matrix, read_npz
from tests.data.writers import write_amat, write_cifar, write_idx, write_matrix

RANDOM = np.random.default_rng(0)
BYTES = RANDOM.integers(0, 256, (3, 2, 4, 4)).astype(np.uint8)
BITS = RANDOM.integers(0, 2, (5, 6)).astype(np.uint8)
COLOURS = RANDOM.integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)


def test_idx(tmp_path):
    write_idx(tmp_path / "file", BYTES)
    np.testing.assert_array_equal(read_idx(tmp_path / "file", dimensions=4), BYTES)


def test_amat(tmp_path):
    write_amat(tmp_path / "file", BITS)
    np.testing.assert_array_equal(read_amat(tmp_path / "file", columns=6), BITS)


def test_matrix(tmp_path):
    write_matrix(tmp_path / "images", BYTES)
    np.testing.assert_array_equal(read_matrix(tmp_path / "images", dimensions=4), BYTES)
    write_matrix(tmp_path / "labels", np.array([4, 0, 70_000]))
    assert read_matrix(tmp_path / "labels", dimensions=1).tolist() == [4, 0, 70_000]


@pytest.mark.parametrize(
    ("magic", "dtype", "values"),
    [
        (0x1E3D4C51, "<f4", [0.5, -2.0, 1e30]),
        (0x1E3D4C53, "<f8", [0.1, -2.0, 1e300]),
        (0x1E3D4C54, "<i4", [1, -2, 70_000]),
        (0x1E3D4C55, "u1", [1, 2, 255]),
        (0x1E3D4C56, "<i2", [1, -2, 300]),
    ],
)
def test_a_matrix_has_the_type_of_its_magic_number(tmp_path, magic, dtype, values):
    """The numbers are those of the data set's page."""
    content = struct.pack("<5I", magic, 1, 3, 1, 1) + np.array(values, dtype).tobytes()
    (tmp_path / "file").write_bytes(gzip.compress(content))
    assert read_matrix(tmp_path / "file", dimensions=1).tolist() == np.array(values, dtype).tolist()


@pytest.mark.parametrize("compressed", [False, True])
def test_matlab(tmp_path, compressed):
    savemat(tmp_path / "file.mat", {"X": BYTES, "y": [[1], [10]], "z": 1.0}, do_compression=compressed)
    images, labels = read_matlab(tmp_path / "file.mat", "X", "y")
    np.testing.assert_array_equal(images, BYTES)
    assert labels.tolist() == [[1], [10]]


def test_cifar(tmp_path):
    write_cifar(tmp_path / "file", {"data_batch_1": (COLOURS[:3], [1, 9, 0]), "test_batch": (COLOURS[3:], [7])})
    images, labels = read_cifar(tmp_path / "file", ["data_batch_1", "test_batch"])
    np.testing.assert_array_equal(images, COLOURS)
    assert labels.tolist() == [1, 9, 0, 7]


def test_npz(tmp_path):
    np.savez(tmp_path / "file.npz", x=BITS, name=np.array(["a", "b"]))
    arrays = read_npz(tmp_path / "file.npz")
    np.testing.assert_array_equal(arrays["x"], BITS)
    assert arrays["name"].tolist() == ["a", "b"]


class ExecutedError(Exception):
    """What a pickle that is executed would raise."""


class Bomb:
    def __reduce__(self):
        return exec, ("raise __import__('tests.data.test_read', fromlist=['ExecutedError']).ExecutedError",)


def test_nothing_is_executed(tmp_path):
    np.savez(tmp_path / "file.npz", x=np.array([Bomb()], dtype=object))
    with pytest.raises(ValueError, match=r"file.npz: got a file that cannot be read \(Object arrays"):
        read_npz(tmp_path / "file.npz")


def write_npy(path, save, *args, **kwargs):
    """Save under a name without an ending."""
    with path.open("wb") as file:
        save(file, *args, **kwargs)


def cut_in_half(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


DAMAGE = {
    "html": lambda path: path.write_bytes(b"<html>not found</html>"),
    "half": cut_in_half,
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(1000)),
}
READERS = {
    "idx": (lambda path: write_idx(path, BYTES), lambda path: read_idx(path, 4)),
    "amat": (lambda path: write_amat(path, BITS), lambda path: read_amat(path, 6)),
    "matrix": (lambda path: write_matrix(path, BYTES), lambda path: read_matrix(path, 4)),
    "matlab": (lambda path: savemat(path, {"X": BYTES}, appendmat=False), lambda path: read_matlab(path, "X")),
    "cifar": (
        lambda path: write_cifar(path, {"test_batch": (COLOURS, [0] * 4)}),
        lambda p: read_cifar(p, ["test_batch"]),
    ),
    "npz": (lambda path: write_npy(path, np.savez, x=BYTES), read_npz),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", READERS)
def test_a_damaged_file_is_named_and_never_half_read(tmp_path, kind, damage):
    write, read = READERS[kind]
    write(tmp_path / "file")
    read(tmp_path / "file")
    DAMAGE[damage](tmp_path / "file")
    with pytest.raises(ValueError, match=f"{tmp_path}/file: got .*, want"):
        read(tmp_path / "file")


@pytest.mark.parametrize(
    ("write", "read", "message"),
    [
        (lambda p: write_amat(p, BITS + 1), lambda p: read_amat(p, 6), "want lines of 6 zeros and ones"),
        (lambda p: write_amat(p, BITS), lambda p: read_amat(p, 10), "want lines of 10 zeros and ones"),
        (lambda p: p.write_text("0 1,0 1\n"), lambda p: read_amat(p, 4), "want lines of 4 zeros and ones with spaces"),
        (lambda p: p.write_text("0 1 0 1 "), lambda p: read_amat(p, 4), "want lines of 4 zeros and ones with spaces"),
        (lambda p: write_matrix(p, BYTES), lambda p: read_matrix(p, 1), "want a binary matrix of 1 dimensions"),
        (lambda p: write_matrix(p, BYTES, cut=1), lambda p: read_matrix(p, 4), "got 95 bytes of data, want 96"),
        (lambda p: savemat(p, {"x": BYTES}, appendmat=False), lambda p: read_matlab(p, "X"), "got no variable 'X'"),
        (lambda p: savemat(p, {"X": "text"}, appendmat=False), lambda p: read_matlab(p, "X"), "not a numeric array"),
        (
            lambda p: write_cifar(p, {"test_batch": (COLOURS, [0] * 4)}, cut=1),
            lambda p: read_cifar(p, ["test_batch"]),
            "got 12291 bytes in test_batch, want a multiple of 3073",
        ),
        (
            lambda p: write_cifar(p, {"test_batch": (COLOURS, [0, 1, 2, 10])}),
            lambda p: read_cifar(p, ["test_batch"]),
            "got a label 10",
        ),
        (
            lambda p: write_cifar(p, {"test_batch": (COLOURS, [0] * 4)}),
            lambda p: read_cifar(p, ["data_batch_1"]),
            "without a batch .*data_batch_1.bin",
        ),
        (lambda p: write_npy(p, np.save, BYTES), read_npz, "it is a single array"),
    ],
)
def test_files_of_another_kind(tmp_path, write, read, message):
    write(tmp_path / "file")
    with pytest.raises(ValueError, match=f"{tmp_path}/file: got .*") as error:
        read(tmp_path / "file")
    assert error.match(message)
