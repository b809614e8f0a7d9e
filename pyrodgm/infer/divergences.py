"""The contribution of each site to the bound, and the KL divergence of each unit of a latent."""

from collections.abc import Iterator

import torch
from torch.distributions import Independent, Normal, kl_divergence

from pyrodgm.checks import check_choice
from pyrodgm.distributions import log_prob_of_units
from pyrodgm.infer.traces import Pair


class NoUnitsError(ValueError):
    """A density of a latent is not a product over units."""


def site_parts(pair: Pair) -> Iterator[tuple[str, torch.Tensor]]:
    """Name and part of every site, in the model's order: log p of an observed site, log q - log p of a latent.

    A class that only the model has and enumerates is summed out of the observed site that depends on it.

    Args:
        pair: a ``Pair``.

    Yields:
        A name and a tensor ``(S, B)``, or ``(K, S, B)`` if it depends on an enumerated y, see ``Pair.mean``.

    Raises:
        ValueError: if a latent of the guide depends on a class that only the model has.
    """
    pair.refuse_hidden_classes(*pair.guide)
    summed = pair.reading_hidden_classes
    for name, site in pair.model.items():
        if name in pair.guide:
            yield name, pair.log_q(name) - site["log_prob"]
        elif name not in summed:
            yield name, site["log_prob"]
    if not set(summed) <= set(pair.hidden_classes):  # a class on which nothing else depends sums to one
        yield summed[-1], pair.log_p(*summed)


def unit_divergences(pair: Pair, site: str) -> torch.Tensor:
    """KL(q(z_i | x, ...) || p(z_i | ...)) of every unit of a latent and row, averaged over y and the samples.

    It is analytic for normals, unless the guide draws a parent of the latent after it. An example is ADGM's a: z is its
    parent in the model, and the guide draws z given a. In such a case, and for other densities, it is
    log q(z_i | ...) - log p(z_i | ...) at the sample.

    Args:
        pair: a ``Pair``.
        site: name of the latent.

    Returns:
        ``(B, *event)``.

    Raises:
        ValueError: if the guide has no such site, or it depends on a class that only the model has.
        NoUnitsError: a ``ValueError``, if a density of it is not a product over units.

    Example::

        unit_divergences(pair, "z").mean(0)     # (z,), of a batch
    """
    check_choice("site", site, pair.guide)
    pair.refuse_hidden_classes(site)
    q, p = (sites[site]["fn"] for sites in (pair.guide, pair.model))
    if _is_analytic(pair, site) and None not in (_normal(q), _normal(p)):
        units = kl_divergence(_normal(q), _normal(p))
    else:
        value = pair.guide[site]["value"]
        units = _log_prob_of_units(q, value, site) - _log_prob_of_units(p, value, site)
    return pair.mean(units, event_dim=q.event_dim)


def _is_analytic(pair, site):
    """Whether the guide draws none of the sites before a latent in the model after that latent."""
    guide, model = list(pair.guide), list(pair.model)
    drawn_later, parents = guide[guide.index(site) + 1 :], model[: model.index(site)]
    return set(parents).isdisjoint(drawn_later)


def _normal(fn):
    """The normals of a density that is a product of normals over units; None for others."""
    base = fn.base_dist if isinstance(fn, Independent) else fn
    return base if isinstance(base, Normal) else None


def _log_prob_of_units(fn, value, site):
    if fn.event_dim == 0:
        return fn.log_prob(value)
    try:
        return log_prob_of_units(fn, value)
    except ValueError as error:
        raise NoUnitsError(str(error).replace("distribution: got", f"site: got {site!r},")) from error
