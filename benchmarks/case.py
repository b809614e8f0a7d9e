"""The model of a benchmark step, its sizes and its data."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Case:
    model: str  # "VAE", "M2" or "ADGM"
    num_classes: int = 10
    rows: int = 100  # labelled rows, and as many unlabelled ones; a VAE takes only the unlabelled ones
    hidden: tuple = (500, 500)
    z_size: int = 50
    a_size: int = 50
    x_size: int = 784
    precision: str = "float32"  # or "bfloat16"
    num_particles: int = 1
    device: str = "cpu"

    def data(self):
        """The labelled x, their classes y (indices), and the unlabelled x."""
        generator = torch.Generator().manual_seed(0)
        x = torch.rand(2, self.rows, self.x_size, generator=generator).round().to(self.device)
        return x[0], torch.arange(self.rows, device=self.device) % self.num_classes, x[1]
