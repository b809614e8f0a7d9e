"""Objectives for training model/guide pairs, the optimiser, ``CompiledSVI`` and ``CompiledFunction``."""

from pyrodgm.infer.compiled import CompiledFunction, CompiledSVI
from pyrodgm.infer.free_bits import FreeBits
from pyrodgm.infer.importance_weighted import ImportanceWeightedELBO
from pyrodgm.infer.monte_carlo_em import MonteCarloEM
from pyrodgm.infer.objective import Objective
from pyrodgm.infer.optimizer import Optimizer
from pyrodgm.infer.semi_supervised import SemiSupervisedELBO, alpha
from pyrodgm.infer.wake_sleep import WakeSleep

__all__ = [
    "CompiledFunction",
    "CompiledSVI",
    "FreeBits",
    "ImportanceWeightedELBO",
    "MonteCarloEM",
    "Objective",
    "Optimizer",
    "SemiSupervisedELBO",
    "WakeSleep",
    "alpha",
]
