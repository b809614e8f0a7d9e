"""The recipes, a file for each data set or paper."""

from pyrodgm.zoo.recipes import cagem, digits, jurasinski, mnist, moons, svhn_norb

FILES = (digits, moons, mnist, cagem, jurasinski, svhn_norb)
RECIPES = {recipe.name: recipe for file in FILES for recipe in file.RECIPES}
