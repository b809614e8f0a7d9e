"""What each unit of a latent carries."""

from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.evaluate.latents import latent_means
from pyrodgm.infer.divergences import unit_divergences
from pyrodgm.infer.traces import run_pair


def kl_per_unit(model, x, site="z", num_samples=1, batch_size=1000, progress=False):
    """KL(q(z_i | x, ...) || p(z_i | ...)) of every unit of a latent, in nats, the mean over the rows.

    Averaged over y by q(y | x), exactly where it is enumerated, and over what else the two depend on by samples. It
    is analytic for normals, unless a parent of z in the model may have been drawn from z itself by the guide, as
    ADGM's z was from a: there, and for others, it is the average over samples of log q(z_i | ...) - log p(z_i | ...).
    The units sum to the site's part in ``elbo_parts``, but for noise.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``.
        site: the latent, a product over units in model and guide: diagonal normals, or an ``"iaf"``.
        num_samples: Monte Carlo samples a row.
        batch_size: rows a call.
        progress: show a bar.

    Returns:
        ``(z,)``, or the shape of a latent of more dimensions.

    Raises:
        ValueError: if the guide has no such site, a density of it is no product over units, or as ``elbo_parts``.

    Example::

        kl_per_unit(m, data.test.x).sort(descending=True)
    """
    total = 0.0
    with evaluating(model):
        for batch in in_batches(x, None, batch_size, progress):
            runs = (run_pair(model.model, model.guide, batch) for _ in range(num_samples))
            total = total + sum(_divergences(pair, site) for pair in runs)
    return total / len(x) / num_samples


def _divergences(pair, site):
    """The KL of every unit, ``(z,)``, summed over the rows."""
    units = unit_divergences(pair, site)
    return pair.mean(units, event_dim=pair.guide[site]["fn"].event_dim).sum(0)


def active_units(model, x, site="z", threshold=0.01, num_samples=10, batch_size=1000, progress=False):
    """Which units of a latent are active: A_i = Cov_x(E_q(z|x)[z_i]) > 0.01 (Burda et al. 2016, sec. 5.2).

    A_i is the covariance of two independent estimates of the posterior means, so that the noise of a mean over
    samples, where ``latent_means`` has any, adds nothing to it on average.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide``.
        x: rows ``(B, D)``, at least two.
        site: the latent.
        threshold: the variance above which a unit is active.
        num_samples: Monte Carlo samples a row and estimate.
        batch_size: rows a call.
        progress: show a bar.

    Returns:
        ``(z,)`` of bool.

    Raises:
        ValueError: if the guide has no such site, or there are fewer than two rows.

    Example::

        int(active_units(m, data.test.x).sum())
    """
    if len(x) < 2:
        raise ValueError(f"x: got {len(x)} rows, want at least two, to have a covariance")
    options = {"site": site, "num_samples": num_samples, "batch_size": batch_size, "progress": progress}
    first, second = (latent_means(model, x, **options) for _ in range(2))
    covariance = ((first - first.mean(0)) * (second - second.mean(0))).sum(0) / (len(x) - 1)
    return covariance > threshold
