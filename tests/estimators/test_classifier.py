"""The classifier with all labels, with few, and without."""

import numpy as np
import pandas as pd
import pytest
import torch
from pyro.infer import SVI
from sklearn.datasets import load_digits, load_iris, make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_rand_score

import pyrodgm.models
from pyrodgm.estimators import DeepGenerativeClassifier
from pyrodgm.estimators.model_choice import has_classes, model_of
from pyrodgm.models import ADGM, M2, CaGeM, LatentClassifierVAE, SplitLatentClassifierVAE
from pyrodgm.models.catalogue import is_of_images
from tests.pairs import model_classes

X, Y = load_iris(return_X_y=True)
FEW = np.where(np.arange(len(Y)) % 10 == 0, Y, -1)
SETTINGS = {"z_size": 2, "a_size": 2, "hidden": (32,), "learning_rate": 2e-2, "random_state": 0}


@pytest.mark.parametrize("model_class", [c for c in model_classes() if has_classes(c) and not is_of_images(c)])
def test_every_model_with_classes_learns_iris_from_15_labels(model_class):
    reads_z = model_class in (CaGeM, LatentClassifierVAE, SplitLatentClassifierVAE)  # y, so that z has to learn first
    length = {"epochs": 60, "warm_up_epochs": 200} if reads_z else {"epochs": 20}
    classifier = DeepGenerativeClassifier(model_class.__name__.lower(), **length, **SETTINGS).fit(X, FEW)
    assert isinstance(classifier.model_, model_class)
    assert classifier.score(X, Y) > 0.8
    assert classifier.score_samples(X).shape == (150,) and len(classifier.transform(X)) == 150
    rows, classes = classifier.sample(4, y=2)
    assert rows.shape == (4, 4) and classes.tolist() == [2] * 4


def test_a_model_of_images_takes_their_shape():
    X, y = np.eye(6)[np.arange(40) % 6], np.where(np.arange(40) < 12, np.arange(40) % 2, -1)
    small = {"image_shape": (2, 3), "z_sizes": (2,), "maps": (3,), "concatenation": False, "pixel_maps": 4}
    classifier = DeepGenerativeClassifier(("semisupervisedfame", small), epochs=2, **SETTINGS).fit(X, y)
    assert classifier.model_.image_shape == (2, 3) and classifier.predict_proba(X).shape == (40, 2)
    wanted = (
        r"model: got 'semisupervisedfame', a model of images, want \('semisupervisedfame', {'image_shape': \(H, W\)}"
    )
    with pytest.raises(ValueError, match=wanted):
        DeepGenerativeClassifier("semisupervisedfame", **SETTINGS).fit(X, y)


def test_all_labels_are_supervised_learning():
    classifier = DeepGenerativeClassifier("m2", epochs=30, **SETTINGS).fit(X, Y)
    assert classifier.score(X, Y) > 0.93


def test_rows_without_a_label_help():
    y = np.arange(200) % 2
    X = np.random.RandomState(0).randn(200, 10)
    X[:, 0] += 5 * y
    few = np.where(np.arange(200) < 4, y, -1)
    classifier = DeepGenerativeClassifier("m2", epochs=40, validation_fraction=0, **SETTINGS | {"z_size": 1})
    assert classifier.fit(X[:4], y[:4]).score(X, y) < 0.7
    assert classifier.fit(X, few).score(X, y) > 0.9


def test_a_weighted_accuracy_is_of_the_rows_with_a_label():
    classifier = DeepGenerativeClassifier("m2", epochs=2, **SETTINGS).fit(X, Y)
    random = np.random.RandomState(0)
    y, weight = random.randint(-1, 3, len(X)), random.rand(len(X))
    known = y != -1
    right = (classifier.predict(X) == y)[known]
    assert classifier.score(X, y, weight) == pytest.approx((weight[known] * right).sum() / weight[known].sum())
    assert classifier.score(X, y) == pytest.approx(right.mean()) and 0.1 < right.mean() < 0.9


def test_no_label_at_all_is_clustering():
    X, y = make_blobs(200, centers=3, cluster_std=0.5, random_state=2)
    settings = SETTINGS | {"hidden": (16,), "learning_rate": 1e-2}
    classifier = DeepGenerativeClassifier("m2", num_classes=3, epochs=60, **settings)
    clusters = classifier.fit(X).predict(X)
    assert classifier.classes_.tolist() == [0, 1, 2]
    assert adjusted_rand_score(y, clusters) > 0.9
    assert np.array_equal(classifier.fit(X, np.full(200, -1)).predict(X), clusters)


def test_labels_keep_their_names():
    names = load_iris().target_names[Y].astype(object)
    names[FEW < 0] = None
    classifier = DeepGenerativeClassifier("m2", epochs=10, **SETTINGS).fit(X, names)
    assert set(classifier.predict(X)) <= {"setosa", "versicolor", "virginica"}
    rows, classes = classifier.sample(60)
    assert set(classes) == {"setosa", "versicolor", "virginica"} and rows.shape == (60, 4)
    assert classifier.score(X, names) == classifier.score(X[FEW >= 0], names[FEW >= 0])  # rows with a label count


def test_generated_rows_are_of_their_class_and_in_the_tables_units():
    classifier = DeepGenerativeClassifier("m2", epochs=60, batch_size=150, **SETTINGS).fit(X, Y)
    rows, _ = classifier.sample(300, y=np.repeat([0, 1, 2], 100))
    means = rows.reshape(3, 100, 4).mean(1)
    np.testing.assert_allclose(means, [X[k == Y].mean(0) for k in range(3)], atol=0.5)
    assert np.array_equal(rows, classifier.sample(300, y=np.repeat([0, 1, 2], 100))[0])


def test_stopping_keeps_the_best_epoch():
    settings = SETTINGS | {"learning_rate": 0.05, "batch_size": 150}
    settings |= {"validation_fraction": 0.1}
    classifier = DeepGenerativeClassifier("m2", epochs=100, patience=5, **settings).fit(X, np.roll(Y, 25))
    losses = [row["validation loss"] for row in classifier.history_]
    assert len(losses) < 100 and np.argmin(losses) == len(losses) - 6
    assert "validation loss" not in DeepGenerativeClassifier(epochs=1, validation_fraction=0).fit(X, Y).history_[0]


def test_cagem_predicts_by_its_inference_network():
    classifier = DeepGenerativeClassifier("cagem", epochs=1, **SETTINGS).fit(X, FEW)
    x = classifier.columns_.to_model(X)
    model = classifier.model_.double()
    by_q, by_p = (model.classifier(x, network=network).detach().numpy() for network in ("inference", "generative"))
    classifier.temperature_ = 1.0
    np.testing.assert_allclose(classifier.predict_proba(X), by_q, atol=1e-6)
    assert np.abs(by_q - by_p).max() > 1e-3


@pytest.mark.parametrize(("labels", "held_out"), [(499, 0), (500, 50)])
def test_only_many_labels_stop_a_fit(watched, labels, held_out):
    y = np.where(np.arange(600) < labels, np.arange(600) % 2, -1)
    rows = np.random.RandomState(0).randn(600, 3)
    classifier = DeepGenerativeClassifier("m2", epochs=1, **SETTINGS).fit(rows, y)
    assert ("validation loss" in classifier.history_[0]) == bool(held_out)
    assert watched[0].svi.loss.__self__.alpha == pytest.approx(600 / (labels - held_out))


def test_partial_fit_learns_a_stream():
    order = np.random.RandomState(0).permutation(150)
    classifier = DeepGenerativeClassifier("m2", batch_size=25, **SETTINGS)
    for _ in range(8):
        for rows in np.split(order, 3):
            classifier.partial_fit(X[rows], Y[rows], classes=[0, 1, 2])
    classifier.partial_fit(X[:7])  # rows without a label
    assert len(classifier.history_) == 25
    assert classifier.score(X, Y) > 0.85


def test_a_traced_fit_is_the_plain_one(monkeypatch):
    classifier = DeepGenerativeClassifier("m2", epochs=3, batch_size=50, **SETTINGS)
    plain = classifier.fit(X, FEW).predict_proba(X)
    monkeypatch.setattr("pyrodgm.estimators.training.SHORT", 0)
    np.testing.assert_allclose(classifier.fit(X, FEW).predict_proba(X), plain, atol=1e-4)


def many(num_classes=200, rows=4):
    """Classes in a table of 16 columns, so many rows of each, half of which have a label."""
    centres = 4 * np.random.RandomState(1).randn(num_classes, 16)
    y = np.tile(np.arange(num_classes), rows)
    X = centres[y] + np.random.RandomState(2).randn(len(y), 16)
    return X, y, np.where(np.arange(len(y)) < len(y) / 2, y, -1)


def test_a_table_of_many_classes_is_learnt_from_classes_that_are_sampled():
    X, y, half = many()
    settings = SETTINGS | {"hidden": (64,), "learning_rate": 1e-2, "validation_fraction": 0}
    classifier = DeepGenerativeClassifier("m2", epochs=12, **settings).fit(X, half)
    assert classifier.model_.arguments["classes"] == "sampled"
    assert classifier.score(X[half < 0], y[half < 0]) > 0.5  # by chance 0.005
    assert classifier.predict_proba(X[:3]).shape == (3, 200)
    assert np.isfinite(classifier.score_samples(X[:3])).all()


TWENTY = many(20, 2)[:2]
TWENTY_ONE = many(21, 2)[:2]
SAMPLED = ("sampled", {"top": 1})


@pytest.mark.parametrize(
    ("model", "table", "classes", "expected"),
    [
        ("m2", TWENTY, "auto", "enumerated"),
        ("m2", TWENTY_ONE, "auto", "sampled"),
        ("m2", TWENTY_ONE, "enumerated", "enumerated"),
        ("m2", TWENTY, SAMPLED, SAMPLED),
        ("m2", TWENTY, "relaxed", "relaxed"),
        (("m2", {"classes": "relaxed"}), TWENTY_ONE, "auto", "relaxed"),
        (("m2", {"batch_norm": True}), TWENTY_ONE, "auto", "enumerated"),
        ("latentclassifiervae", TWENTY_ONE, "auto", "sampled"),
        (("latentclassifiervae", {"bound": "exact"}), TWENTY_ONE, "auto", "enumerated"),
        ("splitlatentclassifiervae", TWENTY_ONE, "auto", None),
        ("splitlatentclassifiervae", TWENTY, "enumerated", None),
    ],
)
def test_classes_are_sampled_where_they_are_many(model, table, classes, expected):
    settings = SETTINGS | {"validation_fraction": 0, "hidden": (4,)}
    classifier = DeepGenerativeClassifier(model, epochs=1, classes=classes, **settings).fit(*table)
    assert classifier.model_.arguments.get("classes", "enumerated") == (expected or "enumerated")


def test_models_by_name_by_class_and_with_options():
    assert model_of("SDGM") == (pyrodgm.models.SDGM, {})
    assert model_of(M2) == (M2, {})
    assert model_of((ADGM, {"a_reads_x": True})) == (ADGM, {"a_reads_x": True})
    classifier = DeepGenerativeClassifier(("m2", {"posterior": "full"}), epochs=1, **SETTINGS).fit(X, Y)
    assert classifier.model_.arguments["posterior"] == "full"


def test_counts_stay_counts():
    X, y = load_digits(return_X_y=True)
    classifier = DeepGenerativeClassifier("m2", epochs=1, **SETTINGS).fit(X[:200], y[:200])
    assert classifier.likelihood_ == ("binomial", {"total_count": 16})
    rows, _ = classifier.sample(5)
    assert np.array_equal(rows, rows.round()) and rows.min() >= 0 and rows.max() <= 16


BAD = {
    "model": ({"model": "sdmg"}, X, Y, r"model: got 'sdmg' \(did you mean 'sdgm'\?\), want one of adgm"),
    "a model without classes": ({"model": "vae"}, X, Y, "model: got 'vae'"),
    "a class that is no model": (
        {"model": pyrodgm.models.VAE},
        X,
        Y,
        "model: got VAE, want a DeepGenerativeModel with",
    ),
    "likelihood": ({"likelihood": "poisson"}, X, Y, "likelihood: got 'poisson'"),
    "support": ({"likelihood": "bernoulli"}, X, Y, r"X: got values from 0.1 to 7.9, want values in \[0, 1\]"),
    "no labels": ({}, X, np.full(150, -1), "y: got no labels, want some, or num_classes, the number of clusters"),
    "y": ({}, X, None, "y: got None, .* to cluster, give num_classes"),
    "num_classes": ({"num_classes": 2}, X, Y, "num_classes: got 2, want None or 3, the classes in y"),
    "one label": (
        {"validation_fraction": 0.1},
        X,
        np.where(np.arange(150) == 149, 2, np.minimum(Y, 1)),
        "y: got a single label of class .*2",
    ),
    "classes": (
        {"classes": "sampeld"},
        X,
        Y,
        r"classes: got 'sampeld' \(did you mean 'sampled'\?\), want one of auto, ",
    ),
    "too many to sum": ({"classes": ("sampled", {"top": 3})}, X, Y, "classes: sampled: top: got 3, want an int from 1"),
    "an option of classes": ({"classes": ("sampled", {"tap": 1})}, X, Y, r"classes: sampled: got 'tap' \(did you mean"),
    "classes that a model sums": (
        {"model": "splitlatentclassifiervae", "classes": "sampled"},
        X,
        Y,
        "classes: got 'sampled' with SplitLatentClassifierVAE, want 'auto' or 'enumerated'",
    ),
    "classes inside a logarithm": (
        {"model": ("latentclassifiervae", {"bound": "exact"}), "classes": "sampled"},
        X,
        Y,
        "classes: got 'sampled' with bound=\"exact\", .*, want 'enumerated' unless the guide has the class",
    ),
    "epochs": (
        {"epochs": 0},
        X,
        Y,
        "'epochs' parameter of DeepGenerativeClassifier must be an int in the range .1, inf.. Got 0",
    ),
    "batch_size": ({"batch_size": 0}, X, Y, "'batch_size' parameter .* int in the range .1, inf.. Got 0"),
    "learning_rate": ({"learning_rate": 0}, X, Y, "'learning_rate' parameter .* in the range .0.0, inf.. Got 0"),
    "beta": ({"beta": -1}, X, Y, "'beta' parameter .* in the range .0.0, inf.. Got -1"),
    "patience": ({"patience": 0}, X, Y, "'patience' parameter .* Got 0"),
    "share": (
        {"validation_fraction": 1.0},
        X,
        Y,
        "'validation_fraction' .* among {'auto'} or a float in the range .0.0, 1.0.. Got 1.0",
    ),
    "no share": (
        {"validation_fraction": None},
        X,
        Y,
        "'validation_fraction' parameter .* among {'auto'} or a float .* Got None",
    ),
    "an option of the model": (
        {"model": ("m2", {"z_sise": 3})},
        X,
        Y,
        r"model: option of M2: got 'z_sise' \(did you mean",
    ),
    "options of the model": ({"model": ("m2", 3)}, X, Y, "model: got 3 as the options of 'm2', want a dict"),
    "hidden": ({"hidden": (8, 0)}, X, Y, r"hidden: got \(8, 0\), want a tuple of positive ints"),
    "a device": ({"device": "gpu"}, X, Y, "device: got 'gpu', want an available device"),
    "an option of the likelihood": (
        {"likelihood": ("normal", {"varience": 1.0})},
        X,
        Y,
        r"likelihood 'normal': option: got 'varience' \(did you mean 'variance'\?\)",
    ),
    "a likelihood without its option": (
        {"likelihood": "categorical"},
        X,
        Y,
        "got 'categorical' without num_levels, want",
    ),
    "a likelihood without columns": ({"likelihood": "mixed"}, X, Y, "likelihood: got 'mixed' without columns, want"),
    "a likelihood alone": (
        {"likelihood": ("normal",)},
        X,
        Y,
        r"likelihood: got \('normal',\), want a name, or a pair of",
    ),
    "no classes": ({"classes": ()}, X, Y, r"classes: got \(\), want a name, or a pair of"),
    "constant": ({}, np.full((150, 2), 0.1), Y, r"X: got only constant columns \(0, 1\), want at least"),
    "a column alone": ({}, X[:, 0], Y, r"X: got one dimension, want rows and columns\. Reshape your data: X\.resh"),
    "a number": ({}, 3.0, Y[:1], "X: got a number, want rows and columns"),
    "infinity": ({}, np.where(X > 7.5, np.inf, X), Y, "Input X contains infinity"),
    "lengths": ({}, X, Y[:9], "inconsistent numbers of samples"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told(case):
    options, rows, labels, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        DeepGenerativeClassifier(**{"epochs": 1} | SETTINGS | options).fit(rows, labels)


def test_a_single_label_of_a_class_is_learnt_where_none_is_held_out():
    labels = np.where(np.arange(150) == 149, 2, np.minimum(Y, 1))
    settings = SETTINGS | {"validation_fraction": 0}
    assert DeepGenerativeClassifier("m2", epochs=1, **settings).fit(X, labels).classes_.tolist() == [0, 1, 2]


def test_a_single_label_is_learnt_by_default_with_labels_held_out():
    rows, labels = np.tile(X, (4, 1)), np.tile(np.minimum(Y, 1), 4)
    labels[0] = 2
    settings = SETTINGS | {"validation_fraction": "auto"}
    classifier = DeepGenerativeClassifier("m2", epochs=1, **settings).fit(rows, labels)
    assert classifier.classes_.tolist() == [0, 1, 2] and "validation loss" in classifier.history_[0]


def test_the_methods_after_fit_normalise_a_row_alone():
    """The other rows of a batch, and batches seen before, make no difference."""
    classifier = DeepGenerativeClassifier(("m2", {"batch_norm": True}), epochs=2, **SETTINGS).fit(X, FEW)
    scores, probabilities = classifier.score_samples(X[:9]), classifier.predict_proba(X[:9])
    np.testing.assert_allclose(classifier.score_samples(X[:3]), scores[:3], rtol=1e-9)
    np.testing.assert_allclose(classifier.predict_proba(X[:3]), probabilities[:3], rtol=1e-9)


def test_batch_normalisation_of_a_single_labelled_row_is_told():
    classifier = DeepGenerativeClassifier(("m2", {"batch_norm": True}), epochs=1, validation_fraction=0, **SETTINGS)
    with pytest.raises(
        ValueError, match="labelled: got a single row while training with batch_norm=True, want at least"
    ):
        classifier.set_params(batch_size=1).fit(X, FEW)


def test_bad_input_after_fit_is_told():
    classifier = DeepGenerativeClassifier("m2", epochs=1, **SETTINGS).fit(X, Y)
    for ask in (classifier.predict, classifier.score_samples, classifier.transform):
        with pytest.raises(ValueError, match="X has 3 features, but DeepGenerativeClassifier is expecting 4"):
            ask(X[:, :3])
    for number in (0, 1.5, "3"):
        with pytest.raises(ValueError, match=f"num_samples: got {number!r}, want a positive int"):
            classifier.sample(number)
        with pytest.raises(ValueError, match=f"num_samples: got {number!r}, want a positive int"):
            classifier.sample(number, y=0)
    for lengths in ((X, Y[:9]), (X, Y, np.ones(9))):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            classifier.score(*lengths)
    with pytest.raises(ValueError, match="importance_samples: got 1.5, want a positive int"):
        classifier.score_samples(X, importance_samples=1.5)
    with pytest.raises(ValueError, match=r"y: got the label .*7.*, want one of the classes"):
        classifier.sample(2, y=7)
    with pytest.raises(ValueError, match="y: got a missing label, want a class for every row"):
        classifier.sample(2, y=-1)
    with pytest.raises(ValueError, match="y: got no labels, want at least one to score by"):
        classifier.score(X, np.full(150, -1))
    with pytest.raises(ValueError, match="classes: got .*, want those of the first call"):
        classifier.partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"y: got shape \(2,\), want one class, or 3, one for each row"):
        classifier.sample(3, y=[0, 1])
    with pytest.raises(ValueError, match="classes: got None, want all classes at the first call"):
        DeepGenerativeClassifier().partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"classes: got \[-1, 0, 1, 2\], want classes alone: -1, None and NaN mean no"):
        DeepGenerativeClassifier().partial_fit(X, Y, classes=[-1, 0, 1, 2])
    with pytest.raises(ValueError, match=r"classes: got \[0, 1, 2, None\], want classes alone"):
        DeepGenerativeClassifier().partial_fit(X, Y, classes=[0, 1, 2, None])


@pytest.mark.parametrize("error", [KeyboardInterrupt, FloatingPointError])
def test_a_fit_that_fails_or_is_interrupted_leaves_what_was(monkeypatch, error):
    def fail(*args):
        raise error

    classifier = DeepGenerativeClassifier("m2", epochs=1, **SETTINGS).fit(X, FEW)
    probabilities, new = classifier.predict_proba(X), DeepGenerativeClassifier("m2", epochs=1, **SETTINGS)
    monkeypatch.setattr("pyrodgm.estimators.classifier.train", fail)
    for estimator in (classifier, new):
        with pytest.raises(error):
            estimator.fit(X[:, :3], FEW)
    assert np.array_equal(classifier.predict_proba(X), probabilities)
    with pytest.raises(NotFittedError):
        new.predict(X[:, :3])


@pytest.mark.parametrize("calls", [0, 2])
def test_a_partial_fit_that_is_interrupted_leaves_what_was(monkeypatch, calls):
    """The next call gives the same parameters as without the interruption."""

    def interrupted(svi, **batch):
        step(svi, **batch)
        raise KeyboardInterrupt

    step, found = SVI.step, []
    for stopped in (False, True):
        classifier = DeepGenerativeClassifier("m2", batch_size=50, **SETTINGS)
        for call in range(calls + 1):
            if stopped and call == calls:
                with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
                    patch.setattr(SVI, "step", interrupted)
                    classifier.partial_fit(X, FEW, classes=[0, 1, 2])
                assert hasattr(classifier, "model_") == bool(calls)
            classifier.partial_fit(X, FEW, classes=[0, 1, 2])
        found.append(classifier.predict_proba(X))
    np.testing.assert_array_equal(*found)


def test_a_partial_fit_whose_loss_is_not_finite_is_told(monkeypatch):
    classifier = DeepGenerativeClassifier("m2", **SETTINGS).partial_fit(X, FEW, classes=[0, 1, 2])
    probabilities, step = classifier.predict_proba(X), SVI.step
    monkeypatch.setattr(SVI, "step", lambda svi, **batch: step(svi, **batch) + np.inf)
    with pytest.raises(FloatingPointError, match="the mean loss is inf, or a parameter is not finite"):
        classifier.partial_fit(X, FEW)
    np.testing.assert_array_equal(classifier.predict_proba(X), probabilities)
    assert classifier.n_iter_ == 1


@pytest.mark.parametrize(("model", "factor"), [("m2", 1), ("splitlatentclassifiervae", 5)])
def test_beta_is_five_times_as_large_for_a_split_latent_classifier(model, factor):
    classifier = DeepGenerativeClassifier(model, beta=0.5, epochs=1, **SETTINGS).fit(X, FEW)
    assert classifier._objective(10, 110).alpha == pytest.approx(0.5 * factor * 110 / 10)


def test_a_single_class_beside_missing_labels_is_told():
    with pytest.warns(UserWarning, match="y: got a single class, 1, besides rows without a label, .* cannot be -1"):
        DeepGenerativeClassifier("m2", epochs=1, **SETTINGS).fit(X, np.where(Y == 1, 1, -1))


def test_constant_columns_are_told_by_name():
    frame = pd.DataFrame(X, columns=list("abcd")).assign(colour="red", e=pd.Categorical([1, 2] * 75), same=1.1)
    with pytest.warns(UserWarning, match=r"X: got constant columns \('same'\), want .*: they are left out"):
        classifier = DeepGenerativeClassifier("m2", epochs=1, **SETTINGS).fit(frame, Y)
    assert (classifier.sample(5)[0]["same"] == 1.1).all()


@pytest.mark.parametrize("model", ["m2", "sdgm"])
def test_a_constant_column_is_left_out(model):
    with pytest.warns(UserWarning, match=r"X: got constant columns \(1\)"):
        classifier = DeepGenerativeClassifier(model, epochs=20, **SETTINGS).fit(np.insert(X, 1, 0.1, axis=1), Y)
    assert classifier.score(np.insert(X, 1, 0.1, axis=1), Y) > 0.85
    rows, other = np.insert(X[::9], 1, 0.1, axis=1), np.insert(X[::9], 1, [7.0, np.nan] * 8 + [7.0], axis=1)
    assert np.isfinite(classifier.score_samples(rows)).all()
    for method in ("predict_proba", "score_samples", "transform", "anomaly_score"):
        np.testing.assert_array_equal(getattr(classifier, method)(other), getattr(classifier, method)(rows))
    np.testing.assert_array_equal(classifier.impute(other, num_samples=5)[1::2], rows[1::2])
    np.testing.assert_array_equal(classifier.sample(5)[0][:, 1], 0.1)


def test_probabilities_and_scores_in_one_pass():
    classifier = DeepGenerativeClassifier("m2", epochs=10, **SETTINGS).fit(X, Y)
    probabilities, scores = classifier.predict_and_score(X, num_samples=300, batch_size=40, dtype="float64")
    np.testing.assert_allclose(probabilities, classifier.predict_proba(X), rtol=1e-9)
    np.testing.assert_allclose(scores, classifier.score_samples(X, num_samples=300), atol=0.3)
    with pytest.raises(ValueError, match="dtype: got 'half', want one of float32, float64"):
        classifier.predict_and_score(X, dtype="half")


def test_a_score_depends_on_no_row_beside_it_even_one_that_cannot_be():
    """Rows that are no zeros and ones are among rows whose likely classes differ."""
    random = np.random.RandomState(0)
    y = np.arange(90) % 3
    x = (random.rand(90, 6) < np.where(np.arange(6) // 2 == y[:, None], 0.95, 0.05)).astype(float)
    settings = SETTINGS | {"likelihood": "bernoulli", "batch_size": 30, "validation_fraction": 0}
    classifier = DeepGenerativeClassifier("m2", epochs=40, **settings).fit(x, y)
    classifier.temperature_ = 1.0
    assert (classifier.predict_proba(x).min(1) < 0.01).mean() > 0.5  # classes that are skipped
    rows, inside = x[:30].copy(), np.arange(30) % 5 != 0
    rows[~inside, 0] = -1
    alone, scores = (classifier.predict_and_score(part, dtype="float64")[1] for part in (x[:30][inside], rows))
    np.testing.assert_allclose(scores[inside], alone, rtol=1e-9)
    assert np.isneginf(scores[~inside]).all()


@pytest.mark.parametrize("options", [{}, {"hidden": ((24,), (8,)), "activation": "softplus", "z1_size": 3}], ids=str)
def test_m1_of_an_m1m2_is_trained_before_its_m2(options):
    x = (X - X.mean(0)) / X.std(0)
    settings = SETTINGS | {"epochs": 60, "validation_fraction": 0}
    model = DeepGenerativeClassifier(("m1m2", options), **settings).fit(x, FEW).model_
    assert model.z1_size == options.get("z1_size", 2)
    with torch.no_grad():
        z1 = model.q_z1(torch.from_numpy(x).float()).mean
        left = (model.p_x(z1).mean - torch.from_numpy(x)).square().mean()
    assert left < 0.4  # of a variance of 1 a column


def test_m1m2_takes_parts_of_the_rows_only_if_it_is_trained_jointly():
    with pytest.raises(ValueError, match="model: got M1M2, whose M1 is trained on all rows first, want fit, or joint"):
        DeepGenerativeClassifier("m1m2", **SETTINGS).partial_fit(X, FEW, classes=[0, 1, 2])
    joint = DeepGenerativeClassifier(("m1m2", {"joint": True}), **SETTINGS)
    assert joint.partial_fit(X, FEW, classes=[0, 1, 2]).predict(X).shape == Y.shape


@pytest.mark.parametrize("levels", [1, 255, None], ids=["zeros and ones", "levels to 255", "grey values to 1"])
def test_a_fame_takes_images_of_every_kind_and_missing_pixels(levels):
    random = np.random.RandomState(0)
    x = np.where(random.rand(24, 16) < 0.7, 0, random.rand(24, 16))
    if levels is not None:
        x = random.randint(0, levels + 1, x.shape)
        x[:2] = [[0], [levels]]
    options = {"image_shape": (4, 4), "z_sizes": (2,), "maps": (2,), "pixel_maps": 2}
    fame = DeepGenerativeClassifier(("semisupervisedfame", options), epochs=1, **SETTINGS)
    try:
        fame.fit(x, np.arange(24) % 2)
    except ValueError as error:
        pytest.fail(f"images are refused: {error}")
    assert fame.likelihood_ == "bernoulli"
    assert np.isfinite(fame.score_samples(np.where(x == x.max(), np.nan, x))).all()


def test_what_models_need_they_get_as_they_come():
    """A FAME for grey images, of counts from 0 to 16; the sizes of a split latent space."""
    digits = load_digits()
    x, y = digits.data[:60], np.where(np.arange(60) < 30, digits.target[:60], -1)
    small = {"epochs": 1, "hidden": (4,), "random_state": 0}
    options = {"image_shape": (8, 8), "z_sizes": (2,), "maps": (2,), "pixel_maps": 2}
    fame = DeepGenerativeClassifier(("semisupervisedfame", options), **small).fit(x, y)
    assert fame.likelihood_[0] == "binomial" and fame.predict(x).shape == y.shape
    split = DeepGenerativeClassifier("splitlatentclassifiervae", z_size=6, **small).fit(x, y)
    assert (split.model_.z_size, split.model_.z_y_size) == (3, 12)
