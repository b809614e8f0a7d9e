"""The recipes, a file for each data set."""

from pyrodgm.zoo.recipes import digits, mnist, moons, svhn_norb

RECIPES = {recipe.name: recipe for recipe in [*digits.RECIPES, *moons.RECIPES, *mnist.RECIPES, *svhn_norb.RECIPES]}
