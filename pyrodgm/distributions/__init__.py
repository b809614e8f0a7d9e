"""Distributions that Pyro and torch lack, and the reparameterisation of those they have."""

from pyrodgm.distributions.grey import GreyBernoulli
from pyrodgm.distributions.levels import Levels
from pyrodgm.distributions.potential import RingPotential
from pyrodgm.distributions.reparameterise import reparameterise

__all__ = ["GreyBernoulli", "Levels", "RingPotential", "reparameterise"]
