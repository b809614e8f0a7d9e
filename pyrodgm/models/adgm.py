"""ADGM, the auxiliary deep generative model. Maaløe et al. 2016.

    p(x, a, y, z) = p(y) p(z) p(x | y, z) p(a | x, y, z)          eqs 5-8, 21
    q(a, y, z | x) = q(a | x) q(y | a, x) q(z | a, y, x)          eqs 9-11, see auxiliary.py

    log p(x, y) >= E_q(a,z|x,y)[log p(x, a, y, z) - log q(a | x) q(z | a, y, x)] = -L(x, y)               eq. 12
    log p(x) >= E_q(a,y,z|x)[log p(x, a, y, z) - log q(a | x) q(y | a, x) q(z | a, y, x)] = -U(x)         eq. 13

Integrating a out of p gives M2's p(x, y, z). The posterior of z and y becomes a mixture over a.
Deviation from eq. 7: p(a | y, z), without x, unless ``a_reads_x``. The paper's benchmarks do the same (sec. 3).
Equations and appendices are numbered as in the preprint. The final version (Maaløe 2018, app. A) differs.
"""

from collections.abc import Sequence
from typing import Any, Literal

import pyro
import torch

from pyrodgm.checks import check_choice
from pyrodgm.models.auxiliary import AuxiliaryModel
from pyrodgm.models.networks import Networks
from pyrodgm.types import Option


class ADGM(AuxiliaryModel):
    """Auxiliary deep generative model with a class y, a style z and an auxiliary variable a.

    Args:
        x_size: number of features D.
        num_classes: number of classes K.
        z_size: number of style units.
        a_size: number of auxiliary units.
        hidden: sizes of the hidden layers, the same in every network.
        auxiliary: ``"stochastic"``, or one of the paper's two controls. ``"deterministic"`` (fig. 5): a = a(x) is a
            feature of the inference model and not a random variable, so that there is no p(a | ...). ``"uninformed"``
            (app. B): p(a) = N(0, I). The best bound is then that of a model without an a; only the class term can
            gain from a.
        a_reads_x: use p(a | x, y, z) of eq. 7 instead of p(a | y, z).
        classes: ``"enumerated"``, or ``"sampled"`` or ``"relaxed"`` if there are many, see ``DeepGenerativeModel``.
        class_prior: p(y), K probabilities; None for a uniform one.
        options: ``likelihood``, ``posterior`` and the options of every network, see ``Networks``.

    Example::

        m = ADGM(x_size=784, num_classes=10, z_size=100, a_size=100, hidden=(500, 500))
        m.classifier(x, num_samples=100)                            # (B, 10)
    """

    def __init__(
        self,
        x_size: int,
        num_classes: int,
        z_size: int = 100,
        a_size: int = 100,
        hidden: Sequence[int] = (500, 500),
        auxiliary: Literal["stochastic", "deterministic", "uninformed"] = "stochastic",
        a_reads_x: bool = False,
        classes: Option = "enumerated",
        class_prior: Sequence[float] | None = None,
        **options: Any,
    ) -> None:
        check_choice("auxiliary", auxiliary, ("stochastic", "deterministic", "uninformed"))
        stochastic, self.informed = auxiliary != "deterministic", auxiliary == "stochastic"
        super().__init__(x_size, num_classes, z_size, a_size, hidden, classes, stochastic, **options)
        self.set_class_prior(class_prior)
        nets = Networks(x_size, num_classes, hidden, **options)
        self.a_reads_x = a_reads_x
        self.p_x = nets.likelihood(z_size, num_classes)
        if self.informed:
            parents = (nets.input_size, z_size, num_classes) if a_reads_x else (z_size, num_classes)
            self.p_a = nets.normal(*parents, size=a_size)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with self.batch(x, y, size) as y:
            z = pyro.sample("z", self.standard_normal(self.z_size))  # (B, z) or (K, B, z)
            y = pyro.sample("y", self.prior_one_hot(), obs=y)  # (B, K) or (K, 1, K) enumerated
            x = pyro.sample("x", self.p_x(z, y), obs=x)  # (B, x)
            if self.informed:
                parents = (self.scaled(x), z, y) if self.a_reads_x else (z, y)
                pyro.sample("a", self.p_a(*parents))  # (B, a), with log-density (K, B)
            elif self.stochastic:
                pyro.sample("a", self.standard_normal(self.a_size))  # (B, a)
            return x
