"""The maximum power of a string of modules whose cells do not all get the same light.

A string is a series of submodules. A submodule is a series of cells, in parallel with a bypass diode. The same current
I flows through all of them:

    V(I) = sum_s c_s max(sum_g n_sg v_g(I), -V_bypass) - R I

Here v_g is the voltage of a cell in group g, whose cells all get the same irradiance; n_sg is the number of cells of
that group in a submodule of kind s; c_s is the number of submodules of that kind; R is the resistance in series with
the string. No equation has to be solved. Current and voltage of a cell are computed on a grid of diode voltages, see
``cell_currents``. Each group's voltage is interpolated at the currents of all groups. The search for the maximum is
then repeated on finer grids around it.
"""

from typing import NamedTuple

import numpy as np

from pyrodgm.data.pv.modules import Module, cell_currents, cells_at

REVERSE, FORWARD, FINER = 14, 40, 20  # diode voltages below zero, above zero, and in a refinement
ROUNDS = 2  # of refinements
TRAPPED = 0.995  # a tracker leaves a maximum unless power falls by half a per cent behind it


class Layout(NamedTuple):
    """Groups of cells in a string.

    Args:
        cells: n, number of cells of each group in a submodule of each kind, ``(S, G)``, or ``(N, S, G)`` if it differs
            between rows.
        counts: c, number of submodules of each kind, ``(S,)``.
    """

    cells: np.ndarray
    counts: np.ndarray


class OperatingPoint(NamedTuple):
    """Current and voltage of a string, ``(N,)`` each, in A and V."""

    current: np.ndarray
    voltage: np.ndarray

    @property
    def power(self) -> np.ndarray:
        """Power in W, ``(N,)``."""
        return self.current * self.voltage


def uniform_layout(module: Module, num_modules: int) -> Layout:
    """The layout of a string whose cells all get the same light.

    Example::

        int(uniform_layout(load_module(), num_modules=8).counts.sum())      # 24
    """
    return Layout(np.array([[module.cells_a_submodule]]), np.array([num_modules * module.num_submodules]))


def string_voltage(
    module: Module,
    irradiance: np.ndarray,
    temperature: np.ndarray,
    layout: Layout,
    current: np.ndarray,
    resistance: float = 0.0,
) -> np.ndarray:
    """The voltage of a string at given currents.

    Args:
        module, irradiance, temperature, layout, resistance: as for ``maximum_power``.
        current: in A, ``(N, points)``, within what the string can carry.

    Returns:
        Voltages ``(N, points)``.

    Example::

        module, irradiance, temperature = load_module(), np.array([[900.0]]), np.array([45.0])
        layout, current = uniform_layout(module, num_modules=8), np.array([[0.0, 3.0, 6.0]])
        string_voltage(module, irradiance, temperature, layout, current)        # (1, 3)
    """
    curves = _Curves(module, irradiance, temperature, layout, resistance)
    voltage = curves.coarse()
    for _ in range(ROUNDS):
        low, high = curves.brackets(voltage, current.min(1), current.max(1))
        voltage = curves.points(np.linspace(low, high, 40 * FINER, axis=-1))
    return curves.voltages(voltage, current)


def maximum_power(
    module: Module,
    irradiance: np.ndarray,
    temperature: np.ndarray,
    layout: Layout,
    resistance: float = 0.0,
    wander: np.ndarray | float = 0.0,
    local: bool = False,
) -> OperatingPoint:
    """The operating point of a tracked string: at its global maximum power point, or near it.

    Args:
        module: the modules of the string.
        irradiance: effective irradiance of each group of cells in W/m², ``(N, G)``.
        temperature: temperature of the cells in °C, ``(N,)``.
        layout: a ``Layout``.
        resistance: R in series, in Ω.
        wander: relative distance of the voltage from that of the maximum, ``(N,)``. The current changes by at most
            3 per cent.
        local: stop at the first maximum below the open-circuit voltage, like a tracker that climbs.

    Returns:
        An ``OperatingPoint``.

    Example::

        module = load_module()
        layout = uniform_layout(module, num_modules=8)
        maximum_power(module, np.array([[900.0]]), np.array([45.0]), layout).power      # about 1,100 W
    """
    curves = _Curves(module, irradiance, temperature, layout, resistance)
    points = curves.coarse()
    current = np.sort(np.maximum(points[0], 0).reshape(len(irradiance), -1), 1)
    reach = irradiance.shape[1]  # groups with the same light have the same currents
    rows = np.arange(len(current))
    for level in range(ROUNDS + 1):
        power = current * curves.voltages(points, current)
        best = _first_maximum(power) if local and level == 0 else power.argmax(1)
        if level == ROUNDS:
            break
        low, high = (current[rows, np.clip(best + step, 0, current.shape[1] - 1)] for step in (-reach, reach))
        first, last = curves.brackets(points, low, high)
        points = curves.points(np.linspace(first, last, FINER, axis=-1))
        current, reach = np.linspace(low, high, FINER, axis=-1), 1
    found = current[rows, best]
    found_voltage = np.divide(power[rows, best], found, out=np.zeros_like(found), where=found > 0)
    if np.any(wander):
        low, high = 0.97 * found, 1.03 * found
        points = curves.coarse()
        for _ in range(ROUNDS):
            first, last = curves.brackets(points, low, high)
            points = curves.points(np.linspace(first, last, FINER, axis=-1))
        current = np.linspace(low, high, FINER, axis=-1)
        voltage = curves.voltages(points, current)
        wanted = np.clip(found_voltage * (1 + wander), voltage[:, -1], voltage[:, 0])
        found, found_voltage = _read(-voltage, current, wanted[:, None] * -1)[:, 0], wanted
    lit = found_voltage > 0
    return OperatingPoint(np.where(lit, found, 0.0), np.where(lit, found_voltage, 0.0))


class _Curves:
    """Curves of the cells of every group, currents and voltages ``(N, G, points)``, and of the whole string."""

    def __init__(self, module, irradiance, temperature, layout, resistance):
        self.module, self.layout, self.resistance = module, layout, resistance
        self.cells = cells_at(module, irradiance, np.asarray(temperature)[:, None])

    def coarse(self):
        """Curves from near breakdown to beyond the open circuit."""
        reverse = self.module.breakdown_voltage * np.geomspace(0.98, 0.002, REVERSE)
        top = self.cells.thermal_voltage * np.log1p(self.cells.photocurrent / self.cells.saturation_current)
        forward = top[..., None] * np.linspace(0, 1, FORWARD)
        reverse = np.broadcast_to(reverse, (*top.shape, REVERSE))
        return self.points(np.concatenate([reverse, forward], -1))

    def points(self, diode_voltage):
        """Currents and voltages of cells for diode voltages, and these diode voltages."""
        return *cell_currents(self.module, self.cells, diode_voltage), diode_voltage

    def voltages(self, points, current):
        """Voltages of the string at ``current`` ``(N, points)``."""
        of_cells = np.stack([_read(-points[0][:, g], points[1][:, g], -current) for g in range(points[0].shape[1])], 1)
        cells = np.asarray(self.layout.cells, float)
        submodules = np.einsum("nsg,ngp->nsp" if cells.ndim == 3 else "sg,ngp->nsp", cells, of_cells)
        submodules = np.maximum(submodules, -self.module.bypass_voltage)
        return np.einsum("s,nsp->np", self.layout.counts.astype(float), submodules) - self.resistance * current

    def brackets(self, points, low, high):
        """The grid's diode voltages of each group, ``(N, G)`` twice, that enclose the currents ``high`` and ``low``."""
        current, diode = points[0], points[2]
        ends = []
        for bound, step in ((high, 0), (low, 1)):
            place = np.stack([_place(-current[:, g], -bound[:, None])[:, 0] for g in range(current.shape[1])], 1)
            place = np.clip(place + step, 0, current.shape[-1] - 1)
            ends.append(np.take_along_axis(diode, place[..., None], -1)[..., 0])
        return ends


def _first_maximum(power):
    """Index of each row's first maximum, from small currents on, behind which power falls by half a per cent."""
    highest = np.maximum.accumulate(power, 1)
    fallen = power < TRAPPED * highest
    end = np.where(fallen.any(1), fallen.argmax(1), power.shape[1])
    ahead = np.arange(power.shape[1]) < end[:, None]
    return np.where(ahead, power, -1.0).argmax(1)


def _place(grid, wanted):
    """For each value, the index k in its row's rising grid with grid[k] <= value < grid[k + 1], clipped."""
    rows, size = grid.shape
    low, high = min(grid.min(), wanted.min()), max(grid.max(), wanted.max())
    offset = np.arange(rows)[:, None] * (2 * (high - low) + 1)
    place = np.searchsorted((grid + offset).ravel(), (wanted + offset).ravel(), side="right").reshape(wanted.shape)
    return np.clip(place - np.arange(rows)[:, None] * size - 1, 0, size - 2)


def _read(grid, values, wanted):
    """Linear interpolation on rising grids, row by row; constant beyond the ends."""
    place = _place(grid, wanted)
    left, right = np.take_along_axis(grid, place, 1), np.take_along_axis(grid, place + 1, 1)
    share = np.clip((wanted - left) / np.maximum(right - left, 1e-300), 0, 1)
    below, above = np.take_along_axis(values, place, 1), np.take_along_axis(values, place + 1, 1)
    return below + share * (above - below)
