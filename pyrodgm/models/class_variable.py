"""The class y of a model: its prior, its one-hot form, and how a guide treats one that is not given."""

import pyro
import pyro.distributions as dist
import torch.nn.functional as F

from pyrodgm.checks import check_choice
from pyrodgm.distributions import StraightThroughOneHot


class ClassVariable:
    """What a model with a y can do with it. ``num_classes`` and ``temperature`` are the model's."""

    def one_hot(self, y):
        """Labels, class indices ``(B,)`` or one-hot rows, as one-hot rows ``(B, K)`` of the parameters' dtype."""
        return (F.one_hot(y.long(), self.num_classes) if y.dim() == 1 else y).to(next(self.parameters()).dtype)

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


def read_classes(classes):
    """The temperature of the relaxed classes that the argument ``classes`` of a model asks for; None for enumerated.

    Args:
        classes: ``"enumerated"``, ``"relaxed"``, or ``("relaxed", {"temperature": t})``.

    Raises:
        ValueError: for anything else, or a temperature that is not above zero.
    """
    kind, options = (classes, {}) if isinstance(classes, str) else classes
    check_choice("classes", kind, ("enumerated", "relaxed"))
    for option in options:
        check_choice(f"classes: {kind}", option, ("temperature",) if kind == "relaxed" else ())
    if kind == "enumerated":
        return None
    temperature = options.get("temperature", 0.5)
    if not temperature > 0:
        raise ValueError(f"temperature: got {temperature!r}, want a number above zero")
    return temperature
