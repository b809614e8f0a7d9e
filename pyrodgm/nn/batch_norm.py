"""Batch normalisation that admits enumeration dimensions and says which pass feeds its statistics."""

from contextlib import contextmanager

import torch
import torch.nn.functional as F

_paused = False


@contextmanager
def paused_statistics():
    """A context in which ``BatchNorm`` leaves its running statistics as they are.

    The labelled pass of ``SemiSupervisedELBO`` runs inside it: running statistics come from unlabelled data only
    (Maaløe et al. 2017, sec. 5). So does a guide that calls a network of the model, which feeds them itself. Rows are
    still normalised by their own batch while training.
    """
    global _paused
    before, _paused = _paused, True
    try:
        yield
    finally:
        _paused = before


class BatchNorm(torch.nn.BatchNorm1d):
    """Batch normalisation of the last dimension over all others (Ioffe and Szegedy 2015).

    ``torch.nn.BatchNorm1d`` rejects ``(K, B, H)`` or takes B for channels; here every leading dimension,
    enumerated classes and particles too, counts as rows.

    Shapes:
        ``(..., H)`` in, the same out.

    Raises:
        ValueError: for a single row while training, which has no variance.
    """

    def forward(self, h):
        rows = h.reshape(-1, h.shape[-1])
        if self.training and len(rows) == 1:
            argument = "labelled" if _paused else "x"
            raise ValueError(
                f"{argument}: got a single row while training with batch_norm=True, want at least two, for one has no "
                "variance: raise batch_size or, for labelled rows, labelled_batch_size and the number of labels"
            )
        if self.training and _paused:
            rows = F.batch_norm(rows, None, None, self.weight, self.bias, True, 0.0, self.eps)
        else:
            rows = super().forward(rows)
        return rows.reshape(h.shape)


class MapBatchNorm(BatchNorm):
    """Batch normalisation of maps: of every channel over all rows and places.

    Shapes:
        ``(..., C, H, W)`` in, the same out.

    Raises:
        ValueError: for a single place of a single row while training.
    """

    def forward(self, h):
        return super().forward(h.movedim(-3, -1)).movedim(-1, -3)
