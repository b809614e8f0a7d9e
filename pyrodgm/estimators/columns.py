"""The likelihood and the scaling of the columns of a table."""

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import torch

from pyrodgm.checks import split_option, stack_level
from pyrodgm.distributions import column_widths
from pyrodgm.types import Option

LARGEST_COUNT, LARGEST_GREY = 32, 255
NOISE, DISTINCT = 0.1, 1500  # see ``_noise``
FARTHEST, NORMAL_QUARTILES = 10, 1.349  # see ``Columns.clip``; distance between the quartiles of N(0, 1)


class Columns(NamedTuple):
    """The likelihood of the columns, and the scaling of the cells that a model reads, x' = (x - shift) / scale.

    log p(x) = log p'(x') - sum_d log scale_d converts a density to the units of the table. Only normal columns are
    shifted. Grey values are divided by 255, without a change of density. ``missing`` is how networks read a missing
    cell, see ``Networks``: with a mask if there are missing cells to learn from.

    A cell of the table is a cell of the model, except in a categorical column of a ``"mixed"`` likelihood. There the
    table has the place of the category among C, and the model has C one-hot cells, see ``MixedNet``. ``shift`` and
    ``scale`` are those of the model's cells, W in all. So is ``noise``, see ``resample``. It is 0.1 for all
    cells in estimators saved by version 0.2.0 or earlier.

    A normal column that is constant has no density, and is left out of the model. Its scale is 0, the model reads all
    its cells as missing, and in the rows that the model returns the column has its constant.
    """

    likelihood: str | tuple
    shift: np.ndarray
    scale: np.ndarray
    missing: str = "zeros"
    noise: np.ndarray | float = NOISE

    @property
    def is_normal(self) -> bool:
        """Whether there are normal columns. They are standardised."""
        return bool(self.normal_cells.any())

    @property
    def normal_cells(self) -> np.ndarray:
        """Which of the model's cells are those of normal columns, ``(W,)``."""
        kinds = _kinds(self.likelihood)
        if kinds is None:
            return np.full(len(self.shift), _name(self.likelihood) == "normal")
        return np.repeat([kind == "normal" for kind in kinds], column_widths(kinds))

    @property
    def left_out(self) -> np.ndarray:
        """Which of the model's cells are left out because their column is constant, ``(W,)``."""
        return self.scale == 0

    def to_model(self, X: np.ndarray) -> torch.Tensor:
        """Rows of the table ``(B, D)`` as a tensor ``(B, W)`` of double precision, on the model's scale."""
        kinds = _kinds(self.likelihood)
        if kinds is not None:
            widths = column_widths(kinds)
            X, places = np.repeat(X, widths, axis=1), np.concatenate([np.arange(width) for width in widths])
            categorical = np.repeat([not isinstance(kind, str) for kind in kinds], widths)
            X = np.where(categorical & ~np.isnan(X), np.equal(X, places), X)
        return torch.from_numpy((X - self.shift) / np.where(self.left_out, np.nan, self.scale))

    def to_table(self, x: torch.Tensor | np.ndarray) -> np.ndarray:
        """The inverse of ``to_model``, for rows ``(..., W)`` in a tensor or an array; returns an array.

        Where x has the probabilities of categories, the most probable one is taken.
        """
        cells = torch.as_tensor(x, dtype=torch.float64, device="cpu").numpy() * self.scale + self.shift
        kinds = _kinds(self.likelihood)
        if kinds is None:
            return cells
        blocks = np.split(cells, np.cumsum(column_widths(kinds))[:-1], axis=-1)
        pairs = zip(kinds, blocks, strict=True)
        return np.stack([block[..., 0] if isinstance(kind, str) else block.argmax(-1) for kind, block in pairs], -1)

    def clip(self, X: np.ndarray) -> np.ndarray:
        """Rows of the table in which no cell of a normal column is further than ten scales from the shift."""
        kinds = _kinds(self.likelihood)
        first = slice(None) if kinds is None else np.cumsum([0, *column_widths(kinds)[:-1]])
        shift, limit = self.shift[first], np.where(self.normal_cells, FARTHEST * self.scale, np.inf)[first]
        return np.clip(X, shift - limit, shift + limit)

    def log_volume(self, x: torch.Tensor) -> torch.Tensor:
        """sum_d log scale_d over the observed cells of rows x: log p' minus log p in the units of the table."""
        log_scale = np.log(np.where(self.left_out, 1, self.scale)) if self.is_normal else np.zeros_like(self.scale)
        return (~x.isnan()).double() @ torch.from_numpy(log_scale).to(x.device)

    def resample(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Rows x with fresh noise N(0, noise_d^2) in the cells of normal columns, for every epoch of training.

        Without noise, a column with few distinct values would get a variance near zero and an unbounded density.
        """
        noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        return x + torch.from_numpy(self.noise * self.normal_cells).to(x) * noise


def describe_columns(
    X: np.ndarray,
    likelihood: Option | None = None,
    names: Sequence[str] | None = None,
    scaling: Literal["standard", "robust"] = "standard",
) -> Columns:
    """The ``Columns`` of a table.

    If no likelihood is given, it is chosen from the values:

    - zeros and ones, or values in [0, 1] that are mostly 0 or 1, like the pixels of a drawing: ``"bernoulli"``;
    - counts, if most columns begin at 0 and share one scale: ``("binomial", {"total_count": largest})`` if the largest
      count is at most 32; if it is at most 255, as in grey images, ``"bernoulli"`` of the counts divided by 255;
    - anything else: ``"normal"``, of standardised columns.

    A ``"mixed"`` likelihood, for a data frame with columns of several kinds, is never chosen here; it is always given.

    Args:
        X: rows ``(N, D)``, finite except for missing cells, which are NaN and are ignored.
        likelihood: as for ``likelihood_net``, or None.
        names: names of the columns, for messages; or None.
        scaling: of normal columns: ``"standard"`` by mean and standard deviation; or ``"robust"`` by the median and the
            distance between the quartiles, divided by its value for N(0, 1). A column whose quartiles are equal is
            scaled by its standard deviation.

    Raises:
        ValueError: for a column without a value, and if all columns are constant under a normal likelihood.

    Warns:
        UserWarning: for a constant column of a normal likelihood, which is left out, and for a cell so far from the
            rest of its column that the other rows hardly differ after scaling.
    """
    largest, columns = 1.0, partial(_named, names=names)
    empty = np.flatnonzero(np.isnan(X).all(0))
    if len(empty):
        raise ValueError(
            f"X: got columns without a single value ({columns(empty)}), want values to learn from: drop such columns"
        )
    if likelihood is None:
        likelihood, largest, _ = _guess(X)
    missing = "mask" if np.isnan(X).any() else "zeros"
    kinds = _kinds(likelihood)
    if kinds is not None and len(kinds) != X.shape[1]:
        raise ValueError(f"likelihood: got {len(kinds)} columns, want {X.shape[1]}, as many as X has")
    is_normal = [kind == "normal" for kind in kinds or [_name(likelihood)] * X.shape[1]]
    shift, scale, normal = np.zeros(X.shape[1]), np.full(X.shape[1], largest), np.flatnonzero(is_normal)
    if len(normal):
        with np.errstate(over="ignore", invalid="ignore"):
            shift[normal], scale[normal] = np.nanmean(X[:, normal], 0), np.nanstd(X[:, normal], 0)
    endless = normal[~np.isfinite(scale[normal])]
    if len(endless):
        high = np.nanmax(np.abs(X[:, endless]))
        raise ValueError(f"X: got values up to {high:g} in columns ({columns(endless)}), want less than 1e150")
    constant = normal[scale[normal] <= 1e-12 * np.abs(shift[normal])]
    if len(constant) == X.shape[1]:
        raise ValueError(
            f"X: got only constant columns ({columns(constant)}), want at least one column that varies, or a "
            "likelihood other than normal: a constant has no density"
        )
    if len(constant):
        warnings.warn(
            f"X: got constant columns ({columns(constant)}), want columns that vary: they are left out of the model",
            UserWarning,
            stacklevel=stack_level(),
        )
        shift[constant], scale[constant] = np.nanmax(X[:, constant], 0), 0.0
    if scaling == "robust":
        low, middle, high = np.nanquantile(X, [0.25, 0.5, 0.75], axis=0)
        chosen = normal[((high > low) & (scale > 0))[normal]]
        shift[chosen], scale[chosen] = middle[chosen], (high - low)[chosen] / NORMAL_QUARTILES
    _warn_of_far_cells(X, normal, scale, names)
    widths = 1 if kinds is None else column_widths(kinds)
    noise = np.full(X.shape[1], NOISE)
    noise[normal] = [_noise(X[:, d]) for d in normal]
    shift, scale, noise = (np.repeat(column, widths) for column in (shift, scale, noise))
    return Columns(likelihood, shift, scale, missing, noise)


def _noise(column):
    """The noise of a normal column in training, in standard deviations.

    It is 0.1, which helps on small tables. In a column of more than 1,500 distinct values it is smaller: the values lie
    closer together, and 0.1 would blur the differences between classes.
    """
    distinct = len(np.unique(column[~np.isnan(column)]))
    return NOISE * min(1.0, DISTINCT / distinct)


def _warn_of_far_cells(X, normal, scale, names):
    """Warn if most of a column spans less than a hundredth of its standard deviation, because of a few far cells."""
    low = np.nanquantile(X, 0.05, axis=0, method="higher")  # a value, so that one far cell counts in no small table
    high = np.nanquantile(X, 0.95, axis=0, method="lower")
    for d in normal[((high - low < 0.01 * scale) & (high > low))[normal]][:3]:
        row = int(np.nanargmax(np.abs(X[:, d] - np.nanmedian(X[:, d]))))
        column = repr(str(names[d])) if names is not None else d
        warnings.warn(
            f"X: got {X[row, d]:g} in row {row}, column {column}, where most values lie from {low[d]:g} to "
            f"{high[d]:g}: after standardisation the other rows hardly differ; use scaling='robust', clip the column, "
            "or use sklearn.preprocessing.QuantileTransformer(output_distribution='normal') in a pipeline",
            UserWarning,
            stacklevel=stack_level(),
        )


def reason_for_likelihood(X: np.ndarray) -> str:
    """Why ``describe_columns`` chooses its likelihood for X."""
    return _guess(X)[2]


def _guess(X):
    """A likelihood, the number that X is divided by, and the reason."""
    values = X[~np.isnan(X)]
    ends, low, high = (values == 0) | (values == 1), values.min(), values.max()
    if ends.all():
        return "bernoulli", 1.0, "because all values are 0 or 1"
    if low >= 0 and high <= 1 and ends.mean() > 0.5:
        return "bernoulli", 1.0, f"because values lie from 0 to 1, {100 * ends.mean():.0f} % of them at the ends"
    if low != 0 or high > LARGEST_GREY or not (values.round() == values).all():
        return "normal", 1.0, f"because values are not counts from 0 to at most {LARGEST_GREY}"
    if np.median(np.nanmin(X, 0)) > 0 or np.median(np.nanmax(X, 0)) < high / 2:
        return "normal", 1.0, "because values are counts, but most columns do not share their range"
    if high <= LARGEST_COUNT:
        return ("binomial", {"total_count": int(high)}), 1.0, f"because values are counts from 0 to {high:.0f}"
    return "bernoulli", float(LARGEST_GREY), f"because values are counts from 0 to {high:.0f}, as grey levels"


def _named(columns, names):
    """The first of some columns, by name if they have names."""
    more = ", ..." if len(columns) > 5 else ""
    return ", ".join(repr(str(names[d])) if names is not None else str(d) for d in columns[:5]) + more


def _name(likelihood):
    return split_option("likelihood", likelihood)[0]


def _kinds(likelihood):
    """The kind of each column of a ``"mixed"`` likelihood, see ``MixedNet``; None for another likelihood."""
    name, options = split_option("likelihood", likelihood)
    if name != "mixed":
        return None
    if "columns" not in options:
        raise ValueError("likelihood: got 'mixed' without columns, want ('mixed', {'columns': (...)}), one for each")
    return options["columns"]
