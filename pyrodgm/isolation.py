"""Contexts that leave the user's random numbers, parameter store and validation settings unchanged."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyro
import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """A context with torch's random numbers seeded; afterwards their state is as before.

    Args:
        seed: seed for the CPU, and for CUDA devices if CUDA is in use.

    Example::

        with seeded(0):
            bound(m, x)
    """
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def isolated(seed: int) -> Iterator[None]:
    """``seeded``, with an empty Pyro parameter store; afterwards the store is as before.

    Pyro's validation is off inside, because an estimator checks values once, where the data come in.

    Example::

        with isolated(0):
            svi.step(x)
    """
    with seeded(seed), pyro.get_param_store().scope(), pyro.validation_enabled(False):
        yield
