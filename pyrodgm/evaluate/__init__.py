"""Evaluation of a model/guide pair on data: the quantities that papers report."""

from pyrodgm.evaluate.active_units import active_units, kl_per_unit
from pyrodgm.evaluate.batched import evaluating
from pyrodgm.evaluate.bits_per_dim import bits_per_dimension
from pyrodgm.evaluate.bound import anomaly_score, bayes_classifier, bound, row_bounds
from pyrodgm.evaluate.classification import classification_error, match_clusters, probe
from pyrodgm.evaluate.decoder_halves import decoder_halves
from pyrodgm.evaluate.elbo_parts import elbo_parts
from pyrodgm.evaluate.impute import impute
from pyrodgm.evaluate.inference_data import to_inference_data
from pyrodgm.evaluate.latents import latent_means, latents
from pyrodgm.evaluate.likely_classes import likely_bounds
from pyrodgm.evaluate.log_likelihood import LogLikelihood, log_likelihood

__all__ = [
    "LogLikelihood",
    "active_units",
    "anomaly_score",
    "bayes_classifier",
    "bits_per_dimension",
    "bound",
    "classification_error",
    "decoder_halves",
    "elbo_parts",
    "evaluating",
    "impute",
    "kl_per_unit",
    "latent_means",
    "latents",
    "likely_bounds",
    "log_likelihood",
    "match_clusters",
    "probe",
    "row_bounds",
    "to_inference_data",
]
