"""The class y of a model: its prior, its one-hot form, and how the guide treats a y that is not given."""

from collections.abc import Sequence
from typing import Any

import pyro
import pyro.distributions as dist
import torch

from pyrodgm.checks import check_choice, is_number, is_size, shown, split_option
from pyrodgm.distributions import StraightThroughOneHot, SumAndSample
from pyrodgm.distributions.one_hot import KnownOneHotCategorical, one_hot_rows
from pyrodgm.types import Option

OPTIONS: dict[str, dict[str, Any]] = {"enumerated": {}, "relaxed": {"temperature": 0.5}, "sampled": {"top": 2}}


class ClassVariable(torch.nn.Module):
    """The methods of a model that concern its class y. The model has ``num_classes`` and ``classes``."""

    num_classes: int | Any  # None without a y
    classes: Option
    log_class_prior: torch.Tensor | None  # log p(y), ``(K,)``, see ``set_class_prior``

    @property
    def relaxed(self) -> bool:
        """Whether a y that is not given is drawn as a relaxed sample, without a sum over classes."""
        return read_classes(self.classes)[0] == "relaxed"

    @property
    def guide_has_class(self) -> bool:
        """Whether the guide samples a y that is not given; only then can its classes be sampled or relaxed."""
        return self.num_classes is not None

    def one_hot(self, y: torch.Tensor) -> torch.Tensor:
        """Class indices ``(B,)`` or one-hot rows as one-hot rows ``(B, K)`` of the parameters' dtype."""
        dtype = next(self.parameters()).dtype
        if y.dim() == 2:
            return y.to(dtype)
        return one_hot_rows(y.long(), self.num_classes, dtype)

    def uniform_one_hot(self) -> KnownOneHotCategorical:
        """The prior Cat(1/K, ..., 1/K) of y, on the parameters' device."""
        return KnownOneHotCategorical(logits=next(self.parameters()).new_zeros(self.num_classes))

    @property
    def class_prior(self) -> tuple[float, ...] | None:
        """p(y) as K probabilities; None for a uniform one that was not given."""
        return None if self.log_class_prior is None else tuple(self.log_class_prior.exp().tolist())

    def set_class_prior(self, class_prior: Sequence[float] | None) -> None:
        """Set the prior p(y), K probabilities above zero that sum to one; None for a uniform one.

        A model that was built with a prior keeps it in its ``state_dict``. A later call changes that tensor in place.
        A model that was built without one can be trained with the new prior, but not saved.

        Raises:
            ValueError: for another number of classes, or for values that are not such probabilities.
        """
        if class_prior is None:
            self.log_class_prior = None
            return
        shares = torch.tensor(tuple(class_prior), dtype=torch.float64)
        if shares.shape != (self.num_classes,) or not bool((shares > 0).all()) or abs(float(shares.sum()) - 1) > 1e-6:
            wanted = f"{self.num_classes} probabilities above zero that sum to 1"
            raise ValueError(f"class_prior: got {tuple(class_prior)}, want {wanted}")
        if self.log_class_prior is None:
            self.log_class_prior = shares.log().to(next(self.parameters(), torch.empty(0)))
        else:
            self.log_class_prior.copy_(shares.log())

    def prior_one_hot(self) -> dist.OneHotCategorical:
        """The prior p(y): uniform, unless ``set_class_prior`` was given probabilities."""
        if self.log_class_prior is None:
            return self.uniform_one_hot()
        return self.categorical(KnownOneHotCategorical(logits=self.log_class_prior))

    def categorical(self, fn: dist.OneHotCategorical) -> dist.OneHotCategorical:
        """The distribution of the site y for a one-hot categorical: relaxed with ``classes="relaxed"``, else itself."""
        kind, options = read_classes(self.classes)
        return StraightThroughOneHot(options["temperature"], fn.logits) if kind == "relaxed" else fn

    def sample_class(self, q_y: dist.OneHotCategorical) -> torch.Tensor:
        """Sample y in the guide from q(y | ...), as one-hot rows.

        The shape is ``(K, 1, K)`` if all classes are summed, and ``(B, K)`` if one is drawn. With
        ``classes="sampled"`` it is ``(top + 1, B, K)`` in training mode.
        """
        kind, options = read_classes(self.classes)
        if kind == "relaxed":
            return pyro.sample("y", self.categorical(q_y))
        if kind == "sampled" and self.training:
            q_y = SumAndSample.of(q_y, options["top"])
        return pyro.sample("y", q_y, infer={"enumerate": "parallel"})


def read_classes(classes: Option) -> tuple[str, dict[str, Any]]:
    """Split the argument ``classes`` of a model into its kind and its options, with defaults filled in.

    Args:
        classes: ``"enumerated"``, ``"relaxed"`` or ``"sampled"``, or a pair of one of them and options.
    """
    kind, options = split_option("classes", classes)
    return kind, OPTIONS[kind] | options


def check_classes(classes: Option, num_classes: int | Any) -> None:
    """Raise ``ValueError`` if ``classes`` is not valid for a model with ``num_classes`` classes."""
    kind, options = split_option("classes", classes)
    check_choice("classes", kind, OPTIONS)
    for option in options:
        check_choice(f"classes: {kind}", option, OPTIONS[kind])
    kind, options = read_classes(classes)
    if kind == "relaxed" and not (is_number(options["temperature"]) and options["temperature"] > 0):
        raise ValueError(f"temperature: got {shown(options['temperature'])}, want a number above zero")
    top = options.get("top")
    if kind == "sampled" and not (is_size(top) and top < num_classes):
        wanted = f"an int from 1 to {num_classes - 1}, fewer than the classes"
        raise ValueError(f"classes: sampled: top: got {shown(top)}, want {wanted}")
