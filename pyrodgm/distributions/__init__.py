"""Distributions that Pyro and torch lack, and the reparameterisation of those they have."""

from pyrodgm.distributions.discrete import GreyBernoulli, Levels, StraightThroughOneHot
from pyrodgm.distributions.plated import Plated
from pyrodgm.distributions.reparameterise import reparameterise

__all__ = ["GreyBernoulli", "Levels", "Plated", "StraightThroughOneHot", "reparameterise"]
