"""Contexts that leave the user's random numbers, parameter store and validation settings unchanged."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pyro
import torch

from pyrodgm.checks import check_seed

LOCK = threading.RLock()


def seeded_generator(seed: int, device: str | torch.device = "cpu") -> torch.Generator:
    """A seeded random number generator, separate from that of torch.

    Args:
        seed: an int.
        device: the device of the generator.

    Raises:
        ValueError: for a seed that is not an int, or out of torch's range.

    Example::

        torch.randn(3, generator=seeded_generator(0))
    """
    check_seed("seed", seed)
    return torch.Generator(device).manual_seed(int(seed))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """A context with torch's random numbers seeded; afterwards their state is as before.

    Args:
        seed: seed for the CPU, and for CUDA devices if CUDA is in use.

    Raises:
        ValueError: for a seed that is not an int, or out of torch's range.

    Example::

        with seeded(0):
            bound(m, x)
    """
    check_seed("seed", seed)
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices):
        torch.manual_seed(int(seed))
        yield


@contextmanager
def isolated(seed: int) -> Iterator[None]:
    """``seeded``, with an empty Pyro parameter store and the CPU as torch's default device; both return afterwards.

    Pyro's validation is off inside, because an estimator checks values once, where the data come in. One thread at a
    time is inside; others wait, because Pyro's handlers and torch's random numbers belong to the whole process.

    Example::

        with isolated(0):
            svi.step(x)
    """
    # torch's context slows every call, so it is entered only where it changes something
    on_cpu = nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu")
    with LOCK, seeded(seed), pyro.get_param_store().scope(), pyro.validation_enabled(False), on_cpu:
        yield
