"""Selection of labelled rows."""

from functools import partial

import torch

from pyrodgm.checks import check_label_values
from pyrodgm.isolation import seeded_generator


def labelled_rows(y: torch.Tensor) -> torch.Tensor:
    """Indices of the rows with a label, that is with ``y`` other than -1.

    Args:
        y: class indices ``(N,)``, -1 for a row without a label.

    Returns:
        Indices ``(N_l,)``, on the device of ``y``.

    Raises:
        ValueError: if ``y`` is not such an index tensor.

    Example::

        rows = labelled_rows(data.train.y)
        batches = Batches(data.train.x, 100, labelled=(data.train.x[rows], data.train.y[rows]))
    """
    _check_indices(y)
    return (y >= 0).nonzero().flatten()


def select_labels(y: torch.Tensor, num_labels: int, num_classes: int, seed: int = 0) -> torch.Tensor:
    """Choose labelled rows at random, balanced over the classes.

    If ``num_labels`` is not a multiple of ``num_classes``, the classes with one extra label are chosen at random too.

    Args:
        y: class indices ``(N,)``, -1 for a row without a label.
        num_labels: number of labels to keep.
        num_classes: number of classes K.
        seed: fixes the choice.

    Returns:
        Indices of the rows, ``(num_labels,)``, on the device of ``y``.

    Raises:
        ValueError: for labels that are not indices below K, for more labels than there are or fewer than one per class,
            or for a class with too few labelled rows.

    Example::

        rows = select_labels(y, num_labels=100, num_classes=10, seed=1)
        x[rows], y[rows]
    """
    labelled = y[labelled_rows(y)]
    if num_labels > len(labelled):
        raise ValueError(f"num_labels: got {num_labels}, want at most {len(labelled)}, the number of labelled rows")
    if len(labelled):
        check_label_values("y", labelled, num_classes)
    if num_labels < num_classes:
        raise ValueError(
            f"num_labels: got {num_labels}, want at least {num_classes}: balanced labels need one of each class"
        )
    draw = partial(torch.randperm, generator=seeded_generator(seed), device="cpu")
    share, rest = divmod(num_labels, num_classes)
    wanted = torch.full((num_classes,), share, device="cpu")
    wanted[draw(num_classes)[:rest]] += 1
    order = draw(len(y))
    labels, rows = y.cpu()[order], []
    for k in range(num_classes):
        of_class = order[labels == k]
        if len(of_class) < wanted[k]:
            raise ValueError(f"y: got {len(of_class)} rows of class {k}, want {int(wanted[k])} to label")
        rows.append(of_class[: wanted[k]])
    return torch.cat(rows).to(y.device)


def _check_indices(y):
    """Raise ``ValueError`` unless ``y`` holds class indices ``(N,)`` of at least -1."""
    want = "class indices (N,) of an integer dtype, -1 for a row without a label"
    if not isinstance(y, torch.Tensor):
        raise ValueError(f"y: got {type(y).__name__}, want a torch.Tensor of {want}")
    if y.dim() != 1 or len(y) == 0:
        raise ValueError(f"y: got shape {tuple(y.shape)}, want {want}")
    if y.is_floating_point() or y.is_complex() or y.dtype == torch.bool:
        raise ValueError(f"y: got dtype {y.dtype}, want {want}")
    if (low := int(y.min())) < -1:
        raise ValueError(f"y: got a label {low}, want {want}")
