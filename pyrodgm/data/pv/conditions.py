"""The ten conditions of a string (Maaløe et al. 2018, table II): the light on its cells, and a resistor in series.

A module stands upright. Its submodules are beside each other, with two columns of cells each, so a row of cells along
the lower edge has two cells of every submodule. Shade takes part of the direct light and none of the diffuse light, so
it costs nothing under an overcast sky.

``Plant`` holds what the paper leaves open, with the reasons for each choice.
"""

from typing import NamedTuple

import numpy as np

from pyrodgm.checks import check_size
from pyrodgm.data.pv.modules import MODULE, Module, load_module
from pyrodgm.data.pv.strings import Layout, uniform_layout

# Table II, in its order. RS4 is as in chapter 6 of Maaløe's thesis: the sum is then 100.02 per cent, which rounding
# explains. With the 10.08 of appendix D it would be 99.92.
SHARES = {
    "PS7": 0.1068,
    "RS4": 0.1018,
    "PS50": 0.1083,
    "RS8": 0.0511,
    "PSRS": 0.1093,
    "PS75": 0.1060,
    "C": 0.0460,
    "S": 0.2764,
    "N": 0.0467,
    "IV": 0.0478,
}
CONDITIONS = tuple(SHARES)
HEALTHY = ("N", "C")


class Plant(NamedTuple):
    """A string on a roof, and the strength of its faults.

    Args:
        module: name in pvlib's CEC list. The default is a common multicrystalline module of 72 cells.
        num_modules: number of modules in series; eight in the paper.
        tilt, azimuth: orientation of the modules, in degrees; south is 180.
        shade: share of the direct light that an opaque object takes. It is below 1, because the edge of a shadow is
            soft and the surroundings reflect light.
        uniform_shade: the same for PS7, the shade on all lower cells. It is weak, because it lies on every submodule:
            a dark one would switch off the whole string, and the paper's string kept working.
        resistances: in Ω, for RS4 (and PSRS) and for RS8, as their names say.
        local_tracker: whether the inverter stays at the first power maximum below the open-circuit voltage.

    Example::

        simulate(arrangement="days", num_days=14, every=30, plant=Plant(num_modules=10, tilt=20.0))
    """

    module: str = MODULE
    num_modules: int = 8
    tilt: float = 35.0
    azimuth: float = 180.0
    shade: float = 0.9
    uniform_shade: float = 0.3
    resistances: tuple[float, float] = (4.0, 8.0)
    local_tracker: bool = False


class Scene(NamedTuple):
    """The light on each group of cells ``(N, G)`` in W/m², the layout of the groups, and the series resistance in Ω."""

    irradiance: np.ndarray
    layout: Layout
    resistance: float


def check_plant(plant: Plant) -> Module:
    """The module of a plant. Raises ``ValueError`` for a plant that cannot be built."""
    module = load_module(plant.module)
    check_size("num_modules", plant.num_modules)
    if plant.num_modules * module.num_submodules <= 6:
        submodules = plant.num_modules * module.num_submodules
        raise ValueError(
            f"num_modules: got {plant.num_modules}, of {submodules} submodules, want more than six to shade"
        )
    for name in ("shade", "uniform_shade"):
        if not 0 <= getattr(plant, name) <= 1:
            raise ValueError(f"{name}: got {getattr(plant, name)}, want a share of the direct light between 0 and 1")
    if not 0 <= plant.tilt <= 90:
        raise ValueError(f"tilt: got {plant.tilt}, want 0 to 90 degrees")
    if len(plant.resistances) != 2 or not min(plant.resistances) >= 0:
        raise ValueError(f"resistances: got {plant.resistances}, want two of at least 0 Ω, for RS4 and RS8")
    return module


def scene(
    condition: str,
    plant: Plant,
    module: Module,
    direct: np.ndarray,
    diffuse: np.ndarray,
    covered: np.ndarray | None = None,
    transmitted: np.ndarray | None = None,
) -> Scene:
    """A condition as a ``Scene``.

    Args:
        condition: one of ``CONDITIONS``.
        plant, module: a ``Plant`` and its ``Module``.
        direct, diffuse: effective light on the modules in W/m², ``(N,)``.
        covered: share of each module under snow, from its lower edge, ``(N, num_modules)``; only for snow.
        transmitted: share of the light that passes through the snow, ``(N,)``; only for snow.

    Raises:
        ValueError: for snow without ``covered`` or ``transmitted``.
    """
    lit, cells = direct + diffuse, module.cells_a_submodule
    submodules = plant.num_modules * module.num_submodules
    resistance = {"RS4": plant.resistances[0], "PSRS": plant.resistances[0], "RS8": plant.resistances[1]}

    def shaded(share, rows, counts):
        """A scene from the cells ``[lit, shaded]`` and the number of submodules of each kind."""
        irradiance = np.stack([lit, diffuse + (1 - share) * direct], 1)
        return Scene(irradiance, Layout(np.array(rows), np.array(counts)), resistance.get(condition, 0.0))

    whole, half, quarter = [cells, 0], [cells - cells // 2, cells // 2], [cells - cells // 4, cells // 4]
    if condition == "S":
        if covered is None or transmitted is None:
            raise ValueError("covered, transmitted: got None for condition 'S', snow, want both")
        rows = np.ceil(np.clip(covered, 0, 1) * module.rows - 1e-9)
        below = np.rint(rows * cells / module.rows)
        layout = Layout(np.stack([cells - below, below], -1), np.full(plant.num_modules, module.num_submodules))
        return Scene(np.stack([lit, lit * transmitted], 1), layout, 0.0)
    if condition == "PS7":
        lower = cells // module.rows
        return shaded(plant.uniform_shade, [[cells - lower, lower]], [submodules])
    if condition in ("PS50", "PSRS"):
        return shaded(plant.shade, [whole, half], [submodules - 1, 1])
    if condition == "PS75":
        return shaded(plant.shade, [whole, half, quarter], [submodules - 2, 1, 1])
    if condition == "IV":
        return shaded(0.75, [whole, [0, cells]], [submodules - 6, 6])
    return Scene(lit[:, None], uniform_layout(module, plant.num_modules), resistance.get(condition, 0.0))
