"""Anomaly scores on classes of digits that have no training rows; writes benchmarks/anomalies.md.

    OMP_NUM_THREADS=1 python -m benchmarks.anomalies

This benchmark measures how well anomaly scores find digits of a class that has no training rows. Each of the ten
classes of scikit-learn's digits is left out in turn.

A quarter of the rows of all classes is the test set. The training set is the other rows, without the class left out.
Each of its nine classes has 11 labels. The estimators have their default settings. The default method,
``neighbours``, and its settings were chosen on the classes 0 to 4. The classes 5 to 9 were looked at only for this
table.

There is one column per class left out. A number is the area under the ROC curve, in per cent, for "this test row is of
the class left out". ``neighbours``, ``density`` and ``class`` are methods of ``anomaly_score``.

``--classes 3 7`` measures these classes only, and writes nothing.
"""

import argparse
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.svm import SVC

from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.data import select_labels
from pyrodgm.estimators import M1, DeepGenerativeClassifier

CLASSES, LABELS = 10, 11
CHOSEN_ON = range(5)


def without(left_out, split=0):
    """A split of the digits with one class left out of the training rows.

    Returns the training rows, their few labels (-1 where there is none), the test rows, and whether each test row is of
    the class left out.
    """
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, random_state=split, stratify=y)
    X, y = X[y != left_out], y[y != left_out]
    classes, indices = np.unique(y, return_inverse=True)
    rows = select_labels(torch.from_numpy(indices), LABELS * len(classes), len(classes), seed=split).numpy()
    few = np.full(len(y), -1)
    few[rows] = y[rows]
    return X, few, X_test, y_test == left_out


def scores(X, few, X_test):
    """A dict from a method to its scores of the test rows. The first method of an estimator is its default."""
    classifier = DeepGenerativeClassifier(random_state=0).fit(X, few)
    m1 = M1(random_state=0).fit(X)
    methods = ("neighbours", "density", "class")
    found = {f"classifier, {method}": classifier.anomaly_score(X_test, method) for method in methods}
    found |= {f"M1, {method}": m1.anomaly_score(X_test, method) for method in methods[:2]}
    labelled = few >= 0
    svm = SVC(probability=True, random_state=0).fit(X[labelled], few[labelled])
    return found | {
        "distance to 5 neighbours, pixels": NearestNeighbors(n_neighbors=5).fit(X).kneighbors(X_test)[0].mean(1),
        "LocalOutlierFactor": -LocalOutlierFactor(novelty=True).fit(X).score_samples(X_test),
        "SVM, 1 - largest class probability": 1 - svm.predict_proba(X_test).max(1),
        "IsolationForest": -IsolationForest(random_state=0).fit(X).score_samples(X_test),
    }


def measured(classes, show=print):
    """A dict from a method to the areas under the ROC curve, in per cent, one per class left out."""
    found = {}
    for left_out in classes:
        X, few, X_test, strange = without(left_out)
        for name, score in scores(X, few, X_test).items():
            found.setdefault(name, []).append(100 * roc_auc_score(strange, score))
        show(f"{left_out}:", ", ".join(f"{name} {areas[-1]:.1f}" for name, areas in found.items()), flush=True)
    return found


def report(classes, found):
    """The table."""
    rows = []
    for name, areas in found.items():
        fresh = [area for left_out, area in zip(classes, areas, strict=True) if left_out not in CHOSEN_ON]
        rows.append([name, *(f"{area:.1f}" for area in areas), f"{mean(areas):.1f}"])
        rows[-1].append(f"{mean(fresh):.1f}" if fresh else "")
    return table(["score", *map(str, classes), "mean", "mean of 5 to 9"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--classes", type=int, nargs="+", default=list(range(CLASSES)), help="the classes to leave out")
    classes = parser.parse_args().classes
    text = "# Anomalies\n\n" + "\n".join(__doc__.split("\n")[4:]).strip() + f"\n\n{machine()}\n\n"
    text += report(classes, measured(classes)) + "\n"
    print(text)
    if len(classes) == CLASSES:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
