"""BayesianVAE: a VAE with a posterior over the decoder's weights. Kingma 2017, app. 2.C, full variational Bayes.

    p(w, x, z) = p(w) p(z) p(x | z, w)
               = p(w) prod_n p(z_n) p(x_n | z_n, w)                           for the whole data set
    q(w, z | x) = q(w) q(z | x),  q(w) = N(mu, sigma^2),  p(w) = N(0, I)      eq. 2.88

    log p(X) >= sum_n E_q[log p(x_n | z_n, w) p(z_n) - log q(z_n | x_n)] - KL(q(w) || p(w))        eqs 2.78-2.81
             ~= N/M sum_m [...] - KL(q(w) || p(w)),  w ~ q                                         eqs 2.86-2.87, M rows

The bound is that of the whole data set. w is the theta of the appendix: every weight and bias of p(x | z, w).
"""

from collections.abc import Sequence
from typing import Any

import torch

from pyrodgm.checks import check_choice
from pyrodgm.handlers import DrawnWeights
from pyrodgm.isolation import seeded
from pyrodgm.models.global_weights import check_data_size, sample
from pyrodgm.models.registry import register
from pyrodgm.models.vae import VAE
from pyrodgm.nn import give_posteriors, posteriors_of, priors_of
from pyrodgm.nn.weights import layers_with_posteriors
from pyrodgm.types import Option


class BayesianVAE(VAE):
    """Variational autoencoder with a posterior over its decoder's weights.

    Each of the B rows of a batch is scaled by ``data_size`` / B. Quantities per row, such as importance weights, free
    bits and the bound of a row, exist for given weights only: ``m.at(weights)`` is the VAE with these weights.

    Args:
        x_size, z_size, hidden, options: as for ``VAE``.
        data_size: number of rows N of the data set.
        weights: ``"normal"``, or dropout of type ``"A"`` or ``"B"``, see ``BayesianMLP``.

    Raises:
        ValueError: if ``data_size`` is not a positive int or is below the number of rows given.

    Example::

        m = BayesianVAE(784, z_size=3, hidden=(100,), data_size=len(x), activation="tanh")
        with local_reparameterisation():
            SVI(m.model, m.guide, Adam({"lr": 1e-3}), TraceMeanField_ELBO()).step(x[:100])
        row_bounds(m.at(m.draw_weights()), x)
    """

    def __init__(
        self,
        x_size: int,
        z_size: int = 50,
        hidden: Sequence[int] = (500,),
        data_size: int | None = None,
        weights: Option = "normal",
        **options: Any,
    ) -> None:
        super().__init__(x_size, z_size, hidden, **options)
        self.data_size = check_data_size(data_size)
        give_posteriors(self.p_x, weights)

    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        with DrawnWeights(sample(priors_of(self.p_x))):
            return super().model(x, y, size)

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        register(self)
        sample(posteriors_of(self.p_x))
        super().guide(x, y, size)

    @torch.no_grad()
    def draw_weights(self) -> dict[str, torch.Tensor]:
        """One draw of the weights from q(w): a dict from site to value."""
        return {site: q.sample() for site, q in posteriors_of(self.p_x).items()}

    @torch.no_grad()
    def at(self, weights: dict[str, torch.Tensor]) -> VAE:
        """A copy as a VAE with these weights.

        Args:
            weights: a dict from every site of the weights to its value, as from ``draw_weights``.

        Raises:
            ValueError: if a site is missing or unknown, or a value has another shape.
        """
        wanted = {site: q.event_shape for site, q in posteriors_of(self.p_x).items()}
        for site in weights | wanted:
            check_choice("weights", site, wanted)
            if site not in weights or weights[site].shape != wanted[site]:
                got = "none" if site not in weights else f"shape {tuple(weights[site].shape)}"
                raise ValueError(f"weights: got {got} for site {site!r}, want shape {tuple(wanted[site])}")
        own = {key: value for key, value in self.arguments.items() if key not in ("data_size", "weights")}
        with seeded(0):  # any seed: all parameters are replaced
            vae = VAE(**own).to(next(self.parameters()))
        state = self.state_dict()
        vae.load_state_dict({name: state[name] for name in vae.state_dict()})
        for name, layer in layers_with_posteriors(self.p_x).items():
            plain: Any = vae.p_x.get_submodule(name)
            for parameter, value in zip((plain.weight, plain.bias), layer.posterior.at(layer, weights), strict=True):
                parameter.copy_(value)
        return vae.train(self.training)
