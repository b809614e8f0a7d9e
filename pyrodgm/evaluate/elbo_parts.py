"""Decomposition of the ELBO by site."""

from collections import defaultdict

import torch

from pyrodgm.checks import check_size
from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.infer.divergences import site_parts
from pyrodgm.infer.traces import run_pair
from pyrodgm.types import ModelAndGuide


def elbo_parts(
    model: ModelAndGuide,
    x: torch.Tensor,
    y: torch.Tensor | None = None,
    num_samples: int = 1,
    batch_size: int = 1000,
    progress: bool = False,
) -> dict[str, float]:
    """The contribution of each site to the ELBO, in nats per row.

    For an observed site this is E_q[log p(x | ...)]. For a latent site it is E_q[log q(z | ...) - log p(z | ...)], the
    expected KL divergence given the latents that it depends on (Sønderby et al. 2016, eq. 5). The bound is the sum over
    observed sites minus the sum over latent sites. In a hierarchical model each layer is a site, so these are the KLs
    by layer. A class that is enumerated only in the model is summed out within the observed site that depends on it:
    E_q[log sum_y p(y | z) p(x | y, z)].

    Arguments as for ``row_bounds``.

    Returns:
        A dict from site to float, in the model's order.

    Raises:
        ValueError: as in ``row_bounds``; or if a latent of the guide depends on a class that only the model has. Such a
            class is summed out inside a logarithm, so its terms cannot be separated.

    Example::

        parts = elbo_parts(m, data.test.x)
        parts["x"] - parts["y"] - parts["z"]        # an M2's bound
    """
    check_size("num_samples", num_samples)
    parts: defaultdict[str, float] = defaultdict(float)
    with evaluating(model):
        for batch in in_batches(x, y, batch_size, progress):
            for _ in range(num_samples):
                pair = run_pair(model.model, model.guide, batch)
                for name, part in site_parts(pair):
                    pair.refuse_nan(rows := pair.mean(part))
                    parts[name] += float(rows.sum()) / len(x) / num_samples
    return dict(parts)
