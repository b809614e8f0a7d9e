"""What steps of SVI change, as it was at the last good checks, to go back to."""

import torch

from pyrodgm.infer.compiled.fused_adam import Updater

MOST = 3  # at a time


class Snapshots:
    """Copies of parameters, optimiser state and buffers, each with the number of the step that it was taken before.

    Learning rates and schedules are left out: they belong to the epoch, which goes on.

    Args:
        svi: its ``optim`` is Pyro's; the objects in its ``companions`` are taken along.
    """

    def __init__(self, svi):
        self.svi, self.taken = svi, []

    def take(self, step, needed, parameters, written):
        """Take one.

        Args:
            step: its number, that of the step to come.
            needed: the step that one may have to go back to: what is older than the last one before it is dropped.
            parameters: those that are trained, and have no optimiser yet where a loaded state waits for its first step.
            written: buffers, and other tensors that a graph writes to.
        """
        companions = {id(each): each.state_dict() for each in self.svi.companions}
        updater = Updater(self.svi.optim, parameters)
        for parameter in updater.parameters:
            updater.optimiser(parameter)
        self.taken.append((step, _copies(self.svi.optim, written), companions))
        while len(self.taken) > 1 and self.taken[1][0] <= needed:
            del self.taken[0]
        if len(self.taken) > MOST:
            del self.taken[1]

    def go_back(self, step, last):
        """Put back what the latest one that is not after ``step`` holds; the later ones are dropped.

        Args:
            step: the number of a step.
            last: the number of the last step.

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
            each.load_state_dict(companions.get(id(each)))
        return first

    def clear(self):
        """Forget all."""
        self.taken.clear()


def _copies(optim, written):
    """The tensors and the optimisers' states, with copies of their values."""
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
