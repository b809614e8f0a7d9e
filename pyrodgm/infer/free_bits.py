"""Free bits: an ELBO with a minimum KL divergence for every group of units."""

from collections.abc import Callable
from typing import Any

import torch

from pyrodgm.checks import check_choice, check_size, is_number, shown
from pyrodgm.infer.divergences import NoUnitsError, site_parts, unit_divergences
from pyrodgm.infer.objective import Objective
from pyrodgm.infer.traces import run_pair

GROUPS = ("layer", "map", "unit")


class FreeBits(Objective):
    """The ELBO with a minimum KL divergence for every group of units, on average over the rows of a batch.

    loss = - sum_b E[log p(x_b | ...)] + sum_j max(B nats, sum_b KL_bj)          (Kingma 2017, eq. 5.33, times -B)

    KL_bj is KL(q(z_j | x_b, ...) || p(z_j | ...)), averaged over an enumerated y with q(y | ...). j is a group of units
    of one latent. The KL of a group below its floor has no gradient. That much information is free, so a layer that is
    not in use yet is not pushed onto its prior. The maximum is taken after the sum over the rows, so a single row may
    be below the floor. The KLs are those of ``kl_per_unit``. They are analytic for diagonal normals, unless the guide
    draws a parent of the latent after the latent itself. Otherwise they are the difference of the log-densities at the
    sample. In a ladder they are therefore analytic for every layer; with bottom-up inference, only for the top layer.

    The KL of a discrete latent, such as y, has no floor. A class that only the model has and enumerates is summed out
    of the observed part, as in ``elbo_parts``. ``nats=0`` means no floor, which gives the ELBO even if the estimate of
    a KL is negative. With a floor, the loss is not a bound on log p(x); use ``bound`` to measure one. A KL that is not
    analytic, or whose classes are sampled, is an estimate. The mean of max(floor, estimate) is above
    max(floor, mean), so the loss is then a little too high near the floor.

    With several processes, each takes the maximum over its own rows. So do the labelled and the unlabelled rows of
    ``SemiSupervisedELBO``. With several particles, the maximum is taken after the mean over them.

    Args:
        nats: floor of a group, in nats per row; Kingma 2017, sec. 5.B.8, tries 0.125 to 8.
        groups: the groups that have a floor: ``"unit"``, every unit of a latent; ``"map"``, a channel of a latent of
            shape ``(C, H, W)``; ``"layer"``, a latent.
        num_particles: number of samples of every latent, vectorised.

    Raises:
        ValueError: if ``nats`` is negative, infinite or NaN, or there are no such groups. In a step, naming the site:
            if its density is not a product over units, as with ``"planar"``, ``"radial"`` and ``"full"``, and the
            groups are not layers; if it has no channels, and the groups are maps; if it is scaled, as in a warm-up,
            masked, or outside the plate over the rows; if it is a latent of only one of model and guide, is drawn
            without a gradient, or depends on a class that only the model has.

    Example::

        svi = SVI(m.model, m.guide, Adam({"lr": 1e-3}), FreeBits(0.25))
        svi.step(x)
    """

    def __init__(self, nats: float, groups: str = "unit", num_particles: int = 1) -> None:
        if not (is_number(nats) and nats >= 0):
            raise ValueError(f"nats: got {shown(nats)}, want a finite number of at least zero")
        check_choice("groups", groups, GROUPS)
        check_size("num_particles", num_particles)
        super().__init__(num_particles=num_particles, max_plate_nesting=1)
        self.nats, self.groups = nats, groups

    def differentiable_loss(
        self, model: Callable[..., Any], guide: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        pair = run_pair(model, guide, args, kwargs, num_samples=self.num_particles)
        _check_latents(pair)
        loss: Any = 0.0  # a tensor from the first site on
        for name, part in site_parts(pair):
            if name not in pair.guide:
                loss = loss - pair.mean(part).sum()
            elif pair.guide[name]["fn"].has_enumerate_support:
                loss = loss + pair.mean(part).sum()
            else:
                loss = loss + self._with_floor(self._by_group(pair, name, part)).sum()
        return loss

    def _by_group(self, pair, name, part):
        """The KL of every row and group of a latent, ``(B, groups)``; ``part`` is its part, see ``site_parts``."""
        fn = pair.guide[name]["fn"]
        shape = fn.event_shape
        if self.groups == "map" and len(shape) != 3:
            raise ValueError(f"groups: got 'map' with site {name!r} of shape {tuple(shape)}, want latents (C, H, W)")
        try:
            units = unit_divergences(pair, name)  # (B, *event)
        except NoUnitsError as error:
            if self.groups == "layer":
                return pair.mean(part)[:, None]
            raise ValueError(f"groups: got {self.groups!r}, want 'layer': {error}") from error
        count = {"unit": shape.numel(), "map": shape[:1].numel(), "layer": 1}[self.groups]
        return units.reshape(len(units), count, -1).sum(-1)

    def _with_floor(self, kl):
        """max(B nats, sum_b KL_bj) of every group."""
        return kl.sum(0) if self.nats == 0 else len(kl) * kl.mean(0).clamp(min=self.nats)


def _check_latents(pair):
    """Raise ``ValueError`` unless each latent is in model and guide, and drawn with a gradient or enumerated."""
    for name, site in pair.guide.items():
        if name not in pair.model:
            raise ValueError(f"guide: got site {name!r}, which the model lacks, want every latent in both")
        sampled = name not in pair.classes and not site["is_observed"]
        if sampled and not site["fn"].has_rsample and torch.is_grad_enabled():
            raise ValueError(f"guide: got site {name!r} drawn without a gradient, want it enumerated")
