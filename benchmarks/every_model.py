"""Every model with classes on the digits, with default settings; writes benchmarks/every_model.md.

    OMP_NUM_THREADS=1 python -m benchmarks.every_model

This benchmark measures the test error of ``DeepGenerativeClassifier`` with each of its models, on scikit-learn's digits
with 100 labels.

The classifier gets the name of the model and nothing else. Models of images are left out, because they also need the
shape of the images. A quarter of the rows is the test set. Ten of the other rows of each class have a label.
"""

import argparse
from functools import partial
from pathlib import Path
from statistics import mean, stdev

from sklearn import datasets

from benchmarks.few_labels import cases, measured
from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.estimators import DeepGenerativeClassifier
from pyrodgm.models import DeepGenerativeModel
from pyrodgm.models.catalogue import has_classes, is_of_images, models_by_name

SPLITS = 3


def names():
    """The models that need no argument but their name."""
    found = {name: c for name, c in models_by_name().items() if issubclass(c, DeepGenerativeModel) and has_classes(c)}
    return [name for name, c in found.items() if not is_of_images(c)]


def run(models, splits=SPLITS):
    """The rows of the table."""
    digits = {"digits": lambda: datasets.load_digits(return_X_y=True)}
    for name in models:
        figures = []
        for _, number, split, *parts in cases(digits, (100,), splits):
            make = partial(DeepGenerativeClassifier, name.lower(), random_state=0)
            error, *_, seconds = measured(make, True, *parts, split, number)
            figures.append((error, seconds))
            print(f"{name}, split {split}: {error:.1f} %, {seconds:.0f} s", flush=True)
        errors = [error for error, _ in figures]
        spread = f" ± {stdev(errors) / len(errors) ** 0.5:.1f}" if len(errors) > 1 else ""
        each = ", ".join(f"{error:.1f}" for error in errors)
        yield [name, f"{mean(errors):.1f}{spread}", each, f"{max(seconds for _, seconds in figures):.0f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", help="names of models; without any, all are run and the page is written")
    asked = [name.lower() for name in parser.parse_args().models]
    rows = list(run([name for name in names() if not asked or name.lower() in asked]))
    text = "# Every model\n\n" + "\n".join(__doc__.split("\n")[4:]).strip() + "\n\n"
    text += f"Errors are in per cent, mean ± standard error of {SPLITS} splits.\n\n{machine()}\n\n"
    text += table(["model", "test error", "error of each split", "longest fit, s"], rows) + "\n"
    print(text)
    if not asked:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
