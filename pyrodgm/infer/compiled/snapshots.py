"""Snapshots of the training state at the last good checks, to restore after a failed check."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import ref

import torch

from pyrodgm.infer.compiled.fused_adam import Updater

if TYPE_CHECKING:
    from pyrodgm.infer.compiled.compiled_svi import CompiledSVI

MOST = 3  # snapshots that are kept


class Snapshots:
    """Copies of parameters, optimiser state and buffers, each taken before a step and stored with its number.

    Learning rates and schedules are left out, because they depend on the epoch, which continues.

    Args:
        svi: a ``CompiledSVI``; the states of its ``companions`` are part of a snapshot.
    """

    def __init__(self, svi: "CompiledSVI") -> None:
        self.svi = svi
        self.taken: list[tuple[int, dict[str, Any], list[tuple[ref[Any], Any]]]] = []

    def take(self, step: int, needed: int, parameters: Sequence[torch.Tensor], written: Sequence[torch.Tensor]) -> None:
        """Take a snapshot.

        Args:
            step: number of the next step.
            needed: the earliest step that may have to be restored; snapshots older than the last one before it are
                dropped.
            parameters: the trained parameters; after a loaded state they may not have an optimiser yet.
            written: buffers and other tensors that a graph writes to.
        """
        companions = [(ref(each), each.state_dict()) for each in self.svi.companions]
        updater = Updater(self.svi.optim, parameters)
        for parameter in updater.parameters:
            updater.optimiser(parameter)
        self.taken.append((step, _copies(self.svi.optim, written), companions))
        while len(self.taken) > 1 and self.taken[1][0] <= needed:
            del self.taken[0]
        if len(self.taken) > MOST:
            del self.taken[1]

    def go_back(self, step: int, last: int) -> int:
        """Restore the latest snapshot that is not after ``step``, and drop the later ones.

        Args:
            step: number of a step.
            last: number of the last step.

        Returns:
            The number of the first step that is undone.
        """
        while len(self.taken) > 1 and self.taken[-1][0] > step:
            del self.taken[-1]
        first, copies, companions = self.taken[-1]
        with torch.no_grad():
            for tensor, value in copies["tensors"]:
                if tensor.shape == value.shape:
                    tensor.copy_(value)
        for optimiser, parameter, values in copies["states"]:
            optimiser.state.pop(parameter, None)
            if values is not None:
                optimiser.state[parameter] = {key: _copied(value) for key, value in values.items()}
        self.svi.undone.append((first, last))
        for each in self.svi.companions:
            each.load_state_dict(next((state for companion, state in companions if companion() is each), None))
        return first

    def clear(self) -> None:
        """Drop all snapshots."""
        self.taken.clear()


def _copies(optim, written):
    """The tensors and the states of the optimisers, with copies of their values."""
    made = [(p, getattr(each, "optimizer", each)) for p, each in optim.optim_objs.items()]
    states = []
    for parameter, optimiser in made:
        state = optimiser.state.get(parameter)
        copies = None if state is None else {key: _copied(value) for key, value in state.items()}
        states.append((optimiser, parameter, copies))
    tensors = [(tensor, tensor.detach().clone()) for tensor in [*(parameter for parameter, _ in made), *written]]
    return {"tensors": tensors, "states": states}


def _copied(value):
    return value.detach().clone() if isinstance(value, torch.Tensor) else value
