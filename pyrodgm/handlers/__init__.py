"""Handlers of Pyro: KL warm-up, annealing, classes observed and drawn, chosen noise, copies, what is not finite."""

from pyrodgm.handlers.annealed import annealed
from pyrodgm.handlers.classes import DrawnClass, ObserveClass
from pyrodgm.handlers.copies import AtCopies
from pyrodgm.handlers.finite import FirstNonFinite
from pyrodgm.handlers.noise import JointNoise, SharedNoise
from pyrodgm.handlers.warm_up import warm_up

__all__ = [
    "AtCopies",
    "DrawnClass",
    "FirstNonFinite",
    "JointNoise",
    "ObserveClass",
    "SharedNoise",
    "annealed",
    "warm_up",
]
