"""A bound on log p(x) whose sum over y is restricted to the likely classes of each row.

A bound that sums over y runs the networks once per class and row. In a trained model, q(y | x) is nearly zero for most
classes. Here only the classes S(x) = {y : q(y | x) >= least} are run. This is the bound of a guide whose q(y | ...) is
zero outside S(x) and normalised inside:

    q'(y | ...) = q(y | ...) / sum_{y' in S(x)} q(y' | ...)                                 for y in S(x)
    L'(x) = E[sum_{y in S(x)} q'(y | ...) (log p(x, y, a, z) - log q(a, z | x, y) - log q'(y | ...))]

It is also a lower bound on log p(x) (Kingma 2017, eqs 2.10 and 3.8), and the usual one if ``least`` is 0. It costs one
run of model and guide for each pair of a row and a likely class.
"""

import torch
from pyro import poutine

from pyrodgm.checks import check_size
from pyrodgm.evaluate.batched import evaluating
from pyrodgm.infer.traces import run_pair
from pyrodgm.models import DeepGenerativeModel

NEGLIGIBLE = 0.01


def likely_bounds(
    model: DeepGenerativeModel,
    x: torch.Tensor,
    probabilities: torch.Tensor,
    num_samples: int = 1,
    batch_size: int = 1000,
    least: float = NEGLIGIBLE,
) -> torch.Tensor:
    """A lower bound on log p(x) of every row that sums over its likely classes, in nats.

    Args:
        model: a ``DeepGenerativeModel`` whose guide has a class y.
        x: rows ``(B, D)``.
        probabilities: q(y | x), such as ``model.classifier(x)``, ``(B, K)``.
        num_samples: Monte Carlo samples of the latents per row.
        batch_size: rows per call.
        least: classes with a smaller probability are left out, except the likeliest class.

    Returns:
        ``(B,)``.

    Raises:
        ValueError: for a guide without a class, for probabilities of another shape or NaN, and as in ``row_bounds``.

    Example::

        likely_bounds(m, data.test.x, m.classifier(data.test.x))
    """
    if not model.guide_has_class:
        raise ValueError(f"model: got {type(model).__name__}, whose guide has no class y, want one that has")
    if probabilities.shape != (wanted := (len(x), model.num_classes)):
        raise ValueError(f"probabilities: got shape {tuple(probabilities.shape)}, want {wanted}")
    wrong = int(probabilities.isnan().any(1).sum())
    if wrong:
        raise ValueError(f"probabilities: got NaN in {wrong} rows, want numbers")
    for argument, value in (("num_samples", num_samples), ("batch_size", batch_size)):
        check_size(argument, value)
    bounds = []
    with evaluating(model):
        for rows, q_y in zip(x.split(batch_size), probabilities.split(batch_size), strict=True):
            likely = q_y >= q_y.amax(1, keepdim=True).clamp(max=least)
            bounds.append(_bounds(model, rows, likely, num_samples))
    return torch.cat(bounds)


def _bounds(model, x, likely, num_samples):
    row, label = likely.nonzero(as_tuple=True)  # (P,) each

    def guide(x, y):
        return poutine.condition(model.guide, data={"y": model.one_hot(y)})(x)

    pair = run_pair(model.model, guide, (x[row], label), num_samples=num_samples)
    inside = pair.log_p() - pair.log_q(*(name for name in pair.guide if name != "y"))  # (..., S, P)
    log_q_y = pair.log_q("y").expand(*inside.shape[:-2], num_samples, len(row))
    log_q = inside.new_full((*log_q_y.shape[:-1], *likely.shape), -torch.inf)  # (..., S, B, K)
    log_q[..., row, label] = log_q_y
    log_q = log_q.log_softmax(-1)[..., row, label]  # normalised over the likely classes, (..., S, P)
    terms = torch.where(log_q > -torch.inf, log_q.exp() * (inside - log_q), 0.0)
    terms = pair.over_classes(terms)  # (S, P): the sum over another enumerated latent, which belongs to a row as a does
    bounds = terms.new_zeros(num_samples, len(x)).index_add(1, row, terms).mean(0)
    pair.refuse_nan(bounds)
    return bounds
