"""The two halves of a decoder that draws pixel by pixel, each with the other masked. Maaløe 2018, app. E, fig. 3."""

import pyro
import pyro.distributions as dist
import torch
from pyro import poutine

from pyrodgm.distributions import PixelByPixel
from pyrodgm.evaluate.batched import evaluating
from pyrodgm.evaluate.latents import latents
from pyrodgm.models.base import DeepGenerativeModel


def decoder_halves(
    model: DeepGenerativeModel, x: torch.Tensor, y: torch.Tensor | None = None
) -> dict[str, dist.Distribution]:
    """What a decoder computes from the latents alone, and from the previous pixels alone.

    The first layer of a ``PixelCNN`` is W * x + V * h + b, with h the feature maps of the latents. A half is
    masked by setting x or h to zero before this layer (Maaløe 2018, app. E, fig. 3):

        prod_i p(x_i | x_<i, h)    both
        prod_i p(x_i | 0, h)       latents alone
        prod_i p(x_i | x_<i, 0)    pixels alone

    The latents are one sample from the guide.

    Args:
        model: a model whose p(x | ...) is a ``PixelByPixel``, such as a ``FAME`` with concatenation.
        x: rows ``(B, D)``.
        y: labels, or None to draw them from q(y | x).

    Returns:
        A dict from these three names to the distribution of the rows. Its ``mean`` ``(B, D)`` is the reconstruction,
        and its ``log_prob(x)`` ``(B,)`` is in nats.

    Raises:
        ValueError: if the model does not draw pixel by pixel, or a row's reconstruction is NaN.

    Example::

        halves = decoder_halves(m, x)
        halves["both"].log_prob(x) - halves["pixels alone"].log_prob(x)         # what the latents add, in nats
    """
    given = latents(model, x, y) | {"x": x}  # so that no x is drawn
    with evaluating(model), poutine.trace() as capture, poutine.condition(data=given):
        model.model(None, y, size=len(x))
        p_x = capture.trace.nodes["x"]["fn"]
        if not isinstance(p_x, PixelByPixel):
            raise ValueError(
                f"model: got {type(model).__name__} with a p(x | ...) of type {type(p_x).__name__}, want a decoder "
                "that draws pixel by pixel, such as that of a FAME with concatenation"
            )
        pixels, nothing = p_x.network.pixels, [torch.zeros_like(h) for h in p_x.parents]
        with pyro.validation_enabled(False):  # outputs are checked below
            halves = {
                "both": pixels(x, *p_x.parents),
                "latents alone": pixels(torch.zeros_like(x), *p_x.parents),
                "pixels alone": pixels(x, *nothing),
            }
    for name, half in halves.items():
        wrong = half.mean.isnan().any(-1)
        if bool(wrong.any()):
            first = int(wrong.nonzero()[0])
            raise ValueError(
                f"x: got {int(wrong.sum())} rows whose reconstruction by {name} is NaN, the first is row {first}; want "
                "a model and rows without NaN"
            )
    return {name: half.to_event(1) for name, half in halves.items()}
