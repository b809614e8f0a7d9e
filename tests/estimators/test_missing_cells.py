"""Estimators on tables with missing cells."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_iris

from pyrodgm.estimators import M1, DeepGenerativeClassifier
from pyrodgm.estimators.columns import describe_columns
from pyrodgm.evaluate import log_likelihood
from pyrodgm.models import M2
from pyrodgm.models.networks import Networks

X, Y = load_iris(return_X_y=True)
NAN = np.nan
SMALL = {"z_size": 2, "hidden": (16,), "random_state": 0, "learning_rate": 1e-2}


def with_missing_cells(X, share=0.2, seed=0):
    return np.where(np.random.RandomState(seed).rand(*X.shape) < share, NAN, X)


LOST = with_missing_cells(X)
FEW = np.where(np.arange(150) % 5, -1, Y)


@pytest.fixture(scope="module")
def classifier():
    return DeepGenerativeClassifier("m2", epochs=30, **SMALL).fit(LOST, FEW)


@pytest.fixture(scope="module")
def trained_on_complete_rows():
    return DeepGenerativeClassifier("m2", epochs=20, **SMALL).fit(X, FEW)


class TestClassifier:
    def test_it_learns_and_predicts(self, classifier):
        assert classifier.model_.missing == "mask"
        assert (classifier.predict(LOST) == Y).mean() > 0.85
        assert np.isfinite(classifier.predict_proba(LOST)).all()
        assert np.isfinite(classifier.transform(LOST)).all()
        assert np.isfinite(classifier.score_samples(LOST, importance_samples=5)).all()

    def test_columns_ignore_missing_cells(self, classifier):
        np.testing.assert_allclose(classifier.columns_.shift, np.nanmean(LOST, 0))
        np.testing.assert_allclose(classifier.columns_.scale, np.nanstd(LOST, 0))

    def test_a_score_is_a_density_of_the_observed_cells_in_the_units_of_the_table(self, classifier):
        """A change of units divides it by the scales of the observed cells alone."""
        rows = LOST[:20]
        scores = classifier.score_samples(rows, importance_samples=300)
        model = pickle.loads(pickle.dumps(classifier)).model_.double()
        found = log_likelihood(model, classifier.columns_.to_model(rows), num_samples=300)
        volume = np.where(np.isnan(rows), 0, np.log(classifier.columns_.scale)).sum(1)
        assert (np.abs(scores - (found.rows.numpy() - volume)) < 5 * found.row_errors.numpy()).all()
        assert float(found.row_errors.max()) < 0.2

    def test_imputing_beats_the_column_mean(self, classifier):
        lost = np.isnan(LOST)
        filled = classifier.impute(LOST, num_samples=200)
        np.testing.assert_array_equal(filled[~lost], X[~lost])
        scale = X.std(0)
        error = ((filled - X) / scale)[lost].std()
        assert error < 0.75 * ((np.nanmean(LOST, 0) - X) / scale)[lost].std()

    def test_a_row_is_filled_in_as_it_would_be_alone(self, classifier):
        filled = classifier.impute(LOST[:30], num_samples=50)
        np.testing.assert_allclose(classifier.impute(LOST[7:8], num_samples=50), filled[7:8], rtol=1e-10)
        np.testing.assert_array_equal(classifier.impute(LOST[:30], num_samples=50), filled)

    def test_draws_are_spread_round_the_mean(self, classifier):
        rows, lost = LOST[:30], np.isnan(LOST[:30])
        draws = classifier.impute(rows, num_samples=500, num_draws=200)
        assert draws.shape == (200, 30, 4)
        assert (draws[:, ~lost] == rows[~lost]).all()
        spread = draws.std(0)[lost]
        mean = classifier.impute(rows, num_samples=2000)[lost]
        assert (spread > 0).all()
        assert (np.abs(draws.mean(0)[lost] - mean) < 5 * spread / np.sqrt(100)).all()
        np.testing.assert_array_equal(classifier.impute(rows, num_samples=500, num_draws=200), draws)  # by the seed

    def test_complete_rows_come_back(self, classifier):
        np.testing.assert_array_equal(classifier.impute(X[:3]), X[:3])
        np.testing.assert_array_equal(classifier.impute(X[:3], num_draws=2), np.stack([X[:3]] * 2))

    def test_bad_input(self, classifier):
        for settings, message in (({"num_samples": 0}, "num_samples: got 0"), ({"num_draws": 0}, "num_draws: got 0")):
            with pytest.raises(ValueError, match=message):
                classifier.impute(LOST, **settings)
        for ask in (classifier.impute, classifier.predict, classifier.score_samples):
            with pytest.raises(ValueError, match="Input X contains infinity"):
                ask(np.where(np.isnan(LOST), np.inf, LOST))
        with pytest.raises(ValueError, match="X has 3 features"):
            classifier.impute(LOST[:, :3])


class TestCellsThatFitSawNoneOf:
    def test_rows_with_missing_cells_can_be_asked_about(self, trained_on_complete_rows):
        classifier = trained_on_complete_rows
        assert classifier.model_.missing == "zeros"
        assert (classifier.predict(LOST) == Y).mean() > 0.7
        assert np.isfinite(classifier.score_samples(LOST)).all()
        assert np.isfinite(classifier.impute(LOST[:9], num_samples=20)).all()

    def test_networks_read_them_as_the_columns_mean(self, trained_on_complete_rows):
        mean = np.where(np.isnan(LOST), X.mean(0), LOST)
        found, want = (trained_on_complete_rows.predict_proba(rows) for rows in (LOST, mean))
        np.testing.assert_allclose(found, want, atol=1e-10)

    def test_training_is_the_same_as_of_a_model_that_refuses_them(self, trained_on_complete_rows):
        model = ("m2", {"missing": None})
        refusing = DeepGenerativeClassifier(model, epochs=20, **SMALL).fit(X, FEW)
        np.testing.assert_array_equal(refusing.predict_proba(X), trained_on_complete_rows.predict_proba(X))
        with pytest.raises(ValueError, match=r"X: got 1 missing cells \(NaN\), want none: this M2 was made without"):
            refusing.predict(np.where(np.arange(4) < 1, NAN, X[:1]))
        with pytest.raises(ValueError, match=r"X: got 119 missing cells \(NaN\), want none: this M2 was made without"):
            DeepGenerativeClassifier(model, epochs=1, **SMALL).fit(LOST, FEW)

    def test_the_first_part_of_several_may_be_complete(self):
        classifier = DeepGenerativeClassifier("m2", **SMALL).partial_fit(X[::2], FEW[::2], classes=[0, 1, 2])
        classifier.partial_fit(LOST[1::2], FEW[1::2])
        assert np.isfinite(classifier.predict_proba(LOST)).all()


class OfOneOwn(M2):
    """A model with its own arguments, and none for missing cells."""

    def __init__(self, x_size, num_classes, z_size=2, hidden=(8,), likelihood="normal"):
        super().__init__(x_size, num_classes, z_size, hidden, likelihood=likelihood)


def test_a_model_without_the_option_works_on_complete_rows_alone():
    assert DeepGenerativeClassifier(OfOneOwn, epochs=1, **SMALL).fit(X, FEW).predict(X).shape == (150,)
    with pytest.raises(ValueError, match=r"X: got .* missing cells \(NaN\), want none: this OfOneOwn was made without"):
        DeepGenerativeClassifier(OfOneOwn, epochs=1, **SMALL).fit(LOST, FEW)
    constant = pytest.warns(UserWarning, match="X: got constant columns")
    with constant, pytest.raises(ValueError, match="X: got 1 constant columns, want none: this OfOneOwn was made"):
        DeepGenerativeClassifier(OfOneOwn, epochs=1, **SMALL).fit(np.insert(X, 0, 1.0, axis=1), FEW)


@pytest.mark.parametrize("features", ["means", "samples"])
def test_m1(features):
    m1 = M1(epochs=5, features=features, **SMALL).fit(LOST)
    assert np.isfinite(m1.transform(LOST)).all() and m1.model_.missing == "mask"
    assert np.isfinite(m1.score_samples(LOST)).all()
    assert np.isfinite(m1.impute(LOST[:9], num_samples=20)).all()
    assert np.isfinite(m1.impute(LOST[:9], num_samples=20, num_draws=2)).all()


def test_bits_and_counts_are_drawn_as_such():
    bits = with_missing_cells((np.random.RandomState(0).rand(60, 5) < 0.4).astype(float))
    for table, likelihood in ((bits, "bernoulli"), (np.where(bits > 0, 3, bits), ("binomial", {"total_count": 3}))):
        m1 = M1(epochs=2, **SMALL).fit(table)
        assert m1.likelihood_ == likelihood
        draws = m1.impute(table, num_samples=20, num_draws=3)
        assert np.isin(draws, np.arange(4)).all()
        mean = m1.impute(table, num_samples=20)
        assert (mean >= 0).all() and (mean <= np.nanmax(table)).all()
        for options in ({}, {"num_draws": 2}):
            with pytest.raises(ValueError, match="X: got values from 0 to 3.5, want "):
                m1.impute(np.where(table > 0, 3.5, table), num_samples=5, **options)


@pytest.mark.parametrize(
    "table",
    [X, (X > 3).astype(float), X.round().clip(0, 9), np.floor(X * 40)],
    ids=["normal", "bits", "counts", "grey"],
)
def test_the_likelihood_is_guessed_from_what_is_there(table):
    table = table - table.min(0)
    lost = with_missing_cells(table, 0.1, seed=3)
    assert describe_columns(lost).likelihood == describe_columns(table).likelihood


def test_columns_without_a_value_are_told_by_name():
    frame = pd.DataFrame(LOST, columns=list("abcd")).assign(c=NAN)
    with pytest.raises(ValueError, match=r"X: got columns without a single value \('c'\), want values to learn from"):
        DeepGenerativeClassifier(epochs=1).fit(frame, Y)
    with pytest.raises(ValueError, match=r"X: got columns without a single value \(0, 2\)"):
        M1(epochs=1).fit(np.where([1, 0, 1, 0], NAN, X))
    with pytest.warns(UserWarning, match=r"X: got constant columns \(3\)"):
        M1(epochs=1).fit(np.column_stack([LOST[:, :3], np.where(np.isnan(LOST[:, 3]), NAN, 2.0)]))


def test_a_far_cell_is_told_beside_missing_ones():
    table = LOST.copy()
    table[4] = [5.0, 1e12, 1.0, 0.2]
    table[:4, 1] = NAN
    with pytest.warns(UserWarning, match="X: got 1e.12 in row 4, column 1"):
        describe_columns(table)


def test_frames_with_pandas_own_missing_values():
    frame = pd.DataFrame(LOST, columns=list("abcd")).convert_dtypes()
    assert str(frame.dtypes.iloc[0]) == "Float64"
    m1 = M1(epochs=1, **SMALL).fit(frame)
    assert np.isfinite(m1.impute(frame, num_samples=5)).all()


def test_networks_take_the_option():
    assert Networks(4, None, (3,)).input_size == 4 and Networks(4, None, (3,), missing="mask").having(None).missing
    assert torch.isfinite(Networks(4, None, (3,), missing="mask").posterior(8, size=2)(torch.zeros(1, 8)).mean).all()
