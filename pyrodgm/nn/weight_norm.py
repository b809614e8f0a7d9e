"""Weight normalisation with data-dependent initialisation (Salimans and Kingma 2016; Kingma 2017, app. 5.A).

    w = g v / ||v||            a length g and a direction v for the weights of every output
    g, b                       initialised so that the outputs of a batch have mean 0 and variance 1

torch's own weight normalisation is a parametrisation, which cannot be pickled.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

LEAST_SPREAD = 1e-5  # of an output, relative to the largest output of its layer; a smaller spread is rounding error
LEAST_NORM = 1e-12  # for weights that a mask sets to zero altogether

_seen: set[int] | None = None  # the layers that have been called within ``initialised_by_data``


@contextmanager
def initialised_by_data() -> Iterator[None]:
    """A context in which every layer with weight normalisation sets its g and b at its first call.

    The outputs of that call get mean 0 and standard deviation ``first_spread`` (1 by default) over the rows and over
    the positions of a feature map.
    """
    global _seen
    before, _seen = _seen, set()
    try:
        with torch.no_grad():
            yield
    finally:
        _seen = before


class NormalisedWeight(torch.nn.Module):
    """Weight normalisation for a layer with a ``weight``, the v above, and a ``bias``.

    Attributes:
        gain: g, a parameter with one number per output, which broadcasts against the weight; None if the weight is not
            normalised.
        first_spread: standard deviation of the outputs after data-dependent initialisation.
    """

    weight: torch.Tensor
    bias: torch.nn.Parameter
    gain: torch.nn.Parameter | None
    first_spread = 1.0

    def normalise(self, normalised: bool, outputs: int = 0) -> None:
        """Add g, such that the weight is v at first. ``outputs`` is the output dimension of the weight."""
        self._over = [dim for dim in range(self.weight.dim()) if dim != outputs]
        gain = torch.nn.Parameter(self.norm_of(self.weight.detach())) if normalised else None
        self.register_parameter("gain", gain)

    def normalised_weight(self, mask: torch.Tensor | None = None) -> torch.Tensor:
        """The weight of the layer, with v multiplied by a mask if there is one."""
        v = self.weight if mask is None else self.weight * mask
        return v if self.gain is None else v * (self.gain / self.norm_of(v))

    def set_by_data(self, out: torch.Tensor, channel: int = -1) -> torch.Tensor:
        """Set g and b from the outputs of the first call within ``initialised_by_data``; return the outputs normalised.

        Other calls return the outputs unchanged. g is unchanged if an output is the same for all rows, as for a
        constant input: the differences at the padded borders of a feature map are not a spread to divide by.

        Args:
            out: the outputs, ``(..., size)``.
            channel: the output dimension.
        """
        if _seen is None or self.gain is None or id(self) in _seen:
            return out
        _seen.add(id(self))
        moved = out.movedim(channel, -1)
        rows = moved.reshape(-1, *moved.shape[channel:])  # (rows, size), or (rows, height, width, size)
        flat = rows.flatten(0, -2)
        mean, deviation = flat.mean(0), flat.std(0, correction=0)
        spread = (rows - rows[:1]).flatten(0, -2).abs().amax(0) > LEAST_SPREAD * flat.abs().max()
        scale = torch.where(spread, self.first_spread / deviation, torch.ones_like(deviation))
        self.gain.mul_(scale.reshape(self.gain.shape))
        self.bias.sub_(mean).mul_(scale)
        rows = torch.where(spread, rows, rows[:1])  # else the next layer would scale up rounding error
        return ((rows - mean) * scale).reshape(moved.shape).movedim(-1, channel)

    def norm_of(self, v: torch.Tensor) -> torch.Tensor:
        """||v|| of every output's weights, which broadcasts against the weight."""
        return torch.linalg.vector_norm(v, dim=self._over, keepdim=True).clamp(min=LEAST_NORM)


def normalised_layers(network: torch.nn.Module) -> list[NormalisedWeight]:
    """The layers of a network that have weight normalisation."""
    layers = [module for module in network.modules() if isinstance(module, NormalisedWeight)]
    return [layer for layer in layers if layer.gain is not None]
