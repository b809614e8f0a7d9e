"""The output expected from a healthy string, and three columns that are corrected for the weather."""

from __future__ import annotations

import numpy as np

from pyrodgm.data.pv.modules import Module
from pyrodgm.data.pv.strings import OperatingPoint, maximum_power, uniform_layout

RATIOS = ("v_ratio", "log_i_ratio", "log_poa")
LEAST_RATIO = 1e-3  # of currents; zero has no logarithm


def expected_by_module(
    module: Module, num_modules: int, poa_global: np.ndarray, temp_module: np.ndarray
) -> OperatingPoint:
    """Current and voltage of a healthy string at maximum power, ``(N,)``, by the single-diode model of its module.

    Args:
        module: a ``Module``.
        num_modules: number of modules in series.
        poa_global: measured irradiance in the plane of the modules in W/m², ``(N,)``.
        temp_module: measured temperature in °C, ``(N,)``.

    Example::

        poa_global, temp_module = np.array([500.0, 900.0]), np.array([35.0, 45.0])
        expected_by_module(load_module(), 8, poa_global, temp_module).power     # (2,)
    """
    layout = uniform_layout(module, num_modules)
    parts = np.array_split(np.arange(len(poa_global)), len(poa_global) // 10_000 + 1)
    points = [maximum_power(module, poa_global[rows, None], temp_module[rows], layout) for rows in parts]
    return OperatingPoint(*(np.concatenate(values) for values in zip(*points, strict=True)))


def ratios(i_dc: np.ndarray, v_dc: np.ndarray, poa_global: np.ndarray, expected: OperatingPoint) -> np.ndarray:
    """The three columns that a monitor reads, ``(N, 3)``.

        V / V_expected,    ln(I / I_expected),    ln G

    A series resistance lowers the first column, and more so in stronger light. Shade on a few cells lowers it by a step
    that does not depend on the light. Shade, snow and dirt on all cells lower the second column.

    Args:
        i_dc, v_dc: measured current in A and voltage in V, ``(N,)``.
        poa_global: measured irradiance in W/m², above zero.
        expected: output of a healthy string.

    Example::

        expected = expected_by_module(load_module(), 8, poa_global, temp_module)
        ratios(i_dc, v_dc, poa_global, expected)        # (N, 3)
    """
    current = np.maximum(i_dc / np.maximum(expected.current, 1e-9), LEAST_RATIO)
    return np.stack([v_dc / np.maximum(expected.voltage, 1e-9), np.log(current), np.log(poa_global)], 1)
