"""What the columns of a table are: their likelihood, and the scale that a network reads them on."""

from typing import NamedTuple

import numpy as np
import torch

LARGEST_COUNT = 255
NOISE = 0.1  # of standardised columns, in standard deviations


class Columns(NamedTuple):
    """The likelihood of the columns and the map to the values that it is of, x' = (x - shift) / scale.

    log p(x) = log p'(x') - sum_d log scale_d: a density is one of the table's own units. Only columns that are normal
    are shifted and scaled.
    """

    likelihood: str | tuple
    shift: np.ndarray
    scale: np.ndarray

    @property
    def is_normal(self):
        """Whether the columns are standardised."""
        return _name(self.likelihood) == "normal"

    def to_model(self, X):
        """Rows of the table as a tensor ``(B, D)`` of double precision, on the model's scale."""
        return torch.from_numpy((X - self.shift) / self.scale)

    def to_table(self, x):
        """The inverse of ``to_model``."""
        return x.double().cpu().numpy() * self.scale + self.shift

    @property
    def log_volume(self):
        """sum_d log scale_d, what log p' has to give for the change of units."""
        return float(np.log(self.scale).sum())

    def resample(self, x, generator):
        """Standardised rows with fresh noise N(0, 0.1^2), for every epoch; without it a column of few distinct values
        would be given a variance of nothing and a density without bound. Other columns stay as they are.
        """
        return x + NOISE * torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)


def describe_columns(X, likelihood=None, names=None):
    """The ``Columns`` of a table.

    Where no likelihood is given: zeros and ones are ``"bernoulli"``, so are values in [0, 1] most of which are 0 or 1,
    as the pixels of a drawing; counts up to 255 that most columns share the scale of are ``("binomial",
    {"total_count": largest})``; anything else is standardised and ``"normal"``.

    Args:
        X: rows ``(N, D)``, finite.
        likelihood: as for ``likelihood_net``, or None.
        names: of the columns, for messages; or None.

    Raises:
        ValueError: for values that the likelihood cannot have, and for a constant column of a normal one.
    """
    if likelihood is None:
        likelihood = _guess(X)
    identity = Columns(likelihood, np.zeros(X.shape[1]), np.ones(X.shape[1]))
    if not identity.is_normal:
        return identity
    shift, scale = X.mean(0), X.std(0)
    constant = np.flatnonzero(scale <= 1e-12 * (1 + np.abs(shift)))
    if len(constant):
        found = ", ".join(repr(str(names[d])) if names is not None else str(d) for d in constant[:5])
        raise ValueError(
            f"X: got {len(constant)} constant columns ({found}), want columns that vary, or another likelihood than "
            "normal: a constant has no density. sklearn.feature_selection.VarianceThreshold drops them"
        )
    return Columns(likelihood, shift, scale)


def _guess(X):
    ends = (X == 0) | (X == 1)
    low, high = X.min(), X.max()
    if ends.all() or (low >= 0 and high <= 1 and ends.mean() > 0.5):
        return "bernoulli"
    is_count = low >= 0 and high <= LARGEST_COUNT and (X.round() == X).all()
    if is_count and np.median(X.max(0)) >= high / 2:
        return ("binomial", {"total_count": int(high)})
    return "normal"


def _name(likelihood):
    return likelihood if isinstance(likelihood, str) else likelihood[0]
