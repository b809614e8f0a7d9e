"""BayesianMLP: a classifier whose weights have a posterior. Kingma 2017, ch. 6; Kingma, Salimans and Welling 2015.

    p(y, w | x) = p(w) p(y | x, w)     for the whole data set: p(w) prod_n p(y_n | x_n, w)
    q(w)                               independent normals

    sum_n log p(y_n | x_n) >= sum_n E_q(w)[log p(y_n | x_n, w)] - KL(q(w) || p(w))                 eqs 6.1-6.2
                           ~ N/M sum_m log p(y_m | x_m, w) - KL(q(w) || p(w)),  w ~ q              eq. 6.3

The choices of ``weights``:

    normal      p(w) = N(0, 1)                     q(w) = N(mu, sigma^2)                           sec. 6.2.3
    B           p(log |w|) = const                 q(w) = N(theta, alpha theta^2)                  sec. 6.3.1
    A           p(log |s|) = const, w_i = s_i theta_i    q(s_i) = N(1, alpha)                      sec. 6.3.2
    point       none: w is a parameter

Deviations: with dropout, biases are parameters; the thesis says so of type A only. alpha is a logistic function of a
parameter, so that it stays below 1. The thesis does not state its initial value; here it is 0.5.
"""

from collections.abc import Sequence
from typing import Any

import pyro
import torch

from pyrodgm.checks import check_rows, check_size
from pyrodgm.handlers import DrawnWeights
from pyrodgm.isolation import seeded
from pyrodgm.models.base import Model
from pyrodgm.models.global_weights import check_data_size, sample
from pyrodgm.models.registry import register
from pyrodgm.nn import CategoricalNet, give_posteriors, posteriors_of, priors_of
from pyrodgm.types import Option


class BayesianMLP(Model):
    """A fully connected classifier with a posterior over its weights, trained on labelled rows only.

    The loss is that of the whole data set: each of the B rows of a batch is scaled by ``data_size`` / B.
    ``TraceMeanField_ELBO`` computes the KL divergence in closed form. ``local_reparameterisation`` samples the outputs
    of the layers instead of the weights, which makes gradients less noisy and a step no slower.

    Args:
        x_size: number of features D.
        num_classes: number of classes K.
        hidden: sizes of the hidden layers.
        data_size: number of rows N of the data set.
        weights: ``"normal"``; variational dropout of type ``"A"`` or ``"B"``, with one learned ``alpha`` for each input
            unit of a layer, or for each layer or weight, ``("B", {"alpha": "layer"})``, ``("B", {"alpha": "weight"})``;
            Gaussian dropout at fixed rates of the inputs and of the hidden units, ``("A", {"alpha": (0.25, 1.0)})``;
            or ``"point"``.
        activation, init: see ``Trunk``.
        dropout: rates of binary dropout while training, of the inputs and of the hidden units, such as (0.2, 0.5).

    Raises:
        ValueError: if ``data_size`` is not a positive int or is below the number of rows given; if an alpha is not
            above 0 and at most 1.

    Example::

        m = BayesianMLP(784, 10, hidden=(300, 300, 300), data_size=len(x), weights="B")
        svi = SVI(m.model, m.guide, Adam({"lr": 1e-3}), TraceMeanField_ELBO())
        with local_reparameterisation():
            svi.step(x[:100], y[:100])
        m.predict(x, num_samples=100)                               # (B, 10)
    """

    supervised = True

    def __init__(
        self,
        x_size: int,
        num_classes: int,
        hidden: Sequence[int] = (500, 500, 500),
        data_size: int | None = None,
        weights: Option = "normal",
        activation: str = "relu",
        init: str | float = "glorot",
        dropout: float | Sequence[float] = 0.0,
    ) -> None:
        super().__init__(x_size, num_classes)
        self.data_size = check_data_size(data_size)
        self.p_y = CategoricalNet((x_size,), hidden, num_classes, activation=activation, init=init, dropout=dropout)
        give_posteriors(self.p_y, weights)

    def model(self, x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
        with DrawnWeights(sample(priors_of(self.p_y))), self.batch(x, y) as y:
            return pyro.sample("y", self.p_y(x), obs=y)  # (B, K)

    def guide(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None) -> None:
        register(self)
        sample(posteriors_of(self.p_y))

    def classifier(self, x: torch.Tensor) -> torch.Tensor:
        """Class probabilities p(y | x, E[w]) of rows ``(B, D)``, with weights at their posterior means: ``(B, K)``."""
        return self.p_y(x).probs

    @torch.no_grad()
    def predict(self, x: torch.Tensor, num_samples: int = 10, seed: int = 0) -> torch.Tensor:
        """Class probabilities E_q(w)[p(y | x, w)] of rows ``(B, D)``: ``(B, K)``.

        Args:
            x: rows ``(B, D)``.
            num_samples: number of draws of the weights; all rows share the same draws.
            seed: seed of the draws.

        Raises:
            ValueError: if x has the wrong shape or dtype, or ``num_samples`` is not a positive int.
        """
        check_rows("x", x, self.x_size, next(self.parameters()).dtype)
        check_size("num_samples", num_samples)
        total: Any = 0.0  # a tensor from the first draw on
        with seeded(seed):
            for _ in range(num_samples):
                with DrawnWeights({site: q.sample() for site, q in posteriors_of(self.p_y).items()}):
                    total = total + self.p_y(x).probs
        return total / num_samples
