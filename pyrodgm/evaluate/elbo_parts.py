"""The bound taken apart, site by site."""

from collections import defaultdict

from pyrodgm.evaluate.batched import evaluating, in_batches
from pyrodgm.infer.divergences import site_parts
from pyrodgm.infer.traces import run_pair


def elbo_parts(model, x, y=None, num_samples=1, batch_size=1000, progress=False):
    """What each site contributes to the bound, in nats a row.

    E_q[log p(x | ...)] of an observed site, and E_q[log q(z | ...) - log p(z | ...)] of a latent, its KL divergence
    in expectation over the latents that it depends on (Sønderby et al. 2016, eq. 4). The bound is the sum of the
    former less that of the latter. A layer is a site, so these are also the KLs by layer. A class that the model alone
    has, and enumerates, is summed out of the observed site that reads it: E_q[log sum_y p(y | z) p(x | y, z)].

    Arguments as for ``row_bounds``.

    Returns:
        A dict from site to float, in the model's order.

    Raises:
        ValueError: as ``row_bounds``; or if a latent of the guide reads a class that the model alone has: summed out
            inside a logarithm, they have no parts of their own.

    Example::

        parts = elbo_parts(m, data.test.x)
        parts["x"] - parts["y"] - parts["z"]        # an M2's bound
    """
    parts = defaultdict(float)
    with evaluating(model):
        for batch in in_batches(x, y, batch_size, progress):
            for _ in range(num_samples):
                pair = run_pair(model.model, model.guide, batch)
                for name, part in site_parts(pair):
                    parts[name] += float(pair.mean(part).sum()) / len(x) / num_samples
    return dict(parts)
