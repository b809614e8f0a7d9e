"""A class variable that sums over the most probable classes and draws one of the others."""

import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Self

import pyro.distributions as dist
import torch
from pyro.distributions.score_parts import ScoreParts
from pyro.infer import TraceTMC_ELBO

from pyrodgm.checks import is_size, shown
from pyrodgm.distributions.one_hot import KnownOneHotCategorical, class_of, one_hot_rows

# the function that draws uniform numbers, ``(..., B, 1)``
UNIFORM: ContextVar[Callable[..., torch.Tensor]] = ContextVar("uniform", default=torch.rand)


class SumAndSample(KnownOneHotCategorical):
    """One-hot categorical that enumerates its most probable classes and one drawn class instead of all of them.

    sum_y q(y) f(y) = E[sum_{y in C} q(y) f(y) + r f(d)],  d ~ q(d) / r,  d not in C    (Liu et al. 2019, eq. 4)

    C are the ``top`` most probable classes, and r is the probability of the rest. An ELBO that enumerates, such as
    ``TraceEnum_ELBO``, weights a class by the score of its site. For a summed class that is log q(y). For the drawn
    class it is log q(d) + stop_gradient(log r - log q(d)), which has the value log r and the gradient of log q(d).
    Loss and gradients are therefore unbiased, with top + 1 decoder passes per row instead of K.

    A baseline reduces the variance and adds no bias. With s = log q(d) - log r, the scores of the summed classes get
    -(r / (1 - r)) (s - stop_gradient(s)), which is zero in value, and in gradient on average. The weights then sum to
    one without a gradient, so that a constant added to f adds no variance.

    ``log_prob`` is that of the categorical. It is not the weight of an enumerated class, so it raises an error after
    ``enumerate_support``, for instance in a model or under ``infer_discrete``; ``score_parts`` works. Under
    ``TraceTMC_ELBO``, which does not weight classes at all, ``enumerate_support`` raises an error.

    Args:
        logits: ``(..., K)``.
        top: number of classes to sum, at least 1 and below K.

    Shapes:
        batch shape ``(...)``, event shape ``(K,)``; ``enumerate_support`` gives ``(top + 1, ..., K)``, with different
        classes for every row.

    Raises:
        ValueError: if ``top`` is not an int from 1 to K - 1, or K is 1; and from ``log_prob`` and
            ``enumerate_support``, see above.

    Example::

        y = pyro.sample("y", SumAndSample(q_y.logits, top=2), infer={"enumerate": "parallel"})     # (3, B, K)
    """

    _enumerated: Any  # None, or classes and log r of every row

    def __init__(self, logits: torch.Tensor, top: int, validate_args: bool | None = None) -> None:
        _check_top(top, logits.shape[-1])
        self.top, self._enumerated = top, None
        super().__init__(logits=logits, validate_args=validate_args)

    @classmethod
    def of(cls, fn: dist.OneHotCategorical, top: int) -> Self:
        """The distribution for a ``OneHotCategorical``, whose logits are already normalised."""
        _check_top(top, fn.event_shape[0])
        new = cls.__new__(cls)
        new.top, new._enumerated = top, None
        return dist.OneHotCategorical.expand(fn, fn.batch_shape, _instance=new)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Self:
        """The same distribution expanded to a larger batch; the class of each row is drawn independently."""
        new = type(self).__new__(type(self)) if _instance is None else _instance
        new.top, new._enumerated = self.top, None
        return super().expand(batch_shape, _instance=new)

    def mask(self, mask: torch.Tensor | bool) -> Any:
        """The distribution with some rows masked; itself if the mask is True, as Pyro would read its ``log_prob``."""
        return self if mask is True else super().mask(mask)

    def enumerate_support(self, expand: bool = True) -> torch.Tensor:
        """The most probable classes of each row and a drawn one, as one-hot rows ``(top + 1, ..., K)``."""
        _refuse_unweighted_sum()
        logits = self.logits.detach()
        values, classes = logits.topk(self.top + 1)
        summed, likeliest = classes.split([self.top, 1], -1)  # likeliest of the others
        scale = values[..., -1:].clamp(min=torch.finfo(logits.dtype).min)  # if the rest has probability zero
        others = (logits - scale).exp().scatter_(-1, summed, 0.0)
        log_r = (scale + others.sum(-1, keepdim=True).log()).squeeze(-1)
        drawn = self._draw(others)
        # if the rest has probability zero or the sum was rounded: the likeliest of the others, never a summed class
        drawn = torch.where(others.gather(-1, drawn) > 0, drawn, likeliest)
        self._enumerated = torch.cat([summed, drawn], -1), log_r
        rows = one_hot_rows(self._enumerated[0].movedim(-1, 0), self.event_shape[0], logits.dtype)
        # kept on the tensor, for a guide that runs once per class
        rows._enumerated = self._enumerated  # type: ignore[attr-defined]  # an attribute of our own
        return rows

    def _draw(self, weights):
        """Draw an index ``(..., 1)`` in proportion to weights ``(..., K)``, by the inverse distribution function."""
        cumulative = weights.cumsum(-1)
        uniform = UNIFORM.get()((*weights.shape[:-1], 1), dtype=weights.dtype, device=weights.device)
        index = torch.searchsorted(cumulative, uniform * cumulative[..., -1:], right=True)
        return index.clamp(max=weights.shape[-1] - 1)

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """log q(y)."""
        if self._enumerated is not None:
            raise ValueError(
                "SumAndSample: got log_prob of classes that it enumerated, want score_parts: the drawn class stands "
                "for all classes that were not summed. Enumerate it in a guide, under an ELBO that weights classes by "
                "their score, such as TraceEnum_ELBO"
            )
        return super().log_prob(value)

    def score_parts(self, value: torch.Tensor) -> ScoreParts:
        """log q(y), and the score, which is the log-weight of each enumerated class, ``(top + 1, ..., B)``.

        The gradient of r = 1 - sum_{y in C} q(y) is computed from the sum: r d log r = -sum_{y in C} d q(y), which is
        finite for r = 0.
        """
        log_q = super().log_prob(value)
        holders: tuple[Any, ...] = (value, value._base, self)  # self last: it may have enumerated another site since
        enumerated = next((t._enumerated for t in holders if getattr(t, "_enumerated", None)), None)
        if enumerated is None:
            return ScoreParts(log_q, log_q, 0)
        classes, log_r = enumerated
        summed, drawn = self.logits.gather(-1, classes).split([self.top, 1], -1)
        log_of_top = summed.detach().logsumexp(-1, keepdim=True)  # log(1 - r)
        surplus = (log_r - log_of_top.squeeze(-1)).exp() * _zero_with_gradient(drawn.squeeze(-1))
        surplus = surplus + ((summed.detach() - log_of_top).exp() * _zero_with_gradient(summed)).sum(-1)
        is_drawn = class_of(value) == classes[..., -1]
        return ScoreParts(log_q, torch.where(is_drawn, log_r + _zero_with_gradient(log_q), log_q - surplus), 0)


def _refuse_unweighted_sum():
    """Raise ``ValueError`` under ``TraceTMC_ELBO``, which sums p(x, y) over the classes without any weights."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code is TraceTMC_ELBO._get_trace.__code__:
            raise ValueError(
                "SumAndSample: got TraceTMC_ELBO, which sums over the enumerated classes without their weights, want "
                "an ELBO that weights classes by their score, such as TraceEnum_ELBO"
            )
        frame = frame.f_back


def _check_top(top, num_classes):
    if num_classes == 1:
        raise ValueError("SumAndSample: got a single class, want at least two: one to sum and one to draw")
    if not (is_size(top) and top < num_classes):
        raise ValueError(f"top: got {shown(top)}, want an int from 1 to {num_classes - 1}, fewer than the classes")


def _zero_with_gradient(log_q):
    """Zero with the gradient of log q; without a gradient for a class of probability zero."""
    return torch.where(log_q.detach() > -torch.inf, log_q - log_q.detach(), 0.0)
