"""The inference model q(a | x) q(y | a, x) q(z | a, y, x) of ADGM and SDGM, and its classifier."""

from collections.abc import Sequence
from typing import Any

import pyro
import torch

from pyrodgm.checks import check_size
from pyrodgm.distributions import reparameterise
from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.networks import Networks
from pyrodgm.types import Option


class AuxiliaryModel(DeepGenerativeModel):
    """Base class with the guide of Maaløe et al. 2016, eqs 9-11. A subclass writes the generative model."""

    def __init__(
        self,
        x_size: int,
        num_classes: int,
        z_size: int,
        a_size: int,
        hidden: Sequence[int],
        classes: Option,
        stochastic: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(x_size, num_classes, z_size, classes)
        check_size("a_size", a_size)
        self.a_size, self.stochastic = a_size, stochastic
        nets = Networks(x_size, num_classes, hidden, **options)
        read = nets.input_size
        self.q_a = nets.posterior(read, size=a_size) if stochastic else nets.mlp(read, size=a_size)
        self.q_y = nets.categorical(a_size, read)
        self.q_z = nets.posterior(a_size, num_classes, read, size=z_size)

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size) as y:
            x = self.scaled(x)
            a = pyro.sample("a", self.q_a(x)) if self.stochastic else self.q_a(x)  # (B, a)
            if y is None:
                y = self.sample_class(self.q_y(a, x))  # (K, 1, K)
            pyro.sample("z", self.q_z(a, y, x))  # (B, z) or (K, B, z)

    def classifier(self, x: torch.Tensor, num_samples: int = 10, seed: int = 0) -> torch.Tensor:
        """Class probabilities E_q(a|x)[q(y | a, x)] (Maaløe et al. 2016, eqs 10 and 14).

        The noise of ``a`` is fixed by ``seed`` and shared by all rows, so that the result for a row does not depend
        on the other rows.

        Args:
            x: rows ``(B, D)``.
            num_samples: number of samples of ``a``; ignored if ``a`` is deterministic.

        Returns:
            ``(B, K)``.
        """
        x = self.scaled(x)
        if not self.stochastic:
            return self.q_y(self.q_a(x), x).probs
        a = reparameterise(self.q_a(x), self.shared_noise(num_samples, seed, self.a_size))  # (S, B, a)
        return self.q_y(a, x).probs.mean(0)
