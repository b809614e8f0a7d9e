"""Imputation of missing cells. Mattei and Frellsen 2019, MIWAE."""

import torch

from pyrodgm.checks import check_choice, check_size
from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.infer.traces import run_pair
from pyrodgm.types import ModelAndGuide


def impute(
    model: ModelAndGuide,
    x: torch.Tensor,
    y: torch.Tensor | None = None,
    num_samples: int = 1000,
    num_draws: int | None = None,
    site: str = "x",
    chunk_size: int = 10_000,
    progress: bool = False,
) -> torch.Tensor:
    """Fill in missing cells with their mean given the observed cells, or with several random draws.

    E[x_mis | x_obs] ~= sum_s,y w_sy E[x_mis | x_obs, z_sy, y] / sum_s,y w_sy
    w_sy = p(x_obs, y, z_sy) / q(z_sy | x_obs, y)

    The mean is the paper's single imputation, self-normalised importance sampling: the guide samples the latents given
    the observed cells, and the weights correct for the error of the guide. A y that is not given is summed. The draws
    are the paper's multiple imputation, sampling importance resampling: each draw selects a sample s and a class y with
    probability w_sy / sum w, and samples the missing cells from p(x_mis | x_obs, z_sy, y). If few samples have all the
    weight (``log_likelihood(...).effective_samples``), the mean is uncertain and the draws are too similar. Then
    use more samples.

    Args:
        model: a ``DeepGenerativeModel`` that accepts missing cells, such as ``VAE(784, missing="mask")``; or any torch
            module with methods ``model`` and ``guide`` whose x is an ``ObservedCells``.
        x: rows ``(B, D)``; NaN is a missing cell.
        y: labels of the rows, or None.
        num_samples: number of samples S.
        num_draws: number of draws of every row; None for the mean.
        site: name of the site of x in the model.
        chunk_size: decoder evaluations per run of the pair: samples times classes times rows.
        progress: show a progress bar.

    Returns:
        ``(B, D)``, or ``(num_draws, B, D)``: x with its missing cells filled in; observed cells are unchanged.

    Raises:
        ValueError: for numbers below one; for a model that does not accept missing cells; for observed cells outside
            the support of the model; if a site is scaled or masked, or not in the plate over the rows.

    Example::

        m = VAE(x_size=5, z_size=2, hidden=(10,), likelihood="normal", missing="mask")
        x = torch.randn(8, 5)
        x[0, 3] = torch.nan
        impute(m, x)                            # (8, 5)
        impute(m, x, num_draws=20)              # (20, 8, 5)
    """
    for argument, value in (("num_samples", num_samples), ("num_draws", num_draws), ("chunk_size", chunk_size)):
        if value is not None:
            check_size(argument, value)
    filled = x.clone() if num_draws is None else x.repeat(num_draws, 1, 1)
    incomplete = x.isnan().any(-1)
    if not bool(incomplete.any()):
        return filled
    decodes = num_samples * (getattr(model, "num_classes", None) or 1 if y is None else 1)  # a row
    rows_at_once = max(1, chunk_size // decodes)
    samples = max(1, num_samples * chunk_size // max(decodes, chunk_size))  # at once
    rest, labels = x[incomplete], None if y is None else y[incomplete]
    with evaluating(model):
        parts = [
            _cells(model, batch, site, num_samples, samples, num_draws)
            for batch in in_batches(rest, labels, rows_at_once, progress)
        ]
    filled[..., incomplete, :] = torch.where(rest.isnan(), torch.cat(parts, -2), rest)
    return filled


def _cells(model, batch, site, num_samples, samples, num_draws):
    """The mean of every cell, ``(B, D)``, or draws of it, ``(num_draws, B, D)``, by ``samples`` at a time.

    After each part, the cells are those of all samples so far. The mean moves towards that of the part by the part's
    share of the weights. A draw is replaced by a draw from the part with a probability equal to that share.
    """
    cells, total = torch.zeros_like(batch[0]), torch.full_like(batch[0][:, 0], -torch.inf, dtype=torch.float64)
    if num_draws is not None:
        cells = cells.repeat(num_draws, 1, 1)
    for begin in range(0, num_samples, samples):
        pair = run_pair(model.model, model.guide, batch, num_samples=min(samples, num_samples - begin))
        log_w, p_x = _weights_and_cells(pair, site, batch[0])
        pair.refuse_nan(part := log_w.logsumexp(0))
        total = torch.logaddexp(total, part)
        share, chosen = (part - total).exp().nan_to_num(0.0), torch.where(part > -torch.inf, log_w, 0.0).softmax(0)
        if num_draws is None:
            mean = (chosen.to(cells)[..., None] * p_x.mean.flatten(0, -3)).sum(0)
            cells = torch.lerp(cells, mean, share.to(cells)[:, None])
        else:
            rows = torch.arange(len(total), device=total.device)
            for draw, one in zip(cells, chosen.T.multinomial(num_draws, replacement=True).T, strict=True):
                taken = torch.rand_like(share) < share
                draw.copy_(torch.where(taken[:, None], p_x.sample().flatten(0, -3)[one, rows].to(draw), draw))
    impossible = int((total == -torch.inf).sum())
    if impossible:
        raise ValueError(
            f"x: got {impossible} rows with observed cells that are impossible under the model, want others"
        )
    return cells


def _weights_and_cells(pair, site, x):
    """log w of every sample and class, ``(K S, B)`` in double precision, and p(x_mis | x_obs, ...) of each of them."""
    check_choice("site", site, pair.model)
    fn = pair.model[site]["fn"]
    if not hasattr(fn, "given_observed"):
        raise ValueError(
            f"model: got {type(fn).__name__} at site {site!r}, want ObservedCells, which leaves missing cells out, or "
            "a model with missing='mask' or missing='zeros'"
        )
    log_w = pair.log_weights_of_classes()
    shape = *log_w.shape[:-2], *pair.shape
    return log_w.expand(shape).flatten(0, -2).double(), fn.given_observed(x).expand(shape)
