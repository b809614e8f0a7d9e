"""Plots of images: grids, reconstructions, samples, analogies, manifolds."""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from pyro import poutine
from pyro.poutine.messenger import Messenger

from pyrodgm.checks import check_has_classes, check_size
from pyrodgm.distributions import PixelByPixel
from pyrodgm.evaluate import evaluating, latents
from pyrodgm.models.base import DeepGenerativeModel


def image_grid(
    images: torch.Tensor,
    columns: int,
    image_shape: Sequence[int],
    ax: Axes | None = None,
    gap: int = 1,
    largest: float | None = None,
) -> Axes:
    """Draw images as a grid, row by row.

    Args:
        images: ``(N, D)`` on the scale of their likelihood. NaN, a missing pixel, is left white.
        columns: images per row.
        image_shape: ``(H, W)`` or ``(H, W, 1)`` with D = H * W; or ``(H, W, 3)`` with D = 3 H W for colour.
        ax: axes to draw on, or None for new ones.
        gap: empty pixels between images.
        largest: the value of full intensity (black, or a full colour), such as 255 for bytes, with 0 for none. None for
            grey from the smallest (white) to the largest value (black) in ``images``, and for colour from 0 to the
            largest, but at least 1.

    Returns:
        The axes.

    Raises:
        ValueError: for an ``image_shape`` of another form, or one that does not have D values; for ``images`` of
            another shape, or none; or for ``columns`` below 1 or a ``gap`` below 0.

    Example::

        image_grid(data.test.x[:20], columns=10, image_shape=(8, 8))
    """
    check_size("columns", columns)
    if gap < 0:
        raise ValueError(f"gap: got {gap}, want at least 0 pixels")
    if images.ndim != 2 or len(images) == 0:
        raise ValueError(f"images: got shape {tuple(images.shape)}, want (N, D) with at least one image")
    channels = list(image_shape[2:])
    if len(image_shape) < 2 or channels not in ([], [1], [3]) or math.prod(image_shape) != images.shape[1]:
        raise ValueError(
            f"image_shape: got {tuple(image_shape)} for {images.shape[1]} features, want (H, W) or (H, W, 3)"
        )
    height, width = image_shape[:2]
    channels = [] if channels == [1] else channels
    images = images.detach().float().cpu()
    if channels:
        full = images.nan_to_num().max().clamp(min=1) if largest is None else largest
        images = (images / full).clamp(0, 1).nan_to_num(1.0)
    rows = -(-len(images) // columns)
    empty = 1.0 if channels else float("nan")
    grid = torch.full((rows * (height + gap) + gap, columns * (width + gap) + gap, *channels), empty)
    for i, image in enumerate(images):
        top, left = gap + (i // columns) * (height + gap), gap + (i % columns) * (width + gap)
        grid[top : top + height, left : left + width] = image.reshape(height, width, *channels)
    ax = ax or plt.subplots(figsize=(0.6 * columns, 0.6 * rows), layout="constrained")[1]
    limits: dict[str, Any] = {} if largest is None else {"vmin": 0, "vmax": largest}
    ax.imshow(grid.numpy(), cmap="gray_r", interpolation="nearest", **limits)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    return ax


def _grid(model, images, columns, image_shape, ax, gap=1):
    """A grid of images of a model. If their values have an upper limit, the scale runs from 0 to this limit.

    The same shade is then the same value in two grids, and a model whose means are all near 0.5 is grey.
    """
    p_x = model.p_x
    unbounded = bool(p_x.support.check(torch.full_like(images[:1], 2 * p_x.scale)).all())
    return image_grid(images, columns, image_shape, ax, gap, None if unbounded else p_x.scale)


class _AtNoise(Messenger):
    """Sets a site with a normal prior to mu + sigma noise, for noise ``(B, z)``. N(0, I) gives the noise itself."""

    def __init__(self, site, noise):
        super().__init__()
        self.site, self.noise = site, noise

    def _pyro_sample(self, msg):
        if msg["name"] == self.site:
            mean, scale = _moments(msg)
            msg["value"], msg["done"] = mean + scale * self.noise, True


def _moments(site):
    """Mean and standard deviation of the normal prior of a site."""
    prior = site["fn"]
    while isinstance(prior, torch.distributions.Independent):
        prior = prior.base_dist
    if not isinstance(prior, torch.distributions.Normal):
        raise ValueError(f"model: got a prior of {site['name']} that is not normal, want a normal top latent")
    return prior.loc, prior.scale


def _mean_image(model, y, size, noise=None):
    """The mean of p(x | ...). The top latent is at the noise if given; whatever is not given is drawn from the prior.

    For a decoder that draws pixel by pixel, which has no closed-form mean, it is a sampled image.
    """
    with evaluating(model), poutine.trace() as capture, nullcontext() if noise is None else _AtNoise(model.top, noise):
        model.model(None, y, size=size)
    node = capture.trace.nodes["x"]
    return node["value"] if isinstance(node["fn"], PixelByPixel) else node["fn"].mean


def reconstructions(
    model: DeepGenerativeModel, x: torch.Tensor, image_shape: Sequence[int], ax: Axes | None = None
) -> Axes:
    """Plot rows above their reconstructions (Sønderby et al. 2016, figs 9a-b; Maaløe et al. 2017, fig. 6).

    The latents are one sample from the guide. The mean of p(x | latents) is shown.

    Args:
        model: a model with a method ``reconstruct``.
        x: rows ``(B, D)``, each a column of the plot.
        image_shape: as for ``image_grid``.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes: B images above their B reconstructions.

    Example::

        reconstructions(m, data.test.x[:15], image_shape=(8, 8))
    """
    with evaluating(model):
        return _grid(model, torch.cat([x, model.reconstruct(x)]), len(x), image_shape, ax)


def samples(
    model: DeepGenerativeModel, num_samples: int, columns: int, image_shape: Sequence[int], ax: Axes | None = None
) -> Axes:
    """Plot samples of the model: means of p(x | latents), with latents from the prior (Kingma 2017, fig. 2.8).

    The class is sampled too, if the model has one; ``class_samples`` has a column per class.

    Args:
        model: a model with a site ``x``.
        num_samples: number of images.
        columns: images per row.
        image_shape: as for ``image_grid``.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes.

    Example::

        samples(m, num_samples=45, columns=15, image_shape=(8, 8))
    """
    check_size("num_samples", num_samples)
    return _grid(model, _mean_image(model, None, num_samples), columns, image_shape, ax)


def analogies(model: Any, x: torch.Tensor, image_shape: Sequence[int], ax: Axes | None = None) -> Axes:
    """Plot each image, then its style in every class (Kingma 2017, fig. 3.1; Maaløe et al. 2016, fig. 3a).

    The top latent z is sampled from the guide given x. The mean of p(x | z, y) is shown for every y. If p(z | y)
    depends on y, z moves with it: mu_y + sigma_y eps with the same eps for every y.

    Args:
        model: a model with a ``classifier`` and a top latent.
        x: rows ``(B, D)``, each shown in a row of the plot.
        image_shape: as for ``image_grid``.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes: B rows of 1 + K images, the original first.

    Example::

        analogies(m, data.test.x[:10], image_shape=(8, 8))
    """
    check_has_classes("model", model)
    classes = model.num_classes
    with evaluating(model):
        found = model.classifier(x).argmax(-1)
        z = latents(model, x, found)[model.top]
        with poutine.trace() as capture:
            model.model(x, found)
    mean, scale = _moments(capture.trace.nodes[model.top])
    noise = (z - mean) / scale
    y = torch.arange(classes, device=x.device).repeat(len(x))
    styled = _mean_image(model, y, len(y), noise.repeat_interleave(classes, 0)).reshape(len(x), classes, -1)
    ax = _grid(model, torch.cat([x[:, None], styled], 1).flatten(0, 1), classes + 1, image_shape, ax)
    ax.axvline(image_shape[1] + 1, color="tab:red")
    return ax


def class_samples(model: DeepGenerativeModel, samples: int, image_shape: Sequence[int], ax: Axes | None = None) -> Axes:
    """Plot samples of each class from the prior, one style per row (Maaløe et al. 2016, fig. 3b).

    A style is the noise eps of the top latent, z = eps for N(0, I) and z = mu_y + sigma_y eps for a p(z | y).

    Args:
        model: a model with classes, whose top latent has a normal prior.
        samples: number of styles.
        image_shape: as for ``image_grid``.
        ax: axes to draw on, or None for new ones.

    Returns:
        The axes: ``samples`` rows of K images.

    Example::

        class_samples(m, samples=10, image_shape=(8, 8))
    """
    check_has_classes("model", model)
    check_size("samples", samples)
    device = next(model.parameters()).device
    noise = torch.randn(samples, model.z_size, device=device).repeat_interleave(model.num_classes, 0)
    y = torch.arange(model.num_classes, device=device).repeat(samples)
    return _grid(model, _mean_image(model, y, len(y), noise), model.num_classes, image_shape, ax)


def manifold(
    model: DeepGenerativeModel,
    steps: int,
    image_shape: Sequence[int],
    y: int | None = None,
    ax: Axes | None = None,
    gap: int = 0,
) -> Axes:
    """Plot mean images over a grid of a two-dimensional z, spaced by the inverse normal CDF (Kingma 2017, fig. 2.7).

    Args:
        model: a model whose top latent has two units and a normal prior.
        steps: images per side.
        image_shape: as for ``image_grid``.
        y: a class, for a model with classes, or None to sample it.
        ax: axes to draw on, or None for new ones.
        gap: empty pixels between images.

    Returns:
        The axes.

    Raises:
        ValueError: if z does not have two units.

    Example::

        manifold(VAE(784, z_size=2), steps=20, image_shape=(28, 28))
    """
    check_size("steps", steps)
    if model.z_size != 2:
        raise ValueError(f"model: got z_size={model.z_size}, want 2 for a manifold in the plane")
    device = next(model.parameters()).device
    quantiles = torch.special.ndtri(torch.linspace(0, 1, steps + 2)[1:-1]).to(device)
    noise = torch.cartesian_prod(quantiles.flip(0), quantiles).flip(-1)
    labels = None if y is None else torch.full((len(noise),), y, device=device)
    return _grid(model, _mean_image(model, labels, len(noise), noise), steps, image_shape, ax, gap)
