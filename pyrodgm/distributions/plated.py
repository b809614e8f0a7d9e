"""A distribution whose parameters are enumerated, at a site that is enumerated too."""

import torch
from pyro.distributions import TorchDistribution


class Plated(TorchDistribution):
    """A distribution that reports the plates as its batch shape, whatever its parameters are enumerated over.

    Where a guide enumerates y before a latent that is a parent of y in the model, as z2 is in CaGeM, p(y | z2) is
    scored at z2's ``(K, B)`` against y's ``(K, 1)`` along one and the same enumeration dimension. Pyro takes a batch
    shape ``(K, B)`` at a site enumerated along that dimension for two enumerations that collide. This one begins
    without a batch shape, and Pyro's plates expand it to theirs; samples and log-probabilities are the base's.

    Args:
        base: a distribution of any batch shape.

    Shapes:
        batch shape ``()`` until a plate expands it; event shape and log-probabilities of ``base``.

    Example::

        pyro.sample("y", Plated(dist.OneHotCategorical(logits=logits)))     # logits (B, K) or (K, B, K)
    """

    arg_constraints = {}  # noqa: RUF012

    def __init__(self, base, batch_shape=(), validate_args=None):
        self.base = base
        super().__init__(torch.Size(batch_shape), base.event_shape, validate_args=validate_args)

    def expand(self, batch_shape, _instance=None):
        """The same distribution in plates of another shape."""
        return type(self)(self.base, batch_shape, validate_args=self._validate_args)

    @property
    def support(self):
        """The base's support."""
        return self.base.support

    @property
    def has_enumerate_support(self):
        """Whether the base can be enumerated."""
        return self.base.has_enumerate_support

    @property
    def has_rsample(self):
        """Whether the base's samples have gradients."""
        return self.base.has_rsample

    @property
    def mean(self):
        """The base's mean."""
        return self.base.mean

    def sample(self, sample_shape=()):
        """The base's sample, one for every element of the plates."""
        return self._filled().sample(sample_shape)

    def rsample(self, sample_shape=()):
        """The base's sample, with gradients."""
        return self._filled().rsample(sample_shape)

    def log_prob(self, value):
        """The base's log-probability, at the shape that its parameters and ``value`` broadcast to."""
        return self.base.log_prob(value)

    def enumerate_support(self, expand=True):
        """The base's values."""
        return self._filled().enumerate_support(expand)

    def _filled(self):
        base, plates = self.base, self.batch_shape
        return base if len(base.batch_shape) >= len(plates) else base.expand(plates)
