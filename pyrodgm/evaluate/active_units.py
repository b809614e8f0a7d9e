"""Information in each latent unit: KL divergence per unit, and active units."""

from typing import Any

import torch

from pyrodgm.checks import check_size
from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.evaluate.latents import latent_means
from pyrodgm.infer.divergences import unit_divergences
from pyrodgm.infer.traces import Pair, run_pair
from pyrodgm.types import ModelAndGuide


def kl_per_unit(
    model: ModelAndGuide,
    x: torch.Tensor,
    site: str = "z",
    num_samples: int = 1,
    batch_size: int = 1000,
    progress: bool = False,
) -> torch.Tensor:
    """KL(q(z_i | x, ...) || p(z_i | ...)) of every latent unit, in nats, averaged over the rows.

    The KL is averaged over y with q(y | x), exactly if y is enumerated, and over other parents by sampling. It is
    analytic for normal distributions. Otherwise it is the sample average of log q(z_i | ...) - log p(z_i | ...). The
    sample average is also used where the guide may reverse a dependence of the model, as in the ADGM: a depends on z in
    the model, and z on a in the guide.
    Up to noise, the units sum to the site's part in ``elbo_parts``.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        site: the latent. It must factorise over units in model and guide: diagonal normals, or an ``"iaf"``.
        num_samples: Monte Carlo samples per row.
        batch_size: rows per call.
        progress: show a progress bar.

    Returns:
        ``(z,)``, or the event shape of a latent with more dimensions.

    Raises:
        ValueError: if the guide has no such site, if a density does not factorise over units, and as in ``elbo_parts``.

    Example::

        kl_per_unit(m, data.test.x).sort(descending=True)
    """
    check_size("num_samples", num_samples)
    total: Any = 0.0  # a tensor from the first batch on
    with evaluating(model):
        for batch in in_batches(x, None, batch_size, progress):
            runs = (run_pair(model.model, model.guide, batch) for _ in range(num_samples))
            total = total + sum(summed_kl(pair, site) for pair in runs)
    return total / len(x) / num_samples


def summed_kl(pair: Pair, site: str) -> torch.Tensor:
    """The KL of every unit of a latent, summed over the rows of a run of the pair: ``(z,)``.

    Raises:
        ValueError: if the result of a row is NaN, and as in ``kl_per_unit``.
    """
    units = unit_divergences(pair, site)
    pair.refuse_nan(units)
    return units.sum(0)


def active_units(
    model: ModelAndGuide,
    x: torch.Tensor,
    site: str = "z",
    threshold: float = 0.01,
    num_samples: int = 10,
    batch_size: int = 1000,
    progress: bool = False,
) -> torch.Tensor:
    """The active units of a latent: A_i = Cov_x(E_q(z|x)[z_i]) > 0.01 (Burda et al. 2016, sec. 5.2).

    A_i is computed as the covariance of two independent estimates of the posterior mean. Monte Carlo noise in
    ``latent_means`` therefore does not bias it.

    It says little about a guide with ``batch_norm="heads"``. The variance of the means is then a parameter of the batch
    normalisation, 1 at first, so that units look active whether or not they carry information. Count the units whose
    ``kl_per_unit`` is above 0.01 nats instead, as in Sønderby et al. 2016, fig. 4.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``, at least two.
        site: the latent.
        threshold: the variance above which a unit is active.
        num_samples: Monte Carlo samples per row and estimate.
        batch_size: rows per call.
        progress: show a progress bar.

    Returns:
        A boolean tensor ``(z,)``.

    Raises:
        ValueError: if the guide has no such site, or there are fewer than two rows.

    Example::

        int(active_units(m, data.test.x).sum())
    """
    if len(x) < 2:
        raise ValueError(f"x: got {len(x)} rows, want at least two for a covariance")
    options: dict[str, Any] = {"site": site, "num_samples": num_samples, "batch_size": batch_size, "progress": progress}
    first, second = (latent_means(model, x, **options) for _ in range(2))
    covariance = ((first - first.mean(0)) * (second - second.mean(0))).sum(0) / (len(x) - 1)
    return covariance > threshold
