"""Pyro handlers: KL warm-up, annealing, observed and drawn classes, shared noise, copies, drawn weights."""

from pyrodgm.handlers.annealed import annealed
from pyrodgm.handlers.classes import DrawnClass, ObserveClass
from pyrodgm.handlers.copies import AtCopies
from pyrodgm.handlers.finite import FirstNonFinite
from pyrodgm.handlers.noise import JointNoise, SharedNoise
from pyrodgm.handlers.warm_up import warm_up
from pyrodgm.handlers.weights import DrawnWeights, local_reparameterisation

__all__ = [
    "AtCopies",
    "DrawnClass",
    "DrawnWeights",
    "FirstNonFinite",
    "JointNoise",
    "ObserveClass",
    "SharedNoise",
    "annealed",
    "local_reparameterisation",
    "warm_up",
]
