"""Noise shared by rows or by processes: one draw for all rows, or a process's part of a joint draw."""

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
            return  # an enumerated or replayed site is done
        try:
            msg["value"] = self._value(msg["fn"], max(plates) - msg["fn"].event_dim)
        except ValueError as error:
            raise ValueError(f"site {msg['name']!r}: {error}") from error
        msg["done"] = True


class SharedNoise(_ChosenNoise):
    """Draw the noise of every site in the plate over the rows once, for all of them.

    A row's estimate then does not depend on the other rows. It is as unbiased as with noise of its own. The estimates
    of two rows are correlated, so their difference has less noise.

    Args:
        dtype: draw the noise in this precision, whatever the model's, so that models of two precisions have the same;
            None for the model's own.

    Raises:
        ValueError: at a site that ``reparameterise`` cannot make from noise.

    Example::

        with SharedNoise():
            row_bounds(m, x)
    """

    def __init__(self, dtype=None):
        super().__init__()
        self.dtype = dtype

    def _value(self, fn, row_dim):
        shape = list(fn.shape())
        shape[row_dim] = 1
        value = reparameterise(fn, _normal(fn, shape, self.dtype))
        return value if value.shape == fn.shape() else value.expand(fn.shape())  # itself, that fn may know its noise


class JointNoise(_ChosenNoise):
    """Draw the noise of all rows, as a single process would, and keep this process's part.

    Args:
        rank, processes: which share of the rows, and of how many equal ones.

    Raises:
        ValueError: at a site whose noise is not normal, such as that of a class which is not enumerated: one process
            alone would draw it otherwise.
    """

    def __init__(self, rank, processes):
        super().__init__()
        self.rank, self.processes = rank, processes

    def __enter__(self):
        self._before = UNIFORM.set(self._uniform)
        return super().__enter__()

    def __exit__(self, *error):
        UNIFORM.reset(self._before)
        return super().__exit__(*error)

    def _uniform(self, shape, **like):
        """Uniform numbers ``(..., B, 1)``, this process's rows."""
        *lead, rows, one = shape
        return torch.rand(*lead, rows * self.processes, one, **like).narrow(-2, self.rank * rows, rows)

    def _value(self, fn, row_dim):
        shape = list(fn.shape())
        rows = shape[row_dim]
        shape[row_dim] = rows * self.processes
        noise = _normal(fn, shape).narrow(row_dim, self.rank * rows, rows)
        return reparameterise(fn, noise, normal_only=True)


def _normal(fn, shape, drawn=None):
    """Standard normal noise of a shape, of the type and on the device of a distribution's own samples.

    It is drawn in the precision ``drawn``; in that of the samples where it is None.
    """
    like = next((value for value in _parameters(fn) if isinstance(value, torch.Tensor)), torch.empty(()))
    return torch.randn(shape, dtype=drawn or like.dtype, device=like.device).to(like.dtype)


def _parameters(fn):
    while hasattr(fn, "base_dist"):
        fn = fn.base_dist
    return [getattr(fn, name, None) for name in getattr(fn, "arg_constraints", {}) or {}]
