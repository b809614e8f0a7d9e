"""Handlers that use drawn weights instead of their means, and local reparameterisation."""

import pyro.distributions as dist
import torch
from pyro.poutine.messenger import Messenger

from pyrodgm.handlers.warm_up import guide_traces
from pyrodgm.nn.trunk import Linear


class DrawnWeights(Messenger):
    """Let the layers of a network compute with drawn weights instead of their means.

    Args:
        values: a dict from every site of the network's weights to its value.

    Example::

        weights = {site: q.sample() for site, q in posteriors_of(m.p_y).items()}
        with DrawnWeights(weights):
            m.p_y(x)
    """

    def __init__(self, values: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.values = values

    def _pyro_linear(self, msg):
        msg["kwargs"]["values"] = self.values


class local_reparameterisation(Messenger):
    """Draw the outputs of layers row by row, instead of the weights (Kingma 2017, sec. 6.2.3, eq. 6.6).

    Wrap a step of any ELBO in this handler, for a pair whose weights have normal posteriors. The guide still draws
    weights, and the KL divergence is computed from them. A layer of the model looks up the normal that its weights came
    from, and draws its outputs as if every row had separate weights. Loss and gradient keep their expectation. The
    noise of the rows is independent, so the variance falls with the batch size. With dropout of type A, scales are
    drawn for every row, which is Gaussian dropout.

    The handler has no effect outside a model that is replayed against its guide, such as in a prediction. Nor has it
    an effect on a layer whose weights do not all come from independent normals of the guide, as with some autoguides
    or with a weight that is conditioned. Each row may pass a layer only once, because a second pass draws again.

    Example::

        with local_reparameterisation():
            svi.step(x, y)
    """

    def _pyro_linear(self, msg):
        layer, x = msg["args"][-2:]
        posteriors = self._posteriors(layer, msg["kwargs"].get("values") or {})
        if posteriors is not None:
            msg["value"], msg["done"] = self.outputs(layer, x, posteriors), True

    def _posteriors(self, layer, values):
        """The normals that all values of a layer were drawn from in a guide, by site; None if there are none."""
        for trace in guide_traces():
            nodes = {site: trace.nodes.get(site) for site in layer.posterior.sites}
            if all(node and node["value"] is values.get(site) for site, node in nodes.items()):
                densities = {site: node["fn"] for site, node in nodes.items()}
                if all(map(_is_normal, densities.values())):
                    return {site: density.base_dist for site, density in densities.items()}
        return None

    def outputs(self, layer: Linear, x: torch.Tensor, posteriors: dict[str, dist.Distribution]) -> torch.Tensor:
        """The outputs of a layer for x, ``(..., B, out)``, if its weights have the given posteriors."""
        return layer.posterior.by_row(layer, x, posteriors)


def _is_normal(fn):
    """Whether a distribution is one of independent normals."""
    return isinstance(fn, dist.Independent) and isinstance(fn.base_dist, dist.Normal)
