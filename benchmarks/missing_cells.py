"""Imputers and classifiers on tables with missing cells; writes benchmarks/missing_cells.md.

    OMP_NUM_THREADS=1 python -m benchmarks.missing_cells

This benchmark measures the errors of filled-in values and the accuracies of classifiers, on two tables with missing
cells.

In each table, 30 % of the cells are removed at random. A quarter of the rows is the test set. Everything learns from
the other rows alone. The classifiers have 100 labels (99 for wine), evenly over the classes.

The error of the filled-in values is a root mean square over all missing cells, in training and test rows. Its unit is
the standard deviation of the column. ``DeepGenerativeClassifier``, which reads missing cells, is compared with the same
classifier after mean imputation.
"""

import argparse
import time
import warnings
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import torch
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.data import select_labels
from pyrodgm.estimators import M1, DeepGenerativeClassifier

SHARE, LABELS, SPLITS = 0.3, 100, 3
TABLES = {"wine": datasets.load_wine, "breast cancer": datasets.load_breast_cancer}
IMPUTERS = {
    "column mean": SimpleImputer,
    "KNNImputer": KNNImputer,
    "IterativeImputer": lambda: IterativeImputer(random_state=0),
}


def tables_with_missing_cells(name, splits):
    """A table with missing cells, once per split.

    Yields the number of the split, the complete rows, the rows with missing cells, the indices of the training rows,
    their labels (-1 where there is none), and the labels of all rows.
    """
    rows, y = TABLES[name](return_X_y=True)
    classes = int(y.max()) + 1
    for split in range(splits):
        lost = np.where(np.random.RandomState(split).rand(*rows.shape) < SHARE, np.nan, rows)
        train, _ = train_test_split(np.arange(len(y)), test_size=0.25, random_state=split, stratify=y)
        labelled = select_labels(torch.from_numpy(y[train]), LABELS - LABELS % classes, classes, seed=split).numpy()
        few = np.full(len(train), -1)
        few[labelled] = y[train][labelled]
        yield split, rows, lost, train, few, y


def filled_in(lost, train, seed, classifier):
    """A dict from an imputer to its filled-in table and the seconds that it took."""
    found = {}
    for name, make in IMPUTERS.items():
        start = time.perf_counter()
        scaler = StandardScaler().fit(lost[train])
        imputer = make().fit(scaler.transform(lost[train]))
        found[name] = scaler.inverse_transform(imputer.transform(scaler.transform(lost))), time.perf_counter() - start
    for name, fit in {
        "M1": lambda: M1(random_state=seed).fit(lost[train]),
        "M1, 4 latent units": lambda: M1(z_size=4, random_state=seed).fit(lost[train]),
        "DeepGenerativeClassifier": lambda: classifier,
    }.items():
        start = time.perf_counter()
        found[name] = fit().impute(lost), time.perf_counter() - start
    return found


def measured(name, splits, show=print):
    """Two dicts with one entry per split.

    The first is from an imputer to (error, seconds), the second from a classifier to its accuracy in per cent.
    """
    errors, accuracies = {}, {}
    for split, rows, lost, train, few, y in tables_with_missing_cells(name, splits):
        test, known = np.setdiff1d(np.arange(len(y)), train), few >= 0
        start = time.perf_counter()
        classifier = DeepGenerativeClassifier(random_state=split).fit(lost[train], few)
        seconds = time.perf_counter() - start
        for imputer, (filled, taken) in filled_in(lost, train, split, classifier).items():
            error = np.sqrt(np.mean(((filled - rows) / rows.std(0))[np.isnan(lost)] ** 2))
            taken += seconds * (imputer == "DeepGenerativeClassifier")
            errors.setdefault(imputer, []).append((float(error), taken))
        after_mean = make_pipeline(SimpleImputer(), DeepGenerativeClassifier(random_state=split))
        boosting = HistGradientBoostingClassifier(random_state=split)
        for title, fitted in {
            "DeepGenerativeClassifier": classifier,
            "DeepGenerativeClassifier after mean imputation": after_mean.fit(lost[train], few),
            "histogram boosting": boosting.fit(lost[train][known], few[known]),
        }.items():
            accuracies.setdefault(title, []).append(100 * float(fitted.score(lost[test], y[test])))
        show(name, split, *(f"{key} {runs[-1][0]:.3f}" for key, runs in errors.items()), sep=", ")
        show(name, split, *(f"{key} {runs[-1]:.1f}" for key, runs in accuracies.items()), sep=", ", flush=True)
    return errors, accuracies


def spread(values, digits):
    """The mean ± the standard deviation."""
    both = f"{mean(values):.{digits}f}"
    return f"{both} ± {stdev(values):.{digits}f}" if len(values) > 1 else both


def report(splits, show=print):
    """Both tables."""
    found = {name: measured(name, splits, show) for name in TABLES}
    (errors, accuracies), rows = found["wine"], []
    for imputer in errors:
        runs = [found[name][0][imputer] for name in TABLES]
        longest = max(seconds for of_table in runs for _, seconds in of_table)
        rows.append([imputer, *(spread([run[0] for run in of_table], 3) for of_table in runs), f"{longest:.1f}"])
    text = f"## Filled-in values\n\n{table(['root mean square error', *TABLES, 'longest time, s'], rows)}\n"
    rows = [[title, *(spread(found[name][1][title], 1) for name in TABLES)] for title in accuracies]
    return text + f"\n## Classification\n\n{table(['accuracy, %', *TABLES], rows)}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one split; write nothing")
    quick = parser.parse_args().quick
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figures = report(1 if quick else SPLITS)
    text = "# Missing cells\n\n" + "\n".join(__doc__.split("\n")[4:]).strip() + "\n\n"
    text += f"Errors and accuracies are the mean ± standard deviation of {SPLITS} splits.\n\n{machine()}\n\n{figures}"
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
