"""The graphs of a model/guide pair: which variable depends on which, read off the pair with ``pyro.infer.inspect``."""

import inspect

import pyro
import pyro.distributions as dist
import torch
from pyro.infer.inspect import get_model_relations

ROWS = 2
SMALL = {"x_size": 4, "num_classes": 3, "z_sizes": (3, 2), "a_sizes": (3, 2), "hidden": (8,), "data_size": ROWS}
SMALL |= {"image_shape": (8, 8), "pixel_maps": 4, "depth": 2}


def graphs_of(model_class):
    """The generative and the inference model as two dicts, each from a variable to its parents, in sampling order.

    A small instance is run, with two layers where the number of layers is an argument. In the inference model, x is
    given and y is not, so that q(y | ...) is seen. Weights with a posterior are one variable, w.
    """
    m = small(model_class)
    x = torch.rand(ROWS, m.x_size)
    generative = given(x, m.model) if m.supervised else lambda: m.model(size=ROWS)
    p, q = parents_in(generative), parents_in(given(x, m.guide))
    return p, without_unused_x(q)


def small(model_class):
    """A small instance of a model class."""
    taken = inspect.signature(model_class).parameters
    arguments = {name: value for name, value in SMALL.items() if name in taken}
    if {"maps", "z_sizes"} <= set(taken):  # at most one number of maps for each of the two layers
        arguments["maps"] = (4,)
    return model_class(**arguments)


def any_depth(model_class):
    """Whether the number of layers is an argument of a model."""
    return not {"z_sizes", "depth"}.isdisjoint(inspect.signature(model_class).parameters)


def given(x, method):
    """The method of x as a Pyro program in which x is an observed site. Otherwise a dependence on x is not seen."""

    def program():
        fn = dist.Normal(torch.zeros_like(x), 1.0).to_event(2)
        method(pyro.sample("x", fn, obs=x))

    return program


def parents_in(program):
    """The direct parents of every variable of a Pyro program, in sampling order."""
    relations = get_model_relations(program)
    of_rows = {"x", *relations["plate_sample"].get("batch", ())}
    parents = {}
    for site, upstream in relations["sample_sample"].items():
        variable = site if site in of_rows else "w"
        found = parents.setdefault(variable, [])
        found += [u if u in of_rows else "w" for u in upstream]
    return {v: tuple(dict.fromkeys(u for u in found if u != v)) for v, found in parents.items()}


def without_unused_x(parents):
    """The graph without x, if no variable depends on x."""
    used = any("x" in found for found in parents.values())
    return {v: found for v, found in parents.items() if used or v != "x"}


def factors(parents, density):
    """The factors of a graph in words: ``"p(z) p(y) p(x | z, y)"``; without x, if x is given."""
    names = [v for v in parents if v != "x" or parents[v]]
    return " ".join(f"{density}({v} | {', '.join(parents[v])})" if parents[v] else f"{density}({v})" for v in names)
