"""Figures 2.5 and 2.6 of Kingma 2017: the ELBO (AEVB) compared with wake-sleep and Monte Carlo EM.

    python -m pyrodgm.zoo.aevb 2.5 --seeds 3 --output results

This writes the last point of every curve to ``figure-2.5.json``, as ``pyrodgm reproduce`` does, saves the curves next
to it, and plots them. Repeating the command resumes after the last finished curve.

Settings of secs 2.10 and 2.11 and app. 2.B: one tanh hidden layer, parameters initialised from N(0, 0.01^2) with a
prior N(0, I), batches of 100 rows, one sample per row, and Adagrad with the best of three step sizes on the first rows.
"""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import pyro
import torch
import torch.nn.functional as F
from pyro.infer import TraceMeanField_ELBO

from pyrodgm.data import binarise, load
from pyrodgm.evaluate import row_bounds
from pyrodgm.files import write
from pyrodgm.infer import CompiledSVI, MonteCarloEM, Optimizer, WakeSleep
from pyrodgm.isolation import seeded
from pyrodgm.models import VAE
from pyrodgm.plot import training_curves
from pyrodgm.types import Option
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.results import label_of, package_commit, write_results

AEVB, WAKE_SLEEP, MCEM = "AEVB", "wake-sleep", "Monte Carlo EM"
BATCH_SIZE = 100
SAMPLES = 10_000_000
RATES = (0.01, 0.02, 0.1)
TRIAL = 5_000  # rows seen before the step size is chosen
POINTS = [m * 10**k for k in range(4, 8) for m in (1, 2, 5)]  # numbers of rows seen at which a curve is evaluated


class Setting(NamedTuple):
    """One curve: the algorithm, the number of latents and the number of training rows."""

    algorithm: str
    z_size: int
    num_rows: int


class Figure(NamedTuple):
    """One figure: its curves, the data, the hidden units, the evaluated quantity and the number of rows for it."""

    settings: list[Setting]
    data: str
    likelihood: Option
    hidden: int
    panel: str  # title of a setting's panel
    measured: str
    evaluate: Callable[..., Any]
    num_evaluated: int
    paper: str
    length: str  # training rows of the paper's curves
    deviations: str


@torch.no_grad()
def log_p_on_grid(model: VAE, x: torch.Tensor, points: int = 41, width: float = 4.0) -> torch.Tensor:
    """log p(x) of binary rows by the trapezoidal rule over two or three latents.

    log p(x) = log sum_g h^d N(z_g; 0, I) p(x | z_g), z_g on a grid of ``points`` ^ d over [-width, width]^d

    No guide is needed, so models trained with and without a guide can be compared.

    Args:
        model: a VAE with Bernoulli features.
        x: ``(B, D)``, zeros and ones.

    Returns:
        ``(B,)``.
    """
    axis = torch.linspace(-width, width, points).to(x)
    z = torch.cartesian_prod(*[axis] * model.z_size)  # (G, d)
    log_weight = model.standard_normal(model.z_size).log_prob(z) + model.z_size * (axis[1] - axis[0]).log()
    total = x.new_full((len(x),), -math.inf)
    for part, weight in zip(z.split(8192), log_weight.split(8192), strict=True):
        logits = model.p_x(part).base_dist.logits  # (g, D)
        log_p = x @ logits.T - F.softplus(logits).sum(-1) + weight  # (B, g)
        total = torch.logaddexp(total, log_p.logsumexp(-1))
    return total


MNIST = "The first 50,000 training images, binarised once (neither is stated)."
FIGURES = {
    "2.5": Figure(
        settings=[Setting(a, z, 50_000) for z in (3, 5, 10, 20, 200) for a in (AEVB, WAKE_SLEEP)],
        data="mnist",
        likelihood="bernoulli",
        hidden=500,
        panel="{0.z_size} latents",
        measured="bound",
        evaluate=row_bounds,
        num_evaluated=1000,
        paper="AEVB converges considerably faster and to a better bound for every number of latents",
        length="100 million",
        deviations=f"{MNIST} Bounds use the first 1,000 training and test rows and one sample.",
    ),
    "2.5-freyfaces": Figure(
        settings=[Setting(a, z, 1500) for z in (2, 5, 10, 20) for a in (AEVB, WAKE_SLEEP)],
        data="freyfaces",
        likelihood=("normal", {"mean": "sigmoid"}),
        hidden=200,
        panel="{0.z_size} latents",
        measured="bound",
        evaluate=row_bounds,
        num_evaluated=200,
        paper="AEVB converges considerably faster and to a better bound for every number of latents",
        length="10 million",
        deviations=(
            "1,500 randomly chosen frames for training. Bounds use the first 200 of them and 200 test rows, with one "
            "sample."
        ),
    ),
    "2.6": Figure(
        settings=[Setting(a, 3, 1000) for a in (AEVB, WAKE_SLEEP, MCEM)]
        + [Setting(a, 3, 50_000) for a in (AEVB, WAKE_SLEEP)],
        data="mnist",
        likelihood="bernoulli",
        hidden=100,
        panel="{0.num_rows:,} training rows",
        measured="log p(x)",
        evaluate=log_p_on_grid,
        num_evaluated=100,
        paper="log p(x) of AEVB, wake-sleep and Monte Carlo EM, drawn for both numbers of rows",
        length="60 million",
        deviations=(
            f"{MNIST} log p(x) is computed on a grid over the three latents for the first 100 training and test rows "
            "(the thesis does not state its estimator). HMC accepts or rejects the 100 rows of a batch together. For "
            "Monte Carlo EM, the rows of the weight updates are counted, not those of the leapfrog steps."
        ),
    ),
}


def curve(figure: Figure, setting: Setting, samples: int, seed: int = 0) -> dict[str, Any]:
    """Train one setting with the best of the step sizes, evaluating it along the way.

    Args:
        figure: a ``Figure``.
        setting: one of its settings.
        samples: total number of training rows, counting a row each time a step uses it; E steps do not count.
        seed: fixes parameters, order and noise.

    Returns:
        A dict with the setting, the step size, and ``"points"``, a list of dicts of ``"samples"``, ``"train"`` and
        ``"test"``, means over the evaluated rows.
    """
    data, generator = load(figure.data), torch.Generator().manual_seed(0)
    x, test = data.train.x, data.test.x
    if figure.likelihood == "bernoulli":
        x, test = (binarise(rows, generator) for rows in (x, test))
    x = x[: setting.num_rows]
    parts = torch.stack([x[: figure.num_evaluated], test[: figure.num_evaluated]])
    rates = {rate: _trial(figure, setting, x, parts, rate, seed) for rate in RATES}
    rate = max(rates, key=rates.get)  # type: ignore[arg-type]  # every rate has a figure
    points = _train(figure, setting, x, parts, rate, samples, seed)
    return {"setting": list(setting), "seed": seed, "learning rate": rate, "samples": samples, "points": points}


def _trial(figure, setting, x, parts, rate, seed):
    """The training figure after the first rows; minus infinity if it is not a number."""
    try:
        return _train(figure, setting, x, parts, rate, TRIAL, seed)[-1]["train"]
    except (FloatingPointError, ValueError):  # the loss is not finite, or a row's bound is NaN
        return -math.inf


def _train(figure, setting, x, parts, rate, samples, seed):
    pyro.clear_param_store()
    pyro.set_rng_seed(seed)
    options = {"likelihood": figure.likelihood, "activation": "tanh", "init": 0.01}
    model = VAE(x.shape[1], setting.z_size, (figure.hidden,), **options)
    optim = Optimizer(torch.optim.Adagrad, {"lr": rate, "weight_decay": BATCH_SIZE / len(x)})
    if setting.algorithm == MCEM:
        em = MonteCarloEM(model.model, optim, x)
        step, cost = em.step, em.num_updates
    else:
        objective = WakeSleep() if setting.algorithm == WAKE_SLEEP else TraceMeanField_ELBO()
        svi, cost = CompiledSVI(model.model, model.guide, optim, objective), 1

        def step(rows):
            return svi.step(x[rows])

    points, seen, due = [], 0, [n for n in POINTS if n < samples] + [samples]
    for rows in _batches(len(x)):
        loss = step(rows)
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} after {seen:,} rows of {setting} at rate {rate}")
        seen += cost * len(rows)
        if seen >= due[0]:
            due = [n for n in due if n > seen]
            with seeded(0):
                train, test = figure.evaluate(model, parts.flatten(0, 1)).reshape(2, -1).mean(1).tolist()
            points.append({"samples": seen, "train": train, "test": test})
        if not due:
            return points


def _batches(num_rows):
    """Yield the row indices of full batches, epoch after epoch."""
    while True:
        yield from torch.randperm(num_rows).split(BATCH_SIZE)[: num_rows // BATCH_SIZE]


def reproduce(name: str, samples: int, seeds: int, folder: Path) -> Path:
    """Train the curves of a figure that are not in the folder yet, write the table and plot the curves.

    Args:
        name: a key of ``FIGURES``.
        samples: see ``curve``.
        seeds: number of seeds.
        folder: an existing folder.

    Returns:
        The path of the plot.
    """
    figure, folder, commit, recipe = FIGURES[name], Path(folder), package_commit(), record(name, samples)
    changed = [] if samples == SAMPLES else [f"samples={samples}"]
    label = label_of(recipe, changed)
    path = folder / f"{label}-curves.json"
    curves = json.loads(path.read_text()) if path.exists() else []
    with pyro.validation_enabled(False):
        for seed in range(seeds):
            for setting in figure.settings:
                if not any(c["setting"] == list(setting) and c["seed"] == seed for c in curves):
                    curves.append(curve(figure, setting, samples, seed))
                    write(path, (json.dumps(curves, indent=1) + "\n").encode())
                    print(setting, f"seed {seed}:", curves[-1]["points"][-1], flush=True)
    curves.sort(key=lambda c: (c["seed"], figure.settings.index(Setting(*c["setting"]))))
    runs: dict[int, dict[str, float]] = {}
    for c in curves:
        setting = Setting(*c["setting"])
        curve_of = f"{setting.algorithm}, {figure.panel.format(setting)}"
        found = {f"{curve_of}: {part} {figure.measured}": c["points"][-1][part] for part in ("train", "test")}
        runs[c["seed"]] = runs.get(c["seed"], {}) | found
    command = f"python -m pyrodgm.zoo.aevb {name} --samples {samples} --seeds {seeds}"
    write_results(folder, recipe, runs, command, "cpu", changed, commit)
    return draw(name, curves, folder / f"{label}.png")


def record(name: str, samples: int) -> Recipe:
    """The figure's entry in the results table, as a recipe."""
    figure = FIGURES[name]
    return Recipe(
        name=f"figure-{name}",
        summary=f"Comparison of {', '.join(dict.fromkeys(s.algorithm for s in figure.settings))} on {figure.data}",
        source=f"Kingma 2017, sec. 2.11 and figure {name[:3]}",
        paper=figure.paper,
        figure=figure.measured,
        deviations=(
            f"{samples:,} training rows instead of {figure.length}, to fit a CPU. The step size is the one with the "
            f"best training figure after {TRIAL:,} rows. {figure.deviations}"
        ),
        data=(figure.data, {}),
        model=(VAE, {"hidden": (figure.hidden,), "activation": "tanh", "init": 0.01}),
        epochs=samples // figure.settings[-1].num_rows,
        batch_size=BATCH_SIZE,
        learning_rate=RATES[0],
        optimizer=("Adagrad", {}),
        weight_prior=1.0,
    )


def draw(name: str, curves: list[dict[str, Any]], path: Path) -> Path:
    """Plot the curves of a figure to a PNG file and return its path."""
    figure = FIGURES[name]
    lines: dict[str, dict[str, list[Any]]] = {}
    for c in curves:
        setting = Setting(*c["setting"])
        lines.setdefault(figure.panel.format(setting), {}).setdefault(setting.algorithm, []).append(c["points"])
    axes = training_curves(lines, f"{figure.measured} (nats)")
    whole: Any = axes[0].figure
    whole.savefig(path, dpi=120)
    plt.close(whole)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("figure", choices=FIGURES)
    parser.add_argument("--samples", type=int, default=SAMPLES, help="training rows, by default 10 million")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", default="results", help="folder for the table and the plot")
    arguments = parser.parse_args()
    print(reproduce(arguments.figure, arguments.samples, arguments.seeds, arguments.output))
