"""How a model treats its classes, from epoch to epoch."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from pyrodgm.models.class_variable import check_classes
from pyrodgm.types import Option


class ClassSchedule:
    """Changes ``classes`` of a model between epochs: for example, sum all classes at first, and few later.

    ``CompiledSVI`` keeps a graph for each setting.

    Args:
        module: a ``DeepGenerativeModel``, or whatever is trained where there are no pairs.
        pairs: an epoch, counted from 0, and what ``classes`` is from then on, epochs rising; before the first it is the
            model's own.

    Raises:
        ValueError: for epochs that do not rise, for a model whose guide has no class, and for what ``classes`` cannot
            be, see ``DeepGenerativeModel``.

    Example::

        ClassSchedule(m, [(0, "enumerated"), (8, ("sampled", {"top": 2}))])
    """

    def __init__(self, module: Any, pairs: Iterable[tuple[int, Option]]) -> None:
        self.module, self.pairs = module, tuple(pairs)
        if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in self.pairs):
            raise ValueError(f"classes_by_epoch: got {pairs!r}, want pairs of an epoch and classes from then on")
        epochs = [epoch for epoch, _ in self.pairs]
        if not (all(isinstance(epoch, int) for epoch in epochs) and all(a < b for a, b in pairwise([-1, *epochs]))):
            raise ValueError(f"classes_by_epoch: got epochs {epochs}, want ints from 0 that rise")
        if self.pairs and not getattr(module, "guide_has_class", False):
            raise ValueError(f"classes_by_epoch: got {type(module).__name__}, want a model whose guide has a class")
        for _, classes in self.pairs:
            check_classes(classes, module.num_classes)
        self.own = getattr(module, "classes", None)

    def of_epoch(self, epoch: int) -> Option | None:
        """What ``classes`` is in an epoch."""
        return next((classes for begin, classes in reversed(self.pairs) if begin <= epoch), self.own)

    def changes(self, epoch: int) -> bool:
        """Whether it is another than now."""
        return bool(self.pairs) and self.module.classes != self.of_epoch(epoch)

    def begin(self, epoch: int) -> None:
        """Set it for an epoch."""
        self.module.classes = self.of_epoch(epoch)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """A context after which the model has its own again, as its arguments say."""
        try:
            yield
        finally:
            if self.pairs:
                self.module.classes = self.own
