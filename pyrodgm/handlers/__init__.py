"""Handlers of Pyro: KL warm-up, classes observed and drawn, chosen noise, and a look-out for what is not finite."""

from pyrodgm.handlers.classes import DrawnClass, ObserveClass
from pyrodgm.handlers.finite import FirstNonFinite
from pyrodgm.handlers.noise import JointNoise, SharedNoise
from pyrodgm.handlers.warm_up import warm_up

__all__ = ["DrawnClass", "FirstNonFinite", "JointNoise", "ObserveClass", "SharedNoise", "warm_up"]
