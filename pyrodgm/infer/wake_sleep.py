"""The wake-sleep algorithm of Hinton et al. 1995. Kingma 2017, sec. 2.11, compares it with the ELBO."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from pyro import poutine
from pyro.infer import ReweightedWakeSleep

from pyrodgm.infer.objective import Objective
from pyrodgm.infer.traces import latent_sites
from pyrodgm.nn import paused_statistics


class WakeSleep(Objective):
    """Wake-sleep: model and guide learn from each other's samples (Hinton et al. 1995; Kingma 2017, secs 2.10, 2.11).

    wake     z ~ q(z | x)          the gradient of -log p(x, z) trains the model
    sleep    x', z' ~ p(x', z')    the gradient of -log q(z' | x') trains the guide

    No gradient passes through a sample, so latents may be discrete: a class that the guide enumerates is drawn. The two
    phases together are not the gradient of a single objective. Pyro's ``ReweightedWakeSleep`` computes both, with one
    sample per row, because with several it would weight whole batches by their importance. The sleep phase generates as
    many rows as the batch has. Only the wake phase updates the running statistics of batch normalisation.

    The loss of a step is log q(z | x) - log p(x, z), which is minus the bound at one sample, plus -log q(z' | x'), both
    summed over the rows. A network that model and guide share gets the gradients of both phases.

    The guide gets the generated rows as the arguments named after the observed sites of the model: x if the model has
    ``pyro.sample("x", ..., obs=x)``, and also y if labels are observed. They have the dtype of the real rows.

    Raises:
        ValueError: in a step, if model and guide do not have the same latents, or the guide lacks such an argument.

    Example::

        svi = SVI(m.model, m.guide, Adagrad({"lr": 0.02}), WakeSleep())
        svi.step(x)
    """

    def __init__(self) -> None:
        super().__init__()
        self._wake = _Wake(vectorize_particles=False)
        self._sleep = ReweightedWakeSleep(insomnia=0.0, model_has_params=False, vectorize_particles=False)
        self._wake.num_particles = self._sleep.num_sleep_particles = 1

    def differentiable_loss(
        self, model: Callable[..., Any], guide: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        wake, _ = self._wake._loss(model, _drawn(guide), args, kwargs)
        with paused_statistics():
            _, sleep = self._sleep._loss(model, _of_observations(guide), args, dict(kwargs))
        return wake + sleep

    def _get_trace(self, model, guide, args, kwargs):
        return self._wake._get_trace(model, _drawn(guide), args, kwargs)


class _Wake(ReweightedWakeSleep):
    """The wake phase. It refuses a model and a guide with different latents."""

    def _get_trace(self, model, guide, args, kwargs):
        model_trace, guide_trace = super()._get_trace(model, guide, args, kwargs)
        latents, inferred = (latent_sites(trace).keys() for trace in (model_trace, guide_trace))
        if latents != inferred:
            raise ValueError(f"guide: got the latents {sorted(inferred)}, want those of the model, {sorted(latents)}")
        return model_trace, guide_trace


def _drawn(guide):
    """The guide with samples instead of enumeration."""
    return poutine.infer_config(guide, lambda site: {"enumerate": None})


def _of_observations(guide):
    """The guide as Pyro calls it in the sleep phase: with the observed sites of the model as ``observations``."""
    signature = inspect.signature(getattr(guide, "forward", guide))

    def adapted(*args, observations, **kwargs):
        missing = observations.keys() - signature.parameters.keys()
        if missing:
            taken, wanted = ", ".join(signature.parameters), ", ".join(sorted(missing))
            raise ValueError(f"guide: got arguments ({taken}), want {wanted} too, which the sleep phase generates")
        given = signature.bind(*args, **kwargs)
        for name, value in observations.items():
            like = given.arguments.get(name)
            given.arguments[name] = value.to(like.dtype) if isinstance(like, torch.Tensor) else value
        return guide(*given.args, **given.kwargs)

    return adapted
