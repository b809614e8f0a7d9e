"""Noise that is shared by all rows, or by several processes, each of which uses its part of a joint draw."""

from typing import Any, Self

import torch
from pyro.poutine.messenger import Messenger
from pyro.poutine.util import site_is_subsample

from pyrodgm.distributions import reparameterise
from pyrodgm.distributions.sum_and_sample import UNIFORM


class _ChosenNoise(Messenger):
    """Computes every latent in a plate from noise that the subclass supplies, see ``reparameterise``."""

    def _pyro_sample(self, msg):
        plates = [frame.dim for frame in msg["cond_indep_stack"] if frame.vectorized]
        if msg["done"] or msg["is_observed"] or not plates or site_is_subsample(msg):
            return  # enumerated and replayed sites are done already
        try:
            msg["value"] = self._value(msg["fn"], max(plates) - msg["fn"].event_dim)
        except ValueError as error:
            raise ValueError(f"site {msg['name']!r}: {error}") from error
        msg["done"] = True


class SharedNoise(_ChosenNoise):
    """Draw the noise of every site in the plate over the rows once, and use it for all rows.

    The estimate for a row then does not depend on the other rows, and is as unbiased as with separate noise. The
    estimates of two rows are correlated, so their difference has less noise.

    Args:
        dtype: precision in which the noise is drawn, so that models of two precisions get the same noise; None for the
            precision of the model.

    Raises:
        ValueError: at a site whose sample ``reparameterise`` cannot compute from noise.

    Example::

        with SharedNoise():
            row_bounds(m, x)
    """

    def __init__(self, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.dtype = dtype

    def _value(self, fn, row_dim):
        shape = list(fn.shape())
        shape[row_dim] = 1
        value = reparameterise(fn, _normal(fn, shape, self.dtype))
        return value if value.shape == fn.shape() else value.expand(fn.shape())  # not copied: fn may have cached it


class JointNoise(_ChosenNoise):
    """Draw the noise of all rows, as a single process would, and keep the part of this process.

    Args:
        rank, processes: index of this process, and number of processes, each with an equal share of the rows.

    Raises:
        ValueError: at a site whose noise is not normal, such as a class that is not enumerated: a single process would
            draw it in another way.

    Example::

        with JointNoise(rank=1, processes=2):
            svi.step(x)
    """

    def __init__(self, rank: int, processes: int) -> None:
        super().__init__()
        self.rank, self.processes = rank, processes

    def __enter__(self) -> Self:
        self._before = UNIFORM.set(self._uniform)
        return super().__enter__()

    def __exit__(self, *error: Any) -> Any:
        UNIFORM.reset(self._before)
        return super().__exit__(*error)

    def _uniform(self, shape, **like):
        """Uniform numbers ``(..., B, 1)`` for the rows of this process."""
        *lead, rows, one = shape
        return torch.rand(*lead, rows * self.processes, one, **like).narrow(-2, self.rank * rows, rows)

    def _value(self, fn, row_dim):
        shape = list(fn.shape())
        rows = shape[row_dim]
        shape[row_dim] = rows * self.processes
        noise = _normal(fn, shape).narrow(row_dim, self.rank * rows, rows)
        return reparameterise(fn, noise, normal_only=True)


def _normal(fn, shape, drawn=None):
    """Standard normal noise of a shape, with the dtype and device of the samples of a distribution.

    It is drawn in the precision ``drawn``, or in that of the samples if ``drawn`` is None.
    """
    like = next((value for value in _parameters(fn) if isinstance(value, torch.Tensor)), torch.empty(()))
    return torch.randn(shape, dtype=drawn or like.dtype, device=like.device).to(like.dtype)


def _parameters(fn):
    while hasattr(fn, "base_dist"):
        fn = fn.base_dist
    return [getattr(fn, name, None) for name in getattr(fn, "arg_constraints", {}) or {}]
