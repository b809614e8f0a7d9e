"""Checks whether a result that a distribution cached for a tensor still holds."""

import torch


def stamp(*tensors: torch.Tensor) -> tuple[bool, list[int | None]]:
    """A stamp to keep with a result for these tensors: whether gradients are recorded, and the tensors' versions."""
    return torch.is_grad_enabled(), [None if t.is_inference() else t._version for t in tensors]


def is_current(kept: tuple[bool, list[int | None]], *tensors: torch.Tensor) -> bool:
    """Whether a result with this stamp still holds for these tensors.

    It does not if one of them has been modified since. A result that was computed without gradients does not hold where
    gradients are recorded: a density that is computed from it would lose the gradient of the parameters.
    """
    with_gradients, versions = stamp(*tensors)
    return versions == kept[1] and (kept[0] or not with_gradients)
