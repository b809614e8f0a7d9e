"""A figure of a paper that compares several recipes, drawn from their results."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure


class Point(NamedTuple):
    """A point of a line: a recipe, and the name of the measured figure to plot, such as ``"test error"``."""

    recipe: str
    figure: str


@dataclass(frozen=True)
class Panel:
    """A pair of axes of a ``Comparison``.

    Args:
        x_label: what the lines run over, such as the number of layers.
        y_label: what is plotted, with its unit.
        lines: dict from a line's label to a dict from x to the ``Point`` there. All x are drawn at equal distances.
    """

    x_label: str
    y_label: str
    lines: Mapping[str, Mapping[int, Point]]


@dataclass(frozen=True)
class Comparison:
    """A plot over the results of several recipes. It is drawn again whenever one of them is reproduced.

    Args:
        name: name of the plot's file, without its suffix.
        summary: one-line description.
        source: the paper and the number of its figure.
        panels: the axes, from left to right.

    Example::

        test_error = {1: Point("mnist-m2", "test error"), 2: Point("mnist-sdgm", "test error")}
        Comparison("errors", "Two models", "", (Panel("model", "test error, %", {"100 labels": test_error}),))
    """

    name: str
    summary: str
    source: str
    panels: tuple[Panel, ...]

    @property
    def recipes(self) -> set[str]:
        """The names of all recipes that the plot may show."""
        return {point.recipe for panel in self.panels for line in panel.lines.values() for point in line.values()}

    def draw(self, records: Mapping[str, dict[str, Any]]) -> Figure | None:
        """Plot the mean of each figure over the seeds, with one standard deviation if there are several.

        Args:
            records: the records of the results by recipe. A point whose recipe is missing is left out.

        Returns:
            The plot; None if no line of any panel has two points.
        """
        measured = [_measured(panel, records) for panel in self.panels]
        if not any(len(points) > 1 for lines in measured for points in lines.values()):
            return None
        picture = Figure(figsize=(4.5 * len(self.panels), 4), layout="constrained")
        axes = picture.subplots(1, len(self.panels), squeeze=False)[0]
        for ax, panel, lines in zip(axes, self.panels, measured, strict=True):
            places = sorted({x for line in panel.lines.values() for x in line})
            errorbars(ax, {name: {places.index(x): points[x] for x in points} for name, points in lines.items()})
            ax.set(xlabel=panel.x_label, ylabel=panel.y_label, xlim=(-0.5, len(places) - 0.5))
            ax.set_xticks(range(len(places)), [str(place) for place in places])
            if lines:
                ax.legend(fontsize="small")
        return picture


def _measured(panel, records):
    """The values of each seed by line and by x, for what the records have."""
    lines = {}
    for label, points in panel.lines.items():
        for x, (recipe, figure) in points.items():
            runs = records[recipe]["figures"].values() if recipe in records else ()
            values = [run[figure] for run in runs if figure in run]
            if values:
                lines.setdefault(label, {})[x] = values
    return lines


def errorbars(ax: Axes, lines: Mapping[str, Mapping[float, list[float]]]) -> None:
    """Plot the mean of each point's values, with one standard deviation.

    Args:
        ax: axes to draw on.
        lines: dict from a line's label to a dict from a place on the x axis to values, in any order of places.
    """
    for label, points in lines.items():
        places = sorted(points)
        middle = [mean(points[place]) for place in places]
        deviation = [stdev(points[place]) if len(points[place]) > 1 else 0.0 for place in places]
        ax.errorbar(places, middle, deviation, marker="o", markersize=3, capsize=2, label=label)
