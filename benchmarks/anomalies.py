"""Anomaly scores on classes of digits that have no training rows; writes benchmarks/anomalies.md.

    OMP_NUM_THREADS=1 python -m benchmarks.anomalies

This benchmark measures how well anomaly scores find digits of a class that has no training rows. Each of the ten
classes of scikit-learn's digits is left out in turn.

A quarter of the rows of all classes is the test set. The training set is the other rows, without the class left out.
Each of its nine classes has 11 labels. The estimators have their default settings. The default method,
``neighbours``, and its settings were chosen on the classes 0 to 4. The classes 5 to 9 were looked at only for this
table.

There is one column per class left out. A number is the area under the ROC curve, in per cent, for "this test row is of
the class left out". ``neighbours``, ``density``, ``class``, ``importance`` and ``typicality`` are methods of
``anomaly_score``. The other scores of the estimators are not offered. They correct ``density``, which is -log p(x), for
rows that are simple:

- ``length`` is the length of the compressed image in nats (Serrà et al. 2020). It is subtracted.
- ``background`` is the ``density`` of an M1 that is trained on rows with replaced cells (Ren et al. 2019). It is
  subtracted. A replaced cell comes from a random row, in the same column. The table has three shares of such cells.

The length by zlib helps most where ``density`` fails, on the digit 1, whose images are simple. It brings the mean of
``density`` to that of ``neighbours``, but exists only for rows that a program can compress. The background models are
worse than ``density`` alone.

``--classes 3 7`` measures these classes only, and writes nothing.
"""

import argparse
import io
import zlib
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from PIL import Image
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
REPLACED = (0.2, 0.5, 1.0)  # the share of the cells that a background model sees replaced


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


def compressed(X, png):
    """The length of every row of pixels compressed by PNG or by zlib, in nats."""
    lengths = []
    for row in X.astype(np.uint8):
        if png:
            Image.fromarray(row.reshape(8, 8)).save(file := io.BytesIO(), "PNG", optimize=True)
            lengths.append(file.tell())
        else:
            lengths.append(len(zlib.compress(row.tobytes(), 9)))
    return 8 * np.log(2) * np.array(lengths)


def with_cells_replaced(X, share):
    """The rows with a random share of their cells replaced, each by the cell of a random row in the same column."""
    random = np.random.RandomState(0)
    others = np.stack([random.permutation(column) for column in X.T], 1)
    return np.where(random.rand(*X.shape) < share, others, X)


def scores(X, few, X_test):
    """A dict from a score to its values for the test rows. The first score of an estimator is its default."""
    classifier, m1 = DeepGenerativeClassifier(random_state=0).fit(X, few), M1(random_state=0).fit(X)
    zlib_length, png_length = compressed(X_test, png=False), compressed(X_test, png=True)
    methods, found = ("neighbours", "density", "importance", "typicality"), {}
    for name, estimator, own in (("classifier", classifier, (*methods, "class")), ("M1", m1, methods)):
        found |= {f"{name}, {method}": estimator.anomaly_score(X_test, method) for method in own}
        found[f"{name}, density - length by zlib"] = found[f"{name}, density"] - zlib_length
        found[f"{name}, density - length by PNG"] = found[f"{name}, density"] - png_length
    for share in REPLACED:
        background = M1(random_state=0).fit(with_cells_replaced(X, share)).anomaly_score(X_test, "density")
        found[f"M1, density - background, {100 * share:.0f} % replaced"] = found["M1, density"] - background
    labelled = few >= 0
    svm = SVC(probability=True, random_state=0).fit(X[labelled], few[labelled])
    return found | {
        "-length by PNG": -png_length,
        "distance to 5 neighbours, pixels": NearestNeighbors(n_neighbors=5).fit(X).kneighbors(X_test)[0].mean(1),
        "LocalOutlierFactor": -LocalOutlierFactor(novelty=True).fit(X).score_samples(X_test),
        "SVM, 1 - largest class probability": 1 - svm.predict_proba(X_test).max(1),
        "IsolationForest": -IsolationForest(random_state=0).fit(X).score_samples(X_test),
    }


def measured(classes, show=print):
    """A dict from a score to the areas under the ROC curve, in per cent, one per class left out."""
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
