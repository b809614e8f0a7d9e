"""Importance-weighted log-likelihood."""

import math
from typing import NamedTuple

import torch

from pyrodgm.checks import check_choice
from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.handlers import DrawnClass
from pyrodgm.infer import CompiledFunction
from pyrodgm.infer.traces import run_pair


class LogLikelihood(NamedTuple):
    """Estimates of log p, in nats.

    Attributes:
        rows: the estimate of each row, ``(B,)``.
        row_errors: their Monte Carlo standard errors by the delta method, sd(w) / (sqrt(S) mean(w)), ``(B,)``.
        effective_samples: (sum_s w_s)^2 / sum_s w_s^2 of each row (Kish 1965), ``(B,)``.
        mean: the mean over the rows.
        standard_error: its standard error as one of a mean over data, sd(rows) / sqrt(B); NaN for a single row.
    """

    rows: torch.Tensor
    row_errors: torch.Tensor
    effective_samples: torch.Tensor
    mean: float
    standard_error: float


def log_likelihood(model, x, y=None, num_samples=5000, classes="all", chunk_size=2500, backend="auto", progress=False):
    """Importance-weighted log p(x) of every row, or log p(x, y), by any number of samples.

    log 1/S sum_s w_s,  w_s = p(x, z_s) / q(z_s | x)                         (Burda et al. 2016, eq. 8)
    w_s = sum_y p(x, y, z_sy, a_s) / q(z_sy, a_s | x, y)                     with ``classes="all"``
    w_s = p(x, y_s, z_s, a_s) / [q(z_s, a_s | x, y_s) r(y_s | x, a_s)]       with ``classes="drawn"``

    The latents are drawn from the guide as the pair is written. Where the guide enumerates y, all classes are
    summed inside every sample, in which q(y | x) cancels; or one is drawn, y_s ~ r = 0.9 q(y | x, a_s) + 0.1 / K,
    at a K-th of the cost and, where q(y | x) is any good, little more variance. The weights' mean is unbiased for
    p(x) either way, so that its logarithm is below log p(x) on average. A y that the model alone enumerates is
    always summed. It takes ``num_samples`` times K decodes a row, or ``num_samples`` with a class drawn or given;
    memory is that of a chunk. Where the effective samples are but a few the weights seen say little of those that
    were not, and the standard error of a row is too small.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        y: labels, for log p(x, y); or None.
        num_samples: S.
        classes: ``"all"`` or ``"drawn"``.
        chunk_size: decodes at once, samples times classes times rows; a GPU takes more.
        backend: of the ``CompiledFunction`` that computes the weights. ``"auto"`` replays a graph, and compiles it
            where a run is long.
        progress: show a bar.

    Returns:
        A ``LogLikelihood``.

    Raises:
        ValueError: if a site is scaled or masked, or not in the plate over the rows; if ``num_samples`` or
            ``chunk_size`` is below 1, or there is no such ``classes`` or ``backend``; if a row's estimate is NaN,
            naming the site.

    Example::

        log_likelihood(m, data.test.x, num_samples=5000, progress=True).mean
    """
    check_choice("classes", classes, ("all", "drawn"))
    for argument, value in (("num_samples", num_samples), ("chunk_size", chunk_size)):
        if not value >= 1:
            raise ValueError(f"{argument}: got {value!r}, want at least 1")
    num_classes = getattr(model, "num_classes", None) or 1
    decodes = num_classes if y is None and classes == "all" else 1  # a sample
    num_chunks = math.ceil(num_samples * decodes / chunk_size)
    samples = math.ceil(num_samples / num_chunks)  # a chunk; the last one's surplus is not counted
    weigh = CompiledFunction(log_weights(model, samples, drawn=classes == "drawn"), backend)
    rows_at_once = max(1, chunk_size // (decodes * samples))
    with evaluating(model):
        parts = [moments(weigh, batch, num_samples, samples) for batch in in_batches(x, y, rows_at_once, progress)]
        first, second = (torch.cat(part) for part in zip(*parts, strict=True))
        if bool(first.isnan().any()):
            _name_the_site(model, x, y, first.isnan())
    return _summary(first, second, num_samples)


def _name_the_site(model, x, y, wrong):
    """Raise ``ValueError`` for rows whose weights were NaN."""
    pair = run_pair(model.model, model.guide, (x[wrong], None if y is None else y[wrong]))
    pair.refuse_nan(torch.full_like(x[wrong][:, 0], torch.nan))


def _summary(first, second, num_samples):
    """A ``LogLikelihood`` of the moments of all rows."""
    rows, effective = first - math.log(num_samples), (2 * first - second).exp()
    variance = (num_samples / effective - 1).clamp(min=0) / (num_samples - 1) if num_samples > 1 else math.nan * rows
    error = float(rows.std()) / math.sqrt(len(rows)) if len(rows) > 1 else math.nan
    return LogLikelihood(rows, variance.sqrt(), effective, float(rows.mean()), error)


def log_weights(model, num_samples, drawn):
    """The function of rows and labels that draws log w_s, ``(S, B)``, see ``log_likelihood``."""
    within = DrawnClass() if drawn else None

    def draw(x, y):
        return run_pair(model.model, model.guide, (x, y), num_samples=num_samples, within=within).log_weights()

    return draw


def moments(weigh, batch, num_samples, samples):
    """log sum_s w_s and log sum_s w_s^2 of some rows, in double precision.

    Args:
        weigh: a function of ``*batch`` that draws ``samples`` log-weights a row, ``(samples, B)``.
        batch: rows ``(B, D)`` and labels, or None.
        num_samples: S. The surplus of the last call is dropped.
        samples: of a call.

    Returns:
        Two of ``(B,)``.
    """
    first = second = torch.full((), -math.inf, dtype=torch.float64, device=batch[0].device)
    for begin in range(0, num_samples, samples):
        log_w = weigh(*batch)[: num_samples - begin].double()
        first = torch.logaddexp(first, log_w.logsumexp(0))
        second = torch.logaddexp(second, (2 * log_w).logsumexp(0))
    return first, second
