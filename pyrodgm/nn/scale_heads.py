"""Standard deviations from the outputs of a network, bounded so that none overflows or vanishes."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch.overrides import handle_torch_function, has_torch_function

LARGEST_LOG_VARIANCE = 30.0
LARGEST_SIGMA = math.exp(0.5 * (LARGEST_LOG_VARIANCE + 1))
LEAST_SIGMA = 1e-4  # of the softplus heads


class BoundedLogVariance(torch.autograd.Function):
    """b(v), the output v of a head, bounded for use as a log-variance.

    b(v) = v                                   on [-L, L], L = 30, to the last bit, with gradient 1
    b(v) = sign(v) (|v| - (|v| - L)^2 / 4)     up to |v| = L + 2, with the same value and slope at L
    b(v) = sign(v) (L + 1)                     beyond, with the same value and slope at L + 2, for infinities too

    Far from the training rows, v may be any number. Without a bound, sigma then overflows or vanishes, and a density is
    NaN. With the bound, sigma stays between 1.9e-7 and 5.4e6, about the limits of single precision. For a smaller
    sigma, mu + sigma eps would be rounded to mu for a mu near 1, and the density would be meaningless. At either end, a
    squared distance divided or multiplied by sigma^2 overflows only beyond 1e25.

    It is an autograd function because its backward pass then takes one operation instead of ten.
    """

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """b(v). A tensor subclass handles the call by ``__torch_function__``, as for torch's own functions.

        Otherwise Pyro's ``TraceGraph_ELBO``, which tracks draws with such a subclass, would lose the gradient.
        """
        if has_torch_function(args):
            return handle_torch_function(cls.apply, args, *args)
        return super().apply(*args)

    @staticmethod
    def forward(ctx: Any, log_variance: torch.Tensor) -> torch.Tensor:
        excess, clamped = _excess(log_variance)
        ctx.save_for_backward(log_variance, size := excess.abs())
        return torch.addcmul(clamped, excess, size, value=-0.25)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        log_variance, size = ctx.saved_tensors
        if torch.is_grad_enabled():  # for a second derivative
            size = _excess(log_variance)[0].abs()
        return torch.addcmul(gradient, gradient, size, value=-0.5)


def _excess(log_variance):
    """The excess of the values beyond +-L, at most 2, and the values clamped to +-(L + 2)."""
    clamped = log_variance.clamp(-LARGEST_LOG_VARIANCE - 2, LARGEST_LOG_VARIANCE + 2)
    return F.softshrink(clamped, LARGEST_LOG_VARIANCE), clamped


def standard_deviation(log_variance: torch.Tensor) -> torch.Tensor:
    """sigma = exp(b(v) / 2) for the output v of a head, of any shape, see ``BoundedLogVariance``."""
    return (0.5 * BoundedLogVariance.apply(log_variance)).exp()


def floored_softplus(v: torch.Tensor, floor: float, ceiling: float) -> torch.Tensor:
    """log(1 + exp(v)) + floor, at most about the ceiling, also for infinite v."""
    return F.softplus(v.clamp(max=ceiling)) + floor


SCALE_HEADS = {  # name of the head, and sigma as a function of its output
    "log_variance": ("log_variance", standard_deviation),
    "softplus_variance": ("variance", lambda v: floored_softplus(v, LEAST_SIGMA**2, LARGEST_SIGMA**2).sqrt()),
    "softplus_sigma": ("sigma", lambda v: floored_softplus(v, LEAST_SIGMA, LARGEST_SIGMA)),
}
