"""Recipes: one named, complete experiment per row of a paper's table."""

from pyrodgm.zoo.recipe import Outcome, Recipe, prepare, run
from pyrodgm.zoo.recipes import RECIPES
from pyrodgm.zoo.results import write_results

__all__ = ["RECIPES", "Outcome", "Recipe", "prepare", "run", "write_results"]
