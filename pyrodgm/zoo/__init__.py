"""Recipes and experiments: a named, complete training per row of a paper's table, and experiments of many trainings."""

from pyrodgm.zoo.experiment import Experiment, Measured, reproduce
from pyrodgm.zoo.experiments import EXPERIMENTS
from pyrodgm.zoo.measurement import measure
from pyrodgm.zoo.outcome import Outcome, run
from pyrodgm.zoo.override import override
from pyrodgm.zoo.preparation import load_data, prepare
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.recipes import RECIPES
from pyrodgm.zoo.results import write_results
from pyrodgm.zoo.stages import first_stage
from pyrodgm.zoo.training import train

__all__ = [
    "EXPERIMENTS",
    "RECIPES",
    "Experiment",
    "Measured",
    "Outcome",
    "Recipe",
    "first_stage",
    "load_data",
    "measure",
    "override",
    "prepare",
    "reproduce",
    "run",
    "train",
    "write_results",
]
