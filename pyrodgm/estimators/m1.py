"""M1, the latent-feature discriminative model. Kingma 2017, sec. 3.2.1 (Kingma et al. 2014).

    p(x, z) = p(z) p(x | z),    q(z | x)        eqs 3.1, 3.3 and 3.6: a VAE of all rows, with a label or without
    z ~ q(z | x)                                the features that a classifier of the labelled rows is trained on

The classifier can be any of scikit-learn's. The paper uses a transductive SVM for M1. Neither scikit-learn nor any
maintained Python library that we know has one. The closest ones that also use the unlabelled rows are
``LabelSpreading`` and ``SelfTrainingClassifier`` with an ``SVC``.
"""

from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from pyro.infer import Trace_ELBO
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from pyrodgm.data import Batches
from pyrodgm.estimators.estimator import DeepGenerativeEstimator
from pyrodgm.estimators.training import CONSTRAINTS, all_or_nothing, train
from pyrodgm.evaluate import bound, latents
from pyrodgm.isolation import isolated
from pyrodgm.models import VAE
from pyrodgm.types import Option


class M1(DeepGenerativeEstimator):
    """A VAE as a feature extractor: rows in, latents out, for any classifier of a ``Pipeline``.

    A share of the rows is held out, and the epoch with the highest bound on these rows is kept. Missing cells
    and constant columns are treated as by ``DeepGenerativeClassifier``.

    Args:
        z_size: number of latent units, the features.
        hidden: sizes of the hidden layers of both networks.
        likelihood: p(x | z), see ``likelihood_net``; None to choose it from the data, see ``describe_columns``.
        scaling: of normal columns: ``"standard"`` by mean and standard deviation, or ``"robust"`` by median and
            quartiles, for columns with a few extreme cells. With ``"robust"``, training moves cells beyond ten standard
            deviations, as estimated from the quartiles, to that distance. Other methods do not move them.
        features: ``"means"`` of q(z | x); or ``"samples"`` from it, on which the paper trains the M2 of M1+M2. Samples
            depend on ``random_state``.
        epochs: maximum number of passes through the rows.
        batch_size: rows per step.
        learning_rate: initial learning rate of Adam.
        warm_up_epochs: epochs over which the weight of the KL term rises to 1.
        validation_fraction: share of the rows that is held out for early stopping; 0 to train for all epochs.
        patience: number of epochs without improvement before training stops.
        device: device for training and ``transform``.
        random_state: fixes the initial parameters, the noise, the order of the rows and the rows held out.
        verbose: show a progress bar, and print the likelihood and why it was chosen.

    Attributes:
        likelihood_: p(x | z), as given or as chosen.
        model_: the trained ``VAE``; with a normal likelihood its columns are standardised.
        history_: a dict for each epoch, see ``pyrodgm.train.fit``.
        n_iter_: number of epochs.
        kept_latents_: posterior means of at most 5,000 training rows, for ``anomaly_score``.
        mean_bound_: mean bound of at most 500 of these rows, in nats and in the units of X.
        n_features_in_, feature_names_in_: the number of columns, and their names if X had names.

    See Also:
        DeepGenerativeClassifier: one model of rows and classes, which learns features and classes together.
        sklearn.decomposition.PCA: linear features.

    Example::

        features = M1(random_state=0).fit(X)                        # every row, no labels
        SVC().fit(features.transform(X_labelled), y_labelled)
        make_pipeline(M1(), LabelSpreading()).fit(X, y)             # y: -1 for no label
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS | {
        "features": [StrOptions({"means", "samples"})]
    }

    def __init__(
        self,
        z_size: int = 16,
        hidden: tuple[int, ...] = (128, 128),
        likelihood: Option | None = None,
        scaling: Literal["standard", "robust"] = "standard",
        features: Literal["means", "samples"] = "means",
        epochs: int = 200,
        batch_size: int = 100,
        learning_rate: float = 2e-3,
        warm_up_epochs: int = 0,
        validation_fraction: float = 0.1,
        patience: int = 50,
        device: str = "cpu",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.z_size = z_size
        self.hidden = hidden
        self.likelihood = likelihood
        self.scaling = scaling
        self.features = features
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.warm_up_epochs = warm_up_epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @all_or_nothing
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train on the rows X ``(N, D)``, an array of numbers or a data frame; ``y`` has no effect.

        If this fails or is interrupted, the estimator stays as it was.

        Raises:
            ValueError: for infinite values, for columns without a value, and if all columns are constant under a normal
                likelihood.
        """
        self._validate_params()
        X = self._check_rows(X, reset=True, ensure_min_samples=2)
        seed = self._begin(X)
        X = self._clipped(X)
        with isolated(seed):
            self.model_ = self._new(VAE, {})
            x = self._training_rows(X)
            held = min(round(self.validation_fraction * len(x)), len(x) - 1)
            stop, learn = x[torch.randperm(len(x)).to(x.device)].tensor_split([held])
            resample = self.columns_.resample if self.columns_.is_normal else None
            batches = Batches(learn, self.batch_size, resample=resample, seed=seed, missing=True)
            measure = monitor = None
            if held:
                measure, monitor = self._measure_of(stop), "validation loss"
            self.history_ = train(self.model_, Trace_ELBO(), batches, self, measure, monitor)
            self._note_latents(x)
        self._keep_latents(X, seed)
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """The features of every row, ``(B, z)``: means of q(z | x), or samples from it."""
        if self.features == "means":
            return super().transform(X)
        check_is_fitted(self)
        X = self._check_rows(X, reset=False)
        self._refuse_missing(X)
        x = self.columns_.to_model(X).to(self.device)
        with isolated(self._seed()):
            return latents(self._model_in(torch.float64), x)["z"].cpu().numpy()

    def sample(self, num_samples: int = 1) -> Any:
        """Draw rows from the model, ``(num_samples, D)``, in the units of the table; a frame for mixed columns."""
        return self._sample(num_samples)[0]

    def _measure_of(self, x):
        """A function of the epoch that measures minus the bound of the held-out rows, in nats per row."""

        def measure(epoch):
            with isolated(0):
                return {"validation loss": -bound(self.model_, x)}

        return measure
