import gzip
import math
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from pyrodgm.data import Batches, binarise, labelled_rows, load, resample_counts, select_labels
from pyrodgm.infer import alpha


class TestDigits:
    def test_sizes_and_ranges(self):
        data = load("digits")
        assert [len(p.x) for p in (data.train, data.validation, data.test)] == [1097, 200, 500]
        assert data.x_size == 64 and data.num_classes == 10 and data.image_shape == (8, 8)
        assert float(data.train.x.min()) == 0 and float(data.train.x.max()) == 1

    def test_the_parts_make_up_the_whole_without_overlap(self):
        data = load("digits", counts=True)
        from sklearn.datasets import load_digits

        whole = {tuple(row) for row in load_digits().data.tolist()}
        parts = [{tuple(row) for row in p.x.tolist()} for p in (data.train, data.validation, data.test)]
        assert set.union(*parts) == whole and sum(map(len, parts)) == len(whole)

    def test_every_row_keeps_its_label(self):
        from sklearn.datasets import load_digits

        labels = dict(zip(map(tuple, load_digits().data.tolist()), load_digits().target.tolist(), strict=True))
        for part in load("digits", counts=True).parts.values():
            assert [labels[tuple(row)] for row in part.x.tolist()] == part.y.tolist()


class TestMoons:
    def test_without_noise_the_rows_lie_on_the_two_curves(self):
        data = load("moons", noise=0.0)
        x, y = data.test
        top, bottom = x[y == 0], x[y == 1]
        assert len(top) == len(bottom) == 5000
        torch.testing.assert_close(top.square().sum(-1), torch.ones(5000))
        assert float(top[:, 1].min()) >= -1e-6
        torch.testing.assert_close((bottom - torch.tensor([1.0, 0.5])).square().sum(-1), torch.ones(5000))
        assert float(bottom[:, 1].max()) <= 0.5 + 1e-6

    def test_noise_has_its_standard_deviation(self):
        noisy, clean = load("moons", noise=0.2), load("moons", noise=0.0)
        radius = noisy.train.x[noisy.train.y == 0].norm(dim=-1)
        assert float((radius - 1).std()) == pytest.approx(0.2, rel=0.1)
        assert not torch.equal(noisy.train.x, clean.train.x)

    def test_the_seed_fixes_it(self):
        first, again, other = (load("moons", seed=seed).test.x for seed in (0, 0, 1))
        assert torch.equal(first, again) and not torch.equal(first, other)

    def test_a_negative_noise_is_refused(self):
        with pytest.raises(ValueError, match="noise: got -1, want a standard deviation of at least zero"):
            load("moons", noise=-1)


def write_idx(path, array, magic=None, cut=0):
    header = magic or struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    content = header + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content[: len(content) - cut]))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder in the shape of MNIST's: 60,000 and 10,000 images of 2x2 pixels."""
    monkeypatch.setenv("PYRODGM_DATA", str(tmp_path))
    (tmp_path / "mnist").mkdir()
    generator = np.random.default_rng(0)
    for part, size in (("train", 60_000), ("t10k", 10_000)):
        write_idx(tmp_path / f"mnist/{part}-images-idx3-ubyte.gz", generator.integers(0, 256, (size, 2, 2)))
        write_idx(tmp_path / f"mnist/{part}-labels-idx1-ubyte.gz", np.arange(size) % 10)
    return tmp_path / "mnist"


class TestMNIST:
    def test_reads_the_four_files_of_the_users_folder(self, folder):
        data = load("mnist")
        assert [len(p.x) for p in (data.train, data.validation, data.test)] == [50_000, 10_000, 10_000]
        raw = np.frombuffer(gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
        torch.testing.assert_close(data.train.x[0], torch.tensor(raw[:4] / 255, dtype=torch.float32))
        torch.testing.assert_close(data.validation.x[-1], torch.tensor(raw[-4:] / 255, dtype=torch.float32))
        assert data.test.y[:3].tolist() == [0, 1, 2]

    @pytest.mark.parametrize("damage", ["truncated gzip", "not gzip", "short", "long", "magic", "empty"])
    def test_a_damaged_file_is_named_and_never_half_read(self, folder, damage):
        path = folder / "t10k-images-idx3-ubyte.gz"
        whole = path.read_bytes()
        images = np.zeros((10_000, 2, 2))
        if damage == "truncated gzip":
            path.write_bytes(whole[: len(whole) // 2])
        elif damage == "not gzip":
            path.write_bytes(b"<html>not found</html>")
        elif damage == "short":
            write_idx(path, images, cut=1)
        elif damage == "long":
            path.write_bytes(gzip.compress(gzip.decompress(whole) + b"\0"))
        elif damage == "magic":
            write_idx(path, images, magic=b"\0\0\x0d\x03" + bytes(12))
        else:
            path.write_bytes(gzip.compress(b""))
        with pytest.raises(ValueError, match="t10k-images-idx3-ubyte.gz: got .*, want"):
            load("mnist")

    def test_flipped_bytes_are_caught_by_the_gzip_checksum(self, folder):
        path = folder / "t10k-images-idx3-ubyte.gz"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
        with pytest.raises(ValueError, match="t10k-images-idx3-ubyte.gz: got a damaged gzip file"):
            load("mnist")

    def test_as_many_labels_as_images(self, folder):
        write_idx(folder / "t10k-labels-idx1-ubyte.gz", np.arange(9_999) % 10)
        with pytest.raises(ValueError, match="t10k-images.*: got 10000 images and 9999 labels"):
            load("mnist")

    @pytest.mark.skipif(
        not (Path(os.environ.get("PYRODGM_DATA", "nowhere")) / "mnist").exists(), reason="no MNIST in $PYRODGM_DATA"
    )
    def test_the_real_files(self):
        data = load("mnist")
        assert data.train.x.shape == (50_000, 784) and data.test.x.shape == (10_000, 784)
        assert torch.bincount(torch.cat([data.train.y, data.validation.y])).tolist() == [
            5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
        ]  # fmt: skip
        assert data.train.y[:5].tolist() == [5, 0, 4, 1, 9]


class TestLabels:
    def test_spread_evenly_and_fixed_by_the_seed(self):
        y = torch.randint(0, 10, (1000,))
        rows = select_labels(y, 100, 10, seed=1)
        assert torch.bincount(y[rows]).tolist() == [10] * 10 and len(set(rows.tolist())) == 100
        assert torch.equal(rows, select_labels(y, 100, 10, seed=1))
        assert not torch.equal(rows, select_labels(y, 100, 10, seed=2))

    def test_a_rest_goes_to_random_classes(self):
        counts = torch.bincount(torch.arange(3).repeat(50)[select_labels(torch.arange(3).repeat(50), 10, 3)])
        assert sorted(counts.tolist()) == [3, 3, 4]
        y = torch.arange(3).repeat(50)
        counts = torch.stack([torch.bincount(y[select_labels(y, 11, 3, seed)]) for seed in range(20)])
        assert {tuple(sorted(row)) for row in counts.tolist()} == {(3, 4, 4)}
        assert len(counts.unique(dim=0)) == 3  # any of them may be the one that gets less

    def test_rows_without_a_label_are_never_chosen(self):
        y = torch.arange(3).repeat(20)
        y[torch.arange(60) % 5 > 0] = -1
        assert labelled_rows(y).tolist() == list(range(0, 60, 5))
        rows = select_labels(y, 9, 3, seed=1)
        assert torch.bincount(y[rows]).tolist() == [3, 3, 3]

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            ([0, 1], "y: got list, want a torch.Tensor of class indices"),
            (torch.tensor([-3]), "y: got a label -3, want class indices"),
            (torch.tensor([True]), "y: got dtype torch.bool, want class indices"),
            (torch.zeros(0).long(), r"y: got shape \(0,\), want class indices"),
        ],
    )
    def test_labels_that_are_none(self, y, message):
        with pytest.raises(ValueError, match=message):
            labelled_rows(y)

    @pytest.mark.parametrize(
        ("y", "labels", "classes", "message"),
        [
            (torch.arange(3), 4, 3, "num_labels: got 4, want at most 3, the number of labelled rows"),
            (torch.arange(3).repeat(9), 2, 3, "num_labels: got 2, want at least 3"),
            (torch.arange(2).repeat(9), 3, 3, "y: got 0 rows of class 2, want 1 to label"),
            (torch.arange(3), 3, 2, "y: got labels from 0 to 2, want 0 to 1"),
            (torch.tensor([-1, 0, 1]), 3, 2, "num_labels: got 3, want at most 2, the number of labelled rows"),
            (torch.tensor([-2, 0, 1]), 3, 2, "y: got a label -2, want class indices"),
            (torch.rand(5), 3, 2, "y: got dtype torch.float32, want class indices"),
            (torch.eye(3), 3, 3, r"y: got shape \(3, 3\), want class indices"),
        ],
    )
    def test_bad_arguments(self, y, labels, classes, message):
        with pytest.raises(ValueError, match=message):
            select_labels(y, labels, classes)

    def test_alpha(self):
        assert alpha(0.1, 100, 59_900) == pytest.approx(60)
        with pytest.raises(ValueError, match="num_labelled: got 0, want at least 1"):
            alpha(0.1, 0, 100)


class TestBatches:
    x = torch.arange(10.0)[:, None]

    def test_an_epoch_is_a_permutation_anew(self):
        batches = Batches(self.x, 5)
        first, second = (torch.cat([b["x"] for b in batches]).flatten().tolist() for _ in range(2))
        assert sorted(first) == sorted(second) == list(range(10)) and first != second
        again = torch.cat([b["x"] for b in Batches(self.x, 5)]).flatten().tolist()
        assert again == first
        assert torch.cat([b["x"] for b in Batches(self.x, 5, seed=1)]).flatten().tolist() != first

    def test_every_row_may_have_its_label(self):
        for batch in Batches(self.x, 5, y=torch.arange(10)):
            assert batch["x"].flatten().tolist() == batch["y"].tolist()

    def test_left_over_rows_wait(self):
        batches = Batches(self.x, 3)
        assert len(batches) == len(list(batches)) == 3 and all(len(b["x"]) == 3 for b in batches)
        assert len(list(Batches(self.x, 100))) == 1

    def test_all_labelled_rows_in_every_batch(self):
        x, y = torch.rand(4, 1), torch.arange(4)
        for batch in Batches(self.x, 5, labelled=(x, y)):
            assert (
                torch.equal(batch["labelled"][0], x)
                and torch.equal(batch["labelled"][1], y)
                and batch["unlabelled"].shape == (5, 1)
            )

    def test_labelled_rows_take_turns(self):
        x, y = torch.arange(4.0)[:, None], torch.arange(4)
        batches = Batches(self.x, 5, labelled=(x, y), labelled_batch_size=2)
        seen = [batch["labelled"] for _ in range(2) for batch in batches]
        assert all(torch.equal(x_l.flatten().long(), y_l) for x_l, y_l in seen)
        assert sorted(torch.cat([y_l for _, y_l in seen]).tolist()) == [0, 0, 1, 1, 2, 2, 3, 3]

    def test_rows_that_are_left_of_a_turn_open_the_next_batch(self):
        batches = Batches(self.x, 2, labelled=(torch.rand(4, 1), torch.arange(4)), labelled_batch_size=3)
        seen = torch.cat([batch["labelled"][1] for _ in range(4) for batch in batches])
        assert all(sorted(turn.tolist()) == [0, 1, 2, 3] for turn in seen.split(4))

    def test_more_labelled_rows_a_batch_than_there_are(self):
        batches = Batches(self.x, 5, labelled=(torch.rand(2, 1), torch.arange(2)), labelled_batch_size=6)
        assert torch.bincount(next(iter(batches))["labelled"][1]).tolist() == [3, 3]

    def test_weights_of_one_over_the_numbers_of_labels_draw_every_class_equally_often(self):
        y, weights = torch.tensor([0] * 7 + [1] * 3 + [3]), [1 / 7, 1 / 3, 0, 1]
        batches = Batches(self.x, 2, (torch.arange(11.0)[:, None], y), labelled_batch_size=3, class_weights=weights)
        drawn = [batch["labelled"] for _ in range(7) for batch in batches]
        x_l, y_l = (torch.cat(parts) for parts in zip(*drawn, strict=True))
        assert torch.equal(y_l, y[x_l.flatten().long()])
        turns = x_l.flatten().long()[: len(x_l) // 21 * 21].split(21)  # 7 rows of each of three classes
        assert len(turns) > 2
        counts = [turn.bincount(minlength=11).tolist() for turn in turns]
        for count in counts:
            assert count[:7] == [1] * 7 and sorted(count[7:10]) == [2, 2, 3] and count[10] == 7
        assert len({tuple(count) for count in counts}) > 1  # another row of the second class comes three times
        assert not torch.equal(y[turns[0]], y[turns[1]])

    def test_a_round_has_the_weight_times_the_number_of_labels(self):
        """8 and 4 labels of weights 1 and 5: 8 and 20 in proportion, so 3 and 8 in a round."""
        y = torch.tensor([0] * 8 + [1] * 4)
        batches = Batches(self.x, 5, (torch.rand(12, 1), y), labelled_batch_size=11, class_weights=[1, 5])
        rounds = [batch["labelled"][1] for _ in range(2) for batch in batches]
        assert [turn.bincount().tolist() for turn in rounds] == [[3, 8]] * 4
        equal = Batches(self.x, 5, (torch.rand(12, 1), y), labelled_batch_size=12, class_weights=[2, 2])
        assert next(iter(equal))["labelled"][1].bincount().tolist() == [8, 4]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"labelled": None}, "got no labelled rows, want labelled rows and labelled_batch_size"),
            ({"labelled_batch_size": None}, "got all labelled rows in every batch, want labelled rows and lab"),
            ({"class_weights": [1.0]}, "got 1, want one for each of 2 classes"),
            ({"class_weights": [1.0, -1.0]}, r"got \[1.0, -1.0\], want numbers of at least 0, not all of them 0"),
            ({"class_weights": [0, 0]}, r"got \[0.0, 0.0\], want numbers"),
            ({"class_weights": [1, math.inf]}, r"got \[1.0, inf\], want numbers"),
            ({"class_weights": [1, math.nan]}, r"got \[1.0, nan\], want numbers"),
        ],
    )
    def test_class_weights_that_are_refused(self, options, message):
        labelled = (torch.rand(2, 1), torch.arange(2))
        with pytest.raises(ValueError, match=f"class_weights: {message}"):
            Batches(self.x, 5, **{"labelled": labelled, "labelled_batch_size": 2, "class_weights": [1, 1]} | options)

    def test_resampled_before_every_epoch(self):
        grey = torch.full((400, 1), 0.25)
        batches = Batches(grey, 400, labelled=(grey, torch.zeros(400).long()), resample=binarise)
        first, second = (next(iter(batches)) for _ in range(2))
        assert set(first["unlabelled"].unique().tolist()) == {0.0, 1.0}
        assert float(first["unlabelled"].mean()) == pytest.approx(0.25, abs=0.07)
        assert not torch.equal(first["labelled"][0], second["labelled"][0])
        mixed = torch.tensor([[0.2, 0.5, 0.9]])
        batches = Batches(mixed, 1, labelled=(mixed, torch.zeros(1).long()), resample=binarise)
        epochs = [next(iter(batches)) for _ in range(2000)]  # one row, so that no order hides equal noise
        for rows in (torch.cat([e["unlabelled"] for e in epochs]), torch.cat([e["labelled"][0] for e in epochs])):
            error = (mixed * (1 - mixed) / 2000).sqrt()
            assert bool(((rows.mean(0) - mixed).abs() < 4 * error).all())

    def test_counts_are_resampled_with_their_mean_and_the_variance_of_fewer_draws(self):
        x = torch.tensor([0.0, 4.0, 12.0, 16.0]).repeat(20_000, 1)
        for draws in (4, 16):
            found = resample_counts(x, 16, draws, torch.Generator().manual_seed(0))
            assert set(found.unique().tolist()) <= set(range(0, 17, 16 // draws))
            variance = draws * (x[0] / 16) * (1 - x[0] / 16) * (16 // draws) ** 2
            assert bool(((found.mean(0) - x[0]).abs() <= 4 * (variance / 20_000).sqrt()).all())
            torch.testing.assert_close(found.var(0), variance, rtol=0.05, atol=0)

    def test_a_position_within_an_epoch_is_restored_and_saved_as_it_was(self):
        x = torch.arange(24.0)[:, None]

        def deal():
            return Batches(x, 4, labelled=(x[:5], torch.arange(5)), labelled_batch_size=3, seed=0)

        batches = deal()
        for _ in range(2):
            list(batches)  # labelled rows are left over from the epochs before
        before = iter(batches)
        next(before), next(before)
        again = deal()
        again.load_state_dict(batches.state_dict())
        saved = again.state_dict()
        assert saved["taken"] == 2 and torch.equal(saved["waiting"], batches.state_dict()["waiting"])
        rest, expected = ([torch.cat([b["labelled"][0], b["unlabelled"]]) for b in each] for each in (again, before))
        assert len(rest) == 4 and torch.equal(torch.stack(rest), torch.stack(expected))

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: Batches(torch.rand(5, 2), 0), "batch_size: got 0, want at least 1"),
            (lambda: Batches(torch.rand(0, 2), 1), "x: got an empty batch"),
            (lambda: Batches(torch.full((2, 2), float("nan")), 1), "x: got 4 NaN or infinite values"),
            (lambda: Batches([1.0], 1), "x: got list, want a torch.Tensor"),
            (lambda: Batches(torch.rand(5), 1), r"x: got shape \(5,\), want \(B, 5\)"),
            (
                lambda: Batches(torch.rand(5, 2), 1, (torch.rand(5, 2), torch.zeros(4))),
                "labelled: got 5 rows and 4 labels, want equal numbers",
            ),
            (
                lambda: Batches(torch.rand(5, 2), 1, (torch.full((5, 2), torch.inf), torch.zeros(5))),
                "labelled: got 10 NaN or infinite values",
            ),
            (lambda: Batches(torch.rand(5, 2), 1, (torch.rand(5, 3), None)), r"labelled: got shape \(5, 3\)"),
            (
                lambda: Batches(torch.rand(5, 2), 1, y=torch.zeros(4)),
                "y: got 4 labels, want one label for each of 5 rows",
            ),
            (
                lambda: Batches(torch.rand(5, 2), 1, y=torch.zeros(6)),
                "y: got 6 labels, want one label for each of 5 rows",
            ),
            (
                lambda: Batches(torch.rand(5, 2), 1, (torch.rand(5, 2), torch.zeros(5)), y=torch.zeros(5)),
                "y: got labelled rows too, want one label for each of 5 rows, and no others",
            ),
            (lambda: binarise(torch.tensor([[2.0]])), r"x: got values from 2 to 2, want values in \[0, 1\]"),
            (
                lambda: resample_counts(torch.zeros(2, 2), total_count=16, draws=3),
                "draws: got 3, want a divisor of total_count, 16",
            ),
            (lambda: load("cifar"), r"name: got 'cifar' \(did you mean 'cifar10'\?\), want one of binarised-mnist, "),
        ],
    )
    def test_bad_arguments(self, make, message):
        with pytest.raises(ValueError, match=message):
            make()
