"""The recipes, one file per data set or paper, and the plots that compare several of them."""

from pyrodgm.zoo.recipes import (
    burda_2016,
    digits,
    jurasinski_2019,
    kingma_2017,
    maaloe_2017,
    maaloe_2018,
    mnist,
    moons,
    photovoltaic,
    resnet_vae,
    sonderby_2016,
    svhn_norb,
    variational_dropout,
)

FILES = (
    digits,
    moons,
    photovoltaic,
    mnist,
    maaloe_2017,
    jurasinski_2019,
    svhn_norb,
    sonderby_2016,
    burda_2016,
    kingma_2017,
    variational_dropout,
    maaloe_2018,
    resnet_vae,
)
RECIPES = {recipe.name: recipe for file in FILES for recipe in file.RECIPES}
COMPARISONS = (sonderby_2016.DEPTH, sonderby_2016.LAYERS, variational_dropout.WIDTH)
