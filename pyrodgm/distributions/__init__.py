"""Distributions that Pyro and torch lack, and the reparameterisation of those they have."""

from pyrodgm.distributions.discrete import GreyBernoulli, Levels, StraightThroughOneHot
from pyrodgm.distributions.full_normal import FullNormal
from pyrodgm.distributions.mixture import ClassMixture
from pyrodgm.distributions.plated import Plated
from pyrodgm.distributions.precision_weighted import precision_weighted
from pyrodgm.distributions.reparameterise import reparameterise

__all__ = [
    "ClassMixture",
    "FullNormal",
    "GreyBernoulli",
    "Levels",
    "Plated",
    "StraightThroughOneHot",
    "precision_weighted",
    "reparameterise",
]
