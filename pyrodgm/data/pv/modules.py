"""A photovoltaic module: its single-diode parameters, and the reverse characteristic of its cells.

The five parameters at an irradiance and a cell temperature follow the CEC model (De Soto et al. 2006; Dobos 2012), as
computed by pvlib. A cell is one N-th of a module of N cells in series. Bishop's term describes its breakdown in reverse
(Bishop 1988):

    I = I_L - I_0 (exp(V_d / a) - 1) - V_d / R_sh - b V_d / R_sh,ref (1 - V_d / V_br)^(-m),    V = V_d - I R_s

Two deviations. In the CEC model the shunt resistance R_sh grows without bound in the dark, so a dark cell would never
break down. The breakdown term therefore uses R_sh,ref, the shunt at 1,000 W/m². And the term applies only in reverse,
so that the curve of a healthy string is that of pvlib.
"""

from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

import numpy as np

from pyrodgm.data.pv.extra import need

MODULE = "Canadian_Solar_Inc__CS6X_260P"  # multicrystalline, 72 cells, about 7.3 A and 36 V at its maximum
DARK = 1e-3  # W/m²; the CEC model divides by the irradiance


class Module(NamedTuple):
    """A module of the CEC list.

    Args:
        name: name in pvlib's list.
        parameters: parameters of the CEC model, by pvlib's names.
        num_cells: number of cells in series.
        num_submodules: number of groups of cells with a bypass diode each.
        columns: number of columns of cells; a column goes from the lower edge to the upper one.
        breakdown_factor: b of Bishop's term.
        breakdown_voltage: V_br of a cell, in V.
        breakdown_exponent: m of Bishop's term.
        bypass_voltage: forward voltage of a bypass diode, in V.
    """

    name: str
    parameters: dict[str, float]
    num_cells: int
    num_submodules: int = 3
    columns: int = 6
    breakdown_factor: float = 0.1
    breakdown_voltage: float = -15.0
    breakdown_exponent: float = 3.3
    bypass_voltage: float = 0.5

    @property
    def cells_a_submodule(self) -> int:
        """Number of cells in a submodule."""
        return self.num_cells // self.num_submodules

    @property
    def rows(self) -> int:
        """Number of rows of cells, from the lower edge to the upper one."""
        return self.num_cells // self.columns


class Cells(NamedTuple):
    """Single-diode parameters of a cell, for given irradiance and temperature: arrays of one shape, in A, Ω and V."""

    photocurrent: np.ndarray
    saturation_current: np.ndarray
    resistance_series: np.ndarray
    resistance_shunt: np.ndarray
    thermal_voltage: np.ndarray


def load_module(name: str = MODULE) -> Module:
    """Load a module by its name in pvlib's CEC list.

    Two things are not in the list and are assumed: three submodules of two columns of cells each (two if the number of
    cells is not a multiple of three), and a breakdown voltage typical of multicrystalline cells, 12 to 20 V.

    Raises:
        ValueError: for an unknown module, with the most similar names.

    Example::

        load_module().num_cells     # 72
    """
    if name not in _cec_list():
        near = " or ".join(get_close_matches(str(name), _cec_list(), n=3)) or "Canadian_Solar_Inc__CS6X_260P"
        raise ValueError(f"module: got {name!r}, want one of pvlib's CEC list, such as {near}")
    parameters = need("pvlib.pvsystem").retrieve_sam("CECMod")[name]
    num_cells = int(parameters["N_s"])
    submodules = max(count for count in (1, 2, 3) if num_cells % count == 0)
    columns = submodules * (2 if num_cells % (2 * submodules) == 0 else 1)
    return Module(name, {key: float(parameters[key]) for key in CEC}, num_cells, submodules, columns)


CEC = ("alpha_sc", "a_ref", "I_L_ref", "I_o_ref", "R_sh_ref", "R_s", "Adjust")


@cache
def _cec_list():
    return tuple(need("pvlib.pvsystem").retrieve_sam("CECMod"))


def cells_at(module: Module, irradiance: np.ndarray, temperature: np.ndarray) -> Cells:
    """Parameters of a cell, by the CEC model.

    Args:
        module: a ``Module``.
        irradiance: effective irradiance in W/m².
        temperature: temperature of the cell in °C, broadcast against the irradiance.
    """
    irradiance = np.maximum(irradiance, DARK)
    parts = need("pvlib.pvsystem").calcparams_cec(irradiance, temperature, **module.parameters)
    light, saturation, series, shunt, thermal = (np.asarray(part, float) for part in parts)
    n = module.num_cells
    return Cells(*np.broadcast_arrays(light, saturation, series / n, shunt / n, thermal / n))


def cell_currents(module: Module, cells: Cells, diode_voltage: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Current and voltage of a cell for given diode voltages V_d = V + I R_s.

    Args:
        module: the module of the cell.
        cells: its parameters, ``(...)``.
        diode_voltage: V_d, ``(..., points)``, above the breakdown voltage.

    Returns:
        Currents and voltages ``(..., points)``.
    """
    light, saturation, series, shunt, thermal = (part[..., None] for part in cells)
    shunt_ref = module.parameters["R_sh_ref"] / module.num_cells
    reverse = np.minimum(diode_voltage, 0)
    avalanche = (1 - reverse / module.breakdown_voltage) ** -module.breakdown_exponent
    leak = diode_voltage / shunt + module.breakdown_factor * reverse / shunt_ref * avalanche
    current = light - saturation * np.expm1(diode_voltage / thermal) - leak
    return current, diode_voltage - current * series
