"""Base classes of the models: registration of the parameters, the plate over the rows, labels and priors."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyro
import pyro.distributions as dist
import torch
from pyro import poutine
from pyro.poutine.util import is_validation_enabled
from torch.distributions import constraints

from pyrodgm.checks import check_label_values, check_labels, check_rows, check_size, check_values
from pyrodgm.distributions import PixelByPixel
from pyrodgm.isolation import seeded_generator
from pyrodgm.models.class_variable import ClassVariable, check_classes
from pyrodgm.models.networks import signature_of
from pyrodgm.models.pretrained import Pretrained
from pyrodgm.models.registry import register, state_to_pickle
from pyrodgm.nn.batch_norm import paused_statistics
from pyrodgm.nn.cells import CellsNet
from pyrodgm.nn.feature_maps import PixelDecoder
from pyrodgm.nn.weight_norm import initialised_by_data, normalised_layers
from pyrodgm.types import Option


class Model(Pretrained, ClassVariable, ABC):
    """Base class of every model/guide pair over rows x: densities of x, with or without a class y, and classifiers.

    A subclass writes two methods, ``model`` and ``guide``. Both open the plate over the rows with
    ``with self.batch(x, y, size) as y:``.

    Args:
        x_size: number of features D of a row.
        num_classes: number of classes K, or None for a model without a y.

    Attributes:
        supervised: True for a p(y | x), which is trained on rows with a y only.
        data_size: number of rows N of the data set, for a pair with global latents such as weights. The plate then
            scales each of the B rows of a batch by N / B. None for other pairs.
    """

    supervised = False
    data_size: int | None = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__signature__ = signature_of(cls)

    def __init__(self, x_size: int, num_classes: int | None) -> None:
        super().__init__()
        check_size("x_size", x_size)
        if num_classes is not None:
            check_size("num_classes", num_classes)
        self.x_size, self.num_classes = x_size, num_classes
        self.register_buffer("log_class_prior", None)

    @property
    def x_support(self) -> tuple[constraints.Constraint, str]:
        """The values that a feature may take: a constraint, and its description in words."""
        return constraints.real, "real numbers"

    @abstractmethod
    def model(self, *args: Any, **kwargs: Any) -> Any:
        """The model: samples every latent variable, and every observed variable that is not given."""

    @abstractmethod
    def guide(self, *args: Any, **kwargs: Any) -> Any:
        """The inference model: samples the latent variables."""

    @contextmanager
    def batch(
        self, x: torch.Tensor | None, y: torch.Tensor | None = None, size: int = 1
    ) -> Iterator[torch.Tensor | None]:
        """Register the parameters, check the shapes and open the plate ``"batch"`` over the rows.

        The number of rows is ``len(x)``, else ``len(y)``, else ``size``. Values are checked only while Pyro's
        validation is on, because reading them synchronises with the device.

        Args:
            x: rows ``(B, D)`` or None.
            y: class indices ``(B,)``, one-hot rows ``(B, K)``, or None.
            size: number of rows if neither is given.

        Yields:
            y as one-hot rows ``(B, K)``, or None.

        Raises:
            ValueError: if x or y has the wrong shape, dtype or values, or if there are more rows than ``data_size``.
        """
        register(self)
        parameter = next(self.parameters())
        if x is not None:
            check_rows("x", x, self.x_size, parameter.dtype)
        if y is not None:
            if self.num_classes is None:
                raise ValueError(f"y: got labels, want None: {type(self).__name__} has no y")
            check_labels("y", y, None if x is None else len(x), self.num_classes)
        if is_validation_enabled():  # not the setting: tracing patches this function
            if x is not None:
                check_values("x", x, *self.x_support)
            if y is not None:
                check_label_values("y", y, self.num_classes)
        if y is not None:
            y = self.one_hot(y)
        rows = len(x) if x is not None else len(y) if y is not None else size
        with self._plate(rows, parameter.device):
            yield y

    def initialise(self, x: torch.Tensor, y: torch.Tensor | None = None) -> None:
        """Initialise the layers with weight normalisation from a batch of data, before training begins.

        Guide and model run once. At the first call of each layer, the lengths of its weights and its biases are set so
        that its outputs have mean 0 and variance 1 over the rows (Salimans and Kingma 2016, sec. 3). Without such
        layers nothing is run or drawn.

        Args:
            x: rows ``(B, D)``, at least two, ideally a whole batch.
            y: their labels, or None.

        Raises:
            ValueError: for fewer than two rows; or if a bias is not zero, which means that the model was trained or
                initialised before.

        Example::

            m = VAE(784, weight_norm=True)
            m.initialise(x[:100])
        """
        layers = normalised_layers(self)
        if any(bool(layer.bias.any()) for layer in layers):
            raise ValueError("initialise: got a model that is trained or initialised already, want a new one")
        if layers and len(x) < 2:
            raise ValueError(f"x: got {len(x)} rows, want at least two for a variance, ideally a whole batch")
        if layers:
            with initialised_by_data(), paused_statistics():
                trace = poutine.trace(self.guide).get_trace(x, y)
                poutine.replay(self.model, trace=trace)(x, y)

    def _plate(self, rows, device):
        if self.data_size is None:
            return pyro.plate("batch", rows, device=device)
        if rows > self.data_size:
            raise ValueError(f"data_size: got {self.data_size}, want at least the {rows} rows given")
        return pyro.plate("batch", self.data_size, subsample=torch.arange(rows, device=device))

    def __getstate__(self):
        return state_to_pickle(self)


class DeepGenerativeModel(Model):
    """Base class of a model/guide pair over rows x, with or without a class y.

    A subclass names its networks after the factors they parameterise (``p_x``, ``q_z``, ...). It writes two methods,
    ``model`` and ``guide``, which both begin with ``with self.batch(x, y, size) as y:``. Sites are named after the
    symbols of the paper. The rightmost batch dimension is the row. Enumeration dimensions are to its left, event
    dimensions to its right.

    Args:
        x_size: number of features D of a row.
        num_classes: number of classes K, or None for a model without a y.
        z_size: number of latent units; of the top latent, if there are several.
        classes: how the guide treats a y that is not given. ``"enumerated"`` sums over all classes.
            ``"sampled"``, or ``("sampled", {"top": 2})``, sums over the most probable classes of each row and one class
            drawn from the rest while training, so that the cost of a step does not depend on K. Bound and gradient are
            unbiased, see ``SumAndSample``. With batch normalisation they are not, because the statistics then come from
            these few classes of each row, not from all. On MNIST this does no harm. ``classes_by_epoch`` of
            ``pyrodgm.train.fit`` can sum over all classes in the first epochs.
            ``"relaxed"``, or ``("relaxed", {"temperature": t})``, draws one class. Its gradient is that of a relaxed
            sample, which is biased, see ``StraightThroughOneHot``.

    Attributes:
        top: name of the top latent, with ``z_size`` units, whose prior depends on no latent but y: ``"z"``, or the
            last of z1, z2, ...
        labelled_weight: weight of the labelled bound in the objective of the model's paper.
        classification_loss: a method of (x, y), the class term of a paper that has its own; None for -log q(y | ...).
        adversarial_loss: a method of (x, y), the extra loss of a paper with an adversary; or None.

    Example::

        elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
        svi = SVI(m.model, m.guide, Adam({"lr": 3e-4}), elbo)
        svi.step(x)
        svi.step(x, y)
    """

    p_x: CellsNet | PixelDecoder
    z_size: int | Any  # None if the top latent is not a vector
    top = "z"
    labelled_weight = 1.0
    classification_loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None
    adversarial_loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None

    def __init__(
        self, x_size: int, num_classes: int | None, z_size: int | None, classes: Option = "enumerated"
    ) -> None:
        super().__init__(x_size, num_classes)
        if z_size is not None:
            check_size("z_size", z_size)
        check_classes(classes, num_classes)
        self.z_size, self.classes = z_size, classes

    @property
    def x_support(self) -> tuple[constraints.Constraint, str]:
        likelihood = self._likelihood()
        return likelihood.support, likelihood.wanted

    def _likelihood(self):
        """The network of p(x | ...). If it is missing, torch by itself would name the property that needs it."""
        likelihood = getattr(self, "p_x", None)
        if not all(hasattr(likelihood, name) for name in ("support", "wanted", "scale")):
            raise ValueError(
                f"p_x: got {'none' if likelihood is None else type(likelihood).__name__} in {type(self).__name__}, "
                "want the network of p(x | ...), as Networks.likelihood or likelihood_net gives"
            )
        return likelihood

    @abstractmethod
    def model(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None, size: int = 1) -> torch.Tensor:
        """The generative model: samples every latent variable, and x and y if they are not given."""

    @abstractmethod
    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        """The inference model: samples the latent variables given x, and y if it is not given."""

    @property
    def missing(self) -> str | None:
        """How networks read a missing cell of x, see ``Networks``; None if NaN is refused."""
        return getattr(self._likelihood(), "missing", None)

    def scaled(self, x: torch.Tensor) -> torch.Tensor:
        """x as the input of a network, ``(..., D)``, divided by the largest count if the likelihood is for counts.

        Counts and levels drawn by the model are integers; they are converted to the parameters' dtype. A missing cell
        becomes 0. With ``missing="mask"`` the result is ``(..., 2 D)``: x and a mask, 1 where a cell is missing.
        """
        absent = None if self.missing is None else x.isnan()
        x = x if absent is None else x.masked_fill(absent, 0)
        scale = self._likelihood().scale
        x = x if scale == 1 else x.to(next(self.parameters()).dtype) / scale
        return torch.cat([x, absent.to(x.dtype)], -1) if absent is not None and self.missing == "mask" else x

    def standard_normal(self, size: int) -> dist.Distribution:
        """The prior N(0, I) of ``size`` units, on the parameters' device."""
        zeros = next(self.parameters()).new_zeros(size)
        return dist.Normal(zeros, torch.ones_like(zeros)).to_event(1)

    def shared_noise(self, num_samples: int, seed: int, size: int) -> torch.Tensor:
        """Standard normal noise ``(num_samples, 1, size)``, fixed by ``seed`` and the same for every row."""
        generator = seeded_generator(seed)
        return torch.randn(num_samples, 1, size, generator=generator, device="cpu").to(next(self.parameters()))

    @torch.no_grad()
    def reconstruct(self, x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
        """The mean of p(x | latents) for one draw of the latents from the guide.

        A decoder that draws pixel by pixel has no such mean. It returns the mean of every pixel given the pixels of x
        before it, see ``PixelByPixel``. Put a model with batch normalisation into evaluation mode first (``m.eval()``).

        Args:
            x: rows ``(B, D)``.
            y: labels, or None to draw them from q(y | x).

        Returns:
            ``(B, D)``, on the scale of x.
        """
        guide_trace = poutine.trace(self.guide).get_trace(x, y)
        given = poutine.condition(data={"x": x})  # so that no x is drawn
        with poutine.trace() as model_trace, given, poutine.replay(trace=guide_trace):
            self.model(None, y, size=len(x))
        p_x = model_trace.trace.nodes["x"]["fn"]
        return p_x.mean_given(x) if isinstance(p_x, PixelByPixel) else p_x.mean
