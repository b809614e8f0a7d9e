"""The ten conditions of a string (Maaløe et al. 2018, table II), as light on its cells and a resistor in series.

A module stands upright: its submodules are beside each other, two columns of cells each, so that a row of cells along
the lower edge is two cells of every submodule. Shade takes part of the direct light and leaves the diffuse: under an
overcast sky it costs nothing.

What the paper leaves open is in ``Plant``, each with its reason there.
"""

from typing import Any, NamedTuple

import numpy as np

from pyrodgm.checks import check_size
from pyrodgm.data.pv.modules import MODULE, Module, load_module
from pyrodgm.data.pv.strings import Layout, uniform_layout

# table II, in its order; RS4 as in chapter 6 of Maaløe's thesis, because with appendix D's 10.08 the sum is 99.92 per
# cent, and rounding explains the 100.02 that it is here
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
    """A string on a roof, and what its faults are like.

    Args:
        module: in pvlib's CEC list. The default is a common multicrystalline module of 72 cells.
        num_modules: in series; the paper has eight.
        tilt, azimuth: of the modules, in degrees; south is 180.
        shade: share of the direct light that something opaque takes: not all, for its edge is soft and what is around
            reflects.
        uniform_shade: the same of PS7's shade on all lower cells. A dark one would switch the whole string off, because
            it lies on every submodule; the paper's string went on.
        resistances: in Ω, of RS4 (and PSRS) and of RS8, as their names say.
        local_tracker: whether the inverter stays in the first maximum of power that it meets below the open-circuit
            voltage.
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
    """Light on the groups of cells of a string ``(N, G)`` in W/m², how they are joined, and what is in series, in Ω."""

    irradiance: np.ndarray
    layout: Layout
    resistance: float


def check_plant(plant: Plant) -> Module:
    """The module of a plant, or ``ValueError`` naming what cannot be built."""
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
    covered: np.ndarray | Any = None,
    transmitted: np.ndarray | Any = None,
) -> Scene:
    """A condition but snow as a ``Scene``; snow where ``covered`` and ``transmitted`` are given.

    Args:
        condition: one of ``CONDITIONS``.
        plant, module: a ``Plant`` and its ``Module``.
        direct, diffuse: effective light in the plane of the modules, ``(N,)``, in W/m².
        covered: share of each module below snow, from its lower edge, ``(N, num_modules)``.
        transmitted: share of the light that goes through the snow, ``(N,)``.
    """
    lit, cells = direct + diffuse, module.cells_a_submodule
    submodules = plant.num_modules * module.num_submodules
    resistance = {"RS4": plant.resistances[0], "PSRS": plant.resistances[0], "RS8": plant.resistances[1]}

    def shaded(share, rows, counts):
        """Cells ``[lit, shaded]`` of each kind of submodule, and how many submodules are of a kind."""
        irradiance = np.stack([lit, diffuse + (1 - share) * direct], 1)
        return Scene(irradiance, Layout(np.array(rows), np.array(counts)), resistance.get(condition, 0.0))

    whole, half, quarter = [cells, 0], [cells - cells // 2, cells // 2], [cells - cells // 4, cells // 4]
    if condition == "S":
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
