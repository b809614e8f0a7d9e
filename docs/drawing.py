"""Drawings of a pair: its generative and its inference model side by side, as SVG in the colour of the text."""

import io

import matplotlib
from layout import RADIUS, edges_of, positions
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Wedge

INCHES = 0.75  # of one unit of the layout
WIDE, HEAD, EDGE = 2.45, 0.65, 0.3  # width of a graph, height of its title, margin below
COLOUR, SHADE = "#010203", (1 / 255, 2 / 255, 3 / 255, 0.3)  # COLOUR is replaced by that of the text
FONTS = {"svg.fonttype": "path", "svg.hashsalt": "graph", "mathtext.fontset": "cm", "font.size": 11}


def drawing(generative, inference, observed, labelled):
    """Both graphs of a pair as the text of one ``<svg>`` element.

    Args:
        generative, inference: dicts from a variable to its parents.
        observed: variables that are drawn filled.
        labelled: variables that are drawn half filled, because they are observed in some rows only.
    """
    place = positions(generative, inference)
    bottom = min(y for _, y in place.values()) - EDGE
    with matplotlib.rc_context(FONTS):
        figure = Figure(figsize=(2 * WIDE * INCHES, (HEAD - bottom) * INCHES))
        axes = figure.add_axes((0, 0, 1, 1), xlim=(-WIDE / 2, 1.5 * WIDE), ylim=(bottom, HEAD))
        axes.set_axis_off()
        for shift, title, parents in ((0, "generative model", generative), (WIDE, "inference model", inference)):
            axes.text(shift, HEAD - 0.15, title, ha="center", va="center", color=COLOUR)
            moved = {v: (x + shift, y) for v, (x, y) in place.items() if v in parents}
            draw(axes, moved, parents, observed, labelled)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.getvalue().replace(COLOUR, "currentColor")
    return text[text.index("<svg") :]


def draw(axes, place, parents, observed, labelled):
    """Draw one graph."""
    for name, centre in place.items():
        if name in observed:
            axes.add_patch(Circle(centre, RADIUS, facecolor=SHADE, linewidth=0))
        elif name in labelled:
            axes.add_patch(Wedge(centre, RADIUS, 180, 360, facecolor=SHADE, linewidth=0))
        axes.add_patch(Circle(centre, RADIUS, fill=False, edgecolor=COLOUR))
        axes.text(*centre, symbol(name), ha="center", va="center_baseline", color=COLOUR, fontsize=13)
    for start, end in sorted(edges_of(parents)):
        axes.add_patch(
            FancyArrowPatch(
                place[start],
                place[end],
                arrowstyle="-|>",
                mutation_scale=9,
                shrinkA=RADIUS * INCHES * 72,
                shrinkB=RADIUS * INCHES * 72,
                color=COLOUR,
            )
        )


def symbol(name):
    """A variable as a formula: ``z1`` as z with index 1, ``z_y`` as z with index y."""
    letter, index = name[0], name[1:].lstrip("_")
    return f"${letter}_{{{index}}}$" if index else f"${letter}$"
