"""Measured photovoltaic modules in four states, with few labels; writes benchmarks/pv_modules.md.

    PYRODGM_DATA=FOLDER OMP_NUM_THREADS=1 python -m benchmarks.pv_modules

This benchmark measures ``DeepGenerativeClassifier`` and seven other classifiers on measurements of real modules. They
are 7,350 rows of the SenSIP project of Arizona State University, in four states. The eight columns are voltage,
current and power at the maximum, irradiance, open-circuit voltage, short-circuit current, and two ratios of these. The
source does not name the states reliably, so they are numbered here.

The files `pv_sensip_realdata.txt.gz` and `pv_sensip_reallabels.txt.gz` are expected in the folder `pv` of
`$PYRODGM_DATA`. They come from the repository nutritious33/qnn-pv-fault-detection.

In each draw, 2,000 random rows are seen in training, of which 100 have a label. The test rows are all others. The
classifiers have their default settings and are prepared as in [few labels](few_labels.md). Nothing was tuned.
"""

import math
import os
import warnings
from pathlib import Path

import numpy as np

from benchmarks.few_labels import PEERS
from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.estimators import DeepGenerativeClassifier

SEEN, LABELS, DRAWS = 2000, 100, 5
CLASSIFIERS = {"DeepGenerativeClassifier": (lambda: DeepGenerativeClassifier(random_state=0), True), **PEERS}


def read():
    """The rows ``(7350, 8)`` and their states."""
    folder = Path(os.environ.get("PYRODGM_DATA", "."), "pv")
    paths = [folder / f"pv_sensip_{name}.txt.gz" for name in ("realdata", "reallabels")]
    if not all(path.exists() for path in paths):
        raise SystemExit(f"benchmarks.pv_modules: {paths[0]} or {paths[1]} is missing")
    x, one_hot = map(np.loadtxt, paths)
    return x, one_hot.argmax(1)


def accuracies():
    """A dict from a classifier to its test accuracies in per cent."""
    x, y = read()
    found = {name: [] for name in CLASSIFIERS}
    for draw in range(DRAWS):
        seen, test = np.split(np.random.default_rng(draw).permutation(len(y)), [SEEN])
        few = np.where(np.arange(SEEN) < LABELS, y[seen], -1)
        for name, (make, sees_all) in CLASSIFIERS.items():
            learn = slice(None) if sees_all else slice(LABELS)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fitted = make().fit(x[seen][learn], few[learn])
            found[name].append(100 * float(np.mean(fitted.predict(x[test]) == y[test])))
            print(f"draw {draw}, {name}: {found[name][-1]:.1f} %", flush=True)
    return found


def main():
    found = accuracies()
    rows = [[name, f"{np.mean(a):.1f} ± {np.std(a, ddof=1) / math.sqrt(DRAWS):.1f}"] for name, a in found.items()]
    text = "# Measured photovoltaic modules\n\n" + "\n".join(__doc__.split("\n")[4:]).strip()
    text += f"\n\nThe table gives the mean accuracy on the test rows, in per cent, and its standard error over {DRAWS}"
    text += f" draws.\n\n{machine()}\n\n{table(['classifier', 'accuracy, %'], rows)}\n"
    Path(__file__).with_suffix(".md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
