"""What the papers' tables report: functions over a model/guide pair and data."""

from pyrodgm.evaluate.anomaly import anomaly_score
from pyrodgm.evaluate.bayes import bayes_classifier
from pyrodgm.evaluate.bits import bits_per_dimension
from pyrodgm.evaluate.bound import bound, row_bounds
from pyrodgm.evaluate.clusters import match_clusters
from pyrodgm.evaluate.error import classification_error
from pyrodgm.evaluate.inference_data import to_inference_data
from pyrodgm.evaluate.latents import latent_means, latents
from pyrodgm.evaluate.log_likelihood import LogLikelihood, log_likelihood
from pyrodgm.evaluate.mode import evaluating
from pyrodgm.evaluate.parts import elbo_parts
from pyrodgm.evaluate.probe import probe
from pyrodgm.evaluate.units import active_units, kl_per_unit

__all__ = [
    "LogLikelihood",
    "active_units",
    "anomaly_score",
    "bayes_classifier",
    "bits_per_dimension",
    "bound",
    "classification_error",
    "elbo_parts",
    "evaluating",
    "kl_per_unit",
    "latent_means",
    "latents",
    "log_likelihood",
    "match_clusters",
    "probe",
    "row_bounds",
    "to_inference_data",
]
