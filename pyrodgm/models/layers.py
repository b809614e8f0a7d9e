"""The generative model of L layers of latents: p(x | z_1) p(z_1 | z_2) ... p(z_{L-1} | z_L) p(z_L)."""

from collections.abc import Sequence
from typing import Any

import pyro
import torch
from torch.nn import ModuleList

from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.networks import Networks, check_layer_sizes, hidden_by_layer


def networks_by_layer(
    x_size: int,
    num_classes: int | None,
    z_sizes: Sequence[int],
    hidden: Sequence[int] | Sequence[Sequence[int]],
    **options: Any,
) -> list[Networks]:
    """The ``Networks`` of every layer, bottom first, each with the layer's hidden sizes.

    Raises:
        ValueError: if ``z_sizes`` is empty or has other values than positive ints; if ``hidden`` has tuples for
            another number of layers.
    """
    check_layer_sizes("z_sizes", z_sizes)
    return [Networks(x_size, num_classes, sizes, **options) for sizes in hidden_by_layer(hidden, len(z_sizes))]


class LayeredModel(DeepGenerativeModel):
    """A model of L layers (Sønderby et al. 2016, eqs 1-3; Maaløe 2018, eqs 3.32-3.34); a subclass writes the guide.

    p(x | z_1) has the hidden layers of layer 1, p(z_i | z_{i+1}) those of layer i + 1. The connection between two
    layers therefore has the same size in both directions.
    """

    def __init__(self, x_size: int, z_sizes: Sequence[int], nets: Sequence[Networks]) -> None:
        super().__init__(x_size, None, z_sizes[-1])
        self.z_sizes, self.top = z_sizes, f"z{len(z_sizes)}"
        self.p_x = nets[0].likelihood(z_sizes[0])
        self.p_z = ModuleList(nets[i + 1].normal(z_sizes[i + 1], size=z_sizes[i]) for i in range(len(z_sizes) - 1))

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size):
            return pyro.sample("x", self.p_x(self.sample_layers()[0]), obs=x)  # (B, x)

    def sample_layers(self) -> list[torch.Tensor]:
        """z_1, ..., z_L, drawn from the top down."""
        z = [pyro.sample(self.top, self.standard_normal(self.z_size))]  # (B, z_L)
        for i in reversed(range(len(self.p_z))):
            z.insert(0, pyro.sample(f"z{i + 1}", self.p_z[i](z[0])))  # (B, z_i)
        return z
