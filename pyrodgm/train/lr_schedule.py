"""Learning-rate schedules: functions from the epoch, counted from 0, to a factor of the learning rate."""

from collections.abc import Callable


def step_decay(factor: float = 0.75, every: int = 50, least: float = 0.0) -> Callable[[int], float]:
    """Multiply by ``factor`` after every ``every`` epochs, but never go below ``least``.

    CaGeM uses 0.75 every 50 epochs (Maaløe et al. 2017, sec. 5), and the fine-tuned LVAE 0.75 every 200 epochs (Maaløe
    2018, app. B).

    Raises:
        ValueError: unless ``factor`` is above 0 and at most 1, and ``every`` at least 1.

    Example::

        Optimizer(torch.optim.Adam, {"lr": 1e-3}, schedule=step_decay(0.75, every=200))
    """
    if not 0 < factor <= 1:
        raise ValueError(f"factor: got {factor}, want a number above 0 and at most 1")
    if every < 1:
        raise ValueError(f"every: got {every}, want at least 1 epoch")
    return lambda epoch: max(factor ** (epoch // every), least)


def linear_decay(start: float, end: float, least: float = 0.01) -> Callable[[int], float]:
    """1 up to epoch ``start``, then linearly down to 0 at epoch ``end``, but never below ``least``.

    Raises:
        ValueError: unless 0 <= start < end.

    Example::

        Optimizer(torch.optim.Adam, {"lr": 1e-3}, schedule=linear_decay(50, 100))
    """
    if not 0 <= start < end:
        raise ValueError(f"start: got {start}, want an epoch from 0 and below end, {end}")
    return lambda epoch: 1.0 if epoch <= start else max(least, (end - epoch) / (end - start))
