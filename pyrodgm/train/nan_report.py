"""Finds the site where a loss stopped being finite."""

from typing import Any

import torch

from pyrodgm.handlers import FirstNonFinite


def not_finite(module: torch.nn.Module) -> list[str]:
    """The names of a module's parameters that hold NaN or infinity."""
    named = dict(module.named_parameters())
    if not named:
        return []
    norms = torch.stack(torch._foreach_norm([p.detach() for p in named.values()], float("inf"))).isfinite()
    return [] if bool(norms.all()) else [name for name, finite in zip(named, norms.tolist(), strict=True) if not finite]


def non_finite_site(svi: Any, batch: dict[str, Any]) -> str:
    """A description of the first site that makes the loss of a batch not finite.

    Args:
        svi: an SVI whose parameters, like the random numbers, are as they were before the step.
        batch: the arguments of the step, a dict.

    Example::

        non_finite_site(svi, {"x": x})       # "the log-probability of site 'x' is not finite"
    """
    sites = FirstNonFinite()
    try:
        with torch.no_grad(), sites:
            svi.loss(svi.model, svi.guide, **batch)
    except (ValueError, RuntimeError):  # a distribution's own check of its arguments, which are not finite
        return sites.found or "the arguments of a site are not finite"
    return sites.found or "every site is finite, but the objective is not"
