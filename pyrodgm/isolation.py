"""Work that leaves no trace in the user's session: random numbers, parameter store, validation."""

from contextlib import contextmanager

import pyro
import torch


@contextmanager
def seeded(seed):
    """Torch's random numbers begin at ``seed``; afterwards they go on as if nothing had been drawn.

    Args:
        seed: of every device that is in use.

    Example::

        with seeded(0):
            bound(m, x)
    """
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def isolated(seed):
    """``seeded``, with an empty parameter store of Pyro's; afterwards the store is as it was.

    Pyro's validation is off: an estimator checks values once, where the data enter.

    Example::

        with isolated(0):
            svi.step(x)
    """
    with seeded(seed), pyro.get_param_store().scope(), pyro.validation_enabled(False):
        yield
