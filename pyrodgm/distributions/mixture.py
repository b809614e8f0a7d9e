"""A mixture over classes, and the class probabilities of a row."""

from typing import Any

import pyro.distributions as dist
import torch

from pyrodgm.distributions.cached import is_current, stamp


class ClassMixture(dist.MixtureSameFamily):
    """p(x) = sum_y p(y) p(x | y), with the sum over classes inside the logarithm, and p(y | x).

    log p(x) = log sum_y exp[log p(y) + log p(x | y)]
    log p(y | x) = log p(y) + log p(x | y) - log p(x)

    The two logarithms are added before the exponential. ``TraceEnum_ELBO`` exponentiates the two sites separately.
    The sum then underflows to zero if they differ by more than 103 nats in single precision. The result for the last x
    is cached, so that ``log_prob`` and ``class_given`` share it.

    Args:
        mixture_distribution: p(y), a ``Categorical`` of batch shape ``(..., B)``.
        component_distribution: p(x | y), batch shape ``(..., B, K)`` and event shape ``(D,)``.

    Example::

        p = ClassMixture(dist.Categorical(logits=torch.zeros(5, 3)), dist.Normal(torch.zeros(5, 3, 4), 1.0).to_event(1))
        p.log_prob(x), p.class_given(x)         # (5,), one-hot categorical of batch shape (5,)
    """

    _last: tuple[Any, Any, Any] = None, None, None

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """log p(x), ``(..., B)``."""
        return self._log_joint(value).logsumexp(-1)

    def class_given(self, value: torch.Tensor) -> dist.OneHotCategorical:
        """p(y | x), a ``OneHotCategorical`` of batch shape ``(..., B)``."""
        return dist.OneHotCategorical(logits=self._log_joint(value))

    def given_observed(self, value: torch.Tensor) -> "ClassMixture":
        """p(x_mis | x_obs) of components that leave out missing cells: the mixture by p(y | x_obs)."""
        return ClassMixture(dist.Categorical(logits=self._log_joint(value)), self.component_distribution)

    def _log_joint(self, value):
        last, log_joint, stamped = self._last
        if value is not last or not is_current(stamped, value):
            log_p_y = self.mixture_distribution.logits.log_softmax(-1)
            log_joint = log_p_y + self.component_distribution.log_prob(value.unsqueeze(-1 - self._event_ndims))
            self._last = value, log_joint, stamp(value)
        return log_joint
