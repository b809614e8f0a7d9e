"""The user's own data: tables, arrays, labels of any type, splits, and bad input."""

import gzip
import sys

import numpy as np
import pandas
import pytest
import torch

from pyrodgm.data import from_arrays, from_file, labelled_rows, load
from pyrodgm.data.tables import read_csv

SPECIES = ["Gentoo", "", "Adelie", "Chinstrap"]
LINES = [f" {i}.5,{i % 7},{SPECIES[i % 4]}, -1e3" for i in range(40)]
TABLE = "\n".join(["bill, flipper ,species,mass", *LINES[:20], "", *LINES[20:], ""])
EXPECTED = sorted((([i + 0.5, i % 7, -1000.0], [2, -1, 0, 1][i % 4]) for i in range(40)), key=str)


def rows_of(data):
    """Every row with its label, from all parts."""
    parts = data.parts.values()
    pairs = [pair for rows in parts for pair in zip(rows.x.tolist(), rows.y.tolist(), strict=True)]
    return sorted(pairs, key=str)


def rows_of_all(data):
    """Every row, from all parts."""
    return sorted(row for rows in data.parts.values() for row in rows.x.tolist())


def numbered(labels, times=20):
    """Rows that hold their number, and each label so many times."""
    y = [label for label in labels for _ in range(times)]
    return np.arange(len(y), dtype=np.float32)[:, None], y


class TestTables:
    @pytest.mark.parametrize("name", ["birds.csv", "birds.csv.gz", "mark.csv"])
    def test_csv(self, tmp_path, name):
        text = ("\ufeff" if name == "mark.csv" else "") + TABLE
        (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
        data = load(tmp_path / name, label="species")
        assert data.name == name and data.classes == ("Adelie", "Chinstrap", "Gentoo") and data.num_classes == 3
        assert rows_of(data) == EXPECTED and data.train.x.dtype == torch.float32 and data.image_shape is None

    def test_numbers_are_read_in_double_precision(self, tmp_path):
        (tmp_path / "own.csv").write_text("a,b\n" + "1.00000001,2\n" * 20)
        x, labels = read_csv(tmp_path / "own.csv")
        assert x.dtype == np.float64 and x[0].tolist() == [1.00000001, 2] and labels is None

    def test_csv_without_labels(self, tmp_path):
        (tmp_path / "own.csv").write_text("a,b\n" + "1,2\n" * 20)
        data = load(str(tmp_path / "own.csv"))
        assert data.num_classes is None and data.classes is None and data.test.y is None and len(data.test.x) == 2

    def test_csv_with_whole_numbers_for_labels(self, tmp_path):
        """Sorted as numbers; -1 is a class there, because an empty cell is a row without a label."""
        (tmp_path / "own.csv").write_text("a,y\n" + "1,10\n2,9\n3,-1\n4,\n" * 10)
        data = load(tmp_path / "own.csv", label="y")
        assert data.classes == ("-1", "9", "10")
        assert {x[0]: y for x, y in rows_of(data)} == {1: 2, 2: 1, 3: 0, 4: -1}

    def test_spaces_around_a_label_are_none_of_it(self, tmp_path):
        (tmp_path / "own.csv").write_text("a,y\n" + "1,Gentoo\n2, Gentoo\n3,Adelie \n4, \n" * 10)
        data = load(tmp_path / "own.csv", label="y")
        assert data.classes == ("Adelie", "Gentoo")
        assert {x[0]: y for x, y in rows_of(data)} == {1: 1, 2: 1, 3: 0, 4: -1}

    def test_a_quoted_cell_after_a_space_loses_its_quotes(self, tmp_path):
        (tmp_path / "own.csv").write_text("a, y\n" + '1, "Gentoo"\n"2", Adelie\n' * 10)
        data = load(tmp_path / "own.csv", label="y")
        assert data.classes == ("Adelie", "Gentoo") and {x[0]: y for x, y in rows_of(data)} == {1: 1, 2: 0}

    def test_npz(self, tmp_path):
        x, y = numbered([3, -1, 8])
        np.savez(tmp_path / "own.npz", x=x, y=y, x_test=x[:2] + 1000, y_test=[8, 3])
        data = load(tmp_path / "own.npz", seed=3)
        assert (
            data.classes == ("3", "8") and data.test.y.tolist() == [1, 0] and data.test.x.tolist() == [[1000], [1001]]
        )
        assert len(data.train.x) == 54 and len(data.validation.x) == 6  # eight to one, within each class

    def test_parquet_needs_pyarrow(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        (tmp_path / "own.parquet").touch()
        with pytest.raises(ValueError, match="own.parquet: got a Parquet file, want pyarrow to read it: pip install"):
            load(tmp_path / "own.parquet")

    def test_parquet(self, tmp_path):
        import pyarrow
        from pyarrow import parquet

        table = {"a": [1.5, 2.5] * 20, "b": [1, 2] * 20, "y": [7, None] * 10 + [-1, 7] * 10}
        parquet.write_table(pyarrow.table(table), tmp_path / "own.parquet")
        data = load(tmp_path / "own.parquet", label="y")
        assert data.classes == ("-1", "7")
        expected = zip(table["a"], table["b"], table["y"], strict=True)
        assert rows_of(data) == sorted((([a, b], {-1: 0, 7: 1, None: -1}[y]) for a, b, y in expected), key=str)
        (tmp_path / "own.parquet").write_bytes(b"PAR1")
        with pytest.raises(ValueError, match="own.parquet: got a file that cannot be read"):
            load(tmp_path / "own.parquet")
        parquet.write_table(pyarrow.table({"a": [1.0, None]}), tmp_path / "own.parquet")
        with pytest.raises(ValueError, match="got an empty cell in column 'a', row 2"):
            load(tmp_path / "own.parquet")

    def test_parquet_with_whole_numbers_that_pandas_made_floats(self, tmp_path):
        import pyarrow
        from pyarrow import parquet

        table = pyarrow.table({"a": [1.0] * 40, "y": [-1.0, 7.0, None, 7.0] * 10})
        parquet.write_table(table, tmp_path / "own.parquet")
        assert load(tmp_path / "own.parquet", label="y").classes == ("-1", "7")

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"a": [[1.0, 2.0]] * 40}, r"got list<.*double> in column 'a', want a single value in each cell"),
            ({"a": [{"b": 1}] * 40}, "got struct<b: int64> in column 'a'"),
            ({"a": [1] * 40, "__index_level_0__": range(40)}, "got no name for column 2, want a name for each; pandas"),
        ],
    )
    def test_parquet_with_other_columns(self, tmp_path, columns, message):
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.table(columns), tmp_path / "own.parquet")
        with pytest.raises(ValueError, match=f"own.parquet: {message}"):
            load(tmp_path / "own.parquet")


BAD_TABLES = [
    ("a,b\n1,2\n3,four\n", "got 'four' in column 'b', row 2, want a finite number"),
    ("a,b\n1,2\n,4\n", "got an empty cell in column 'a', row 2, want a finite number; DeepGenerative"),
    ("a,b\n1,nan\n3,4\n", "got 'nan' in column 'b', row 1, want a finite number"),
    ("a,b\n1,2\n3,1e999\n", "got '1e999' in column 'b', row 2"),
    ("a,b\n1,2\n3\n", "got 1 cells in row 2, want 2, one for each column name"),
    ("a,b\n1,2,3\n", "got 3 cells in row 1, want 2"),
    ("2019,b\n1,2,3\n", "got 3 cells in row 1, want 2"),  # one name may be a number
    ("\ufeffa,b\nx,2\n", "got 'x' in column 'a', row 1"),  # the byte order mark is no part of the name
    ("a,b\n", "got no rows, want a header line of column names and at least one row"),
    ("", "got no rows"),
    ("1,2\n3,4\n", "got a first line of numbers, want column names"),
    ("a,a\n1,2\n", "got the column 'a' twice"),
    (
        ",a\n0,1\n1,2\n",
        "got no name for column 1, want a name for each; pandas writes an index this way unless index=False",
    ),
    ("a,,b\n1,2,3\n", "got no name for column 2"),
    ("a;b\n1;2\n", "got the only column 'a;b', want commas between cells"),
    ("a;b\n1,5;2,5\n", "got the only column 'a;b', want commas between cells, points in numbers"),
    ("a\tb\n1\t2\n", r"got the only column 'a\\tb', want commas"),
    ('a,b\n1,"2\n', "got a file that cannot be read"),
    (b"a,b\n1,\xff\n", "got a file that cannot be read .*utf-8"),
    (b"\x1f\x8b", "got a file that cannot be read"),
]


@pytest.mark.parametrize(("text", "message"), BAD_TABLES)
def test_bad_tables(tmp_path, text, message):
    path = tmp_path / "own.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=rf"{path}: {message}"):
        load(path)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("own.csv", {"label": "specis"}, "label: got 'specis', want a column of .*own.csv, such as species$"),
        ("own.csv", {"label": "Species"}, "label: got 'Species', want a column of .*own.csv, such as species$"),
        ("own.csv", {"label": "SPECIES"}, "label: got 'SPECIES', want a column of .*own.csv, such as species$"),
        (
            "own.csv",
            {"label": "zzz"},
            "label: got 'zzz', want a column of .*own.csv, such as bill, flipper, species, mass",
        ),
        (
            "own.csv",
            {"label": "species", "split": (1, 1, 1)},
            "split: got .*, want three positive shares that sum to 1",
        ),
        ("own.csv", {"split": (0.98, 0.01, 0.01)}, "split: got 40 rows of 3 classes, which leave none for validation"),
        ("own.csv", {"label": "mass"}, "got 'Gentoo' in column 'species', row 1, want a finite number$"),
        ("own.npz", {"label": "y"}, "label: got 'y', want none for an .npz file"),
        ("own.npz", {}, "own.npz: got the arrays x, z, want x, and"),
    ],
)
def test_bad_options(tmp_path, name, options, message):
    (tmp_path / "own.csv").write_text(TABLE)
    np.savez(tmp_path / "own.npz", x=np.zeros((2, 2)), z=1)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / name, **({} if "label" in options or name == "own.npz" else {"label": "species"}) | options)


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "own.txt").write_text(TABLE)
    with pytest.raises(ValueError, match="name: got the file .*own.txt, want one that ends in .csv"):
        load(tmp_path / "own.txt")

    with pytest.raises(ValueError, match="path: got .*own.txt, want a file that ends in .csv, .csv.gz, .parquet or"):
        from_file(tmp_path / "own.txt")


def test_an_absent_file():
    with pytest.raises(FileNotFoundError, match="name: got nowhere.csv, want an existing file"):
        load("nowhere.csv")


class TestLabels:
    @pytest.mark.parametrize(
        ("make", "labels", "classes"),
        [
            (list, ["dog", "cat", None], ("cat", "dog")),
            (list, ["10", "9", ""], ("9", "10")),
            (list, [True, False, None], ("False", "True")),
            (list, [2, 1, -1], ("1", "2")),
            (np.array, ["dog", "cat", ""], ("cat", "dog")),
            (np.array, ["dog", "cat", None], ("cat", "dog")),
            (np.array, [10.0, 9.0, np.nan], ("9", "10")),
            (np.array, [2, 1, -1], ("1", "2")),
            (torch.tensor, [10.0, 9.0, np.nan], ("9", "10")),
            (torch.tensor, [2, 1, -1], ("1", "2")),
            (lambda y: list(torch.tensor(y)), [2, 1, -1], ("1", "2")),
            (lambda y: list(np.array(y, np.float32)), [2, 1, np.nan], ("1", "2")),
            (lambda y: np.ma.masked_equal(y, 3), [2, 1, 3], ("1", "2")),
            (lambda y: np.array(y, "S"), ["dog", "cat", ""], ("cat", "dog")),
            (lambda y: pandas.Series(y, dtype="Int64"), [2, 1, None], ("1", "2")),
            (lambda y: pandas.Series(y, dtype="string"), ["dog", "cat", None], ("cat", "dog")),
        ],
    )
    def test_labels_of_any_type_become_indices_in_sorted_order(self, make, labels, classes):
        x, y = numbered(labels)
        data = from_arrays(x, make(y))
        assert data.classes == classes and data.num_classes == 2
        assert [y for _, y in sorted((x[0], y) for x, y in rows_of(data))] == [1] * 20 + [0] * 20 + [-1] * 20

    def test_labels_of_all_parts_share_their_indices(self):
        data = from_arrays([[0], [1]], ["b", "c"], [[2]], ["d"], [[3], [4]], ["a", None])
        assert data.classes == ("a", "b", "c", "d")
        assert [rows.y.tolist() for rows in data.parts.values()] == [[1, 2], [3], [0, -1]]


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.astype(">f4"),
        np.asfortranarray,
        lambda x: np.ascontiguousarray(x[::-1])[::-1],
        lambda x: x.astype(np.float16),
        torch.tensor,
        torch.Tensor.bfloat16,
    ],
)
def test_arrays_of_any_layout(change):
    x = np.arange(40, dtype=np.float32).reshape(20, 2)
    found = from_arrays(change(torch.tensor(x) if change is torch.Tensor.bfloat16 else x))
    assert rows_of_all(found) == x.tolist() and found.train.x.dtype == torch.float32


class TestSplit:
    x, y = numbered(["a", "b", None])

    def test_the_parts_are_disjoint_and_spread_each_class(self):
        data = from_arrays(self.x, self.y, split=(0.5, 0.2, 0.3))
        assert sorted(x[0] for x, _ in rows_of(data)) == list(range(60))
        for rows, each in zip(data.parts.values(), (10, 4, 6), strict=True):
            assert torch.bincount(rows.y + 1).tolist() == [each] * 3

    def test_the_seed_fixes_it(self):
        first, again, other = (from_arrays(self.x, self.y, seed=seed).test.x for seed in (1, 1, 2))
        assert torch.equal(first, again) and not torch.equal(first, other)

    @pytest.mark.parametrize("name", ["own.csv", "own.npz"])
    def test_shares_and_seed_of_a_file(self, tmp_path, name):
        (tmp_path / "own.csv").write_text("a\n" + "\n".join(map(str, range(60))) + "\n")
        np.savez(tmp_path / "own.npz", x=self.x)
        found = load(tmp_path / name, split=(0.5, 0.2, 0.3), seed=3)
        want = from_arrays(self.x, split=(0.5, 0.2, 0.3), seed=3)
        assert [rows.x.tolist() for rows in found.parts.values()] == [rows.x.tolist() for rows in want.parts.values()]
        assert not torch.equal(found.test.x, load(tmp_path / name, split=(0.5, 0.2, 0.3), seed=4).test.x)

    def test_rows_of_a_part_stay_in_their_order(self):
        for rows in from_arrays(self.x, self.y).parts.values():
            assert bool((rows.x[:, 0].diff() > 0).all())

    def test_every_class_has_a_row_to_train_on(self):
        x, y = numbered([None], times=100)
        y[:5] = ["a", "a", "b", "b", "c"]
        for seed in range(20):
            train = from_arrays(x, y, split=(0.1, 0.45, 0.45), seed=seed).train
            assert set(train.y[labelled_rows(train.y)].tolist()) == {0, 1, 2}

    def test_without_labels(self):
        data = from_arrays(torch.arange(10.0)[:, None])
        assert data.train.y is None and [len(rows.x) for rows in data.parts.values()] == [8, 1, 1]

    def test_images_have_their_shape(self):
        images = torch.rand(20, 4, 5, 3)
        data = from_arrays(images, x_validation=images[:2], x_test=images[:3])
        assert data.image_shape == (4, 5, 3) and torch.equal(data.images(data.train.x), images)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None,), r"x: got shape \(\), want rows \(N, D\) or images"),
        (([1, 2, 3],), r"x: got shape \(3,\), want rows \(N, D\) or images"),
        ((np.zeros((0, 3)),), r"x: got shape \(0, 3\)"),
        (([["a"]],), "x: got values that are not rows of numbers .*'a'"),
        (([[1], [2, 3]],), "x: got values that are not rows of numbers"),
        (([[1, 2], [3, np.nan]],), "x: got NaN or infinite values in 1 rows, first in 1, want finite"),
        (
            (np.zeros((9, 3, 8, 7)),),
            r"x: got shape \(9, 3, 8, 7\), which looks like \(N, C, H, W\), want",
        ),
        ((torch.zeros(9, 1, 8, 7),), r"x: got shape \(9, 1, 8, 7\), .* np.moveaxis\(x, 1, -1\)"),
        ((np.ma.masked_array([[1], [2]], [[False], [True]]),), "x: got NaN or infinite values in 1 rows, first in 1"),
        (([[1], [2]], ["a"]), r"y: got shape \(1,\), want \(2,\), one label for each row of x"),
        (([[1], [2]], [[0], [1]]), r"y: got shape \(2, 1\), want \(2,\)"),
        (([[1], [2]], ["a", None]), r"y: got labels of the classes \['a'\], want at least two"),
        (([[1], [2]], [-1, 1]), r"y: got labels of the classes \[1\], want at least two \(-1, None, NaN and ''"),
        (([[1], [2]], ["a", "b"], [[1]]), r"y_validation: got shape \(0,\), want \(1,\)"),
        (([[1], [2]], None, [[1, 2]]), r"x_validation: got rows of shape \(2,\), want \(1,\) as in x"),
        (([[1], [2]], None, None, [1]), r"x_validation: got shape \(\), want rows"),
        (
            ([[1], [2]], ["a", "b"]),
            "split: got 2 rows of 2 classes, which leave none for validation, want more rows of a class",
        ),
        (([[1], [2]],), "split: got 2 rows, which leave none for validation, want more rows$"),
        ((torch.zeros(9, 2, dtype=torch.complex64),), "x: got complex numbers, want real numbers"),
    ],
)
def test_bad_arrays(arguments, message):
    with pytest.raises(ValueError, match=message):
        from_arrays(*arguments)


@pytest.mark.parametrize("split", [None, 0.8, "0.8", ["a", "b", "c"], (np.nan, 0.5, 0.5), (0.5, 0.5), (0.5, 0.6, -0.1)])
def test_shares_that_are_none(split):
    with pytest.raises(ValueError, match="split: got .*, want three positive shares that sum to 1"):
        from_arrays(torch.rand(40, 2), split=split)


def test_a_column_of_words_may_be_the_label(tmp_path):
    (tmp_path / "own.csv").write_text("a,species\n1,x\n2,y\n")
    with pytest.raises(
        ValueError, match="got 'x' in column 'species', row 1, want .*, or label='species' if the column"
    ):
        load(tmp_path / "own.csv")
    with pytest.raises(ValueError, match="label: got 1, want the name of a column of .*, such as a, species"):
        load(tmp_path / "own.csv", label=1)


@pytest.mark.parametrize(("dtype", "what"), [("M8[D]", "dates or times"), ("c16", "complex numbers")])
def test_arrays_of_other_things_than_real_numbers(dtype, what):
    with pytest.raises(ValueError, match=f"x: got {what}, want real numbers"):
        from_arrays(np.arange(60).reshape(30, 2).astype(dtype), np.arange(30) % 2)


def test_shares_are_rounded_and_may_miss_one_by_rounding():
    """0.7 + 0.2 + 0.1 is below 1 in floating point; 0.1 of 16 rows are two."""
    data = from_arrays(torch.rand(16, 2), split=(0.7, 0.2, 0.1))
    assert [len(rows.x) for rows in data.parts.values()] == [11, 3, 2]
