"""Preprocessing, fitted on the training rows and applied to all rows; and resampling of rows before every epoch."""

import torch
from sklearn.decomposition import PCA
from torch.distributions import constraints

from pyrodgm.checks import check_values
from pyrodgm.data.dataset import Dataset, Rows
from pyrodgm.isolation import seeded_generator


def keep_varying(data: Dataset, threshold: float = 0.1) -> Dataset:
    """Drop the columns whose standard deviation over the training rows is below ``threshold``.

    With 0.1, 444 of MNIST's 784 pixels in [0, 1] remain (Maaløe et al. 2016, sec. 3). The number is the same for the
    50,000 training rows as for all 60,000 including validation. ``Dataset.columns`` holds the remaining columns, and
    ``Dataset.images`` puts them back in place.

    Args:
        data: a ``Dataset``.
        threshold: on the scale of x.

    Raises:
        ValueError: if no column remains.

    Example::

        keep_varying(load("mnist")).x_size      # 444
    """
    _check_dataset(data)
    kept = (data.train.x.std(0, correction=0) >= threshold).nonzero().flatten()
    if not len(kept):
        raise ValueError(f"threshold: got {threshold}, above the deviation of every column, want a lower one")
    columns = None if data.image_shape is None else kept if data.columns is None else data.columns.to(kept.device)[kept]
    return _map(data, lambda x: x[:, kept])._replace(columns=columns)


def dequantise(data: Dataset, levels: int = 256, seed: int = 0) -> Dataset:
    """Add uniform noise to discrete values, so that a density model of them is bounded (Uria et al. 2013).

        x in {0, 1/(levels - 1), ..., 1}  to  (k + u) / levels in [0, 1),  k = (levels - 1) x,  u uniform in [0, 1)

    A lower bound on log p of the dequantised x, minus D log(levels) nats, is a lower bound on log P of the discrete
    values (Theis et al. 2016, sec. 3.1). The noise is drawn once, for all parts.

    Args:
        data: a ``Dataset`` in [0, 1] with the given number of levels, such as images.
        levels: number of levels.
        seed: fixes the noise.

    Raises:
        ValueError: for values between the levels.

    Example::

        dequantise(load("svhn"))
    """
    _check_dataset(data)
    generator = seeded_generator(seed)

    def add_noise(x):
        k = ((levels - 1) * x).round()
        if not torch.allclose(k, (levels - 1) * x, atol=1e-3, rtol=0) or not bool(((k >= 0) & (k < levels)).all()):
            raise ValueError(f"data: got values that are not on {levels} levels, want k / {levels - 1} in [0, 1]")
        noise = torch.rand(x.shape, generator=generator, device="cpu").to(x.device)
        return (k + noise).div_(levels).clamp_(max=1 - torch.finfo(x.dtype).eps / 2)

    return _map(data, add_noise)


def standardise(data: Dataset, centre: bool = True) -> Dataset:
    """Subtract the mean and divide by the standard deviation over the training rows, for each channel.

    A channel is a column of a table, all pixels of images ``(H, W)``, or all values of one colour of images
    ``(H, W, C)``. A constant channel is only shifted. Maaløe et al. (2016, sec. 3) divide SVHN by the standard
    deviation of each colour without subtracting the mean: ``centre=False``.

    Args:
        data: a ``Dataset``.
        centre: whether to subtract the mean.

    Example::

        standardise(load("penguins.csv", label="species"))
    """
    _check_dataset(data)
    channel = _channels(data)
    rows = torch.zeros(int(channel.max()) + 1, device=channel.device, dtype=torch.float64)
    size = rows.index_add(0, channel, torch.ones_like(channel, dtype=rows.dtype)) * len(data.train.x)
    size = size.clamp(min=1)
    mean = rows.index_add(0, channel, data.train.x.sum(0, dtype=rows.dtype)) / size
    centred = data.train.x - mean[channel].to(data.train.x)
    deviation = (rows.index_add(0, channel, centred.square().sum(0, dtype=rows.dtype)) / size).sqrt()
    deviation[deviation <= 1e-6 * mean.abs()] = 1  # it varies by rounding at most
    shift, scale = mean[channel].to(data.train.x), deviation[channel].to(data.train.x)
    return _map(data, lambda x: (x - shift if centre else x) / scale)


def project(data: Dataset, components: int) -> Dataset:
    """Replace the columns by their first principal components over the training rows, without whitening.

    Kingma (2017, sec. 3.4) does this for M1 and M2 on SVHN and NORB. The rows are no longer images afterwards.

    Args:
        data: a ``Dataset``.
        components: number of components.

    Raises:
        ValueError: for more components than rows or columns, or fewer than one.

    Example::

        project(load("svhn"), components=100)
    """
    _check_dataset(data)
    most = min(data.train.x.shape)
    if not 1 <= components <= most:
        raise ValueError(f"components: got {components}, want 1 to {most}")
    pca = PCA(components, random_state=0).fit(data.train.x.cpu().numpy())
    mean, axes = (
        torch.tensor(array, dtype=data.train.x.dtype, device=data.train.x.device)
        for array in (pca.mean_, pca.components_)
    )
    return _map(data, lambda x: (x - mean) @ axes.T)._replace(image_shape=None, columns=None)


def _check_dataset(data):
    if not isinstance(data, Dataset):
        raise ValueError(f"data: got {type(data).__name__}, want a Dataset, as load gives")


def _channels(data):
    """The channel of each column, ``(D,)``."""
    device = data.train.x.device
    if data.image_shape is None:
        return torch.arange(data.x_size, device=device)
    channels = data.image_shape[2] if len(data.image_shape) == 3 else 1
    pixels = torch.arange(data.x_size) if data.columns is None else data.columns
    return (pixels % channels).to(device)


def _map(data, function):
    """The data set with ``function`` applied to the x of each part."""
    return data._replace(**{name: Rows(function(rows.x), rows.y) for name, rows in data.parts.items()})


def binarise(x: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
    """Sample binary rows, with intensities in [0, 1] as Bernoulli probabilities (Burda et al. 2016).

    Args:
        x: ``(..., D)`` in [0, 1].
        generator: random generator on the device of ``x``, or None.

    Returns:
        Zeros and ones of the shape and dtype of ``x``.

    Raises:
        ValueError: for values outside [0, 1].

    Example::

        binarise(images, torch.Generator().manual_seed(0))
    """
    check_values("x", x, constraints.unit_interval, "values in [0, 1]")
    return torch.bernoulli(x, generator=generator)


def resample_counts(
    x: torch.Tensor, total_count: int, draws: int, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Resample counts: Binomial(draws, x / total_count), rescaled to ``total_count``. The mean is x.

    This is the analogue of ``binarise`` for counts. Fewer draws give more noise.

    Args:
        x: counts ``(..., D)`` from 0 to ``total_count``.
        total_count: the largest count.
        draws: number of draws, a divisor of ``total_count`` so that the result is an integer.
        generator: random generator on the device of ``x``, or None.

    Returns:
        Counts of the shape and dtype of ``x``.

    Raises:
        ValueError: for values that are not counts, or draws that do not divide ``total_count``.

    Example::

        resample_counts(load("digits", counts=True).train.x, total_count=16, draws=4)
    """
    if draws < 1 or total_count % draws:
        raise ValueError(f"draws: got {draws}, want a divisor of total_count, {total_count}")
    check_values("x", x, constraints.integer_interval(0, total_count), f"integers from 0 to {total_count}")
    return torch.binomial(torch.full_like(x, draws), x / total_count, generator=generator) * (total_count // draws)
