"""Importance-weighted log-likelihood."""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch

from pyrodgm.checks import check_choice, check_size
from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.handlers import DrawnClass
from pyrodgm.infer import CompiledFunction
from pyrodgm.infer.traces import run_pair
from pyrodgm.types import ModelAndGuide


class LogLikelihood(NamedTuple):
    """Estimates of the log-likelihood, in nats.

    Attributes:
        rows: the estimate for each row, ``(B,)``.
        row_errors: their Monte Carlo standard errors by the delta method, sd(w) / (sqrt(S) mean(w)), ``(B,)``; NaN for
            a single sample.
        effective_samples: the effective sample size of each row, (sum_s w_s)^2 / sum_s w_s^2 (Kish 1965), ``(B,)``.
        mean: the mean over the rows.
        standard_error: the standard error of ``mean`` over the data, sd(rows) / sqrt(B); NaN for a single row.
    """

    rows: torch.Tensor
    row_errors: torch.Tensor
    effective_samples: torch.Tensor
    mean: float
    standard_error: float


def log_likelihood(
    model: ModelAndGuide,
    x: torch.Tensor,
    y: torch.Tensor | None = None,
    num_samples: int = 5000,
    classes: Literal["all", "drawn"] = "all",
    chunk_size: int = 2500,
    backend: str = "auto",
    progress: bool = False,
) -> LogLikelihood:
    """Importance-weighted estimate of log p(x), or log p(x, y), of every row.

    log p(x) ~= log 1/S sum_s w_s,  w_s = p(x, z_s) / q(z_s | x)             (Burda et al. 2016, eq. 8)
    w_s = sum_y p(x, y, z_sy, a_s) / q(z_sy, a_s | x, y)                     with ``classes="all"``
    w_s = p(x, y_s, z_s, a_s) / [q(z_s, a_s | x, y_s) r(y_s | x, a_s)]       with ``classes="drawn"``

    The latents are drawn from the guide. If the guide enumerates y, there are two choices. With ``classes="all"``, all
    classes are summed within every sample, and q(y | x) cancels. With ``classes="drawn"``, one class is drawn per
    sample, y_s ~ r = 0.9 q(y | x, a_s) + 0.1 / K. That costs 1/K as much, with little more variance if q(y | x) is
    good. In both cases the mean weight is unbiased for p(x), so its logarithm is below log p(x) in expectation. A y
    that is enumerated only in the model is always summed.

    The cost is ``num_samples`` times K decoder evaluations per row, or ``num_samples`` with a drawn or given class. The
    memory is that of one chunk. If there are only a few effective samples, important samples may be missing, and the
    standard error of the row is too small.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        y: labels, for log p(x, y); or None.
        num_samples: number of samples S.
        classes: ``"all"`` or ``"drawn"``.
        chunk_size: decoder evaluations at once (samples times classes times rows); increase it on a GPU.
        backend: backend of the ``CompiledFunction`` that computes the weights. ``"auto"`` replays a traced graph, and
            compiles it for a long run.
        progress: show a progress bar.

    Returns:
        A ``LogLikelihood``.

    Raises:
        ValueError: if a site is scaled or masked, or not in the plate over the rows; if ``num_samples`` or
            ``chunk_size`` is below 1, or ``classes`` or ``backend`` is unknown; if a row's estimate is NaN, naming the
            site.

    Example::

        log_likelihood(m, data.test.x, num_samples=5000, progress=True).mean
    """
    check_choice("classes", classes, ("all", "drawn"))
    for argument, value in (("num_samples", num_samples), ("chunk_size", chunk_size)):
        check_size(argument, value)
    num_classes = getattr(model, "num_classes", None) or 1
    decodes = num_classes if y is None and classes == "all" else 1  # per sample
    num_chunks = math.ceil(num_samples * decodes / chunk_size)
    samples = math.ceil(num_samples / num_chunks)  # per chunk; surplus samples of the last chunk are dropped
    weigh = CompiledFunction(log_weights(model, samples, drawn=classes == "drawn"), backend)
    rows_at_once = max(1, chunk_size // (decodes * samples))
    with evaluating(model):
        parts = [moments(weigh, batch, num_samples, samples) for batch in in_batches(x, y, rows_at_once, progress)]
        first, second = (torch.cat(part) for part in zip(*parts, strict=True))
        if bool(first.isnan().any()):
            _name_the_site(model, x, y, first.isnan())
    return _summary(first, second, num_samples)


def _name_the_site(model, x, y, wrong):
    """Raise a ``ValueError`` that names the site responsible for NaN weights."""
    pair = run_pair(model.model, model.guide, (x[wrong], None if y is None else y[wrong]))
    pair.refuse_nan(torch.full_like(x[wrong][:, 0], torch.nan))


def _summary(first, second, num_samples):
    """The ``LogLikelihood`` computed from the moments of all rows."""
    rows, effective = first - math.log(num_samples), (2 * first - second).exp()
    variance = (num_samples / effective - 1).clamp(min=0) / (num_samples - 1) if num_samples > 1 else math.nan * rows
    error = float(rows.std()) / math.sqrt(len(rows)) if len(rows) > 1 else math.nan
    return LogLikelihood(rows, variance.sqrt(), effective, float(rows.mean()), error)


def log_weights(model: ModelAndGuide, num_samples: int, drawn: bool) -> Callable[..., torch.Tensor]:
    """A function of rows and labels that draws log w_s ``(S, B)``, see ``log_likelihood``."""
    within = DrawnClass() if drawn else None

    def draw(x, y):
        return run_pair(model.model, model.guide, (x, y), num_samples=num_samples, within=within).log_weights()

    return draw


def moments(
    weigh: Callable[..., torch.Tensor], batch: tuple[torch.Tensor, torch.Tensor | None], num_samples: int, samples: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """log sum_s w_s and log sum_s w_s^2 of a batch of rows, in double precision.

    Args:
        weigh: a function of ``*batch`` that draws ``samples`` log-weights per row, ``(samples, B)``.
        batch: rows ``(B, D)``, and labels or None.
        num_samples: number of samples S. Surplus samples of the last call are dropped.
        samples: number of samples per call.

    Returns:
        Two tensors ``(B,)``.
    """
    first = second = torch.full((), -math.inf, dtype=torch.float64, device=batch[0].device)
    for begin in range(0, num_samples, samples):
        log_w = weigh(*batch)[: num_samples - begin].double()
        first = torch.logaddexp(first, log_w.logsumexp(0))
        second = torch.logaddexp(second, (2 * log_w).logsumexp(0))
    return first, second
