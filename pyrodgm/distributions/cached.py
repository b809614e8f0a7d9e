"""Checks whether a result that a distribution cached for a tensor still holds."""

import torch


def stamp(*tensors: torch.Tensor) -> tuple[bool, list[tuple[int | None, bool]]]:
    """Whether gradients are recorded, and the state of each tensor: what to keep with a result for these tensors.

    The state is the version of a tensor, and whether it requires a gradient.
    """
    states = [(None if t.is_inference() else t._version, t.requires_grad) for t in tensors]
    return torch.is_grad_enabled(), states


def is_current(kept: tuple[bool, list[tuple[int | None, bool]]], *tensors: torch.Tensor) -> bool:
    """Whether a result with this stamp still holds for these tensors.

    It does not if one of them has been modified since, or requires a gradient only now. A result that was computed
    without gradients does not hold where gradients are recorded: a density that is computed from it would lose the
    gradient of the parameters.
    """
    with_gradients, states = stamp(*tensors)
    return states == kept[1] and (kept[0] or not with_gradients)
