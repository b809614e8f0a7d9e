"""The loop round ``SVI.step``: schedules, averages, checkpoints, several processes."""

from pyrodgm.train.average import Average
from pyrodgm.train.loop import fit
from pyrodgm.train.schedule import linear_decay, step_decay

__all__ = ["Average", "fit", "linear_decay", "step_decay"]
