"""BayesianMLP: a network whose weights have a posterior. Kingma 2017, ch. 6; Kingma, Salimans and Welling 2015.

    p(y, w | x) = p(w) p(y | x, w)
                = p(w) prod_n p(y_n | x_n, w)      for the whole data set
    q(w)                                           independent normals

    sum_n log p(y_n | x_n) >= sum_n E_q(w)[log p(y_n | x_n, w)] - KL(q(w) || p(w))                 eqs 6.1-6.2
                           ~= N/M sum_m log p(y_m | x_m, w) - KL(q(w) || p(w)),  w ~ q             eq. 6.3

y is a class in a classifier, and a row of values in a regression. The choices of ``weights``:

    q(w) = N(mu, sigma^2),  p(w) = N(0, 1)                           ``"normal"``, sec. 6.2.3, app. 2.C.1
    q(w) = N(theta, alpha theta^2),  p(log |w|) = const              ``"B"``, sec. 6.3.1
    q(s_i) = N(1, alpha),  p(log |s|) = const,  w_i = s_i theta_i    ``"A"``, sec. 6.3.2

With ``"point"``, w is a parameter.

Deviations: with dropout, biases are parameters; the thesis says so of type A only. alpha is a logistic function of a
parameter, so that it stays below 1. The thesis does not state its initial value; here it is 0.5.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import pyro
import torch
from pyro.poutine.util import is_validation_enabled

from pyrodgm.checks import check_rows, check_size, check_values
from pyrodgm.handlers import DrawnWeights
from pyrodgm.isolation import seeded
from pyrodgm.models.base import Model
from pyrodgm.models.global_weights import check_data_size, sample
from pyrodgm.models.registry import register
from pyrodgm.nn import CategoricalNet, give_posteriors, likelihood_net, posteriors_of, priors_of
from pyrodgm.nn.cells import CellsNet
from pyrodgm.types import Option


class BayesianMLP(Model):
    """A fully connected classifier or regression with a posterior over its weights, trained on rows with a y only.

    The loss is that of the whole data set: each of the B rows of a batch is scaled by ``data_size`` / B.
    ``TraceMeanField_ELBO`` computes the KL divergence in closed form. ``local_reparameterisation`` samples the outputs
    of the layers instead of the weights, which makes gradients less noisy and a step no slower.

    Args:
        x_size: number of features D.
        num_classes: number of classes K of a classifier; None for a regression.
        hidden: sizes of the hidden layers.
        data_size: number of rows N of the data set.
        weights: ``"normal"``; variational dropout of type ``"A"`` or ``"B"``, with one learned ``alpha`` for each input
            unit of a layer, or for each layer or weight, ``("B", {"alpha": "layer"})``, ``("B", {"alpha": "weight"})``;
            Gaussian dropout at fixed rates of the inputs and of the hidden units, ``("A", {"alpha": (0.25, 1.0)})``;
            or ``"point"``.
        activation, init: see ``Trunk``.
        dropout: rates of binary dropout while training, of the inputs and of the hidden units, such as (0.2, 0.5).
        y_size: number of values of y in a regression; None for a classifier.
        likelihood: p(y | x, w) of a regression, see ``likelihood_net``; such as ``("normal", {"variance": 0.04})``.

    Raises:
        ValueError: if ``data_size`` is not a positive int or is below the number of rows given; if an alpha is not
            above 0 and at most 1; if both ``num_classes`` and ``y_size`` are given, or neither.

    Example::

        m = BayesianMLP(784, 10, hidden=(300, 300, 300), data_size=len(x), weights="B")
        svi = SVI(m.model, m.guide, Adam({"lr": 1e-3}), TraceMeanField_ELBO())
        with local_reparameterisation():
            svi.step(x[:100], y[:100])
        m.predict(x, num_samples=100)                               # (B, 10)
        m = BayesianMLP(784, y_size=2, hidden=(300,), data_size=len(x))
        m.predict_draws(x, num_samples=30).std(0)                   # (B, 2), larger away from the data
    """

    supervised = True
    p_y: CategoricalNet | CellsNet

    def __init__(
        self,
        x_size: int,
        num_classes: int | None = None,
        hidden: Sequence[int] = (500, 500, 500),
        data_size: int | None = None,
        weights: Option = "normal",
        activation: str = "relu",
        init: str | float = "glorot",
        dropout: float | Sequence[float] = 0.0,
        y_size: int | None = None,
        likelihood: Option = "normal",
    ) -> None:
        super().__init__(x_size, num_classes)
        if (num_classes is None) == (y_size is None):
            raise ValueError(f"y_size: got {y_size!r} with num_classes={num_classes!r}, want exactly one of the two")
        self.data_size, self.y_size = check_data_size(data_size), y_size
        network: dict[str, Any] = {"activation": activation, "init": init, "dropout": dropout}
        if num_classes is not None:
            self.p_y = CategoricalNet((x_size,), hidden, num_classes, **network)
        elif y_size is not None:
            check_size("y_size", y_size)
            self.p_y = likelihood_net(likelihood, (x_size,), hidden, y_size, **network)
        give_posteriors(self.p_y, weights)

    @contextmanager
    def batch(
        self, x: torch.Tensor | None, y: torch.Tensor | None = None, size: int = 1
    ) -> Iterator[torch.Tensor | None]:
        """As for ``Model``. In a regression, y has shape ``(B, y_size)``, with values that the likelihood allows."""
        if self.y_size is None:
            with super().batch(x, y, size) as y:
                yield y
            return
        dtype = next(self.parameters()).dtype
        if x is not None:
            check_rows("x", x, self.x_size, dtype)
        if y is not None:
            check_rows("y", y, self.y_size, dtype)
            if x is not None and len(y) != len(x):
                raise ValueError(f"y: got {len(y)} rows, want {len(x)}, one for each row of x")
            if is_validation_enabled():
                likelihood = cast(CellsNet, self.p_y)
                check_values("y", y, likelihood.support, likelihood.wanted)
        with super().batch(x, None, size if y is None else len(y)):
            yield y

    def model(self, x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
        with DrawnWeights(sample(priors_of(self.p_y))), self.batch(x, y) as y:
            return pyro.sample("y", self.p_y(x), obs=y)  # (B, K), or (B, y_size) in a regression

    def guide(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None) -> None:
        register(self)
        sample(posteriors_of(self.p_y))

    def classifier(self, x: torch.Tensor) -> torch.Tensor:
        """Class probabilities p(y | x, E[w]) of rows ``(B, D)``, with weights at their posterior means: ``(B, K)``.

        Raises:
            ValueError: in a regression.
        """
        if self.num_classes is None:
            raise ValueError(f"num_classes: got None, a regression of {self.y_size} values, want a classifier")
        return self.p_y(x).mean

    @torch.no_grad()
    def predict(self, x: torch.Tensor, num_samples: int = 10, seed: int = 0) -> torch.Tensor:
        """Class probabilities E_q(w)[p(y | x, w)] of rows ``(B, D)``: ``(B, K)``.

        In a regression, the means E_q(w)[E[y | x, w]]: ``(B, y_size)``.

        Args:
            x: rows ``(B, D)``.
            num_samples: number of draws of the weights; all rows share the same draws.
            seed: seed of the draws.

        Raises:
            ValueError: if x has the wrong shape or dtype, or ``num_samples`` is not a positive int.
        """
        return sum(self._means(x, num_samples, seed)) / num_samples

    @torch.no_grad()
    def predict_draws(self, x: torch.Tensor, num_samples: int = 10, seed: int = 0) -> torch.Tensor:
        """The values that ``predict`` averages, one set for each draw of the weights.

        Their spread is the uncertainty about the weights; the noise of y is not in it.

        Arguments and errors as for ``predict``.

        Returns:
            ``(num_samples, B, K)``, or ``(num_samples, B, y_size)`` in a regression.
        """
        return torch.stack(list(self._means(x, num_samples, seed)))

    def _means(self, x, num_samples, seed):
        """Yield E[y | x, w] for draws of w."""
        check_rows("x", x, self.x_size, next(self.parameters()).dtype)
        check_size("num_samples", num_samples)
        with seeded(seed):
            for _ in range(num_samples):
                with DrawnWeights({site: q.sample() for site, q in posteriors_of(self.p_y).items()}):
                    yield self.p_y(x).mean
