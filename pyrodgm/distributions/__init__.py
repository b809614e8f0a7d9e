"""Distributions that Pyro and torch lack, steps of flows, and the reparameterisation of those they have."""

from pyrodgm.distributions.autoregressive import Autoregressive
from pyrodgm.distributions.discrete import GreyBernoulli, Levels, StraightThroughOneHot
from pyrodgm.distributions.full_normal import FullNormal
from pyrodgm.distributions.mixture import ClassMixture
from pyrodgm.distributions.planar import Planar
from pyrodgm.distributions.plated import Plated
from pyrodgm.distributions.precision_weighted import precision_weighted
from pyrodgm.distributions.radial import Radial
from pyrodgm.distributions.reparameterise import reparameterise
from pyrodgm.distributions.units import log_prob_of_units

__all__ = [
    "Autoregressive",
    "ClassMixture",
    "FullNormal",
    "GreyBernoulli",
    "Levels",
    "Planar",
    "Plated",
    "Radial",
    "StraightThroughOneHot",
    "log_prob_of_units",
    "precision_weighted",
    "reparameterise",
]
