"""What models share: the registered parameters, the plate over the rows, labels, priors, and reading the pair."""

from abc import ABC, abstractmethod
from contextlib import contextmanager

import pyro
import pyro.distributions as dist
import torch
from pyro import poutine
from pyro.poutine.util import is_validation_enabled
from torch.distributions import constraints

from pyrodgm.checks import check_label_values, check_labels, check_rows, check_size, check_values
from pyrodgm.distributions import PixelByPixel
from pyrodgm.models.class_variable import ClassVariable, check_classes
from pyrodgm.models.networks import signature_of
from pyrodgm.models.pretrained import Pretrained
from pyrodgm.models.registry import register, state_to_pickle
from pyrodgm.nn.batch_norm import paused_statistics
from pyrodgm.nn.weight_norm import initialised_by_data, normalised_layers


class Model(Pretrained, ClassVariable, torch.nn.Module, ABC):
    """Base class of every model/guide pair over rows x, with or without a class y, be it a density of x or not.

    Two methods, ``model`` and ``guide``, open the plate over the rows with ``with self.batch(x, y, size) as y:``.

    Args:
        x_size: number of features D of a row.
        num_classes: number of classes K, or None for a model without a y.

    Attributes:
        supervised: whether it is a p(y | x), trained on labelled rows alone.
        data_size: number of rows N of the whole data set, where the pair has latents of all of it, such as weights;
            the plate over B rows then counts each N / B times. Else None.
    """

    supervised = False
    data_size = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__signature__ = signature_of(cls)

    def __init__(self, x_size, num_classes):
        super().__init__()
        check_size("x_size", x_size)
        if num_classes is not None:
            check_size("num_classes", num_classes)
        self.x_size, self.num_classes = x_size, num_classes

    @property
    def x_support(self):
        """The values that a feature may take, as a constraint and in words."""
        return constraints.real, "real numbers"

    @abstractmethod
    def model(self, *args, **kwargs):
        """The model: samples every latent, and what is observed where it is not given."""

    @abstractmethod
    def guide(self, *args, **kwargs):
        """The inference model: samples the latents."""

    @contextmanager
    def batch(self, x, y=None, size=1):
        """Register the parameters, check the shapes and open the plate ``"batch"`` over the rows.

        The number of rows is ``len(x)``, else ``len(y)``, else ``size``. Values are checked only while Pyro's
        validation is on, because reading them waits for the device.

        Args:
            x: rows ``(B, D)`` or None.
            y: class indices ``(B,)``, one-hot rows ``(B, K)``, or None.
            size: number of rows where neither is given.

        Yields:
            y as one-hot rows ``(B, K)``, or None.

        Raises:
            ValueError: for x or y of the wrong shape, dtype or values, naming what came and what is wanted; for more
                rows than ``data_size``.
        """
        register(self)
        parameter = next(self.parameters())
        if x is not None:
            check_rows("x", x, self.x_size, parameter.dtype)
        if y is not None:
            if self.num_classes is None:
                raise ValueError(f"y: got labels, want None: {type(self).__name__} has no y")
            check_labels("y", y, None if x is None else len(x), self.num_classes)
        if is_validation_enabled():  # a trace turns this off, and not the setting
            if x is not None:
                check_values("x", x, *self.x_support)
            if y is not None:
                check_label_values("y", y, self.num_classes)
        if y is not None:
            y = self.one_hot(y)
        rows = len(x) if x is not None else len(y) if y is not None else size
        with self._plate(rows, parameter.device):
            yield y

    def initialise(self, x, y=None):
        """Let a batch set the lengths and biases of the layers with weight normalisation, before training begins.

        Guide and model run once; at each layer's first call its outputs get mean 0 and variance 1 over the rows
        (Salimans and Kingma 2016, sec. 3). Without such layers nothing is run or drawn.

        Args:
            x: rows ``(B, D)``, as many as a batch has.
            y: their labels, or None.

        Raises:
            ValueError: once training began: biases are zero before, and an initialised model has others too.

        Example::

            m = VAE(784, weight_norm=True)
            m.initialise(x[:100])
        """
        layers = normalised_layers(self)
        if any(bool(layer.bias.any()) for layer in layers):
            raise ValueError("initialise: got a model that is trained or initialised already, want a new one")
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

    A subclass names its networks after the factors they parameterise (``p_x``, ``q_z``, ...) and writes two
    methods, ``model`` and ``guide``, each opening with ``with self.batch(x, y, size) as y:``. Sites carry the
    paper's symbols. The rightmost batch dimension is the datum; enumeration goes to its left; events are last.

    Args:
        x_size: number of features D of a row.
        num_classes: number of classes K, or None for a model without a y.
        z_size: number of latent units; of the top latent, where there are several.
        classes: how a guide treats a y that is not given. ``"enumerated"`` sums it out. ``"sampled"``, or
            ``("sampled", {"top": 2})``, sums the most probable classes of each row and one drawn from the rest while
            training, so that a step costs the same for any K: bound and gradient are right on average, see
            ``SumAndSample``. Not so with batch normalisation, whose statistics are then of these few classes of each
            row: a bound over another network than the one that sums all. Sum all at first, see ``classes_by_epoch`` of
            ``pyrodgm.train.fit``. ``"relaxed"``, or ``("relaxed", {"temperature": t})``, draws one class; the gradient
            is that of a relaxed sample, which is biased, see ``StraightThroughOneHot``.

    Attributes:
        top: the site of the latent whose prior is N(0, I), of ``z_size`` units: ``"z"``, or the last of z1, z2, ...
        labelled_weight: the weight of the labelled bound in the objective of the model's paper.
        classification_loss: a method of (x, y) where that paper has its own class term; None for -log q(y | ...).
        adversarial_loss: a method of (x, y), the extra loss of a paper with an adversary; or None.

    Example::

        elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
        svi = SVI(m.model, m.guide, Adam({"lr": 3e-4}), elbo)
        svi.step(x)
        svi.step(x, y)
    """

    top = "z"
    labelled_weight = 1.0
    classification_loss = None
    adversarial_loss = None

    def __init__(self, x_size, num_classes, z_size, classes="enumerated"):
        super().__init__(x_size, num_classes)
        if z_size is not None:
            check_size("z_size", z_size)
        check_classes(classes, num_classes)
        self.z_size, self.classes = z_size, classes

    @property
    def x_support(self):
        return self.p_x.support, self.p_x.wanted

    @abstractmethod
    def model(self, x=None, y=None, size=1):
        """The generative model: samples every latent, and x and y where they are not given."""

    @abstractmethod
    def guide(self, x, y=None, size=1):
        """The inference model: samples the latents given x, and y where it is not given."""

    @property
    def missing(self):
        """How networks read a cell of x that was not observed, see ``Networks``; None where NaN is refused."""
        return getattr(self.p_x, "missing", None)

    def scaled(self, x):
        """x as networks read it, ``(..., D)``: divided by the largest count where the likelihood counts.

        Levels that the model drew are integers; networks read the parameters' dtype. A missing cell is read as 0; with
        ``missing="mask"`` it is ``(..., 2 D)``, x and then a mask that is 1 where a cell is missing.
        """
        absent = None if self.missing is None else x.isnan()
        x = x if absent is None else x.masked_fill(absent, 0)
        x = x if self.p_x.scale == 1 else x.to(next(self.parameters()).dtype) / self.p_x.scale
        return torch.cat([x, absent.to(x.dtype)], -1) if self.missing == "mask" else x

    def standard_normal(self, size):
        """The prior N(0, I) of ``size`` units, on the parameters' device."""
        zeros = next(self.parameters()).new_zeros(size)
        return dist.Normal(zeros, torch.ones_like(zeros)).to_event(1)

    def shared_noise(self, num_samples, seed, size):
        """Standard normal noise ``(num_samples, 1, size)``, fixed by ``seed``, the same for every row."""
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(num_samples, 1, size, generator=generator).to(next(self.parameters()))

    @torch.no_grad()
    def reconstruct(self, x, y=None):
        """The mean of p(x | latents) at one draw of the latents from the guide.

        Of a decoder that draws pixel by pixel, which has no other, it is the mean of every pixel given those of x
        before it, see ``PixelByPixel``. As everywhere in torch, a model with batch normalisation is put into evaluation
        mode first (``m.eval()``).

        Args:
            x: rows ``(B, D)``.
            y: labels, or None to draw them from q(y | x) too.

        Returns:
            ``(B, D)``, on the scale of x.
        """
        guide_trace = poutine.trace(self.guide).get_trace(x, y)
        given = poutine.condition(data={"x": x})  # so that no x is drawn
        with poutine.trace() as model_trace, given, poutine.replay(trace=guide_trace):
            self.model(None, y, size=len(x))
        p_x = model_trace.trace.nodes["x"]["fn"]
        return p_x.mean_given(x) if isinstance(p_x, PixelByPixel) else p_x.mean
