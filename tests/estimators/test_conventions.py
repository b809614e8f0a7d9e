"""scikit-learn's estimator checks, and its tools used with the estimators."""

import io
import pickle
import pickletools
import warnings
from contextlib import redirect_stdout

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from pyrodgm.estimators import M1, DeepGenerativeClassifier

SMALL = {"z_size": 2, "hidden": (16,), "learning_rate": 2e-2, "random_state": 0}
CLASSIFIER = {"model": "m2", "epochs": 5, "batch_size": 20} | SMALL
QUICK = {"model": "m2", "epochs": 5, "z_size": 1, "hidden": (8,), "learning_rate": 0.1}
MISSING = {"check_classifiers_classes": "it labels rows -1 and 1, and -1 is no label here"}


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    few = np.full(len(y), -1)
    few[::5] = y[::5]
    return X, y, few


@pytest.mark.parametrize(
    ("estimator", "failing"),
    [(DeepGenerativeClassifier(**QUICK), MISSING), (M1(epochs=2, **SMALL), {})],
    ids=["DeepGenerativeClassifier", "M1"],
)
def test_scikit_learns_checks_pass_but_for_one(estimator, failing):
    results = check_estimator(estimator, expected_failed_checks=failing, on_fail=None, on_skip=None)
    failed = {result["check_name"]: result["exception"] for result in results if result["status"] == "failed"}
    assert not failed
    expected = [result["check_name"] for result in results if result["status"] == "xfail"]
    assert set(expected) == set(failing)


def test_pipeline_grid_search_in_two_processes_and_cross_validation(iris):
    X, y, few = iris
    pipeline = make_pipeline(StandardScaler(), DeepGenerativeClassifier(**CLASSIFIER | {"epochs": 10}))
    grid = {"deepgenerativeclassifier__z_size": np.array([1, 2])}
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2, error_score="raise").fit(X, few)
    assert search.score(X, y) > 0.7
    assert (cross_val_score(pipeline, X, few, cv=2, error_score="raise") > 0.6).all()
    assert make_pipeline(M1(epochs=2, **SMALL), LogisticRegression()).fit(X, y).predict(X).shape == y.shape


def test_the_seed_decides(iris):
    X, _, few = iris
    estimator = DeepGenerativeClassifier(**CLASSIFIER)
    first, second = (clone(estimator).fit(X, few).predict_proba(X) for _ in range(2))
    other = clone(estimator).set_params(random_state=1).fit(X, few).predict_proba(X)
    assert np.array_equal(first, second)
    assert not np.allclose(first, other)


@pytest.mark.parametrize("draw", ["sample", "impute", "features"])
def test_the_seed_decides_what_is_drawn_after_fit(iris, draw):
    X, *_ = iris
    lost = np.where(np.arange(4) == 1, np.nan, X[:5])
    m1 = M1(epochs=1, **SMALL, features="samples").fit(np.concatenate([X, lost]))
    ask = {
        "sample": lambda: m1.sample(5),
        "impute": lambda: m1.impute(lost, num_samples=20, num_draws=2),
        "features": lambda: m1.transform(X[:5]),
    }[draw]
    first, again, other = (m1.set_params(random_state=seed) and ask() for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("dump", [pickle.dumps, None], ids=["pickle", "joblib"])
def test_pickles_bring_back_the_same_answers_and_name_no_code_but_classes(iris, dump, tmp_path):
    X, _, few = iris
    estimator = DeepGenerativeClassifier(**CLASSIFIER).fit(X, few).partial_fit(X, few)
    if dump is None:
        joblib.dump(estimator, tmp_path / "estimator")
        copy = joblib.load(tmp_path / "estimator")
    else:
        data = dump(estimator)
        copy = pickle.loads(data)
        named = [argument for code, argument, _ in pickletools.genops(data) if isinstance(argument, str)]
        assert not any(name.startswith("torch") for name in named)
    for ask in (lambda e: e.predict_proba(X), lambda e: e.score_samples(X), lambda e: e.sample(5)[0]):
        assert np.array_equal(ask(estimator), ask(copy))
    assert np.array_equal(
        copy.partial_fit(X, few).predict_proba(X), estimator.partial_fit(X, few).predict_proba(X)
    )  # the optimiser's moments came along


def test_a_pickle_from_before_an_argument_has_its_default(iris):
    X, _, few = iris
    estimator = DeepGenerativeClassifier(**CLASSIFIER | {"epochs": 1}).fit(X, few)
    state = {name: value for name, value in estimator.__getstate__().items() if name != "classes"}
    older = DeepGenerativeClassifier.__new__(DeepGenerativeClassifier)
    older.__setstate__(state)
    assert older.get_params() == estimator.get_params() and older.classes == "auto"
    assert np.array_equal(older.predict_proba(X), estimator.predict_proba(X))


def test_data_frames_in_and_names_out(iris):
    X, y, _ = iris
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    m1 = M1(epochs=2, **SMALL).set_output(transform="pandas").fit(frame)
    features = m1.transform(frame)
    assert list(m1.feature_names_in_) == ["a", "b", "c", "d"]
    assert list(features.columns) == list(m1.get_feature_names_out()) == ["z_0", "z_1"]
    classifier = DeepGenerativeClassifier(**CLASSIFIER).fit(frame, pd.Series(y))
    assert classifier.n_features_in_ == 4 and classifier.transform(frame).shape == (150, 2)


def test_nothing_is_printed_unless_asked(iris, capfd):
    X, _, few = iris
    estimator = DeepGenerativeClassifier(**CLASSIFIER | {"epochs": 1}).fit(X, few)
    assert "".join(capfd.readouterr()) == ""
    with redirect_stdout(out := io.StringIO()):
        estimator.set_params(verbose=True).fit(X, few)
    reason = "because values are not counts from 0 to at most 255"
    assert out.getvalue() == f"DeepGenerativeClassifier: likelihood normal, {reason}\n"
    assert "epoch=1" in capfd.readouterr().err
    frame = pd.DataFrame(X, columns=list("abcd")).assign(big=pd.Categorical(X[:, 0] > 5))
    for likelihood, data, reason in ((None, frame, "from the types of the columns"), ("normal", X, "as given")):
        with redirect_stdout(out := io.StringIO()):
            estimator.set_params(likelihood=likelihood).fit(data, few)
        assert out.getvalue() == f"DeepGenerativeClassifier: likelihood {estimator.likelihood_}, {reason}\n"


def _far():
    return np.append(np.linspace(0, 1, 999), 4000)[:, None], np.arange(1000) % 2


def _words():
    return np.random.RandomState(0).randn(4, 2), np.array(["a", "-1"] * 2)


def _one_class():
    return np.random.RandomState(0).randn(4, 2), np.array([1, -1] * 2)


def _identifiers():
    return pd.DataFrame({"name": [f"n{i}" for i in range(30)]}), np.arange(30) % 2


@pytest.mark.parametrize("data", [_far, _words, _one_class, _identifiers])
def test_a_warning_shows_the_line_of_the_user(data):
    X, y = data()
    with pytest.warns(UserWarning) as caught:
        DeepGenerativeClassifier(**QUICK | {"epochs": 1, "batch_size": 1000}).fit(X, y)
    with pytest.warns(UserWarning) as others:
        warnings.warn("", stacklevel=1)
        if data is not _one_class:
            DeepGenerativeClassifier(**QUICK).partial_fit(X, y, classes=np.unique(y))
        if data in (_far, _identifiers):
            M1(epochs=1, **SMALL, batch_size=1000).fit(X)
    assert {warning.filename for warning in (*caught, *others)} == {__file__}


def test_every_setting_has_constraints_and_the_epochs_are_counted(iris):
    X, _, few = iris
    for estimator in (DeepGenerativeClassifier(**CLASSIFIER), M1(epochs=2, **SMALL)):
        assert estimator._parameter_constraints.keys() == estimator.get_params().keys()
        assert estimator.fit(X, few).n_iter_ == len(estimator.history_) == estimator.epochs
    with pytest.raises(NotFittedError):
        M1().n_iter_  # noqa: B018


def test_a_setting_of_numpy_is_shown_as_a_plain_number(iris):
    X, _, few = iris
    for estimator in (DeepGenerativeClassifier(z_size=np.int64(0)), M1(z_size=np.int64(0))):
        with pytest.raises(ValueError, match=r"The 'z_size' parameter of \w+ must be an int in .* Got 0 instead"):
            estimator.fit(X, few)


def test_transduction_is_the_label_of_a_row_or_the_class_predicted(iris):
    X, _, few = iris
    few = np.where(np.arange(len(few)) == 0, 2, few)  # no classifier would say so
    classifier = DeepGenerativeClassifier(**CLASSIFIER | {"epochs": 30}).fit(X, few)
    found = classifier.predict(X)
    assert found[0] != 2 and np.array_equal(classifier.transduction_, np.where(few == -1, found, few))
