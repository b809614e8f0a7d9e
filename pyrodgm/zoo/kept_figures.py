"""The figures of a finished run, kept in its folder, so that they need not be measured again."""

import json
from pathlib import Path

import torch

from pyrodgm.files import write
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.results import conditions, measured_alike, precision_on


class KeptFigures:
    """The file ``figures.json`` in the folder of a run: its figures, and everything that they depend on.

    These are all settings of the recipe, the seed, the device, and the versions of the package and its libraries, see
    ``measured_alike``.

    Args:
        folder: the folder of the run.
        recipe, seed, device, commit: as for ``run``.
    """

    def __init__(self, folder: Path, recipe: Recipe, seed: int, device: str | torch.device, commit: str) -> None:
        self.path = folder / "figures.json"
        self.own_data = recipe.own_data
        settings = {"recipe": recipe.plain(), "seed": seed, "precision": precision_on(recipe, device)}
        self.now = json.loads(json.dumps(settings | conditions(device, commit)))

    def read(self, seconds: float) -> dict[str, float] | None:
        """The figures in the file; None if there is no file, or if anything that they depend on is different now.

        A user's data file may have changed, so its figures are never read.

        Args:
            seconds: the seconds of training. A run that was trained again has others.
        """
        try:
            record = json.loads(self.path.read_text())
            figures = record["figures"]
            same = measured_alike(record, self.now) and figures["seconds"] == seconds
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # no file, or a damaged one
            return None
        return figures if same and not self.own_data else None

    def write(self, figures: dict[str, float]) -> None:
        """Write the figures to the file."""
        write(self.path, (json.dumps(self.now | {"figures": figures}, indent=2) + "\n").encode())
