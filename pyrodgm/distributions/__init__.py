"""Distributions that Pyro and torch lack, and the reparameterisation of those they have."""

from pyrodgm.distributions.grey import GreyBernoulli
from pyrodgm.distributions.levels import Levels
from pyrodgm.distributions.mixture import ClassMixture
from pyrodgm.distributions.plated import Plated
from pyrodgm.distributions.potential import RingPotential
from pyrodgm.distributions.reparameterise import reparameterise
from pyrodgm.distributions.straight_through import StraightThroughOneHot

__all__ = ["ClassMixture", "GreyBernoulli", "Levels", "Plated", "RingPotential", "StraightThroughOneHot", "reparameterise"]
