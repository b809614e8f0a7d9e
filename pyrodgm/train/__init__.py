"""The training loop around ``SVI.step``: schedules, averages, callbacks, checkpoints, several processes."""

from pyrodgm.train.callbacks import Callback, Progress, TensorBoard
from pyrodgm.train.ema import EMA
from pyrodgm.train.loop import fit
from pyrodgm.train.lr_schedule import linear_decay, step_decay

__all__ = ["EMA", "Callback", "Progress", "TensorBoard", "fit", "linear_decay", "step_decay"]
