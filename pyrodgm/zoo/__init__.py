"""Recipes: one named, complete experiment per row of a paper's table."""

from pyrodgm.zoo.experiment import Outcome, measure, prepare, run, train
from pyrodgm.zoo.recipe import Recipe
from pyrodgm.zoo.recipes import RECIPES
from pyrodgm.zoo.results import write_results

__all__ = ["RECIPES", "Outcome", "Recipe", "measure", "prepare", "run", "train", "write_results"]
