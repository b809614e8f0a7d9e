"""Work that leaves no trace in the user's session: random numbers, parameter store, validation."""

from contextlib import contextmanager

import pyro
import torch


@contextmanager
def apart(seed):
    """Torch's random numbers begin at ``seed``, Pyro's parameter store is empty; afterwards both are as they were.

    Pyro's validation is off: an estimator checks values once, where the data enter.

    Args:
        seed: of every device that is in use.

    Example::

        with apart(0):
            svi.step(x)
    """
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices), pyro.get_param_store().scope(), pyro.validation_enabled(False):
        torch.manual_seed(seed)
        yield
