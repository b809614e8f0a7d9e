"""The recipes, a file for each data set or paper."""

from pyrodgm.zoo.recipes import cagem, digits, mnist, moons, svhn_norb

FILES = (digits, moons, mnist, cagem, svhn_norb)
RECIPES = {recipe.name: recipe for file in FILES for recipe in file.RECIPES}
