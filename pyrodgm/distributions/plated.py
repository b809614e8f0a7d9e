"""A distribution for an enumerated site whose parameters are enumerated too."""

import torch
from pyro.distributions import TorchDistribution


class Plated(TorchDistribution):
    """A distribution whose batch shape is that of the plates, even if its parameters are enumerated.

    A guide may enumerate y before a latent that is a parent of y in the model, such as z2 in CaGeM. Then p(y | z2) has
    parameters ``(K, B)`` and values y ``(K, 1)`` along the same enumeration dimension. With batch shape ``(K, B)``,
    Pyro would report two enumerations that collide. This distribution starts with an empty batch shape, which Pyro's
    plates expand to theirs. Samples and log-probabilities are those of the base.

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
        """The same distribution for plates of another shape."""
        return type(self)(self.base, batch_shape, validate_args=self._validate_args)

    @property
    def support(self):
        """The support of the base."""
        return self.base.support

    @property
    def has_enumerate_support(self):
        """Whether the base can be enumerated."""
        return self.base.has_enumerate_support

    @property
    def has_rsample(self):
        """Whether samples of the base have gradients."""
        return self.base.has_rsample

    @property
    def mean(self):
        """The mean of the base."""
        return self.base.mean

    def sample(self, sample_shape=()):
        """A sample of the base for every element of the plates."""
        return self._filled().sample(sample_shape)

    def rsample(self, sample_shape=()):
        """A sample of the base with gradients."""
        return self._filled().rsample(sample_shape)

    def log_prob(self, value):
        """The log-probability of the base, with the shape to which its parameters and ``value`` broadcast."""
        return self.base.log_prob(value)

    def enumerate_support(self, expand=True):
        """The values of the base."""
        return self._filled().enumerate_support(expand)

    def _filled(self):
        base, plates = self.base, self.batch_shape
        return base if len(base.batch_shape) >= len(plates) else base.expand(plates)
