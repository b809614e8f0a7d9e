"""The planar flow (Rezende and Mohamed 2015, sec. 4.1)."""

import math

import torch

from pyrodgm.distributions.flow_step import FlowStep, softplus_from_one


class Planar(FlowStep):
    """f(z) = z + v tanh(w.z + b)                                            (Kingma 2017, eq. 5.17)

    log |det df/dz| = log(1 + w.v sech^2(w.z + b))

    f is one to one if w.v > -1 (Rezende and Mohamed 2015, app. A.1), see ``one_to_one``. The inverse is one scalar
    root: t = w.z + b solves t + w.v tanh t = w.y + b, whose left side increases with t. Bisection finds the root; one
    Newton step adds the last digits and the gradient.

    Args:
        v, w: ``(..., D)``.
        b: ``(...)``.
        slope: 1 + w.v, ``(...)``; above zero.

    Example::

        u, w = torch.randn(5, 2), torch.randn(5, 2)
        v, slope = one_to_one(u, w)
        step = Planar(v, w, torch.zeros(5), slope)
        step.inv(step(torch.ones(5, 2)))        # ones
    """

    def __init__(self, v: torch.Tensor, w: torch.Tensor, b: torch.Tensor, slope: torch.Tensor) -> None:
        super().__init__(torch.broadcast_shapes(v.shape[:-1], w.shape[:-1], b.shape))
        self.v, self.w, self.b, self.slope = v, w, b, slope

    def forward_and_log_det(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """f(z) and the log-determinant."""
        t = (self.w * z).sum(-1) + self.b
        tanh = torch.tanh(t)
        return z + self.v * tanh.unsqueeze(-1), self._derivative(t, tanh).log()

    def inverse_and_log_det(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """z = y - v tanh t, and the log-determinant there."""
        t = self._root((self.w * y).sum(-1) + self.b)
        tanh = torch.tanh(t)
        return y - self.v * tanh.unsqueeze(-1), self._derivative(t, tanh).log()

    def _derivative(self, t, tanh):
        """1 + w.v sech^2 t = tanh^2 t + (1 + w.v) sech^2 t, without cancellation."""
        return tanh.square() + 4 * self.slope * torch.sigmoid(2 * t) * torch.sigmoid(-2 * t)

    def _root(self, c):
        """t with t + w.v tanh t = c, which lies within |w.v| of c."""
        a = self.slope - 1
        with torch.no_grad():
            low, high = c - a.abs(), c + a.abs()
            for _ in range(torch.finfo(c.dtype).bits):
                t = (low + high) / 2
                above = t + a * torch.tanh(t) > c
                low, high = torch.where(above, low, t), torch.where(above, t, high)
            derivative = self._derivative(t, torch.tanh(t)).clamp(min=torch.finfo(c.dtype).tiny)
        return t - (t + a * torch.tanh(t) - c) / derivative


def one_to_one(u: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """v of a planar step from an unconstrained u, and 1 + w.v.

    v = u + [m(w.u) - w.u] w / |w|^2,   m(a) = log(1 + (e - 1) exp(a)) - 1,   so that w.v = m(w.u) > -1

    Rezende and Mohamed (2015, app. A.1) have m(a) = log(1 + exp(a)) - 1, which is not 0 at 0. v is then infinite at
    w = 0, which occurs with dead ReLUs. With the m used here, v = u at w = 0.

    Args:
        u, w: ``(..., D)``.

    Returns:
        v ``(..., D)``, and 1 + w.v ``(...)``.
    """
    a = (w * u).sum(-1)
    square = w.square().sum(-1, keepdim=True)
    dead = square < torch.finfo(w.dtype).tiny
    v = u + _excess(a).unsqueeze(-1) * w / square.masked_fill(dead, 1.0)
    return torch.where(dead, u, v), softplus_from_one(a)


def _excess(a):
    """m(a) - a: 0 at 0, and accurate near 0, because it is divided by |w|^2."""
    above = torch.log1p(torch.expm1(-a.clamp(min=0)) / math.e)
    below = torch.log1p(torch.expm1(a.clamp(max=0)) * (1 - 1 / math.e)) - a
    return torch.where(a > 0, above, below)
