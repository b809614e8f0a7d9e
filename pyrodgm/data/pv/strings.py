"""The maximum power of a string of modules whose cells do not all see the same light.

A string is submodules in series, a submodule cells in series beside a bypass diode. With one current I through all,

    V(I) = sum_s c_s max(sum_g n_sg v_g(I), -V_bypass) - R I

where v_g is the voltage of a cell of the group g, all of whose cells see one irradiance, n_sg the cells of that group
in a submodule of kind s, c_s the submodules of that kind, and R what stands in series with the string. Current and
voltage of a cell are explicit on a grid of diode voltages, see ``cell_currents``; every group's grid is read at the
currents of all groups. The maximum is then sought again on finer grids between its neighbours, so that no equation is
ever solved.
"""

from typing import NamedTuple

import numpy as np

from pyrodgm.data.pv.modules import Module, cell_currents, cells_at

REVERSE, FORWARD, FINER = 14, 40, 20  # diode voltages below zero, above zero, and of a refinement
ROUNDS = 2  # of refinement
TRAPPED = 0.995  # a tracker leaves a maximum where power does not fall by half a per cent behind it


class Layout(NamedTuple):
    """Which cells of a string belong together.

    Args:
        cells: n, cells of each group in a submodule of each kind, ``(S, G)``, or ``(N, S, G)`` for each row.
        counts: c, submodules of each kind, ``(S,)``.
    """

    cells: np.ndarray
    counts: np.ndarray


class OperatingPoint(NamedTuple):
    """Current and voltage of a string, ``(N,)`` each, in A and V."""

    current: np.ndarray
    voltage: np.ndarray

    @property
    def power(self) -> np.ndarray:
        """In W."""
        return self.current * self.voltage


def uniform_layout(module: Module, num_modules: int) -> Layout:
    """A string whose cells all see the same light."""
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
        current: ``(N, points)``, none above what the string can carry.

    Returns:
        Voltages ``(N, points)``.
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
    """Where a tracker holds a string: at its global maximum of power, or near it.

    Args:
        module: of which the string is made.
        irradiance: effective irradiance of each group of cells, ``(N, G)``, in W/m².
        temperature: of the cells, ``(N,)``, in °C.
        layout: a ``Layout``.
        resistance: R in series, in Ω.
        wander: by what share the voltage is off the maximum's, ``(N,)``; not beyond 3 per cent of the current.
        local: stop at the first maximum on the way down from the open-circuit voltage, as a tracker that climbs does.

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
    reach = irradiance.shape[1]  # groups of one light have the same currents
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
    """Curves of the cells of every group, ``(N, G, points)`` currents and voltages, and of the string they make."""

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
        """Currents and voltages of cells, and the diode voltages they belong to."""
        return *cell_currents(self.module, self.cells, diode_voltage), diode_voltage

    def voltages(self, points, current):
        """The string's voltages at ``current`` ``(N, points)``."""
        of_cells = np.stack([_read(-points[0][:, g], points[1][:, g], -current) for g in range(points[0].shape[1])], 1)
        cells = np.asarray(self.layout.cells, float)
        submodules = np.einsum("nsg,ngp->nsp" if cells.ndim == 3 else "sg,ngp->nsp", cells, of_cells)
        submodules = np.maximum(submodules, -self.module.bypass_voltage)
        return np.einsum("s,nsp->np", self.layout.counts.astype(float), submodules) - self.resistance * current

    def brackets(self, points, low, high):
        """Diode voltages of every group ``(N, G)`` on its grid, just beyond those at the currents ``high``, ``low``."""
        current, diode = points[0], points[2]
        ends = []
        for bound, step in ((high, 0), (low, 1)):
            place = np.stack([_place(-current[:, g], -bound[:, None])[:, 0] for g in range(current.shape[1])], 1)
            place = np.clip(place + step, 0, current.shape[-1] - 1)
            ends.append(np.take_along_axis(diode, place[..., None], -1)[..., 0])
        return ends


def _first_maximum(power):
    """Index of the first maximum of each row, coming from small currents, behind which power falls visibly."""
    highest = np.maximum.accumulate(power, 1)
    fallen = power < TRAPPED * highest
    end = np.where(fallen.any(1), fallen.argmax(1), power.shape[1])
    ahead = np.arange(power.shape[1]) < end[:, None]
    return np.where(ahead, power, -1.0).argmax(1)


def _place(grid, wanted):
    """For each value of a row the index k of its rising grid with grid[k] <= value < grid[k + 1], clipped."""
    rows, size = grid.shape
    low, high = min(grid.min(), wanted.min()), max(grid.max(), wanted.max())
    offset = np.arange(rows)[:, None] * (2 * (high - low) + 1)
    place = np.searchsorted((grid + offset).ravel(), (wanted + offset).ravel(), side="right").reshape(wanted.shape)
    return np.clip(place - np.arange(rows)[:, None] * size - 1, 0, size - 2)


def _read(grid, values, wanted):
    """Values on rising grids, row by row, read in between by straight lines and held beyond the ends."""
    place = _place(grid, wanted)
    left, right = np.take_along_axis(grid, place, 1), np.take_along_axis(grid, place + 1, 1)
    share = np.clip((wanted - left) / np.maximum(right - left, 1e-300), 0, 1)
    below, above = np.take_along_axis(values, place, 1), np.take_along_axis(values, place + 1, 1)
    return below + share * (above - below)
