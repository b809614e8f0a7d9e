"""The radial flow (Rezende and Mohamed 2015, sec. 4.1)."""

import torch

from pyrodgm.distributions.flow_step import FlowStep, softplus_from_one


class Radial(FlowStep):
    """f(z) = z + beta (z - z_0) / (alpha + r),  r = |z - z_0|               (Rezende and Mohamed 2015, eq. 14)

    log |det df/dz| = (D - 1) log(1 + beta / (alpha + r)) + log(1 + alpha beta / (alpha + r)^2)

    f is one to one if beta >= -alpha (app. A.2), so beta = alpha (log(1 + (e - 1) exp(c)) - 1). At c = 0, f is then the
    identity. With the paper's beta = -alpha + log(1 + exp(c)) it is not.

    The inverse is a quadratic: rho = |f(z) - z_0| = r + beta r / (alpha + r).

    Args:
        centre: z_0, ``(..., D)``.
        alpha: above zero, ``(...)``.
        c: ``(...)``.

    Example::

        step = Radial(torch.zeros(2), torch.tensor(1.0), torch.tensor(2.0))
        step(torch.randn(5, 2))                 # pushed away from the origin
    """

    def __init__(self, centre: torch.Tensor, alpha: torch.Tensor, c: torch.Tensor) -> None:
        super().__init__(torch.broadcast_shapes(centre.shape[:-1], alpha.shape, c.shape))
        self.centre, self.alpha = centre, alpha
        self.edge = alpha * softplus_from_one(c)  # alpha + beta

    def forward_and_log_det(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """f(z) and the log-determinant."""
        away = z - self.centre
        stretch, log_det = self._stretch(_norm(away), z.shape[-1])
        return self.centre + away * stretch.unsqueeze(-1), log_det

    def inverse_and_log_det(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """z, and the log-determinant there."""
        away = y - self.centre
        rho = _norm(away)
        p = rho - self.edge  # r^2 - p r - alpha rho = 0
        q = (p.square() + 4 * self.alpha * rho).sqrt() + p.abs()
        r = torch.where(p > 0, q / 2, 2 * self.alpha * rho / q)
        stretch, log_det = self._stretch(r, y.shape[-1])
        return self.centre + away / stretch.unsqueeze(-1), log_det

    def _stretch(self, r, size):
        """1 + beta / (alpha + r), and the log-determinant."""
        far = self.alpha + r
        stretch = (self.edge + r) / far
        outwards = ((r + 2 * self.alpha) * r + self.alpha * self.edge) / far.square()  # 1 + alpha beta / (alpha + r)^2
        return stretch, (size - 1) * stretch.log() + outwards.log()


def _norm(vectors):
    return torch.linalg.vector_norm(vectors, dim=-1)
