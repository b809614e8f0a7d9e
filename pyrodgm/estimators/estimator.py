"""Base class of the estimators: scaling of the columns, scores, latents, imputation, generated rows and pickling."""

import copy
import inspect
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from pyro import poutine
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import validate_parameter_constraints
from sklearn.utils.validation import check_is_fitted, validate_data

from pyrodgm.checks import check_choice, check_device, check_size, check_values
from pyrodgm.estimators.anomalies import AnomalyScores
from pyrodgm.estimators.columns import describe_columns, reason_for_likelihood
from pyrodgm.estimators.frames import is_frame, read_frame, without_na, words_refused
from pyrodgm.evaluate import evaluating, impute, latent_means, log_likelihood, row_bounds
from pyrodgm.evaluate.bound import FAR
from pyrodgm.formats import FORMAT, check_format, of_estimator
from pyrodgm.handlers.noise import SharedNoise
from pyrodgm.infer.traces import latent_sites
from pyrodgm.isolation import isolated
from pyrodgm.models.catalogue import is_of_images
from pyrodgm.models.pretrained import from_plain, to_plain
from pyrodgm.train.checkpoint import state_from_plain, state_to_plain

AT_ONCE = 5000  # rows times samples times classes
TO_IMPUTE = 20_000  # the same, while cells are filled in
DRAWS = 10  # of the latents, for a bound or a mean
SAVED = {"model_": (to_plain, from_plain), "_optimizer": (state_to_plain, state_from_plain)}


class DeepGenerativeEstimator(AnomalyScores, TransformerMixin, BaseEstimator):
    """Base class of the estimators; a subclass trains ``model_`` over ``columns_``.

    All methods use double precision by default, and the same noise for every row. The result for a row is therefore
    always the same, and does not depend on the other rows.
    """

    history_: list[dict[str, Any]]

    @property
    def n_iter_(self) -> int:
        """The number of epochs, or of calls of ``partial_fit``."""
        check_is_fitted(self)
        return len(self.history_)

    def score_samples(
        self,
        X: ArrayLike,
        importance_samples: int | None = None,
        num_samples: int = DRAWS,
        batch_size: int | None = None,
        dtype: Literal["float32", "float64"] = "float64",
    ) -> np.ndarray:
        """log p(x) of the observed cells of every row, in nats and in the units of X. Unusual rows have low scores.

        This is the lower bound of Kingma 2017, eqs 2.10 and 3.8, or with ``importance_samples`` the tighter estimate of
        ``log_likelihood``. Rows with values outside the support of the likelihood get minus infinity. Grey values under
        a Bernoulli likelihood have a score, but it is not a log-density.

        Args:
            X: rows ``(B, D)``.
            importance_samples: number of importance samples; None for the bound.
            num_samples: samples of the latents for the bound.
            batch_size: rows per call of the networks; memory is proportional to it. None for about 5,000 divided by the
                numbers of classes and of importance samples.
            dtype: ``"float64"``; or ``"float32"``, which is twice as fast. Rows with values beyond ten standard
                deviations always use double precision, because rounding would destroy their log q(z | x).

        Returns:
            ``(B,)``.

        Raises:
            ValueError: for numbers below one, or another dtype.

        Example::

            classifier = DeepGenerativeClassifier("m2", num_classes=2, epochs=2).fit(X)
            classifier.score_samples(X, num_samples=1, batch_size=10_000, dtype="float32")
        """
        check_size("num_samples", num_samples)
        if importance_samples is not None:
            check_size("importance_samples", importance_samples)
        if batch_size is not None:
            check_size("batch_size", batch_size)
        check_choice("dtype", dtype, ("float32", "float64"))

        check_is_fitted(self)
        X = self._check_rows(X, reset=False)
        return self._score_checked(X, importance_samples, num_samples, batch_size, getattr(torch, dtype))

    def transform(self, X: ArrayLike) -> np.ndarray:
        """The latents of every row: the posterior means E_q(z|x)[z] of all sites z, concatenated.

        Args:
            X: rows ``(B, D)``.

        Returns:
            ``(B, z)``.
        """

        def means(model, x):
            return torch.cat([latent_means(model, x, site=site, num_samples=DRAWS) for site in self.latent_sizes_], 1)

        return self._of_rows(X, means)

    def impute(self, X: np.ndarray, num_samples: int = 1000, num_draws: int | None = None) -> np.ndarray:
        """Fill in missing cells (NaN) with their mean given the observed cells, or with several random draws.

        The method is self-normalised importance sampling with a sum over classes, see ``pyrodgm.evaluate.impute``. The
        mean is always the same for a row, and does not depend on the other rows. Draws are samples of the likelihood,
        such as zeros and ones, or counts, and are fixed by ``random_state``. Their spread is the uncertainty of the
        cell. To include it in a result, compute the result from each draw and average (multiple imputation).

        Args:
            X: rows ``(B, D)`` with NaN for missing cells.
            num_samples: samples of the latents per row.
            num_draws: number of draws; None for the mean.

        Returns:
            ``(B, D)``, or ``(num_draws, B, D)``, in the units of X. Observed cells are unchanged. If X is a frame with
            columns of several kinds: a frame, or a list of ``num_draws`` frames. A frame has the most probable category
            in place of a mean.

        Raises:
            ValueError: for numbers below one, values outside the support of the likelihood, or a category that ``fit``
                did not see.

        Example::

            X_lost = np.where(np.random.rand(*X.shape) < 0.1, np.nan, X)
            m1 = M1(epochs=5).fit(X_lost)
            m1.impute(X_lost, num_samples=100)
            m1.impute(X_lost, num_samples=100, num_draws=10)
        """
        check_size("num_samples", num_samples)
        if num_draws is not None:
            check_size("num_draws", num_draws)
        check_is_fitted(self)
        fill = partial(impute, num_samples=num_samples, chunk_size=TO_IMPUTE)
        rows = self._check_rows(X, new_as_missing=False, reset=False)
        self._refuse_missing(rows)
        check_values("X", self.columns_.to_model(rows), self.model_.p_x.support, self.model_.p_x.wanted)
        if num_draws is None:
            size = max(1, TO_IMPUTE // (num_samples * (self.model_.num_classes or 1)))
            x = self._of_rows(X, fill, size=size)
        else:
            x = self.columns_.to_model(rows).to(self.device)
            with isolated(self._seed()):
                x = fill(self._model_in(torch.float64), x, num_draws=num_draws)
        return self._as_given(np.where(np.isnan(rows), self.columns_.to_table(x), rows), X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of what ``transform`` returns: ``z_0``, ``z_1``, ...; ``input_features`` has no effect."""
        check_is_fitted(self)
        names = [f"{site}_{i}" for site, size in self.latent_sizes_.items() for i in range(size)]
        return np.array(names, dtype=object)

    def _score_checked(self, X, importance_samples=None, num_samples=DRAWS, batch_size=None, dtype=torch.float64):
        """``score_samples`` of the rows of an array X."""

        def of(model, x, inside):
            if importance_samples is None:
                return row_bounds(model, x, num_samples=num_samples, batch_size=len(x))
            return log_likelihood(model, x, num_samples=importance_samples, chunk_size=AT_ONCE, backend="off").rows

        def score(model, x):
            return self._scores(model, x, of)

        self._refuse_missing(X)
        return self._of_checked_rows(X, score, importance_samples or 1, batch_size, dtype)

    def _scores(self, model, x, of):
        """``of(model, x, inside)`` for rows in the support of the likelihood, minus infinity for others, ``(B,)``."""
        inside = model.p_x.support.check(x).all(-1)
        rows = torch.full_like(x[:, 0], -torch.inf, dtype=torch.float64)
        if bool(inside.any()):
            rows[inside] = of(model, x[inside], inside).double()
        return rows - self.columns_.log_volume(x)

    def _sample(self, num_samples, y=None):
        """x in the units of the table, and all sites, of ``num_samples`` generated rows."""
        check_is_fitted(self)
        check_size("num_samples", num_samples)
        with isolated(self._seed()), evaluating(self.model_.to(self.device)):
            nodes = poutine.trace(self.model_.model).get_trace(None, y, num_samples).nodes
        return self._as_given(self.columns_.to_table(nodes["x"]["value"])), nodes

    def _check_rows(self, X, new_as_missing=True, **options):
        """X as an array of doubles; ``reset=True`` records its columns as those of the estimator.

        A category is its place among the categories of its column. One that ``fit`` did not see is a missing cell with
        a warning, or an error without ``new_as_missing``, see ``Frame``.
        """
        if options["reset"]:
            self.frame_ = read_frame(X)
        frame = getattr(self, "frame_", None)
        numbers = {"dtype": np.float64, "ensure_all_finite": "allow-nan"}
        if frame is None:
            with words_refused(X):
                return validate_data(self, without_na(X), **numbers, **options)
        reset = options.pop("reset")
        if is_frame(X):
            validate_data(self, X, skip_check_array=True, reset=reset)
        return check_array(frame.encode(X, new_as_missing), **numbers, **options, estimator=self, input_name="X")

    def _as_given(self, X, observed=None):
        """Rows of the table ``(..., D)``, as frames if ``fit`` got a frame with columns of several kinds."""
        frame = getattr(self, "frame_", None)
        if frame is None:
            return X
        return frame.decode(X, observed) if X.ndim == 2 else [frame.decode(draw, observed) for draw in X]

    def _validate_params(self):
        """As in scikit-learn, but a message shows 9 and not ``np.int64(9)``."""
        settings = {name: _python_number(value) for name, value in self.get_params(deep=False).items()}
        validate_parameter_constraints(self._parameter_constraints, settings, type(self).__name__)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _begin(self, X):
        """Describe the columns and draw the seed of a fit."""
        check_device("device", self.device)
        likelihood = self.likelihood if self.frame_ is None else self.frame_.likelihood_or(self.likelihood)
        names = getattr(self, "feature_names_in_", None)
        self.columns_ = describe_columns(X, likelihood, names, self.scaling)
        self.likelihood_ = self.columns_.likelihood
        if self.verbose:
            print(f"{type(self).__name__}: likelihood {self.likelihood_}, {self._reason(X, likelihood)}")
        return self._seed()

    def _reason(self, X, likelihood):
        if self.likelihood is not None:
            return "as given"
        return "from the types of the columns" if likelihood is not None else reason_for_likelihood(X)

    def _seed(self):
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _to_device(self, X):
        """Rows of the table in the units of the model, on its device."""
        return self.columns_.to_model(X).to(self.device, torch.get_default_dtype())

    def _training_rows(self, X):
        """Rows of the table in the units of the model, checked to be in the support of its likelihood."""
        self._refuse_missing(X)
        x = self._to_device(X)
        check_values("X", x, self.model_.p_x.support, self.model_.p_x.wanted)
        return x

    def _clipped(self, X):
        """The rows to train on: with robust scaling, far cells are moved closer."""
        return self.columns_.clip(X) if self.scaling == "robust" else X

    def _refuse_missing(self, X):
        """Raise ``ValueError`` for missing cells if the model, the user's own or an old one, does not accept them.

        It reads the cells of a constant column as missing too.
        """
        constant = self.columns_.left_out.sum()
        if getattr(self.model_, "missing", None) is None and (constant or np.isnan(X).any()):
            what = f"{constant} constant columns" if constant else f"{np.isnan(X).sum()} missing cells (NaN)"
            raise ValueError(
                f"X: got {what}, want none: this {type(self.model_).__name__} was made without the option "
                "missing='mask' or missing='zeros', or with a p_x of its own"
            )

    def _new(self, model_class, options, **settings):
        """A model for the columns, built from the options and those settings that its class accepts."""
        settings |= {"x_size": len(self.columns_.shift), "z_size": self.z_size, "likelihood": self.likelihood_}
        settings |= {"hidden": tuple(map(_python_number, self.hidden)), "missing": self.columns_.missing}
        taken = inspect.signature(model_class).parameters
        if is_of_images(model_class) and "image_shape" not in options:
            name = model_class.__name__.lower()
            raise ValueError(f"model: got {name!r}, a model of images, want ({name!r}, {{'image_shape': (H, W)}})")
        for option in options:
            check_choice(f"model: option of {model_class.__name__}", option, taken)
        settings = {name: _python_number(value) for name, value in settings.items() if name in taken}
        return model_class(**settings | options).to(self.device)

    def _note_latents(self, x):
        """Record the names and sizes of the continuous latents by running the guide on one row."""
        with evaluating(self.model_):
            sites = latent_sites(poutine.trace(self.model_.guide).get_trace(x[:1]))
        self.latent_sizes_ = {name: site["value"].shape[-1] for name, site in sites.items() if name.startswith("z")}

    def _of_rows(self, X, function, copies=1, size=None, dtype=torch.float64):
        """``function(model, x)`` for the rows X, as an array of doubles, see ``_of_checked_rows``."""
        check_is_fitted(self)
        X = self._check_rows(X, reset=False)
        self._refuse_missing(X)
        return self._of_checked_rows(X, function, copies, size, dtype)

    def _of_checked_rows(self, X, function, copies=1, size=None, dtype=torch.float64):
        """``function(model, x)`` for the rows of an array X.

        The rows are split into parts of ``size`` rows, or by the number of classes and ``copies``; each part starts
        with the same noise. Far rows are evaluated in double precision, whatever the dtype.
        """
        x = self.columns_.to_model(X).to(self.device)
        size = size or max(1, AT_ONCE // (copies * (self.model_.num_classes or 1)))
        far = torch.ones(len(x), dtype=torch.bool, device=x.device)
        if dtype != torch.float64:
            far = (x.abs() > FAR * self.model_.p_x.scale).any(1)
        found = None
        with isolated(0), SharedNoise(dtype=torch.float64), torch.no_grad():
            for precision, chosen in ((torch.float64, far), (dtype, ~far)):
                if not bool(chosen.any()):
                    continue
                model = self._model_in(precision)
                for place in chosen.nonzero()[:, 0].split(size):
                    torch.manual_seed(0)
                    part = function(model, x[place].to(precision)).double()
                    found = part.new_empty(len(x), *part.shape[1:]) if found is None else found
                    found[place] = part
        return found.cpu().numpy()

    def _model_in(self, dtype):
        return copy.deepcopy(self.model_).to(self.device, dtype).eval()

    def __getstate__(self):
        state = super().__getstate__() | {"_format": FORMAT}
        return state | {name: to_plain(state[name]) for name, (to_plain, _) in SAVED.items() if name in state}

    def __setstate__(self, state):
        found = state.get("_format", 1)
        check_format(type(self).__name__, found)
        state = {name: value for name, value in of_estimator(state, found).items() if name != "_format"}
        arguments = inspect.signature(type(self)).parameters.values()
        state = {argument.name: argument.default for argument in arguments} | state  # of arguments added since
        super().__setstate__(state | {name: back(state[name]) for name, (_, back) in SAVED.items() if name in state})


def _python_number(value):
    """A NumPy number, such as one from a grid search, as a Python number; anything else unchanged."""
    return value.item() if isinstance(value, np.generic) else value
