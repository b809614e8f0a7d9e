"""The evidence lower bound of a data set and of each row; anomaly scores and Bayes classification based on it."""

import copy
from typing import Any

import pyro
import torch
from torch.distributions import constraints

from pyrodgm.checks import check_has_classes, check_size, check_values
from pyrodgm.distributions import OrMissing
from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.infer.traces import run_pair
from pyrodgm.models import DeepGenerativeModel
from pyrodgm.models.base import Model
from pyrodgm.types import ModelAndGuide

FAR = 10.0  # absolute values above this, on the networks' scale, are computed in double precision


def bound(
    model: ModelAndGuide,
    x: torch.Tensor,
    y: torch.Tensor | None = None,
    num_samples: int = 1,
    batch_size: int = 1000,
    progress: bool = False,
) -> float:
    """The ELBO, averaged over the rows, in nats: a lower bound on log p(x), or on log p(x, y) if y is given.

    Arguments as for ``row_bounds``.

    Returns:
        A float.

    Example::

        bound(m, data.test.x, num_samples=10)
    """
    return float(row_bounds(model, x, y, num_samples, batch_size, progress).mean())


def row_bounds(
    model: ModelAndGuide,
    x: torch.Tensor,
    y: torch.Tensor | None = None,
    num_samples: int = 1,
    batch_size: int = 1000,
    progress: bool = False,
) -> torch.Tensor:
    """The ELBO of every row, in nats: a lower bound on log p(x), or on log p(x, y) if y is given.

    E_q(y,z|x)[log p(x, y, z) - log q(y, z | x)]    (Kingma 2017, eqs 2.10, 3.7 and 3.8)

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        y: labels, or None to sum over y, exactly if the guide enumerates it.
        num_samples: Monte Carlo samples of the latents per row.
        batch_size: rows per call.
        progress: show a progress bar.

    Returns:
        ``(B,)``.

    Raises:
        ValueError: for ``num_samples`` below 1; if a site is scaled or masked, or not in the plate over the rows; or
            if a row's bound is NaN, naming the site.

    Example::

        row_bounds(m, data.test.x).argsort()[:10]      # the ten most unusual rows
    """
    check_size("num_samples", num_samples)
    rows = []
    with evaluating(model):
        for batch in in_batches(x, y, batch_size, progress):
            runs = (run_pair(model.model, model.guide, batch) for _ in range(num_samples))
            rows.append(sum(map(_bounds, runs)) / num_samples)
    return torch.cat(rows)


def _bounds(pair):
    rows = pair.mean(pair.log_p() - pair.log_q(*pair.guide))
    pair.refuse_nan(rows)
    return rows


def anomaly_score(
    model: ModelAndGuide, x: torch.Tensor, num_samples: int = 1, batch_size: int = 1000, progress: bool = False
) -> torch.Tensor:
    """Anomaly score: the negative lower bound on log p(x), in nats (Maaløe 2018, app. D). Higher is more anomalous.

    Arguments as for ``row_bounds``. With a ``DeepGenerativeModel``, rows with absolute values above ten on the scale of
    its networks are computed in double precision, because single precision would lose log q(z | x) to rounding. The
    score is infinite for values outside the likelihood's support, and if it overflows the dtype of x.

    Returns:
        ``(B,)``.

    Raises:
        ValueError: for infinite x, for NaN if the model does not accept missing cells, and as in ``row_bounds``.

    Example::

        limit = anomaly_score(m, data.validation.x).quantile(0.99)     # rows that were not trained on
        anomaly_score(m, data.test.x) > limit
    """
    numbers = constraints.real if getattr(model, "missing", None) is None else OrMissing(constraints.real)
    check_values("x", x, numbers, "finite numbers")
    score = torch.full_like(x[:, 0], torch.inf)
    likelihood = getattr(model, "p_x", None)
    inside = getattr(likelihood, "support", constraints.real).check(x).all(-1)
    far = (x.abs() > FAR * getattr(likelihood, "scale", 1)).any(-1) & isinstance(model, DeepGenerativeModel)
    with pyro.validation_enabled(False):  # values are checked above, network outputs in row_bounds
        for rows, double in ((inside & ~far, False), (inside & far, True)):
            if bool(rows.any()):
                pair: Any = model
                pair, x_rows = (copy.deepcopy(pair).double(), x[rows].double()) if double else (model, x[rows])
                score[rows] = -row_bounds(pair, x_rows, None, num_samples, batch_size, progress).to(score.dtype)
    return score


def bayes_classifier(
    model: Model, x: torch.Tensor, num_samples: int = 1, batch_size: int = 1000, progress: bool = False
) -> torch.Tensor:
    """Class probabilities by Bayes' rule, p(y | x) = p(x, y) / sum_y' p(x, y'), with p(x, y) replaced by its bound.

    log p(x, y) >= E_q(z|x,y)[log p(x, y, z) - log q(z | x, y)]    (Kingma 2017, eq. 3.7)

    This classifies with the generative model alone, without q(y | x). Each class has its own noise samples.

    Args:
        model: a model with ``num_classes``, whose ``model`` and ``guide`` take labels.
        x: rows ``(B, D)``.
        num_samples: Monte Carlo samples of the latents per row and class.
        batch_size: rows per call.
        progress: show a progress bar per class.

    Returns:
        ``(B, K)``.

    Raises:
        ValueError: as in ``row_bounds``; for a model without classes; for a row whose bounds are all minus infinity.

    Example::

        classification_error(m, data.test.x, data.test.y, classifier=bayes_classifier, num_samples=10)
    """
    check_has_classes("model", model)
    labels = torch.arange(model.num_classes, device=x.device)[:, None].expand(-1, len(x))
    joint = torch.stack([row_bounds(model, x, y, num_samples, batch_size, progress) for y in labels], -1)
    lost = int((joint == -torch.inf).all(-1).sum())
    if lost:
        raise ValueError(
            f"x: got {lost} rows that are impossible in every class (all bounds are minus infinity), want rows in the "
            "model's support, or double precision if they are only far away"
        )
    return joint.softmax(-1)
