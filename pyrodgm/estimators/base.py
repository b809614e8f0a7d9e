"""What the estimators share: columns in and out, scores, latents, generated rows, and pickling."""

import copy
from contextlib import contextmanager

import numpy as np
import torch
from pyro import poutine
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from pyrodgm.estimators.apart import apart
from pyrodgm.estimators.columns import describe_columns, supported
from pyrodgm.estimators.saved import from_plain, to_plain
from pyrodgm.estimators.shared_noise import SharedNoise
from pyrodgm.evaluate import evaluating, latent_means, log_likelihood, row_bounds

AT_ONCE = 2500  # rows times samples times classes of one call
DRAWS = 10  # of the latents, for a bound or a mean


class DeepGenerativeEstimator(TransformerMixin, BaseEstimator):
    """Base class of the estimators; a subclass trains ``model_`` over ``columns_``.

    Everything is evaluated in double precision and with the same noise for every row, so that what is said of a row
    depends on no other row and, for one state of the estimator, is always the same.
    """

    def score_samples(self, X, importance_samples=None):
        """log p(x) of every row, in nats and in the units of X: the lower, the stranger the row.

        The lower bound of Kingma 2017, eqs 2.10 and 3.8; or the importance-weighted estimate of ``log_likelihood``,
        which is tighter. Rows with values that the likelihood cannot have get minus infinity. Grey values under a
        Bernoulli likelihood have a score but no density.

        Args:
            X: rows ``(B, D)``.
            importance_samples: how many; None for the bound.

        Returns:
            ``(B,)``.
        """
        with self._evaluating(X) as (model, x):
            classes = model.num_classes or 1
            size = max(1, AT_ONCE // (classes * (importance_samples or 1)))
            rows = torch.cat([self._score(model, batch, importance_samples) for batch in x.split(size)])
            rows[~supported(model, x)] = -torch.inf
        return rows.cpu().numpy() - self.columns_.log_volume

    def transform(self, X):
        """The latents of every row: the posterior means E_q(z|x)[z] of all sites z, beside each other.

        Args:
            X: rows ``(B, D)``.

        Returns:
            ``(B, z)``.
        """
        with self._evaluating(X) as (model, x):
            parts = []
            for site in self.latent_sizes_:
                torch.manual_seed(0)
                parts.append(latent_means(model, x, site=site, num_samples=DRAWS, batch_size=len(x)))
        return torch.cat(parts, 1).cpu().numpy()

    def get_feature_names_out(self, input_features=None):
        """The names of what ``transform`` returns: ``z_0``, ``z_1``, ...; ``input_features`` is of no effect."""
        check_is_fitted(self)
        names = [f"{site}_{i}" for site, size in self.latent_sizes_.items() for i in range(size)]
        return np.array(names, dtype=object)

    def _sample(self, num_samples, y=None):
        """The sites of so many rows drawn from the model, by ``random_state``; x in the units of the table."""
        if num_samples < 1:
            raise ValueError(f"num_samples: got {num_samples}, want at least 1")
        check_is_fitted(self)
        with apart(self._seed()), evaluating(self.model_):
            nodes = poutine.trace(self.model_.model).get_trace(None, y, num_samples).nodes
        return self.columns_.to_table(nodes["x"]["value"]), nodes

    def _check_rows(self, X, **options):
        """X as an array of doubles; with ``reset=True`` its columns are those of the estimator from now on."""
        _refuse_words(X)
        return validate_data(self, X, dtype=np.float64, **options)

    def _begin(self, X):
        """Describe the columns and draw the seed of a fit."""
        self.columns_ = describe_columns(X, self.likelihood, getattr(self, "feature_names_in_", None))
        self.likelihood_ = self.columns_.likelihood
        if self.verbose:
            print(f"{type(self).__name__}: likelihood {self.likelihood_}")
        return self._seed()

    def _seed(self):
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _to_device(self, X):
        """Rows of the table as the model takes them in training."""
        return self.columns_.to_model(X).to(self.device, torch.get_default_dtype())

    def _note_latents(self, x):
        """Remember the names and sizes of the continuous latents, from one row through the guide."""
        with evaluating(self.model_):
            nodes = poutine.trace(self.model_.guide).get_trace(x[:1]).nodes
        self.latent_sizes_ = {
            name: site["value"].shape[-1]
            for name, site in nodes.items()
            if site["type"] == "sample" and name.startswith("z")
        }

    @contextmanager
    def _evaluating(self, X):
        """The model and the rows X, both in double precision, with noise that begins at 0."""
        check_is_fitted(self)
        x = self.columns_.to_model(self._check_rows(X, reset=False)).to(self.device)
        with apart(0), SharedNoise(), torch.no_grad():
            yield copy.deepcopy(self.model_).double().eval(), x

    def _score(self, model, x, importance_samples):
        torch.manual_seed(0)
        if importance_samples is None:
            return row_bounds(model, x, num_samples=DRAWS, batch_size=len(x))
        chunk = AT_ONCE * max(1, len(x))
        return log_likelihood(model, x, num_samples=importance_samples, chunk_size=chunk, backend="off").rows

    def __getstate__(self):
        state = super().__getstate__()
        return state | {"model_": to_plain(state["model_"])} if "model_" in state else state

    def __setstate__(self, state):
        if "model_" in state:
            state = state | {"model_": from_plain(state["model_"]).to(state["device"])}
        super().__setstate__(state)


def _refuse_words(X):
    """Raise ``ValueError`` for columns of a data frame that hold no numbers."""
    if not (hasattr(X, "columns") and hasattr(X, "dtypes")):
        return
    found = [str(name) for name in X.columns if not _is_numeric(X[name])]
    if found:
        raise ValueError(
            f"X: got columns that hold no numbers ({', '.join(map(repr, found[:5]))}), want numbers: encode them, for "
            "instance by sklearn.preprocessing.OneHotEncoder"
        )


def _is_numeric(column):
    if getattr(column.dtype, "kind", "O") in "biuf":
        return True
    try:
        np.asarray(column, dtype=np.float64)
    except (ValueError, TypeError):
        return False
    return True
