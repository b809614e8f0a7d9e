"""Classifiers on tables with few labels; writes benchmarks/few_labels.md and few_labels_chosen_on.md.

    OMP_NUM_THREADS=1 python -m benchmarks.few_labels               # both; half an hour each
    OMP_NUM_THREADS=1 python -m benchmarks.few_labels held-back     # few_labels.md alone

This benchmark measures the test errors of ``DeepGenerativeClassifier`` and of seven other classifiers on tables with
few labels. Half of the tables were looked at when the defaults of ``DeepGenerativeClassifier`` were chosen. The other
half was not. Each half has a page of its own.

A quarter of each table is the test set. Each line gives the number of labels, which are spread evenly over the classes
of the other rows. The classifiers that learn from rows without a label see the rest too.

``DeepGenerativeClassifier`` has its default settings, and gets every table as it is. For the other classifiers, numbers
are standardised, missing cells are filled with the column mean, and words in a data frame become one-hot columns. The
random forest and histogram boosting get the numbers as they are. The settings of the other classifiers are
scikit-learn's, except that ``LabelSpreading`` has the kernel ``knn``, and that logistic regression and the MLP are
allowed more iterations.

The first lines of the first table are test errors. The mean ranks and the mean scores below are over these lines. The
lowest is the best.

The second table has the cross-entropy of ``DeepGenerativeClassifier`` at other temperatures, with at most 100 labels.
"""

import argparse
import time
import warnings
from collections import defaultdict
from pathlib import Path
from statistics import mean

import numpy as np
import pandas as pd
import torch
from scipy.special import softmax
from scipy.stats import gmean
from sklearn import datasets
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
from sklearn.svm import SVC
from sklearn.utils import _safe_indexing

from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.data import select_labels
from pyrodgm.estimators import DeepGenerativeClassifier

LABELS = (20, 50, 100, 500)
TEMPERATURES = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
SPLITS = 3


def mixed(seed=0):
    """A data frame of three kinds of customers, which overlap: numbers, counts, switches and words."""
    random = np.random.RandomState(seed)
    y = random.randint(0, 3, 1500)
    numbers = random.randn(1500, 3) + np.array([[0, 0, 0], [1, 0, -1], [0, 1.5, 0.5]])[y]
    counts = random.poisson(np.array([[1, 6], [4, 2], [2, 3]])[y])
    switches = random.rand(1500, 4) < np.array([[0.2, 0.5, 0.7, 0.1], [0.6, 0.5, 0.3, 0.2], [0.3, 0.2, 0.5, 0.6]])[y]
    shares = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]])[y]
    towns = np.array(["Bonn", "Kiel", "Mainz", "Ulm"])[(random.rand(1500, 1) > shares.cumsum(1)[:, :3]).sum(1)]
    columns = {f"number {i}": 50 + 10 * numbers[:, i] for i in range(3)} | {
        f"count {i}": counts[:, i] for i in range(2)
    }
    return pd.DataFrame(columns | {f"switch {i}": switches[:, i] for i in range(4)} | {"town": towns}), y


def with_holes(load, share=0.2, seed=0):
    """The table with a random share of its cells missing."""
    X, y = load()
    return np.where(np.random.RandomState(seed).rand(*X.shape) < share, np.nan, X), y


def generated(maker, *args, **options):
    """A function that makes a table, always the same one."""
    return lambda: maker(*args, random_state=0, **options)


CHOSEN_ON = {
    "digits": lambda: datasets.load_digits(return_X_y=True),
    "breast cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "wine": lambda: datasets.load_wine(return_X_y=True),
    "half-moons": generated(datasets.make_moons, 1000, noise=0.2),
    "clusters on a hypercube": generated(
        datasets.make_classification, 1500, 20, n_informative=6, n_classes=4, n_clusters_per_class=1, class_sep=1.2
    ),
    "blobs": generated(datasets.make_blobs, 1500, 10, centers=6, cluster_std=4.0),
}
HELD_BACK = {
    "iris": lambda: datasets.load_iris(return_X_y=True),
    "circles": generated(datasets.make_circles, 1000, noise=0.1, factor=0.5),
    "shells": generated(datasets.make_gaussian_quantiles, n_samples=1500, n_features=4, n_classes=3),
    "sum of squares": generated(datasets.make_hastie_10_2, 1500),
    "two clusters per class, a fifth of the cells missing": lambda: with_holes(
        generated(
            datasets.make_classification, 1500, 12, n_informative=5, n_classes=3, n_clusters_per_class=2, class_sep=1.5
        )
    ),
    "mixed columns": mixed,
}


def scaled(classifier):
    """The classifier after standardising numbers, filling missing cells with the column mean, and one-hot words."""
    return make_pipeline(numbers_of(make_pipeline(StandardScaler(), SimpleImputer())), classifier)


def numbers_of(scaling):
    """Numbers go through ``scaling``. Words and truth values of a data frame become one column per category."""
    kinds = ["bool", "object", "category", "string"]
    words = (OneHotEncoder(handle_unknown="ignore", sparse_output=False), Words(kinds))
    return make_column_transformer(words, (scaling, Words(kinds, others=True)))


class Words:
    """The columns of a table that have one of these types, or none of them. An array has only numbers."""

    def __init__(self, kinds, others=False):
        self.kinds, self.others = kinds, others

    def __call__(self, X):
        if not isinstance(X, pd.DataFrame):
            return list(range(X.shape[1])) if self.others else []
        return make_column_selector(**{"dtype_exclude" if self.others else "dtype_include": self.kinds})(X)


PEERS = {  # the classifier, and whether it sees the rows without a label
    "LabelSpreading": (lambda: scaled(LabelSpreading(kernel="knn")), True),
    "self-training with an SVM": (lambda: scaled(SelfTrainingClassifier(SVC(probability=True, random_state=0))), True),
    "SVM": (lambda: scaled(SVC(probability=True, random_state=0)), False),
    "logistic regression": (lambda: scaled(LogisticRegression(max_iter=2000)), False),
    "MLPClassifier": (lambda: scaled(MLPClassifier(max_iter=500, random_state=0)), False),
    "random forest": (lambda: make_pipeline(numbers_of("passthrough"), RandomForestClassifier(random_state=0)), False),
    "histogram boosting": (
        lambda: make_pipeline(numbers_of("passthrough"), HistGradientBoostingClassifier(random_state=0)),
        False,
    ),
}
MEASURES = ("error", "cross-entropy", "Brier score", "calibration error", "seconds")


def cases(tables, labels=LABELS, splits=SPLITS):
    """For each case: name, number of labels, split, and the rows and labels of the training and the test set."""
    for name, load in tables.items():
        X, y = load()
        y = np.unique(y, return_inverse=True)[1]
        classes = y.max() + 1
        for split in range(splits):
            parts = train_test_split(X, y, test_size=0.25, random_state=split, stratify=y)
            for number in labels:
                number -= number % classes
                if 2 * classes <= number <= 0.8 * len(parts[0]) and np.bincount(parts[2]).min() >= number // classes:
                    yield name, number, split, *parts


def measured(make, sees_all, X, X_test, y, y_test, split, number):
    """A dict of the ``MEASURES``: test error in per cent, scores of the test rows' probabilities, seconds of the fit.

    For ``DeepGenerativeClassifier``, it also has the cross-entropy at each of the ``TEMPERATURES``.
    """
    few = np.full(len(y), -1)
    rows = select_labels(torch.from_numpy(y), number, int(y.max()) + 1, seed=split).numpy()
    few[rows] = y[rows]
    start = time.perf_counter()
    classifier = make().fit(X, few) if sees_all else make().fit(_safe_indexing(X, rows), y[rows])
    seconds = time.perf_counter() - start
    probabilities = np.clip(np.nan_to_num(classifier.predict_proba(X_test), nan=1 / (y.max() + 1)), 1e-15, 1)
    probabilities /= probabilities.sum(1, keepdims=True)
    found, names = probabilities.argmax(1), classifier.classes_
    error = 100 * np.mean(names[found] != y_test)
    scores = [score(y_test, probabilities, labels=names) for score in (log_loss, brier_score_loss)]
    calibration = calibration_error(probabilities.max(1), names[found] == y_test)
    figures = dict(zip(MEASURES, (error, *scores, calibration, seconds), strict=True))
    if isinstance(classifier, DeepGenerativeClassifier):
        logits = classifier.temperature_ * np.log(probabilities)
        figures |= {t: log_loss(y_test, softmax(logits / t, axis=1), labels=names) for t in TEMPERATURES}
    return figures


def calibration_error(confidences, right, bins=10):
    """Expected calibration error: the mean of |accuracy - mean confidence| over bins, weighted by their rows."""
    places = np.minimum((confidences * bins).astype(int), bins - 1)
    return sum(abs(np.sum(right[places == k]) - np.sum(confidences[places == k])) for k in range(bins)) / len(right)


def run(tables, classifiers, labels=LABELS, splits=SPLITS, show=print):
    """A dict from (table, labels) to a dict from a classifier to its measurements, one per split."""
    found = defaultdict(lambda: defaultdict(list))
    for name, number, split, X, X_test, y, y_test in cases(tables, labels, splits):
        for classifier, (make, sees_all) in classifiers.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                figures = measured(make, sees_all, X, X_test, y, y_test, split, number)
            found[name, number][classifier].append(figures)
            show(f"{name}, {number} labels, split {split}, {classifier}: {figures['error']:.1f} %", flush=True)
    return found


def mean_ranks(found, measure):
    """Each classifier's mean rank by a measure, over tables and numbers of labels. Equal values share a rank."""
    ranks = defaultdict(list)
    for row in found.values():
        values = {name: mean(figures[measure] for figures in runs) for name, runs in row.items()}
        for name, value in values.items():
            below = sum(other < value for other in values.values())
            equal = sum(other == value for other in values.values())
            ranks[name].append(below + (equal + 1) / 2)
    return {name: mean(values) for name, values in ranks.items()}


def report(found):
    """Both tables."""
    names = list(next(iter(found.values())))

    def all_of(name, measure):
        return [figures[measure] for row in found.values() for figures in row[name]]

    rows = [
        [f"{key[0]}, {key[1]}", *(f"{mean(figures['error'] for figures in row[name]):.1f}" for name in names)]
        for key, row in found.items()
    ]
    for measure in MEASURES[:-1]:
        ranks = mean_ranks(found, measure)
        rows.append([f"**mean rank by {measure}**", *(f"**{ranks[name]:.2f}**" for name in names)])
    rows += [
        [f"mean {measure}", *(f"{mean(all_of(name, measure)):.3f}" for name in names)] for measure in MEASURES[1:-1]
    ]
    rows.append(["longest fit, s", *(f"{max(all_of(name, 'seconds')):.1f}" for name in names)])
    return table(["table, number of labels", *names], rows) + "\n\n" + by_temperature(found) + "\n"


def by_temperature(found):
    """A table of the cross-entropy of ``DeepGenerativeClassifier`` by temperature, with at most 100 labels.

    A cell is a geometric mean over splits and numbers of labels.
    """
    few = defaultdict(list)
    for (name, number), row in found.items():
        if number <= 100:
            few[name] += row["DeepGenerativeClassifier"]
    means = {name: [gmean([figures[t] for figures in runs]) for t in TEMPERATURES] for name, runs in few.items()}
    means["**geometric mean**"] = gmean(list(means.values()), axis=0)
    rows = [[name, *(f"{value:.3f}" for value in values)] for name, values in means.items()]
    return table(["cross-entropy by temperature", *map(str, TEMPERATURES)], rows)


HALVES = {
    "held-back": ("few_labels.md", "Few labels: tables held back", HELD_BACK),
    "chosen-on": ("few_labels_chosen_on.md", "Few labels: tables looked at when defaults were chosen", CHOSEN_ON),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("halves", nargs="*", choices=[*HALVES, []], help="half of the tables; both if none is given")
    parser.add_argument("--quick", action="store_true", help="a split, 50 labels, one table a half; write nothing")
    arguments = parser.parse_args()
    classifiers = {"DeepGenerativeClassifier": (lambda: DeepGenerativeClassifier(random_state=0), True), **PEERS}
    for half in arguments.halves or HALVES:
        file, title, tables = HALVES[half]
        if arguments.quick:
            print(report(run(dict(list(tables.items())[:1]), classifiers, labels=(50,), splits=1)))
            continue
        text = f"# {title}\n\n" + "\n".join(__doc__.split("\n")[5:]).strip() + "\n\n"
        text += f"Test errors are in per cent, the mean of {SPLITS} splits.\n\n{machine()}\n\n"
        text += report(run(tables, classifiers))
        Path(__file__).with_name(file).write_text(text)
        print(text)


if __name__ == "__main__":
    main()
