"""Rare classes, with labels drawn at random or chosen by hand; writes benchmarks/rare_classes.md.

    OMP_NUM_THREADS=1 python -m benchmarks.rare_classes

This benchmark measures ``DeepGenerativeClassifier`` with three priors p(y). One is learned from all rows, which is the
default if the classes have different numbers of labels. The others are the uniform one, and the shares of the classes
among the labels, (n_k + 1) / (N + K). With ``class_weight="balanced"``, the prior is uniform, and the labelled rows are
drawn evenly over the classes. Logistic regression and a random forest are shown for comparison.

In the first table, the labels are drawn at random, so that their shares are about those of the rows. Each of the six
made-up tables has 1,200 rows. The classifiers see 200 rows, of which 120 have a label, and are tested on the others.

In the second table, the labels are not drawn at random, so that their shares mislead. Its lines give the labels of each
class. The classes of the rows are about equally frequent, except for breast cancer, 37 : 63. The classifiers see two
thirds of the rows, but at most 600, and are tested on the others.

All numbers are means of two draws. The estimators have their default settings. Logistic regression gets standardised
columns and up to 2,000 iterations.
"""

import warnings
from pathlib import Path
from statistics import mean

import numpy as np
from sklearn.datasets import load_breast_cancer, make_blobs, make_classification, make_moons
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.estimators import DeepGenerativeClassifier

ROWS, SEEN, LABELS, DRAWS = 1200, 200, 120, 2
CLASSIFIERS = {
    "learned p(y)": lambda draw, shares: DeepGenerativeClassifier(random_state=draw),
    "uniform p(y)": lambda draw, shares: DeepGenerativeClassifier(("sdgm", {"class_prior": None}), random_state=draw),
    "p(y) by the labels": lambda draw, shares: DeepGenerativeClassifier(
        ("sdgm", {"class_prior": shares}), random_state=draw
    ),
    "balanced": lambda draw, shares: DeepGenerativeClassifier(class_weight="balanced", random_state=draw),
    "logistic regression": lambda draw, shares: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
    "random forest": lambda draw, shares: RandomForestClassifier(random_state=draw),
}
MEASURES = {
    "error, %": lambda y, p: 100 * float((p.argmax(1) != y).mean()),
    "macro F1, %": lambda y, p: 100 * f1_score(y, p.argmax(1), average="macro"),
    "cross-entropy": log_loss,
}


def at_random(draw):
    """Tables with rare classes: name, rows and classes, then the rows that are seen, labelled, and tested."""
    order = np.random.RandomState(draw).permutation(ROWS)
    for name, x, y in rare(draw):
        yield name, x, y, order[:SEEN], order[:LABELS], order[SEEN:]


def rare(draw):
    """Name, rows and classes of the tables with rare classes."""
    random = np.random.RandomState(1000 + draw)
    yield (
        "classification, 97 : 3",
        *make_classification(ROWS, 15, n_informative=6, weights=[0.97], class_sep=1.2, random_state=1000 + draw),
    )
    yield (
        "three clusters per class, 85 : 15",
        *make_classification(
            ROWS, 12, n_informative=8, n_clusters_per_class=3, weights=[0.85], random_state=1100 + draw
        ),
    )
    yield (
        "four classes, 60 : 25 : 10 : 5",
        *make_classification(
            ROWS,
            20,
            n_informative=8,
            n_classes=4,
            weights=[0.6, 0.25, 0.1, 0.05],
            class_sep=1.5,
            random_state=1200 + draw,
        ),
    )
    yield "blobs, 75 : 17 : 8", *make_blobs([900, 200, 100], 8, cluster_std=6.0, random_state=1300 + draw)
    x, y = make_moons((1050, 150), noise=0.25, random_state=1400 + draw)
    yield "half-moons and four columns of noise, 88 : 12", np.hstack([x, random.randn(len(x), 4)]), y
    logs, direction = random.randn(ROWS, 10), random.randn(10)
    along = logs @ direction
    yield "log-normal columns, 92 : 8", np.exp(logs), (along > np.quantile(along, 0.92)).astype(int)


def by_hand(draw):
    """Tables whose labels are not drawn at random, as ``at_random`` gives them."""
    x, y = load_breast_cancer(return_X_y=True)
    yield "breast cancer, the first 40 rows", x, y, np.arange(len(x)), np.arange(40), np.arange(40, len(x))
    yield "breast cancer, 4 : 36", *chosen(x, y, (4, 36), draw)
    x, y = make_blobs(1500, 8, centers=3, cluster_std=6.0, random_state=draw)
    yield "blobs, 40 : 5 : 5", *chosen(x, y, (40, 5, 5), draw)
    x, y = make_moons(1000, noise=0.2, random_state=draw)
    yield "half-moons, 30 : 5", *chosen(x, y, (30, 5), draw)
    x, y = make_classification(1500, 15, n_informative=6, n_classes=3, random_state=draw)
    yield "classification, 60 : 10 : 10", *chosen(x, y, (60, 10, 10), draw)


def chosen(x, y, counts, draw):
    """A table with so many labels of each class, as ``at_random`` gives it."""
    order = np.random.RandomState(draw).permutation(len(x))
    size = min(600, len(x) * 2 // 3)
    seen = order[:size]
    labelled = np.concatenate([seen[y[seen] == k][:count] for k, count in enumerate(counts)])
    return x, y, seen, labelled, order[size:]


def measured(x, y, seen, labelled, test, draw):
    """For every classifier, its measures on the rows to test on."""
    few = np.full(len(x), -1)
    few[labelled] = y[labelled]
    counts = np.bincount(y[labelled]) + 1
    shares, found = tuple((counts / counts.sum()).tolist()), {}
    for name, make in CLASSIFIERS.items():
        learn = seen if "p(y)" in name else labelled
        probabilities = make(draw, shares).fit(x[learn], few[learn]).predict_proba(x[test])
        found[name] = {measure: take(y[test], probabilities) for measure, take in MEASURES.items()}
    return found


def lines_of(tables):
    """The lines of the page's table: the error on every table, then the means of all measures."""
    found = {}
    for draw in range(DRAWS):
        for name, *rows in tables(draw):
            for classifier, figures in measured(*rows, draw).items():
                found.setdefault(name, {}).setdefault(classifier, []).append(figures)
            print(draw, name, flush=True)

    def over_draws(name, classifier, measure):
        return mean(figures[measure] for figures in found[name][classifier])

    lines = [[name, *(f"{over_draws(name, c, 'error, %'):.1f}" for c in CLASSIFIERS)] for name in found]
    for measure, digits in zip(MEASURES, (1, 1, 3), strict=True):
        means = (mean(over_draws(name, c, measure) for name in found) for c in CLASSIFIERS)
        lines.append([f"mean {measure}", *(f"{value:.{digits}f}" for value in means)])
    return lines


def main():
    warnings.filterwarnings("ignore", category=UndefinedMetricWarning)
    text = "# Rare classes\n\n" + "\n".join(__doc__.split("\n")[4:]).strip() + "\n\n"
    text += f"The lines of the tables are test errors in per cent. {machine()}\n"
    for heading, tables in {"Labels drawn at random": at_random, "Labels chosen by hand": by_hand}.items():
        text += f"\n## {heading}\n\n" + table(["table", *CLASSIFIERS], lines_of(tables)) + "\n"
    Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
