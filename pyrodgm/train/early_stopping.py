"""Early stopping: keeps the best epoch, and decides when to stop waiting for a better one."""

import math
from typing import Any

import torch

from pyrodgm.checks import check_choice


class EarlyStopping:
    """Remembers the parameters of the epoch where a measured figure was best.

    Args:
        monitor: name of the figure, or None to remember nothing.
        mode: ``"min"`` if lower is better, or ``"max"``.
        patience: number of measurements without improvement before training should stop; or None.

    Raises:
        ValueError: for any other mode, or for a patience below 1 or without a figure to monitor.

    Example::

        best = EarlyStopping("validation error", patience=10)
        best.note({"epoch": 3, "validation error": 2.5}, m)
    """

    def __init__(self, monitor: str | None = None, mode: str = "min", patience: int | None = None) -> None:
        check_choice("mode", mode, ("min", "max"))
        if patience is not None and (monitor is None or patience < 1):
            raise ValueError(
                f"patience: got {patience} with monitor {monitor!r}, want at least 1 and a figure to monitor"
            )
        self.monitor, self.mode, self.patience = monitor, mode, patience
        self.figure: float | None = None
        self.age = 0
        self.parameters: dict[str, torch.Tensor] | None = None

    def note(self, row: dict[str, Any], module: torch.nn.Module) -> None:
        """Read a row of the history, and keep the module's state if its figure is the best so far."""
        if self.monitor not in row:
            return
        figure = row[self.monitor]
        better = self.figure is None or (figure < self.figure if self.mode == "min" else figure > self.figure)
        self.age += 1
        if better and math.isfinite(figure):
            self.figure, self.age = figure, 0
            self.parameters = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}

    def out_of_patience(self) -> bool:
        """Whether ``patience`` measurements have passed since the best one."""
        return self.patience is not None and self.age >= self.patience

    def state_dict(self) -> dict[str, Any]:
        """What is monitored, and the figure, age and parameters."""
        own = ("monitor", "mode", "figure", "age", "parameters")
        return {name: vars(self)[name] for name in own}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a ``state_dict``.

        Raises:
            ValueError: if its best figure has another name or mode.
        """
        for name in ("monitor", "mode") if state["figure"] is not None else ():
            if (found := state.get(name, vars(self)[name])) != vars(self)[name]:
                raise ValueError(f"{name}: got a run with {found!r}, want {vars(self)[name]!r}; give another folder")
        vars(self).update({name: state[name] for name in ("figure", "age", "parameters")})
