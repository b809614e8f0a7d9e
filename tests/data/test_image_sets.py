"""Every image set, read from small files in its format, and from the real files if present."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import savemat

from pyrodgm.data import fetch, load
from pyrodgm.data.readers import read_matlab
from pyrodgm.data.sources import SOURCES
from tests.data.writers import write_amat, write_cifar, write_idx, write_matrix

RANDOM = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A function that makes a set's folder below an empty $PYRODGM_DATA."""
    monkeypatch.setenv("PYRODGM_DATA", str(tmp_path))

    def make(name):
        (tmp_path / name).mkdir()
        return tmp_path / name

    return make


def sizes(data):
    return [len(rows.x) for rows in data.parts.values()]


def as_bytes(images):
    return (255 * images).round().to(torch.uint8).numpy()


def test_fashion_mnist(folder):
    home = folder("fashion-mnist")
    for part, number in (("train", 10_050), ("t10k", 20)):
        write_idx(home / f"{part}-images-idx3-ubyte.gz", RANDOM.integers(0, 256, (number, 2, 2)))
        write_idx(home / f"{part}-labels-idx1-ubyte.gz", np.arange(number) % 10)
    data = load("fashion-mnist")
    assert sizes(data) == [50, 10_000, 20] and data.classes[9] == "Ankle boot"
    assert data.validation.y[:3].tolist() == [0, 1, 2]
    assert float(data.validation.x.max()) == 1.0
    assert torch.equal(load("fashion-mnist", levels=True).test.x / 255, data.test.x)


@pytest.mark.parametrize("kind", ["amat", "mat"])
def test_binarised_mnist_from_text_and_from_matlab(folder, kind):
    home, bits = folder("binarized_mnist"), RANDOM.integers(0, 2, (6, 784)).astype(np.uint8)
    for part, rows in (("train", bits[:3]), ("valid", bits[3:5]), ("test", bits[5:])):
        if kind == "amat":
            write_amat(home / f"binarized_mnist_{part}.amat", rows)
        else:
            savemat(home / f"binarized_mnist_{part}.mat", {"X": rows})
    data = load("binarised-mnist").to("cpu")
    assert sizes(data) == [3, 2, 1] and data.num_classes is None and data.train.y is None
    np.testing.assert_array_equal(data.validation.x, bits[3:5])


def test_omniglot_as_burda_et_al_split_it(folder):
    """Their matrix has an image a column, and an image column by column."""
    images = RANDOM.random((1_360, 28, 28)).astype(np.float32)
    alphabets = RANDOM.integers(0, 50, 1_360)

    def columns(start, stop):
        return images[start:stop].transpose(0, 2, 1).reshape(-1, 784).T, np.eye(50)[alphabets[start:stop]].T

    (x, y), (x_test, y_test) = columns(0, 1_350), columns(1_350, 1_360)
    savemat(folder("omniglot") / "chardata.mat", {"data": x, "target": y, "testdata": x_test, "testtarget": y_test})
    data = load("omniglot")
    assert data.name == "omniglot" and sizes(data) == [5, 1_345, 10]
    np.testing.assert_array_equal(data.images(data.test.x), images[1_350:])
    assert data.test.y.tolist() == alphabets[1_350:].tolist()
    whole = {row.tobytes(): label for row, label in zip(images.reshape(-1, 784)[:1_350], alphabets, strict=False)}
    for rows in (data.train, data.validation):
        assert all(whole.pop(x.numpy().tobytes()) == y for x, y in zip(rows.x, rows.y.tolist(), strict=True))
    assert not whole


def test_svhn(folder):
    home = folder("svhn")
    numbers = {"train": 5_005, "test": 4, "extra": 3}
    images = {name: RANDOM.integers(0, 256, (number, 32, 32, 3)).astype(np.uint8) for name, number in numbers.items()}
    for name, part in images.items():
        labels = np.arange(len(part))[:, None] % 10 + 1  # the digit zero is labelled 10
        savemat(home / f"{name}_32x32.mat", {"X": part.transpose(1, 2, 3, 0), "y": labels})
    data = load("svhn")
    assert sizes(data) == [5, 5_000, 4]
    np.testing.assert_array_equal(as_bytes(data.images(data.test.x)), images["test"])
    assert data.train.y.tolist() == [1, 2, 3, 4, 5] and data.validation.y[:5].tolist() == [6, 7, 8, 9, 0]
    more = load("svhn", extra=True)
    assert sizes(more) == [8, 5_000, 4] and torch.equal(more.validation.x, data.validation.x)
    np.testing.assert_array_equal(as_bytes(more.images(more.train.x[5:])), images["extra"])
    assert more.train.y.tolist() == [1, 2, 3, 4, 5, 1, 2, 3]
    for part, rows in load("svhn", extra=True, levels=True).parts.items():
        assert torch.equal(rows.x / 255, more.parts[part].x)


class TestSmallNorb:
    @pytest.fixture
    def images(self, folder):
        home, images = folder("small-norb"), RANDOM.integers(0, 256, (2_303, 2, 96, 96), dtype=np.uint8)
        for part, number in (("5x46789x9x18x6x2x96x96-training", 2_303), ("5x01235x9x18x6x2x96x96-testing", 7)):
            write_matrix(home / f"smallnorb-{part}-dat.mat.gz", images[:number])
            write_matrix(home / f"smallnorb-{part}-cat.mat.gz", np.arange(number) % 5)
        return images

    def test_pairs_side_by_side_averaged_over_boxes(self, images):
        data = load("small-norb")
        assert sizes(data) == [3, 2_300, 7] and data.image_shape == (32, 64) and data.x_size == 2048
        assert data.test.y.tolist() == [0, 1, 2, 3, 4, 0, 1] and data.classes[2] == "airplane"
        shown = data.images(data.test.x)
        left, right = (images[:7, camera].reshape(7, 32, 3, 32, 3).mean((2, 4)).round() for camera in (0, 1))
        np.testing.assert_array_equal(as_bytes(shown[:, :, :32]), left)
        np.testing.assert_array_equal(as_bytes(shown[:, :, 32:]), right)

    def test_the_left_camera_as_published(self, images):
        data = load("small-norb", size=96, pairs=False)
        np.testing.assert_array_equal(as_bytes(data.images(data.test.x)), images[:7, 0])
        np.testing.assert_array_equal(
            load("small-norb", size=96, pairs=False, levels=True).test.x[0], images[0, 0].flat
        )
        with pytest.raises(ValueError, match="size: got 50, want a divisor of 96"):
            load("small-norb", size=50)


def test_cifar10(folder):
    images = RANDOM.integers(0, 256, (5_010, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(5_010) % 10
    batches = {f"data_batch_{i + 1}": (images[i * 1002 : (i + 1) * 1002], labels[i * 1002 :][:1002]) for i in range(5)}
    write_cifar(folder("cifar10") / "cifar-10-binary.tar.gz", batches | {"test_batch": (images[:3], labels[:3])})
    data = load("cifar10")
    assert sizes(data) == [10, 5_000, 3] and data.image_shape == (32, 32, 3) and data.classes[0] == "airplane"
    np.testing.assert_array_equal(as_bytes(data.images(torch.cat([data.train.x, data.validation.x]))), images)
    assert torch.cat([data.train.y, data.validation.y]).tolist() == labels.tolist()
    for part, rows in load("cifar10", levels=True).parts.items():
        assert torch.equal(rows.x / 255, data.parts[part].x)


def test_frey_faces_from_matlab(folder):
    frames = RANDOM.integers(0, 256, (1965, 28, 20)).astype(np.uint8)
    savemat(folder("freyfaces") / "frey_rawface.mat", {"ff": frames.reshape(1965, 560).T})
    data = load("freyfaces")
    assert sizes(data) == [1565, 200, 200] and data.image_shape == (28, 20) and data.num_classes is None
    drawn = np.concatenate([as_bytes(data.images(rows.x)) for rows in data.parts.values()])
    assert {frame.tobytes() for frame in drawn} == {frame.tobytes() for frame in frames}


def test_levels_are_the_bytes(folder):
    frames = RANDOM.integers(0, 256, (1965, 28, 20)).astype(np.uint8)
    np.savez(folder("freyfaces") / "freyfaces.npz", images=frames)
    shares, levels = load("freyfaces"), load("freyfaces", levels=True)
    for part in ("train", "validation", "test"):
        x = levels.parts[part].x
        assert torch.equal(x, x.round()) and torch.equal(x / 255, shares.parts[part].x) and x.dtype == torch.float32
    assert float(levels.train.x.max()) == 255


@pytest.mark.parametrize("name", ["digits", "moons", "binarised-mnist", "omniglot", "table.csv"])
def test_levels_of_what_has_no_bytes_are_refused(name):
    with pytest.raises(ValueError, match=f"levels: got True for {name}, want a set of bytes: cifar10, .*, svhn$"):
        load(name, levels=True)


OMNIGLOT = {"data": 1, "target": 1, "testdata": 1, "testtarget": 1}
PLANES = {"x": (3, 3, 32, 32), "y": (3,)}
SOMETHING_ELSE = [
    ("freyfaces", "freyfaces.npz", {"faces": np.zeros(3)}, r"want \(1965, 28, 20\)"),
    ("cifar10-subset", "cifar10_subset.npz", {"x_train": np.zeros(3)}, "got no array 'x_test'"),
    ("omniglot", "omniglot_28x28_box.npz", {"images": np.zeros(3)}, "got no array 'alphabet'"),
    ("omniglot", "chardata.mat", OMNIGLOT, r"want \(784, N\)"),
    ("svhn", "train_32x32.mat test_32x32.mat", {"X": 1, "y": 1}, r"want \(32, 32, 3, N\)"),
    (
        "binarised-mnist",
        "binarized_mnist_train.mat binarized_mnist_valid.mat binarized_mnist_test.mat",
        {"X": np.eye(784) * 2},
        "got values from 0.* to 2.*, want zeros and ones",
    ),
    (
        "binarised-mnist",
        "binarized_mnist_train.mat binarized_mnist_valid.mat binarized_mnist_test.mat",
        {"X": np.eye(784) / 2},
        "got values from 0.0 to 0.5, want zeros and ones",
    ),
    (
        "cifar10-subset",
        "cifar10_subset.npz",
        {f"{name}_{part}": np.zeros(shape, np.uint8) for part in ("train", "test") for name, shape in PLANES.items()},
        r"got x_train with images of shape \(3, 32, 32\), want \(32, 32, 3\)",
    ),
    (
        "omniglot",
        "omniglot_28x28_box.npz",
        {"images": np.zeros((9, 105, 105), np.uint8), "alphabet": np.zeros(9, int), "alphabet_names": ["a"]},
        r"got images of shape \(105, 105\), want \(28, 28\)",
    ),
    (
        "svhn",
        "train_32x32.mat test_32x32.mat",
        {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": [[1], [11]]},
        "got labels from 1 to 11, want 1 to 10",
    ),
    (
        "svhn",
        "train_32x32.mat test_32x32.mat",
        {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": [[1], [0]]},
        "got labels from 0 to 1, want 1 to 10",
    ),
]


@pytest.mark.parametrize(("name", "files", "arrays", "message"), SOMETHING_ELSE)
def test_files_that_hold_something_else(folder, name, files, arrays, message):
    home = folder({"binarised-mnist": "binarized_mnist", "cifar10-subset": "cifar10_subset"}.get(name, name))
    for file in files.split():
        (np.savez(home / file, **arrays) if file.endswith("npz") else savemat(home / file, arrays))
    with pytest.raises(ValueError, match=f"{home}/.*: got .*want") as error:
        load(name)
    assert error.match(message)


def real(folder):
    there = (Path(os.environ.get("PYRODGM_DATA", "nowhere")) / folder).exists()
    return pytest.mark.skipif(not there, reason=f"no {folder} in $PYRODGM_DATA")


class TestRealFiles:
    @real("binarized_mnist")
    def test_binarised_mnist_is_larochelles(self, tmp_path):
        """Written out as text, the MATLAB files have the published checksums of his."""
        paths = {path.name: path for path in fetch("binarised-mnist")}
        for part in ("valid", "test"):
            write = np.full((10_000, 784, 2), ord(" "), np.uint8)
            write[..., 0] = read_matlab(paths[f"binarized_mnist_{part}.mat"], "X")[0] + ord("0")
            write[:, -1, 1] = ord("\n")
            digest = SOURCES["binarised-mnist"].files[f"binarized_mnist_{part}.amat"]
            assert f"sha256:{hashlib.sha256(write.tobytes()).hexdigest()}" == digest
        assert sizes(load("binarised-mnist")) == [50_000, 10_000, 10_000]

    @real("omniglot")
    def test_omniglot_averaged_over_boxes(self):
        data = load("omniglot")
        assert data.name == "omniglot-box" and sizes(data) == [23_045, 1_345, 8_070]
        assert data.num_classes == 50 and data.classes[0] == "Alphabet of the Magi"
        assert torch.cat([rows.y for rows in data.parts.values()]).unique().tolist() == list(range(50))
        assert float(data.train.x.max()) == 1 and 0.05 < float(data.train.x.mean()) < 0.12

    @real("cifar10_subset")
    def test_cifar10_subset(self):
        data = load("cifar10-subset")
        assert sizes(data) == [3_500, 500, 1_000] and data.image_shape == (32, 32, 3)
        assert [data.classes[i] for i in data.test.y[:4]] == ["cat", "ship", "ship", "airplane"]
        assert [data.classes[i] for i in data.train.y[:3]] == ["frog", "truck", "truck"]
        for part, rows in load("cifar10-subset", levels=True).parts.items():
            assert torch.equal(rows.x / 255, data.parts[part].x)

    @real("freyfaces")
    def test_frey_faces(self):
        data = load("freyfaces")
        whole = torch.cat([rows.x for rows in data.parts.values()])
        assert sizes(data) == [1565, 200, 200] and len(whole.unique(dim=0)) > 1_900
        assert float(whole.min()) == pytest.approx(8 / 255) and float(whole.max()) < 1
