"""A distribution for an enumerated site whose parameters are enumerated too."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import pyro.distributions as dist
import torch
from torch.distributions import constraints


class Plated(dist.TorchDistribution):
    """A distribution whose batch shape is that of the plates, even if its parameters are enumerated.

    A guide may enumerate y before a latent that is a parent of y in the model, such as z2 in CaGeM. Then p(y | z2) has
    parameters ``(K, B)`` and values y ``(K, 1)`` along the same enumeration dimension. With batch shape ``(K, B)``,
    Pyro would report two enumerations that collide. This distribution starts with an empty batch shape, which Pyro's
    plates expand to theirs. Samples and log-probabilities are those of the base.

    Args:
        base: a distribution of any batch shape.

    Shapes:
        batch shape ``()`` until a plate expands it; the event shape of ``base``.

    Example::

        pyro.sample("y", Plated(dist.OneHotCategorical(logits=logits)))     # logits (B, K) or (K, B, K)
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}

    def __init__(
        self, base: dist.Distribution, batch_shape: Sequence[int] = (), validate_args: bool | None = None
    ) -> None:
        self.base = base
        super().__init__(torch.Size(batch_shape), base.event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Self:
        """The same distribution for plates of another shape."""
        return type(self)(self.base, batch_shape, validate_args=self._validate_args)

    @property
    def support(self) -> constraints.Constraint:
        """The support of the base."""
        return self.base.support

    @property
    def has_enumerate_support(self) -> bool:
        """Whether the base can be enumerated."""
        return self.base.has_enumerate_support

    @property
    def has_rsample(self) -> bool:
        """Whether samples of the base have gradients."""
        return self.base.has_rsample

    @property
    def mean(self) -> torch.Tensor:
        """The mean of the base for every element of the plates."""
        return self._filled().mean

    def sample(self, sample_shape: Sequence[int] = ()) -> torch.Tensor:
        """A sample of the base for every element of the plates."""
        return self._filled().sample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> torch.Tensor:
        """A sample of the base with gradients."""
        return self._filled().rsample(sample_shape)

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """The log-probability of the base, with the shape to which the base, ``value`` and the plates broadcast."""
        log_p = self.base.log_prob(value)
        return log_p.expand(torch.broadcast_shapes(log_p.shape, self.batch_shape))

    def enumerate_support(self, expand: bool = True) -> torch.Tensor:
        """The values of the base."""
        return self._filled().enumerate_support(expand)

    def _filled(self):
        return self.base.expand(torch.broadcast_shapes(self.base.batch_shape, self.batch_shape))
