"""Handlers of Pyro: KL warm-up, classes observed and drawn, chosen noise, copies of samples, what is not finite."""

from pyrodgm.handlers.classes import DrawnClass, ObserveClass
from pyrodgm.handlers.copies import AtCopies
from pyrodgm.handlers.finite import FirstNonFinite
from pyrodgm.handlers.noise import JointNoise, SharedNoise
from pyrodgm.handlers.warm_up import warm_up

__all__ = ["AtCopies", "DrawnClass", "FirstNonFinite", "JointNoise", "ObserveClass", "SharedNoise", "warm_up"]
