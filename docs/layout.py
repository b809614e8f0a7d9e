"""Positions of the variables of a pair, the same in the graphs of both its models."""

import math
from itertools import groupby

APART = 1.2  # distance of two variables of one layer; layers are 1 apart
RADIUS = 0.22  # of a variable


def positions(generative, inference):
    """A dict from each variable to its ``(x, y)``: layers by the longest path in the generative model, top down.

    The variable of a layer moves aside if an arrow between other variables would run through it.

    Args:
        generative, inference: dicts from a variable to its parents.
    """
    depth = depths(generative)
    place = {}
    for level, names in groupby(sorted(depth, key=lambda v: (depth[v], v)), key=depth.get):
        names = list(names)
        for i, name in enumerate(names):
            place[name] = ((i - (len(names) - 1) / 2) * APART, -level)
    edges = edges_of(generative) | edges_of(inference)
    aside = APART / 2
    for name in place:
        alone = sum(level == depth[name] for level in depth.values()) == 1
        if alone and any(runs_through(place, edge, name) for edge in edges):
            place[name] = (aside, place[name][1])
            aside = -aside
    return place


def depths(parents):
    """The length of the longest path to each variable."""
    found = {}
    for v in parents:  # parents come first
        found[v] = 1 + max((found[u] for u in parents[v]), default=-1)
    return found


def edges_of(parents):
    """The edges ``(parent, variable)`` of a graph."""
    return {(u, v) for v, found in parents.items() for u in found}


def runs_through(place, edge, name):
    """Whether the straight arrow of an edge touches another variable."""
    if name in edge:
        return False
    (ax, ay), (bx, by), (px, py) = place[edge[0]], place[edge[1]], place[name]
    dx, dy = bx - ax, by - ay
    t = ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)
    return 0 < t < 1 and math.hypot(px - ax - t * dx, py - ay - t * dy) < RADIUS
