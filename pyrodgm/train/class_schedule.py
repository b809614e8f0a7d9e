"""A schedule for how a model treats its classes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from pyrodgm.models.class_variable import check_classes
from pyrodgm.types import Option


class ClassSchedule:
    """Changes ``classes`` of a model between epochs: for example, sum all classes at first, and only a few later.

    ``CompiledSVI`` keeps a graph for each setting.

    Args:
        module: a ``DeepGenerativeModel``; any object if ``pairs`` is empty.
        pairs: pairs of an epoch, counted from 0, and the value of ``classes`` from that epoch on, in increasing order
            of epochs. Before the first of these epochs, the model keeps its own value.

    Raises:
        ValueError: for epochs that do not increase, for a model whose guide has no class, and for an invalid value of
            ``classes``, see ``DeepGenerativeModel``.

    Example::

        ClassSchedule(m, [(0, "enumerated"), (8, ("sampled", {"top": 2}))])
    """

    def __init__(self, module: Any, pairs: Iterable[tuple[int, Option]]) -> None:
        self.module, self.pairs = module, tuple(pairs)
        if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in self.pairs):
            raise ValueError(f"classes_by_epoch: got {pairs!r}, want pairs of an epoch and the classes from then on")
        epochs = [epoch for epoch, _ in self.pairs]
        if not (all(isinstance(epoch, int) for epoch in epochs) and all(a < b for a, b in pairwise([-1, *epochs]))):
            raise ValueError(f"classes_by_epoch: got epochs {epochs}, want increasing ints from 0")
        if self.pairs and not getattr(module, "guide_has_class", False):
            raise ValueError(f"classes_by_epoch: got {type(module).__name__}, want a model whose guide has a class")
        for _, classes in self.pairs:
            check_classes(classes, module.num_classes)
        self.own = getattr(module, "classes", None)

    def of_epoch(self, epoch: int) -> Option | None:
        """The value of ``classes`` in an epoch."""
        return next((classes for begin, classes in reversed(self.pairs) if begin <= epoch), self.own)

    def changes(self, epoch: int) -> bool:
        """Whether the value in an epoch differs from the current one."""
        return bool(self.pairs) and self.module.classes != self.of_epoch(epoch)

    def begin(self, epoch: int) -> None:
        """Set ``classes`` to the value for an epoch."""
        self.module.classes = self.of_epoch(epoch)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """A context after which the model has its own value of ``classes`` again."""
        try:
            yield
        finally:
            if self.pairs:
                self.module.classes = self.own
