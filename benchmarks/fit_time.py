"""The time that the estimators take to fit a small table as they come.

Writes benchmarks/fit_time.md. Run it with ``OMP_NUM_THREADS=1 python -m benchmarks.fit_time``. With ``--quick``, it
makes two rounds and writes nothing.
"""

import time
import warnings

import numpy as np
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier

from benchmarks.measure import interleaved, spread, table, write_page
from benchmarks.steps import machine
from pyrodgm.estimators import M1, DeepGenerativeClassifier

ROWS, COLUMNS, CLASSES, LABELS = 200, 30, 3, 50
WANTED = 5  # seconds


def fits():
    """A function per case that fits an estimator."""
    x, y = make_classification(ROWS, COLUMNS, n_informative=8, n_classes=CLASSES, random_state=0)
    few = np.where(np.arange(ROWS) < LABELS, y, -1)
    gaps = np.where(np.random.default_rng(0).random(x.shape) < 0.1, np.nan, x)
    mixed = (
        pd.DataFrame(x)
        .rename(columns=str)
        .assign(flag=x[:, 0] > 0, kind=pd.Categorical(np.digitize(x[:, 1], [-1, 1]).astype(str)))
    )
    return {
        "`DeepGenerativeClassifier`": lambda: DeepGenerativeClassifier(random_state=0).fit(x, few),
        "the same, a tenth of the cells missing": lambda: DeepGenerativeClassifier(random_state=0).fit(gaps, few),
        "the same, with a boolean and a category": lambda: DeepGenerativeClassifier(random_state=0).fit(mixed, few),
        "`M1`": lambda: M1(random_state=0).fit(x),
        "scikit-learn's `MLPClassifier` on the labels": lambda: MLPClassifier(random_state=0).fit(
            x[:LABELS], y[:LABELS]
        ),
    }


def report(rounds):
    """The page."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        times = interleaved(fits(), rounds, warm=1, clock=time.process_time)
    rows = [[name, spread(values, 1)] for name, values in times.items()]
    return f"""# Time to fit a small table

This benchmark measures the time of `fit` with the defaults, for a table of {ROWS} rows and {COLUMNS} columns of
{CLASSES} classes, with {LABELS} labels.

Wanted: at most {WANTED} s on one core. About half of the time goes into the 300 training steps. A step costs nearly the
same for 10 rows as for 100. The rest goes into tracing and checking the graph of a step, and into the training loop.

Written by `OMP_NUM_THREADS=1 python -m benchmarks.fit_time`. All cases run in turn, in {rounds} rounds after one for
warming up, which also loads the compiler. Times are CPU times: median (quartiles).

{machine()}

{table(["estimator", "seconds"], rows)}
"""


if __name__ == "__main__":
    write_page(report, 5, __doc__, __file__)
