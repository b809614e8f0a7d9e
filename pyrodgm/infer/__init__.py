"""Objectives and handlers for training model/guide pairs."""

from pyrodgm.infer.compiled import CompiledFunction, CompiledSVI
from pyrodgm.infer.objective import Objective
from pyrodgm.infer.optimiser import Optimiser
from pyrodgm.infer.semi_supervised import SemiSupervisedELBO
from pyrodgm.infer.warm_up import warm_up

__all__ = ["CompiledFunction", "CompiledSVI", "Objective", "Optimiser", "SemiSupervisedELBO", "warm_up"]
