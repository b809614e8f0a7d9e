"""Latents inferred by a guide: samples and posterior means."""

import torch
from pyro import poutine
from torch.distributions import Categorical

from pyrodgm.checks import check_choice, check_size
from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.infer.traces import latent_sites, run_guide
from pyrodgm.types import ModelAndGuide


def latents(model: ModelAndGuide, x: torch.Tensor, y: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
    """One sample of every latent from the guide.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        y: labels, or None to draw them too.

    Returns:
        A dict from site to value, such as ``{"a": (B, a), "y": (B, K), "z": (B, z)}``, for the sites of the guide.

    Example::

        latents(m, data.test.x)["z"]
    """
    with evaluating(model):
        trace = poutine.trace(model.guide).get_trace(x, y)
    return {name: site["value"] for name, site in latent_sites(trace).items()}


def latent_means(
    model: ModelAndGuide,
    x: torch.Tensor,
    y: torch.Tensor | None = None,
    site: str = "z",
    num_samples: int = 1,
    batch_size: int = 1000,
    progress: bool = False,
) -> torch.Tensor:
    """E_q(z|x)[z], the posterior mean of a latent.

    For an M2 this is sum_y q(y | x) E_q(z|x,y)[z]. The mean is exact over an enumerated y and for a posterior with a
    closed-form mean. It is a sample average over earlier sites of the guide (such as ``a``), and over z itself for a
    flow.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        y: labels, or None to average over y too.
        site: the latent.
        num_samples: Monte Carlo samples per row.
        batch_size: rows per call.
        progress: show a progress bar.

    Returns:
        ``(B, z)``, or ``(B, *shape)`` for a latent with more dimensions.

    Raises:
        ValueError: for ``num_samples`` below 1; if the guide has no such site, if its values are class indices, or if
            a row's mean is NaN.

    Example::

        latent_means(m, data.test.x)
    """
    check_size("num_samples", num_samples)
    with evaluating(model):
        rows = [
            sum(_means(model, batch, site) for _ in range(num_samples)) / num_samples
            for batch in in_batches(x, y, batch_size, progress)
        ]
    return torch.cat(rows)


def _means(model, batch, site):
    pair = run_guide(model.guide, batch)
    check_choice("site", site, pair.guide)
    fn = pair.guide[site]["fn"]
    if isinstance(fn, Categorical):
        raise ValueError(f"site: got {site!r}, a Categorical, whose indices have no mean, want a OneHotCategorical")
    try:
        mean = fn.mean
    except NotImplementedError:  # a flow has no closed-form mean
        mean = pair.guide[site]["value"]
    mean = pair.mean(mean, event_dim=fn.event_dim)
    pair.refuse_nan(mean)
    return mean
