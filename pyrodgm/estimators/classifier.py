"""``fit(X, y)`` with a deep generative model: a classifier that also learns from unlabelled rows."""

import copy
import inspect
import math
import warnings
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO
from pyro.optim import Adam
from sklearn.base import ClassifierMixin
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from pyrodgm.checks import check_choice, check_size, split_option, stack_level
from pyrodgm.data import Batches
from pyrodgm.estimators.class_prior import LearnedPrior, are_uneven
from pyrodgm.estimators.estimator import AT_ONCE, DeepGenerativeEstimator
from pyrodgm.estimators.model_choice import beta_factor, has_first_stage, model_of, needs
from pyrodgm.estimators.targets import MISSING, hold_out, list_of, read_labels
from pyrodgm.estimators.temperature import FEW_LABELS, fit_temperature, temper
from pyrodgm.estimators.training import CONSTRAINTS, all_or_nothing, train
from pyrodgm.evaluate import evaluating, likely_bounds
from pyrodgm.evaluate.classification import check_probabilities
from pyrodgm.infer import SemiSupervisedELBO, alpha
from pyrodgm.isolation import isolated
from pyrodgm.models import VAE
from pyrodgm.models.class_variable import OPTIONS
from pyrodgm.models.networks import hidden_by_layer
from pyrodgm.nn import BatchNorm
from pyrodgm.train.nan_report import not_finite
from pyrodgm.types import Option

HELD_OUT, STOPPED_BY = 0.1, 50  # share of the labels held out for early stopping, if that is at least this many
CLASS_DRAWS = 3  # samples of an auxiliary variable in a stream of rows; ten are no more accurate
MANY_CLASSES = 20  # above which a step of M2 that samples takes less than half the time of one that sums (0.47 at 20)


class DeepGenerativeClassifier(ClassifierMixin, DeepGenerativeEstimator):
    """A deep generative model of rows x and classes y that follows scikit-learn's conventions.

    A row whose y is -1, None or NaN is unlabelled, and is also used for training. With labels for all rows this is a
    supervised classifier. With no labels at all, and ``num_classes`` given, it clusters. The objective is that of the
    model's paper, see ``SemiSupervisedELBO``, with alpha = beta (N_l + N_u) / N_l. If there are many labels, a share of
    them is held out, and the epoch with the lowest cross-entropy on the held-out labels is kept. The rows of the
    held-out labels are used as unlabelled rows. In training, each epoch adds new noise to the columns of a normal
    likelihood: 0.1 standard deviations, or less in a column with more than 1,500 distinct values.

    A cell of X that is NaN is missing. It is left out of log p(x), and the networks read it as 0, which is the mean of
    its column for a normal likelihood. If there were missing cells in ``fit``, the networks also read a mask of them.
    If there were none, the other methods still accept missing cells. ``impute`` fills them in.

    A column that is constant in ``fit`` has no density. Under a normal likelihood it is left out of the model, with a
    warning.

    X may be a data frame of pandas or polars with numbers, booleans and categories or words. Each column then has its
    own likelihood, normal, Bernoulli or categorical, see ``MixedNet``. None, NaN and NA are missing cells. The
    categories are those seen in ``fit``; later, another one is a missing cell too, with a warning. ``sample`` and
    ``impute`` return frames.

    Args:
        model: a model of ``pyrodgm.models`` with classes, by name, such as ``"sdgm"``, ``"adgm"`` or ``"m2"``, or as a
            class; or a pair of one of them and options, such as ``("m2", {"posterior": "full"})``. Some models have
            other defaults here, which these options override. The prior p(y) is uniform if the classes have about
            equally many labels. Otherwise it is learned as the share of each class among all rows, in which rows
            without a label count by q(y | x). The option ``class_prior`` sets it instead; None stands for a uniform
            one. A ``LatentClassifierVAE`` gets ``bound="jensen"``. A ``SplitLatentClassifierVAE`` gets half of
            ``z_size`` for its style and twice ``z_size`` for z_y; its ``beta`` is always multiplied by five. A
            ``SemiSupervisedFAME`` gets ``concatenation=False``. The M1 of an ``M1M2`` is trained first, for the same
            number of epochs.
        z_size: number of latent units.
        a_size: number of auxiliary units, for models that have them.
        hidden: sizes of the hidden layers of every network.
        likelihood: p(x | ...), see ``likelihood_net``; None to choose it from the data, see ``describe_columns``.
        scaling: of normal columns: ``"standard"`` by mean and standard deviation, or ``"robust"`` by median and
            quartiles, for columns with a few extreme cells. With ``"robust"``, training moves cells beyond ten standard
            deviations, as estimated from the quartiles, to that distance. Other methods do not move them.
        num_classes: number of clusters if there are no labels; otherwise None.
        classes: how the model treats an unknown class in training: ``"enumerated"``, ``"sampled"`` or ``"relaxed"``,
            see ``DeepGenerativeModel``. ``"auto"`` samples if there are more than 20 classes, and if the model can and
            has no batch normalisation; otherwise it enumerates. An option of ``model`` with this name takes precedence.
        epochs: maximum number of passes through the rows.
        batch_size: rows per step; a step also has up to this many labelled rows.
        learning_rate: initial learning rate of Adam.
        beta: weight of the class term.
        class_weight: weights of the classes, a dict or ``"balanced"``, see sklearn's ``compute_class_weight``. Labelled
            rows are drawn in proportion to the weight of their class, and p(y) is not learned. ``"balanced"`` draws all
            classes equally often. It finds a class with few labels among others with many, but also predicts it for
            more rows of other classes. None for the labels as they come.
        warm_up_epochs: epochs over which the weight of the KL terms of the continuous latents rises to 1.
        validation_fraction: share of the labels of each class that is held out for early stopping; 0 to train for all
            epochs. ``"auto"`` holds out a tenth if there are 500 labels or more, but none of a class with a single
            label. With fewer labels it holds out none, because early stopping on a handful of labels is chance.
        patience: number of epochs without improvement before training stops.
        device: device for training and prediction.
        random_state: fixes the initial parameters, the noise, the order of the rows and the held-out labels.
        verbose: show a progress bar, and print the likelihood and why it was chosen.

    Attributes:
        classes_: the classes, ``(K,)``, sorted.
        likelihood_: p(x | ...), as given or as chosen.
        network_: the network that predicts, for a model with two classifiers: ``"inference"`` if there were labels, see
            ``CaGeM``.
        model_: the trained ``DeepGenerativeModel``; with a normal likelihood its columns are standardised.
        temperature_: temperature of the probabilities of ``predict_proba``, see ``fit_temperature``. It is chosen on
            the held-out labels if there are at least 50 of them. Otherwise, with fewer than 500 labels, it is 2.5,
            because a network that learns from few labels is overconfident. In all other cases it is 1: without labels,
            with 500 or more of which fewer than 50 are held out, and after ``partial_fit``.
        transduction_: the class of every row of ``fit``, ``(N,)``: its label, or the predicted class if it had none.
        history_: a dict for each epoch, see ``pyrodgm.train.fit``.
        n_iter_: number of epochs, or of calls of ``partial_fit``.
        kept_latents_: posterior means of at most 5,000 training rows, for ``anomaly_score``.
        mean_bound_: mean bound of at most 500 of these rows, in nats and in the units of X.
        n_features_in_, feature_names_in_: the number of columns, and their names if X had names.

    See Also:
        M1: latents of a VAE as features for any classifier.
        sklearn.semi_supervised.LabelSpreading: spreads labels over a graph of neighbouring rows.
        sklearn.semi_supervised.SelfTrainingClassifier: retrains any classifier on its own confident predictions.

    Example::

        classifier = DeepGenerativeClassifier(random_state=0).fit(X, y)     # y: -1 for no label
        classifier.predict(X_new), classifier.score_samples(X_new)

        import pandas as pd
        table = pd.DataFrame({"age": [31, 45, 62, 27], "town": ["Ulm", None, "Bonn", "Ulm"], "old": [True, False] * 2})
        classifier = DeepGenerativeClassifier(epochs=2).fit(table, ["yes", None, "no", None])
        rows, classes = classifier.sample(5)    # a frame
    """

    temperature_: float = 1.0  # of an estimator that was saved without one

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS | {
        "model": [str, type, tuple],
        "a_size": [Interval(Integral, 1, None, closed="left")],
        "num_classes": [None, Interval(Integral, 1, None, closed="left")],
        "classes": [str, tuple],
        "beta": [Interval(Real, 0, None, closed="left")],
        "class_weight": [None, dict, StrOptions({"balanced"})],
        "validation_fraction": [StrOptions({"auto"}), *CONSTRAINTS["validation_fraction"]],
    }

    def __init__(
        self,
        model: Any = "sdgm",
        z_size: int = 16,
        a_size: int = 16,
        hidden: tuple[int, ...] = (128, 128),
        likelihood: Option | None = None,
        scaling: Literal["standard", "robust"] = "standard",
        num_classes: int | None = None,
        classes: Option = "auto",
        epochs: int = 150,
        batch_size: int = 100,
        learning_rate: float = 2e-3,
        beta: float = 1.0,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        warm_up_epochs: int = 0,
        validation_fraction: float | Literal["auto"] = "auto",
        patience: int = 50,
        device: str = "cpu",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.model = model
        self.z_size = z_size
        self.a_size = a_size
        self.hidden = hidden
        self.likelihood = likelihood
        self.scaling = scaling
        self.num_classes = num_classes
        self.classes = classes
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.beta = beta
        self.class_weight = class_weight
        self.warm_up_epochs = warm_up_epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @all_or_nothing
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Train on the rows X and their labels. If this fails or is interrupted, the estimator stays as it was.

        Args:
            X: rows ``(N, D)``: an array of numbers, or a data frame. NaN is a missing cell.
            y: labels ``(N,)`` of any type; -1, None or NaN for an unlabelled row. None if no row is labelled.

        Raises:
            ValueError: for infinite values, columns that are empty or all constant, no labels without ``num_classes``,
                an unknown model, or a class with a single label if ``validation_fraction`` is a number above 0.
        """
        self._validate_params()
        X = self._check_rows(X, reset=True, ensure_min_samples=2)
        self.classes_, indices = self._read_labels(X, y)
        self.network_ = "generative" if (indices == MISSING).all() else "inference"
        few = HELD_OUT * (indices != MISSING).sum() < STOPPED_BY
        share, automatic = self.validation_fraction, self.validation_fraction == "auto"
        if share == "auto":
            share = 0 if few else HELD_OUT
        learn, stop = hold_out(indices, share, self.classes_, self._seed(), learn_single=automatic)
        seed = self._begin(X)
        X = self._clipped(X)
        with isolated(seed):
            learns_prior = len(learn) > 0 and self._learns_prior(indices[learn])
            self.model_ = self._new_model((1 / len(self.classes_),) * len(self.classes_) if learns_prior else None)
            x, y = self._training_rows(X), torch.from_numpy(indices).to(self.device)
            if has_first_stage(self.model_):
                self._train_first_stage(x, seed)
            batches = self._batches(x, y, learn, seed)
            measure, monitor = (self._measure_of(x[stop], y[stop]), "validation loss") if len(stop) else (None, None)
            objective = self._objective(len(learn), len(x))
            callbacks = [self._learned_prior(x, y, learn)] if learns_prior else []
            self.history_ = train(self.model_, objective, batches, self, measure, monitor, callbacks)
            self._note_latents(x)
        self.temperature_ = 1.0
        if len(stop) >= STOPPED_BY:
            sure = torch.from_numpy(self._of_checked_rows(X[stop], self._checked_probabilities))
            self.temperature_ = fit_temperature(sure, torch.from_numpy(indices[stop]))
        elif few and len(learn):
            self.temperature_ = FEW_LABELS
        self._keep_latents(X, seed)
        found = self._of_checked_rows(X, self._checked_probabilities).argmax(1)
        self.transduction_ = self.classes_[np.where(indices == MISSING, found, indices)]
        self._optimizer = None
        return self

    @all_or_nothing
    def partial_fit(self, X: ArrayLike, y: ArrayLike | None = None, classes: ArrayLike | None = None) -> Self:
        """Train for one pass over additional rows. No labels are held out, and p(y) is not learned.

        If this fails or is interrupted, the estimator stays as it was.

        The first call chooses the likelihood and the scaling from its rows, and builds the model. Columns that are
        constant in these rows are left out.

        Args:
            X, y: as for ``fit``.
            classes: all classes that occur in any call; required in the first call, unless ``num_classes`` is given.

        Raises:
            ValueError: as for ``fit``, for labels that are not among the classes, or for an ``M1M2`` that is not joint.
            FloatingPointError: if the loss or a parameter is no longer finite.
        """
        self._validate_params()
        first = not hasattr(self, "model_")
        X = self._check_rows(X, new_as_missing=False, reset=first)
        if first:
            if classes is not None:
                self.classes_ = _all_classes(classes)
            elif self.num_classes is not None:
                self.classes_ = np.arange(self.num_classes)
            else:
                raise ValueError("classes: got None, want all classes at the first call of partial_fit")
            self.network_ = "generative" if classes is None else "inference"
            self.history_, self._optimizer = [], None
        elif classes is not None and not np.array_equal(given := _all_classes(classes), self.classes_):
            raise ValueError(f"classes: got {given.tolist()}, want those of the first call, {self.classes_.tolist()}")
        indices = self._no_labels(X) if y is None else read_labels(y, self.classes_)[1]
        check_consistent_length(X, indices)
        seed = self._begin(X) if first else self._seed() + len(self.history_)
        X = self._clipped(X)
        with isolated(seed):
            if first:
                model = self._new_model()
                if has_first_stage(model):
                    raise ValueError("model: got M1M2, whose M1 is trained on all rows first, want fit, or joint=True")
                self.model_ = model
            self.model_ = copy.deepcopy(self.model_)
            x, y = self._training_rows(X), torch.from_numpy(indices).to(self.device)
            learn = np.flatnonzero(indices != MISSING)
            optim = Adam({"lr": self.learning_rate})
            if self._optimizer:
                optim.set_state(copy.deepcopy(self._optimizer))
            model = self.model_.to(self.device).train()
            svi = SVI(model.model, model.guide, optim, self._objective(len(learn), len(x)))
            losses = [svi.step(**batch) for batch in self._batches(x, y, learn, seed)]
            if not math.isfinite(sum(losses)) or not_finite(model):
                raise FloatingPointError(f"the mean loss is {sum(losses) / len(losses)}, or a parameter is not finite")
            self._optimizer = optim.get_state()
            self.model_.eval()
            self.temperature_ = 1.0
            self._note_latents(x)
        self._keep_latents(X, seed)
        self.history_ = [*self.history_, {"epoch": len(self.history_) + 1, "loss": sum(losses) / len(losses)}]
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Class probabilities ``(B, K)`` from the model's ``classifier``, in the order of ``classes_``.

        They are scaled by ``temperature_``, which does not change the most probable class. A CaGeM that was trained
        with labels predicts by q(y | x), because its cascade p(y | x) needs more labels.
        """
        return self._of_rows(X, self._checked_probabilities)

    def predict_and_score(
        self,
        X: ArrayLike,
        num_samples: int = 1,
        batch_size: int = 4000,
        dtype: Literal["float32", "float64"] = "float32",
    ) -> tuple[np.ndarray, np.ndarray]:
        """Class probabilities and scores in one pass, for streams of many rows.

        Unlikely classes are skipped, see ``likely_bounds``. The defaults are for speed: one sample of the latents, the
        same for all rows, in single precision.

        Args:
            X: rows ``(B, D)``.
            num_samples: samples of the latents for the bound. The probabilities of a model with an ``a`` use three.
            batch_size: rows per call of the networks; memory is proportional to it.
            dtype: ``"float64"``, or ``"float32"`` for all but far rows, see ``score_samples``.

        Returns:
            Probabilities ``(B, K)`` and scores ``(B,)``.

        Raises:
            ValueError: for numbers below one, another dtype, or a model whose guide has no class.

        Example::

            classifier = DeepGenerativeClassifier("m2", num_classes=2, epochs=2).fit(X)
            probabilities, scores = classifier.predict_and_score(X)
        """
        check_size("num_samples", num_samples)
        check_size("batch_size", batch_size)
        check_choice("dtype", dtype, ("float32", "float64"))

        def both(model, x):
            q_y = check_probabilities(self._class_probabilities(model, x, CLASS_DRAWS))

            def bounds(model, x, inside):
                return likely_bounds(model, x, q_y[inside], num_samples, len(x))

            tempered = temper(q_y.double(), self.temperature_)
            return torch.cat([tempered, self._scores(model, x, bounds)[:, None]], 1)

        found = self._of_rows(X, both, size=batch_size, dtype=getattr(torch, dtype))
        return found[:, :-1], found[:, -1]

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The most probable class of every row, ``(B,)``."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(1)]

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy on the labelled rows.

        Raises:
            ValueError: if no row is labelled.
        """
        check_is_fitted(self)
        classes, indices = read_labels(y)
        check_consistent_length(X, indices, sample_weight)
        known = indices != MISSING
        if not known.any():
            raise ValueError("y: got no labels, want at least one to score by")
        weight = None if sample_weight is None else np.asarray(sample_weight)[known]
        return super().score(_safe_indexing(X, known), classes[indices[known]], weight)

    def sample(self, num_samples: int = 1, y: ArrayLike | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Generate rows from the model.

        Args:
            num_samples: number of rows.
            y: the class of all rows, or of each; None to draw the classes too.

        Returns:
            Rows ``(num_samples, D)`` in the units of X, a frame if X had columns of several kinds, and their classes
            ``(num_samples,)``.

        Raises:
            ValueError: for fewer than one row, or an unknown class.
        """
        check_is_fitted(self)
        check_size("num_samples", num_samples)
        if y is not None:
            y = np.asarray(y)
            if y.ndim and y.shape != (num_samples,):
                raise ValueError(f"y: got shape {y.shape}, want one class, or {num_samples}, one for each row")
            indices = read_labels(np.broadcast_to(y, num_samples), self.classes_)[1]
            if (indices == MISSING).any():
                raise ValueError("y: got a missing label, want a class for every row, or None to draw them")
            y = torch.from_numpy(indices).to(self.device)
        X, nodes = self._sample(num_samples, y)
        return X, self.classes_[nodes["y"]["value"].argmax(-1).cpu().numpy()]

    def _read_labels(self, X, y):
        """Classes and indices; clusters where there is no label."""
        if y is None and self.num_classes is None:
            raise ValueError(
                f"y: got None, and {type(self).__name__} requires y to be passed, but the target y is None; to "
                "cluster, give num_classes"
            )
        classes, indices = (None, self._no_labels(X)) if y is None else read_labels(y)
        check_consistent_length(X, indices)
        if (indices == MISSING).all():
            if self.num_classes is None:
                raise ValueError("y: got no labels, want some, or num_classes, the number of clusters")
            return np.arange(self.num_classes), indices
        if self.num_classes not in (None, len(classes)):
            raise ValueError(f"num_classes: got {self.num_classes}, want None or {len(classes)}, the classes in y")
        if len(classes) == 1 and (indices == MISSING).any():
            warnings.warn(
                f"y: got a single class, {list_of(classes)[0]!r}, besides rows without a label, so that it is "
                "predicted for every row; a class cannot be -1, which means no label",
                UserWarning,
                stacklevel=stack_level(),
            )
        return classes, indices

    def _no_labels(self, X):
        return np.full(len(X), MISSING)

    def _new_model(self, class_prior=None):
        model_class, options = model_of(self.model)
        kind, _ = split_option("classes", self.classes)
        check_choice("classes", kind, ("auto", *OPTIONS))
        sizes = {"num_classes": len(self.classes_), "a_size": self.a_size, "z1_size": self.z_size}
        sizes["class_prior"] = class_prior
        options = needs(model_class, self.z_size) | options
        if kind != "auto":
            if "classes" not in inspect.signature(model_class).parameters and kind != "enumerated":
                raise ValueError(f"classes: got {kind!r} with {model_class.__name__}, want 'auto' or 'enumerated'")
            return self._new(model_class, options, **sizes, classes=self.classes)
        model = self._new(model_class, options, **sizes)
        normalised = any(isinstance(module, BatchNorm) for module in model.modules())
        if len(self.classes_) <= MANY_CLASSES or "classes" in options or normalised or not model.guide_has_class:
            return model
        return self._new(model_class, options, **sizes, classes="sampled")

    def _train_first_stage(self, x, seed):
        """Train M1 of an M1+M2, a VAE, on all rows."""
        model, (_, options) = self.model_, model_of(self.model)
        options = {
            name: value for name, value in options.items() if name not in ("z1_size", "joint", "classes", "class_prior")
        }
        hidden, _ = hidden_by_layer(options.get("hidden", self.hidden), 2)
        vae = self._new(VAE, options | {"z_size": model.z1_size, "hidden": hidden})
        train(vae, Trace_ELBO(), self._batches(x, None, [], seed), self)
        model.load_m1(vae)

    def _class_probabilities(self, model, x, num_samples=None):
        """``(B, K)``; a model with two classifiers is asked for the one of ``network_``."""
        taken = inspect.signature(model.classifier).parameters
        options = {"network": getattr(self, "network_", "generative"), "num_samples": num_samples}
        given = {name: value for name, value in options.items() if name in taken and value is not None}
        return model.classifier(x, **given)

    def _checked_probabilities(self, model, x):
        """``(B, K)`` at the temperature of the estimator."""
        return temper(check_probabilities(self._class_probabilities(model, x)), self.temperature_)

    def _learns_prior(self, labels):
        """Whether p(y) is learned: it is an option of the model, was not fixed, and the labels are uneven."""
        model_class, options = model_of(self.model)
        fixed = "class_prior" in options or self.class_weight is not None
        if fixed or "class_prior" not in inspect.signature(model_class).parameters:
            return False
        return are_uneven(np.bincount(labels, minlength=len(self.classes_)))

    def _learned_prior(self, x, y, learn):
        """The callback that learns p(y) from the labels of the rows to learn from, and from q(y | x) of all others."""
        others = torch.ones_like(y, dtype=torch.bool)
        others[learn] = False
        parts = x[others].split(max(1, AT_ONCE // len(self.classes_)))

        def probabilities():
            with evaluating(self.model_):
                return torch.cat([self._class_probabilities(self.model_, part) for part in parts])

        return LearnedPrior(self.model_, y[learn], probabilities)

    def _objective(self, num_labelled, num_rows):
        elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
        if not num_labelled:
            return elbo
        beta = self.beta * beta_factor(self.model_)
        return SemiSupervisedELBO.of(self.model_, elbo, alpha(beta, num_labelled, num_rows - num_labelled))

    def _batches(self, x, y, learn, seed):
        """Batches of equal size, with as few rows left over as possible."""
        size = len(x) // math.ceil(len(x) / self.batch_size)
        resample = self.columns_.resample if self.columns_.is_normal else None
        if not len(learn):
            return Batches(x, size, resample=resample, seed=seed, missing=True)
        labelled, labelled_size = (x[learn], y[learn]), min(self.batch_size, len(learn))
        weights = self._class_weights(y[learn].cpu().numpy())
        return Batches(x, size, labelled, labelled_size, resample, seed, missing=True, class_weights=weights)

    def _class_weights(self, labels):
        """The weights of the classes by ``class_weight``, 0 for those without a label; None for equal weights."""
        if self.class_weight is None:
            return None
        present, weights = np.unique(labels), np.zeros(len(self.classes_))
        y = self.classes_[labels]
        weights[present] = compute_class_weight(self.class_weight, classes=self.classes_[present], y=y)
        if not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
            got = weights[present].tolist()
            raise ValueError(f"class_weight: got {got}, want numbers of at least 0, not all of them 0")
        return weights

    def _measure_of(self, x, y):
        """A function of the epoch that measures the cross-entropy of the held-out labels, in nats per row."""

        def measure(epoch):
            with evaluating(self.model_):
                log_q = self._class_probabilities(self.model_, x).clamp(min=torch.finfo(x.dtype).tiny).log()
            return {"validation loss": float(F.nll_loss(log_q, y))}

        return measure


def _all_classes(classes):
    """The classes that ``partial_fit`` is given, sorted; none of them may mean "no label"."""
    try:
        found, indices = read_labels(classes)
    except ValueError as error:
        raise ValueError(f"classes: {str(error).removeprefix('y: ').removeprefix('y ')}") from None
    if (indices == MISSING).any():
        raise ValueError(f"classes: got {list_of(classes)}, want classes alone: -1, None and NaN mean no label")
    return found
