"""Anomaly scores on conditions of a photovoltaic string without training rows; writes benchmarks/pv_unseen.md.

    OMP_NUM_THREADS=1 python -m benchmarks.pv_unseen

This benchmark measures how well anomaly scores find conditions of a photovoltaic string that have no training rows.

All methods get the same rows with standardised columns. At most 150 test rows of each condition are used. The SDGM is
that of ``pyrodgm pv train``. Its scores are the methods of ``anomaly_score``. ``density`` is the bound, and
``conditional`` is log p(V, I | the other columns). ``conditional`` needs a marginal density, which networks that never
saw missing cells estimate poorly.

The number of steps and the six sensors of the second table were chosen after a look at one draw of the healthy days,
and at three of the ten conditions. The test rows of that look are measured here too. Nothing else was tuned.

A number is the area under the ROC curve, in per cent, for "this test row is of the unseen condition".

``--steps`` and ``--draws`` take other numbers. Then nothing is written.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from benchmarks.measure import table
from benchmarks.steps import machine
from pyrodgm.data import load
from pyrodgm.data.pv import CONDITIONS
from pyrodgm.data.pv.conditions import HEALTHY
from pyrodgm.pv.model_folder import BATCH_SIZE, new_classifier

STEPS, DRAWS = 1500, 3
TEST_ROWS = 150  # at most, of each condition
BRIGHT = 200.0  # W/m²
IRRADIANCE = 2  # the column of the irradiance G, or of ln G
FAULTS = tuple(name for name in CONDITIONS if name not in HEALTHY)


class Task(NamedTuple):
    """Training rows ``(N, D)``, the names of their conditions ``(N,)``, and the same of the test rows."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def task(seed: int = 0, **options) -> Task:
    """The rows of ``load("pv")``, with at most ``TEST_ROWS`` test rows of each condition."""
    data, names = load("pv", seed=seed, **options), np.array(CONDITIONS, object)
    y_test, random = data.test.y.numpy(), np.random.default_rng(seed)
    chosen = [random.permutation(np.flatnonzero(y_test == k))[:TEST_ROWS] for k in range(len(names))]
    rows = np.concatenate(chosen)
    return Task(data.train.x.numpy(), names[data.train.y], data.test.x.numpy()[rows], names[y_test[rows]])


def scores(x: np.ndarray, y: np.ndarray, x_test: np.ndarray, steps: int, seed: int = 0) -> dict[str, np.ndarray]:
    """A dict from a method to its scores of the test rows. A high score is an anomaly."""
    scaler = StandardScaler().fit(x)
    x, x_test = scaler.transform(x), scaler.transform(x_test)
    sdgm = new_classifier(math.ceil(steps / math.ceil(len(x) / BATCH_SIZE)), seed).fit(x, y)
    methods = ["density", "importance", "typicality", "neighbours", *(["class"] if len(sdgm.classes_) > 1 else [])]
    found = {f"SDGM, {method}": sdgm.anomaly_score(x_test, method) for method in methods}
    given = range(IRRADIANCE, x.shape[1])
    found["SDGM, conditional"] = sdgm.anomaly_score(x_test, "conditional", given=given)
    return found | {
        "isolation forest": -IsolationForest(random_state=seed).fit(x).score_samples(x_test),
        "one-class SVM": -OneClassSVM(nu=0.1).fit(x).score_samples(x_test),
        "distance to 5 neighbours": NearestNeighbors(n_neighbors=5).fit(x).kneighbors(x_test)[0].mean(1),
        "mixture of 20 normals": -GaussianMixture(20, random_state=seed).fit(x).score_samples(x_test),
    }


def area(score: np.ndarray, strange: np.ndarray, among: np.ndarray) -> float:
    """The area under the ROC curve, in per cent, for "this row is strange", over the rows ``among``, ``(B,)`` each.

    Example::

        area(np.array([1.0, 3, 2, 0]), np.array([0, 1, 0, 1]), np.array([True, True, True, False]))     # 100.0
    """
    return 100 * float(roc_auc_score(strange[among], score[among]))


def of_healthy_days(steps: int, draws: int) -> str:
    """The table of models trained on healthy days: eight faults against healthy rows, on other days."""
    found: dict[str, list[list[float]]] = {}
    for seed in range(draws):
        options = {"arrangement": "days", "held_out": "days", "columns": "ratios", "rows": 60_000}
        x, y, x_test, y_test = task(seed, **options)
        healthy, fine = np.isin(y_test, HEALTHY), np.isin(y, HEALTHY)
        bright = np.exp(x_test[:, IRRADIANCE]) >= BRIGHT
        for name, score in scores(x[fine], np.zeros(fine.sum(), int), x_test, steps, seed).items():
            own = [(y_test == fault, healthy | (y_test == fault)) for fault in FAULTS]
            areas = [area(score, strange, among) for strange, among in own]
            in_light = [area(score, strange, among & bright) for strange, among in own]
            found.setdefault(name, []).append([*areas, mean(areas), mean(in_light)])
            print("healthy days, draw", seed, name, f"{mean(areas):.1f}, {mean(in_light):.1f} in light", flush=True)
    rows = [[name, *(f"{mean(values):.1f}" for values in zip(*runs, strict=True))] for name, runs in found.items()]
    return table(["score", *FAULTS, "mean", f"mean above {BRIGHT:.0f} W/m²"], rows)


def of_one_left_out(steps: int, **options) -> str:
    """The table of models trained on nine labelled conditions: the tenth against all the others."""
    found: dict[str, list[float]] = {}
    x, y, x_test, y_test = task(**options)
    for unseen in CONDITIONS:
        known, everywhere = y != unseen, np.ones(len(y_test), bool)
        for name, score in scores(x[known], y[known], x_test, steps).items():
            found.setdefault(name, []).append(area(score, y_test == unseen, everywhere))
        print(unseen, ", ".join(f"{name} {areas[-1]:.1f}" for name, areas in found.items()), flush=True)
    rows = [[name, *(f"{value:.1f}" for value in areas), f"{mean(areas):.1f}"] for name, areas in found.items()]
    return table(["score", *CONDITIONS, "mean"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=STEPS, help="training steps of the SDGM")
    parser.add_argument("--draws", type=int, default=DRAWS, help="simulated years of the first table")
    steps, draws = vars(parser.parse_args()).values()
    text = "# Unseen conditions of a photovoltaic string\n\n" + "\n".join(__doc__.split("\n")[4:]).strip()
    text += f"\n\nThe SDGM is trained for {steps} steps.\n\n{machine()}\n"
    parts = (
        (
            "Trained on healthy days only",
            "The rows have three columns, for the known module. The test rows are of other days.\n"
            f"The numbers are the mean of {draws} simulated years.",
            lambda: of_healthy_days(steps, draws),
        ),
        (
            "One of ten conditions left out, single minutes held out",
            "The columns are six sensors. The rows are one draw of two months, with each condition on one to seven "
            "days.",
            lambda: of_one_left_out(steps, columns="sensors"),
        ),
        (
            "One of ten conditions left out, whole days held out",
            "The rows have three columns. They are one draw of a year, with each condition in all weather.",
            lambda: of_one_left_out(steps, columns="ratios", arrangement="days", held_out="days"),
        ),
    )
    for title, about, measure in parts:
        text += f"\n## {title}\n\n{about}\n\n{measure()}\n"
        if (steps, draws) == (STEPS, DRAWS):
            Path(__file__).with_suffix(".md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
