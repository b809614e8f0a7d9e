"""Figures 2.5 and 2.6 of Kingma 2017: the ELBO (AEVB) compared with wake-sleep and Monte Carlo EM.

    pyrodgm reproduce figure-2.5

A part is a curve. Its figures are those of its last point, and the plot shows the whole curves.

Settings of secs 2.10 and 2.11 and app. 2.B: one tanh hidden layer, parameters initialised from N(0, 0.01), read
as a standard deviation of 0.01, with a prior N(0, I), batches of 100 rows, one sample per row, and Adagrad with the
best of three step sizes on the first rows.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import matplotlib.figure
import pyro
import torch
import torch.nn.functional as F
from pyro.infer import TraceMeanField_ELBO

from pyrodgm.data import binarise, load
from pyrodgm.evaluate import row_bounds
from pyrodgm.infer import CompiledSVI, MonteCarloEM, Optimizer, WakeSleep
from pyrodgm.isolation import seeded
from pyrodgm.models import VAE
from pyrodgm.plot import training_curves
from pyrodgm.types import Option
from pyrodgm.zoo.experiment import Experiment, Measured

AEVB, WAKE_SLEEP, MCEM = "AEVB", "wake-sleep", "Monte Carlo EM"
BATCH_SIZE = 100
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
        paper="log p(x) of AEVB, wake-sleep and Monte Carlo EM, plotted for both numbers of rows",
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


def measure(name: str, part: str, seed: int, samples: int) -> Measured:
    """The last point of a part, a curve: ``"AEVB, 3 latents"``; its details are all points and the step size."""
    figure = FIGURES[name]
    with pyro.validation_enabled(False):
        found = curve(figure, settings_of(name)[part], samples, seed)
    last = found["points"][-1]
    figures = {f"{part}: {rows} {figure.measured}": last[rows] for rows in ("train", "test")}
    return Measured(figures, {key: found[key] for key in ("learning rate", "points")})


def settings_of(name: str) -> dict[str, Setting]:
    """The settings of a figure by the name of the curve."""
    figure = FIGURES[name]
    return {f"{setting.algorithm}, {figure.panel.format(setting)}": setting for setting in figure.settings}


def experiments() -> list[Experiment]:
    """The experiment of each figure."""
    return [
        Experiment(
            name=f"figure-{name}",
            summary=f"Comparison of {', '.join(dict.fromkeys(s.algorithm for s in figure.settings))} on {figure.data}",
            source=f"Kingma 2017, sec. 2.11 and figure {name[:3]}",
            paper=figure.paper,
            figure=f"{next(iter(settings_of(name)))}: test {figure.measured}",
            deviations=(
                f"{{samples:,}} training rows instead of {figure.length}, to be feasible on a CPU. The step size is "
                f"the one with the best training figure after {TRIAL:,} rows. The paper draws all initial parameters "
                "from N(0, 0.01); here weights have a standard deviation of 0.01, and biases are zero. "
                f"{figure.deviations}"
            ),
            settings={"samples": 10_000_000},
            parts=tuple(settings_of(name)),
            measure=partial(measure, name),
            model="VAE",
            draw=partial(draw, name),
        )
        for name, figure in FIGURES.items()
    ]


def draw(name: str, record: dict[str, Any]) -> matplotlib.figure.Figure:
    """Plot the curves of a figure's record in the results."""
    figure = FIGURES[name]
    lines: dict[str, dict[str, list[Any]]] = {}
    for part, setting in settings_of(name).items():
        for curves in record["details"].values():
            if part in curves:
                panel = lines.setdefault(figure.panel.format(setting), {})
                panel.setdefault(setting.algorithm, []).append(curves[part]["points"])
    whole: Any = training_curves(lines, f"{figure.measured} (nats)")[0].figure
    return whole
