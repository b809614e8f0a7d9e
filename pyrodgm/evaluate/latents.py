"""The latents that a guide infers."""

import torch
from pyro import poutine

from pyrodgm.checks import check_choice
from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.infer.traces import latent_sites, run_guide


def latents(model, x, y=None):
    """One draw of every latent from the guide.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        y: labels, or None to draw them too.

    Returns:
        A dict from site to value: ``{"a": (B, a), "y": (B, K), "z": (B, z)}`` as far as the guide has them.

    Example::

        latents(m, data.test.x)["z"]
    """
    with evaluating(model):
        trace = poutine.trace(model.guide).get_trace(x, y)
    return {name: site["value"] for name, site in latent_sites(trace).items()}


def latent_means(model, x, y=None, site="z", num_samples=1, batch_size=1000, progress=False):
    """E_q(z|x)[z], the posterior mean of a latent.

    For an M2 it is sum_y q(y | x) E_q(z|x,y)[z]: exact over an enumerated y and where the site's posterior has a
    mean; the average over samples of what the guide draws before it (``a``), or of z itself (a flow).

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        y: labels, or None to average over y too.
        site: the latent.
        num_samples: Monte Carlo samples a row.
        batch_size: rows a call.
        progress: show a bar.

    Returns:
        ``(B, D)``, or ``(B, *shape)`` of a latent of more dimensions.

    Raises:
        ValueError: if the guide has no such site, or a row's mean is NaN.

    Example::

        latent_means(m, data.test.x)
    """
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
    try:
        mean = fn.mean
    except NotImplementedError:  # a flow's
        mean = pair.guide[site]["value"]
    mean = pair.mean(mean, event_dim=fn.event_dim)
    pair.refuse_nan(mean)
    return mean
