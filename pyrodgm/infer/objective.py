"""Base class of the objectives, which are Pyro ELBOs."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from pyro.infer import ELBO
from pyro.infer.util import torch_item
from pyro.util import warn_if_nan


class Objective(ELBO):
    """An ELBO that is defined by its differentiable loss only.

    It works wherever Pyro takes a loss: in ``SVI(model, guide, optim, objective).step(...)``, or as a module,
    ``objective(m.model, m.guide)(...)``, with an optimiser of ``m.parameters()``.

    Example::

        class MeanOfRows(Objective):
            def differentiable_loss(self, model, guide, x):
                return elbo.differentiable_loss(model, guide, x) / len(x)

        SVI(m.model, m.guide, Adam({"lr": 3e-4}), MeanOfRows()).step(x)
    """

    @abstractmethod
    def differentiable_loss(
        self, model: Callable[..., Any], guide: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """The loss as a scalar tensor."""

    @torch.no_grad()
    def loss(self, model: Callable[..., Any], guide: Callable[..., Any], *args: Any, **kwargs: Any) -> float:
        """The loss as a float, without gradients."""
        loss = torch_item(self.differentiable_loss(model, guide, *args, **kwargs))
        warn_if_nan(loss, "loss")
        return loss

    def loss_and_grads(self, model: Callable[..., Any], guide: Callable[..., Any], *args: Any, **kwargs: Any) -> float:
        """The loss as a float; adds its gradients to ``grad`` of the parameters."""
        loss = self.differentiable_loss(model, guide, *args, **kwargs)
        if loss.requires_grad:
            loss.backward()
        loss = torch_item(loss)
        warn_if_nan(loss, "loss")
        return loss

    def _get_trace(self, model, guide, args, kwargs):
        raise NotImplementedError("the loss is computed without Pyro's traces of single samples")
