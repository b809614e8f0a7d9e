"""A distribution of images that draws pixel by pixel, each given the pixels before it."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import pyro.distributions as dist
import torch
from torch.distributions import constraints


class PixelByPixel(dist.TorchDistribution):
    """p(x | h) = prod_i p(x_i | x_<i, h)    by a masked network (van den Oord et al. 2016, PixelRNN, eq. 1)

    ``log_prob(x)`` takes one pass through the network; ``sample`` goes pixel by pixel. The distribution of a pixel is
    known only given the pixels before it. Therefore there is no ``mean``, which would be a sum over all images, but
    ``mean_given(x)``, the mean of every pixel given the pixels before it.

    Args:
        network: an object with ``pixels(x, *parents)``, the distributions of all pixels ``(..., D)`` given x
            ``(..., D)``; ``draw(noise, *parents)``, the image for given uniform noise; and ``size``, D.
        parents: tensors that are inputs of the network.
        batch_shape: batch shape of the parents.

    Example::

        p = PixelCNN((28, 28), maps=(32,))(h)   # h (B, 32, 28, 28)
        p.log_prob(x)                           # x (B, 784): (B,)
        p.sample()                              # (B, 784)
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.independent(constraints.boolean, 1)

    def __init__(
        self,
        network: Any,
        parents: Sequence[torch.Tensor],
        batch_shape: Sequence[int],
        validate_args: bool | None = None,
    ) -> None:
        self.network, self.parents = network, parents
        super().__init__(torch.Size(batch_shape), torch.Size((network.size,)), validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Self:
        """The same distribution for a larger batch; the parents are not copied."""
        return type(self)(self.network, self.parents, batch_shape, validate_args=self._validate_args)

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """log p(x) = sum_i log p(x_i | x_<i, h), of the batch shape, broadcast against that of x."""
        if self._validate_args:
            self._validate_sample(value)
        log_p = self.network.pixels(value, *self.parents).log_prob(value).sum(-1)
        return log_p.expand(torch.broadcast_shapes(log_p.shape, self.batch_shape))

    @torch.no_grad()
    def sample(self, sample_shape: Sequence[int] = ()) -> torch.Tensor:
        """Images, each pixel drawn given the pixels before it."""
        shape, like = self._extended_shape(torch.Size(sample_shape)), next(self.network.parameters())
        return self.network.draw(torch.rand(shape, dtype=like.dtype, device=like.device), *self.parents)

    def mean_given(self, x: torch.Tensor) -> torch.Tensor:
        """E[x_i | x_<i, h] of every pixel, ``(..., D)``."""
        return self.network.pixels(x, *self.parents).mean

    @property
    def mean(self) -> torch.Tensor:
        """Raises ``NotImplementedError``: there is no closed form."""
        raise NotImplementedError(
            "mean: got a distribution that draws pixel by pixel, whose mean is a sum over all images; want "
            "mean_given(x), the mean of every pixel given the pixels before it in x, or a sample"
        )

    @property
    def variance(self) -> torch.Tensor:
        """Raises ``NotImplementedError``: there is no closed form."""
        raise NotImplementedError(
            "variance: got a distribution that draws pixel by pixel, whose variance is a sum over all images; want the "
            "variance of samples"
        )
