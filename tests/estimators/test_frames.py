"""Data frames with numbers, booleans and categories."""

import copy
import datetime
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from pyrodgm.estimators import M1, DeepGenerativeClassifier
from pyrodgm.estimators.columns import describe_columns
from pyrodgm.estimators.frames import read_frame
from pyrodgm.evaluate import log_likelihood

NAN, N = np.nan, 80
SMALL = {"z_size": 2, "hidden": (16,), "random_state": 0, "learning_rate": 2e-2}


def table():
    """Columns of every kind, two of three with missing cells, and two classes."""
    random = np.random.RandomState(0)
    y = random.randint(0, 2, N)
    town = np.where(random.rand(N) < 0.2, 1 - y, y)
    frame = pd.DataFrame(
        {
            "age": random.randint(18, 80, N),
            "income": np.where(random.rand(N) < 0.2, NAN, 100.0 + 30 * random.randn(N) + 20 * y),
            "member": np.where(random.rand(N) < 0.2, None, random.rand(N) < 0.2 + 0.6 * y),
            "town": [None if random.rand() < 0.2 else ("Ulm", "Bonn")[k] for k in town],
            "grade": pd.Categorical.from_codes(random.randint(0, 2, N), ["low", "mid", "high"], ordered=True),
            "visits": pd.array([pd.NA, *random.poisson(3, N - 1)], dtype="Int16"),
            "old": random.rand(N) < 0.5,
        }
    )
    return frame, y


FRAME, Y = table()
FEW = pd.Series(np.where(Y == 1, "yes", "no")).where(np.arange(N) < 40, None)
KINDS = ("normal", "normal", "bernoulli", ("categorical", 2), ("categorical", 3), "normal", "bernoulli")


@pytest.fixture(scope="module")
def classifier():
    return DeepGenerativeClassifier("m2", epochs=20, **SMALL).fit(FRAME, FEW)


def test_each_column_has_its_likelihood(classifier):
    assert classifier.likelihood_ == ("mixed", {"columns": KINDS})
    assert classifier.n_features_in_ == 7 and list(classifier.feature_names_in_) == list(FRAME)
    assert classifier.model_.x_size == 10 and classifier.model_.missing == "mask"
    assert (classifier.predict(FRAME) == np.where(Y == 1, "yes", "no")).mean() > 0.7
    assert classifier.score(FRAME, FEW) > 0.8
    assert np.isfinite(classifier.transform(FRAME)).all()


def test_a_category_is_its_place_and_a_missing_one_is_nan():
    frame = read_frame(FRAME)
    codes = frame.encode(FRAME)
    for d, name in enumerate(FRAME):
        assert np.array_equal(np.isnan(codes[:, d]), FRAME[name].isna())
    known = FRAME["town"].notna()
    assert frame.columns[3].categories == ("Bonn", "Ulm") and frame.columns[4].categories == ("low", "mid", "high")
    np.testing.assert_array_equal(codes[known, 3], FRAME["town"][known] == "Ulm")
    np.testing.assert_array_equal(codes[:, 4], FRAME["grade"].cat.codes)
    pd.testing.assert_frame_equal(frame.decode(np.nan_to_num(codes), FRAME)[["age", "grade"]], FRAME[["age", "grade"]])


def test_a_column_of_objects_gets_the_dtype_of_fit_back():
    frame = read_frame(FRAME)
    objects = FRAME.assign(income=FRAME["income"].astype(object))
    assert frame.decode(np.nan_to_num(frame.encode(objects)), objects)["income"].dtype == FRAME["income"].dtype


def test_an_integer_too_large_for_a_double_is_kept():
    rows = pd.DataFrame({"number": pd.array([2**60 + 1, 3, None], dtype="Int64"), "switch": [True, False, None]})
    frame = read_frame(rows)
    filled = frame.decode(np.nan_to_num(frame.encode(rows)), rows)
    assert filled["number"].tolist() == [2**60 + 1, 3, 0] and filled["switch"].tolist() == [True, False, False]


def test_numbers_become_the_nearest_integer_of_the_dtype_and_halves_are_true():
    rows = pd.DataFrame({"small": pd.array([1, 2], dtype="Int8"), "count": np.array([1, 2], "u1"), "on": [True, False]})
    small, count, on = read_frame(rows).columns
    assert small.decoded(np.array([2.6, -2.6, 2.4, 300.0, -300.0])) == [3, -3, 2, 127, -128]
    assert count.decoded(np.array([-0.6, 0.6, 255.7])) == [0, 1, 255]
    assert on.decoded(np.array([0.0, 0.2, 0.49, 0.5, 1.0])) == [False, False, False, True, True]


def test_the_model_reads_categories_as_one_hot_cells():
    codes = read_frame(FRAME).encode(FRAME)
    columns = describe_columns(codes, ("mixed", {"columns": KINDS}))
    x = columns.to_model(codes)
    assert x.shape == (N, 10)
    torch.testing.assert_close(x[:, 5:8], torch.eye(3).double()[FRAME["grade"].cat.codes.to_numpy(dtype=int)])
    assert np.array_equal(x[:, 3:5].isnan().all(1), FRAME["town"].isna())
    assert float(x[:, 0].mean()) == pytest.approx(0, abs=1e-12) and set(x[:, 9].tolist()) == {0, 1}
    whole = columns.to_model(np.nan_to_num(codes))
    np.testing.assert_allclose(columns.to_table(whole), np.nan_to_num(codes))
    noise = columns.resample(whole, torch.Generator().manual_seed(0)) - whole
    assert ((noise != 0).any(0).numpy() == columns.normal_cells).all()


def test_a_score_is_a_density_of_numbers_and_a_probability_of_the_rest(classifier):
    rows = FRAME.iloc[:10]
    scores = classifier.score_samples(rows, importance_samples=100)
    columns = classifier.columns_
    x = columns.to_model(read_frame(FRAME).encode(rows))
    found = log_likelihood(pickle.loads(pickle.dumps(classifier)).model_.double(), x, num_samples=100, backend="off")
    spread = FRAME[["age", "income", "visits"]].astype(float).std(ddof=0).to_numpy()
    volume = (rows[["age", "income", "visits"]].notna().to_numpy() * np.log(spread)).sum(1)
    assert (np.abs(scores - (found.rows.numpy() - volume)) < 5 * found.row_errors.numpy()).all()


def test_other_units_of_a_number_change_the_score_by_their_jacobian():
    settings = SMALL | {"epochs": 2}
    frame, other = FRAME[["age", "town", "old"]], FRAME.assign(age=FRAME["age"] * 10.0)[["age", "town", "old"]]
    scores = [M1(**settings).fit(rows).score_samples(rows) for rows in (frame, other)]
    np.testing.assert_allclose(scores[1], scores[0] - np.log(10), rtol=1e-4)


def test_samples_are_frames_with_the_dtypes_of_fit(classifier):
    rows, classes = classifier.sample(30)
    assert rows.dtypes.equals(FRAME.dtypes) and rows.shape == FRAME[:30].shape and set(classes) <= {"yes", "no"}
    assert rows.notna().all(axis=None) and set(rows["town"]) <= {"Ulm", "Bonn"}
    assert {type(value) for value in rows["member"]} == {bool}
    m1 = M1(epochs=1, **SMALL).fit(FRAME[["old", "town"]])
    assert m1.sample(3).dtypes.equals(FRAME[["old", "town"]].dtypes)


def test_imputed_frames_keep_what_was_observed(classifier):
    part = FRAME.iloc[5:25]
    for filled in (
        classifier.impute(part, num_samples=20),
        *classifier.impute(part, num_samples=20, num_draws=2),
    ):
        assert filled.dtypes.equals(FRAME.dtypes) and filled.notna().all(axis=None)
        pd.testing.assert_frame_equal(filled.where(part.notna()), part.where(part.notna()), check_dtype=False)
    lost = FRAME.assign(age=FRAME["age"].where(FRAME["age"] < 40))  # pandas makes floats of such a column
    assert classifier.impute(lost, num_samples=5)["age"].notna().all()


def test_a_missing_category_is_imputed_from_what_goes_with_it():
    random = np.random.RandomState(1)
    k = random.randint(0, 3, 150)
    frame = pd.DataFrame({"word": pd.Categorical.from_codes(k, ["a", "b", "c"]), "number": 4.0 * k + random.randn(150)})
    lost = frame.assign(word=frame["word"].where(random.rand(150) > 0.3))
    filled = M1(epochs=50, batch_size=50, **SMALL).fit(lost).impute(lost, num_samples=100)
    gone = lost["word"].isna()
    assert (filled["word"] == frame["word"])[gone].mean() > 0.6


def test_a_message_shows_ten_categories_and_the_number_of_the_others():
    rows = pd.DataFrame({"town": [f"town {i:02}" for i in range(13)] * 2})
    with pytest.raises(ValueError, match="'town 08', 'town 09' and 3 more$"):
        read_frame(rows).encode(rows.assign(town="Rom"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda f: f.assign(town=[["Rom"]] * N),
            "X: got \\['Rom'\\] in column 'town', want a missing",
        ),
        (lambda f: f.assign(old=3), "X: got 3 in column 'old', want one of False, True"),
        (lambda f: f.assign(age="old"), "X: got 'old' in column 'age', want numbers, as in fit"),
        (lambda f: f.assign(income=np.inf), "Input X contains infinity"),
        (lambda f: f[f.columns[::-1]], "feature names should match"),
        (lambda f: f.drop(columns="old"), "feature names should match"),
        (lambda f: f.to_numpy(), "X: got ndarray, want a data frame as in fit, with the columns 'age', 'income'"),
    ],
)
def test_rows_that_are_not_as_in_fit(classifier, change, message):
    with pytest.raises(ValueError, match=message):
        classifier.predict(change(FRAME))


NEW = FRAME.assign(town=["Rom", "Köln", *FRAME["town"][2:]])
LOST = FRAME.assign(town=[None, None, *FRAME["town"][2:]])


@pytest.mark.parametrize("method", ["predict_proba", "score_samples", "anomaly_score", "transform"])
def test_a_category_that_fit_did_not_see_is_a_missing_cell_with_a_warning(method, classifier):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = getattr(classifier, method)(NEW)
    (warning,) = said
    assert str(warning.message) == (
        "X: got categories in column 'town' that fit did not see ('Rom', 'Köln'), in 2 of 80 rows: they are treated as "
        "missing cells"
    )
    np.testing.assert_array_equal(found, getattr(classifier, method)(LOST))


@pytest.mark.filterwarnings("ignore:X")
@pytest.mark.parametrize(
    "use", [lambda model: model.impute(NEW), lambda model: copy.deepcopy(model).partial_fit(NEW, FEW)]
)
def test_a_category_that_fit_did_not_see_is_not_replaced_and_not_learnt_from(use, classifier):
    with pytest.raises(ValueError, match="X: got 'Rom' in column 'town', want a missing .* of fit: 'Bonn', 'Ulm'"):
        use(classifier)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pd.Timestamp("2020-01-01"), "X: got column 'new' of dtype datetime64.*, want numbers, booleans or categories"),
        ([[1]] * N, "X: got lists or other containers in column 'new', want single values"),
        ([1, "a"] * (N // 2), "X: got values of the types int, str in column 'new', want one type"),
        (pd.Series([None] * N, dtype="str"), "X: got column 'new' without a single value"),
        (None, r"X: got columns without a single value \('new'\)"),
        ([datetime.date(2020, 1, 1 + i % 9) for i in range(N)], "X: got column 'new' of date objects, want numbers"),
        ([("a", 1), (2, "b")] * (N // 2), "X: got tuple objects without an order in column 'new', want numbers"),
        (1j * np.arange(N), "X: got column 'new' of complex numbers, want real numbers"),
        ([10**400 + i for i in range(N)], "X: got an integer beyond 1e308 in column 'new', want numbers"),
    ],
)
def test_columns_that_nothing_can_be_learnt_from(column, message):
    with pytest.raises(ValueError, match=message):
        M1(epochs=1).fit(FRAME.assign(new=column))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ma.masked_greater(np.random.rand(9, 2), 0.5), "X: got a masked array, want NaN for a missing cell"),
        (np.arange(18).reshape(9, 2).astype("M8[D]"), "X: got an array of dates or times, want numbers, such as days"),
        (np.random.rand(9, 2) * 1j, "X: got complex numbers, want real numbers. Complex data not supported$"),
        ([[1j, 2]] * 9, "X: got complex numbers, want real numbers. Complex data not supported$"),
        (np.array([[10**400, 2]] * 9, dtype=object), "X: got an integer beyond 1e308, want numbers that"),
        (np.array([["complex", "plain"]] * 9), "X: got an array of words .*, want numbers, or a data frame"),
        (None, "X: got None, want rows and columns"),
    ],
    ids=["masked", "dates", "complex", "a list of complex", "integers", "words", "None"],
)
def test_arrays_of_other_things_than_numbers(rows, message):
    with pytest.raises(ValueError, match=message):
        M1(epochs=1).fit(rows)


def test_a_column_of_identifiers_is_told():
    with pytest.warns(UserWarning, match="X: got 80 categories in 80 rows of column 'name', want few: drop an identi"):
        read_frame(FRAME.assign(name=[f"n{i}" for i in range(N)]))


@pytest.mark.parametrize(("categories", "rows", "told"), [(20, 20, 0), (21, 21, 1), (21, 42, 0), (22, 42, 1)])
def test_a_column_is_of_identifiers_from_21_categories_and_half_of_the_rows_on(categories, rows, told):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_frame(pd.DataFrame({"name": [f"n{i % categories}" for i in range(rows)]}))
    assert len(caught) == told


def test_other_bad_input():
    with pytest.raises(ValueError, match="X: got two columns of the name 'age', want different names"):
        M1(epochs=1).fit(FRAME[["age", "age", "town"]])
    with pytest.raises(ValueError, match="X: got an array of words .*, want numbers, or a data frame of pandas or pol"):
        M1(epochs=1).fit(FRAME.to_numpy())
    with pytest.raises(ValueError, match=r"likelihood: got 'normal' with columns of categories \('town', 'grade'\)"):
        M1(epochs=1, likelihood="normal").fit(FRAME)
    with pytest.raises(ValueError, match="likelihood: got 1 columns, want 2, as many as X has"):
        M1(epochs=1, likelihood=("mixed", {"columns": ("normal",)})).fit(np.random.rand(9, 2))
    numbers = M1(epochs=1, **SMALL).fit(FRAME[["age", "income"]])
    with pytest.raises(ValueError, match=r"X: got columns of categories \('town'\), want numbers, as in fit"):
        numbers.transform(FRAME[["age", "town"]])


def test_frames_of_numbers_and_arrays_are_as_they_were():
    numbers = FRAME[["age", "income"]]
    one, other = (M1(epochs=2, **SMALL).fit(rows) for rows in (numbers, numbers.to_numpy()))
    assert one.likelihood_ == "normal" and type(one.sample(2)) is np.ndarray
    np.testing.assert_array_equal(one.transform(numbers), other.transform(numbers.to_numpy()))


def test_an_array_of_places_with_the_kinds_given():
    codes = np.column_stack([np.random.RandomState(0).randn(40), np.arange(40) % 3])
    m1 = M1(epochs=2, likelihood=("mixed", {"columns": ("normal", ("categorical", 3))}), **SMALL).fit(codes)
    assert set(m1.sample(20)[:, 1]) <= {0, 1, 2}
    assert np.isneginf(m1.score_samples([[0.0, 5.0]])).all() and np.isfinite(m1.score_samples(codes)).all()


def test_parts_and_pickles(classifier):
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(FRAME), classifier.predict_proba(FRAME))
    parts = DeepGenerativeClassifier("m2", **SMALL)
    parts.partial_fit(FRAME[:40], FEW[:40], classes=["no", "yes"]).partial_fit(FRAME[40:], FEW[40:])
    assert parts.predict(FRAME).shape == (N,)


def test_frames_of_polars():
    polars = pytest.importorskip("polars")
    columns = {"age": [None, 30, 41, 56] * 10, "town": ["Ulm", "Bonn", None, "Ulm"] * 10, "old": [True, None] * 20}
    frame = polars.DataFrame(columns)
    m1 = M1(epochs=1, **SMALL).fit(frame)
    assert m1.likelihood_[1]["columns"] == ("normal", ("categorical", 2), "bernoulli")
    for rows in (m1.sample(4), m1.impute(frame, num_samples=5)):
        assert rows.schema == frame.schema and rows.null_count().row(0) == (0, 0, 0)


@pytest.mark.parametrize("dtype", ["Decimal", "Int128", "UInt128"])
def test_rare_numbers_of_polars_keep_their_dtype(dtype):
    polars = pytest.importorskip("polars")
    dtype = polars.Decimal(10, 2) if dtype == "Decimal" else getattr(polars, dtype, None) or pytest.skip("too old")
    number = polars.Series([None, 30, 41, 56] * 10).cast(dtype)
    frame = polars.DataFrame({"number": number, "old": [True, None] * 20})
    m1 = M1(epochs=1, **SMALL).fit(frame)
    imputed = m1.impute(frame, num_samples=5)
    assert imputed["number"].drop_nulls().to_list()[1:4] == number.to_list()[1:4]
    for rows in (m1.sample(4), imputed):
        assert rows.schema == frame.schema and rows.null_count().row(0) == (0, 0)


def test_imputed_rows_are_a_frame_of_the_library_that_they_came_in():
    polars = pytest.importorskip("polars")
    columns = {"age": [None, 30, 41, 56] * 10, "town": ["Ulm", "Bonn", None, "Ulm"] * 10, "old": [True, None] * 20}
    one, other = pd.DataFrame(columns), polars.DataFrame(columns)
    for fitted, asked in ((one, other), (other, one)):
        asked = asked[:4]
        m1 = M1(epochs=1, **SMALL).fit(fitted)
        try:
            found = [m1.impute(asked, num_samples=5), *m1.impute(asked, num_samples=5, num_draws=1)]
        except TypeError as error:
            pytest.fail(f"a dtype of the other library: {error}")
        for rows in found:
            assert type(rows) is type(asked) and list(rows.columns) == list(columns)
            assert fitted is other or rows.schema == asked.schema
            assert rows["age"].to_list()[1:] == [30, 41, 56] and rows["town"].to_list()[0] == "Ulm"
            assert rows["town"].to_list()[2] in ("Ulm", "Bonn") and rows["old"].to_list()[1] in (True, False)


def test_a_category_that_rows_of_another_library_do_not_have_is_imputed():
    polars = pytest.importorskip("polars")
    m1 = M1(epochs=1, **SMALL).fit(polars.DataFrame({"age": [1.0, 2.0] * 10, "town": ["Ulm", "Ulm"] * 10}))
    rows = pd.DataFrame({"age": [1.0], "town": pd.Categorical([None], categories=["Bonn"])})
    assert m1.impute(rows, num_samples=5)["town"].to_list() == ["Ulm"]


@pytest.mark.parametrize("missing", [None, NAN, pd.NA, pd.NaT], ids=str)
def test_missing_numbers_among_objects(missing):
    column = pd.Series([1.0, missing, 3.0, 4.0] * 5, dtype=object)
    frame = pd.DataFrame({"age": np.arange(20.0), "size": column, "grade": pd.array([1, 2, 4, 9] * 5, dtype="Int64")})
    m1 = M1(epochs=1, **SMALL).fit(frame)
    assert m1.likelihood_ == "normal" and m1.columns_.missing == "mask"
    as_nan = m1.transform(frame.assign(size=[1.0, NAN, 3.0, 4.0] * 5))
    np.testing.assert_array_equal(m1.transform(frame), as_nan)
    again = M1(epochs=1, **SMALL).fit(frame.to_numpy(dtype=object))
    np.testing.assert_array_equal(again.transform(frame.to_numpy(dtype=object)), as_nan)
    assert frame["size"][1] is missing  # the user's frame stays as it was


def test_a_lazy_frame_has_to_be_collected():
    polars = pytest.importorskip("polars")
    with pytest.raises(ValueError, match=r"X: got a LazyFrame, want a data frame, such as X.collect\(\)"):
        M1(epochs=1).fit(polars.LazyFrame({"age": [1.0, 2.0]}))
