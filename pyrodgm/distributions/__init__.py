"""Distributions and flow steps that Pyro and torch lack, and the reparameterisation of distributions."""

from pyrodgm.distributions.autoregressive import Autoregressive
from pyrodgm.distributions.discrete import GreyBernoulli, Levels, StraightThroughOneHot
from pyrodgm.distributions.discretized_logistic import DiscretizedLogistic
from pyrodgm.distributions.full_normal import FullNormal
from pyrodgm.distributions.log_uniform import DropoutNormal, LogUniform
from pyrodgm.distributions.mixed_cells import MixedCells, MixedValues, OneHotCells, column_widths
from pyrodgm.distributions.mixture import ClassMixture
from pyrodgm.distributions.observed_cells import ObservedCells, OrMissing
from pyrodgm.distributions.pixel_by_pixel import PixelByPixel
from pyrodgm.distributions.planar import Planar
from pyrodgm.distributions.plated import Plated
from pyrodgm.distributions.precision_weighted import precision_weighted
from pyrodgm.distributions.radial import Radial
from pyrodgm.distributions.reparameterise import reparameterise
from pyrodgm.distributions.sum_and_sample import SumAndSample
from pyrodgm.distributions.units import log_prob_of_units

__all__ = [
    "Autoregressive",
    "ClassMixture",
    "DiscretizedLogistic",
    "DropoutNormal",
    "FullNormal",
    "GreyBernoulli",
    "Levels",
    "LogUniform",
    "MixedCells",
    "MixedValues",
    "ObservedCells",
    "OneHotCells",
    "OrMissing",
    "PixelByPixel",
    "Planar",
    "Plated",
    "Radial",
    "StraightThroughOneHot",
    "SumAndSample",
    "column_widths",
    "log_prob_of_units",
    "precision_weighted",
    "reparameterise",
]
