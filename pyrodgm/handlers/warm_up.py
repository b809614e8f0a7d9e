"""KL warm-up: a weight on the KL terms of a bound."""

from typing import Any

import torch
from pyro import poutine
from pyro.poutine.messenger import Messenger
from pyro.poutine.replay_messenger import ReplayMessenger
from pyro.poutine.runtime import _PYRO_STACK
from pyro.poutine.trace_messenger import TraceMessenger


class warm_up(Messenger):
    """Scale the latent sites that model and guide share by ``beta``, in any ELBO of any pair.

    E_q[log p(x | z)] + beta E_q[log p(z) - log q(z | x)]    (Sønderby et al. 2016, eq. 20)

    A site that only the model has, such as one enumerated there, belongs to the likelihood and is not scaled. Nor are
    observed sites. While ``beta`` is below 1, the loss is not a bound on log p(x); above 1, it is a looser one. Leave
    the context when the warm-up is over.

    The papers differ in which KL terms are scaled, and none mentions that of y. Maaløe et al. 2016, sec. 5, propose it
    for a and z. Maaløe et al. 2017, sec. 5, use it "on the KL-terms", and y has one in their model. Sønderby et al.
    2016 and Maaløe 2018, eq. 5.5, have no discrete latent.

    Args:
        beta: the KL weight, a 0-d tensor, updated in place between steps (``beta.fill_(0.5)``). It starts above zero.
        discrete: whether to scale enumerable sites, such as y, too; if not, only continuous latents are scaled.

    Raises:
        ValueError: if ``beta`` is not a 0-d tensor, or not above zero; in a run, if a latent depends on a class that is
            enumerated in the model only.

    Example::

        beta = torch.tensor(0.01)
        with warm_up(beta):
            for epoch in range(100):
                svi.step(x)
                beta.fill_((epoch + 1) / 100)
    """

    def __init__(self, beta: torch.Tensor, discrete: bool = False) -> None:
        super().__init__()
        check_beta(beta)
        self.beta, self.discrete = beta, discrete

    def _process_message(self, msg):
        if msg["type"] != "sample" or msg["is_observed"] or (not self.discrete and _is_enumerable(msg["fn"])):
            return
        traces = guide_traces()
        if all(msg["name"] in trace for trace in traces):
            if traces:
                _refuse_hidden_classes(msg, traces)
            msg["scale"] = msg["scale"] * self.beta


def check_beta(beta: Any) -> None:
    """Raise ``ValueError`` unless a weight is a 0-d tensor above zero."""
    if not hasattr(beta, "dim") or beta.dim() != 0:
        raise ValueError(f"beta: got {beta!r}, want a 0-d tensor, to be updated in place")
    if not float(beta) > 0:
        raise ValueError(f"beta: got {float(beta):g}, want a value above zero")


def guide_traces() -> list[poutine.Trace]:
    """The trace of the guide, if a model is being replayed against it. Sites that it lacks exist only in the model.

    An ELBO that enumerates sequentially also replays the guide, against traces that are empty or lack a return value.
    A trace recorded by ``with poutine.trace()`` has no return value either, and no arguments.
    """
    replays = (frame.trace for frame in _PYRO_STACK if isinstance(frame, ReplayMessenger))
    return [trace for trace in replays if trace and ("_RETURN" in trace) == ("_INPUT" in trace)]


def _refuse_hidden_classes(msg, guides):
    """Raise ``ValueError`` if a site depends on a class that only the model has: its KL term cannot be separated."""
    batch_shape = getattr(msg["fn"], "batch_shape", ())  # the rows of a plate have none
    for trace in (frame.trace for frame in _PYRO_STACK if isinstance(frame, TraceMessenger)):
        for name, site in trace.nodes.items():
            dim = site.get("infer", {}).get("_enumerate_dim")
            hidden = dim is not None and not any(name in guide for guide in guides)
            if hidden and len(batch_shape) >= -dim and batch_shape[dim] > 1:
                raise ValueError(
                    f"warm_up: got site {msg['name']!r} that depends on {name!r}, which is enumerated in the model "
                    f"only; want {name!r} in the guide too, or no warm-up"
                )


def _is_enumerable(fn):
    return getattr(fn, "has_enumerate_support", False)
