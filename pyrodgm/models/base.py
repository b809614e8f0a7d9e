"""What every model shares: registration, the plate over the batch, labels, priors, and reading the pair."""

from abc import ABC, abstractmethod
from contextlib import contextmanager

import pyro
import pyro.distributions as dist
import torch
import torch.nn.functional as F
from pyro import poutine

from pyrodgm.checks import check_choice, check_label_values, check_labels, check_rows, check_size, check_values
from pyrodgm.distributions import StraightThroughOneHot
from pyrodgm.models.pretrained import from_pretrained, named_arguments, push_to_hub, save_pretrained
from pyrodgm.models.registry import register


class DeepGenerativeModel(torch.nn.Module, ABC):
    """Base class of a model/guide pair over rows x, with or without a class y.

    A subclass names its networks after the factors they parameterise (``p_x``, ``q_z``, ...) and writes two
    methods, ``model`` and ``guide``, each opening with ``with self.batch(x, y, size) as y:``. Sites carry the
    paper's symbols. The rightmost batch dimension is the datum; enumeration goes to its left; events are last.

    Args:
        x_size: number of features D of a row.
        num_classes: number of classes K, or None for a model without a y.
        z_size: number of latent units; of the top latent, where there are several.
        classes: how a guide treats a y that is not given. ``"enumerated"`` sums it out. ``"relaxed"``, or
            ``("relaxed", {"temperature": t})``, draws it, so that a step costs the same for any K: the bound is then
            an estimate with one class a row, and its gradient that of a relaxed sample, which is biased, see
            ``StraightThroughOneHot``.

    Attributes:
        top: the site of the latent whose prior is N(0, I), of ``z_size`` units: ``"z"``, or the last of z1, z2, ...
        labelled_weight: the weight of the labelled bound in the objective of the model's paper.
        classification_loss: a method of (x, y) where that paper has its own class term; None for -log q(y | ...).
        adversarial_loss: a method of (x, y), what the networks of that paper play against each other besides; or None.

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

    def __new__(cls, *args, **kwargs):
        model = super().__new__(cls)
        vars(model)["arguments"] = named_arguments(cls, args, kwargs)
        return model

    def __init__(self, x_size, num_classes, z_size, classes="enumerated"):
        super().__init__()
        kind, options = (classes, {}) if isinstance(classes, str) else classes
        check_choice("classes", kind, ("enumerated", "relaxed"))
        for option in options:
            check_choice(f"classes: {kind}", option, ("temperature",) if kind == "relaxed" else ())
        self.temperature = options.get("temperature", 0.5) if kind == "relaxed" else None
        if self.temperature is not None and not self.temperature > 0:
            raise ValueError(f"temperature: got {self.temperature!r}, want a number above zero")
        for argument, value in (("x_size", x_size), ("num_classes", num_classes), ("z_size", z_size)):
            if value is not None:
                check_size(argument, value)
        self.x_size, self.num_classes, self.z_size = x_size, num_classes, z_size

    @abstractmethod
    def model(self, x=None, y=None, size=1):
        """The generative model: samples every latent, and x and y where they are not given."""

    @abstractmethod
    def guide(self, x, y=None, size=1):
        """The inference model: samples the latents given x, and y where it is not given."""

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
            ValueError: for x or y of the wrong shape, dtype or values, naming what came and what is wanted.
        """
        register(self)
        parameter = next(self.parameters())
        if x is not None:
            check_rows("x", x, self.x_size, parameter.dtype)
        if y is not None:
            if self.num_classes is None:
                raise ValueError(f"y: got labels, want None: {type(self).__name__} has no y")
            check_labels("y", y, None if x is None else len(x), self.num_classes)
        if pyro.settings.get("validate_poutine"):
            if x is not None:
                check_values("x", x, self.p_x.support, self.p_x.wanted)
            if y is not None:
                check_label_values("y", y, self.num_classes)
        if y is not None:
            y = self.one_hot(y)
        rows = len(x) if x is not None else len(y) if y is not None else size
        with pyro.plate("batch", rows, device=parameter.device):
            yield y

    def one_hot(self, y):
        """Labels, class indices ``(B,)`` or one-hot rows, as one-hot rows ``(B, K)`` of the parameters' dtype."""
        return (F.one_hot(y.long(), self.num_classes) if y.dim() == 1 else y).to(next(self.parameters()).dtype)

    def scaled(self, x):
        """x on the scale that networks read: divided by the largest count where the likelihood counts.

        Levels that the model drew are integers; networks read the parameters' dtype.
        """
        return x if self.p_x.scale == 1 else x.to(next(self.parameters()).dtype) / self.p_x.scale

    def standard_normal(self, size):
        """The prior N(0, I) of ``size`` units, on the parameters' device."""
        zeros = next(self.parameters()).new_zeros(size)
        return dist.Normal(zeros, torch.ones_like(zeros)).to_event(1)

    def uniform_one_hot(self):
        """The prior Cat(1/K, ..., 1/K) of y, on the parameters' device."""
        return dist.OneHotCategorical(logits=next(self.parameters()).new_zeros(self.num_classes))

    def categorical(self, fn):
        """A one-hot categorical as y's site takes it: itself where y is enumerated, else one that is drawn from."""
        return fn if self.temperature is None else StraightThroughOneHot(self.temperature, fn.logits)

    def sample_class(self, q_y):
        """y of the guide, from q(y | ...): one-hot rows ``(K, 1, K)`` where it is enumerated, else ``(B, K)``."""
        infer = {"enumerate": "parallel"} if self.temperature is None else {}
        return pyro.sample("y", self.categorical(q_y), infer=infer)

    def shared_noise(self, num_samples, seed, size):
        """Standard normal noise ``(num_samples, 1, size)``, fixed by ``seed``, the same for every row."""
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(num_samples, 1, size, generator=generator).to(next(self.parameters()))

    @torch.no_grad()
    def reconstruct(self, x, y=None):
        """The mean of p(x | latents) at one draw of the latents from the guide.

        As everywhere in torch, a model with batch normalisation is put into evaluation mode first (``m.eval()``).

        Args:
            x: rows ``(B, D)``.
            y: labels, or None to draw them from q(y | x) too.

        Returns:
            ``(B, D)``, on the scale of x.
        """
        guide_trace = poutine.trace(self.guide).get_trace(x, y)
        with poutine.trace() as model_trace, poutine.replay(trace=guide_trace):
            self.model(None, y, size=len(x))
        return model_trace.trace.nodes["x"]["fn"].mean

    def save_pretrained(self, folder, card=""):
        """Write the model to a folder: ``config.json``, ``model.safetensors`` and a card, ``README.md``.

        Args:
            folder: made if it is not there.
            card: what to tell a reader besides, in Markdown, such as measured figures.

        Raises:
            ValueError: for an argument of the model that is no plain value, so that no file can hold it.

        Example::

            m.save_pretrained("digits-sdgm")
            SDGM.from_pretrained("digits-sdgm").classifier(x)
        """
        save_pretrained(self, folder, card)

    @classmethod
    def from_pretrained(cls, folder):
        """The model that ``save_pretrained`` wrote, in evaluation mode. Nothing in the folder is executed.

        Args:
            folder: its folder; or, where ``huggingface_hub`` is installed, the name of a repository on the hub.

        Raises:
            ValueError: if the folder holds no such model, a damaged one, one of another class, or one written by a
                newer package.
        """
        return from_pretrained(folder, cls)

    def push_to_hub(self, repository, card=""):
        """Write the model to a repository of the Hugging Face hub, for which ``huggingface_hub`` must be installed."""
        push_to_hub(self, repository, card)

    def __getstate__(self):
        # Pyro leaves a weak reference to the unconstrained tensor on each parameter; it cannot be pickled, and
        # the next call of model or guide puts it back.
        for parameter in self.parameters():
            parameter.__dict__.pop("unconstrained", None)
        return self.__dict__
