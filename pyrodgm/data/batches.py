"""Batches of tensors that stay on their device."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.distributions import constraints

from pyrodgm.checks import check_rows, check_values
from pyrodgm.distributions import OrMissing
from pyrodgm.isolation import seeded_generator


class Batches:
    """Iterate over one epoch of batches, each a dict of keyword arguments for ``svi.step``.

    The rows are shuffled before every epoch, and an incomplete last batch is dropped. Data are not moved between
    devices and there is no loader: a batch indexes into the given tensors. Create it once, before the loop over epochs.

    Args:
        x: rows ``(N, D)``.
        batch_size: rows per batch, at most N.
        labelled: ``(x, y)`` of the labelled rows, or None. With labelled rows, a batch is
            ``{"labelled": (x, y), "unlabelled": x}``; without, it is ``{"x": x}``.
        labelled_batch_size: labelled rows per batch, drawn without replacement until all have been used; None for all
            of them in every batch.
        resample: a function of ``(x, generator=)`` that redraws the rows before every epoch, such as ``binarise``.
        seed: fixes the order and the resampling.
        share: ``(rank, processes)``. Yields this process's part of every joint batch; the joint batch is the same as
            with a single process.
        y: labels of all rows, if every row has one; a batch is then ``{"x": x, "y": y}``.
        missing: whether NaN is a missing cell, for a model that accepts missing cells; otherwise NaN is refused.
        class_weights: a weight for each class, ``(K,)``. Labelled rows are drawn in proportion to the weight of their
            class; with weights of one over the numbers of labels, all classes are drawn equally often. Every row of a
            class is drawn before one of them returns. None for equal weights.

    Raises:
        ValueError: for rows of the wrong shape or with values that are not finite, sizes below 1, or batches that
            cannot be split evenly over the processes.

    Example::

        batches = Batches(x, batch_size=100, labelled=(x[rows], y[rows]), resample=binarise)
        for epoch in range(10):
            for batch in batches:
                svi.step(**batch)
    """

    def __init__(
        self,
        x: torch.Tensor,
        batch_size: int,
        labelled: tuple[torch.Tensor, torch.Tensor] | None = None,
        labelled_batch_size: int | None = None,
        resample: Callable[..., torch.Tensor] | None = None,
        seed: int = 0,
        share: tuple[int, int] = (0, 1),
        y: torch.Tensor | None = None,
        missing: bool = False,
        class_weights: Sequence[float] | None = None,
    ) -> None:
        for argument, value in (("batch_size", batch_size), ("labelled_batch_size", labelled_batch_size)):
            if value is not None and value < 1:
                raise ValueError(f"{argument}: got {value}, want at least 1")
        check_rows("x", x, x.shape[-1] if isinstance(x, torch.Tensor) and x.dim() else "D")
        support = OrMissing(constraints.real) if missing else constraints.real
        check_values("x", x, support, "finite numbers")
        if labelled is not None:
            check_rows("labelled", labelled[0], x.shape[1])
            check_values("labelled", labelled[0], support, "finite numbers")
            if len(labelled[0]) != len(labelled[1]):
                raise ValueError(
                    f"labelled: got {len(labelled[0])} rows and {len(labelled[1])} labels, want equal numbers"
                )
        if y is not None and (labelled is not None or len(y) != len(x)):
            got = "labelled rows too" if labelled is not None else f"{len(y)} labels"
            raise ValueError(f"y: got {got}, want one label for each of {len(x)} rows, and no others")
        self.x, self.y, self.labelled, self.resample, self.share = x, y, labelled, resample, share
        self.batch_size = min(batch_size, len(x))
        self.labelled_batch_size = labelled_batch_size
        self.class_weights = None if class_weights is None else [float(weight) for weight in class_weights]
        self._quotas = self._find_quotas()
        self._check_share()
        self.generator = seeded_generator(seed, x.device)
        self._waiting = torch.empty(0, dtype=torch.long, device=x.device)
        self._skip = 0
        self._between_epochs()

    def __len__(self) -> int:
        return len(self.x) // self.batch_size

    def __iter__(self) -> Iterator[dict[str, Any]]:
        skip, self._skip = self._skip, 0
        self._between_epochs()
        x, labelled = self.x, self.labelled or (None, None)
        x_l: Any = labelled[0]
        y_l: Any = labelled[1]
        if self.resample is not None:
            x = self.resample(x, generator=self.generator)
            x_l = None if x_l is None else self.resample(x_l, generator=self.generator)
        order = torch.randperm(len(x), generator=self.generator, device=x.device)
        for number, rows in enumerate(order.split(self.batch_size)[: len(self)]):
            chosen = self._next_labelled()
            if number < skip:
                continue
            self._taken = number + 1
            rows = self._own(rows)
            if self.y is not None:
                yield {"x": x[rows], "y": self.y[rows]}
            elif chosen is None:
                yield {"x": x[rows]}
            else:
                yield {"labelled": (x_l[chosen], y_l[chosen]), "unlabelled": x[rows]}
        self._between_epochs()

    def state_dict(self) -> dict[str, Any]:
        """The position in the epoch: the random state at its start, and the number of batches taken since."""
        place = {"generator": self._start, "waiting": self._waiting_at_start, "taken": self._taken}
        return place | {"sizes": self._sizes()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a position. The next iteration continues with the batch after it.

        Raises:
            ValueError: if it was saved for other numbers of rows, or batches of another kind.
        """
        for name, size in self._sizes().items():
            if (found := state.get("sizes", {}).get(name, size)) != size:
                raise ValueError(f"batches: got a run with {name} = {found}, want {size}; give another folder")
        self.generator.set_state(state["generator"].cpu())
        self._waiting = state["waiting"].to(self.x.device)
        self._between_epochs()
        self._skip = self._taken = state["taken"]

    def _sizes(self):
        """What a position in an epoch depends on."""
        labelled = None if self.labelled is None else len(self.labelled[0])
        sizes = {"rows": len(self.x), "batch_size": self.batch_size, "labelled rows": labelled}
        return sizes | {"labelled_batch_size": self.labelled_batch_size, "class_weights": self.class_weights}

    def _between_epochs(self):
        self._start, self._waiting_at_start, self._taken = self.generator.get_state(), self._waiting, 0

    def _next_labelled(self):
        """Indices of this process's labelled rows in the next batch; None if there are no labelled rows."""
        if self.labelled is None:
            return None
        total = len(self.labelled[0])
        if self.labelled_batch_size is None:
            return slice(None) if self.share[1] == 1 else self._own(torch.arange(total, device=self.x.device))
        while len(self._waiting) < self.labelled_batch_size:
            fresh = self._shuffled(total) if self._quotas is None else self._weighted_round()
            self._waiting = torch.cat([self._waiting, fresh])
        chosen, self._waiting = self._waiting.tensor_split([self.labelled_batch_size])
        return self._own(chosen)

    def _find_quotas(self):
        """The labelled rows of each class, and how many to draw in a round: at most the size of the largest class."""
        if self.class_weights is None:
            return None
        if self.labelled is None or self.labelled_batch_size is None:
            got = "no labelled rows" if self.labelled is None else "all labelled rows in every batch"
            raise ValueError(f"class_weights: got {got}, want labelled rows and labelled_batch_size")
        sizes = self.labelled[1].bincount(minlength=len(self.class_weights)).tolist()
        if len(sizes) > len(self.class_weights):
            raise ValueError(f"class_weights: got {len(self.class_weights)}, want one for each of {len(sizes)} classes")
        wanted = [weight * size for weight, size in zip(self.class_weights, sizes, strict=True)]
        if not all(weight >= 0 for weight in self.class_weights) or not 0 < sum(wanted) < math.inf:
            raise ValueError(f"class_weights: got {self.class_weights}, want numbers of at least 0, not all of them 0")
        numbers = [round(max(sizes) * part / max(wanted)) for part in wanted]
        rows = [(self.labelled[1] == k).nonzero()[:, 0] for k in range(len(sizes))]
        return [(own, number) for own, number in zip(rows, numbers, strict=True) if number]

    def _weighted_round(self):
        """Indices of labelled rows in random order."""
        rows = [own[self._shuffled(len(own))].repeat(math.ceil(n / len(own)))[:n] for own, n in self._quotas]
        fresh = torch.cat(rows)
        return fresh[self._shuffled(len(fresh))]

    def _shuffled(self, size):
        return torch.randperm(size, generator=self.generator, device=self.x.device)

    def _own(self, rows):
        rank, processes = self.share
        return rows.tensor_split(processes)[rank] if processes > 1 else rows

    def _check_share(self):
        processes = self.share[1]
        labelled = self.labelled_batch_size or (0 if self.labelled is None else len(self.labelled[0]))
        for argument, size in (("batch_size", self.batch_size), ("labelled rows per batch", labelled)):
            if size % processes:
                raise ValueError(f"{argument}: got {size}, want a multiple of {processes}, the number of processes")
