"""The step of an inverse autoregressive flow (Kingma 2017, secs 5.3 and 5.4)."""

from collections.abc import Callable, Sequence

import torch
from torch.distributions import constraints

from pyrodgm.distributions.flow_step import FlowStep


class Autoregressive(FlowStep):
    """f(z) = mu(z) + sigma(z) z    where mu_i and sigma_i depend only on units before z_i (Kingma 2017, eq. 5.27)

    log |det df/dz| = sum_i log sigma_i(z)                                   (eq. 5.22)

    The inverse is sequential: z_i = (y_i - mu_i) / sigma_i, with one call of the network per unit. The log-density of a
    sample uses the cached log sigma.

    Args:
        network: a function of z ``(..., D)`` that returns mu and log sigma, each ``(..., D)``.
        order: the indices of the units in autoregressive order.
        batch_shape: batch shape of the other inputs of the network.
        event_dim: number of dimensions of a value: 1 for vectors, 3 for feature maps ``(..., C, H, W)``, for which
            ``order`` indexes the flattened values.

    Example::

        net = MaskedNet(4, (), (16,))
        Autoregressive(net, net.order)(torch.randn(5, 4))
    """

    autoregressive = True  # Pyro's attribute of transforms with a sequential inverse

    def __init__(
        self,
        network: Callable[[torch.Tensor], Sequence[torch.Tensor]],
        order: Sequence[int],
        batch_shape: Sequence[int] = (),
        event_dim: int = 1,
    ) -> None:
        super().__init__(batch_shape)
        self.network, self.order = network, order
        if event_dim != 1:
            self.domain = self.codomain = constraints.independent(constraints.real, event_dim)

    def forward_and_log_det(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """f(z), and log sigma of every unit."""
        mu, log_sigma = self.network(z)
        return mu + log_sigma.exp() * z, log_sigma

    def inverse_and_log_det(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """z, and log sigma of every unit."""
        y = y.expand(self.inverse_shape(y.shape))
        event = y.shape[-self.domain.event_dim :]
        y = y.flatten(-len(event))
        units = [torch.zeros_like(y[..., 0])] * y.shape[-1]
        for i in self.order:
            mu, log_sigma = (part.flatten(-len(event)) for part in self.network(_stacked(units, event)))
            units[i] = (y[..., i] - mu[..., i]) * torch.exp(-log_sigma[..., i])
        return _stacked(units, event), log_sigma.unflatten(-1, event)  # from the last call, where all units are known

    def log_scales(self, x: torch.Tensor) -> torch.Tensor:
        """log sigma of every unit at x, with the shape of x."""
        return self._log_det(x)

    def log_abs_det_jacobian(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The sum of log sigma, ``(...)``."""
        return self._log_det(x).flatten(-self.domain.event_dim).sum(-1)


def _stacked(units, event):
    return torch.stack(units, -1).unflatten(-1, event)
