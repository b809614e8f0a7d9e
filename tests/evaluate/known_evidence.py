"""User-defined pairs with a known evidence."""

import math

import pyro
import pyro.distributions as dist
import torch

from pyrodgm.distributions import ObservedCells


class LinearNormal(torch.nn.Module):
    """z ~ N(0, I), x | z ~ N(Wz + b, s^2 I); so p(x) = N(b, W W' + s^2 I). The guide is wrong in mean and scale."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias, self.noise = torch.randn(4, 2).double(), torch.randn(4).double(), 0.8

    def model(self, x, y=None):
        with pyro.plate("rows", len(x)):
            z = pyro.sample("z", dist.Normal(x.new_zeros(2), x.new_ones(2)).to_event(1))
            pyro.sample("x", dist.Normal(z @ self.weight.T + self.bias, self.noise).to_event(1), obs=x)

    def guide(self, x, y=None):
        precision = torch.eye(2) + self.weight.T @ self.weight / self.noise**2
        mean = torch.linalg.solve(precision, self.weight.T @ (x - self.bias).T / self.noise**2).T
        with pyro.plate("rows", len(x)):
            pyro.sample("z", dist.Normal(mean + 0.1, 1.2 * precision.diagonal() ** -0.5).to_event(1))

    def evidence(self, x):
        covariance = self.weight @ self.weight.T + self.noise**2 * torch.eye(4)
        return dist.MultivariateNormal(self.bias, covariance).log_prob(x)


class Discrete(torch.nn.Module):
    """y of three classes, c of two values, x of four bits; the evidence is a sum of six terms.

    Where y is enumerated is an argument: ``"guide"``, ``"model"`` (the guide has no y), or ``"nowhere"`` (the guide
    draws y).
    """

    num_classes = 3

    def __init__(self, enumerated="guide"):
        super().__init__()
        self.enumerated = enumerated
        self.p_y, self.q_y = torch.randn(3).double(), torch.randn(3).double()
        self.p_c, self.q_c = torch.rand(3).double(), 0.2 + 0.6 * torch.rand(3).double()
        self.p_x = torch.rand(3, 2, 4).double()

    def model(self, x, y=None):
        parallel = {"enumerate": "parallel"} if self.enumerated == "model" else {}
        with pyro.plate("rows", len(x)):
            y = pyro.sample("y", dist.Categorical(logits=self.p_y), obs=y, infer=parallel)
            c = pyro.sample("c", dist.Bernoulli(self.p_c[y]))
            pyro.sample("x", dist.Bernoulli(self.p_x[y, c.long()]).to_event(1), obs=x)

    def guide(self, x, y=None):
        parallel = {"enumerate": "parallel"} if self.enumerated == "guide" else {}
        with pyro.plate("rows", len(x)):
            if self.enumerated == "model":
                y = torch.zeros(len(x), dtype=torch.long)
            elif y is None:
                y = pyro.sample("y", dist.Categorical(logits=self.q_y + x[:, :3]), infer=parallel)
            pyro.sample("c", dist.Bernoulli(self.q_c[y]))

    def joint(self, x):
        """log p(x, y) of every row and class, ``(B, 3)``."""
        p_x = dist.Bernoulli(self.p_x).to_event(1).log_prob(x[:, None, None])  # (B, y, c)
        p_c = torch.stack([1 - self.p_c, self.p_c], -1).log()
        return (p_x + p_c).logsumexp(-1) + self.p_y.log_softmax(-1)

    def evidence(self, x):
        return self.joint(x).logsumexp(-1)

    def data(self):
        """All sixteen rows of four bits; their evidence sums to one."""
        x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 4)
        assert math.isclose(float(self.evidence(x).exp().sum()), 1.0)
        return x


class LinearNormalWithMissing(LinearNormal):
    """The same with missing cells, NaN, left out of log p(x); the guide reads them as 0 and is wrong, but wide."""

    def model(self, x, y=None):
        with pyro.plate("rows", len(x)):
            z = pyro.sample("z", dist.Normal(x.new_zeros(2), x.new_ones(2)).to_event(1))
            pyro.sample("x", ObservedCells(dist.Normal(z @ self.weight.T + self.bias, self.noise), 1), obs=x)

    def guide(self, x, y=None):
        mean = 0.1 * x.nan_to_num(0.0) @ self.weight
        with pyro.plate("rows", len(x)):
            pyro.sample("z", dist.Normal(mean, 1.2).to_event(1))

    def _normal(self):
        return self.bias, self.weight @ self.weight.T + self.noise**2 * torch.eye(4)

    def evidence(self, x):
        """log p(x_obs) of every row, a normal's marginal."""
        mean, covariance = self._normal()
        rows = [
            dist.MultivariateNormal(mean[seen], covariance[seen][:, seen]).log_prob(row[seen]) if seen.any() else 0.0
            for row, seen in zip(x, ~x.isnan(), strict=True)
        ]
        return torch.tensor(rows, dtype=torch.float64)

    def conditional(self, row):
        """Mean and covariance of the missing cells of one row given the others."""
        mean, covariance = self._normal()
        lost = row.isnan()
        gain = torch.linalg.solve(covariance[~lost][:, ~lost], covariance[~lost][:, lost]).T
        return (
            mean[lost] + gain @ (row - mean)[~lost],
            covariance[lost][:, lost] - gain @ covariance[~lost][:, lost],
        )
