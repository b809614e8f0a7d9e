"""The recipes, a file for each data set or paper."""

from pyrodgm.zoo.recipes import digits, jurasinski_2019, maaloe_2017, mnist, moons, svhn_norb

FILES = (digits, moons, mnist, maaloe_2017, jurasinski_2019, svhn_norb)
RECIPES = {recipe.name: recipe for file in FILES for recipe in file.RECIPES}
