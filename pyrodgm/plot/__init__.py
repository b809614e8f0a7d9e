"""Plots as in the papers. Each function returns matplotlib axes."""

from pyrodgm.plot.curves import learning_curve, training_curves
from pyrodgm.plot.images import analogies, class_samples, image_grid, manifold, reconstructions, samples
from pyrodgm.plot.kl import kl_bars, kl_curves, kl_heat_map, kl_heat_maps, kl_of_units
from pyrodgm.plot.plane import decision_regions, latent_pca

__all__ = [
    "analogies",
    "class_samples",
    "decision_regions",
    "image_grid",
    "kl_bars",
    "kl_curves",
    "kl_heat_map",
    "kl_heat_maps",
    "kl_of_units",
    "latent_pca",
    "learning_curve",
    "manifold",
    "reconstructions",
    "samples",
    "training_curves",
]
