"""The recipes, a file for each data set."""

from pyrodgm.zoo.recipes import digits, mnist, moons

RECIPES = {recipe.name: recipe for recipe in [*digits.RECIPES, *moons.RECIPES, *mnist.RECIPES]}
