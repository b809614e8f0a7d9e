"""The class y of a model: its prior, its one-hot form, and how a guide treats one that is not given."""

import pyro

from pyrodgm.checks import check_choice
from pyrodgm.distributions import StraightThroughOneHot, SumAndSample
from pyrodgm.distributions.one_hot import KnownOneHotCategorical, one_hot_rows

OPTIONS = {"enumerated": {}, "relaxed": {"temperature": 0.5}, "sampled": {"top": 2}}


class ClassVariable:
    """What a model with a y can do with it. ``num_classes`` and ``classes`` are the model's."""

    @property
    def relaxed(self):
        """Whether a y that is not given is drawn as a relaxed sample, so that no class is summed."""
        return read_classes(self.classes)[0] == "relaxed"

    @property
    def guide_has_class(self):
        """Whether the guide has a y that is not given, whose classes it may sum, sample or relax."""
        return self.num_classes is not None

    def one_hot(self, y):
        """Labels, class indices ``(B,)`` or one-hot rows, as one-hot rows ``(B, K)`` of the parameters' dtype."""
        dtype = next(self.parameters()).dtype
        if y.dim() == 2:
            return y.to(dtype)
        return one_hot_rows(y.long(), self.num_classes, dtype)

    def uniform_one_hot(self):
        """The prior Cat(1/K, ..., 1/K) of y, on the parameters' device."""
        return KnownOneHotCategorical(logits=next(self.parameters()).new_zeros(self.num_classes))

    def categorical(self, fn):
        """A one-hot categorical as y's site takes it: itself where classes are summed, else one that is drawn from."""
        kind, options = read_classes(self.classes)
        return StraightThroughOneHot(options["temperature"], fn.logits) if kind == "relaxed" else fn

    def sample_class(self, q_y):
        """y of the guide, from q(y | ...).

        One-hot rows ``(K, 1, K)`` where every class is summed, ``(top + 1, B, K)`` where few are, while the model is in
        training mode, and ``(B, K)`` where one is drawn.
        """
        kind, options = read_classes(self.classes)
        if kind == "relaxed":
            return pyro.sample("y", self.categorical(q_y))
        if kind == "sampled" and self.training:
            q_y = SumAndSample.of(q_y, options["top"])
        return pyro.sample("y", q_y, infer={"enumerate": "parallel"})


def read_classes(classes):
    """What the argument ``classes`` of a model asks for: its kind, and its options with their defaults.

    Args:
        classes: ``"enumerated"``, ``"relaxed"`` or ``"sampled"``, or a pair of one of them and options.
    """
    kind, options = (classes, {}) if isinstance(classes, str) else classes
    return kind, OPTIONS[kind] | options


def check_classes(classes, num_classes):
    """Raise ``ValueError`` for an argument ``classes`` that a model of ``num_classes`` cannot have."""
    kind, options = (classes, {}) if isinstance(classes, str) else classes
    check_choice("classes", kind, OPTIONS)
    for option in options:
        check_choice(f"classes: {kind}", option, OPTIONS[kind])
    kind, options = read_classes(classes)
    if kind == "relaxed" and not options["temperature"] > 0:
        raise ValueError(f"temperature: got {options['temperature']!r}, want a number above zero")
    if kind == "sampled" and not (isinstance(options["top"], int) and 1 <= options["top"] < num_classes):
        wanted = f"an int from 1 to {num_classes - 1}, below the classes"
        raise ValueError(f"classes: sampled: top: got {options['top']!r}, want {wanted}")
