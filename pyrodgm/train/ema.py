"""Parameters averaged over the steps of training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class EMA:
    """Exponential moving average of a module's parameters (Kingma 2017, sec. 7.6.2).

        average_t = decay average_{t-1} + (1 - decay) parameters_t,    average_0 = 0
        corrected_t = average_t / (1 - decay^t)

    Buffers, such as the running statistics of batch normalisation, are not averaged.

    Args:
        module: the module whose parameters are averaged.
        decay: the decay, above 0 and below 1; beta_2 in the thesis.

    Raises:
        ValueError: for any other decay.

    Example::

        average = EMA(m, decay=0.999)
        for batch in batches:
            svi.step(**batch)
            average.update()
        with average.in_place():
            bound(m, x)
    """

    def __init__(self, module: torch.nn.Module, decay: float) -> None:
        if not 0 < decay < 1:
            raise ValueError(f"decay: got {decay}, want a number above 0 and below 1")
        self.decay, self.steps = decay, 0
        self.parameters = [parameter.detach() for parameter in module.parameters() if parameter.requires_grad]
        self.sums = [torch.zeros_like(parameter) for parameter in self.parameters]

    def update(self) -> None:
        """Add the current parameters to the average, after one more step."""
        self.steps += 1
        torch._foreach_lerp_(self.sums, self.parameters, 1 - self.decay)

    def copy_to_parameters(self) -> None:
        """Set the parameters to their corrected average."""
        if self.steps:
            correction = 1 - self.decay**self.steps
            torch._foreach_copy_(self.parameters, torch._foreach_div(self.sums, correction))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """A context in which the parameters are the corrected average. Afterwards they have their own values again."""
        held = [parameter.clone() for parameter in self.parameters]
        self.copy_to_parameters()
        try:
            yield
        finally:
            torch._foreach_copy_(self.parameters, held)

    def state_dict(self) -> dict[str, Any]:
        """Decay, steps and sums."""
        return {"decay": self.decay, "steps": self.steps, "sums": list(self.sums)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a ``state_dict``.

        Raises:
            ValueError: if its decay differs, because the correction would then be wrong.
        """
        if (found := state.get("decay", self.decay)) != self.decay:
            raise ValueError(f"ema: got a run with {found}, want {self.decay}; give another folder")
        self.steps = state["steps"]
        torch._foreach_copy_(self.sums, [total.to(own) for total, own in zip(state["sums"], self.sums, strict=True)])
