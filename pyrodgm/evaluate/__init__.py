"""What the papers' tables report: functions over a model/guide pair and data."""

from pyrodgm.evaluate.bound import bound
from pyrodgm.evaluate.error import classification_error
from pyrodgm.evaluate.inference_data import to_inference_data
from pyrodgm.evaluate.latents import latents
from pyrodgm.evaluate.mode import evaluating

__all__ = ["bound", "classification_error", "evaluating", "latents", "to_inference_data"]
