"""Labels of any type, and which of them are held out."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import DataConversionWarning

from pyrodgm.estimators.targets import hold_out, read_labels

NAN = float("nan")


@pytest.mark.parametrize(
    ("y", "classes", "indices"),
    [
        ([3, -1, 1, 3], [1, 3], [1, -1, 0, 1]),
        (np.array([3, -1, 1], dtype=np.int8), [1, 3], [1, -1, 0]),
        (np.array([3, 1], dtype=np.uint8), [1, 3], [1, 0]),
        ([2.0, NAN, -1.0, 0.0], [0.0, 2.0], [1, -1, -1, 0]),
        ([True, False], [False, True], [1, 0]),
        (["b", None, "a"], ["a", "b"], [1, -1, 0]),
        (["b", NAN, "-1"], ["-1", "b"], [1, -1, 0]),
        (np.array(["b", -1, "a"], dtype=object), ["a", "b"], [1, -1, 0]),
        (np.array([3, None, 1], dtype=object), [1, 3], [1, -1, 0]),
        (pd.Series(["b", None, "a"]), ["a", "b"], [1, -1, 0]),
        (pd.Series(["b", None, "a"], dtype="category"), ["a", "b"], [1, -1, 0]),
        (pd.Series([3, pd.NA, 1], dtype="Int64"), [1, 3], [1, -1, 0]),
        (pd.array([2**60 + 1, pd.NA, 2**60], dtype="Int64"), [2**60, 2**60 + 1], [1, -1, 0]),
        (np.ma.masked_array([3, -1, 1], mask=[False] * 3), [1, 3], [1, -1, 0]),
        (pd.Series(["b", pd.NaT, "a"], dtype=object), ["a", "b"], [1, -1, 0]),
    ],
)
def test_labels_of_any_type_become_indices(y, classes, indices):
    found, got = read_labels(y)
    assert found.tolist() == classes
    assert got.tolist() == indices
    assert (found.dtype.kind == "O") == isinstance(classes[0], str)  # an array of strings has the length of its longest


@pytest.mark.parametrize("missing", [-1, NAN, None])
def test_booleans_beside_missing_labels_stay_booleans(missing):
    classes, indices = read_labels([True, missing, False])
    assert classes.dtype == bool and indices.tolist() == [1, -1, 0]


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        ([0.5, 0.7, 1.2], None, "y: got labels that are not classes: Unknown label type: continuous"),
        ([0.0, float("inf")], None, "y: got infinite labels, want classes"),
        (np.array([1, "a"], dtype=object), None, "y: got labels of the types int, str, want one type"),
        (["a", "c"], np.array(["a", "b"]), r"y: got the label .*'c'.*, want one of the classes \['a', 'b'\]"),
        ([[1, 2], [3, 4]], None, "y should be a 1d array"),
        ([1j, 2j], None, "y: got complex numbers, want classes: integers, booleans or strings$"),
        (np.array([b"a", b"b"]), None, "y: got bytes, want classes"),
        (pd.cut(pd.Series([1.0, 2.0]), 2), None, "y: got labels of the type Interval, want integers"),
        (pd.Series([("a", 1), ("b", 2)]), None, "y: got labels of the type tuple, want integers"),
        (np.ma.masked_array([1, 2], mask=[True, False]), None, r"y: got a masked array, want -1 .* y.filled\(-1\)"),
        (np.array([3, 9]), np.array([1, 3]), r"y: got the label 9, want one of the classes \[1, 3\]"),
    ],
)
def test_what_is_no_label_is_told(y, classes, message):
    classes = None if classes is None else classes.tolist()
    with pytest.raises(ValueError, match=message):
        read_labels(y, classes)


def test_labels_are_places_among_the_classes_known_already():
    classes, indices = read_labels(["b", None, "d", "b"], np.array(["a", "b", "c", "d"]))
    assert classes.tolist() == ["a", "b", "c", "d"] and indices.tolist() == [1, -1, 3, 1]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_of_one_column_is_read_as_its_series(library):
    library = pytest.importorskip(library)
    series = library.Series([2**60 + 1, None, 2**60], dtype="Int64" if library is pd else library.Int64)
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        classes, indices = read_labels(library.DataFrame({"y": series}))
    assert classes.tolist() == [2**60, 2**60 + 1] and indices.tolist() == [1, -1, 0]


def test_integers_beside_missing_labels_stay_integers():
    classes, _ = read_labels(pd.Series([3, pd.NA, 1], dtype="Int64"))
    assert classes.dtype.kind == "i"


@pytest.mark.parametrize(("y", "word"), [(["a", "-1"], "-1"), (["a", NAN], "nan")])
def test_a_missing_label_that_became_a_word_is_told(y, word):
    with pytest.warns(UserWarning, match=f"y: got the string '{word}', which is read as a class"):
        assert set(read_labels(np.array(y))[0]) == {"a", word}


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_a_missing_label_that_became_a_word_in_a_series_is_told(dtype):
    with pytest.warns(UserWarning, match="y: got the string '-1', which is read as a class"):
        assert read_labels(pd.Series(["a", "-1"], dtype=dtype))[0].tolist() == ["-1", "a"]


def test_a_word_in_a_list_or_among_objects_was_meant():
    for y in (["a", "-1"], np.array(["a", "-1"], dtype=object)):
        assert read_labels(y)[0].tolist() == ["-1", "a"]  # without a warning, which would be an error


def test_a_share_of_each_class_is_held_out_but_at_least_one():
    indices = np.array([0] * 40 + [1] * 3 + [-1] * 20)
    assert len(hold_out(indices[4:], 0.1, ["a", "b"], seed=0)[1]) == 4 + 1  # 3.6 of 36 rows are four
    learn, stop = hold_out(indices, 0.1, ["a", "b"], seed=0)
    assert np.bincount(indices[stop]).tolist() == [4, 1]
    assert np.bincount(indices[learn]).tolist() == [36, 2]
    assert not set(learn) & set(stop)
    assert hold_out(indices, 0.9, ["a", "b"], seed=0)[0].shape == (5,)
    assert [len(rows) for rows in hold_out(np.zeros(2, int), 0.1, ["a"], seed=0)] == [1, 1]
    assert hold_out(indices, 0, ["a", "b"], seed=0)[1].shape == (0,)
    assert not np.array_equal(stop, hold_out(indices, 0.1, ["a", "b"], seed=1)[1])
    with pytest.raises(ValueError, match="y: got a single label of class 'b', want two"):
        hold_out(indices[:41], 0.1, ["a", "b"], seed=0)
    learn, stop = hold_out(indices[:41], 0.1, ["a", "b"], seed=0, learn_single=True)
    assert np.bincount(indices[stop]).tolist() == [4] and np.bincount(indices[learn]).tolist() == [36, 1]
