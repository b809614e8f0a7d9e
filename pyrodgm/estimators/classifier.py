"""``fit(X, y)`` with a deep generative model: a classifier that learns from rows without a label too."""

import inspect
import math

import numpy as np
import torch
import torch.nn.functional as F
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from pyrodgm.checks import check_choice, check_size
from pyrodgm.data import Batches
from pyrodgm.estimators.estimator import DeepGenerativeEstimator
from pyrodgm.estimators.targets import MISSING, hold_out, read_labels
from pyrodgm.estimators.training import check_settings, train
from pyrodgm.evaluate import evaluating, likely_bounds
from pyrodgm.evaluate.classification import check_probabilities
from pyrodgm.infer import SemiSupervisedELBO, alpha
from pyrodgm.isolation import isolated
from pyrodgm.models import DeepGenerativeModel
from pyrodgm.models.catalogue import has_classes, models_by_name
from pyrodgm.models.class_variable import OPTIONS
from pyrodgm.nn import BatchNorm

HELD_OUT, STOPPED_BY = 0.1, 50  # the share of the labels that stop a fit, and how many it takes
CLASS_DRAWS = 3  # of an auxiliary variable in a stream of rows; ten are right as often
MANY_CLASSES = 20  # above which a step of M2 that samples takes less than half the time of one that sums (0.47 at 20)


class DeepGenerativeClassifier(ClassifierMixin, DeepGenerativeEstimator):
    """A deep generative model of rows x and classes y, by scikit-learn's conventions.

    Rows without a label, those whose y is -1, None or NaN, are learnt from too; with none of them it is a supervised
    classifier, with no labels at all and ``num_classes`` given it clusters. The objective is that of the model's paper,
    see ``SemiSupervisedELBO``, with alpha = beta (N_l + N_u) / N_l. Of many labels a share is held out, and the epoch
    of least cross-entropy on them is kept; their rows are still learnt from, as rows without a label.

    A cell of X that is NaN is missing. It is left out of log p(x), and networks read it as 0: the mean of its column
    where the likelihood is normal. Where ``fit`` saw missing cells, networks also read a mask that says which. Where it
    saw none, rows with missing cells can be asked about all the same. ``impute`` fills them in.

    Args:
        model: by name, ``"sdgm"``, ``"adgm"``, ``"m2"`` or another model of ``pyrodgm.models`` with classes; a class of
            such models; or either with options, as ``("m2", {"posterior": "full"})``.
        z_size: number of latent units.
        a_size: number of auxiliary units, where the model has them.
        hidden: sizes of the hidden layers of every network.
        likelihood: p(x | ...), see ``likelihood_net``; None to choose it by the data, see ``describe_columns``.
        num_classes: how many clusters, where there are no labels; else None.
        classes: how the model treats a class that is not given while it trains, ``"enumerated"``, ``"sampled"`` or
            ``"relaxed"``, see ``DeepGenerativeModel``. ``"auto"`` samples above 20 classes, where the model can and has
            no batch normalisation, and else sums all. An option of ``model`` of this name goes before.
        epochs: how often to go through the rows, at most.
        batch_size: rows a step, and at most so many labelled ones besides.
        learning_rate: of Adam, at first.
        beta: weight of the class term.
        warm_up_epochs: over which the KL terms of the continuous latents rise to their weight.
        validation_fraction: share of the labels of each class to stop by; 0 to train for all epochs. ``"auto"`` holds
            out a tenth of 500 labels or more, and none of fewer: to stop by a handful of labels is to stop by chance.
        patience: epochs without a better one before it stops.
        device: where to train and predict.
        random_state: fixes the parameters, the noise, the order of the rows and the labels held out.
        verbose: show a bar, and print the likelihood.

    Attributes:
        classes_: the classes, ``(K,)``, sorted.
        likelihood_: p(x | ...), as given or as chosen.
        network_: which classifier of a model with two predicts, ``"inference"`` where there were labels, see ``CaGeM``.
        model_: the trained ``DeepGenerativeModel``, over standardised columns where the likelihood is normal.
        history_: a dict for each epoch, see ``pyrodgm.train.fit``.
        n_features_in_, feature_names_in_: the columns, and their names where X had them.

    Example::

        classifier = DeepGenerativeClassifier(random_state=0).fit(X, y)     # y: -1 for no label
        classifier.predict(X_new), classifier.score_samples(X_new)
    """

    def __init__(
        self,
        model="sdgm",
        z_size=16,
        a_size=16,
        hidden=(128, 128),
        likelihood=None,
        num_classes=None,
        classes="auto",
        epochs=200,
        batch_size=100,
        learning_rate=2e-3,
        beta=1.0,
        warm_up_epochs=0,
        validation_fraction="auto",
        patience=50,
        device="cpu",
        random_state=None,
        verbose=False,
    ):
        self.model = model
        self.z_size = z_size
        self.a_size = a_size
        self.hidden = hidden
        self.likelihood = likelihood
        self.num_classes = num_classes
        self.classes = classes
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.beta = beta
        self.warm_up_epochs = warm_up_epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y=None):
        """Train on the rows X and the labels there are.

        Args:
            X: rows ``(N, D)``: an array, or a data frame of numbers. NaN is a missing cell.
            y: labels ``(N,)`` of any type; -1, None or NaN for a row without. None where there are none at all.

        Raises:
            ValueError: for rows that are no finite numbers, columns that are constant or without a value, a class with
                a single label, no label and no ``num_classes``, or no such model.
        """
        check_settings(self)
        X = self._check_rows(X, reset=True, ensure_min_samples=2)
        self.classes_, indices = self._read_labels(X, y)
        self.network_ = "generative" if (indices == MISSING).all() else "inference"
        share = self.validation_fraction
        if share == "auto":
            share = HELD_OUT if HELD_OUT * (indices != MISSING).sum() >= STOPPED_BY else 0
        learn, stop = hold_out(indices, share, self.classes_, self._seed())
        with isolated(seed := self._begin(X)):
            self.model_ = self._new_model()
            x, y = self._training_rows(X), torch.from_numpy(indices).to(self.device)
            batches = self._batches(x, y, learn, seed)
            measure, monitor = (self._measure_of(x[stop], y[stop]), "validation loss") if len(stop) else (None, None)
            objective = self._objective(len(learn), len(x))
            self.history_ = train(self.model_, objective, batches, self, measure, monitor)
            self._note_latents(x)
        self._optimizer = None
        return self

    def partial_fit(self, X, y=None, classes=None):
        """Go once through some more rows, with no label held out.

        The columns are described, and the model is made, at the first call.

        Args:
            X, y: as for ``fit``.
            classes: all there will be; required at the first call, unless ``num_classes`` is given.
        """
        check_settings(self)
        first = not hasattr(self, "model_")
        X = self._check_rows(X, reset=first)
        if first:
            if classes is None and self.num_classes is None:
                raise ValueError("classes: got None, want all classes at the first call of partial_fit")
            self.classes_ = np.arange(self.num_classes) if classes is None else np.unique(classes)
            self.network_ = "generative" if classes is None else "inference"
            self.history_, self._optimizer = [], None
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes: got {list(classes)}, want those of the first call, {list(self.classes_)}")
        indices = self._no_labels(X) if y is None else read_labels(y, self.classes_)[1]
        check_consistent_length(X, indices)
        seed = self._begin(X) if first else self._seed() + len(self.history_)
        with isolated(seed):
            if first:
                self.model_ = self._new_model()
            x, y = self._training_rows(X), torch.from_numpy(indices).to(self.device)
            learn = np.flatnonzero(indices != MISSING)
            optim = Adam({"lr": self.learning_rate})
            if self._optimizer:
                optim.set_state(self._optimizer)
            model = self.model_.to(self.device).train()
            svi = SVI(model.model, model.guide, optim, self._objective(len(learn), len(x)))
            losses = [svi.step(**batch) for batch in self._batches(x, y, learn, seed)]
            self._optimizer = optim.get_state()
            self.model_.eval()
            self._note_latents(x)
        self.history_ = [*self.history_, {"epoch": len(self.history_) + 1, "loss": sum(losses) / len(losses)}]
        return self

    def predict_proba(self, X):
        """Class probabilities ``(B, K)`` by the model's ``classifier``, in the order of ``classes_``.

        Those of a CaGeM that saw labels are by q(y | x): its cascade p(y | x) needs more of them.
        """
        return self._of_rows(X, lambda model, x: check_probabilities(self._class_probabilities(model, x)))

    def predict_and_score(self, X, num_samples=1, batch_size=4000, dtype="float32"):
        """Class probabilities and scores of rows in one pass, for streams of many rows.

        Classes that are not likely cost nothing, see ``likely_bounds``. The defaults are for speed: one draw of the
        latents, the same for all rows, in single precision.

        Args:
            X: rows ``(B, D)``.
            num_samples: draws of the latents for the bound. The probabilities of a model with an ``a`` take three.
            batch_size: rows at a time, in which memory grows.
            dtype: ``"float64"``, or ``"float32"`` for all but far rows, see ``score_samples``.

        Returns:
            Probabilities ``(B, K)`` and scores ``(B,)``.

        Raises:
            ValueError: for numbers below one, another dtype, and a model whose guide has no class.

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

            return torch.cat([q_y.double(), self._scores(model, x, bounds)[:, None]], 1)

        found = self._of_rows(X, both, size=batch_size, dtype=getattr(torch, dtype))
        return found[:, :-1], found[:, -1]

    def predict(self, X):
        """The most probable class of every row, ``(B,)``."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(1)]

    def score(self, X, y, sample_weight=None):
        """Accuracy over the rows that have a label.

        Raises:
            ValueError: if none has.
        """
        check_is_fitted(self)
        classes, indices = read_labels(y)
        known = indices != MISSING
        if not known.any():
            raise ValueError("y: got no labels, want at least one to score by")
        weight = None if sample_weight is None else np.asarray(sample_weight)[known]
        X = X.loc[known] if hasattr(X, "loc") else np.asarray(X)[known]
        return super().score(X, classes[indices[known]], weight)

    def sample(self, num_samples=1, y=None):
        """Draw rows from the model.

        Args:
            num_samples: how many.
            y: the class of all, or of each; None to draw them too.

        Returns:
            Rows ``(num_samples, D)`` in the units of the table, and their classes ``(num_samples,)``.

        Raises:
            ValueError: for fewer rows than one, and for a class that there is not.
        """
        check_is_fitted(self)
        if y is not None:
            indices = read_labels(np.broadcast_to(np.asarray(y), num_samples), self.classes_)[1]
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
        return classes, indices

    def _no_labels(self, X):
        return np.full(len(X), MISSING)

    def _new_model(self):
        model_class, options = model_of(self.model)
        kind = self.classes if isinstance(self.classes, str) else self.classes[0]
        check_choice("classes", kind, ("auto", *OPTIONS))
        sizes = {"num_classes": len(self.classes_), "a_size": self.a_size}
        sizes |= {"bound": "jensen"}  # of a LatentClassifierVAE: its exact bound learns little from few labels
        if kind != "auto":
            if "classes" not in inspect.signature(model_class).parameters and kind != "enumerated":
                raise ValueError(f"classes: got {kind!r} with {model_class.__name__}, want 'auto' or 'enumerated'")
            return self._new(model_class, options, **sizes, classes=self.classes)
        model = self._new(model_class, options, **sizes)
        normalised = any(isinstance(module, BatchNorm) for module in model.modules())
        if len(self.classes_) <= MANY_CLASSES or "classes" in options or normalised or not model.guide_has_class:
            return model
        return self._new(model_class, options, **sizes, classes="sampled")

    def _class_probabilities(self, model, x, num_samples=None):
        """``(B, K)``; a model with two classifiers is asked for the one of ``network_``."""
        taken = inspect.signature(model.classifier).parameters
        options = {"network": getattr(self, "network_", "generative"), "num_samples": num_samples}
        given = {name: value for name, value in options.items() if name in taken and value is not None}
        return model.classifier(x, **given)

    def _objective(self, num_labelled, num_rows):
        elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
        if not num_labelled:
            return elbo
        return SemiSupervisedELBO.of(self.model_, elbo, alpha(self.beta, num_labelled, num_rows - num_labelled))

    def _batches(self, x, y, learn, seed):
        """Batches of equal size, of which as few rows as can be are left over."""
        size = len(x) // math.ceil(len(x) / self.batch_size)
        resample = self.columns_.resample if self.columns_.is_normal else None
        if not len(learn):
            return Batches(x, size, resample=resample, seed=seed, missing=True)
        labelled, labelled_size = (x[learn], y[learn]), min(self.batch_size, len(learn))
        return Batches(x, size, labelled, labelled_size, resample, seed, missing=True)

    def _measure_of(self, x, y):
        """A function of the epoch that measures the cross-entropy of the labels held out, in nats a row."""

        def measure(epoch):
            with evaluating(self.model_):
                log_q = self._class_probabilities(self.model_, x).clamp(min=torch.finfo(x.dtype).tiny).log()
            return {"validation loss": float(F.nll_loss(log_q, y))}

        return measure


def model_of(model):
    """The class and the options of a model by name, by class, or by either with options.

    Raises:
        ValueError: if there is no such model with classes, naming the nearest.
    """
    model, options = model if isinstance(model, tuple) else (model, {})
    if isinstance(model, type):
        if not (issubclass(model, DeepGenerativeModel) and has_classes(model)):
            raise ValueError(f"model: got {model.__name__}, want a DeepGenerativeModel with num_classes")
        return model, options
    generative = {name: c for name, c in models_by_name().items() if issubclass(c, DeepGenerativeModel)}
    known = {name.lower(): c for name, c in generative.items() if has_classes(c)}
    name = model.lower() if isinstance(model, str) else model
    check_choice("model", name, known)
    return known[name], options
