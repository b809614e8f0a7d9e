"""Classifiers on tables with few labels, each as it comes; writes benchmarks/few_labels.md.

    OMP_NUM_THREADS=1 python -m benchmarks.few_labels

Half of the tables were looked at when the defaults of ``DeepGenerativeClassifier`` were chosen, the other half was not.
A quarter of each table is the test set. Of the rest so many rows have a label, evenly over the classes; the classifiers
that learn from rows without a label see the others too. Columns are standardised for the peers that want it.
"""

import argparse
import time
import warnings
from collections import defaultdict
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
from sklearn.svm import SVC

from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.data import select_labels
from pyrodgm.estimators import DeepGenerativeClassifier

LABELS = (20, 50, 100, 500)
SPLITS = 3


def mixed(seed=0):
    """Numbers, shares, counts and switches of three kinds of customer, who overlap."""
    random = np.random.RandomState(seed)
    y = random.randint(0, 3, 1500)
    numbers = random.randn(1500, 3) + np.array([[0, 0, 0], [1, 0, -1], [0, 1.5, 0.5]])[y]
    counts = random.poisson(np.array([[1, 6], [4, 2], [2, 3]])[y])
    switches = random.rand(1500, 4) < np.array([[0.2, 0.5, 0.7, 0.1], [0.6, 0.5, 0.3, 0.2], [0.3, 0.2, 0.5, 0.6]])[y]
    return np.column_stack([50 + 10 * numbers, counts, switches]).astype(float), y


def generated(maker, *args, **options):
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
    "two clusters a class": generated(
        datasets.make_classification, 1500, 12, n_informative=5, n_classes=3, n_clusters_per_class=2, class_sep=1.5
    ),
    "mixed columns": mixed,
}


def scaled(classifier):
    return make_pipeline(StandardScaler(), classifier)


PEERS = {  # whether it sees the rows without a label
    "LabelSpreading": (lambda: scaled(LabelSpreading(kernel="knn")), True),
    "SelfTraining of an SVM": (lambda: scaled(SelfTrainingClassifier(SVC(probability=True, random_state=0))), True),
    "SVM": (lambda: scaled(SVC(probability=True, random_state=0)), False),
    "logistic regression": (lambda: scaled(LogisticRegression(max_iter=2000)), False),
    "MLPClassifier": (lambda: scaled(MLPClassifier(max_iter=500, random_state=0)), False),
    "forest": (lambda: RandomForestClassifier(random_state=0), False),
    "histogram boosting": (lambda: HistGradientBoostingClassifier(random_state=0), False),
}


def cases(tables, labels=LABELS, splits=SPLITS):
    """Name, number of labels, split, and the rows and labels of training and test sets."""
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
    """Test error in per cent, cross-entropy of the test labels in nats, and seconds of the fit."""
    few = np.full(len(y), -1)
    rows = select_labels(torch.from_numpy(y), number, int(y.max()) + 1, seed=split).numpy()
    few[rows] = y[rows]
    start = time.perf_counter()
    classifier = make().fit(X, few) if sees_all else make().fit(X[rows], y[rows])
    seconds = time.perf_counter() - start
    probabilities = np.clip(np.nan_to_num(classifier.predict_proba(X_test), nan=1 / (y.max() + 1)), 1e-15, 1)
    probabilities /= probabilities.sum(1, keepdims=True)
    error = 100 * np.mean(classifier.classes_[probabilities.argmax(1)] != y_test)
    return error, log_loss(y_test, probabilities, labels=classifier.classes_), seconds


def run(tables, classifiers, labels=LABELS, splits=SPLITS, show=print):
    """Dict from (table, labels) to a dict from a classifier to the measurements of the splits."""
    found = defaultdict(lambda: defaultdict(list))
    for name, number, split, X, X_test, y, y_test in cases(tables, labels, splits):
        for classifier, (make, sees_all) in classifiers.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                figures = measured(make, sees_all, X, X_test, y, y_test, split, number)
            found[name, number][classifier].append(figures)
            show(f"{name}, {number} labels, split {split}, {classifier}: {figures[0]:.1f} %, {figures[2]:.1f} s")
    return found


def mean_ranks(found):
    """The mean over tables and numbers of labels of each classifier's rank by error, and by cross-entropy."""
    ranks = defaultdict(lambda: ([], []))
    for row in found.values():
        for place, kept in enumerate((0, 1)):
            values = {name: mean(figures[kept] for figures in runs) for name, runs in row.items()}
            for name, value in values.items():
                below = sum(other < value for other in values.values())
                equal = sum(other == value for other in values.values())
                ranks[name][place].append(below + (equal + 1) / 2)
    return {name: tuple(map(mean, both)) for name, both in ranks.items()}


def report(title, found):
    names = list(next(iter(found.values())))
    rows = [
        [f"{key[0]}, {key[1]}", *(f"{mean(figures[0] for figures in row[name]):.1f}" for name in names)]
        for key, row in found.items()
    ]
    ranks = mean_ranks(found)
    rows.append(["**mean rank**", *(f"**{ranks[name][0]:.2f}**" for name in names)])
    rows.append(["mean rank by cross-entropy", *(f"{ranks[name][1]:.2f}" for name in names)])
    seconds = {name: [figures[2] for row in found.values() for figures in row[name]] for name in names}
    rows.append(["longest fit, s", *(f"{max(seconds[name]):.1f}" for name in names)])
    return f"## {title}\n\n{table(['table, labels', *names], rows)}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one split, 50 labels, two tables; write nothing")
    quick = parser.parse_args().quick
    classifiers = {"DeepGenerativeClassifier": (lambda: DeepGenerativeClassifier(random_state=0), True), **PEERS}
    options = {"labels": (50,), "splits": 1} if quick else {}
    some = (lambda tables: dict(list(tables.items())[:1])) if quick else dict
    text = "# Few labels\n\n" + "\n".join(__doc__.split("\n")[4:]).strip() + "\n\n"
    text += f"Test errors in per cent, the mean of {SPLITS} splits. {machine()}\n\n"
    text += report("Held back", run(some(HELD_BACK), classifiers, **options)) + "\n"
    text += report("Looked at when defaults were chosen", run(some(CHOSEN_ON), classifiers, **options))
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
