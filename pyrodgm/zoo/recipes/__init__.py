"""The recipes, a file for each data set or thesis."""

from pyrodgm.zoo.recipes import digits, jurasinski, mnist, moons, svhn_norb

FILES = (digits, moons, mnist, svhn_norb, jurasinski)
RECIPES = {recipe.name: recipe for file in FILES for recipe in file.RECIPES}
