"""The folder of a run: its last checkpoint and its history."""

import shutil
import time
import warnings
from pathlib import Path
from typing import Any

import torch

from pyrodgm.files import make_folder
from pyrodgm.formats import of_run
from pyrodgm.train.checkpoint import load_state, save_state
from pyrodgm.train.history import write_csv
from pyrodgm.train.parallel import is_first

KIND = "pyrodgm training run"
CHECKPOINT = "checkpoint.safetensors"


def has_run(folder: str | Path | None) -> bool:
    """Whether a run is saved in a folder, which may be None."""
    return folder is not None and (Path(folder) / CHECKPOINT).exists()


class RunFolder:
    """Saves a run and loads it again. Only the first of several processes writes.

    Args:
        path: the folder, created if it does not exist.
        about: dict of plain values. A run found in the folder must have the same values.
        minutes: time between two saves.

    Raises:
        ValueError: if the folder cannot be written.
    """

    def __init__(self, path: str | Path, about: dict[str, Any], minutes: float) -> None:
        self.path, self.about, self.minutes = make_folder(path), about, minutes
        self.checkpoint = self.path / CHECKPOINT
        self.saved = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """The state of the run in the folder, or None.

        Raises:
            ValueError: if it is damaged, or does not agree with ``about``.
        """
        if not self.checkpoint.exists():
            return None
        state, found = load_state(self.checkpoint, KIND)
        state = of_run(state if isinstance(state, dict) else {}, found)
        if missing := {"about", "module", "optimizer", "run", "best", "average"} - state.keys():
            raise ValueError(f"{self.checkpoint}: got no {', '.join(sorted(missing))}, want a whole checkpoint")
        for key in self.about.keys() | state["about"].keys():
            got, want = (about.get(key, "nothing") for about in (state["about"], self.about))
            if got != want:
                raise ValueError(f"{self.checkpoint}: got a run with {key} = {got}, want {want}; give another folder")
        return state

    def check_room(self, module: torch.nn.Module) -> None:
        """Raise ``ValueError`` if the disk has no room for two checkpoints, with moments, average and best epoch."""
        size = 2 * 5 * sum(tensor.nbytes for tensor in module.state_dict().values())
        free = shutil.disk_usage(self.path).free
        if free < size:
            raise ValueError(f"folder: got {free / 1e6:.0f} MB free in {self.path}, want {size / 1e6:.0f} MB")

    def due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self.saved > 60 * self.minutes

    def save(self, state: dict[str, Any], history: list[dict[str, Any]], last: bool) -> bool:
        """Write the state and the history. A failed save is only a warning if another one follows.

        Returns:
            Whether everything was saved.

        Raises:
            OSError: if the last save fails. The previous checkpoint is kept.
        """
        self.saved = time.monotonic()
        if not is_first():
            return True
        try:
            write_csv(self.path / "history.csv", history)  # first: a run that goes on writes it again
            save_state(self.checkpoint, KIND, state | {"about": self.about})
        except OSError as error:
            if last:
                raise
            warnings.warn(f"the run was not saved ({error}); the previous checkpoint is kept", stacklevel=2)
            return False
        return True
