"""Batch normalisation with enumeration dimensions, and with control over which pass updates its statistics."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F

_paused = False


@contextmanager
def paused_statistics() -> Iterator[None]:
    """A context in which ``BatchNorm`` does not update its running statistics.

    The labelled pass of ``SemiSupervisedELBO`` runs inside it, because running statistics come from unlabelled data
    only (Maaløe et al. 2017, sec. 5). A guide also calls networks of the model inside it, because the model updates
    their statistics itself. While training, rows are still normalised by their batch.

    Example::

        norm = BatchNorm(300)
        with paused_statistics():
            norm(torch.randn(100, 300))
        int(norm.num_batches_tracked)       # 0
    """
    global _paused
    before, _paused = _paused, True
    try:
        yield
    finally:
        _paused = before


class BatchNorm(torch.nn.BatchNorm1d):
    """Batch normalisation of the last dimension over all others (Ioffe and Szegedy 2015).

    ``torch.nn.BatchNorm1d`` rejects ``(K, B, H)`` or mistakes B for the channels. Here all leading dimensions count as
    rows, including those of enumerated classes and particles.

    Shapes:
        ``(..., H)`` in, the same out.

    Raises:
        ValueError: for a single row while training, because one row has no variance.

    Example::

        BatchNorm(300)(torch.randn(10, 100, 300))        # (10, 100, 300)
    """

    _one = "a single row"

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        rows = h.reshape(-1, h.shape[-1])
        if self.training and len(rows) == 1:
            argument = "labelled" if _paused else "x"
            raise ValueError(
                f"{argument}: got {self._one} while training with batch_norm=True, want at least two, because one has "
                "no variance: raise batch_size or, for labelled rows, labelled_batch_size and the number of labels"
            )
        if self.training and _paused:
            rows = F.batch_norm(rows, None, None, self.weight, self.bias, True, 0.0, self.eps)
        else:
            rows = super().forward(rows)
        return rows.reshape(h.shape)


class MapBatchNorm(BatchNorm):
    """Batch normalisation of feature maps: of every channel over all rows and positions.

    Shapes:
        ``(..., C, H, W)`` in, the same out.

    Raises:
        ValueError: for a single position of a single row while training.

    Example::

        MapBatchNorm(32)(torch.randn(100, 32, 14, 14))      # (100, 32, 14, 14)
    """

    _one = "a single position of a single row"

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        return super().forward(h.movedim(-3, -1)).movedim(-1, -3)
