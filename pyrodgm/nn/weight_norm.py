"""Weight normalisation, and its initialisation by data (Salimans and Kingma 2016; Kingma 2017, app. 5.A).

    w = g v / ||v||            a length g and a direction v for the weights of every output
    g, b                       at first such that the outputs of a batch have mean 0 and variance 1

torch's own is a parametrisation, which cannot be pickled.
"""

from contextlib import contextmanager

import torch

LEAST_SPREAD = 1e-5  # of an output, beside the largest output of its layer: below it there is none, but rounding
LEAST_NORM = 1e-12  # of weights that are all held at zero by a mask

_seen = None  # the layers whose first call has been, within ``initialised_by_data``


@contextmanager
def initialised_by_data():
    """A context in which every layer with weight normalisation sets its g and b at its first call.

    Its outputs there have mean 0 and deviation ``first_spread``, of 1, over the rows and over the places of a map.
    """
    global _seen
    before, _seen = _seen, set()
    try:
        with torch.no_grad():
            yield
    finally:
        _seen = before


class NormalisedWeight:
    """What a layer with a ``weight`` and a ``bias`` has of weight normalisation; ``weight`` is the v.

    Attributes:
        gain: g, a parameter that has a number for every output and broadcasts against the weight; None for a weight
            that is not normalised.
        first_spread: standard deviation that the outputs get by data.
    """

    first_spread = 1.0

    def normalise(self, normalised, outputs=0):
        """Add g, such that the weight is v at first; ``outputs`` is the dimension of the weight that counts them."""
        self._over = [dim for dim in range(self.weight.dim()) if dim != outputs]
        gain = torch.nn.Parameter(self.norm_of(self.weight.detach())) if normalised else None
        self.register_parameter("gain", gain)

    def normalised_weight(self, mask=None):
        """The layer's weight, of v with zeros where a mask has them."""
        v = self.weight if mask is None else self.weight * mask
        return v if self.gain is None else v * (self.gain / self.norm_of(v))

    def set_by_data(self, out, channel=-1):
        """The outputs of a call; at the first one within ``initialised_by_data``, normalised, and so g and b.

        Where an output is the same for all rows, as by a constant input, g stays what it was: what a map has at its
        borders, where it is padded, is no spread to divide by.

        Args:
            out: the outputs, ``(..., size)``.
            channel: the dimension that counts them.
        """
        if _seen is None or self.gain is None or id(self) in _seen:
            return out
        _seen.add(id(self))
        rows = out.movedim(channel, -1)
        rows = rows.reshape(-1, *rows.shape[channel:])  # (rows, size), or (rows, height, width, size)
        flat = rows.flatten(0, -2)
        mean, deviation = flat.mean(0), flat.std(0, correction=0)
        spread = (rows - rows[:1]).flatten(0, -2).abs().amax(0) > LEAST_SPREAD * flat.abs().max()
        scale = torch.where(spread, self.first_spread / deviation, torch.ones_like(deviation))
        self.gain.mul_(scale.reshape(self.gain.shape))
        self.bias.sub_(mean).mul_(scale)
        return ((out.movedim(channel, -1) - mean) * scale).movedim(-1, channel)

    def norm_of(self, v):
        """||v|| of the weights of every output, which broadcasts against them."""
        return torch.linalg.vector_norm(v, dim=self._over, keepdim=True).clamp(min=LEAST_NORM)


def normalised_layers(network):
    """The layers of a network that have weight normalisation."""
    layers = [module for module in network.modules() if isinstance(module, NormalisedWeight)]
    return [layer for layer in layers if layer.gain is not None]
