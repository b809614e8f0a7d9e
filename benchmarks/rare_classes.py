"""Tables whose rarest class has few of the labels: the prior of the classes; writes benchmarks/rare_classes.md.

    OMP_NUM_THREADS=1 python -m benchmarks.rare_classes

This benchmark measures ``DeepGenerativeClassifier`` with two priors p(y): a uniform one, which is the default, and the
shares of the classes among the labels, (n_k + 1) / (N + K). Logistic regression and a random forest are beside it.

Each of the six made-up tables has 1,200 rows. The classifiers see 200 rows, of which 120 have a label, and are tested
on the others. Labels are drawn at random, so that their shares are about those of the rows. All
numbers are means of two draws of every table.

The estimators have their default settings. Logistic regression gets standardised columns and up to 2,000 iterations.
"""

import warnings
from pathlib import Path
from statistics import mean

import numpy as np
from sklearn.datasets import make_blobs, make_classification, make_moons
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
    "uniform p(y)": lambda draw, shares: DeepGenerativeClassifier(random_state=draw),
    "p(y) by the labels": lambda draw, shares: DeepGenerativeClassifier(
        ("sdgm", {"class_prior": shares}), random_state=draw
    ),
    "logistic regression": lambda draw, shares: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
    "random forest": lambda draw, shares: RandomForestClassifier(random_state=draw),
}
MEASURES = {
    "error, %": lambda y, p: 100 * float((p.argmax(1) != y).mean()),
    "macro F1, %": lambda y, p: 100 * f1_score(y, p.argmax(1), average="macro"),
    "cross-entropy": log_loss,
}


def tables(draw):
    """Name, rows and classes of every table."""
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


def measured(x, y, draw):
    """For every classifier, its measures on the rows that are not seen."""
    rows = np.random.RandomState(draw).permutation(len(x))
    seen, labelled, test = rows[:SEEN], rows[:LABELS], rows[SEEN:]
    few = np.full(len(x), -1)
    few[labelled] = y[labelled]
    counts = np.bincount(y[labelled]) + 1
    shares, found = tuple((counts / counts.sum()).tolist()), {}
    for name, make in CLASSIFIERS.items():
        learn = seen if "p(y)" in name else labelled
        probabilities = make(draw, shares).fit(x[learn], few[learn]).predict_proba(x[test])
        found[name] = {measure: take(y[test], probabilities) for measure, take in MEASURES.items()}
    return found


def main():
    warnings.filterwarnings("ignore", category=UndefinedMetricWarning)
    found = {}
    for draw in range(DRAWS):
        for name, x, y in tables(draw):
            for classifier, figures in measured(x, y, draw).items():
                found.setdefault(name, {}).setdefault(classifier, []).append(figures)
            print(draw, name, flush=True)

    def over_draws(name, classifier, measure):
        return mean(figures[measure] for figures in found[name][classifier])

    lines = [[name, *(f"{over_draws(name, c, 'error, %'):.1f}" for c in CLASSIFIERS)] for name in found]
    for measure, digits in zip(MEASURES, (1, 1, 3), strict=True):
        means = (mean(over_draws(name, c, measure) for name in found) for c in CLASSIFIERS)
        lines.append([f"mean {measure}", *(f"{value:.{digits}f}" for value in means)])
    text = "# Rare classes\n\n" + "\n".join(__doc__.split("\n")[4:]).strip() + "\n\n"
    text += f"The lines of the table are test errors in per cent. {machine()}\n\n"
    Path(__file__).with_suffix(".md").write_text(text + table(["table", *CLASSIFIERS], lines) + "\n")


if __name__ == "__main__":
    main()
