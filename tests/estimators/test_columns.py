"""The likelihood chosen from the data, and densities in the units of the data."""

import warnings

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.datasets import load_breast_cancer, load_digits, load_iris

from pyrodgm.estimators import M1, DeepGenerativeClassifier
from pyrodgm.estimators.columns import describe_columns, reason_for_likelihood

RANDOM = np.random.RandomState(0)
DIGITS = load_digits().data


@pytest.mark.parametrize(
    ("X", "likelihood"),
    [
        (RANDOM.randint(0, 2, (20, 3)), "bernoulli"),
        (DIGITS / 16, "bernoulli"),
        (DIGITS, ("binomial", {"total_count": 16})),
        (np.column_stack([RANDOM.randint(0, 2, (50, 3)), RANDOM.randint(0, 90, 50)]), "normal"),
        (RANDOM.randint(0, 5000, (50, 3)), "normal"),
        (RANDOM.randint(18, 80, (50, 3)), "normal"),
        (np.column_stack([RANDOM.randint(18, 80, (50, 2)), RANDOM.randint(0, 3, 50)]), "normal"),
        (RANDOM.randint(0, 256, (50, 3)) * (RANDOM.rand(50, 3) > 0.3), "bernoulli"),
        (RANDOM.rand(50, 3), "normal"),
        (np.where(np.arange(150).reshape(50, 3) % 4 < 1, 0, np.linspace(0, 1, 150).reshape(50, 3)), "normal"),
        (load_iris().data, "normal"),
        (load_breast_cancer().data, "normal"),
        ([[0, 32], [32, 0]], ("binomial", {"total_count": 32})),
        ([[0, 33], [33, 0]], "bernoulli"),
        ([[0, 0.5], [0.5, 1]], "normal"),
        ([[0, 0, 8], [4, 4, 0]], ("binomial", {"total_count": 8})),
        ([[0, 0, 8], [4, 8, 5]], ("binomial", {"total_count": 8})),
    ],
    ids=[
        "binary",
        "grey",
        "counts",
        "a mixed table",
        "large numbers",
        "ages",
        "ages and children",
        "bytes",
        "shares",
        "shares and zeros",
        "iris",
        "breast cancer",
        "the largest counts",
        "the least grey levels",
        "half of the values at the ends",
        "half of the columns to half of the range",
        "a column that does not begin at 0",
    ],
)
def test_the_data_choose_their_likelihood(X, likelihood):
    assert describe_columns(np.array(X, dtype=float)).likelihood == likelihood


@pytest.mark.parametrize(
    ("X", "reason"),
    [
        ([[0, 1], [1, 0]], "because all values are 0 or 1"),
        ([[0, 1, 1], [1, 0, 0.5]], "because values lie from 0 to 1, 83 % of them at the ends"),
        ([[0, 1.5], [1, 2]], "because values are not counts from 0 to at most 255"),
        ([[0, 256], [1, 2]], "because values are not counts from 0 to at most 255"),
        ([[18, 0], [70, 2]], "because values are counts, but most columns do not share their range"),
        ([[0, 16], [16, 0]], "because values are counts from 0 to 16"),
        ([[0, 200], [255, 0]], "because values are counts from 0 to 255, as grey levels"),
    ],
)
def test_the_reason_for_the_likelihood(X, reason):
    assert reason_for_likelihood(np.array(X, dtype=float)) == reason


def test_rows_come_back_from_the_models_scale():
    X = load_iris().data
    columns = describe_columns(X)
    x = columns.to_model(X)
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(x.std(0, correction=0), 1)
    np.testing.assert_allclose(columns.to_table(x), X)


def test_a_change_of_units_changes_the_density_by_its_jacobian():
    X = load_iris().data
    units = np.array([10.0, 0.1, 1000.0, 2.0])
    settings = {"z_size": 2, "hidden": (16,), "epochs": 3, "random_state": 0}
    metres, others = M1(**settings).fit(X), M1(**settings).fit(X * units + 3)
    want = metres.score_samples(X) - np.log(units).sum()
    np.testing.assert_allclose(others.score_samples(X * units + 3), want, rtol=1e-4)


def test_a_score_is_a_log_density_that_integrates_to_one():
    random = np.random.RandomState(0)
    X = 50 + 8 * np.concatenate([random.randn(100, 1) - 2, random.randn(100, 1) + 2])
    m1 = M1(z_size=1, hidden=(16,), epochs=30, learning_rate=1e-2, random_state=0).fit(X)
    grid = np.linspace(-50, 150, 400)[:, None]
    bound, estimate = m1.score_samples(grid), m1.score_samples(grid, importance_samples=200)
    width = float(grid[1, 0] - grid[0, 0])
    assert np.exp(estimate).sum() * width == pytest.approx(1.0, abs=0.05)
    assert bound.mean() < estimate.mean()
    assert -m1.score_samples(X).mean() == pytest.approx(
        np.log(16 * np.sqrt(2 * np.pi * np.e)), abs=0.6
    )  # a wide normal


def test_what_is_said_of_a_row_depends_on_no_other():
    X, y = load_iris(return_X_y=True)
    settings = {"z_size": 2, "hidden": (8,), "epochs": 1, "random_state": 0}
    for estimator in (M1(**settings).fit(X), DeepGenerativeClassifier("sdgm", a_size=2, **settings).fit(X, y)):
        for ask in (estimator.score_samples, estimator.transform):
            np.testing.assert_allclose(ask(X[::-1])[::-1], ask(X), rtol=1e-9)
            np.testing.assert_allclose(ask(X[7:8]), ask(X)[7:8], rtol=1e-9)


def test_values_that_the_likelihood_cannot_have_are_impossible():
    random = np.random.RandomState(0)
    X = random.randint(0, 2, (40, 3)).astype(float)
    m1 = M1(z_size=1, hidden=(4,), epochs=1, random_state=0).fit(X)
    strange = X[:2].copy()
    strange[1, 1] = 5
    assert np.isneginf(m1.score_samples(strange)).tolist() == [False, True]


def test_a_column_of_few_values_gets_no_endless_density():
    random = np.random.RandomState(0)
    X = np.column_stack([random.randn(200, 2), random.randint(0, 2, 200)])
    y = X[:, 2].astype(int)
    estimator = DeepGenerativeClassifier("m2", z_size=1, hidden=(16,), epochs=150, learning_rate=2e-2, random_state=0)
    scores = estimator.set_params(validation_fraction=0, batch_size=200).fit(X, y).score_samples(X)
    # two standard normals, the third column at its values with a deviation of 0.1 / 2, and p(y)
    density = -np.log(2 * np.pi * np.e) - np.log(0.05 * np.sqrt(2 * np.pi)) + np.log(0.5)
    assert scores.mean() == pytest.approx(density, abs=0.3)


def test_bytes_are_grey_values_and_come_back_as_bytes():
    X = RANDOM.randint(0, 256, (40, 3)) * (RANDOM.rand(40, 3) > 0.3).astype(float)
    columns = describe_columns(X)
    assert float(columns.to_model(X).max()) <= 1 and float(columns.log_volume(columns.to_model(X)).abs().max()) == 0
    np.testing.assert_allclose(columns.to_table(columns.to_model(X)), X)
    scores = M1(z_size=1, hidden=(4,), epochs=1, random_state=0).fit(X).score_samples(np.full((1, 3), 255.0))
    assert np.isfinite(scores).all()


def test_a_cell_that_hides_the_rest_of_its_column_is_told():
    X = load_iris().data.copy()
    X[7, 2] = 1e12
    with pytest.warns(UserWarning, match=r"X: got 1e\+12 in row 7, column 2, where most values lie from 1.3 to 6"):
        describe_columns(X)
    with pytest.warns(UserWarning, match="column 'petal'"):
        describe_columns(X, names=["a", "b", "petal", "d"])
    X[7, 2] = -1e12
    with pytest.warns(UserWarning, match=r"X: got -1e\+12 in row 7, column 2, where"):
        describe_columns(X)


@pytest.mark.parametrize(("far", "told"), [(2000, False), (4000, True)])
def test_a_far_cell_is_told_from_a_hundredth_of_the_deviation_on(far, told):
    """Of 1000 values, a far one has a deviation of 0.0316 times its distance; 9 of 10 of the others are within 0.9."""
    column = np.append(np.linspace(0, 1, 999), far)
    mostly_constant = np.append(np.zeros(990), np.ones(10) / 3)  # hides nothing
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        describe_columns(np.column_stack([column] * 4 + [mostly_constant]))
    assert len(caught) == (3 if told else 0)  # for the first three columns


@pytest.mark.parametrize("rows", [4, 20])
def test_a_far_cell_is_told_in_a_small_table(rows):
    X = np.arange(2.0 * rows).reshape(rows, 2)
    X[2, 1] = 1e12
    with pytest.warns(UserWarning, match=r"X: got 1e\+12 in row 2, column 1, where most values"):
        describe_columns(X)
    X[2, 1] = -1e12
    with pytest.warns(UserWarning, match=r"X: got -1e\+12 in row 2, column 1, where most values"):
        describe_columns(X)


def test_robust_scaling_is_by_median_and_quartiles():
    column = np.array([1.0, 2.0, 3.0, 4.0, 1e12])  # quartiles 2 and 4
    constant_but_one = np.array([5.0, 5.0, 5.0, 5.0, 7.0])
    X = np.column_stack([column, np.append(column[:-1], np.nan), constant_but_one])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        columns = describe_columns(X, scaling="robust")
    normal = norm.ppf(0.75) - norm.ppf(0.25)
    np.testing.assert_allclose(columns.shift, [3, 2.5, 5.4])
    np.testing.assert_allclose(columns.scale, [2 / normal, 1.5 / normal, 0.8], rtol=1e-4)


def test_robust_scaling_leaves_a_constant_column_out():
    X = np.column_stack([np.arange(9.0), 1e6 * (1 + 1e-14 * np.arange(9))])  # the second varies by rounding only
    with pytest.warns(UserWarning, match=r"X: got constant columns \(1\)"):
        columns = describe_columns(X, scaling="robust")
    assert columns.left_out.tolist() == [False, True]
    np.testing.assert_array_equal(columns.clip(X)[:, 0], X[:, 0])


def test_robust_scaling_clips_normal_cells_only():
    X = np.array([[1.0, 2.0, 1.0], [2.0, 0.0, 0.0], [3.0, 1.0, 1.0], [1e9, 2.0, np.nan], [-1e9, 1.0, 0.0]])
    kinds = ("normal", ("categorical", 3), "normal")
    columns = describe_columns(X, ("mixed", {"columns": kinds}), scaling="robust")
    first = 10 * 2 / (norm.ppf(0.75) - norm.ppf(0.25))  # the quartiles are 1 and 3
    wanted = X.copy()
    wanted[3:, 0] = 2 + first, 2 - first
    np.testing.assert_allclose(columns.clip(X), wanted, rtol=1e-4)
    np.testing.assert_allclose(
        describe_columns(X[:, [0, 2]], scaling="robust").clip(X[:, [0, 2]]), wanted[:, [0, 2]], 1e-4
    )
    counts = np.array([[0.0, 3.0], [30.0, 0.0], [31.0, 0.0], [0.0, 32.0]])
    np.testing.assert_array_equal(describe_columns(counts, scaling="robust").clip(1000 * counts), 1000 * counts)


@pytest.mark.parametrize(
    ("estimator", "method"),
    [(M1, "fit"), (DeepGenerativeClassifier, "fit"), (DeepGenerativeClassifier, "partial_fit")],
)
def test_a_far_cell_hardly_changes_a_fit_with_robust_scaling(estimator, method):
    X, y = load_iris(return_X_y=True)
    far, others = X.copy(), np.arange(len(X)) != 7
    far[7, 2] = 1e12
    options = {} if method == "fit" else {"classes": [0, 1, 2]}
    scores = []
    for table in (X, far):
        one = estimator(z_size=2, hidden=(16,), epochs=20, scaling="robust", learning_rate=1e-2, random_state=0)
        scores.append(getattr(one, method)(table, y, **options).score_samples(table))
        assert np.isfinite(one.history_[-1]["loss"]) and np.isfinite(one.mean_bound_) and abs(one.mean_bound_) < 100
    assert scores[1][7] < -1e6 and abs(scores[0][7]) < 100
    assert abs((scores[1] - scores[0])[others].mean()) < 1


def test_a_column_of_small_units_is_no_constant():
    X = np.column_stack([load_iris().data, 1e-15 * load_iris().data[:, 0]])
    with pytest.warns(UserWarning, match=r"X: got constant columns"):
        columns = describe_columns(np.column_stack([X, np.full(150, 1e-15)]))
    assert columns.left_out.tolist() == [False] * 5 + [True]
    np.testing.assert_allclose(describe_columns(X).to_model(X)[:, 4], describe_columns(X).to_model(X)[:, 0], rtol=1e-9)
    assert np.isfinite(M1(z_size=1, hidden=(4,), epochs=1, random_state=0).fit(X).score_samples(X)).all()


def test_a_constant_column_adds_nothing_to_a_density_and_comes_back():
    X = np.insert(load_iris().data, 2, 0.1, axis=1)  # whose mean is not exactly 0.1
    with pytest.warns(UserWarning, match="X: got constant columns"):
        columns = describe_columns(X)
    x, rest = columns.to_model(X), describe_columns(load_iris().data)
    assert x[:, 2].isnan().all() and columns.to_model(X + 1)[:, 2].isnan().all()
    others = [0, 1, 3, 4]
    torch.testing.assert_close(x[:, others], rest.to_model(load_iris().data))
    torch.testing.assert_close(columns.log_volume(x), rest.log_volume(x[:, others]))
    np.testing.assert_array_equal(columns.to_table(np.random.RandomState(0).randn(3, 5))[:, 2], 0.1)


def test_columns_that_are_all_constant_are_refused():
    with warnings.catch_warnings(), pytest.raises(ValueError, match=r"X: got only constant columns \(0, 1\), want at"):
        warnings.simplefilter("ignore")
        describe_columns(np.full((9, 2), 0.1))


def test_values_whose_squares_overflow_are_told():
    X = load_iris().data.copy()
    X[:, 1] *= 1e200
    with pytest.raises(ValueError, match=r"X: got values up to 4.4e\+200 in columns \(1\), want less than 1e150"):
        describe_columns(X)


def test_the_noise_is_smaller_where_values_lie_closer():
    rows = 6000
    grades = np.arange(rows) % 5 + 1.5
    dense = np.random.RandomState(1).randn(rows)
    with_holes = np.where(np.arange(rows) < rows / 2, dense, np.nan)
    columns = describe_columns(np.column_stack([grades, dense, with_holes]))
    np.testing.assert_allclose(columns.noise, [0.1, 0.025, 0.05])
    x = torch.zeros(100_000, 3)
    noise = columns.resample(x, torch.Generator().manual_seed(0)).std(0).double().numpy()
    np.testing.assert_allclose(noise, columns.noise, rtol=0.02)
